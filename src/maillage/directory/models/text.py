"""Content in several languages: one row for each object, field and language, with its status."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from maillage.territory.models import Territory


class Text(models.Model):
    """`value` of `field` of the object (`kind`, `object_id`) in `language`.

    kind: model name in lower case (organization, service, location, ...). `source_hash` is the hash of the original that a
    translation was made from: when the original changes, the translation becomes stale.
    """

    class Status(models.TextChoices):
        ORIGINAL = "original", _("written by the service")
        HUMAN = "human", _("translated")
        MACHINE = "machine", _("translated by machine")
        STALE = "stale", _("translation of an older text")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="texts")
    kind = models.CharField(max_length=30)
    object_id = models.BigIntegerField()
    field = models.CharField(max_length=40)
    language = models.CharField(max_length=8)
    value = models.TextField()
    status = models.CharField(max_length=10, choices=Status, default=Status.ORIGINAL)
    source_hash = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            # also serves "all texts of these objects"
            models.UniqueConstraint(fields=["kind", "object_id", "field", "language"], name="text_once"),
        ]
