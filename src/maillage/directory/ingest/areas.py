"""Which area of the territory a place lies in, and which area a source means."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from functools import lru_cache

from shapely.geometry import Point, shape
from shapely.strtree import STRtree

from maillage.territory.models import Area, Territory


@lru_cache(maxsize=50_000)
def folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split())


class AreaFinder:
    """The areas of one territory, by code, postal code, name and boundary. Ambiguous names and codes find nothing."""

    def __init__(self, territory: Territory) -> None:
        self.by_code: dict[str, int] = {}
        self._by_name: defaultdict[str, set[int]] = defaultdict(set)
        self._by_postal: defaultdict[str, set[int]] = defaultdict(set)
        self._parent: dict[int, int | None] = {}
        shapes, self._shaped = [], []
        for area in Area.objects.filter(territory=territory):
            self.by_code[area.code] = area.pk
            self._parent[area.pk] = area.parent_id
            for name in {*area.labels.values(), *area.alternative_names}:
                self._by_name[folded(str(name))].add(area.pk)
            for code in area.postal_codes:
                self._by_postal[str(code).strip()].add(area.pk)
            if area.boundary:
                shapes.append(shape(area.boundary))
                self._shaped.append(area.pk)
        self._shapes = shapes
        self._tree = STRtree(shapes) if shapes else None

    def named(self, text: str) -> int | None:
        """The area with this code or name."""
        return self.by_code.get(text) or self._single(self._by_name.get(folded(text), set()))

    def locate(self, latitude: float | None, longitude: float | None, hints: tuple[str, ...]) -> int | None:
        """The smallest area that holds the point; else what the hints say: an area code, a postal code, a city."""
        if self._tree is not None and latitude is not None and longitude is not None:
            point = Point(longitude, latitude)
            inside = [i for i in self._tree.query(point).tolist() if self._shapes[i].covers(point)]
            if inside:
                return self._shaped[min(inside, key=lambda i: self._shapes[i].area)]
        candidates: set[int] = set()
        for hint in filter(None, hints):
            if found := self.by_code.get(hint):
                return found
            areas = self._by_postal.get(hint) or self._by_name.get(folded(hint)) or set()
            candidates = (candidates & areas or candidates) if candidates else set(areas)
            if len(candidates) == 1:
                return next(iter(candidates))
        return self._single(candidates)

    def _single(self, found: set[int]) -> int | None:
        """The one area; of several, the one that holds all the others."""
        if len(found) <= 1:
            return next(iter(found), None)
        return next((pk for pk in found if all(pk in self._line(other) for other in found)), None)

    def _line(self, pk: int) -> set[int]:
        line: set[int] = set()
        here: int | None = pk
        while here is not None and here not in line:
            line.add(here)
            here = self._parent.get(here)
        return line
