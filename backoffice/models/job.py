import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.actor import Actor, Channel
from backoffice.models.shop import Shop, ShopQuerySet


class JobState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    STOPPING = "stopping", _("Stopping")
    STOPPED = "stopped", _("Stopped")
    DONE = "done", pgettext_lazy("job", "Done")
    FAILED = "failed", pgettext_lazy("job", "Failed")


OPEN_STATES = (JobState.WAITING, JobState.RUNNING, JobState.STOPPING)


class Job(models.Model):
    """A long or bulk piece of work, as a row: whatever dies, the row says what is left.

    `backoffice.jobs` starts, runs and ends it. `arguments` and `result` belong to the kind.
    """

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=40)
    arguments = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    file = models.FileField(upload_to="jobs/", blank=True)
    expires_at = models.DateTimeField(null=True)
    # Given by the form that started it, so that sending the form twice starts one job.
    token = models.UUIDField(default=uuid.uuid4)
    # All changes of the job are one act in the order log, which is what Undo takes back.
    act = models.UUIDField(default=uuid.uuid4)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=120)
    actor_channel = models.CharField(max_length=10)
    actor_ip_address = models.GenericIPAddressField(null=True)

    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.WAITING)
    number_of_items = models.PositiveIntegerField(default=0)
    number_done = models.PositiveIntegerField(default=0)
    number_unchanged = models.PositiveIntegerField(default=0)
    number_failed = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Who works on it and until when; a lapsed lease means that the worker died.
    leased_by = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["shop", "token"], name="one_job_per_token")]
        indexes = [
            models.Index(fields=["shop", "-id"], name="job_newest"),
            models.Index(
                fields=["leased_until"],
                name="job_open",
                condition=models.Q(state__in=["waiting", "running", "stopping"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def has_given_reason(self) -> bool:
        """Whether `error` is a sentence for people; what broke unexpectedly is kept as an exception's name."""
        return " " in self.error

    @property
    def number_finished(self) -> int:
        return self.number_done + self.number_unchanged + self.number_failed

    @property
    def percent(self) -> int:
        return 100 * self.number_finished // self.number_of_items if self.number_of_items else 0

    @property
    def actor(self) -> Actor:
        """Whoever started it; the work is done in their name."""
        return Actor(
            self.actor_name,
            Channel(self.actor_channel),
            self.user_id,
            self.actor_ip_address,
            is_quiet=self.arguments.get("is_quiet", False),
        )


class JobItem(models.Model):
    """One thing the job acts on, usually an order; `reason` says why it was refused or what failed."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", pgettext_lazy("job", "Done")
        UNCHANGED = "unchanged", _("Was so already")
        FAILED = "failed", pgettext_lazy("job", "Failed")

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    subject_id = models.BigIntegerField()
    label = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=250, blank=True)

    class Meta:
        ordering = ["job", "position"]
        constraints = [models.UniqueConstraint(fields=["job", "position"], name="one_item_per_position")]
        indexes = [models.Index(fields=["job", "state", "position"], name="job_items_by_state")]

    def __str__(self) -> str:
        return f"{self.label}: {self.state}"
