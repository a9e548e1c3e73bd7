"""Categories of services, what hinders people, and what lifts it."""

from __future__ import annotations

import uuid

from django.db import models

from maillage.directory.models.service import Service
from maillage.territory.models import Labels, Territory, label_in


class Taxonomy(models.Model):
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="taxonomies")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    code = models.CharField(max_length=80)  # "needs" is the territory's tree of needs; others come with imports
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    uri = models.CharField(max_length=400, blank=True)
    version = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["territory", "code"], name="taxonomy_once")]


class TaxonomyTerm(models.Model):
    taxonomy = models.ForeignKey(Taxonomy, on_delete=models.CASCADE, related_name="terms")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    code = models.CharField(max_length=120)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    labels = models.JSONField(default=dict)
    descriptions = models.JSONField(default=dict)
    synonyms = models.JSONField(default=dict)  # language -> words that people type
    order = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["taxonomy", "code"], name="term_code_once")]

    def name(self, language: str | None = None) -> str:
        return label_in(self.labels, language, fallback=self.code)


class TermMapping(models.Model):
    """`term` means (SKOS exact, close, broad, narrow) `code` in the foreign `scheme`."""

    term = models.ForeignKey(TaxonomyTerm, on_delete=models.CASCADE, related_name="mappings")
    scheme = models.CharField(max_length=80)
    code = models.CharField(max_length=120)
    relation = models.CharField(max_length=10, choices=[(r, r) for r in ("exact", "close", "broad", "narrow")])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["term", "scheme", "code"], name="mapping_once")]
        indexes = [models.Index(fields=["scheme", "code"], name="mapping_lookup")]


class ServiceTerm(models.Model):
    """The service is of this category (an HSDS attribute on a service)."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="service_terms")
    term = models.ForeignKey(TaxonomyTerm, on_delete=models.CASCADE, related_name="service_terms")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "term"], name="service_term_once")]


class Attribute(models.Model):
    """Any other HSDS attribute: a term, or a plain value, on any object; kept so that a feed comes out as it came in."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="attributes")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=30)
    object_id = models.BigIntegerField()
    term = models.ForeignKey(TaxonomyTerm, null=True, blank=True, on_delete=models.CASCADE, related_name="attributes")
    value = models.TextField(blank=True)
    label = models.CharField(max_length=400, blank=True)
    link_type = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "object_id"], name="attribute_by_object")]


class Obstacle(models.Model):
    """What keeps a person from a service that would fit: `definition` is the pack's (when it stands, what lifts it)."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="obstacles")
    code = models.CharField(max_length=40)
    labels = models.JSONField(default=dict)
    definition = models.JSONField(default=dict)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["territory", "code"], name="obstacle_once")]

    def name(self, language: str | None = None) -> str:
        labels: Labels = self.labels
        return label_in(labels, language, fallback=self.code)


class LiftingResource(models.Model):
    """`service` lifts `obstacle`: adapted transport lifts mobility, a volunteer's company lifts being alone."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="lifts")
    obstacle = models.ForeignKey(Obstacle, on_delete=models.CASCADE, related_name="lifted_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "obstacle"], name="lifting_resource_once")]
