"""What the database itself refuses, whatever a program forgets: the same on SQLite (triggers) and PostgreSQL (constraints)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from maillage.places.models import (
    AllocationLine,
    AllocationRun,
    ClockEvent,
    GroupNight,
    Occupant,
    RuleSet,
    Stay,
)
from tests.beds import Beds
from tests.testland import NOW

DAY = date(2026, 11, 20)
MEETING = {"held", "in", "out"}
STATES = st.sampled_from(["held", "in", "out", "no_show", "cancelled"])
NIGHTS = st.tuples(st.integers(0, 6), st.one_of(st.none(), st.integers(0, 4)))
Nights = tuple[int, int | None]


def dates(nights: Nights) -> dict[str, Any]:
    start, length = nights
    first = DAY + timedelta(days=start)
    return {"from_on": first, "until_on": None if length is None else first + timedelta(days=length)}


def meet(one: Nights, other: Nights) -> bool:
    """By the definition: some night belongs to both."""
    far = 50
    these, those = (set(range(start, far if length is None else start + length)) for start, length in (one, other))
    return bool(these & those)


def stay(beds: Beds, person: Any, place: Any, nights: Nights, state: str) -> Stay:
    """As a careless program would write it: nothing is looked at before."""
    made = Stay.objects.create(
        territory=beds.territory, group=beds.women, place=place, person=person, state=state, created_at=NOW, **dates(nights)
    )  # fmt: skip
    Occupant.objects.create(stay=made, person=person, state=state, **dates(nights))
    return made


def refused(act: Any) -> bool:
    try:
        with transaction.atomic():
            act()
    except IntegrityError:
        return True
    return False


def test_every_refusal_is_there_after_all_migrations(db: None) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'places_%'")
            wanted = {
                f"{name}_{verb}"
                for name in ("stay_never_meets_another", "person_never_in_two_places")
                for verb in ("insert", "update")
            }
        else:
            cursor.execute("SELECT conname FROM pg_constraint UNION SELECT tgname FROM pg_trigger")
            wanted = {"stay_never_meets_another", "person_never_in_two_places"}
        there = {name for (name,) in cursor.fetchall()}
    frozen = {f"places_{table}_is_frozen" for table in ("allocationrun", "allocationline", "clockevent", "ruleset")}
    assert wanted | frozen <= there


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NIGHTS, STATES, NIGHTS, STATES, st.booleans())
@example((0, 1), "held", (1, 1), "held", False)  # one leaves in the morning, the other comes in the evening
@example((0, None), "in", (3, 0), "out", True)  # came and left on one evening: no night
def test_two_stays_never_meet_in_a_place_nor_for_a_person(
    beds: Beds, one: Nights, first: str, other: Nights, second: str, same_person: bool
) -> None:
    with transaction.atomic():
        stay(beds, beds.carla, beds.places[0], one, first)
        person, place = (beds.carla, beds.places[1]) if same_person else (beds.amina, beds.places[0])
        expected = meet(one, other) and {first, second} <= MEETING
        expected = expected or (first == second == "in")  # who is still there is there, whatever the dates
        assert refused(lambda: stay(beds, person, place, other, second)) == expected
        transaction.set_rollback(True)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NIGHTS, NIGHTS, STATES, st.sampled_from(["place", "state", "dates"]))
def test_a_change_is_refused_as_a_new_stay_would_be(
    beds: Beds, one: Nights, other: Nights, state: str, what: str
) -> None:
    with transaction.atomic():
        stay(beds, beds.carla, beds.places[0], one, "held")
        start: Nights = (-30, 1) if what == "dates" else other
        moved = stay(beds, beds.amina, beds.places[what == "place"], start, "cancelled" if what == "state" else state)
        change = {
            "place": {"place": beds.places[0]},
            "state": {"state": state},
            "dates": dates(other),
        }[what]
        expected = meet(one, other) and state in MEETING
        assert refused(lambda: Stay.objects.filter(pk=moved.pk).update(**change)) == expected
        transaction.set_rollback(True)


def test_a_dormitory_is_never_overfull(beds: Beds) -> None:
    night = GroupNight.objects.create(group=beds.dormitory, night=DAY, beds=3, used=3)
    assert refused(lambda: GroupNight.objects.filter(pk=night.pk).update(used=4))
    assert refused(lambda: GroupNight.objects.filter(pk=night.pk).update(beds=2))
    assert refused(lambda: GroupNight.objects.create(group=beds.dormitory, night=DAY, beds=9))


def test_nobody_is_present_in_two_places_even_on_nights_that_do_not_meet(beds: Beds) -> None:
    stay(beds, beds.carla, beds.places[0], (0, 1), "in")
    assert refused(lambda: stay(beds, beds.carla, beds.places[1], (4, 1), "in"))
    assert refused(lambda: stay(beds, beds.amina, beds.places[0], (4, 1), "in"))


def test_a_stay_ends_after_it_begins_and_is_of_somebody(beds: Beds) -> None:
    wrong = {"territory": beds.territory, "group": beds.women, "person": beds.carla, "created_at": NOW}
    assert refused(lambda: Stay.objects.create(from_on=DAY, until_on=DAY - timedelta(days=1), **wrong))
    assert refused(lambda: Stay.objects.create(from_on=DAY, people=0, **wrong))


def test_what_was_decided_is_never_changed(beds: Beds) -> None:
    run = AllocationRun.objects.create(
        waiting_list=beds.queue, rules=beds.rules, rules_hash="0", snapshot=b"1", snapshot_hash="2", engine="3",
        result_hash="4", started_at=NOW,
    )  # fmt: skip
    line = AllocationLine.objects.create(run=run, number=1, rank=1, outcome="placed")
    event = ClockEvent.objects.create(
        request=beds.queue.requests.create(number=1, person=beds.carla, asked_at=NOW),
        kind="start",
        at=NOW,
        reason="asked for",
    )
    changes: list[tuple[Any, Any, dict[str, Any]]] = [
        (AllocationRun, run, {"snapshot": b"9"}), (AllocationRun, run, {"seed": "9"}), (AllocationLine, line, {"rank": 2}),
        (AllocationLine, line, {"certificate": {"a": 1}}), (ClockEvent, event, {"at": NOW + timedelta(days=1)}),
        (RuleSet, beds.rules, {"content": {}}),
    ]  # fmt: skip
    for table, row, change in changes:
        with pytest.raises(DatabaseError, match="not changed"), transaction.atomic():
            table.objects.filter(pk=row.pk).update(**change)
