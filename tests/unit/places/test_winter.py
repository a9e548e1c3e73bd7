"""The rule of a cold-weather plan: what triggers it, what does not, and what cannot be read."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.places import winter
from maillage.places.winter import Day, Unreadable, read_forecast, verdict

PLAN = {"code": "extreme-cold", "trigger": {"measure": "high", "below": -4, "days": 4}}
MONDAY = date(2026, 1, 5)


def days(*highs: float, first: date = MONDAY) -> list[Day]:
    return [Day(first + timedelta(days=n), high - 5, high) for n, high in enumerate(highs)]


def test_four_days_in_a_row_below_trigger_it() -> None:
    found = verdict(PLAN, days(2, -5, -4.5, -6, -5, 1))
    assert found.is_triggered
    assert [day.on.day for day in found.spell] == [6, 7, 8, 9]
    assert (
        found.sentence % found.values
        == "The rule says: open. 4 days in a row stay below -4 °C, from 2026-01-06 to 2026-01-09, and the rule asks for 4."
    )


def test_three_days_do_not_nor_four_with_a_gap_nor_the_temperature_itself() -> None:
    assert not verdict(PLAN, days(-5, -5, -5)).is_triggered
    assert not verdict(PLAN, [*days(-5, -5), *days(-5, -5, first=MONDAY + timedelta(days=3))]).is_triggered
    at_the_bound = verdict(PLAN, days(-4, -4, -4, -4, -4))
    assert (at_the_bound.is_triggered, at_the_bound.sentence) == (False, winter.NEVER_BELOW)
    assert verdict(PLAN, days(-5, -5)).sentence == winter.NOT_TRIGGERED


def test_a_plan_may_look_at_the_lowest() -> None:
    assert verdict({"trigger": {"measure": "low", "below": -4, "days": 2}}, days(0, 0)).is_triggered


def test_a_plan_without_a_rule_is_for_people_to_decide() -> None:
    assert verdict({"code": "cold"}, days(-20, -20, -20, -20)) == winter.Verdict(False, (), winter.NO_RULE, {})


@given(st.lists(st.sampled_from([-9.0, -4.0, 3.0]), max_size=20), st.randoms())
def test_the_order_of_the_days_does_not_matter_and_a_colder_day_never_closes(highs: list[float], dice: object) -> None:
    ordered = days(*highs)
    mixed = ordered.copy()
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    found = verdict(PLAN, ordered)
    assert verdict(PLAN, mixed) == found
    colder = [Day(day.on, day.low - 1, day.high - 1) for day in ordered]
    assert verdict(PLAN, colder).is_triggered >= found.is_triggered
    best = max((len(run) for run in "".join("c" if h < -4 else " " for h in highs).split()), default=0)
    assert (len(found.spell), found.is_triggered) == (best, best >= 4)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05,-8,-5\n2026-01-06,-9,-6\n",
        "2026-01-06; \N{MINUS SIGN}9,0; -6 °C\n\n2026-01-05; -8; -5\n",
        "on\tlow\thigh\n2026-01-05\t-8\t-5\n2026-01-06\t-9\t-6",
        "high,on,low\n-5,2026-01-05,-8\n-6,2026-01-06,-9",
    ],
)
def test_a_forecast_is_read_as_people_write_it(text: str) -> None:
    assert read_forecast(text) == [Day(MONDAY, -8, -5), Day(MONDAY + timedelta(days=1), -9, -6)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (" \n", winter.NO_DAY),
        ("on,low,high\n", winter.NO_DAY),
        ("tomorrow,-8,-5", winter.LINE_UNREADABLE % {"line": 1}),
        ("2026-01-05,-8", winter.LINE_UNREADABLE % {"line": 1}),
        ("2026-01-05,-8,nan", winter.LINE_UNREADABLE % {"line": 1}),
        ("2026-01-05,-8,-5\n2026-01-05,-8,-5", winter.DAY_TWICE % {"line": 2}),
        ("2026-01-05,-5,-8", winter.TOO_WARM % {"line": 1}),
        ("2026-01-05,-5,99", winter.TOO_WARM % {"line": 1}),
        ("\n".join(f"{MONDAY + timedelta(days=n)},1,2" for n in range(61)), winter.TOO_MANY % {"n": 60}),
    ],
)
def test_what_cannot_be_read_names_its_line(text: str, sentence: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        read_forecast(text)
    assert str(refusal.value) == sentence


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    try:
        found = read_forecast(text)
    except Unreadable:
        return
    assert found


def test_an_activation_keeps_the_days() -> None:
    forecast = days(-5, 1.5)
    assert winter.days_of([day.content() for day in forecast]) == forecast
