"""Dull shops and people for stories."""

from backoffice.models import Shop, StaffMember, User
from backoffice.roles import Role

PASSWORD = "a-long-test-password"


def make_shop(number: str = "12345", **values) -> Shop:
    dull = {"name": f"Shop {number}", "plan_key": "professional", "language": "en"}
    return Shop.objects.create(number=number, **dull | values)


def make_staff(shop: Shop, role: str = Role.ORDERS, *, email: str = "", **values) -> StaffMember:
    """A person with `role` in `shop` who signs in with PASSWORD."""
    email = email or f"{role}@{shop.number}.example"
    user = User.objects.filter(email=email).first() or User.objects.create_user(
        email, PASSWORD, **{"name": f"{role.title()} {shop.number}", "language": "en"} | values
    )
    return StaffMember.objects.create(shop=shop, user=user, role=role)
