"""From a person's need to the services that fit: the tree of needs, the questions, the red flags, and kept matches."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from maillage.directory.models import TaxonomyTerm
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
