from backoffice.models.shop import Shop, ShopQuerySet
from backoffice.models.staff import SecurityEvent, StaffMember, User

__all__ = ["SecurityEvent", "Shop", "ShopQuerySet", "StaffMember", "User"]
