from backoffice.models.job import OPEN_STATES, Job, JobItem, JobState
from backoffice.models.shop import TARGETS, Shop, ShopLogo, ShopQuerySet
from backoffice.models.staff import SecurityEvent, StaffMember, User

__all__ = [
    "OPEN_STATES",
    "TARGETS",
    "Job",
    "JobItem",
    "JobState",
    "SecurityEvent",
    "Shop",
    "ShopLogo",
    "ShopQuerySet",
    "StaffMember",
    "User",
]
