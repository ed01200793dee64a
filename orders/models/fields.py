"""Field shapes that money and quantities share."""

from decimal import Decimal

from django.db import models


def money(**options) -> models.DecimalField:
    """An amount with two places; its currency is the order's."""
    return models.DecimalField(max_digits=14, decimal_places=2, **{"default": Decimal("0.00")} | options)


def unit_price(**options) -> models.DecimalField:
    """A price of one piece; shops sell screws at 0.0312, so four places."""
    return models.DecimalField(max_digits=14, decimal_places=4, **{"default": Decimal(0)} | options)


def quantity(**options) -> models.DecimalField:
    """Pieces, metres or kilograms; negative on credits."""
    return models.DecimalField(max_digits=12, decimal_places=3, **{"default": Decimal(0)} | options)


def vat_rate(**options) -> models.DecimalField:
    """A percentage, 21.00 for 21 %."""
    return models.DecimalField(max_digits=5, decimal_places=2, **{"default": Decimal(0)} | options)
