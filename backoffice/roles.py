"""Roles per shop and what each may do. One table, read by `@requires`, by menus and by the tests."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    VIEW_ORDERS = "view_orders"
    CHANGE_ORDERS = "change_orders"
    WRITE_NOTES = "write_notes"
    PRINT_PAPERS = "print_papers"
    CHANGE_PAYMENTS = "change_payments"
    ISSUE_INVOICES = "issue_invoices"
    SEND_MESSAGES = "send_messages"
    EXPORT_ORDERS = "export_orders"
    VIEW_PERSONAL_DATA = "view_personal_data"
    MANAGE_SETTINGS = "manage_settings"


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    ORDERS = "orders", _("Orders")
    WAREHOUSE = "warehouse", _("Warehouse")
    FINANCE = "finance", _("Finance")
    READ_ONLY = "readonly", _("Read only")


PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.MANAGER: frozenset(Permission),
    Role.ORDERS: frozenset(Permission) - {Permission.MANAGE_SETTINGS, Permission.ISSUE_INVOICES},
    Role.WAREHOUSE: frozenset(
        {Permission.VIEW_ORDERS, Permission.CHANGE_ORDERS, Permission.WRITE_NOTES, Permission.PRINT_PAPERS}
    ),
    Role.FINANCE: frozenset(
        {
            Permission.VIEW_ORDERS,
            Permission.WRITE_NOTES,
            Permission.PRINT_PAPERS,
            Permission.CHANGE_PAYMENTS,
            Permission.ISSUE_INVOICES,
            Permission.SEND_MESSAGES,
            Permission.EXPORT_ORDERS,
            Permission.VIEW_PERSONAL_DATA,
        }
    ),
    Role.READ_ONLY: frozenset({Permission.VIEW_ORDERS}),
}

PERMISSION_LABELS = {
    Permission.VIEW_ORDERS: _("see orders"),
    Permission.CHANGE_ORDERS: _("change orders"),
    Permission.WRITE_NOTES: _("write notes"),
    Permission.PRINT_PAPERS: _("print papers"),
    Permission.CHANGE_PAYMENTS: _("change payment statuses and refunds"),
    Permission.ISSUE_INVOICES: _("issue invoices and credit notes"),
    Permission.SEND_MESSAGES: _("write to customers"),
    Permission.EXPORT_ORDERS: _("export orders"),
    Permission.VIEW_PERSONAL_DATA: _("see personal numbers and IP addresses"),
    Permission.MANAGE_SETTINGS: _("change the shop's settings"),
}


def roles_with(permission: Permission) -> list[str]:
    """Labels of the roles that hold `permission`, most powerful first."""
    return [str(role.label) for role in Role if permission in PERMISSIONS[role]]
