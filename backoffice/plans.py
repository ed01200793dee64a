"""What a shop's plan allows. Plans are data: a shop stores the key, never the numbers."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Feature(StrEnum):
    """A function the vendor switches on for a plan."""

    EDIT_ORDER = "edit_order"
    FEEDBACK_MAIL = "feedback_mail"
    AFFILIATES = "affiliates"


class Limit(StrEnum):
    MESSAGES_AT_ONCE = "messages_at_once"


@dataclass(frozen=True)
class Plan:
    key: str
    label: str | Promise
    features: frozenset[Feature]
    limits: dict[Limit, int]

    def allows(self, feature: Feature) -> bool:
        return feature in self.features

    def limit(self, limit: Limit) -> int:
        return self.limits[limit]


BASIC = Plan("basic", _("Basic"), frozenset(), {Limit.MESSAGES_AT_ONCE: 5})
PROFESSIONAL = Plan("professional", _("Professional"), frozenset(Feature), {Limit.MESSAGES_AT_ONCE: 25})
PLANS = {plan.key: plan for plan in (BASIC, PROFESSIONAL)}
