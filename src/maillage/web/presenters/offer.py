"""The offer of each area: a map of tiles, or of real boundaries when they were imported, and the same as a table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from maillage.orientation.queries import AreaNode
from maillage.web.presenters import maps
from maillage.web.presenters.maps import WIDTH, Frame, path_of
from maillage.web.presenters.vocabulary import Vocabulary

TILE = 120
CLASSES = 5
LONGEST_LINE = 12
Say = Callable[[str, int], tuple[str, str]]  # name of an area, its count -> what stands on it, what is read out


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    dy: str


@dataclass(frozen=True, slots=True)
class Shape:
    code: str
    name: str
    count: str
    label: str  # for screen readers
    level: int  # 0..CLASSES-1, the darkness
    path: str
    x: float
    y: float
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Step:
    level: int
    label: str


@dataclass(frozen=True, slots=True)
class OfferMap:
    kind: str  # tiles | boundaries
    width: float
    height: float
    shapes: tuple[Shape, ...]
    legend: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Row:
    code: str
    name: str
    count: str


def thresholds(counts: list[int]) -> list[int]:
    """Lower bounds of the classes: quantiles of the counts that are there, each once."""
    ordered = sorted(counts)
    if not ordered:
        return [0]
    cuts = [ordered[len(ordered) * n // CLASSES] for n in range(CLASSES)]
    return sorted(set(cuts))


def level(count: int, cuts: list[int]) -> int:
    return max((index for index, cut in enumerate(cuts) if count >= cut), default=0)


def legend(cuts: list[int], most: int) -> tuple[Step, ...]:
    steps = []
    for index, cut in enumerate(cuts):
        top = cuts[index + 1] - 1 if index + 1 < len(cuts) else most
        steps.append(Step(index, number_format(cut) if top <= cut else f"{number_format(cut)}–{number_format(top)}"))
    return tuple(steps)


def wrapped(name: str) -> tuple[str, ...]:
    """At most three short lines, broken at hyphens and spaces."""
    parts = [part for part in name.replace("-", "- ").split(" ") if part]
    lines = [""]
    for part in parts:
        joined = f"{lines[-1]}{part}" if lines[-1].endswith("-") or not lines[-1] else f"{lines[-1]} {part}"
        if len(joined) <= LONGEST_LINE or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(part)
    return tuple(lines[:3])


def centred(lines: tuple[str, ...]) -> tuple[Line, ...]:
    first = -0.55 * (len(lines) - 1) - 0.25
    return tuple(Line(text, f"{first if index == 0 else 1.1:.2f}em") for index, text in enumerate(lines))


def services_there(name: str, count: int) -> tuple[str, str]:
    """The number on an area, and the whole sentence for screen readers."""
    number = number_format(count)
    return number, ngettext("%(name)s: %(n)s service", "%(name)s: %(n)s services", count) % {"name": name, "n": number}


def offer_map(
    words: Vocabulary,
    counts: Mapping[str, int],
    shapes: Mapping[str, Mapping[str, Any]],
    say: Say = services_there,
) -> OfferMap | None:
    """Real boundaries when every area of the level has one, else tiles; None when the pack places none."""
    areas = words.communes
    numbers = [counts.get(area.code, 0) for area in areas]
    cuts = thresholds(numbers)
    key = legend(cuts, max(numbers, default=0))
    if areas and all(area.code in shapes for area in areas):
        return _boundaries(areas, counts, cuts, shapes, key, say)
    placed = [area for area in areas if area.tile]
    if not placed:
        return None
    left = min(area.tile[0] for area in placed if area.tile)
    top = min(area.tile[1] for area in placed if area.tile)
    drawn = []
    for area in placed:
        x, y = ((area.tile or (0, 0))[0] - left) * TILE, ((area.tile or (0, 0))[1] - top) * TILE
        path = f"M{x + 3} {y + 3}h{TILE - 6}v{TILE - 6}h-{TILE - 6}Z"
        drawn.append(_shape(area, counts, cuts, path, x + TILE / 2, y + TILE / 2 - 6, say))
    width = max(shape.x for shape in drawn) + TILE / 2
    height = max(shape.y for shape in drawn) + 6 + TILE / 2
    return OfferMap("tiles", width, height, tuple(drawn), key)


def _shape(
    area: AreaNode, counts: Mapping[str, int], cuts: list[int], path: str, x: float, y: float, say: Say
) -> Shape:
    count = counts.get(area.code, 0)
    number, label = say(area.name(), count)
    return Shape(area.code, area.name(), number, label, level(count, cuts), path, x, y, centred(wrapped(area.name())))


def _boundaries(
    areas: list[AreaNode],
    counts: Mapping[str, int],
    cuts: list[int],
    shapes: Mapping[str, Mapping[str, Any]],
    key: tuple[Step, ...],
    say: Say,
) -> OfferMap:
    spots = [point for area in areas for point in _points(shapes[area.code])]
    xs, ys = [x for x, _ in spots], [y for _, y in spots]
    frame = Frame(min(xs), min(ys), max(xs), max(ys), ratio=0.8, margin=1.02)
    drawn = []
    for area in areas:
        path = path_of(dict(shapes[area.code]), frame)
        x, y = frame.xy(*maps.inmost(json.dumps(shapes[area.code])))
        drawn.append(_shape(area, counts, cuts, path, x, y, say))
    return OfferMap("boundaries", WIDTH, frame.height, tuple(drawn), key)


def _points(geometry: Mapping[str, Any]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []

    def walk(part: Any) -> None:
        if part and isinstance(part[0], int | float):
            found.append((part[0], part[1]))
        else:
            for inner in part:
                walk(inner)

    walk(geometry["coordinates"])
    return found


def rows(words: Vocabulary, counts: Mapping[str, int]) -> list[Row]:
    ordered = sorted(words.communes, key=lambda area: area.name().casefold())
    return [Row(area.code, area.name(), number_format(counts.get(area.code, 0))) for area in ordered]


def how_many(count: int) -> str:
    if not count:
        return gettext("No service is known to us here.")
    return ngettext("%(n)s service", "%(n)s services", count) % {"n": number_format(count)}
