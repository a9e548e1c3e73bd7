"""Two records that may be one: candidates with their reasons, what a person decided, and merges that can be undone."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maillage.directory.models.service import Service
from maillage.people.models import User
from maillage.territory.models import Territory


class DuplicatePair(models.Model):
    """Services by uuid, not by key (`left` < `right`): the decision outlives a record that goes and comes back."""

    class State(models.TextChoices):
        OPEN = "open", _("to be decided")
        SAME = "same", _("one and the same")
        DIFFERENT = "different", _("two different services")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="duplicate_pairs")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    left = models.UUIDField()
    right = models.UUIDField()
    score = models.FloatField()  # 0..1
    reasons = models.JSONField(default=list)  # [{"code": "same-phone", ...values to show}]
    vetoes = models.JSONField(default=list)  # codes that forbid an automatic merge, and say so
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    found_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="decided_duplicates"
    )
    note = models.TextField(blank=True)
    keep = models.UUIDField(
        null=True, blank=True
    )  # of one and the same: the one that is shown, should its row come back

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["territory", "left", "right"], name="duplicate_pair_once"),
            models.CheckConstraint(condition=models.Q(left__lt=models.F("right")), name="duplicate_pair_in_order"),
        ]
        indexes = [models.Index(fields=["territory", "state", "score"], name="duplicate_queue")]


class Merge(models.Model):
    """`merged` is shown as `kept` from now on (Service.merged_into); `filled` is what `kept` took over, so that it can be undone."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="merges")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    pair = models.ForeignKey(DuplicatePair, null=True, blank=True, on_delete=models.SET_NULL, related_name="merges")
    kept = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="merges_kept")
    merged = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="merges_merged")
    filled = models.JSONField(default=dict)  # field of the sheet -> {"old": ..., "new": ...} of `kept`
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="merges")
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="undone_merges")
