"""Decisions of orientation: each sentence of their docstrings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.orientation import rules
from maillage.orientation.rules import Place, age_of, all_facts, next_fact, obstacle_stands, tree_share, window_bounds

BRUSSELS = ZoneInfo("Europe/Brussels")
CODES = ("now", "tonight", "evening", "sunday", "weekend", "weekday", "monday")
HOURS = ("", "00:00", "08:00", "18:00", "22:00", "24:00")
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


def bounds(code: str, starts: str, ends: str, at: datetime) -> tuple[str, str]:
    start, end = window_bounds(code, starts, ends, at=at, timezone="Europe/Brussels")
    return start.astimezone(BRUSSELS).strftime("%a %H:%M"), end.astimezone(BRUSSELS).strftime("%a %H:%M")


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        (12, ("Fri 18:00", "Sat 08:00")),  # before: the coming night
        (20, ("Fri 20:00", "Sat 08:00")),  # running: from now on
        (3, ("Fri 03:00", "Fri 08:00")),  # after midnight: the rest of this night
    ],
)
def test_tonight_is_the_night_that_runs_or_comes(hour, expected):
    at = datetime(2026, 11, 20, hour, tzinfo=BRUSSELS)  # a Friday
    assert bounds("tonight", "18:00", "08:00", at) == expected


def test_sunday_is_today_when_it_is_sunday_and_the_whole_day_without_hours():
    friday, sunday = datetime(2026, 11, 20, 12, tzinfo=BRUSSELS), datetime(2026, 11, 22, 12, tzinfo=BRUSSELS)
    assert bounds("sunday", "", "", friday) == ("Sun 00:00", "Mon 00:00")
    assert bounds("sunday", "08:00", "22:00", sunday) == ("Sun 12:00", "Sun 22:00")
    assert bounds("sunday", "08:00", "11:00", sunday) == ("Sun 08:00", "Sun 11:00")
    assert window_bounds("sunday", "08:00", "11:00", at=sunday, timezone="Europe/Brussels")[0].day == 29


def test_a_weekend_and_the_working_days_are_spans():
    friday, saturday = datetime(2026, 11, 20, 12, tzinfo=BRUSSELS), datetime(2026, 11, 21, 23, tzinfo=BRUSSELS)
    assert bounds("weekend", "08:00", "22:00", friday) == ("Sat 08:00", "Sun 22:00")
    assert bounds("weekend", "08:00", "22:00", saturday) == ("Sat 23:00", "Sun 22:00")
    assert bounds("weekday", "08:00", "18:00", saturday) == ("Mon 08:00", "Fri 18:00")


def test_now_is_a_moment():
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert window_bounds("now", "08:00", "18:00", at=at, timezone="Europe/Brussels") == (at, at)


def test_the_clock_may_change_during_the_night():
    at = datetime(2026, 10, 24, 20, tzinfo=BRUSSELS)
    start, end = window_bounds("tonight", "18:00", "08:00", at=at, timezone="Europe/Brussels")
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=13)


@given(st.sampled_from(CODES[1:]), st.sampled_from(HOURS[:-1]), st.sampled_from(HOURS), moments)
def test_a_window_is_never_over_and_starts_within_a_week(code, starts, ends, at):
    start, end = window_bounds(code, starts, ends, at=at, timezone="Europe/Brussels")
    assert at <= start < end
    assert end > at
    assert start - at <= timedelta(days=7, hours=2)


def test_what_is_said_wins_over_what_is_read_and_that_over_what_a_public_implies():
    publics = [{"children": True, "age": 20}, {"age": 65, "alone": True}]
    assert all_facts({"children": False}, {"age": 78.0, "children": True}, publics) == {
        "children": False,
        "age": 78.0,
        "alone": True,
    }
    assert all_facts({}, {}, publics)["age"] == 20


AT_THE_DESK = Place(
    distance_km=5.0, wheelchair=None, cost="paid", speaks=False, access=("online",), is_open=False, childcare=None,
    delivery=("on_site",),
)  # fmt: skip
AT_HOME = Place(
    distance_km=5.0, wheelchair=True, cost="free", speaks=None, access=("online", "phone"), is_open=None, childcare=True,
    delivery=("home",),
)  # fmt: skip


@pytest.mark.parametrize(
    "features",
    [
        {"distance_over_km": 3},
        {"wheelchair": ["no", "unknown"]},
        {"childcare": ["no", "unknown"]},
        {"cost": ["paid", "unknown"]},
        {"language": "not_spoken"},
        {"access": ["online"]},
        {"delivery": ["on_site"]},
        {"open_in_window": "no"},
        {"open_in_window": False},  # as YAML 1.1 reads no
        {"open_in_window": "no", "cost": "paid"},
    ],
)
def test_an_obstacle_stands_where_the_service_has_every_feature(features):
    assert obstacle_stands({"service": features}, {}, AT_THE_DESK)
    assert not obstacle_stands({"service": features}, {}, AT_HOME)


def test_an_obstacle_stands_only_for_the_people_it_hinders():
    when = {"person": {"mobility": ["reduced", "wheelchair"], "alone": True}, "service": {"delivery": ["on_site"]}}
    assert obstacle_stands(when, {"mobility": "reduced", "alone": True}, AT_THE_DESK)
    assert not obstacle_stands(when, {"mobility": "walks", "alone": True}, AT_THE_DESK)
    assert not obstacle_stands(when, {"mobility": "reduced"}, AT_THE_DESK)  # not known: nothing is raised
    assert not obstacle_stands(when, {"mobility": "reduced", "alone": 1.0}, AT_THE_DESK)  # one is not yes


def test_a_feature_that_nobody_knows_stands_in_nobodys_way():
    assert not obstacle_stands({"service": {"smell": "bad"}}, {}, AT_THE_DESK)
    assert obstacle_stands({}, {}, AT_THE_DESK)  # a definition without any condition stands everywhere


def test_an_unknown_price_and_a_known_yes_are_read():
    free_of_word = Place(None, True, "", None, (), True, None, ())
    assert obstacle_stands({"service": {"cost": ["unknown"]}}, {}, free_of_word)
    assert obstacle_stands({"service": {"wheelchair": "yes"}}, {}, free_of_word)
    assert obstacle_stands({"service": {"open_in_window": True}}, {}, free_of_word)
    assert not obstacle_stands({"service": {"distance_over_km": 1}}, {}, free_of_word)


def test_the_next_question_is_the_one_that_changes_most():
    assert next_fact({"age": 0.2, "gender": 0.4}, {}, ["age"], never=()) == ("gender", 0.4)
    assert next_fact({"age": 0.4, "gender": 0.4}, {}, ["gender", "age"], never=()) == ("gender", 0.4)
    assert next_fact({"b": 0.4, "a": 0.4}, {}, [], never=()) == ("a", 0.4)


def test_an_obstacle_counts_half_and_only_where_the_need_asks():
    assert next_fact({"age": 0.2}, {"mobility": 0.8}, ["mobility"], never=()) == ("mobility", 0.4)
    assert next_fact({"age": 0.2}, {"mobility": 0.8}, [], never=()) == ("age", 0.2)
    assert next_fact({"age": 0.5}, {"age": 0.4}, ["age"], never=()) == ("age", 0.5)


def test_nothing_is_asked_when_nothing_would_change():
    assert next_fact({"age": 0.0}, {"mobility": 0.0}, ["age", "mobility"], never=()) == ("", 0.0)


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1)), st.sets(st.sampled_from("abcdef")))
def test_what_was_declined_is_never_asked(splits, declined):
    code, share = next_fact(splits, {}, list("fedcba"), never=declined)
    assert code not in declined
    best = max((value for name, value in splits.items() if name not in declined), default=0.0)
    assert share == pytest.approx(best, abs=1e-6)


def test_a_branch_is_worth_what_it_takes_away():
    assert tree_share([5, 5], 10) == pytest.approx(0.5)
    assert tree_share([10, 0], 10) == pytest.approx(0.0)
    assert tree_share([], 0) == 0.0
    assert tree_share([0, 0], 4) == 0.0


def test_how_long_ago_in_words_that_say_enough():
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert age_of(at - timedelta(minutes=20), at) == (20, "minutes")
    assert age_of(at - timedelta(hours=5), at) == (5, "hours")
    assert age_of(at - timedelta(days=3), at) == (3, "days")
    assert age_of(at + timedelta(hours=1), at) == (0, "minutes")
    assert rules.DAYS[0] == "monday"


def test_stairs_hinder_nobody_to_whom_the_service_comes() -> None:
    stairs = {"service": {"wheelchair": ["no", "unknown"]}}
    assert obstacle_stands(stairs, {}, replace(AT_THE_DESK, delivery=("on_site", "home")))
    assert not obstacle_stands(stairs, {}, replace(AT_THE_DESK, delivery=("home", "remote")))
