"""A record stays true

A directory dies of staleness. Its own people keep a record true on a telephone, a moderator of the territory decides, everything that changed
can be read and undone, and no feed writes over what a person decided.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from maillage.directory import queries, sheet
from maillage.directory.actions import capacity, editing
from maillage.directory.models import Service
from maillage.people.rules import NotAllowed
from tests.spec.conftest import Tell, names, of
from tests.testland import NOW

SOON = NOW + timedelta(hours=1)


@pytest.fixture
def door(tell: Tell, cast: Any) -> Service:
    Service.objects.filter(code="open-door").update(organization=cast.organization)
    return Service.objects.get(code="open-door")


def test_an_editor_proposes_and_a_moderator_accepts(door: Service, cast: Any) -> None:
    change = editing.propose(
        door, {"hours": {"raw": "tous les jours de 20h à 8h"}}, by=cast.alice, note="Winter", at=NOW
    )
    assert change.state == "proposed"
    assert sheet.read(door)["hours"]["osm"] == "Mo-Su 19:00-08:00"  # nothing has changed yet

    editing.accept(change, by=cast.dora, at=SOON)
    assert sheet.read(door)["hours"]["osm"] == "Mo-Su 20:00-08:00"
    assert [(line.field, line.by, line.source) for line in queries.history(door)] == [("hours", cast.dora, "desk")]


def test_what_was_accepted_by_mistake_is_undone_and_both_stay_in_the_history(door: Service, cast: Any) -> None:
    change = editing.propose(door, {"phones": []}, by=cast.dora, at=NOW)  # a moderator's own is accepted at once
    assert sheet.read(door)["phones"] == []
    editing.undo(change, by=cast.dora, at=SOON)
    assert sheet.read(door)["phones"] == [{"number": "+32 2 000 00 00", "description": ""}]
    assert [line.source for line in queries.history(door, field="phones")] == ["undo", "desk"]


def test_two_who_change_the_same_field_are_told(door: Service, cast: Any) -> None:
    change = editing.propose(door, {"cost": "paid"}, by=cast.alice, at=NOW)
    editing.propose(door, {"cost": "means-tested"}, by=cast.dora, at=NOW)
    with pytest.raises(editing.Conflict, match="Changed by somebody else since this was proposed: Price"):
        editing.accept(change, by=cast.dora, at=SOON)


def test_nobody_decides_about_a_house_that_is_not_theirs(door: Service, cast: Any) -> None:
    with pytest.raises(NotAllowed, match="Only the editors of this service's organisation"):
        editing.propose(door, {"cost": "paid"}, by=cast.charlie, at=NOW)


def test_room_is_said_without_waiting_and_nobody_is_sent_to_a_full_house(tell: Tell, door: Service, cast: Any) -> None:
    capacity.say(door, available=0, unit="bed", expires_at=NOW + timedelta(hours=12), by=cast.alice, at=NOW)
    answer = tell(needs=("emergency-shelter",), facts={"age": 30})
    assert of(answer, "Open Door").room_status == "no-capacity"
    assert names(answer)[0] != "Open Door"


def test_a_closure_is_announced_and_over_by_itself(tell: Tell, door: Service, cast: Any) -> None:
    capacity.close(door, NOW, NOW + timedelta(days=7), {"fr": "Travaux"}, by=cast.alice, at=NOW)
    found = of(tell(needs=("emergency-shelter",), facts={"age": 30}), "Open Door")
    assert found.is_open is False
    assert found.openness == "Temporarily closed until Nov. 27, 2026"
    assert found.card.closed_at(NOW + timedelta(days=8)) is None


def test_one_tap_says_that_it_is_all_still_true(tell: Tell, door: Service, cast: Any) -> None:
    editing.still_true(door, by=cast.alice, at=NOW)
    assert of(tell(needs=("emergency-shelter",), facts={"age": 30}), "Open Door").freshness == "Confirmed today"
