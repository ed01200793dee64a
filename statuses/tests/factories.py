"""Dull statuses of a shop's own."""

from statuses.models import ShopStatus


def make_own_status(shop, kind, code, *, stands_for="", name="", **values) -> ShopStatus:
    """A shop's own status; its English name is its code unless the story says another."""
    name = name or code.replace("-", " ").capitalize()
    return ShopStatus.objects.create(shop=shop, kind=kind, code=code, stands_for=stands_for, name_en=name, **values)
