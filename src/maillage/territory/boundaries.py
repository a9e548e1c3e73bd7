"""Real boundaries: how to read a file of them, which area a feature means, which area holds a point."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import shapely
from shapely.geometry import shape

from maillage.territory.models import Area, Territory
from maillage.territory.queries import comparable


@dataclass(frozen=True, slots=True)
class Refused:
    """A feature that was left out. `reason`: a stable code (see `rules.BoundaryInvalid`), or unmatched, ambiguous, twice."""

    number: int  # from 1
    name: str
    reason: str
    detail: str = ""


@dataclass
class Report:
    read: int = 0
    stored: list[str] = field(default_factory=list)  # codes of areas
    unchanged: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    repaired: list[tuple[str, str]] = field(default_factory=list)  # code, what was wrong
    refused: list[Refused] = field(default_factory=list)
    without: list[str] = field(default_factory=list)  # areas of the level that no feature drew


@dataclass(frozen=True)
class Order:
    """How to read the file."""

    level: str
    code_field: str = ""
    name_field: str = ""
    create: bool = False
    simplify_metres: float = 0
    source: str = ""
    vintage: str = ""


class Index:
    """Areas by everything they are called. A code wins over another name, and that over a label."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self.tiers: list[dict[str, set[str]]] = [defaultdict(set) for _ in range(3)]
        for area in areas:
            self.add(area)

    def add(self, area: Area) -> None:
        self.tiers[0][comparable(area.code)].add(area.code)
        for name in area.alternative_names:
            self.tiers[1][comparable(name)].add(area.code)
            if ":" in name:  # nis:21015
                self.tiers[1][comparable(name.split(":", 1)[1])].add(area.code)
        for name in area.labels.values():
            self.tiers[2][comparable(name)].add(area.code)

    def find(self, typed: Iterable[str]) -> set[str]:
        for text in typed:
            for tier in self.tiers:
                if text and (found := tier.get(comparable(text))):
                    return found
        return set()


class Finder:
    """Which area holds a point, among those that have a boundary."""

    def __init__(self, territory: Territory) -> None:
        rows = Area.objects.filter(territory=territory, boundary__isnull=False).values_list("pk", "boundary")
        drawn = [(pk, shape(boundary)) for pk, boundary in rows]
        self.keys = [pk for pk, _shape in drawn]
        self.surfaces = [surface.area for _pk, surface in drawn]
        self.tree = shapely.STRtree([surface for _pk, surface in drawn])

    def all_at(self, longitude: float, latitude: float) -> list[int]:
        """Keys of the areas that hold the point, the smallest first."""
        if not self.keys:
            return []
        hits = self.tree.query(shapely.Point(longitude, latitude), predicate="intersects")
        return [self.keys[hit] for hit in sorted(hits, key=lambda hit: self.surfaces[hit])]
