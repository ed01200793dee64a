"""Where printing shows: a button of the list, lines in an order's menu, a card on its page, and the job."""

from django.utils.translation import gettext_lazy as _

from backoffice.roles import Permission
from orders.order_page.panels import MenuEntry, register_menu_entry, register_panel
from orders.papers import jobs
from orders.papers.panel import papers_panel
from orders.selection_pages import SelectionPage, register_selection_page

# What an order's menu prints at once: label, address.
AT_ONCE = (
    (_("Print invoice"), "orders:print-invoice"),
    (_("Print packing slip"), "orders:print-packing_slip"),
    (_("Print pick list"), "orders:print-pick_list"),
)


def register() -> None:
    jobs.register()
    register_panel(papers_panel)
    register_selection_page(
        SelectionPage("print", _("Print"), "print", "orders:print-selected", Permission.PRINT_PAPERS, shortcut="p")
    )
    for label, url_name in AT_ONCE:
        register_menu_entry(MenuEntry(label, "print", url_name, Permission.PRINT_PAPERS, acts=True, in_list=True))
    others = MenuEntry(_("Print other papers…"), "print", "orders:print", Permission.PRINT_PAPERS, in_list=True)
    register_menu_entry(others)
