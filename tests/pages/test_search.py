"""From a need to the services that fit, through the pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from maillage.directory.models import Service
from maillage.territory.models import Territory
from tests.pages.conftest import BED
from tests.testland import SECRET_STREET


def results(visitor: Client, **fields: Any) -> str:
    answer = visitor.post("/results/", fields)
    assert answer.status_code == 200
    return answer.content.decode()


def order(html: str) -> list[str]:
    """The names on the page, in order."""
    return [name.strip() for name in re.findall(r'<h3 id="result-\d+-name">.*?<a[^>]*>(.*?)</a>', html, re.S)]


def test_the_home_page_offers_the_search_the_needs_and_help_at_once(visitor: Client) -> None:
    html = visitor.get("/").content.decode()
    assert "What do you need?" in html
    assert "I need help now" in html
    assert all(need in html for need in ("Housing", "Health", "Company"))
    assert 'rel="noreferrer noopener"' in html
    assert "Testland" in html


def test_a_bed_tonight_finds_the_shelters_and_says_why(visitor: Client) -> None:
    html = results(visitor, text=BED)
    names = order(html)
    assert names[:2] != []
    assert "Women&#x27;s Haven" in names
    assert "Tenants&#x27; Desk" not in names
    assert "Arabic" in html


def test_what_was_understood_can_be_taken_away(visitor: Client) -> None:
    html = results(visitor, text=BED)
    chips = re.findall(r'name="do" value="(remove\|[^"]*)"', html)
    kinds = {chip.split("|")[1] for chip in chips}
    assert {"need", "language"} <= kinds
    language = next(chip for chip in chips if chip.split("|")[1] == "language")
    after = results(visitor, text=BED, do=language.replace("&#x27;", "'"))
    assert not any("remove|language" in chip for chip in re.findall(r'value="(remove\|[^"]*)"', after))


def test_nothing_that_was_said_stands_in_an_address(visitor: Client) -> None:
    answer = visitor.post("/results/", {"text": BED, "fact.children": "true"})
    html = answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "same-origin"
    links = re.findall(r'(?:href|action|hx-post)="([^"]*)"', html)
    # whole words: the hexadecimal of an identifier may spell "bed"
    assert not any(re.search(r"\b(bed|children|fact|Arabic)\b", link) for link in links)
    assert visitor.cookies.get(settings.SESSION_COOKIE_NAME) is None
    assert not visitor.cookies


def test_facts_in_an_address_are_not_read(visitor: Client) -> None:
    html = visitor.get("/results/?text=bed&fact.violence=true&needs=emergency-shelter").content.decode()
    assert "fact.violence" not in html
    assert "Emergency shelter" in html


def test_danger_comes_before_everything(visitor: Client) -> None:
    html = results(visitor, text="he hits me")
    assert "tel:112" in html
    assert html.index("tel:112") < html.index('id="summary"')


def test_the_confidential_place_is_nowhere(visitor: Client, land: Territory) -> None:
    safe = Service.objects.get(code="safe-house")
    pages = [
        results(visitor, text="shelter", **{"fact.violence": "true"}),
        visitor.get(f"/service/{safe.uuid}/").content.decode(),
        visitor.get("/areas/harbour/").content.decode(),
        visitor.get("/sitemap.xml").content.decode(),
    ]
    assert all(SECRET_STREET not in page and "4.421" not in page for page in pages)
    assert "Confidential address" in pages[1]
    assert "<svg viewBox" not in pages[1]


def test_filters_are_cumulative_and_unknown_is_kept(visitor: Client) -> None:
    everything = order(results(visitor, needs="emergency-shelter"))
    free = order(results(visitor, needs="emergency-shelter", cost="free"))
    wheels = order(results(visitor, needs="emergency-shelter", cost="free", wheelchair="true"))
    assert set(wheels) <= set(free) <= set(everything)
    assert "Old Word" in free  # nobody knows its price


def test_an_answer_refines_the_list_and_a_refusal_stays_silent(visitor: Client) -> None:
    html = results(visitor, needs="emergency-shelter")
    assert 'id="next-question"' in html
    told = results(visitor, needs="emergency-shelter", do="say|fact.gender|man")
    assert "Women&#x27;s Haven" not in order(told.split("Would fit if")[0])
    silent = results(visitor, needs="emergency-shelter", do="say|declined|gender")
    assert order(silent) == order(html)


def test_one_question_a_screen_down_to_the_list(visitor: Client) -> None:
    fields: dict[str, Any] = {}

    def press(do: str, **more: str) -> str:
        answer = visitor.post("/questions/", {**fields, **more, "do": do})
        html = answer.content.decode()
        fields.clear()
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html):
            fields.setdefault(name, [])
            if value not in fields[name]:
                fields[name].append(value)
        return html

    assert "rather not say" not in visitor.get("/questions/").content.decode()
    assert "I do not know" in visitor.get("/questions/").content.decode()
    assert "Emergency shelter" in press("say|needs|housing")
    assert "Where are you" in press("say|needs|emergency-shelter")
    html = press("pick|area", picked="north")
    for _ in range(8):
        if 'id="orientation"' in html:
            break
        assert "rather not say" in html
        html = press(re.findall(r'class="unsure" name="do" value="([^"]*)"', html)[0])
    assert 'id="orientation"' in html
    assert "Open Door" in html
    back = press("back")
    assert 'class="question"' in back


def test_back_from_a_need_returns_to_its_branch(visitor: Client) -> None:
    html = visitor.post(
        "/questions/", {"needs": ["emergency-shelter"], "do": "back", "order": "needs=emergency-shelter"}
    ).content.decode()
    assert "Housing advice" in html


def test_the_language_changes_and_what_was_said_stays(visitor: Client) -> None:
    answer = visitor.post("/results/", {"text": "shelter", "cost": "free", "set_language": "nl"})
    html = answer.content.decode()
    assert '<html lang="nl" dir="ltr">' in html
    assert 'value="shelter"' in html
    assert answer.cookies["language"].value == "nl"
    assert '<html lang="nl"' in visitor.get("/").content.decode()


def test_the_browser_s_language_then_the_territory_s_is_spoken(land: Territory) -> None:
    assert '<html lang="nl"' in Client(headers={"accept-language": "nl-BE,en;q=0.5"}).get("/").content.decode()
    assert '<html lang="fr"' in Client(headers={"accept-language": "rn"}).get("/").content.decode()


def test_choosing_a_language_never_leads_elsewhere(visitor: Client) -> None:
    answer = visitor.post("/language/", {"set_language": "fr", "next": "https://evil.example/"})
    assert answer["Location"] == "/"
    assert visitor.post("/language/", {"set_language": "fr", "next": "/areas/"})["Location"] == "/areas/"


def test_the_page_of_a_service_says_everything_and_what_nobody_knows(visitor: Client, land: Territory) -> None:
    html = visitor.get(f"/service/{Service.objects.get(code='women-haven').uuid}/").content.decode()
    for words in (
        "all day and all night",
        "Arabic",
        "Free",
        "tel:+3220000000",
        "Wheelchair access not known",
        "20 minutes",
    ):
        assert words in html.replace("\xa0", " ")
    odd = visitor.get(f"/service/{Service.objects.get(code='old-word').uuid}/").content.decode()
    assert "le soir" in odd
    assert "has expired" in odd


def test_a_page_in_another_language_marks_what_is_not(visitor: Client, land: Territory) -> None:
    from maillage.directory.models import Text
    from maillage.directory.search.index import reindex

    service = Service.objects.get(code="tea-hour")
    Text.objects.filter(kind="service", object_id=service.pk, field="name").exclude(language="fr").delete()
    Text.objects.filter(kind="service", object_id=service.pk, field="name").update(status="machine")
    reindex(land, [service.pk])
    html = visitor.get(f"/service/{service.uuid}/").content.decode()
    assert '<span lang="fr" dir="auto">L&#x27;heure du thé</span>' in html
    assert "in French, translated by machine" in html


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/", 5),
        ("/help/", 5),
        ("/areas/", 7),
        ("/areas/north/", 7),
        ("/activities/", 7),
        ("/about/", 8),
        ("/questions/", 5),
    ],
)
def test_a_page_asks_the_database_little(visitor: Client, path: str, most: int) -> None:
    visitor.get(path)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert visitor.get(path).status_code == 200
    assert len(queries) <= most, [query["sql"][:120] for query in queries]


def test_results_ask_the_database_little(visitor: Client) -> None:
    visitor.post("/results/", {"text": BED})
    with CaptureQueriesContext(connection) as queries:
        visitor.post("/results/", {"text": BED})
    assert len(queries) <= 12, [query["sql"][:120] for query in queries]
