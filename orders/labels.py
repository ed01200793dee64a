"""What is to be said about the code and carrier of a parcel before they are kept."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from orders import display
from orders.models import Order, Shipment
from orders.tracking import (
    CARRIERS,
    Destination,
    Recognised,
    Verdict,
    carriers_named_in,
    find_carrier,
    recognise,
    tracking_url,
)


@dataclass(frozen=True)
class Label:
    """`carrier` is the one chosen, else the one the code tells; `question` asks for one; `doubts` must be accepted.

    `guess` is the code that was probably meant, `choices` are the carriers that are possible.
    """

    code: str
    carrier: str = ""
    url: str = ""
    question: str = ""
    doubts: tuple[str, ...] = ()
    guess: str = ""
    choices: tuple[str, ...] = ()
    is_unknown: bool = False


def label_of(order: Order, code: str, carrier: str, *, besides: Shipment | None = None) -> Label:
    """Look at a code as it was typed or scanned; `besides` is the shipment it is for. One query."""
    seen = recognise(code, expected=carriers_named_in(f"{order.shipping_method} {carrier}"))
    to = Destination.of(order.shipping_address, order.customer_language)
    chosen = carrier.strip() or seen.carrier
    known = find_carrier(chosen)
    asks = seen.verdict == Verdict.ASK and not chosen
    return Label(
        code=seen.code,
        carrier=known.name if known else chosen,
        url=tracking_url(chosen, seen.code, to),
        question=_question(seen) if asks else "",
        doubts=tuple(filter(None, (_mistake(seen), _other_carrier(seen, chosen), _elsewhere(seen, chosen, to))))
        + _used_before(order, seen.code, besides),
        guess=seen.guess,
        choices=seen.carriers if asks else (),
        is_unknown=bool(seen.code) and seen.verdict == Verdict.UNKNOWN and not chosen,
    )


def _question(seen: Recognised) -> str:
    if len(seen.carriers) == 1:
        return _("This may be a code of %(carrier)s. Choose the carrier.") % {"carrier": seen.carriers[0]}
    *others, last = seen.carriers
    words = {"carriers": ", ".join(others), "last": last}
    return _("Codes like this are used by %(carriers)s and %(last)s. Choose the carrier.") % words


def _mistake(seen: Recognised) -> str:
    if seen.verdict != Verdict.TYPO:
        return ""
    words = {"carrier": seen.carriers[0], "guess": seen.guess, "lengths": seen.lengths, "length": len(seen.code)}
    if seen.guess:
        return _("This is not quite a code of %(carrier)s. Was %(guess)s meant?") % words
    if seen.lengths:
        return _("Codes of %(carrier)s have %(lengths)s characters, this one has %(length)d.") % words
    return _("The check digit of this %(carrier)s code is wrong.") % words


def _other_carrier(seen: Recognised, chosen: str) -> str:
    known = find_carrier(chosen)
    if known is None or not seen.carriers or known.name in seen.carriers:
        return ""
    return _("This looks like a code of %(carrier)s.") % {"carrier": ", ".join(seen.carriers)}


def _elsewhere(seen: Recognised, chosen: str, to: Destination) -> str:
    if seen.leads_elsewhere(to) and seen.country and seen.country != to.country:
        return _("This label was made for %(country)s.") % {"country": display.country(seen.country)}
    if seen.leads_elsewhere(to) and seen.postcode:
        return _("This label was made for postcode %(postcode)s.") % {"postcode": seen.postcode}
    known = CARRIERS.get(chosen)
    if known and not known.may_deliver_in(to.country):
        words = {"carrier": known.name, "country": display.country(to.country)}
        return _("%(carrier)s does not deliver in %(country)s.") % words
    return ""


def _used_before(order: Order, code: str, besides: Shipment | None) -> tuple[str, ...]:
    if not code or not code.isprintable():  # such a code cannot have been kept, and PostgreSQL refuses the question
        return ()
    others = Shipment.objects.filter(order__shop=order.shop_id, tracking_code=code).select_related("order")
    other = others.exclude(pk=besides.pk if besides else None).order_by("-id").first()
    if other is None:
        return ()
    if other.order_id == order.pk:
        return (_("This order has the code already."),)
    return (_("Order %(number)s has this code already.") % {"number": other.order.display_number},)
