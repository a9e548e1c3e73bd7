"""Names of places as people write them: in any language of the territory, by postal code, misspelt, with or without "Saint"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from maillage.methods.text import fold, tokens
from maillage.orientation.queries import AreaNode, Vocabulary
from maillage.orientation.words import ARTICLES

SAINT = {"saint": "st", "sainte": "st", "sint": "st", "ste": "st", "sinte": "st"}
SHORT = 6  # a name of one word up to this long may be an everyday word: it needs a sign that a place is meant


def name_words(text: str) -> tuple[str, ...]:
    """A name as it is compared: folded words, one spelling of "Saint", no article."""
    words = [SAINT.get(word, word) for word in map(fold, tokens(text))]
    return tuple(word for word in words if word not in ARTICLES) or tuple(words)


@dataclass(frozen=True, eq=False)
class AreaIndex:
    by_name: dict[tuple[str, ...], AreaNode]
    by_postal_code: dict[str, AreaNode]
    joined: dict[str, AreaNode]  # the name without spaces: misspellings are compared with it
    longest: int  # words of the longest name

    def exactly(self, words: Sequence[str]) -> AreaNode | None:
        if len(words) == 1 and words[0] in self.by_postal_code:
            return self.by_postal_code[words[0]]
        return self.by_name.get(tuple(words))

    def nearly(self, words: Sequence[str]) -> tuple[AreaNode, int] | None:
        """The one area whose name is a slip away (two from nine letters on), with the number of slips."""
        typed = "".join(words)
        if len(typed) < 5 or typed.isdigit():
            return None
        slips = 1 if len(typed) < 9 else 2
        hits = process.extract(typed, list(self.joined), scorer=OSA.distance, score_cutoff=slips, limit=3)
        hits = [hit for hit in hits if hit[0][0] == typed[0] and len(hit[0]) >= 5]
        if not hits:
            return None
        least = min(slip for _, slip, _ in hits)
        found = {self.joined[name].code: self.joined[name] for name, slip, _ in hits if slip == least}
        return (next(iter(found.values())), int(least)) if len(found) == 1 else None


@lru_cache(maxsize=8)
def area_index(words: Vocabulary) -> AreaIndex:
    """Of two areas with one name, the smaller: what serves the larger one serves it too."""
    by_name: dict[tuple[str, ...], AreaNode] = {}
    by_postal_code: dict[str, AreaNode] = {}
    for area in sorted(words.areas.values(), key=lambda area: -len(words.area_line(area.code))):
        for name in area.names:
            if found := name_words(name):
                by_name.setdefault(found, area)
    for area in sorted(words.areas.values(), key=lambda area: len(words.area_line(area.code))):
        for postal_code in area.postal_codes:
            by_postal_code.setdefault(fold(postal_code), area)
    joined = {"".join(name): area for name, area in by_name.items()}
    return AreaIndex(by_name, by_postal_code, joined, max(map(len, by_name), default=1))


def find_area(words: Vocabulary, text: str) -> AreaNode | None:
    """The area that this text names: its code, one of its names, a postal code; else the longest name within; else the
    name that a slip away would be."""
    if text in words.areas:
        return words.areas[text]
    index, typed = area_index(words), name_words(text[:200])
    if found := index.exactly(typed):
        return found
    for size in range(min(len(typed), index.longest), 0, -1):
        for start in range(len(typed) - size + 1):
            if found := index.exactly(typed[start : start + size]):
                return found
    near = index.nearly(typed)
    return near[0] if near else None
