"""Figures for those who coordinate: use of the places, demand to come, signals; never a small number, never for others."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from maillage.orientation.models import UnmetNeed
from maillage.people.models import Membership, Person, Role, User
from maillage.places.models import Refusal, Stay
from tests.conftest import SINCE
from tests.pages.desk import signed_in
from tests.testland import NOW

TONIGHT = date(2026, 11, 20)
PAGES = (
    "/desk/use/",
    "/desk/use.csv",
    "/desk/demand/",
    "/desk/demand.csv",
    "/desk/signals/",
    "/desk/signals/services/?need=housing",
)


@pytest.fixture
def planner(beds, land):
    user = User.objects.create_user("coral@example.org", "a long enough sentence")
    Membership.objects.create(user=user, territory=land, role=Role.COORDINATOR, starts_at=SINCE)
    return signed_in(user)


@pytest.fixture
def nights(beds):
    """A hundred and sixty nights: thirty people in the dormitory, twelve for whom nothing was found."""
    for n in range(160):
        night = TONIGHT - timedelta(160 - n)
        Stay.objects.create(
            territory=beds.territory, group=beds.dormitory, people=30 + n % 5, from_on=night, until_on=night + timedelta(1),
            state="out", created_at=NOW, person=Person.objects.create(territory=beds.territory, alias=f"Guest {n}"),
        )  # fmt: skip
        Refusal.objects.create(
            territory=beds.territory, cause="no_place", people=12, need="emergency-shelter", area="north", public="families",
            at=datetime(night.year, night.month, night.day, 20, tzinfo=UTC),
        )  # fmt: skip


def rows(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_use_of_the_places_is_told_by_service_area_and_public(planner, beds, nights):
    page = planner.get("/desk/use/").content.decode()
    for said in (
        "Use of the places",
        "North End",
        "accredited",
        "half stay 1 night or less",
        "160 or more",
        "Open Door",
    ):
        assert said in page
    lines = rows(planner.get("/desk/use.csv"))
    assert {line["dimension"] for line in lines} == {"all", "service", "area", "public"}
    assert all(int(line["arrivals_at_least"] or 0) % 5 == 0 for line in lines)


def test_an_empty_house_and_strange_questions_are_answered(planner):
    assert "too few to say" in planner.get("/desk/use/").content.decode()
    for asked in (
        {"from": "2026-13", "to": "1999-01", "kind": "castle"},
        {"from": "2026-11", "to": "2024-01"},
        {"kind": "care"},
    ):
        assert planner.get("/desk/use/", asked).status_code == 200
    assert planner.get("/desk/use.csv", {"from": "2001-01", "to": "2026-11"}).status_code == 200


def test_on_the_first_day_of_a_month_that_month_has_no_night_yet(planner, cast, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 12, 1, 12, tzinfo=UTC))
    planner = signed_in(cast.dora)
    assert planner.get("/desk/use/", {"from": "2026-12", "to": "2026-12"}).status_code == 200


def test_demand_to_come_stands_with_its_band_and_what_the_band_was_worth(planner, nights):
    page = planner.get("/desk/demand/").content.decode()
    for said in (
        "In 7 days, 26 November",
        "In 30 days, 19 December",
        "measured: the band held",
        "it aims at 90",
        "Everyone",
    ):
        assert said in page
    assert "More people than open places are expected" in page  # three beds
    told = [line for line in rows(planner.get("/desk/demand.csv")) if line["expected"]]
    assert {line["night"] for line in told} == {"2026-11-26", "2026-12-19"}
    assert all(0.7 < float(line["coverage"]) <= 1 for line in told if line["night"] == "2026-11-26")


def test_too_little_history_is_said(planner, beds):
    assert "Too little history: no night is known yet" in planner.get("/desk/demand/").content.decode()
    for n in range(9):
        night = TONIGHT - timedelta(9 - n)
        Stay.objects.create(
            territory=beds.territory, group=beds.dormitory, people=30, from_on=night, until_on=night + timedelta(1), state="out",
            created_at=NOW, person=beds.bruno,
        )  # fmt: skip
    assert "Too little history: 20 nights more make a first forecast." in planner.get("/desk/demand/").content.decode()


@pytest.fixture
def rise(beds):
    for back, number in enumerate([3, 40, 10, 9, 11, 10, 8, 12, 10, 11, 9, 10]):
        UnmetNeed.objects.create(
            territory=beds.territory, need="emergency-shelter", area="north", cause="full", count=number,
            day=date(2026, 11, 17) - timedelta(7 * back),
        )  # fmt: skip


def test_a_signal_says_why_and_one_click_further_stands_what_exists(planner, rise):
    page = planner.get("/desk/signals/").content.decode()
    assert "40 or more in the week of 9 November; it was about 10 in the weeks before." in page
    link = re.search(r'href="(/desk/signals/services/[^"]*area=north[^"]*)"', page)[1].replace("&amp;", "&")
    there = planner.get(link).content.decode()
    assert "Emergency shelter – North End" in there
    assert " km" in there
    assert "Quiet Street" not in there
    missing = re.search(r'href="(/desk/unmet/[^"]*area=north[^"]*)"', page)[1].replace("&amp;", "&")
    assert "week of 9 November 2026" in planner.get(missing).content.decode()


def test_no_signal_is_said_and_a_need_that_does_not_exist_is_not_found(planner):
    assert "No need rises" in planner.get("/desk/signals/").content.decode()
    assert planner.get("/desk/signals/services/", {"need": "x", "area": "\x00"}).status_code == 404
    assert planner.get("/desk/signals/services/", {"need": "housing", "area": "mars"}).status_code == 200


def test_places_that_were_refused_are_missing_too(planner, nights):
    page = planner.get("/desk/unmet/", {"cause": "no_place"}).content.decode()
    assert "no place was free" in page
    lines = rows(planner.get("/desk/unmet.csv", {"by": "week", "public": "families"}))
    assert {line["code"] for line in lines if line["dimension"] == "cause"} == {"no_place"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", line["week"]) for line in lines)


@pytest.mark.parametrize("page", PAGES)
def test_only_coordinators_and_administrators_open_them(page, planner, beds, cast):
    assert planner.get(page).status_code == 200
    assert signed_in(cast.dora).get(page).status_code == 200
    for user in (beds.bob, beds.greta, cast.alice, cast.charlie):
        assert signed_in(user).get(page).status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_a_page_takes_few_queries(page, planner, nights, rise, django_assert_max_num_queries):
    planner.get(page)
    with django_assert_max_num_queries(15):
        planner.get(page)
