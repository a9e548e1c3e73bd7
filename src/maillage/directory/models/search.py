"""The read model of search: one document for each service at each of its locations."""

from __future__ import annotations

from django.db import models

from maillage.directory.models.service import Location, Service
from maillage.territory.models import Territory


class SearchDocument(models.Model):
    """Stemmed text in three weights (a: names; b: categories, synonyms, publics; c: descriptions), and what a result shows.

    The same stored text feeds FTS5 and PostgreSQL (triggers and a generated column, in the migrations), so that both find
    the same. `card` and `facets` are msgspec JSON (directory/search/documents.py); a confidential place is not in them.
    """

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="search_documents")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="search_documents")
    location = models.ForeignKey(
        Location, null=True, blank=True, on_delete=models.CASCADE, related_name="search_documents"
    )
    a = models.TextField()
    b = models.TextField()
    c = models.TextField()
    card = models.BinaryField()
    facets = models.BinaryField()
    hash = models.CharField(max_length=64)
    sequence = models.BigIntegerField()  # DirectoryState.sequence when it was written

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "location"], name="document_once"),
            models.UniqueConstraint(
                fields=["service"], condition=models.Q(location=None), name="document_without_place_once"
            ),
        ]
        indexes = [models.Index(fields=["territory", "sequence"], name="document_changes")]


class SearchTerm(models.Model):
    """A stem that stands in some document of the territory: what prefixes, compounds and typing mistakes are looked up in."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="search_terms")
    stem = models.CharField(max_length=80)
    word = models.CharField(max_length=80, default="")  # a word that has this stem, to show a correction

    class Meta:
        constraints = [models.UniqueConstraint(fields=["territory", "stem"], name="stem_once")]


class DirectoryState(models.Model):
    """The change number of a territory's directory: processes compare it with the one their memory was built on."""

    territory = models.OneToOneField(Territory, on_delete=models.CASCADE, related_name="directory_state")
    sequence = models.BigIntegerField(default=0)
    deletions = models.BigIntegerField(default=0)  # sequence of the last deletion: rebuild rather than patch
