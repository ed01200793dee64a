"""`manage.py read_bounces <mailbox>` marks mails that came back: of an mbox, a Maildir, or one on standard input.

For cron beside fetchmail, or as a pipe of the mail server: `|/…/manage.py read_bounces -`.
"""

import mailbox
import sys
from collections.abc import Iterator
from contextlib import closing
from email import message_from_binary_file, policy
from email.message import Message
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from messaging.services.bounces import bounces_in, mark_bounced


class Command(BaseCommand):
    help = "Mark mails that came back: from an mbox file, a Maildir, or one mail on standard input (-)."

    def add_arguments(self, parser):
        parser.add_argument("mailbox", help="an mbox file, a Maildir, or - for one mail on standard input")

    def handle(self, *args, mailbox: str, **options):
        marked = sum(mark_bounced(bounce) for message in messages_in(mailbox) for bounce in bounces_in(message))
        self.stdout.write(f"{marked} marked")


def messages_in(place: str) -> Iterator[Message]:
    if place == "-":
        yield message_from_binary_file(sys.stdin.buffer, policy=policy.default)
        return
    if not Path(place).exists():
        raise CommandError(f"There is no {place}.")
    box = mailbox.Maildir(place, create=False) if Path(place).is_dir() else mailbox.mbox(place, create=False)
    with closing(box):
        yield from box
