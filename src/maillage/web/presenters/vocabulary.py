"""The territory's words: needs, areas, languages, publics, criteria, windows, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from maillage.directory.models import Obstacle
from maillage.orientation.models import Need
from maillage.territory.models import Area, Territory, label_in

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NeedNode:
    code: str
    parent: str
    labels: Labels
    hints: Labels
    question: Labels
    ask: tuple[str, ...]
    icon: str
    red_flag: str
    term: int

    def name(self) -> str:
        return label_in(self.labels, fallback=self.code)

    def hint(self) -> str:
        return label_in(self.hints)


@dataclass(frozen=True, slots=True)
class AreaNode:
    id: int
    code: str
    level: str
    parent: str
    labels: Labels
    latitude: float | None
    longitude: float | None
    tile: tuple[int, int] | None

    def name(self) -> str:
        return label_in(self.labels, fallback=self.code)


@dataclass(frozen=True, slots=True)
class Item:
    """A labelled code of the pack: a language, a public, a window, a criterion."""

    code: str
    labels: Labels
    data: Mapping[str, Any]

    def name(self) -> str:
        return label_in(self.labels, fallback=self.code)


def _items(content: Mapping[str, Any], key: str) -> dict[str, Item]:
    """A vocabulary of the pack, whether written as a list of {code, ...} or as a map by code."""
    found = content.get(key) or ()
    listed: list[tuple[str, Any]] = [(str(row.get("code", "")), row) for row in found if isinstance(row, Mapping)]
    rows = found.items() if isinstance(found, Mapping) else listed
    return {
        code: Item(code, row.get("labels") or row.get("names") or {}, row)
        for code, row in rows
        if code and isinstance(row, Mapping)
    }


class Vocabulary:
    """All of a territory's words, read in two queries and kept until the pack is loaded again."""

    def __init__(self, territory: Territory) -> None:
        self.territory = territory
        self.content: Mapping[str, Any] = territory.content
        self.languages = _items(self.content, "spoken_languages")
        self.publics = _items(self.content, "publics")
        self.criteria = _items(self.content, "criteria")
        self.windows = _items(self.content, "windows")
        self.red_flags = _items(self.content, "red_flags")
        self.sources = {
            str(row.get("id") or row.get("code")): row
            for row in self.content.get("sources") or ()
            if isinstance(row, Mapping)
        }
        self.quick_exit_url = str(self.content.get("quick_exit_url") or "")
        self.tile_level = str(self.content.get("tile_level") or "commune")
        self.holidays_country = str(self.content.get("holidays_country") or "")

    @cached_property
    def needs(self) -> dict[str, NeedNode]:
        rows = Need.objects.filter(territory=self.territory).order_by("order", "id")
        return {
            code: NeedNode(code, parent or "", labels, hints, question, tuple(ask), icon, red_flag, term)
            for code, parent, labels, hints, question, ask, icon, red_flag, term in rows.values_list(
                "code", "parent__code", "labels", "hints", "question", "ask", "icon", "red_flag", "term_id"
            )
        }

    @cached_property
    def areas(self) -> dict[str, AreaNode]:
        rows = Area.objects.filter(territory=self.territory).order_by("id")
        return {
            code: AreaNode(pk, code, level, parent or "", labels, lat, lon, None if x is None or y is None else (x, y))
            for pk, code, level, parent, labels, lat, lon, x, y in rows.values_list(
                "id", "code", "level", "parent__code", "labels", "latitude", "longitude", "tile_x", "tile_y"
            )
        }

    @cached_property
    def obstacles(self) -> dict[str, Item]:
        rows = Obstacle.objects.filter(territory=self.territory).order_by("order", "id")
        return {row.code: Item(row.code, row.labels, row.definition) for row in rows}

    @cached_property
    def children(self) -> dict[str, list[NeedNode]]:
        found: dict[str, list[NeedNode]] = {}
        for need in self.needs.values():
            found.setdefault(need.parent, []).append(need)
        return found

    def lineage(self, code: str) -> tuple[str, ...]:
        """The need and those above it, the nearest first; empty when the code is none of ours."""
        line: list[str] = []
        while code in self.needs and code not in line:
            line.append(code)
            code = self.needs[code].parent
        return tuple(line)

    def area_line(self, code: str) -> tuple[str, ...]:
        line: list[str] = []
        while code in self.areas and code not in line:
            line.append(code)
            code = self.areas[code].parent
        return tuple(line)

    @cached_property
    def communes(self) -> list[AreaNode]:
        """The areas that the map shows; else every area below the root."""
        found = [area for area in self.areas.values() if area.level == self.tile_level]
        return found or [area for area in self.areas.values() if area.parent]

    def area_name(self, code: str) -> str:
        return self.areas[code].name() if code in self.areas else ""

    def need_name(self, code: str) -> str:
        return self.needs[code].name() if code in self.needs else code

    def language_name(self, code: str) -> str:
        if code in self.languages:
            return self.languages[code].name()
        return code

    def public_name(self, code: str) -> str:
        return self.publics[code].name() if code in self.publics else code

    def window_name(self, code: str) -> str:
        return self.windows[code].name() if code in self.windows else code

    def criterion_name(self, code: str) -> str:
        return self.criteria[code].name() if code in self.criteria else code

    def fact_value(self, criterion: str, value: str) -> str:
        """The label of an answer: of an option for a choice; empty for yes, so that the criterion alone is read."""
        item = self.criteria.get(criterion)
        for option in (item.data.get("options") or ()) if item else ():
            if str(option.get("code")) == value:
                return label_in(option.get("labels") or {}, fallback=value)
        return value


@lru_cache(maxsize=8)
def kept(pk: int, loaded: str) -> Vocabulary:
    return Vocabulary(Territory.objects.get(pk=pk))


def vocabulary(territory: Territory) -> Vocabulary:
    return kept(territory.pk, f"{territory.pack_hash}:{territory.loaded_at.isoformat()}")
