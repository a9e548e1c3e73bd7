"""How long somebody has waited: pauses that overlap, nights when the clocks change, ageing. One property for each promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from maillage.places import clock
from maillage.places.clock import PAUSE, PAUSED, RESUME, RUNNING, START, STOP, STOPPED, Event, Urgency
from tests.beds import QUEUE_RULES

BRUSSELS = ZoneInfo("Europe/Brussels")
DAY = timedelta(days=1)
T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIERS = QUEUE_RULES["tiers"]

events = st.lists(
    st.builds(
        Event,
        kind=st.sampled_from([START, PAUSE, RESUME, STOP]),
        at=st.integers(0, 40).map(lambda hours: T0 + timedelta(hours=hours)),
        reason=st.sampled_from(["hospital", "declined", ""]),
    ),
    max_size=9,
)


def at(day: float) -> datetime:
    return T0 + timedelta(days=day)


def test_an_hour_waited_is_an_hour() -> None:
    assert clock.waited([Event(START, at(0))], at=at(3.5)) == timedelta(days=3.5)
    assert clock.waited([Event(START, at(0))], at=at(0)) == timedelta(0)
    assert clock.waited([], at=at(9)) == timedelta(0)


def test_a_pause_does_not_count_and_says_why() -> None:
    told = [Event(START, at(0)), Event(PAUSE, at(2), "hospital"), Event(RESUME, at(5), "hospital")]
    assert clock.waited(told, at=at(7)) == 4 * DAY
    assert clock.now(told, at=at(3)) == (PAUSED, ("hospital",))
    assert clock.now(told, at=at(5)) == (RUNNING, ())
    assert not clock.running(told, at=at(4))
    assert clock.running(told, at=at(6))


def test_two_pauses_that_overlap_end_with_the_last() -> None:
    told = [
        Event(START, at(0)), Event(PAUSE, at(2), "hospital"), Event(PAUSE, at(4), "away"),
        Event(RESUME, at(6), "hospital"), Event(RESUME, at(8), "away"),
    ]  # fmt: skip
    assert clock.waited(told, at=at(10)) == 4 * DAY
    assert clock.now(told, at=at(5)) == (PAUSED, ("hospital", "away"))
    assert clock.now(told, at=at(7)) == (PAUSED, ("away",))
    without = [one for one in told if one.reason != "away"]
    assert clock.waited([*without, Event(RESUME, at(3), "nobody paused for this")], at=at(10)) == 9 * DAY


def test_the_end_of_a_pause_may_be_said_in_advance() -> None:
    told = [Event(START, at(0)), Event(PAUSE, at(1), "declined"), Event(RESUME, at(61), "declined")]
    assert clock.waited(told, at=at(60)) == DAY
    assert clock.waited(told, at=at(62)) == 2 * DAY


def test_what_was_waited_before_a_stop_is_kept() -> None:
    told = [Event(START, at(0)), Event(STOP, at(10), "placed"), Event(START, at(20))]
    assert clock.now(told, at=at(15)) == (STOPPED, ("placed",))
    assert clock.waited(told, at=at(21)) == 11 * DAY


def test_the_night_when_clocks_change_is_a_night() -> None:
    for start, end in ((datetime(2026, 3, 20, 12), datetime(2026, 3, 30, 12)), (datetime(2026, 10, 20, 12), datetime(2026, 10, 30, 12))):  # fmt: skip
        since, now = start.replace(tzinfo=BRUSSELS), end.replace(tzinfo=BRUSSELS)
        assert clock.days([Event(START, since)], at=now, zone=BRUSSELS) == 10
    spring = datetime(2026, 3, 29, 0, tzinfo=BRUSSELS)
    noon = datetime(2026, 3, 29, 12, tzinfo=BRUSSELS)
    assert clock.waited([Event(START, spring)], at=noon) == timedelta(hours=11)
    paused = [Event(START, at(0)), Event(PAUSE, at(1), "hospital")]
    assert clock.days(paused, at=at(60), zone=BRUSSELS) == 1
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=BRUSSELS)  # this hour comes twice
    later = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=BRUSSELS)
    assert clock.days([Event(START, twice)], at=later, zone=BRUSSELS) == 0


def test_a_year_with_a_leap_day_is_a_day_longer() -> None:
    since, now = datetime(2028, 2, 28, 12, tzinfo=UTC), datetime(2028, 3, 1, 12, tzinfo=UTC)
    assert clock.days([Event(START, since)], at=now, zone=UTC) == 2


@given(events, st.integers(0, 60), st.integers(0, 60))
def test_waiting_never_shrinks_and_is_never_longer_than_the_time_that_passed(
    told: list[Event], one: int, other: int
) -> None:
    early, late = (T0 + timedelta(hours=hour) for hour in sorted((one, other)))
    assert timedelta(0) <= clock.waited(told, at=early) <= clock.waited(told, at=late) <= late - T0
    assert clock.waited(told, at=late) - clock.waited(told, at=early) <= late - early


@given(events, st.integers(0, 60))
def test_spans_have_no_gap_and_end_now(told: list[Event], hour: int) -> None:
    now = T0 + timedelta(hours=hour)
    found = clock.spans(told, at=now)
    assert all(one.start < one.end for one in found)
    assert all(one.end == after.start for one, after in pairwise(found))
    assert not found or found[-1].end == now
    assert all((one.state, one.reasons) != (after.state, after.reasons) for one, after in pairwise(found))  # fmt: skip
    if found and all(one.at != now for one in told):
        assert clock.now(told, at=now) == (found[-1].state, found[-1].reasons)


@given(events, st.integers(0, 60))
def test_a_pause_never_makes_somebody_wait_longer(told: list[Event], hour: int) -> None:
    now = T0 + timedelta(hours=hour)
    kept = [one for one in told if one.kind in (START, STOP)]
    assert clock.waited(told, at=now) <= clock.waited(kept, at=now)


@given(events, st.randoms())
def test_the_order_in_which_rows_come_changes_nothing(told: list[Event], random: object) -> None:
    apart = {one.at: one for one in told}  # one event a moment
    mixed = list(apart.values())
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert clock.spans(mixed, at=at(9)) == clock.spans(apart.values(), at=at(9))


def test_the_latest_assessment_that_still_holds_counts() -> None:
    said = [Urgency("b", at(0)), Urgency("a", at(1), at(5)), Urgency("gone", at(2))]
    assert clock.tier_now(said, TIERS, waited=DAY, at=at(3)).code == "a"
    later = clock.tier_now(said, TIERS, waited=DAY, at=at(5))
    assert (later.code, later.assessed, later.is_aged) == ("b", "b", False)
    assert clock.tier_now([], TIERS, waited=DAY, at=at(5)).code == "c"
    assert clock.tier_now(said, TIERS, waited=DAY, at=at(-1)).assessed == ""
    assert clock.judged([Urgency("a", at(1)), Urgency("c", at(1))], TIERS, at=at(2)) == Urgency("c", at(1))
    assert clock.judged([Urgency("a", at(1)), Urgency("c", at(0))], TIERS, at=at(2)) == Urgency("a", at(1))


def test_waiting_lifts_by_one_tier_then_by_the_next() -> None:
    found = clock.tier_now([], TIERS, waited=59 * DAY, at=at(0))
    assert (found.code, found.index, found.is_aged, found.next_after) == ("c", 2, False, 60 * DAY)
    found = clock.tier_now([], TIERS, waited=60 * DAY, at=at(0))
    assert (found.code, found.is_aged, found.next_after) == ("b", True, 150 * DAY)
    assert clock.tier_now([], TIERS, waited=150 * DAY, at=at(0)).code == "a"
    never = [{"code": "a"}, {"code": "b", "promote_after_days": None}]
    assert clock.tier_now([], never, waited=9999 * DAY, at=at(0)).code == "b"
    assert clock.tier_now([], [], waited=DAY, at=at(0)) == clock.Tiered("", 0, "", False, None)


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 50)), min_size=1, max_size=5),
    st.data(),
    st.integers(0, 200),
    st.integers(0, 200),
)
def test_nobody_falls_by_waiting_and_the_more_urgent_never_stands_behind(
    promotes: list[int | None], data: st.DataObject, less: int, more: int
) -> None:
    tiers = [{"code": str(n), "promote_after_days": after} for n, after in enumerate(promotes)]
    one, other = sorted(data.draw(st.tuples(*[st.integers(0, len(tiers) - 1)] * 2)))

    def index(tier: int, days: int) -> int:
        return clock.tier_now([Urgency(str(tier), at(0))], tiers, waited=days * DAY, at=at(0)).index

    less, more = sorted((less, more))
    assert index(one, more) <= index(one, less)
    assert index(one, less) <= index(other, less)
