"""What stands under Orders in the navigation."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from backoffice.context import NavItem, page_of_shop
from orders.columns.gather import folders_of

# Elsewhere the folders are one click further, and cost no query.
SHOWN_ON = {"orders:list", "orders:folders", "orders:tags", "menu"}
MOST_SHOWN = 12


def folder_links(request: HttpRequest) -> dict[str, list[NavItem]]:
    """The shop's folders, each as the list narrowed to it, and the page that keeps them."""
    match = request.resolver_match
    if match is None or match.view_name not in SHOWN_ON:
        return {}
    listing = page_of_shop("orders:list", request.shop.number)
    wanted = request.GET.getlist("folder") if match.view_name == "orders:list" else []
    links = [
        NavItem(
            f"folder-{folder.pk}", folder.name, "folder", f"{listing}?folder={folder.pk}", wanted == [str(folder.pk)]
        )
        for folder in folders_of(request.shop)[:MOST_SHOWN]
    ]
    keep = page_of_shop("orders:folders", request.shop.number)
    return {
        "orders:list": [
            *links,
            NavItem("orders:folders", _("Folders and tags"), "folder", keep, match.view_name == "orders:folders"),
        ]
    }
