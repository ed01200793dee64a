"""An action on a selection between the click and the go-ahead, kept in the session under a one-time token."""

import uuid
from dataclasses import asdict, dataclass

from django.http import HttpRequest

from orders.selection import Selection

MOST_PLANS = 10


@dataclass(frozen=True)
class Plan:
    """What is to be done to which orders; `back` is the list's query to return to."""

    action: str
    reason: str
    query: str
    numbers: list[int]
    all_count: int | None
    back: str

    @classmethod
    def of(cls, action: str, reason: str, selection: Selection, back: str) -> "Plan":
        return cls(action, reason, selection.query, sorted(selection.numbers), selection.all_count, back)

    @property
    def selection(self) -> Selection:
        return Selection(self.query, set(self.numbers), self.all_count)


def keep(request: HttpRequest, plan: Plan) -> str:
    """Keep the plan for the next page; returns its token. Only the newest few are kept."""
    plans = request.session.get(_key(request), {})
    token = str(uuid.uuid4())
    newest = [*plans.items(), (token, asdict(plan))][-MOST_PLANS:]
    request.session[_key(request)] = dict(newest)
    return token


def find(request: HttpRequest, token: uuid.UUID) -> Plan | None:
    kept = request.session.get(_key(request), {}).get(str(token))
    return Plan(**kept) if kept else None


def _key(request: HttpRequest) -> str:
    return f"plans:{request.shop.number}"
