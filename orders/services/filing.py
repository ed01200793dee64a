"""The folders and tags of a shop themselves: adding, arranging, deleting and bringing back."""

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.models import Shop
from orders.models import Filing
from orders.services.errors import ChangeRefused


class NameIsTaken(ChangeRefused):
    """There is another one with that name by now."""

    def __init__(self, name: str):
        super().__init__(_("There is another “%(name)s” by now. Rename it first.") % {"name": name})


def add(filing: Filing) -> None:
    """Store a new folder or tag behind the others."""
    others = type(filing).objects.for_shop(filing.shop).kept()
    filing.position = min((others.aggregate(last=Max("position"))["last"] or 0) + 1, 32_000)
    filing.save()


@transaction.atomic
def move(filing: Filing, step: int) -> None:
    """Let it change places with the one before (-1) or behind it (1)."""
    keys = list(type(filing).objects.for_shop(filing.shop).kept().values_list("pk", flat=True))
    at = keys.index(filing.pk)
    keys.insert(min(max(at + step, 0), len(keys) - 1), keys.pop(at))
    _number(type(filing), keys)


@transaction.atomic
def arrange(model: type[Filing], shop: Shop, keys: list[int]) -> None:
    """Put those with these keys in this order; others stay behind them as they were."""
    known = list(model.objects.for_shop(shop).kept().values_list("pk", flat=True))
    wanted = {key: place for place, key in enumerate(keys)}
    _number(model, sorted(known, key=lambda key: wanted.get(key, len(wanted))))


def _number(model: type[Filing], keys: list[int]) -> None:
    for position, key in enumerate(keys, start=1):
        model.objects.filter(pk=key).exclude(position=position).update(position=position)


def delete(filing: Filing) -> None:
    """Its orders are in none from now on; they keep the way back."""
    filing.deleted_at = timezone.now()
    filing.save(update_fields=["deleted_at"])


def restore(filing: Filing) -> None:
    """Bring it back with its orders. Raises NameIsTaken."""
    if type(filing).objects.for_shop(filing.shop).kept().filter(name=filing.name).exists():
        raise NameIsTaken(filing.name)
    filing.deleted_at = None
    filing.save(update_fields=["deleted_at"])
