"""The filters of a search, as choices with the one that is taken marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext

from maillage.orientation.queries import NeedNode
from maillage.web import state
from maillage.web.presenters.vocabulary import Vocabulary

RADII = ("1", "2", "3", "5", "10", "20")


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    label: str
    is_chosen: bool
    depth: str = ""  # an indent, in words that a screen reader skips


class Filters:
    """Templates walk through it; a filter that the pack knows nothing about is not shown.

    `FIELDS` have a control that shows their value. Publics and languages take several: their control adds one, the chips
    take one away.
    """

    FIELDS = ("needs", "window", "cost", "wheelchair", "remote", "has_room", "area", "radius_km")

    def __init__(self, pairs: state.Pairs, words: Vocabulary) -> None:
        self.pairs, self.words = pairs, words

    def _options(self, name: str, choices: Iterable[tuple[str, str]]) -> list[Option]:
        chosen = set(state.every(self.pairs, name))
        return [Option(code, label, code in chosen) for code, label in choices]

    def _left(self, name: str, choices: Iterable[tuple[str, str]]) -> list[Option]:
        return [option for option in self._options(name, choices) if not option.is_chosen]

    @cached_property
    def count(self) -> int:
        return sum(name in self.FIELDS for name, _ in self.pairs)

    @cached_property
    def needs(self) -> list[Option]:
        chosen = state.deepest(state.every(self.pairs, "needs"), self.words)
        return need_options(self.words, chosen[0] if chosen else "")

    @cached_property
    def publics(self) -> list[Option]:
        return self._left("publics", ((item.code, item.name()) for item in self.words.publics.values()))

    @cached_property
    def languages(self) -> list[Option]:
        found = ((item.code, item.name()) for item in self.words.languages.values())
        return self._left("languages", sorted(found, key=lambda pair: pair[1].casefold()))

    @cached_property
    def windows(self) -> list[Option]:
        return self._options("window", ((item.code, item.name()) for item in self.words.windows.values()))

    @cached_property
    def areas(self) -> list[Option]:
        found = [area for area in self.words.areas.values() if area.parent]
        found.sort(key=lambda area: (area.level != self.words.tile_level, area.name().casefold()))
        return self._options("area", ((area.code, area.name()) for area in found))

    @cached_property
    def radii(self) -> list[Option]:
        return self._options("radius_km", ((km, gettext("%(n)s km") % {"n": km}) for km in RADII))

    @cached_property
    def is_free(self) -> bool:
        return ("cost", "free") in self.pairs

    def _is_set(self, name: str) -> bool:
        return state.first(self.pairs, name).lower() in {"1", "true", "on", "yes"}

    @property
    def wheelchair(self) -> bool:
        return self._is_set("wheelchair")

    @property
    def remote(self) -> bool:
        return self._is_set("remote")

    @property
    def has_room(self) -> bool:
        return self._is_set("has_room")


def need_options(words: Vocabulary, chosen: str = "") -> list[Option]:
    """The whole tree, in its order, each level further in."""
    found: list[Option] = []

    def walk(needs: list[NeedNode], depth: int) -> None:
        for need in needs:
            found.append(Option(need.code, need.name(), need.code == chosen, "\u2003" * depth))
            walk(words.children.get(need.code, []), depth + 1)

    walk(words.children.get("", []), 0)
    return found
