"""Areas, activities and their calendars, the pages for machines, and what happens when something is wrong."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.test import Client
from icalendar import Calendar

from maillage.directory.models import Activity, Service
from maillage.territory.models import Territory

NOBODY = UUID(int=1)  # a fixed one: workers must collect the same tests
PAGES = (
    "/",
    "/help/",
    "/questions/",
    "/results/",
    "/activities/",
    "/areas/",
    "/areas/north/",
    "/guides/",
    "/library/",
    "/about/",
    "/accessibility/",
    "/privacy/",
)


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_speaks_each_language_and_says_that_the_offer_is_fictional(
    land: Territory, path: str, language: str
) -> None:
    html = Client(headers={"accept-language": language}).get(path).content.decode()
    assert f'<html lang="{language}" dir="ltr">' in html
    assert 'class="fiction"' in html
    assert 'id="leave"' in html
    assert 'name="set_language"' in html


def test_a_real_territory_does_not_say_that_it_is_fictional(land: Territory, visitor: Client) -> None:
    Territory.objects.update(has_fiction=False)
    assert 'class="fiction"' not in visitor.get("/").content.decode()


def test_the_tile_map_and_its_table_say_the_same(visitor: Client) -> None:
    html = visitor.get("/areas/").content.decode()
    assert "North End: 5 services" in html
    assert html.count('class="level-') >= 3
    assert '<a href="/areas/north/">North End</a></th><td class="number-cell">5</td>' in html


def test_the_offer_of_an_area_is_listed_by_need(visitor: Client) -> None:
    html = visitor.get("/areas/south/").content.decode()
    assert "?need=housing" in html
    narrowed = visitor.get("/areas/south/?need=housing-advice").content.decode()
    assert "Tenants&#x27; Desk" in narrowed
    assert "Tea Hour" not in narrowed


def test_real_boundaries_replace_the_tiles(visitor: Client, land: Territory) -> None:
    from maillage.territory.models import Area

    for index, area in enumerate(Area.objects.filter(level="commune")):
        west = 4.3 + index / 10
        square = [[[west, 50.8], [west + 0.1, 50.8], [west + 0.1, 50.9], [west, 50.9], [west, 50.8]]]
        area.boundary, area.bounds = {"type": "Polygon", "coordinates": square}, [west, 50.8, west + 0.1, 50.9]
        area.save()
    html = visitor.get("/areas/").content.decode()
    assert "kind-boundaries" in html


def test_a_week_shows_what_takes_place_in_it(visitor: Client) -> None:
    html = visitor.get("/activities/").content.decode()
    assert "From 20 November to Nov. 26, 2026" in html
    assert "Tea Hour" in html
    assert "14:00 to 16:00" in html
    assert "Tea Hour" not in visitor.get("/activities/?need=housing").content.decode()
    assert "Tea Hour" in visitor.get("/activities/?need=company&area=south&free=1&week=2027-01-06").content.decode()
    assert "Tea Hour" not in visitor.get("/activities/?week=2026-10-01").content.decode()


def test_an_excluded_or_cancelled_date_is_told(visitor: Client, land: Territory) -> None:
    Activity.objects.update(excluded=["2026-11-25"])
    assert "Tea Hour" not in visitor.get("/activities/").content.decode()
    Activity.objects.update(excluded=[], is_cancelled=True)
    assert "Cancelled" in visitor.get("/activities/").content.decode()


def test_what_lifts_an_obstacle_is_found_without_an_address_telling_it(visitor: Client) -> None:
    answer = visitor.post("/activities/", {"obstacle": ["mobility"]})
    assert "The Ride" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"


def test_a_feed_is_a_calendar_that_others_can_read(visitor: Client, land: Territory) -> None:
    Activity.objects.update(excluded=["2026-11-25"], until=date(2027, 1, 31))
    answer = visitor.get("/activities/feed.ics?need=company")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.content)
    (event,) = calendar.walk("VEVENT")
    assert event["SUMMARY"] == "[fictional] Tea Hour"
    assert event["RRULE"]["FREQ"] == ["WEEKLY"]
    assert event["DTSTART"].dt.isoformat() == "2026-11-04T14:00:00+01:00"
    assert calendar.walk("VTIMEZONE")
    one = Activity.objects.get()
    assert Calendar.from_ical(visitor.get(f"/activities/{one.uuid}.ics").content).walk("VEVENT")
    assert not Calendar.from_ical(visitor.get("/activities/feed.ics?need=health").content).walk("VEVENT")


def test_a_hidden_service_has_no_page_no_feed_no_place_in_the_sitemap(visitor: Client, land: Territory) -> None:
    Territory.objects.update(has_fiction=False)
    Service.objects.filter(code="tea-hour").update(visibility="hidden")
    service = Service.objects.get(code="tea-hour")
    assert str(service.uuid) not in visitor.get("/sitemap.xml").content.decode()
    assert visitor.get(f"/activities/{Activity.objects.get().uuid}.ics").status_code == 404
    assert "Tea Hour" not in visitor.get("/activities/").content.decode()
    assert visitor.get(f"/service/{service.uuid}/").status_code == 404


def test_a_fictional_offer_stays_out_of_search_engines(visitor: Client, land: Territory) -> None:
    assert "Disallow: /\n" in visitor.get("/robots.txt").content.decode()
    Territory.objects.update(has_fiction=False)
    assert "Sitemap: http://testserver/sitemap.xml" in visitor.get("/robots.txt").content.decode()
    assert visitor.get("/manifest.webmanifest").json()["short_name"] == "Maillage"


def test_about_counts_and_names_sources(visitor: Client) -> None:
    html = visitor.get("/about/").content.decode()
    assert "<b>11</b>" in html
    assert "Written for the tests" in html


@pytest.mark.parametrize(
    "path", ["/nowhere", f"/service/{NOBODY}/", "/areas/nowhere/", f"/activities/{NOBODY}.ics", "/service/x/"]
)
def test_what_does_not_exist_is_said_in_a_sentence(visitor: Client, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert "This page does not exist" in answer.content.decode()


def test_ten_megabytes_in_the_address_are_refused_with_a_sentence(visitor: Client) -> None:
    answer = visitor.get("/results/", QUERY_STRING="text=" + "a" * 10_000_000)
    assert answer.status_code == 414
    assert "too long" in answer.content.decode()


def test_ten_megabytes_in_a_form_are_refused_with_a_sentence(visitor: Client) -> None:
    answer = visitor.post("/results/", "text=" + "a" * 10_000_000, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413
    assert "larger than we can read" in answer.content.decode()


def test_too_many_fields_are_refused_with_a_sentence(visitor: Client) -> None:
    answer = visitor.post(
        "/results/", "&".join(f"a{n}=1" for n in range(1000)), content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 400
    assert "do not understand" in answer.content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"needs": "nowhere"},
        {"area": "nowhere", "text": "shelter"},
        {"languages": ["xx", "ar"]},
        {"point": "north pole"},
        {"point": "500,500"},
        {"radius_km": "-3"},
        {"radius_km": "a lot"},
        {"fact.age": "minus one"},
        {"fact.nothing": "true"},
        {"fact.": "x"},
        {"window": "yesterday", "needs": "emergency-shelter"},
        {"cost": "gold"},
        {"wheelchair": "perhaps"},
        {"after": "not a cursor", "start": "-1", "needs": "housing"},
        {"after": "\x00" * 50, "start": "9" * 50, "needs": "housing"},
        {"do": "say|needs|nowhere"},
        {"do": "remove|x|y|z"},
        {"do": "relax|fact:x|"},
        {"do": "number|fact.age", "number": "NaN"},
        {"do": "say|text|<script>alert(1)</script>"},
        {"text": "\x00\ud83d\ude00 <script>alert(1)</script> ' OR 1=1 -- \u202e"},
        {"text": '"*(' * 300},
        {"text": "a" * 100_000},
        {"order": "x\n" * 5_000, "text": "bed"},
        {"needs": [f"n{n}" for n in range(200)]},
        {"set_language": "xx"},
    ],
)
@pytest.mark.parametrize("path", ["/results/", "/questions/"])
def test_wrong_or_hostile_values_get_a_page_never_an_error(visitor: Client, path: str, fields: dict[str, Any]) -> None:
    body = urlencode(fields, doseq=True, errors="replace")
    answer = visitor.post(path, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_what_could_not_be_read_is_told(visitor: Client) -> None:
    html = visitor.post("/results/", {"text": "shelter", "area": "nowhere"}).content.decode()
    assert "We left out what we could not read" in html
    assert "nowhere" in html


@pytest.mark.parametrize(
    "query",
    [
        "week=yesterday",
        "week=9999-99-99",
        "week=0001-01-01",
        "need=x&area=y",
        "need=%00",
        "week=2026-11-30%00",
        "after=-1",
        "after=x",
    ],
)
def test_odd_addresses_get_a_page(visitor: Client, query: str) -> None:
    for path in ("/activities/", "/activities/feed.ics", "/areas/north/", "/results/"):
        assert visitor.get(f"{path}?{query}").status_code == 200


def test_hostile_text_of_a_service_is_shown_not_run(visitor: Client, land: Territory) -> None:
    from maillage.directory.models import Text
    from maillage.directory.search.index import reindex

    service = Service.objects.get(code="tea-hour")
    Text.objects.filter(kind="service", object_id=service.pk).update(value="<script>alert(1)</script><b>tea</b>")
    Service.objects.filter(pk=service.pk).update(url="javascript:alert(1)")
    reindex(land, [service.pk])
    pages = [
        visitor.get(f"/service/{service.uuid}/").content.decode(),
        visitor.post("/results/", {"needs": "company"}).content.decode(),
        visitor.get("/activities/").content.decode(),
    ]
    assert all("<script>alert" not in page and "javascript:" not in page for page in pages)


def test_a_form_that_has_grown_old_says_so(land: Territory) -> None:
    answer = Client(enforce_csrf_checks=True, headers={"accept-language": "en"}).post(
        "/accounts/login/", {"login": "x", "password": "y"}
    )
    assert answer.status_code == 403
    assert "grown too old" in answer.content.decode()
    assert Client(enforce_csrf_checks=True).post("/results/", {"text": "bed"}).status_code == 200


def test_a_broken_page_still_answers(land: Territory, monkeypatch: pytest.MonkeyPatch) -> None:
    from maillage.web.presenters import emergency

    monkeypatch.setattr(emergency, "flags", lambda words: 1 / 0)
    answer = Client(raise_request_exception=False, headers={"accept-language": "nl"}).get("/help/")
    assert answer.status_code == 500
    assert '<html lang="nl"' in answer.content.decode()


def test_an_empty_site_says_what_to_do(db: None) -> None:
    for path in ("/", "/results/", "/areas/", "/activities/", "/questions/", "/about/"):
        answer = Client(headers={"accept-language": "en"}).get(path)
        assert answer.status_code == 503
        assert "maillage demo" in answer.content.decode()
    assert Client().get("/robots.txt").status_code == 200


def test_no_page_carries_a_style_or_a_script_inline(visitor: Client) -> None:
    import re

    for path in (*PAGES, "/accounts/login/"):
        html = visitor.get(path).content.decode()
        assert " style=" not in html
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", html)
        assert " onclick=" not in html
