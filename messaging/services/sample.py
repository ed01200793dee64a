"""A mail that would go out, by the same triggers and texts that then make it."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from backoffice.models import Shop
from messaging.happenings import FIELDS, Happening
from messaging.models import Recipient, Trigger
from messaging.previews import preview_of
from messaging.services.queue import Letter
from messaging.services.settings import settings_in
from messaging.services.triggers import answering, letters_of, triggers_of
from messaging.texts import text_of
from orders.mail_sample import MailSample
from orders.models import Order


class TriggerSampler:
    """See `orders.mail_sample.Sampler`."""

    def __init__(self, shop: Shop):
        self.shop = shop

    @cached_property
    def triggers(self) -> list[Trigger]:
        return triggers_of(self.shop, FIELDS)

    def mail_if(self, order: Order, wanted: Mapping[str, Any]) -> MailSample | None:
        mails = (self._written(order, letter) for letter in self._letters(order, wanted))
        return next(filter(None, mails), None)

    def _letters(self, order: Order, wanted: Mapping[str, Any]) -> Iterator[Letter]:
        for happening in _happenings(order, wanted):
            for trigger in answering(self.triggers, happening):
                yield from letters_of(trigger, happening, settings_in(trigger.shop), None)

    def _written(self, order: Order, letter: Letter) -> MailSample | None:
        """None where nobody is written to, or the text has a fault, which would fail the mail too."""
        voice = order.target_shop or self.shop
        template = letter.template
        # The shop reads its own language; everybody else that of the customer.
        wanted = "" if letter.who == Recipient.SHOP else order.customer_language
        text = template and text_of(template, wanted, shop_language=voice.language)
        if not (letter.recipient and text):
            return None
        mail = preview_of(text.subject, text.html, order=order, shop=self.shop, language=text.language)
        return None if mail.problems else MailSample(order.display_number, letter.recipient, mail.subject, mail.text)


def _happenings(order: Order, wanted: Mapping[str, Any]) -> Iterator[Happening]:
    """The statuses that are new when the order gets these values."""
    for event, (word, own) in FIELDS.items():
        old = getattr(order, word) if word else ""
        code, own_id = wanted.get(word, old), wanted.get(own)
        if {word, own} & wanted.keys() and (code, own_id) != (old, getattr(order, own)):
            yield Happening(order, event, code, own_id, is_new_word=code != old)
