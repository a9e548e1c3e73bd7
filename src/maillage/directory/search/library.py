"""The library, searched as services are: the same stems, prefixes, compounds and typing mistakes, in memory (it is small)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from maillage.directory.models import LibraryDocument, TaxonomyTerm
from maillage.directory.search.documents import Vocabulary
from maillage.directory.search.postings import Postings, Rows
from maillage.methods.text import stem, tokens
from maillage.territory.models import Territory

TEXT_LIMIT = 400
A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for. Every field that is not empty must be met; a document without a year is of no year."""

    text: str = ""
    theme: str = ""  # need code: documents of it, or of a need below it
    language: str = ""
    kind: str = ""
    since: int = 0
    until: int = 0
    after: str = ""  # code of the last document of the page before

    @classmethod
    def read(cls, form: Mapping[str, str]) -> Wish:
        """From the fields of a form: what cannot be read is left out."""

        def year(name: str) -> int:
            said = form.get(name, "").strip()
            return int(said) if said.isascii() and said.isdigit() and len(said) == 4 else 0

        said = {name: " ".join(form.get(name, "").replace("\x00", " ").split()) for name in cls.__slots__}
        return cls(
            said["text"][:TEXT_LIMIT],
            said["theme"][:80],
            said["language"][:8],
            said["kind"][:20],
            year("since"),
            year("until"),
            said["after"][:80],
        )


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of what was found."""

    documents: tuple[LibraryDocument, ...]
    total: int
    corrected: tuple[tuple[str, str], ...]
    next: str  # "" at the end


def stems_of(document: LibraryDocument, themes: Iterable[TaxonomyTerm], words: Vocabulary) -> tuple[str, str, str]:
    """What it is found by: its title; its authors, publisher, and every word of its themes; its abstract."""
    language = document.language if document.language else "fr"
    authors = words.stems(" ".join((*document.authors, document.publisher, document.identifier)), language)
    said = " ".join(words.term_stems.get(theme.pk, "") for theme in themes)
    return words.stems(document.title, language), f"{authors} {said}".strip(), words.stems(document.abstract, language)


class _Stacks(Postings):
    """The postings of a library: read from its rows, not from the index of services. Two documents that hold every word
    are answer enough."""

    enough = 2

    def __init__(self, territory: Territory, documents: list[LibraryDocument]) -> None:
        super().__init__(territory, np.arange(len(documents), dtype=np.int64))
        self.held = [{"a": set(d.a.split()), "b": set(d.b.split()), "c": set(d.c.split())} for d in documents]
        self.documents = documents

    @cached_property
    def vocabulary(self) -> tuple[list[str], dict[str, str]]:
        found: dict[str, str] = {}
        for document in self.documents:
            language = document.language or "fr"
            for text in (document.title, *document.authors, document.publisher, document.abstract):
                for word in tokens(text):
                    found.setdefault(stem(word, language), word)
        for held in self.held:
            for stems in held.values():
                for one in stems:
                    found.setdefault(one, one)
        return sorted(found), found

    def _rows(self, one: str, column: str, weight: str) -> Rows:
        return np.array([row for row, held in enumerate(self.held) if one in held[column]], dtype=np.int32)


class Library:
    def __init__(self, territory: Territory) -> None:
        rows = LibraryDocument.objects.filter(territory=territory).prefetch_related("themes")
        self.documents = sorted(rows, key=lambda d: (-(d.year or 0), d.title.casefold(), d.code))
        self.by_code = {document.code: document for document in self.documents}
        self.themes = {d.code: frozenset(term.code for term in d.themes.all()) for d in self.documents}
        self.stacks = _Stacks(territory, self.documents)


def library(territory: Territory) -> Library:
    """Kept in memory until the pack is loaded again."""
    return _read(territory.pk, f"{territory.pack_hash}:{territory.loaded_at.isoformat()}")


def forget() -> None:
    _read.cache_clear()


@lru_cache(maxsize=8)
def _read(territory: int, loaded: str) -> Library:
    return Library(Territory.objects.get(pk=territory))


def search(
    territory: Territory, wish: Wish, *, language: str, below: Mapping[str, frozenset[str]], limit: int | None = A_PAGE
) -> Shelf:
    """The documents that meet the wish, the best first; without words, the newest first. `below`: need -> itself and those
    below it. `limit` None: all of them."""
    here = library(territory)
    corrected: list[tuple[str, str]] = []
    order = list(range(len(here.documents)))
    if wish.text and order:
        rows, score, corrected = here.stacks.matching(wish.text, language)
        order = [int(row) for _, row in sorted(zip((-score).tolist(), rows.tolist(), strict=True))]
    found = [here.documents[row] for row in order if _fits(here.documents[row], wish, here, below)]
    start = next((n for n, document in enumerate(found, 1) if document.code == wish.after), 0)
    page = found[start:] if limit is None else found[start : start + limit]
    more = page[-1].code if page and start + len(page) < len(found) else ""
    return Shelf(tuple(page), len(found), tuple(corrected), more)


def _fits(document: LibraryDocument, wish: Wish, here: Library, below: Mapping[str, frozenset[str]]) -> bool:
    year = document.year or 0
    return (
        (not wish.theme or bool(here.themes[document.code] & below.get(wish.theme, frozenset({wish.theme}))))
        and (not wish.language or document.language == wish.language)
        and (not wish.kind or document.kind == wish.kind)
        and (not wish.since or year >= wish.since)
        and (not wish.until or 0 < year <= wish.until)
    )
