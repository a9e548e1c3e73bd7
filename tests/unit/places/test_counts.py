"""The count of a night: opened, told, closed; nobody is named, and a closed one never changes."""

from __future__ import annotations

from copy import deepcopy
from datetime import date

import pytest

from maillage.people.models import Membership, Role, Trace, User
from maillage.people.rules import NotAllowed
from maillage.places import counting
from maillage.places.actions import counts
from maillage.places.counting import NotCounted
from maillage.places.models import CountLine
from tests.conftest import SINCE
from tests.testland import NOW

NIGHT = date(2026, 11, 20)
METHOD = {
    "code": "ethos-light",
    "labels": {"en": "ETHOS Light"},
    "zone_level": "commune",
    "categories": [
        {"code": "public-space", "where": "both", "labels": {"en": "In public space"}},
        {"code": "hostel", "where": "service", "labels": {"en": "In a hostel"}},
    ],
}
ANNA = {"initials": "A.M.", "birth_year": 1980, "gender": "woman"}


@pytest.fixture
def coordinator(testland):
    testland.content["places"] = {"count_methods": [deepcopy(METHOD)]}
    testland.save()
    user = User.objects.create_user("coral@example.org", "a long enough sentence")
    Membership.objects.create(user=user, territory=testland, role=Role.COORDINATOR, starts_at=SINCE)
    return user


@pytest.fixture
def count(coordinator, beds):
    return counts.open_count(beds.territory, "ethos-light", held_on=NIGHT, by=coordinator, at=NOW)


@pytest.fixture
def tell(count, beds):
    def tell(by=None, zone="north", category="public-space", **said):
        return counts.tell(count, zone=zone, category=category, by=by or beds.greta, at=NOW, **said)

    return tell


def test_a_count_covers_the_areas_of_its_level(count):
    assert [zone["code"] for zone in count.zones] == ["harbour", "north", "south"]
    assert count.method_content["code"] == "ethos-light"
    assert len(count.salt) == 64


def test_only_those_who_lead_open_and_close(beds, coordinator, count):
    for user in (beds.bob, beds.greta):
        with pytest.raises(NotAllowed):
            counts.open_count(beds.territory, "ethos-light", held_on=date(2027, 1, 1), by=user, at=NOW)
        with pytest.raises(NotAllowed):
            counts.close(count, by=user, at=NOW)


def test_one_count_a_night_and_a_method_of_the_pack(beds, coordinator, count):
    with pytest.raises(NotCounted, match="open already"):
        counts.open_count(beds.territory, "ethos-light", held_on=NIGHT, by=coordinator, at=NOW)
    with pytest.raises(NotCounted, match="way of counting"):
        counts.open_count(beds.territory, "another", held_on=NIGHT, by=coordinator, at=NOW)
    beds.territory.content["places"]["count_methods"][0]["zone_level"] = ""
    with pytest.raises(NotCounted, match="zones"):
        counts.open_count(beds.territory, "ethos-light", held_on=date(2027, 1, 1), by=coordinator, at=NOW)
    typed = counts.open_count(
        beds.territory, "ethos-light", held_on=date(2027, 1, 1), zones=counting.zones_typed(["Canal"]), by=coordinator, at=NOW
    )  # fmt: skip
    assert typed.zones == [{"code": "z1", "label": "Canal"}]


def test_who_says_the_same_twice_is_counted_once(tell, count, beds):
    tell(**ANNA)
    tell(by=beds.hugo, zone="south", initials="am", birth_year=1980, gender="woman")
    tell(people=3)
    found = counting.total(counts.lines(count))
    assert (found.all.told, found.all.people, found.met_twice) == (5, 4, 1)


def test_nothing_that_was_said_is_kept_but_a_mark(tell, count):
    line = tell(**ANNA)
    kept = " ".join(str(value) for name, value in vars(line).items() if name not in {"mark", "uuid", "at"})
    trail = " ".join(str(data) for data in Trace.objects.values_list("data", flat=True))
    assert "1980" not in kept + trail
    assert len(line.mark) == 64
    assert line.mark not in trail


def test_a_mark_tells_nothing_about_another_count(tell, count, beds, coordinator):
    other = counts.open_count(beds.territory, "ethos-light", held_on=date(2027, 11, 20), by=coordinator, at=NOW)
    assert counts.mark(other, **ANNA) != tell(**ANNA).mark == counts.mark(count, **ANNA)


def test_a_service_tells_who_is_there_by_those_who_work_there(tell, count, beds, coordinator):
    line = tell(by=beds.bob, service=beds.shelter, category="hostel", people=120)
    assert (line.source, line.zone) == ("service", f"service:{beds.shelter.uuid}")
    tell(by=coordinator, service=beds.shelter, category="hostel", people=118)
    assert counting.total(counts.lines(count)).all.people == 120
    with pytest.raises(NotAllowed):
        tell(by=beds.greta, service=beds.shelter, category="hostel")
    with pytest.raises(NotCounted):
        tell(category="hostel")  # nobody sees a hostel in the street


def test_a_zone_that_is_not_walked_is_refused(tell):
    with pytest.raises(NotCounted, match="zone"):
        tell(zone="mars")


def test_a_mistake_is_taken_back_by_who_made_it(tell, beds, coordinator):
    first, second = tell(people=2), tell(people=3)
    with pytest.raises(NotAllowed):
        counts.take_back(first, by=beds.hugo, at=NOW)
    counts.take_back(first, by=beds.greta, at=NOW)
    counts.take_back(second, by=coordinator, at=NOW)
    assert not CountLine.objects.exists()


def test_a_closed_count_never_changes_and_forgets_how_its_marks_were_made(tell, count, coordinator, beds):
    line = tell(**ANNA)
    tell(by=beds.hugo, zone="south", **ANNA)
    before, mark = counting.total(counts.lines(count)).all, line.mark
    closed = counts.close(count, by=coordinator, at=NOW)
    assert closed.is_closed
    assert closed.salt == ""
    assert counting.total(counts.lines(count)).all == before
    assert not CountLine.objects.filter(mark=mark).exists()
    assert counts.mark(closed, **ANNA) not in set(CountLine.objects.values_list("mark", flat=True))
    for change in (
        lambda: tell(),
        lambda: counts.take_back(line, by=beds.greta, at=NOW),
        lambda: counts.close(count, by=coordinator, at=NOW),
    ):
        with pytest.raises(NotCounted, match="closed"):
            change()


def test_two_who_close_at_once_never_both_do(count, coordinator, monkeypatch):
    monkeypatch.setattr(counts, "_open", lambda count: count)
    counts.close(count, by=coordinator, at=NOW)
    with pytest.raises(NotCounted, match="closed"):
        counts.close(count, by=coordinator, at=NOW)


def test_a_command_may_count(beds, coordinator):
    count = counts.open_count(beds.territory, "ethos-light", held_on=NIGHT, by="system:test", at=NOW)
    line = counts.tell(count, zone="north", category="public-space", by="system:test", at=NOW)
    assert counts.lines(count)[0].teller == ""
    counts.take_back(line, by="system:test", at=NOW)
