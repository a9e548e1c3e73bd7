"""Guides with the offer near the reader, and the library with its citations."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from maillage.directory import shelf
from maillage.directory.models import Guide, LibraryDocument, TaxonomyTerm
from maillage.directory.search import library
from maillage.directory.search.documents import vocabulary
from maillage.territory.models import Territory


def said(text: str) -> dict[str, str]:
    return {"fr": f"{text} (fr)", "nl": f"{text} (nl)", "en": text}


@pytest.fixture
def guide(land: Territory) -> Guide:
    land.content = land.content | {
        "sources": [
            {"id": "page", "title": "The emergency page", "url": "https://example.org/emergency", "date": "2025"}
        ]
    }
    land.save()
    steps = [
        {
            "code": "now",
            "titles": said("Tonight"),
            "bodies": said("Call [[tel:0800 99 340]].[^page]\n\nAsk for [[need:emergency-shelter|a bed]]. <b>x</b>[^assume]"),
            "needs": ["emergency-shelter"],
            "sources": ["page"],
        },
        {"code": "then", "titles": said("Then"), "bodies": said("Rest. [[guide:home]] [[service:gone]][^assume]"), "needs": [], "sources": []},
    ]  # fmt: skip
    made = Guide.objects.create(
        territory=land, code="home", titles=said("Without a home"), summaries=said("What to do"), steps=steps,
        sources=["page"], checked_on=date(2026, 11, 22),
    )  # fmt: skip
    made.terms.set(TaxonomyTerm.objects.filter(taxonomy__territory=land, code="emergency-shelter"))
    return made


@pytest.fixture
def document(land: Territory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LibraryDocument:
    monkeypatch.setattr(settings, "VAR", tmp_path)
    made = LibraryDocument(
        territory=land, code="count", kind="report", title="Counting & sleeping", authors=["Tiny, Ann"], year=2020,
        language="en", url="https://example.org/count", file="count.pdf", abstract="One night.",
    )  # fmt: skip
    terms = list(TaxonomyTerm.objects.filter(taxonomy__territory=land, code="emergency-shelter"))
    made.a, made.b, made.c = library.stems_of(made, terms, vocabulary(land))
    made.save()
    made.themes.set(terms)
    return made


def test_a_guide_shows_the_offer_beside_each_step_and_its_sources(guide: Guide, visitor: Client) -> None:
    html = visitor.get("/guides/home/").content.decode()
    assert '<a class="tel" href="tel:080099340">0800 99 340</a>' in html
    assert html.count('class="offer-name"') == 3
    assert '<a href="/results/?needs=emergency-shelter">a bed</a>' in html
    assert "&lt;b&gt;x" in html
    assert '<li id="source-1"><a href="https://example.org/emergency"' in html
    assert "Checked on" in html
    assert '<a class="more" href="/guides/home/">Without a home</a>' in html
    assert "gone" in html  # a service that is not shown any more is its name, no dead link


def test_the_place_travels_in_the_form_and_changes_what_is_near(guide: Guide, visitor: Client) -> None:
    anywhere = visitor.get("/guides/home/").content.decode()
    near = visitor.post("/guides/home/", {"area": "south"})
    html = near.content.decode()
    assert "Near South End" in html
    assert html != anywhere
    assert '<input type="hidden" name="area" value="south">' in html
    assert near["Cache-Control"] == "no-store"
    assert near.wsgi_request.get_full_path() == "/guides/home/"


def test_a_place_that_does_not_exist_is_anywhere(guide: Guide, visitor: Client) -> None:
    assert "Services for this step" in visitor.post("/guides/home/", {"area": "moon\x00"}).content.decode()


def test_a_guide_takes_few_queries(guide: Guide, visitor: Client, django_assert_max_num_queries: Any) -> None:
    visitor.post("/guides/home/", {"area": "south"})
    with django_assert_max_num_queries(5):
        visitor.post("/guides/home/", {"area": "south"})


@pytest.mark.parametrize("language", ["fr", "nl"])
def test_a_guide_speaks_the_language_of_the_reader(guide: Guide, land: Territory, language: str) -> None:
    html = Client(headers={"accept-language": language}).get("/guides/home/").content.decode()
    assert f"Without a home ({language})" in html


def test_a_text_in_another_language_says_so(guide: Guide, land: Territory) -> None:
    guide.titles = {"fr": "Sans toit"}
    guide.save()
    html = Client(headers={"accept-language": "en"}).get("/guides/home/").content.decode()
    assert '<span lang="fr" dir="auto">Sans toit</span>' in html


def test_the_list_and_the_results_lead_to_the_guide(guide: Guide, visitor: Client) -> None:
    assert 'href="/guides/home/"' in visitor.get("/guides/").content.decode()
    results = visitor.post("/results/", {"needs": "emergency-shelter"}).content.decode()
    assert "A guide for this" in results
    other = visitor.post("/results/", {"needs": "psychologist"}).content.decode()
    assert "A guide for this" not in other


def test_what_does_not_exist_is_not_found(land: Territory, visitor: Client) -> None:
    for path in ("/guides/none/", "/library/none/", "/library/none/file/", "/library/none/cite.bib"):
        assert visitor.get(path).status_code == 404


def test_a_confidential_shelter_shows_its_area_only(guide: Guide, visitor: Client) -> None:
    from tests.testland import SECRET_STREET

    for area in ("", "north", "south", "harbour"):
        assert SECRET_STREET not in visitor.post("/guides/home/", {"area": area}).content.decode()


def test_the_library_is_searched_without_its_words_in_the_address(document: LibraryDocument, visitor: Client) -> None:
    html = visitor.post("/library/", {"text": "slaapplats"}).content.decode()
    assert "Counting &amp; sleeping" in html
    assert "was read as" in html
    assert "No document" in visitor.get("/library/?theme=psychologist").content.decode()
    assert "Counting" in visitor.get("/library/?text=zzyzx").content.decode()  # words in an address are not read


def test_the_library_takes_few_queries(
    document: LibraryDocument, visitor: Client, django_assert_max_num_queries: Any
) -> None:
    visitor.get("/library/")
    with django_assert_max_num_queries(5):
        visitor.post("/library/", {"text": "bed"})


def test_a_document_can_be_taken_by_a_reference_manager(document: LibraryDocument, visitor: Client) -> None:
    html = visitor.get("/library/count/").content.decode()
    assert '<meta name="citation_title" content="Counting &amp; sleeping">' in html
    assert 'class="Z3988" title="ctx_ver=Z39.88-2004&amp;rft_val_fmt=info%3Aofi%2Ffmt%3Akev%3Amtx%3Abook' in html
    assert 'itemtype="https://schema.org/Report"' in html
    for kind, start in (("bib", b"@techreport{count,"), ("ris", b"TY  - RPRT"), ("json", b"[")):
        answer = visitor.get(f"/library/count/cite.{kind}")
        assert answer.content.startswith(start)
        assert answer["Content-Disposition"] == f'attachment; filename="count.{kind}"'
        many = visitor.post(f"/library/export.{kind}", {"text": "counting"})
        assert many.content == answer.content
        assert visitor.post(f"/library/export.{kind}", {"kind": "book"}).content.strip() in {b"", b"[]"}


def test_a_file_is_found_by_its_document_only(document: LibraryDocument, visitor: Client) -> None:
    assert visitor.get("/library/count/file/").status_code == 404  # named, never brought
    kept = shelf.place(document)
    assert kept is not None
    kept.parent.mkdir()
    kept.write_bytes(b"%PDF")
    answer = visitor.get("/library/count/file/")
    assert b"".join(answer) == b"%PDF"  # type: ignore[call-overload]
    assert answer["Content-Type"] == "application/pdf"
    assert visitor.get("/library/../count/file/").status_code == 404
    assert visitor.get("/library/..%2fsecret/file/").status_code == 404


def test_the_sitemap_names_guides_and_documents(guide: Guide, document: LibraryDocument, visitor: Client) -> None:
    Territory.objects.update(has_fiction=False)
    html = visitor.get("/sitemap.xml").content.decode()
    assert "/guides/home/</loc>" in html
    assert "/library/count/</loc>" in html
