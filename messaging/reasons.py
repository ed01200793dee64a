"""Why a mail did not leave, or not yet: codes that are stored, and the words people read."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    UNDONE = "undone", _("The action that caused it was undone.")
    BY_HAND = "by_hand", _("Cancelled by hand.")
    DO_NOT_MAIL = "do_not_mail", _("This address is marked “do not mail”.")
    NO_ADDRESS = "no_address", _("There is no e-mail address.")
    BAD_ADDRESS = "bad_address", _("This is not one valid e-mail address.")
    ORDER_DELETED = "order_deleted", _("The order was deleted.")
    NO_TEXT = "no_text", _("The template is gone.")
    BROKEN_TEXT = "broken_text", _("The text could not be made from the template.")
    BROKEN_PAPER = "broken_paper", _("A document that belongs to it could not be made.")
    NO_FILE = "no_file", _("A file that belongs to it is gone.")
    TOO_MANY_CARDS = "too_many_cards", _("It would bring more than 100 gift cards.")
    TOO_LARGE = "too_large", _("Its attachments are too large together.")
    BROKEN_MAIL = "broken_mail", _("It could not be put together.")
    REFUSED = "refused", _("The mail server refused it for good.")
    NOT_NOW = "not_now", _("The mail server asked to try again later.")
    UNREACHABLE = "unreachable", _("The mail server could not be reached.")
    TOO_SLOW = "too_slow", _("The mail server did not answer in time.")
    CUT_OFF = "cut_off", _("The mail server broke the connection.")
    LOGIN = "login", _("The mail server does not accept the user name and password.")
    CERTIFICATE = "certificate", _("The mail server's certificate is not valid.")
    NOT_ALLOWED = "not_allowed", _("This mail server lies inside the installation's own network.")
    GIVEN_UP = "given_up", _("It was tried for five days in vain.")
    INTERRUPTED = "interrupted", _("A worker stopped in the middle of sending it.")
    BOUNCED = "bounced", _("The address does not take mail.")


def words_for(code: str) -> str:
    return str(Reason(code).label) if code in Reason.values else code
