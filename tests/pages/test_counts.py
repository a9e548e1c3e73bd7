"""The count of a night on pages: opened at a desk, told in the street, totals that name nobody."""

from __future__ import annotations

import csv
import io
import re
from copy import deepcopy
from datetime import date

import pytest

from maillage.people.models import Membership, Role, User
from maillage.places.actions import counts
from maillage.places.models import Count, CountLine
from tests.conftest import SINCE
from tests.pages.desk import signed_in
from tests.testland import NOW
from tests.unit.places.test_counts import METHOD

ONE = {"category": "public-space", "people": "1"}


@pytest.fixture
def coral(beds, land):
    land.content["places"] = {"count_methods": [deepcopy(METHOD)]}
    land.save()
    user = User.objects.create_user("coral@example.org", "a long enough sentence")
    Membership.objects.create(user=user, territory=land, role=Role.COORDINATOR, starts_at=SINCE)
    return user


@pytest.fixture
def count(coral, land):
    return counts.open_count(land, "ethos-light", held_on=date(2026, 11, 20), by=coral, at=NOW)


@pytest.fixture
def street(count, beds):
    return signed_in(beds.greta), f"/desk/counts/{count.uuid}/zones/north/"


def test_a_coordinator_opens_a_count_and_everyone_who_helps_finds_it(coral, beds):
    desk = signed_in(coral)
    answer = desk.post(
        "/desk/counts/", {"method": "ethos-light", "held_on": "2026-11-20", "zones": "Midi\nCanal"}, follow=True
    )
    assert "Midi" in answer.content.decode()
    page = signed_in(beds.greta).get("/desk/counts/").content.decode()
    assert "Count of 20 November 2026" in page
    assert "Open a count" not in page
    again = desk.post("/desk/counts/", {"method": "ethos-light", "held_on": "2026-11-20"})
    assert "open already" in again.content.decode()
    assert (
        signed_in(beds.greta).post("/desk/counts/", {"method": "ethos-light", "held_on": "2026-11-21"}).status_code
        == 404
    )


def test_in_the_street_a_press_adds_somebody_and_a_repeated_press_nobody(street):
    client, path = street
    page = client.get(path).content.decode()
    key = re.search(r'name="once" value="([^"]+)"', page)[1]
    for _ in range(2):
        answer = client.post(path, {**ONE, "people": "3", "once": key}, follow=True)
    assert CountLine.objects.get().people == 3
    page = answer.content.decode()
    assert "3 people added." in page
    assert "3 people told by you here" in page


def test_what_somebody_says_becomes_a_mark_and_is_on_no_page(street, count, coral):
    client, path = street
    for _ in range(2):
        page = client.post(
            path, {**ONE, "initials": "QX", "birth_year": "1961", "gender": "man"}, follow=True
        ).content.decode()
    page = re.sub(r'value="[\w-]{22,}"', "", page)  # keys made by chance may hold any two letters
    assert "known again by what they said" in page
    assert "QX" not in page
    assert "1961" not in page
    found = counts.counting.total(counts.lines(count))
    assert (found.all.told, found.all.people) == (2, 1)


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(street):
    client, path = street
    answer = client.post(path, {**ONE, "people": "2", "initials": "QX", "birth_year": "1961", "gender": "man"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "write a line for each" in page
    assert 'value="QX"' in page
    assert "<details open>" in page
    assert client.post(path, {**ONE, "category": "hostel"}).status_code == 400
    assert client.post(path, {**ONE, "initials": "a\x00b"}).status_code == 400


def test_a_mistake_is_taken_back_by_who_made_it_only(street, count, beds):
    client, path = street
    client.post(path, ONE)
    line = CountLine.objects.get()
    other = signed_in(beds.hugo)
    assert other.post(f"/desk/counts/{count.uuid}/take-back/", {"line": line.pk}).status_code == 404
    for wrong in ("", "x", "9" * 30):
        assert client.post(f"/desk/counts/{count.uuid}/take-back/", {"line": wrong}).status_code == 404
    assert client.post(f"/desk/counts/{count.uuid}/take-back/", {"line": line.pk}).headers["Location"] == path
    assert not CountLine.objects.exists()


def test_nobody_reads_what_another_telephone_told(street, count, beds):
    client, path = street
    client.post(path, {**ONE, "people": "7"})
    page = signed_in(beds.hugo).get(path).content.decode()
    assert "told by you" not in page
    assert "7 people" not in page


def test_a_service_is_told_of_by_those_who_work_there(count, beds, coral):
    path = f"/desk/counts/{count.uuid}/services/{beds.shelter.uuid}/"
    assert signed_in(beds.greta).get(path).status_code == 404
    bob = signed_in(beds.bob)
    assert path in bob.get(f"/desk/counts/{count.uuid}/").content.decode()
    assert "In a hostel" in bob.get(path).content.decode()
    assert bob.post(path, {"category": "hostel", "people": "120"}).status_code == 302
    assert signed_in(coral).post(path, {"category": "hostel", "people": "118"}).status_code == 302
    assert counts.counting.total(counts.lines(count)).all.people == 120


def test_totals_with_and_without_double_counting_show_no_small_number(count, beds, coral, street):
    counts.tell(count, zone="north", category="public-space", people=12, by=beds.greta, at=NOW)
    counts.tell(count, zone="north", category="public-space", people=11, by=beds.hugo, at=NOW)
    counts.tell(count, zone="south", category="public-space", people=3, by=beds.hugo, at=NOW)
    desk, path = signed_in(coral), f"/desk/counts/{count.uuid}/totals/"
    page = desk.get(path).content.decode()
    assert "15 or more" in page
    assert "25 or more" in page
    numbers = [int(n) for n in re.findall(r"(\d+) or more", page)]
    assert all(number % 5 == 0 for number in numbers)
    lines = list(
        csv.DictReader(io.StringIO(desk.get(f"/desk/counts/{count.uuid}/totals.csv").content.decode("utf-8-sig")))
    )
    south = next(line for line in lines if line["code"] == "south")
    assert (south["people_at_least"], south["told_at_least"]) == ("", "")
    assert signed_in(beds.greta).get(path).status_code == 403


def test_a_closed_count_takes_nothing_more(count, coral, street):
    client, path = street
    desk = signed_in(coral)
    assert "closed" in desk.post(f"/desk/counts/{count.uuid}/totals/", follow=True).content.decode()
    assert Count.objects.get().is_closed
    assert client.post(path, ONE).status_code == 400
    assert "This count is closed" in client.get(path).content.decode()
    assert "Choose your zone" not in client.get(f"/desk/counts/{count.uuid}/").content.decode()
    assert "closed" in desk.post(f"/desk/counts/{count.uuid}/totals/", follow=True).content.decode()
    assert CountLine.objects.count() == 0


def test_a_zone_or_a_count_that_is_none_is_not_found(street, count):
    client, _path = street
    assert client.get(f"/desk/counts/{count.uuid}/zones/mars/").status_code == 404
    assert client.get("/desk/counts/00000000-0000-0000-0000-000000000001/").status_code == 404


def test_an_editor_counts_nobody(count, cast):
    assert signed_in(cast.alice).get("/desk/counts/").status_code == 403
