"""Reads over areas and their links. An area is part of its parent, and of every area that a `part_of` link names."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from maillage.methods.text import fold
from maillage.territory.models import Area, AreaLink, Territory

SMALL_SHARE = 0.02  # a link of less than this is the edge of a map drawn differently, not a part


@dataclass(frozen=True, slots=True)
class Tile:
    """One square of the tile map."""

    code: str
    x: int
    y: int


def _above(territory: Territory) -> dict[str, set[str]]:
    """Area code -> codes of the areas that it is directly a part of."""
    areas = Area.objects.filter(territory=territory)
    above: dict[str, set[str]] = {
        code: {parent} if parent else set() for code, parent in areas.values_list("code", "parent__code")
    }
    links = AreaLink.objects.filter(origin__territory=territory, kind=AreaLink.PART_OF, weight__gte=SMALL_SHARE)
    for origin, target in links.values_list("origin__code", "target__code"):
        above[origin].add(target)
    return above


def _closure(start: str, step: dict[str, set[str]]) -> set[str]:
    """Everything that `start` leads to, itself left out; a circle ends."""
    found: set[str] = set()
    waiting = list(step.get(start, ()))
    while waiting:
        code = waiting.pop()
        if code not in found:
            found.add(code)
            waiting += step.get(code, ())
    return found - {start}


def descendants(territory: Territory) -> dict[str, set[str]]:
    """Area code -> codes of all the areas that lie in it, wholly or in part; itself left out."""
    below: dict[str, set[str]] = defaultdict(set)
    for code, parents in _above(territory).items():
        for parent in parents:
            below[parent].add(code)
    return {code: _closure(code, below) for code in _above(territory)}


def find_area(territory: Territory, typed: str) -> Area | None:
    """The area of this code, name (in any language), other name or postal code; accents, capitals and hyphens do not matter.

    Of several, the one that holds the fewest others: who says "1030" or "Centre" means the smallest place of that name.
    """
    wanted = comparable(typed)
    if not wanted:
        return None
    areas = list(Area.objects.filter(territory=territory).defer("boundary").order_by("id"))
    for names in (
        lambda area: [area.code],
        lambda area: area.labels.values(),
        lambda area: area.alternative_names,
        lambda area: area.postal_codes,
    ):
        found = [area for area in areas if wanted in {comparable(name) for name in names(area)}]
        if found:
            below = descendants(territory)
            return min(found, key=lambda area: (len(below[area.code]), area.pk))
    return None


def comparable(name: object) -> str:
    """A name without what people leave out: accents, capitals, hyphens, apostrophes; “St” is “Saint”."""
    words = [fold(word) for word in "".join(letter if letter.isalnum() else " " for letter in str(name)).split()]
    return " ".join({"st": "saint", "ste": "sainte", "sint": "saint"}.get(word, word) for word in words)


def tiles(territory: Territory, level: str) -> list[Tile]:
    """The tile map of a level, row by row; empty when the pack gives none."""
    rows = Area.objects.filter(territory=territory, level=level, tile_x__isnull=False, tile_y__isnull=False)
    return [
        Tile(area.code, area.tile_x or 0, area.tile_y or 0)
        for area in rows.order_by("tile_y", "tile_x").defer("boundary")
    ]
