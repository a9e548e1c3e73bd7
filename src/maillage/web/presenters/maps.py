"""Maps drawn by the server as SVG: they need no script, print well, and ask nothing of a third party."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from shapely.geometry import shape
from shapely.ops import polylabel

from maillage.territory.models import Area, Territory
from maillage.web.presenters.vocabulary import Vocabulary

WIDTH = 640.0
SMALLEST_KM = 1.5  # a single point is shown with its surroundings
KM_A_DEGREE = 111.32
RADIUS = 14.0  # of a mark
APART = 25.0  # between two marks


@dataclass(frozen=True, slots=True)
class Outline:
    code: str
    name: str
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    y: float
    number: int
    target: str
    name: str
    kind: str
    at: str  # latitude,longitude: for the map that moves


@dataclass(frozen=True, slots=True)
class Scale:
    x: float
    y: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)
class Map:
    width: float
    height: float
    outlines: tuple[Outline, ...]
    names: tuple[Outline, ...]
    marks: tuple[Mark, ...]
    here: Mark | None
    scale: Scale
    tiles: str = ""  # address of background tiles, when the operator configured some
    credit: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    latitude: float
    longitude: float
    number: int = 0
    target: str = ""
    name: str = ""
    kind: str = ""


class Frame:
    """Longitude and latitude to SVG units, equirectangular around the middle: enough for a territory."""

    def __init__(
        self, west: float, south: float, east: float, north: float, *, ratio: float = 1.1, margin: float = 1.14
    ) -> None:
        self.stretch = max(math.cos(math.radians((south + north) / 2)), 0.05)
        least = SMALLEST_KM / KM_A_DEGREE
        width = max((east - west) * self.stretch, least)
        height = max(north - south, least)
        width, height = max(width, height * ratio) * margin, max(height, width * 0.55) * margin
        self.left = (west + east) / 2 * self.stretch - width / 2
        self.top = (south + north) / 2 + height / 2
        self.unit = WIDTH / width
        self.width, self.height = WIDTH, round(height * self.unit, 1)
        self.km = width * KM_A_DEGREE

    def xy(self, longitude: float, latitude: float) -> tuple[float, float]:
        return round((longitude * self.stretch - self.left) * self.unit, 1), round((self.top - latitude) * self.unit, 1)

    def holds(self, x: float, y: float) -> bool:
        return 0 <= x <= self.width and 0 <= y <= self.height

    def scale(self) -> Scale:
        """A round length, about a quarter of the width."""
        wanted = self.km / 4
        power = 10 ** math.floor(math.log10(wanted))
        length = max(step * power for step in (1, 2, 5) if step * power <= wanted)
        y = self.height - 16
        label = f"{length:g} km" if length >= 1 else f"{length * 1000:.0f} m"
        return Scale(16, y, round(16 + length / self.km * self.width, 1), label)


def rings(geometry: dict[str, Any]) -> list[list[list[float]]]:
    """The rings of a GeoJSON polygon or multipolygon; nothing of anything else."""
    if geometry.get("type") == "Polygon":
        return list(geometry["coordinates"])
    if geometry.get("type") == "MultiPolygon":
        return [ring for polygon in geometry["coordinates"] for ring in polygon]
    return []


def path_of(geometry: dict[str, Any], frame: Frame) -> str:
    parts = []
    for ring in rings(geometry):
        spots = dict.fromkeys(frame.xy(point[0], point[1]) for point in ring)
        if len(spots) > 2:
            parts.append("M" + " ".join(f"{x:g} {y:g}" for x, y in spots) + "Z")
    return "".join(parts)


@lru_cache(maxsize=4)
def _boundaries(territory: int, level: str, stamp: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    rows = Area.objects.filter(territory_id=territory, level=level).exclude(boundary=None)
    for code, boundary in rows.values_list("code", "boundary"):
        slim = shape(boundary).simplify(0.0004, preserve_topology=True)
        found[code] = slim.__geo_interface__
    return found


def boundaries(territory: Territory, level: str) -> dict[str, dict[str, Any]]:
    """Simplified boundaries of a level, by area code; empty when none was imported."""
    known = Area.objects.filter(territory=territory, level=level).exclude(bounds=None).count()
    return _boundaries(territory.pk, level, f"{territory.loaded_at.isoformat()}:{known}") if known else {}


@lru_cache(maxsize=512)
def inmost(geometry: str) -> tuple[float, float]:
    """Where a name fits best: the centre of the largest circle within the largest part of a GeoJSON surface."""
    drawn = shape(json.loads(geometry))
    largest = max(getattr(drawn, "geoms", [drawn]), key=lambda part: part.area)
    point = (
        polylabel(largest, tolerance=0.001) if largest.geom_type == "Polygon" and largest.is_valid else largest.centroid
    )
    return point.x, point.y


def draw(
    points: Sequence[Point], words: Vocabulary, shapes: dict[str, dict[str, Any]], here: Point | None = None
) -> Map | None:
    """The points among the areas, or None when there is nothing to place."""
    every = [*points, here] if here else list(points)
    if not every:
        return None
    frame = Frame(
        min(p.longitude for p in every),
        min(p.latitude for p in every),
        max(p.longitude for p in every),
        max(p.latitude for p in every),
    )
    return Map(
        frame.width,
        frame.height,
        tuple(_outlines(frame, words, shapes)),
        tuple(_names(frame, words)),
        tuple(_marks(frame, points)),
        next(iter(_marks(frame, [here])), None) if here else None,
        frame.scale(),
        settings.TILE_URL,
        settings.TILE_ATTRIBUTION,
    )


def _outlines(frame: Frame, words: Vocabulary, shapes: dict[str, dict[str, Any]]) -> Iterable[Outline]:
    for code, geometry in shapes.items():
        x, y = _middle(frame, words, code)
        yield Outline(code, words.area_name(code), path_of(geometry, frame), x, y)


def _middle(frame: Frame, words: Vocabulary, code: str) -> tuple[float, float]:
    area = words.areas.get(code)
    if area is None or area.point is None:
        return -99.0, -99.0
    latitude, longitude = area.point
    return frame.xy(longitude, latitude)


def _names(frame: Frame, words: Vocabulary) -> Iterable[Outline]:
    for area in words.communes:
        x, y = _middle(frame, words, area.code)
        if frame.holds(x, y):
            yield Outline(area.code, area.name(), "", x, y)


def _marks(frame: Frame, points: Sequence[Point]) -> Iterable[Mark]:
    """Points that would cover one another are pushed apart along a spiral, so that each can be read and touched."""
    taken: list[tuple[float, float]] = []
    for point in points:
        x, y = _free(frame, taken, *frame.xy(point.longitude, point.latitude))
        taken.append((x, y))
        at = f"{point.latitude:.5f},{point.longitude:.5f}"
        yield Mark(x, y, point.number, point.target, point.name, point.kind, at)


def _free(frame: Frame, taken: list[tuple[float, float]], x: float, y: float) -> tuple[float, float]:
    for turn in range(40):
        reach, angle = 4.0 * math.sqrt(turn * 4), turn * 2.4
        a = min(max(x + reach * math.cos(angle), RADIUS), frame.width - RADIUS)
        b = min(max(y + reach * math.sin(angle), RADIUS), frame.height - RADIUS)
        if all((a - c) ** 2 + (b - d) ** 2 >= APART**2 for c, d in taken):
            break
    return round(a, 1), round(b, 1)
