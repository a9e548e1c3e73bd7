"""What a city does beyond its usual places: the cold-weather plan, and the yearly count."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from maillage.people.models import User
from maillage.places.models.sites import PlaceGroup
from maillage.territory.models import Territory


class SurgeActivation(models.Model):
    """A cold-weather plan of the pack, opened: on which forecast, by whom, with which places, until when, and why each time."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="surges")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    plan = models.CharField(max_length=80)  # code of the pack
    plan_content = models.JSONField(default=dict)  # the rule as it stood
    forecast = models.JSONField(default=list)  # [{"on": date, "low": degrees Celsius, "high": degrees Celsius}]
    forecast_source = models.CharField(max_length=200, blank=True)
    is_triggered = models.BooleanField()  # what the rule said; people may decide otherwise
    reason = models.TextField()
    groups = models.ManyToManyField(PlaceGroup, related_name="surges", blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="surges_opened")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="surges_closed")
    close_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["territory", "plan"], condition=Q(closed_at=None), name="one_activation_of_a_plan"
            )
        ]


class Count(models.Model):
    """A count of homeless people on one night (ETHOS Light, or the categories of another method: the pack says them)."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="counts")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    held_on = models.DateField()
    method = models.CharField(max_length=80)  # code of the pack
    method_content = models.JSONField(default=dict)  # categories and sources as they stood
    zones = models.JSONField(default=list)  # [{"code", "label"}]: what the count covers
    is_closed = models.BooleanField(default=False)
    salt = models.CharField(max_length=64)  # of this count only: a mark of one count tells nothing about another
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="counts")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["territory", "held_on", "method"], name="count_once")]


class CountLine(models.Model):
    """People seen in one zone or told by one service. `mark`: a keyed hash of what a person said, so that nobody counts twice;
    empty when they said nothing."""

    class Source(models.TextChoices):
        STREET = "street", _("seen in the street")
        SERVICE = "service", _("told by a service")

    count = models.ForeignKey(Count, on_delete=models.CASCADE, related_name="lines")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    zone = models.CharField(max_length=80)
    source = models.CharField(max_length=8, choices=Source)
    category = models.CharField(max_length=40)  # code of the method
    public = models.CharField(max_length=80, blank=True)
    people = models.PositiveIntegerField(default=1)
    mark = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="count_lines")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(mark="") | Q(people=1), name="a_mark_is_of_one_person"),
        ]
        indexes = [models.Index(fields=["count", "zone"], name="count_line_of_zone")]
