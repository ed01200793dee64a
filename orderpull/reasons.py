"""Why a call was refused, to the letter, as the shop reads it in its call log. Callers never see any of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    """What exactly was wrong with a call that was malformed or signed wrongly."""

    METHOD = "method", _("The method is not the one of this address: GET or HEAD to read, POST to update.")
    ADDRESS = "address", _("There is no such address under /RPC.")
    ENCODING = "encoding", _("The parameters are not URL encoded as UTF-8.")
    BODY = "body", _("The body is not a form (application/x-www-form-urlencoded) of a sensible size.")
    TOO_MANY_PARAMETERS = "too_many_parameters", _("There are more than twenty parameters.")
    TWICE = "twice", _("A parameter comes twice.")
    CONTROL_CHARACTER = "control_character", _("A parameter holds a control character, such as a line end.")
    SHOP_MISSING = "shop_missing", _("shop is missing.")
    SHOP_FORM = "shop_form", _("shop is not a shop number: digits, the first of them not 0.")
    SUBJECT_MISSING = "subject_missing", _("change_time is missing (or order_id, to ask for one order).")
    SUBJECT_TWICE = "subject_twice", _("There are both change_time and order_id.")
    CHANGE_TIME_FORM = "change_time_form", _("change_time is not 14 digits, yyyymmddhhmmss.")
    CHANGE_TIME_DATE = "change_time_date", _("change_time is no date and time of the calendar.")
    ORDER_ID_MISSING = "order_id_missing", _("order_id is missing.")
    ORDER_ID_FORM = "order_id_form", _("order_id is not written as in the order XML, such as 12345_00012.")
    RPC_ID_MISSING = "rpc_id_missing", _("rpc_id is missing.")
    RPC_ID_FORM = "rpc_id_form", _("rpc_id is not ten digits.")
    PK_MISSING = "pk_missing", _("pk is missing.")
    NOTHING_TO_UPDATE = "nothing_to_update", _("There is neither a status, a tracking code nor a note.")
    TOO_LONG = "too_long", _("A text is longer than it may be.")

    PK_FORM = "pk_form", _("pk is not 40 hexadecimal digits, so it is not a SHA-1.")
    PK_UPPER_CASE = "pk_upper_case", _("pk is right, but in upper case: it must be lower-case hexadecimal.")
    PK_ORDER = "pk_order", _("pk was made of the right parts in the wrong order.")
    PK_OLD_KEY = "pk_old_key", _("pk was made with the key before the present one, which is not valid any more.")
    PK_OTHER_EDITION = (
        "pk_other_edition",
        _("pk was made by the rule for the shop's own key in a partner's call, or the other way round."),
    )
    PK_UNKNOWN = (
        "pk_unknown",
        _("pk fits none of the keys: another key, or a part was not sent as it was signed. The tester tells more."),
    )


def words_for(code: str) -> str:
    """The sentence for a code as stored; empty for none."""
    return str(Reason(code).label) if code in Reason.values else code
