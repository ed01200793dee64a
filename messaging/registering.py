"""What messages add to the pages below them: a place in the navigation, a card on the order, buttons in the list."""

from django.db.models import OuterRef
from django.utils.translation import gettext_lazy as _

from backoffice.context import COUNTERS, NavEntry, register_page
from backoffice.models import Shop
from backoffice.roles import Permission
from backoffice.seldom import register_seldom
from messaging.extras import add_extras
from messaging.mailbox import IN_TROUBLE, in_trouble, number_in_trouble
from messaging.order_card import mails_panel
from messaging.services.forecast import TriggerForecast
from messaging.services.triggers import is_silent
from messaging.services.writing import ADDERS
from orders.hints import Hint, register_hint
from orders.mail_forecast import register_mail_forecast
from orders.order_page.panels import MenuEntry, register_menu_entry, register_panel
from orders.selection_pages import SelectionPage, register_selection_page


def register() -> None:
    """Called once, when every app is loaded."""
    register_page(NavEntry("messaging:outbox", _("Messages"), "mail", Permission.VIEW_ORDERS, position=35))
    register_seldom(IN_TROUBLE, in_trouble().filter(shop=OuterRef("shop")), nothing=0)
    COUNTERS.append(_trouble)
    ADDERS.append(add_extras)
    register_panel(mails_panel)
    register_mail_forecast(TriggerForecast)
    register_hint(silence_hint)
    register_selection_page(
        SelectionPage("message", _("Message"), "mail", "messaging:selection", Permission.SEND_MESSAGES, shortcut="m")
    )
    may = Permission.SEND_MESSAGES
    register_menu_entry(MenuEntry(_("Write a message"), "mail", "messaging:compose", may, in_list=True))
    register_menu_entry(MenuEntry(_("Resend confirmation"), "mail", "messaging:resend-confirmation", may))
    register_menu_entry(MenuEntry(_("Ask for feedback"), "bubble", "messaging:feedback", may))


def silence_hint(shop: Shop) -> Hint | None:
    """A new shop mails nothing until somebody begins with the usual mails; here so that nobody finds out too late."""
    if is_silent(shop):
        text = _("No mail goes to customers by itself yet, not even an order confirmation.")
        return Hint(text, "messaging:triggers", _("Begin with the usual mails"))
    return None


def _trouble(shop: Shop) -> dict[str, tuple[int, bool]]:
    number = number_in_trouble(shop)
    return {"messaging:outbox": (number, True)} if number else {}
