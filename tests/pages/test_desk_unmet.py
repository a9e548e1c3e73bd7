"""What was missing, as those who plan see it: never below the smallest cell, in the page, the map, the curve and the CSV."""

from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from django.test import Client

from maillage.orientation.actions import unmet as actions
from maillage.people.models import Membership, Role, User
from maillage.territory.models import Territory
from tests.conftest import SINCE

PAGE, TABLE = "/desk/unmet/", "/desk/unmet.csv"


@pytest.fixture
def planner(land: Territory) -> Client:
    user = User.objects.create_user("plan@example.org", "a long enough sentence")
    Membership.objects.create(user=user, territory=land, role=Role.COORDINATOR, starts_at=SINCE)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def miss(land: Territory, times: int, need: str, area: str, cause: str = "empty", without: str = "") -> None:
    for _ in range(times):
        actions.count_unmet(land, cause, needs=[need], area=area, without=without, on=date(2026, 11, 3))


def test_the_page_tells_need_area_cause_what_was_needed_and_the_offer_beside_it(planner, land):
    miss(land, 12, "emergency-shelter", "north", without="window")
    page = planner.get(PAGE).content.decode()
    for said in ("10 or more", "Housing", "North End", "nothing found", "the moment", " free (", "November 2026"):
        assert said in page
    inside = planner.get(PAGE, {"need": "housing", "area": "north"}).content.decode()
    assert "Emergency shelter" in inside
    assert "nearest at" in inside


def test_nothing_below_the_smallest_cell_leaves_in_any_channel(planner, land):
    miss(land, 4, "psychologist", "south", cause="full")
    miss(land, 7, "emergency-shelter", "north")
    page = planner.get(PAGE).content.decode()
    numbers = [int(n) for n in re.findall(r"(\d+) or more", page)]
    assert numbers
    assert all(number % 5 == 0 for number in numbers)
    rows = list(csv.DictReader(io.StringIO(planner.get(TABLE).content.decode("utf-8-sig"))))
    assert {row["at_least"] for row in rows} == {"", "5", "10"}
    assert not {row["code"] for row in rows} & {"psychologist", "health", "south", "full"}  # not even that there is one


def test_an_empty_period_says_so_and_strange_questions_are_answered(planner, land):
    assert "Nothing that can be shown" in planner.get(PAGE).content.decode()
    strange = {"need": "no-such", "area": "\x00", "cause": "x", "public": "y", "from": "2026-13", "to": "1999-01"}
    assert planner.get(PAGE, strange).status_code == 200
    assert planner.get(PAGE, {"from": "2026-11", "to": "2024-01"}).status_code == 200


def test_a_name_that_looks_like_a_formula_is_harmless_in_the_csv(planner, land):
    miss(land, 5, "=cmd()", "north")
    cells = [cell for row in csv.reader(io.StringIO(planner.get(TABLE).content.decode("utf-8-sig"))) for cell in row]
    assert "'=cmd()" in cells
    assert not any(cell.startswith("=") for cell in cells)


def test_the_page_takes_few_queries(planner, land, django_assert_max_num_queries):
    miss(land, 12, "emergency-shelter", "north")
    planner.get(PAGE)
    with django_assert_max_num_queries(9):  # session, person, roles, territory; counts, places, boundaries
        planner.get(PAGE)


def test_only_those_who_plan_see_it(client, cast):
    client.force_login(cast.alice)
    assert client.get(PAGE).status_code == 403
    client.force_login(cast.charlie)
    assert client.get(TABLE).status_code == 403
    client.force_login(cast.dora)
    assert client.get(PAGE).status_code == 200
