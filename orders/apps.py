from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    """Orders, their lines, payments, shipments and log, and the only services that change them."""

    name = "orders"

    def ready(self) -> None:
        # Here and not above: models are loaded only when every app is known.
        from backoffice.context import CHILDREN, COUNTERS, NavEntry, register_page
        from backoffice.roles import Permission
        from layouts import subjects
        from orders import bulk_invoices, jobs
        from orders.exports import jobs as exports
        from orders.merge_page import relatives_panel
        from orders.navigation import folder_links
        from orders.order_page.panels import MenuEntry, register_menu_entry, register_panel
        from orders.papers import pages as papers
        from orders.papers.subjects import OrdersAsSubjects
        from orders.selection_pages import SelectionPage, register_selection_page
        from orders.services import invoices_due, own_statuses, status_names
        from orders.tabs import todo_count

        register_page(NavEntry("exports:list", _("Exports"), "dl", Permission.EXPORT_ORDERS, position=40))
        register_page(NavEntry("orders:list", _("Orders"), "orders", Permission.VIEW_ORDERS, position=20))
        register_page(NavEntry("invoices:list", _("Invoices"), "file", Permission.VIEW_ORDERS, position=30))
        may_set = Permission.MANAGE_SETTINGS
        register_page(NavEntry("handling:settings", _("Order handling"), "gear", may_set, position=90))
        register_menu_entry(MenuEntry(_("Invoice"), "file", "orders:issue-invoice", Permission.ISSUE_INVOICES))
        jobs.register()
        exports.register()
        papers.register()
        own_statuses.register()
        status_names.register()
        invoices_due.listen()
        subjects.provide(OrdersAsSubjects())
        register_panel(relatives_panel)
        register_selection_page(
            SelectionPage("refund", _("Refund"), "undo", "orders:refund-selected", Permission.CHANGE_PAYMENTS)
        )
        register_selection_page(
            SelectionPage("invoices", _("Issue invoices"), "file", "invoices:issue-selected", Permission.ISSUE_INVOICES)
        )
        bulk_invoices.register()
        CHILDREN.append(folder_links)
        COUNTERS.append(lambda shop: {"orders:list": (todo_count(shop), True)})
