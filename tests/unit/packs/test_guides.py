"""Guides and library of a pack: mistakes are told with their file and line, what is right is loaded, and versioned with the pack."""
# ruff: noqa: E501 - the table reads better in one line a mistake

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from maillage.directory import shelf
from maillage.directory.models import Guide, LibraryDocument
from maillage.packs import actions
from maillage.packs import pack as packs
from maillage.packs.difference import compare
from maillage.packs.pack import fingerprint, read, read_valid

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
Change = Callable[..., Path]
GUIDE = """---
title: {title}
summary: What to do.
needs: [bed]
checked_on: 2026-11-22
order: 1
assume: true
---

## First {{#first}}

Ask for [[need:bed|a bed]].[^report]

- Stay warm.[^assume]

## Then {{#then}}

Read [[guide:home]] again, or see [[need:ride]].[^assume]
"""
LIBRARY = """source: report
documents:
  - code: atlas
    kind: report
    title: Atlas of Tinyland
    authors: ['Tiny, Ann', Tinyland Office]
    year: 2024
    language: en
    url: https://example.org/atlas
    themes: [bed]
    abstract: Where people sleep.
    assume: true
  - {code: leaflet, kind: leaflet, title: A leaflet, language: fr, themes: [ride], file: leaflet.pdf}
"""


@pytest.fixture
def guided(tinyland: Change) -> Path:
    folder = tinyland()
    (folder / "guides").mkdir()
    for language, title in (("fr", "Sans logement"), ("nl", "Zonder woning"), ("en", "Without a home")):
        (folder / "guides" / f"home.{language}.md").write_text(GUIDE.format(title=title), encoding="utf-8")
    (folder / "library.yaml").write_text(LIBRARY, encoding="utf-8")
    (folder / "library").mkdir()
    (folder / "library" / "leaflet.pdf").write_bytes(b"%PDF-1.4 tiny")
    return folder


def mend(folder: Path, name: str, old: str, new: str) -> str:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return "\n".join(str(problem) for problem in read(folder)[1] if not problem.is_warning)


MISTAKES = [
    ("guides/home.fr.md", "[[need:bed|a bed]]", "[[need:beds|a bed]]", "guides/home.fr.md:12: first: the link “need:beds” leads nowhere: “Ask for a bed.”"),
    ("guides/home.fr.md", "[[guide:home]]", "[[guide:house]]", "guides/home.fr.md:18: then: the link “guide:house” leads nowhere"),
    ("guides/home.fr.md", "[[guide:home]]", "[[service:none]]", "guides/home.fr.md:18: then: the link “service:none” leads nowhere"),
    ("guides/home.fr.md", "[[guide:home]]", "[[right:none]]", "guides/home.fr.md:18: then: the link “right:none” leads nowhere"),
    ("guides/home.fr.md", "[[guide:home]]", "[[page:home]]", "guides/home.fr.md:18: then: there is no link “page”"),
    ("guides/home.fr.md", "warm.[^assume]", "warm.", "guides/home.fr.md:14: first: says no source"),
    ("guides/home.fr.md", "warm.[^assume]", "warm, above 20 degrees.[^assume]", "guides/home.fr.md:14: first: holds a number"),
    ("guides/home.fr.md", "[^report]", "[^rapport]", "guides/home.fr.md:12: first: there is no source “rapport” in this pack"),
    ("guides/home.fr.md", "needs: [bed]", "needs: [beds]", "guides/home.fr.md:4: needs: there is no need “beds”"),
    ("guides/home.fr.md", "needs: [bed]", "need: [bed]", "guides/home.fr.md:4: need: this key is not known: did you mean “needs”?"),
    ("guides/home.fr.md", "checked_on: 2026-11-22", "checked_on: 2026-11", "guides/home.fr.md:5: checked_on: “2026-11” is not a day"),
    ("guides/home.fr.md", "assume: true\n", "", "source: has no source"),
    ("guides/home.fr.md", "{#first}", "", "guides/home.fr.md:10: a step needs a title and a code"),
    ("guides/home.fr.md", "{#then}", "{#last}", "guides/home.nl.md: the steps are not those of guides/home.en.md") ,
    ("guides/home.fr.md", "{#then}", "{#first}", "this step stands twice"),
    ("guides/home.fr.md", "## First", "Before.\n\n## First", "guides/home.fr.md:10: stands before the first step"),
    ("guides/home.fr.md", "Stay warm", "Stay <b>warm", "guides/home.fr.md:14: first: holds HTML"),
    ("guides/home.fr.md", "---\ntitle", "title", "guides/home.fr.md:1: must begin with keys and values"),
    ("guides/home.fr.md", "[[need:ride]]", "here", "guides/home.fr.md:16: then: the needs or the sources of this step are not those of guides/home.en.md"),
    ("guides/home.fr.md", "order: 1", "order: 2", "guides/home.fr.md:6: order: is not the same as in guides/home.en.md"),
    ("library.yaml", "themes: [bed]", "themes: [sleep]", "library.yaml:10: documents[0].themes: there is no need “sleep”"),
    ("library.yaml", "code: leaflet,", "code: atlas,", "library.yaml:13: documents[1].code: “atlas” is already used"),
    ("library.yaml", "    assume: true\n", "", "library.yaml:11: documents[0].abstract: an abstract is written by you"),
    ("library.yaml", "source: report\n", "", "a document needs the source that names it"),
    ("library.yaml", "    url: https://example.org/atlas\n", "", "documents[0].url: needs a web address, a file or an identifier"),
    ("library.yaml", "file: leaflet.pdf", "file: other.pdf", "documents[1].file: there is no file “other.pdf” in library/"),
    ("library.yaml", "file: leaflet.pdf", "file: ../pack.yaml", "documents[1].file: “../pack.yaml” is not a file name"),
    ("library.yaml", "year: 2024", "year: 24", "documents[0].year: “24” is not a year"),
    ("library.yaml", "kind: report", "kind: study", "documents[0].kind: “study” is not one of"),
]  # fmt: skip


def test_a_pack_with_guides_and_a_library_is_correct(guided: Path) -> None:
    pack, problems = read(guided)
    assert list(problems) == []
    assert list(pack.guides) == ["home"]
    assert [step.needs for step in pack.guides["home"]["en"].steps] == [("bed",), ("ride",)]


@pytest.mark.parametrize(("name", "old", "new", "expected"), MISTAKES, ids=[m[3][:60] for m in MISTAKES])
def test_a_mistake_is_told_with_its_place(guided: Path, name: str, old: str, new: str, expected: str) -> None:
    said = mend(guided, name, old, new)
    if "the steps are not those" in expected:
        assert "guides/home.fr.md: the steps are not those of guides/home.en.md" in said.replace(":0:", ":")
    else:
        assert expected.replace(":0:", "") in said.replace(":0:", "")


def test_a_language_that_is_missing_is_told(guided: Path) -> None:
    (guided / "guides" / "home.nl.md").unlink()
    assert "is missing in the language “nl”" in str(list(read(guided)[1]))


def test_a_file_with_another_name_and_a_guide_without_steps_are_told(guided: Path) -> None:
    (guided / "guides" / "Home.md").write_text("x", encoding="utf-8")
    (guided / "guides" / "empty.en.md").write_text(GUIDE.split("## First")[0].format(title="X"), encoding="utf-8")
    said = str([str(problem) for problem in read(guided)[1]])
    assert "guides/Home.md: must be named CODE.LANGUAGE.md" in said
    assert "has no step: a step begins with" in said


def test_a_link_out_of_the_folder_is_no_file(guided: Path) -> None:
    (guided / "library" / "leaflet.pdf").unlink()
    (guided / "library" / "leaflet.pdf").symlink_to(guided / "pack.yaml")
    assert "there is no file “leaflet.pdf”" in str([str(problem) for problem in read(guided)[1]])


@pytest.mark.django_db
def test_they_are_loaded_compared_and_taken_away_with_the_pack(
    guided: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "VAR", tmp_path / "var")
    pack = read_valid(guided)
    assert (compare(pack).sections["guides"].added, compare(pack).sections["library"].added) == (
        ("home",),
        ("atlas", "leaflet"),
    )
    territory = actions.load(pack, at=AT).territory
    guide = Guide.objects.get(territory=territory)
    assert guide.titles == {"fr": "Sans logement", "nl": "Zonder woning", "en": "Without a home"}
    assert [step["needs"] for step in guide.steps] == [["bed"], ["ride"]]
    assert (guide.sources, str(guide.checked_on)) == (["report"], "2026-11-22")
    atlas, leaflet = LibraryDocument.objects.order_by("code")
    assert atlas.a == "atlas of tinyland"
    assert "sleep" in atlas.c.split()
    kept = shelf.place(leaflet)
    assert kept is not None
    assert kept.read_bytes() == b"%PDF-1.4 tiny"
    assert compare(pack).is_loaded

    mend(guided, "guides/home.en.md", "Stay warm", "Keep warm")
    mend(guided, "library.yaml", "title: Atlas", "title: New atlas")
    changed = read_valid(guided)
    assert changed.hash != pack.hash
    found = compare(changed).sections
    assert (found["guides"].changed, found["library"].changed, found["services"].changed) == (("home",), ("atlas",), ())
    actions.load(changed, at=AT)
    assert LibraryDocument.objects.get(code="atlas").title == "New atlas of Tinyland"

    for path in (guided / "guides").iterdir():
        path.unlink()
    (guided / "library.yaml").unlink()
    actions.load(read_valid(guided), at=AT)
    assert not Guide.objects.exists()
    assert not LibraryDocument.objects.exists()
    assert not kept.exists()


def test_the_fingerprint_covers_guides_and_files(guided: Path) -> None:
    before = fingerprint(guided)
    (guided / "library" / "leaflet.pdf").write_bytes(b"%PDF-1.4 other")
    between = fingerprint(guided)
    (guided / "guides" / "home.fr.md").write_text("x", encoding="utf-8")
    assert len({before, between, fingerprint(guided)}) == 3


def test_the_pack_that_is_shown_first_has_four_guides_and_fifteen_documents() -> None:
    pack = read_valid(packs.find(packs.default_name()))
    assert len(pack.guides) >= 4
    assert len(pack.library["documents"]) >= 15
