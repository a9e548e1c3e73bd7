"""From a person's need to the services that fit: the tree of needs, the questions, the red flags, and kept matches."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maillage.directory.models import TaxonomyTerm
from maillage.people.models import User
from maillage.territory.models import Territory, label_in


class Need(models.Model):
    """A node of the territory's tree of needs. `term` is the category of the services that answer it."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="needs")
    code = models.CharField(max_length=80)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")
    term = models.ForeignKey(TaxonomyTerm, on_delete=models.PROTECT, related_name="needs")
    also = models.ManyToManyField(TaxonomyTerm, related_name="also_needs", blank=True)
    labels = models.JSONField(default=dict)
    hints = models.JSONField(default=dict)
    question = models.JSONField(default=dict)  # its answers are the children
    synonyms = models.JSONField(default=dict)
    ask = models.JSONField(default=list)  # criteria worth asking here
    icon = models.CharField(max_length=60, blank=True)
    window = models.CharField(max_length=20, blank=True)
    red_flag = models.CharField(max_length=40, blank=True)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["territory", "code"], name="need_once")]

    def name(self, language: str | None = None) -> str:
        return label_in(self.labels, language, fallback=self.code)


class Match(models.Model):
    """A verdict that was given, with all it was decided on and no identity, so that it can be replayed and explained."""

    class Verdict(models.TextChoices):
        FITS = "fits", _("fits")
        VERIFY = "verify", _("to verify")
        NO = "no", _("does not fit")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="matches")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    service_uuid = models.UUIDField()  # no foreign key: the match outlives the service
    verdict = models.CharField(max_length=10, choices=Verdict)
    facts = models.JSONField(default=dict)
    rules = models.JSONField(default=list)  # the rules as they stood
    rules_hash = models.CharField(max_length=64)
    service_hash = models.CharField(max_length=64)
    tree_hash = models.CharField(max_length=64)
    engine = models.CharField(max_length=20)
    reasons = models.JSONField(default=list)
    matched_at = models.DateTimeField()


class UnmetNeed(models.Model):
    """How often, on a day, a need met nothing in an area, and why. A count and no person; leaves only through
    `queries.unmet`, protected by the pack's smallest cell."""

    class Cause(models.TextChoices):
        EMPTY = "empty", _("nothing found")
        FULL = "full", _("everything is full")
        CLOSED = "closed", _("everything is closed at that time")
        UNVERIFIED = "unverified", _("refused to give what was to be verified")
        ABANDONED = "abandoned", _("questions left before the end")
        REFUSED = "refused", _("refused by the service")
        EXPIRED = "expired", _("never answered by the service")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="unmet_needs")
    need = models.CharField(max_length=80)  # code; "" not said
    area = models.CharField(max_length=80, blank=True)  # code, at the level of the tile map; "" not said
    cause = models.CharField(max_length=12, choices=Cause)
    public = models.CharField(max_length=80, blank=True)
    filter = models.CharField(max_length=60, blank=True)  # what emptied the list most: a code of search's relaxations
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["territory", "need", "area", "cause", "public", "filter", "day"], name="unmet_need_once"
            )
        ]
        indexes = [models.Index(fields=["territory", "day"], name="unmet_by_day")]


class SharedList(models.Model):
    """Services that a professional noted for somebody. It says nothing of that person, and ends by itself."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="shared_lists")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="shared_lists")
    title = models.CharField(max_length=120)
    language = models.CharField(max_length=8, blank=True)  # in which it is printed
    token = models.CharField(max_length=64, unique=True)  # who has the link reads it, without an account
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()


class SharedListItem(models.Model):
    shared_list = models.ForeignKey(SharedList, on_delete=models.CASCADE, related_name="items")
    service_uuid = models.UUIDField()  # no foreign key: the list says when a service is gone
    note = models.CharField(max_length=400, blank=True)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shared_list", "service_uuid"], name="shared_list_item_once")]
