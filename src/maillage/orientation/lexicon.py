"""What the pack's words mean: every label and synonym as stems, compiled once for each vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from maillage.methods.text import STOP, fold, stem, tokens
from maillage.orientation.queries import Vocabulary
from maillage.orientation.words import ARTICLES, LANGUAGES, WHEELCHAIR_ACCESS

SHORTEST_MISSPELT = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """A phrase means `code` of `kind`. `strength`: 2 what people type, 1 a label (written as an answer to a question)."""

    kind: str  # need, public, fact, language, window, wheelchair, red_flag
    code: str
    value: str
    language: str
    stems: tuple[str, ...]
    words: tuple[str, ...]  # folded, as the pack writes them
    strength: int
    is_pronoun: bool = False


@dataclass(eq=False)
class Lexicon:
    """Phrases by language and by each of their stems; every spelling, for typing mistakes."""

    phrases: dict[str, dict[str, list[Entry]]] = field(default_factory=lambda: {lang: {} for lang in LANGUAGES})
    spellings: dict[int, list[str]] = field(default_factory=dict)  # folded words by length
    known: set[str] = field(default_factory=set)  # stems of any language

    def add(self, kind: str, code: str, language: str, phrase: str, strength: int, value: str = "") -> None:
        words = tokens(phrase)
        kept = [word for word in words if fold(word) not in ARTICLES]
        if not kept or (len(kept) == 1 and len(kept[0]) < 2):
            return
        stop = STOP.get(language, frozenset())
        is_pronoun = all(word in stop for word in kept)
        if is_pronoun and kind not in {"fact", "window", "red_flag"}:
            return
        stems = tuple(stem(word, language) for word in kept)
        entry = Entry(kind, code, value, language, stems, tuple(map(fold, kept)), strength, is_pronoun)
        for one in dict.fromkeys(stems):
            self.phrases.setdefault(language, {}).setdefault(one, []).append(entry)
        for word in kept:
            self.known.update((stem(word, language), fold(word)))
            plain = fold(word)
            if len(plain) >= SHORTEST_MISSPELT and plain not in self.spellings.setdefault(len(plain), []):
                self.spellings[len(plain)].append(plain)


@lru_cache(maxsize=8)
def lexicon(words: Vocabulary) -> Lexicon:
    found = Lexicon()
    for kind, code, value, strength, language, phrase in _all(words):
        found.add(kind, code, language, phrase, strength, value)
    for area in words.areas.values():  # a place is no misspelt word
        found.known.update(fold(word) for name in area.names for word in tokens(name))
    return found


def _all(words: Vocabulary) -> Iterator[tuple[str, str, str, int, str, str]]:
    for need in words.needs.values():
        yield from _said("need", need.code, {"labels": need.labels, "synonyms": need.synonyms})
    for kind, items in (("public", words.publics), ("language", words.languages), ("window", words.windows)):
        for code, item in items.items():
            yield from _said(kind, code, item)
    for criterion, item in words.criteria.items():
        for option in item.get("options") or ():
            for kind, code, value, strength, language, phrase in _said("fact", criterion, option):
                if strength == 2:  # the label of an answer only means it under its question
                    yield kind, code, str(option.get("code")) or value, strength, language, phrase
    for code, item in words.red_flags.items():
        for language, phrases in (item.get("words") or {}).items():
            for phrase in phrases or ():
                yield "red_flag", code, "", 2, language, str(phrase)
    for language, phrase in WHEELCHAIR_ACCESS:
        yield "wheelchair", "wheelchair", "", 2, language, phrase


def _said(kind: str, code: str, item: Mapping[str, Any]) -> Iterator[tuple[str, str, str, int, str, str]]:
    for language, phrases in (item.get("synonyms") or {}).items():
        for phrase in _listed(phrases):
            yield kind, code, "", 2, language, phrase
    for language, label in (item.get("labels") or {}).items():
        for phrase in _listed(label):
            yield kind, code, "", 1, language, phrase


def _listed(found: object) -> Iterable[str]:
    return [str(found)] if isinstance(found, str) else [str(item) for item in found or ()]  # type: ignore[attr-defined]
