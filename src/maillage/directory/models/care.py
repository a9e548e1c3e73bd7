"""What keeps a record true: proposals and their decision, the history of each field, closures, reminders, reports, dead links."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maillage.directory.models.service import Service
from maillage.people.models import User
from maillage.territory.models import Territory


class Change(models.Model):
    """Somebody's proposal for one service: `fields` is field of the sheet -> {"old": ..., "new": ...} (directory/sheet.py).

    Nothing of it stands in the directory before it is accepted; what was accepted can be undone.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("waiting for a moderator")
        ACCEPTED = "accepted", _("accepted")
        RETURNED = "returned", _("returned")
        WITHDRAWN = "withdrawn", _("withdrawn")
        UNDONE = "undone", _("undone")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="changes")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="changes")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    author = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="changes")
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    fields = models.JSONField(default=dict)
    opens = models.BooleanField(default=False)  # the first words of a new service: it is shown once they are accepted
    note = models.TextField(blank=True)  # why, from the author
    reason = models.TextField(blank=True)  # why it was returned or edited, from the moderator
    proposed_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="decisions")

    class Meta:
        indexes = [
            models.Index(fields=["territory", "state", "proposed_at"], name="change_queue"),
            models.Index(fields=["service", "state"], name="change_of_service"),
        ]


class Revision(models.Model):
    """One field of one service that became something else: who, when, from which source. Never changed afterwards."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="revisions")
    field = models.CharField(max_length=60)  # of the sheet: "phones", "description:fr"
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="revisions")
    source = models.CharField(max_length=200)  # "desk", "link", "undo", "merge", or the name of the feed
    change = models.ForeignKey(Change, null=True, blank=True, on_delete=models.SET_NULL, related_name="revisions")

    class Meta:
        indexes = [models.Index(fields=["service", "field", "id"], name="revision_of_field")]


class Closure(models.Model):
    """Closed for a time, beyond the usual hours. `message` is for the public, language -> text. No end: until further notice."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="closures")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    message = models.JSONField(default=dict)
    announced_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="closures")
    announced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="closure_ends_after_it_starts",
            )
        ]


class Reminder(models.Model):
    """A mail that asked whether a service is still true. `number` counts those of one overdue period: 1, 2, then the moderator."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="reminders")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    number = models.PositiveSmallIntegerField(default=1)
    is_escalation = models.BooleanField(default=False)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="reminders")
    email = models.CharField(max_length=320)
    sent_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["service", "sent_at"], name="reminder_of_service")]


class ErrorReport(models.Model):
    """Somebody, perhaps without an account, says that a record is wrong. The address to answer to is erased with the answer."""

    class Kind(models.TextChoices):
        CLOSED = "closed", _("the service no longer exists or has moved")
        HOURS = "hours", _("the opening hours are wrong")
        CONTACT = "contact", _("the telephone number or address is wrong")
        CONDITIONS = "conditions", _("it is not for the people it is said to be for")
        FULL = "full", _("it is said to have room, and it is full")
        OTHER = "other", _("something else")

    class State(models.TextChoices):
        OPEN = "open", _("to be answered")
        ANSWERED = "answered", _("answered")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="error_reports")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="error_reports")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    message = models.TextField(blank=True)
    email = models.CharField(max_length=320, blank=True)
    language = models.CharField(max_length=8, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    answer = models.TextField(blank=True)
    reported_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="answered_reports"
    )

    class Meta:
        indexes = [models.Index(fields=["territory", "state", "reported_at"], name="error_report_queue")]


class LinkCheck(models.Model):
    """What a web address of the directory answered, last time it was asked."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="link_checks")
    url = models.CharField(max_length=1000)
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # HTTP; null: no answer
    error = models.CharField(max_length=80, blank=True)  # a stable code: dns, timeout, tls, refused
    checked_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["territory", "url"], name="link_check_once")]
