from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.actor import Actor, Channel
from backoffice.models.shop import Shop, ShopQuerySet
from backoffice.roles import PERMISSIONS, Permission, Role


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        return self.create_user(email, password, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in; what they may do is said per shop by `StaffMember`."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Density(models.TextChoices):
        COMPACT = "compact", _("Compact")
        NORMAL = "normal", _("Normal")
        ROOMY = "roomy", _("Roomy")

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(default=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, blank=True)
    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    density = models.CharField(_("row height"), max_length=10, choices=Density.choices, default=Density.NORMAL)
    shortcuts_enabled = models.BooleanField(_("single-key shortcuts"), default=True)
    keep_selection = models.BooleanField(_("keep selection after action"), default=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        words = (self.name or self.email).split()
        return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper()


class StaffMember(models.Model):
    """One person's role in one shop; being withdrawn takes effect with the next request."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="staff")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    is_active = models.BooleanField(default=True)
    # Keys of the columns this person wants in the order list; empty for the usual ones.
    list_columns = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "user"], name="one_role_per_person_and_shop")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"

    def may(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[self.role]

    @property
    def may_change_settings(self) -> bool:
        """For templates, which cannot ask `may` anything."""
        return self.may(Permission.MANAGE_SETTINGS)

    def as_actor(self, ip_address: str | None, *, is_quiet: bool = False) -> Actor:
        return Actor(self.user.name or self.user.email, Channel.WEB, self.user_id, ip_address, is_quiet)


class SecurityEvent(models.Model):
    """A sign-in, a failed try or a change of credentials, for the security log. Never holds a password."""

    class Kind(models.TextChoices):
        SIGNED_IN = "signed_in", _("Signed in")
        SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
        SIGNED_OUT = "signed_out", _("Signed out")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="security_events")
    email = models.CharField(max_length=254, blank=True)
    ip_address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-at"], name="security_by_user"),
            models.Index(fields=["email", "-at"], name="security_by_email"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.email}"
