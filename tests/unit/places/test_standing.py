"""Where everybody stands: remembered and brought up to date, the same as judged from the first."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maillage.places import clock, standing
from maillage.places.clock import Event, Urgency
from maillage.places.standing import Line, Memory, Reasoned
from tests.beds import QUEUE_RULES
from tests.testland import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.beds import Beds

TIERS = QUEUE_RULES["tiers"]
MOMENTS = st.integers(-200, 5).map(lambda days: NOW + timedelta(days=days))
EVENTS = st.lists(
    st.builds(Event, st.sampled_from(["start", "pause", "resume", "stop"]), MOMENTS, st.sampled_from(["", "x", "y"])),
    max_size=5,
)
JUDGED = st.lists(st.builds(Urgency, st.sampled_from("abcd"), MOMENTS, st.none() | MOMENTS), max_size=3)
PEOPLE = st.lists(st.tuples(EVENTS, JUDGED, st.booleans()), min_size=1, max_size=8)


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    standing.forget()
    yield
    standing.forget()


def remembered(people: list[tuple[list[Event], list[Urgency], bool]], at: Any) -> tuple[Memory, list[Any]]:
    memory = Memory(1, QUEUE_RULES)
    rows = []
    for number, (events, judged, is_wronged) in enumerate(people, 1):
        line = Line(
            sorted(events, key=lambda one: one.at),
            sorted(Reasoned(one.made_at, n, one.tier, one.valid_until, ()) for n, one in enumerate(judged)),
        )
        line.judge(TIERS, at=at)
        memory.lines[number] = line
        memory.columns.put(number, line)
        rows.append((number, 100 - number, "", '[{"code": "wronged"}]' if is_wronged else "[]"))
    return memory, rows


def plain(people: list[tuple[list[Event], list[Urgency], bool]], at: Any) -> list[int]:
    """The order as the rules say it, judged from the first."""
    keys = []
    for number, (events, judged, is_wronged) in enumerate(people, 1):
        waited = clock.waited(events, at=at)
        tier = clock.tier_now(judged, TIERS, waited=waited, at=at)
        keys.append((not is_wronged, tier.index, -waited, 100 - number, number))
    return [key[-1] for key in sorted(keys)]


@given(PEOPLE)
def test_the_order_is_that_of_the_rules(people: Any) -> None:
    memory, rows = remembered(people, NOW)
    assert [rows[index][0] for index in memory.order(rows, lots={}, at=NOW)] == plain(people, NOW)


@given(PEOPLE, st.integers(1, 60 * 24 * 300))
def test_what_comes_due_is_judged_again(people: Any, minutes: int) -> None:
    memory, rows = remembered(people, NOW)
    later = NOW + timedelta(minutes=minutes)
    for key in memory.columns.due(later.timestamp()):
        memory.lines[key].judge(TIERS, at=later)
        memory.columns.put(key, memory.lines[key])
    assert [rows[index][0] for index in memory.order(rows, lots={}, at=later)] == plain(people, later)


def test_of_whom_nothing_is_written_stands_in_the_last_tier_with_no_time_waited() -> None:
    memory, rows = remembered([([Event("start", NOW - timedelta(days=1))], [], False)], NOW)
    rows = [(7, 1, "", "[]"), *rows]
    assert memory.order(rows, lots={}, at=NOW) == [1, 0]
    assert Memory(1, {}).order([(3, 2, "", "[]"), (4, 1, "", "[]")], lots={}, at=NOW) == [1, 0]
    unknown = memory.standing(rows[0], 2, at=NOW)
    assert (unknown.tier.code, unknown.days, unknown.reasons) == ("c", 0, ())


def test_in_a_draw_the_lot_decides_and_whoever_has_none_comes_after() -> None:
    memory = Memory(1, {"order": ["absolute", "tier", "lot"]})
    rows = [(1, 1, "", "[]"), (2, 2, "", "[]"), (3, 3, "", "[]")]
    assert memory.order(rows, lots={1: 2, 3: 1}, at=NOW) == [2, 0, 1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["pause", "resume", "assess"])), max_size=12))
def test_learned_piece_by_piece_is_learned_at_once(beds: Beds, steps: Any) -> None:
    from maillage.places.actions import waiting
    from maillage.places.models import Request

    people = [beds.carla, beds.bruno, beds.amina]
    for days, person in enumerate(people):
        if not Request.objects.filter(person=person).exists():
            waiting.ask(beds.queue, person, asked_by=beds.street, by="system:test", at=NOW - timedelta(days=days))
    requests = list(Request.objects.order_by("pk"))
    rows = [(one.pk, one.number, "", "[]") for one in requests]
    memory = Memory(beds.queue.pk, QUEUE_RULES)
    for n, (which, what) in enumerate(steps):
        at = NOW + timedelta(hours=n)
        if what == "assess":
            waiting.assess(requests[which], "a", ["violence"], by="system:test", at=at)
        elif what == "pause":
            waiting.pause(requests[which], "hospital", by="system:test", at=at)
        else:
            waiting.resume(requests[which], by="system:test", at=at)
        memory.learn(at=at)
    end = NOW + timedelta(days=9)
    memory.learn(at=end)
    fresh = Memory(beds.queue.pk, QUEUE_RULES)
    fresh.learn(at=end)
    assert [memory.standing(row, 1, at=end) for row in rows] == [fresh.standing(row, 1, at=end) for row in rows]
    assert memory.order(rows, lots={}, at=end) == fresh.order(rows, lots={}, at=end)


def test_few_lists_are_remembered_and_an_old_memory_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = standing.memory(1, "a", {})
    assert standing.memory(1, "a", {}) is first
    monkeypatch.setattr(Memory, "is_old", lambda self: True)
    assert standing.memory(1, "a", {}) is not first
    for number in range(standing.MOST_LISTS + 3):
        standing.memory(number, "b", {})
    assert len(standing._memories) == standing.MOST_LISTS


def test_who_stands_before_somebody_but_for_paused_clocks() -> None:
    started = Event("start", NOW - timedelta(days=9))
    people: Any = [
        ([started], [Urgency("a", NOW)], False),
        ([started, Event("pause", NOW - timedelta(days=1), "hospital")], [Urgency("b", NOW)], False),
        ([Event("start", NOW - timedelta(days=8))], [Urgency("b", NOW)], False),
        ([started], [], False),
    ]
    memory, rows = remembered(people, NOW)
    memory.learn = lambda *, at: None  # type: ignore[method-assign]
    assert standing.ahead(memory, rows, lots={}, key=4, at=NOW, most=9) == [1, 3]
    assert standing.ahead(memory, rows, lots={}, key=4, at=NOW, most=1) == [1]
    assert standing.ahead(memory, rows, lots={}, key=99, at=NOW, most=9) == []
