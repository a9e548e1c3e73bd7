"""The territory's words: needs, areas, languages, publics, criteria, windows, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from maillage.orientation import queries
from maillage.orientation.queries import AreaNode, NeedNode
from maillage.territory.models import Territory, label_in

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """A labelled code of the pack: a language, a public, a window, a criterion."""

    code: str
    labels: Labels
    data: Mapping[str, Any]

    def name(self) -> str:
        return label_in(self.labels, fallback=self.code)


def _items(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Item]:
    return {code: Item(code, row.get("labels") or row.get("names") or {}, row) for code, row in rows.items()}


class Vocabulary:
    """The words of orientation, as pages say them: in the reader's language; kept until the pack is loaded again."""

    def __init__(self, territory: Territory, words: queries.Vocabulary) -> None:
        self.territory = territory
        self.content: Mapping[str, Any] = territory.content
        self.needs, self.areas, self.obstacles = words.needs, words.areas, words.obstacles
        self.lineage, self.area_line = words.lineage, words.area_line
        self.below = words.below
        self.languages = _items(words.languages)
        self.publics = _items(words.publics)
        self.criteria = _items(words.criteria)
        self.windows = _items(words.windows)
        self.red_flags = _items(words.red_flags)
        self.rights = words.rights
        self.sources = {
            str(row.get("id") or row.get("code")): row
            for row in self.content.get("sources") or ()
            if isinstance(row, Mapping)
        }
        self.quick_exit_url = str(self.content.get("quick_exit_url") or "")
        self.tile_level = str(self.content.get("tile_level") or "commune")
        self.holidays_country = str(self.content.get("holidays_country") or "")

    @cached_property
    def children(self) -> dict[str, list[NeedNode]]:
        found: dict[str, list[NeedNode]] = {}
        for need in self.needs.values():
            found.setdefault(need.parent, []).append(need)
        return found

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
    territory = Territory.objects.get(pk=pk)
    return Vocabulary(territory, queries.vocabulary(territory))


def vocabulary(territory: Territory) -> Vocabulary:
    return kept(territory.pk, f"{territory.pack_hash}:{territory.loaded_at.isoformat()}")
