"""Guides that lead a public through the offer, and a small library of documents."""

from __future__ import annotations

import uuid

from django.db import models

from maillage.directory.models.taxonomy import TaxonomyTerm
from maillage.territory.models import Territory, label_in


class Guide(models.Model):
    """A guide of the pack in all its languages. `steps`: [{code, titles, bodies, needs: [code], sources: [id]}], language -> text."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="guides")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    code = models.CharField(max_length=80)
    titles = models.JSONField(default=dict)
    summaries = models.JSONField(default=dict)
    steps = models.JSONField(default=list)
    sources = models.JSONField(default=list)
    checked_on = models.DateField(null=True, blank=True)
    terms = models.ManyToManyField(TaxonomyTerm, related_name="guides", blank=True)  # needs it answers
    order = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["territory", "code"], name="guide_once")]

    def title(self, language: str | None = None) -> str:
        return label_in(self.titles, language, fallback=self.code)


class LibraryDocument(models.Model):
    """A report, study, leaflet or law: where it can be read, never a copy that we have no right to."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="library")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    code = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)  # report, article, book, leaflet, law, web
    title = models.CharField(max_length=600)
    authors = models.JSONField(default=list)  # "Family, Given" or an organisation's name
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    publisher = models.CharField(max_length=400, blank=True)
    language = models.CharField(max_length=8, blank=True)
    url = models.CharField(max_length=1000, blank=True)
    file = models.CharField(max_length=400, blank=True)  # in the pack's folder `library/`
    identifier = models.CharField(max_length=200, blank=True)  # DOI, ISBN, legal deposit
    abstract = models.TextField(blank=True)
    source = models.CharField(max_length=80, blank=True)
    themes = models.ManyToManyField(TaxonomyTerm, related_name="library", blank=True)
    a = models.TextField(blank=True)  # stems, as in SearchDocument: titles; authors and themes; abstract
    b = models.TextField(blank=True)
    c = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["territory", "code"], name="library_document_once")]
