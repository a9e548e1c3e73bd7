"""Rights beside the results, all of them, one in full, and the page to take along."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from maillage.directory.models import RequiredDocument, Service, Text
from maillage.directory.search import memory
from maillage.directory.search.index import reindex
from maillage.orientation.models import Need
from maillage.territory.models import Territory
from maillage.web.presenters import vocabulary
from tests.pages.conftest import Opening
from tests.pages.test_browser import problems
from tests.rights import CARE, bestow
from tests.testland import SECRET_STREET, labels


@pytest.fixture
def land(land: Territory) -> Territory:
    vocabulary.kept.cache_clear()
    return bestow(land)


def read(visitor: Client, path: str) -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def paper(visitor: Client, **fields: Any) -> Any:
    answer = visitor.post("/summary/", fields)
    assert answer.status_code == 200
    return answer


def uuid(code: str) -> str:
    return str(Service.objects.get(code=code).uuid)


# ---- beside the results


def test_the_results_say_which_rights_a_situation_may_open(visitor: Client) -> None:
    html = visitor.post("/results/", {"needs": "psychologist", "fact.papers": "none"}).content.decode()
    panel = html[html.index('id="rights"') : html.index("All rights")]
    assert "Care for all" in panel
    assert "Having no residence permit" in panel
    assert "With a certificate" in panel
    assert "Within 60 days." in panel
    assert "City Practice" in panel or "Listening Post" in panel
    assert 'href="/rights/care-for-all/"' in panel


def test_a_right_that_is_known_not_to_be_open_is_not_spoken_of(visitor: Client) -> None:
    html = visitor.post("/results/", {"needs": "psychologist", "fact.papers": "resident", "fact.age": "30"}).content
    assert b"Rights you may have" not in html
    assert b"Care for all" not in html


def test_the_questions_are_not_made_longer_by_rights(visitor: Client) -> None:
    said = {"needs": "psychologist", "fact.papers": "none", "area": "north"}
    assert "Rights you may have" in visitor.post("/questions/", said).content.decode()  # already the list


# ---- to read


def test_all_rights_stand_by_theme(visitor: Client) -> None:
    html = read(visitor, "/rights/")
    assert html.index("Health") < html.index("Care for all")
    assert all(name in html for name in ("Child money", "Income for older people", "A supplement."))


def test_a_right_tells_its_conditions_its_sources_and_what_we_drafted(visitor: Client) -> None:
    html = read(visitor, "/rights/child-money/")
    assert "With children" in html
    assert re.search(r"yes; or age: from 18\s+years", html)
    assert "€10 (on Jan. 1, 2026)" in html
    assert "Law of Testland" in html
    assert "article 3, Jan. 31, 2020" in html
    assert "In force since Feb. 1, 2020." in html
    assert "Sources read on Nov. 1, 2026." in html
    assert "Worded and simplified by us" in html


def test_a_law_that_was_not_found_says_so_and_the_services_are_there(visitor: Client) -> None:
    html = read(visitor, "/rights/older-income/")
    assert "The text of the law was not found." in html
    assert "Tenants&#x27; Desk" in html
    assert "/results/?needs=housing-advice" in html


def test_a_right_in_another_language_marks_our_note(visitor: Client) -> None:
    html = visitor.get("/rights/care-for-all/", headers={"accept-language": "nl"}).content.decode()
    assert "Zonder verblijfstitel" in html
    assert '<span lang="en" dir="auto">Written for the tests.</span>' in html


def test_what_is_no_right_is_not_found(visitor: Client) -> None:
    assert visitor.get("/rights/wealth/").status_code == 404


def test_a_territory_without_rights_says_so(visitor: Client, land: Territory) -> None:
    land.content = {**land.content, "rights": []}
    land.save()
    from maillage.orientation import queries

    queries.forget()
    vocabulary.kept.cache_clear()
    assert "No right is known here yet." in read(visitor, "/rights/")


@pytest.mark.django_db
def test_without_a_territory_nothing_breaks() -> None:
    visitor = Client(headers={"accept-language": "en"})
    assert visitor.get("/rights/").status_code == 503
    assert visitor.get("/rights/any/").status_code == 404
    assert visitor.post("/summary/").status_code == 503


# ---- the page to take along


def test_the_ticked_services_and_rights_stand_on_the_page(visitor: Client) -> None:
    html = paper(
        visitor,
        needs="psychologist",
        **{"fact.papers": "none"},
        service=[uuid("city-practice")],
        right=["care-for-all"],
    ).content.decode()
    assert "City Practice" in html
    assert "Listening Post" not in html
    assert "Care for all" in html
    assert "The practice" in html
    assert "Psychologist" in html
    assert "This paper says nothing about who you are." in html
    assert "Nov. 20, 2026" in html
    assert re.search("Confirmed on|Never confirmed by the service", html)


def test_without_a_tick_the_first_of_the_list_stand_there(visitor: Client) -> None:
    assert "Listening Post" in paper(visitor, needs="psychologist").content.decode()


def test_at_most_five_services_and_nothing_that_is_no_service(visitor: Client) -> None:
    every = [str(one) for one in Service.objects.visible().values_list("uuid", flat=True)]
    html = paper(visitor, needs="psychologist", service=["nonsense", *every]).content.decode()
    assert html.count("<h3>") == 4  # the nonsense was one of the five
    assert paper(visitor, service=["00000000-0000-0000-0000-000000000000"]).content.decode().count("<h3>") == 0


def test_what_is_sensitive_stays_off_the_page_unless_it_is_ticked(visitor: Client) -> None:
    said = {"text": "he hits me, a psychologist", "fact.papers": "none", "fact.age": "30"}
    silent = paper(visitor, **said).content.decode()
    sheet = silent[silent.index('class="sheet"') :]
    for word in ("Papers", "papers", "residence permit", "Care for all", "hits", "Age"):
        assert word not in sheet
    told = paper(visitor, **said, tell="on").content.decode()
    sheet = told[told.index('class="sheet"') :]
    assert "Papers: no" in sheet
    assert "Age: 30" in sheet
    assert "30.0" not in sheet
    assert "Care for all" in sheet
    assert "112" in sheet


def test_a_confidential_place_gives_its_area_and_its_telephone_only(visitor: Client) -> None:
    hidden = Service.objects.get(at_locations__location__is_confidential=True)
    html = paper(visitor, needs="emergency-shelter", service=[str(hidden.uuid)]).content.decode()
    place = html[html.index('class="sheet-places"') : html.index("Call first")]
    assert "Confidential address" in place
    assert SECRET_STREET not in html
    assert "Hours" not in place


@pytest.mark.parametrize(
    ("language", "word"), [("fr", "Cabinet de la ville"), ("nl", "Stadspraktijk"), ("xx", "City Practice")]
)
def test_the_page_is_in_the_language_of_the_person_and_no_cookie_keeps_it(
    visitor: Client, language: str, word: str
) -> None:
    answer = paper(visitor, needs="psychologist", service=[uuid("city-practice")], paper_language=language)
    html = answer.content.decode()
    assert word in html
    shown = language if language != "xx" else "en"
    assert f'<html lang="{shown}" dir="ltr">' in html
    assert answer["Content-Language"] == shown
    assert not answer.cookies


def test_nothing_is_kept(visitor: Client, caplog: Any) -> None:
    def rows() -> dict[str, int]:
        return {model._meta.label: model._base_manager.count() for model in apps.get_models()}

    visitor.post("/summary/", {"needs": "psychologist"})
    before = rows()
    answer = paper(
        visitor, text="without papers, a psychologist", **{"fact.age": "37"}, tell="on", right=["care-for-all"]
    )
    assert rows() == before
    assert not answer.cookies
    assert not visitor.cookies
    assert answer["Cache-Control"] == "no-store"
    assert "37" not in caplog.text


def test_an_empty_form_is_an_empty_page_and_a_link_leads_to_the_search(visitor: Client) -> None:
    assert "To take along" in paper(visitor).content.decode()
    answer = visitor.get("/summary/")
    assert (answer.status_code, answer["Location"]) == (302, "/results/")


def test_the_page_to_take_along_asks_the_database_little(visitor: Client, django_assert_max_num_queries: Any) -> None:
    every = [str(one) for one in Service.objects.visible().values_list("uuid", flat=True)][:5]
    paper(visitor, needs="psychologist", service=every)
    with django_assert_max_num_queries(20):
        paper(visitor, needs="psychologist", service=every)


# ---- machines


def test_the_interface_for_programs_says_the_rights(visitor: Client) -> None:
    sent = {"needs": ["psychologist"], "facts": {"papers": "none"}, "language": "en"}
    answer = visitor.post("/api/orientation", json.dumps(sent), content_type="application/json").json()
    assert [one["code"] for one in answer["rights"]] == ["care-for-all", "older-income"]
    assert answer["rights"][0]["claim"]["services"]
    assert answer["question"]["about"] == "rights"
    described = json.dumps(visitor.get("/api/openapi.json").json())
    assert "RightOut" in described


def test_the_pages_of_rights_are_in_the_map_of_the_site(visitor: Client, land: Territory) -> None:
    Territory.objects.update(has_fiction=False)
    assert Need.objects.exists()
    html = visitor.get("/sitemap.xml").content.decode()
    assert "/rights/care-for-all/" in html
    assert "/summary/" not in html


# ---- in a browser


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", ["en", "nl"])
def test_it_fits_one_sheet(opening: Opening, language: str) -> None:
    page = opening("/results/?needs=psychologist", language=language, width=390)
    for box in page.locator("input[name=service]").all()[:5]:
        box.check()
    page.locator(".paper button").click()
    page.wait_for_selector(".sheet")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(media="print")
    data = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 1


LONG = "Long words that somebody wrote without end, one after the other, to say how one comes in. " * 6


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_longest_words_fit_one_sheet_too(opening: Opening, land: Territory) -> None:
    """Five services with everything, six rights with long papers, every fact told."""
    bestow(land, *({**CARE, "code": f"care-{n}", "documents": [labels(LONG, LONG, LONG)]} for n in range(6)))
    Text.objects.filter(kind="service", field="name").update(value=LONG[:300])
    for service in Service.objects.visible():
        Text.objects.create(
            territory=land,
            kind="service",
            object_id=service.pk,
            field="access",
            language="en",
            value=LONG,
            status="original",
        )
        RequiredDocument.objects.create(service=service, document=LONG[:200])
    reindex(land)
    memory.forget()
    page = opening("/results/?needs=health&needs=housing")
    page.locator("[name=text]").fill("without papers, I am 37, housing, health")
    page.locator("[name=text]").press("Enter")
    page.wait_for_selector("input[name=right]")
    for box in [*page.locator("input[name=service]").all()[:5], *page.locator("input[name=right]").all()]:
        box.check()
    page.locator("input[name=tell]").check()
    page.locator(".paper button").click()
    page.wait_for_selector(".sheet")
    assert page.locator(".sheet-places > li").count() == 5
    assert page.locator(".sheet-rights > li").count() == 6
    page.emulate_media(media="print")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_these_pages(opening: Opening, scheme: str) -> None:
    page = opening("/rights/", scheme=scheme)
    wrong = {"rights": problems(page)}
    page.goto("/rights/child-money/")
    wrong["right"] = problems(page)
    page.goto("/results/?needs=psychologist")
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    wrong["results"] = problems(page)
    page.locator(".paper button").click()
    page.wait_for_selector(".sheet")
    wrong["summary"] = problems(page)
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/rights/", "/rights/care-for-all/"])
def test_a_phone_never_scrolls_sideways(opening: Opening, path: str) -> None:
    page = opening(path, width=390, language="nl")
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
