"""How the cells of the list read. Made in Python, one string each: most of a list page's time is its template."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from orders import display, money
from orders import waiting as waits
from orders.columns.column import Cell, CellContext
from orders.columns.markup import escape, format_html
from orders.models import Source
from statuses.catalogue import Catalogue
from statuses.kinds import Kind, Look

# More than fit in a row are counted: "A-1, B-2 +4".
NAMED_AT_MOST = 3


def order(row: Any, at: CellContext) -> SafeString:
    number = f"{row.number:05d}"
    brought_by = row.source_name or ("" if row.source == Source.WEBSHOP else _SOURCE_CODES[row.source])
    code = format_html('<span class="cc">{}</span>', brought_by) if brought_by else ""
    return SafeString(f'<a class="id" href="{at.order_href.format(number)}">{number}</a>{code}')


_SOURCE_CODES = {
    Source.MARKETPLACE: pgettext_lazy("source of an order", "market"),
    Source.MANUAL: pgettext_lazy("source of an order", "by hand"),
    Source.IMPORT: pgettext_lazy("source of an order", "import"),
}


def time(when: Any, at: CellContext) -> SafeString:
    local = when.astimezone(at.zone)
    whole = display.date_time(local, at.zone, at.language)
    short = display.short_time(local, at.zone, at.today, at.language)
    # Digits, signs and names of months: nothing to escape.
    return SafeString(f'<time datetime="{local.isoformat(timespec="minutes")}" title="{whole}">{short}</time>')


def customer(row: Any, at: CellContext) -> SafeString:
    name = row.customer_company or row.customer_name or row.customer_email
    country = _country_mark(row.shipping_country) if row.shipping_country else ""
    if not name:
        return format_html('<span class="mut">{}</span>{}', _("Guest"), country)
    return SafeString(escape(name) + country)


@lru_cache(maxsize=256)
def _country_mark(code: str) -> SafeString:
    return format_html('<span class="cc">{}</span>', code)


def marks(row: Any, at: CellContext) -> SafeString | str:
    message = ("read" if row.message_read_at else "unread") if row.customer_message else ""
    return _marks(message, row.has_internal_note, row.printed_at is not None, row.mailed_at is not None, at.language)


@lru_cache(maxsize=128)
def _marks(message: str, has_note: bool, is_printed: bool, is_mailed: bool, language: str) -> SafeString | str:
    """Few different ones stand on a page many times; `language` is the one that is active."""
    shown = [
        message and _mark(1, "bubble", *MESSAGES[message]),
        has_note and _mark(2, "note", _("Internal note")),
        is_printed and _mark(3, "print", _("Printed")),
        is_mailed and _mark(4, "mail", _("Message sent")),
    ]
    return format_html('<span class="marks">{}</span>', SafeString("".join(filter(None, shown)))) if any(shown) else ""


MESSAGES = {
    "unread": (gettext_lazy("Message from customer, unread"), " hot"),
    "read": (gettext_lazy("Message from customer"), ""),
}


def _mark(slot: int, name: str, text: str | Promise, css: str = "") -> SafeString:
    """A sign in its place, that of others stays empty; `text` says it in words."""
    return format_html(
        '<span class="m{0}{1}" title="{2}"><svg class="i" role="img" aria-label="{2}"><use href="{3}#{4}"/></svg>'
        "</span>",
        slot,
        css,
        text,
        static("icons.svg"),
        name,
    )


def status(row: Any, at: CellContext) -> SafeString:
    key = ("status", row.fulfilment_status, row.fulfilment_own_status_id, row.internal_status_id)
    if key not in at.made:
        at.made[key] = _status(*key[1:], at.catalogue)
    return at.made[key]


def _status(code: str, own_id: int | None, internal_id: int | None, catalogue: Catalogue) -> SafeString:
    shown = pill(catalogue.look(Kind.FULFILMENT, code, own_id))
    if internal_id is None:
        return shown
    own = catalogue.look(Kind.INTERNAL, "", internal_id)
    return format_html(
        '{} <span class="plain cut {} c-{}" title="{}">{}</span>', shown, own.shape, own.colour, own.label, own.label
    )


def payment(row: Any, at: CellContext) -> SafeString:
    key = ("payment", row.payment_status, row.payment_own_status_id)
    if key not in at.made:
        at.made[key] = plain(at.catalogue.look(Kind.PAYMENT, *key[1:]))
    return at.made[key]


def plain(look: Look) -> SafeString:
    """A status as a dot and a word, for what stands beside a pill."""
    return _status_word("plain", look)


def pill(look: Look) -> SafeString:
    return _status_word("pill", look)


def _status_word(css: str, look: Look) -> SafeString:
    return format_html('<span class="{} {} c-{}">{}</span>', css, look.shape, look.colour, look.label)


def items(row: Any, at: CellContext) -> SafeString:
    """How many of the lines need nothing more before they can leave."""
    total, done = row.number_of_lines, row.number_of_lines_done
    return _fill(total, done, row.number_of_lines_backordered > 0, at.language)


@lru_cache(maxsize=1024)
def _fill(total: int, done: int, has_backordered: bool, language: str) -> SafeString:
    css = "done" if done >= total > 0 else "part" if has_backordered else ""
    return format_html(
        '<span class="fill {}"><progress max="{}" value="{}" aria-hidden="true"></progress>{}/{}'
        '<span class="vh"> {}</span></span>',
        css,
        total or 1,
        done,
        done,
        total,
        _("lines ready"),
    )


def waiting(row: Any, at: CellContext) -> SafeString | str:
    """The reason, and what to do about it as a link to where it is done."""
    action = waits.next_action(row)
    if action is None:
        return ""
    url = at.order_url.format(f"{row.number:05d}")
    reason = waits.sentence(row, at.zone)
    return format_html('{} <a class="next" href="{}#waiting">{}</a>', reason, url, action.label)


# --- cells that many columns share ----------------------------------------------------------------


def text(field: str) -> Cell:
    return lambda row, at: escape(getattr(row, field))


def amount(field: str) -> Cell:
    """An amount in the order's currency; the row has `currency` too."""
    return lambda row, at: display.money(getattr(row, field), row.currency, at.language)


def moment(field: str) -> Cell:
    """When, or nothing when it has not happened."""

    def cell(row: Any, at: CellContext) -> SafeString | str:
        value = getattr(row, field)
        return "" if value is None else time(value, at)

    return cell


def _few(texts: Iterable[str]) -> SafeString | str:
    """Each text once; what goes beyond a few is counted and stands in the tooltip."""
    unique = list(dict.fromkeys(filter(None, texts)))
    shown = ", ".join(unique[:NAMED_AT_MOST])
    if len(unique) <= NAMED_AT_MOST:
        return escape(shown)
    more = len(unique) - NAMED_AT_MOST
    return format_html('<span title="{}">{} <span class="cc">+{}</span></span>', ", ".join(unique), shown, more)


# --- the others -----------------------------------------------------------------------------------


def external_id(row: Any, at: CellContext) -> str:
    return f"{at.shop_number}_{row.number:05d}"


def internal(row: Any, at: CellContext) -> SafeString | str:
    if row.internal_status_id is None:
        return ""
    return plain(at.catalogue.look(Kind.INTERNAL, "", row.internal_status_id))


def source(row: Any, at: CellContext) -> str:
    return escape(Source(row.source).label)


def target(row: Any, at: CellContext) -> str:
    return escape(at.gathered["targets"].get(row.target_shop_id, ""))


def folder(row: Any, at: CellContext) -> SafeString | str:
    """The folder's name; without one an order is at the root."""
    found = at.gathered["folders"].get(row.folder_id)
    if found is None:
        return format_html('<span class="mut">{}</span>', _("No folder"))
    return format_html('<span class="plain c-{}">{}</span>', found.colour, found.name)


def tags(row: Any, at: CellContext) -> SafeString:
    marks = at.gathered["tags"].get(row.id, [])
    return format_html_join(" ", '<span class="pill full c-{}">{}</span>', ((colour, name) for name, colour in marks))


def note_author(row: Any, at: CellContext) -> str:
    return escape(at.gathered["note_authors"].get(row.id, ""))


def tracking(row: Any, at: CellContext) -> SafeString | str:
    """Codes, as links where the carrier has a page for them."""
    parcels = [parcel for parcel in at.gathered["parcels"].get(row.id, []) if parcel.code]
    return format_html_join(
        ", ",
        "{}",
        (
            (format_html('<a href="{}" rel="noreferrer">{}</a>', p.url, p.code) if _is_web(p.url) else p.code,)
            for p in parcels[:NAMED_AT_MOST]
        ),
    )


def _is_web(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def carrier(row: Any, at: CellContext) -> SafeString | str:
    return _few(parcel.carrier for parcel in at.gathered["parcels"].get(row.id, []))


def shipped(row: Any, at: CellContext) -> SafeString | str:
    """When the last parcel left."""
    parcels = at.gathered["parcels"].get(row.id)
    return time(parcels[-1].shipped_at, at) if parcels else ""


def skus(row: Any, at: CellContext) -> SafeString | str:
    return _few(good.sku for good in at.gathered["goods"].get(row.id, []))


def locations(row: Any, at: CellContext) -> SafeString | str:
    return _few(sorted(good.location for good in at.gathered["goods"].get(row.id, [])))


def lines(row: Any, at: CellContext) -> str:
    return display.integer(row.number_of_lines)


def backordered(row: Any, at: CellContext) -> str:
    return display.integer(row.number_of_lines_backordered) if row.number_of_lines_backordered else ""


def country(field: str) -> Cell:
    return lambda row, at: escape(display.country(getattr(row, field)))


def language(row: Any, at: CellContext) -> str:
    return escape(display.language_name(row.customer_language)) if row.customer_language else ""


def still_open(row: Any, at: CellContext) -> str:
    return display.money(money.still_open(row.total, row.paid_total, row.refunded_total), row.currency, at.language)


def weight(row: Any, at: CellContext) -> str:
    return display.weight(row.weight_g) if row.weight_g else ""


def volume(row: Any, at: CellContext) -> str:
    return display.volume(row.volume_cm3) if row.volume_cm3 else ""
