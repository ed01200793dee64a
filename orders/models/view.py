from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop, ShopQuerySet, StaffMember, User
from backoffice.roles import Permission


class SavedViewQuerySet(ShopQuerySet):
    def seen_by(self, staff: StaffMember) -> Self:
        """Their own and the shared ones of the shop, those in Deleted too."""
        return self.for_shop(staff.shop).filter(Q(owner=staff.user) | Q(is_shared=True))

    def kept(self) -> Self:
        return self.filter(deleted_at=None)


class SavedView(models.Model):
    """An order list under a name: what it is narrowed to, how it is sorted and what it shows.

    `query` holds filters and sort as they stand in an address; `columns` and `density` are empty where everybody
    sees what they are used to. One that was deleted stays, so that it can come back and old links can say so.
    """

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="views")
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="views")
    name = models.CharField(_("name"), max_length=60)
    is_shared = models.BooleanField(_("everybody in the shop sees it"), default=False)
    query = models.TextField(blank=True)
    columns = models.JSONField(default=list)
    density = models.CharField(max_length=10, choices=User.Density.choices, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    deleted_at = models.DateTimeField(null=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        # Shared ones first, so that they stand at the same place for everybody.
        ordering = ["-is_shared", "position", "id"]

    def __str__(self) -> str:
        return self.name

    def may_be_changed_by(self, staff: StaffMember) -> bool:
        """Its owner may, and who manages the shop's settings may change what is shared."""
        return self.owner_id == staff.user_id or (self.is_shared and staff.may(Permission.MANAGE_SETTINGS))
