"""The library is searched as services are: stems, synonyms of needs, three languages, typing mistakes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from maillage.directory import shelf
from maillage.directory.models import LibraryDocument, TaxonomyTerm
from maillage.directory.search import library
from maillage.directory.search.documents import vocabulary
from maillage.directory.search.library import Wish
from maillage.orientation.queries import vocabulary as words_of
from maillage.territory.models import Territory

DOCUMENTS = [
    (
        "count",
        "report",
        "Dénombrement des personnes sans abri",
        "fr",
        2016,
        ["emergency-shelter"],
        "Une nuit de comptage.",
    ),
    ("rights", "article", "Non-take-up of rights", "en", 2021, ["housing-advice"], "Beneficiaries lose heart."),
    ("therapie", "book", "Gesprekken die helpen", "nl", None, ["psychologist"], ""),
]


@pytest.fixture
def shelves(testland: Territory) -> Iterator[Territory]:
    words = vocabulary(testland)
    for code, kind, title, language, year, themes, abstract in DOCUMENTS:
        document = LibraryDocument(
            territory=testland, code=code, kind=kind, title=title, language=language, year=year, abstract=abstract,
            authors=["Noël, Laurence"] if code == "rights" else ["Observatoire"],
        )  # fmt: skip
        terms = list(TaxonomyTerm.objects.filter(taxonomy__territory=testland, code__in=themes))
        document.a, document.b, document.c = library.stems_of(document, terms, words)
        document.save()
        document.themes.set(terms)
    library.forget()
    yield testland
    library.forget()


def found(territory: Territory, reader: str = "en", **said: str) -> list[str]:
    wish = Wish.read(said)
    shelf = library.search(territory, wish, language=reader, below=words_of(territory).below)
    return [document.code for document in shelf.documents]


@pytest.mark.parametrize(
    ("text", "language", "first"),
    [
        ("dénombrements", "fr", "count"),
        ("denombrment", "fr", "count"),  # two slips
        ("bed tonight", "en", "count"),  # a synonym of its theme, in another language than its own
        ("slaapplaats", "nl", "count"),
        ("Noël", "en", "rights"),
        ("parler à quelqu'un", "fr", "therapie"),
        ("gesprek", "nl", "therapie"),
        ("heart", "en", "rights"),
    ],
)
def test_words_find_a_document(shelves: Territory, text: str, language: str, first: str) -> None:
    assert found(shelves, language, text=text)[0] == first


def test_a_word_that_stands_nowhere_finds_nothing(shelves: Territory) -> None:
    assert found(shelves, text="zzyzx") == []


def test_without_words_the_newest_come_first(shelves: Territory) -> None:
    assert found(shelves) == ["rights", "count", "therapie"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"theme": "housing"}, ["rights", "count"]),
        ({"theme": "psychologist"}, ["therapie"]),
        ({"language": "nl"}, ["therapie"]),
        ({"kind": "report"}, ["count"]),
        ({"since": "2017"}, ["rights"]),
        ({"until": "2017"}, ["count"]),
        ({"since": "20 17", "kind": ""}, ["rights", "count", "therapie"]),
        ({"text": "non-take-up", "kind": "report"}, []),
    ],
)
def test_filters_are_cumulative(shelves: Territory, said: dict[str, str], expected: list[str]) -> None:
    assert found(shelves, **said) == expected


def test_pages_follow_each_other(shelves: Territory) -> None:
    below = words_of(shelves).below
    first = library.search(shelves, Wish(), language="en", below=below, limit=2)
    assert ([d.code for d in first.documents], first.total, first.next) == (["rights", "count"], 3, "count")
    second = library.search(shelves, Wish(after=first.next), language="en", below=below, limit=2)
    assert ([d.code for d in second.documents], second.next) == (["therapie"], "")


def test_what_is_typed_is_cleaned() -> None:
    assert Wish.read({"text": "a\x00b  c", "since": "２０２１"}) == Wish(text="a b c")


def test_an_empty_library_is_searched_too(testland: Territory) -> None:
    library.forget()
    assert found(testland, text="anything") == []


def test_a_file_of_another_kind_has_no_place() -> None:
    assert shelf.place(LibraryDocument(file="page.html")) is None
    shelf.drop(LibraryDocument(file="page.html"))
