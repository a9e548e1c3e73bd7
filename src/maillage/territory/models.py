"""Where: the territory a pack describes, its areas of any level, and their weighted links (geography is not a tree)."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import models
from django.utils.translation import get_language

Labels = Mapping[str, str]


def label_in(labels: Labels, language: str | None = None, *, fallback: str = "") -> str:
    """The label in the reader's language; else in the first language that has one; else `fallback`."""
    wanted = (language or get_language() or "en").split("-")[0]
    if found := labels.get(wanted):
        return found
    return next((text for text in labels.values() if text), fallback)


class TerritoryQuerySet(models.QuerySet["Territory"]):
    def current(self) -> Territory | None:
        """The territory that this site serves: the one named in the settings, else the one loaded last.

        Asked by every request: its `content` (a hundred kilobytes) is read only by who looks at it.
        """
        found = self.defer("content")
        if settings.TERRITORY:
            return found.filter(code=settings.TERRITORY).first()
        return found.order_by("-loaded_at", "-id").first()


class Territory(models.Model):
    """A loaded pack. `content` holds its small vocabularies as the pack wrote them (see packs/README.md)."""

    code = models.SlugField(unique=True)
    labels = models.JSONField(default=dict)
    pack_version = models.CharField(max_length=40)
    pack_hash = models.CharField(max_length=64)
    languages = models.JSONField(default=list)  # codes, the default first
    country = models.CharField(max_length=2)
    timezone = models.CharField(max_length=60)
    content = models.JSONField(default=dict)
    has_fiction = models.BooleanField(default=False)  # a fictional offer was generated: every page says so
    loaded_at = models.DateTimeField()

    objects = TerritoryQuerySet.as_manager()

    def __str__(self) -> str:
        return label_in(self.labels, fallback=self.code)

    @property
    def default_language(self) -> str:
        return str(self.languages[0]) if self.languages else "en"


IMPORTED = "import:"  # beginning of the `source` of an area that an import of boundaries made: no pack takes it away


class AreaQuerySet(models.QuerySet["Area"]):
    def of_level(self, level: str) -> AreaQuerySet:
        return self.filter(level=level)


class Area(models.Model):
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="areas")
    code = models.CharField(max_length=80)
    level = models.CharField(max_length=40)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    labels = models.JSONField(default=dict)
    alternative_names = models.JSONField(default=list)
    postal_codes = models.JSONField(default=list)
    latitude = models.FloatField(null=True, blank=True)  # of the centre, WGS 84
    longitude = models.FloatField(null=True, blank=True)
    tile_x = models.SmallIntegerField(null=True, blank=True)  # place on the tile map
    tile_y = models.SmallIntegerField(null=True, blank=True)
    boundary = models.JSONField(null=True, blank=True)  # GeoJSON geometry, WGS 84
    bounds = models.JSONField(null=True, blank=True)  # [west, south, east, north] of the boundary
    vintage = models.CharField(max_length=20, blank=True)
    source = models.CharField(max_length=80, blank=True)
    is_assumed = models.BooleanField(default=False)
    note = models.TextField(blank=True)

    objects = AreaQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["territory", "code"], name="area_code_once")]
        indexes = [models.Index(fields=["territory", "level"], name="area_by_level")]

    def __str__(self) -> str:
        return self.name()

    def name(self, language: str | None = None) -> str:
        return label_in(self.labels, language, fallback=self.code)


class AreaLink(models.Model):
    """`weight` of `origin` lies in `target` (part_of), or they touch (adjacent), in the geography of `vintage`."""

    PART_OF, ADJACENT = "part_of", "adjacent"

    origin = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="links")
    target = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="back_links")
    kind = models.CharField(max_length=20, choices=[(PART_OF, PART_OF), (ADJACENT, ADJACENT)])
    weight = models.FloatField(default=1.0)
    vintage = models.CharField(max_length=20, blank=True)
    source = models.CharField(max_length=80, blank=True)
    is_assumed = models.BooleanField(default=False)
    note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["origin", "target", "kind", "vintage"], name="area_link_once"),
            models.CheckConstraint(condition=models.Q(weight__gt=0, weight__lte=1), name="area_link_weight_is_a_share"),
        ]


class Population(models.Model):
    """How many people of a group live in an area, at a date, by a source."""

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="populations")
    group = models.CharField(max_length=40, default="all")
    on = models.DateField()
    count = models.PositiveIntegerField()
    source = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["area", "group", "on"], name="population_once")]
