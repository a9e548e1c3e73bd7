"""How full, told so that nobody can be worked out: by a line, by what is left of a total, by two periods, by asking each morning."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.places import occupancy
from maillage.places.figures import Line, Spread
from maillage.places.nights import Span

AUTUMN = Span(date(2026, 9, 1), date(2026, 11, 19))
MONTHS = occupancy.months(AUTUMN.first, AUTUMN.last)


def line(code: str, rate: float | None = 0.5) -> Line:
    return Line(code, 0, False, 3.0, rate, 0, 0, Spread(), Spread())


def here(**counts: tuple[int, ...]) -> occupancy.Present:
    return {((code, "", ""), month): n for code, each in counts.items() for month, n in zip(MONTHS, each, strict=True)}


def told(counts: dict[str, tuple[int, ...]], *empty: str) -> set[str]:
    lines = [*(line(code) for code in counts), *(line(code, None) for code in empty)]
    return occupancy.told(lines, 0, here(**counts), AUTUMN, 5)


def slept(key: int, since: date, until: date | None, request: int | None = None, group: int = 1) -> Any:
    return SimpleNamespace(key=key, group=group, request=request, since=since, until=until)


def test_a_rate_needs_enough_households_in_every_month() -> None:
    assert told({"a": (9, 9, 9), "b": (9, 9, 9)}) == {"a", "b"}
    assert (
        told({"a": (90, 4, 90), "b": (99, 99, 99)}) == set()
    )  # and b alone would tell of a, by what is left of the total
    assert told({"a": (90, 4, 90), "b": (99, 99, 99), "c": (9, 9, 9)}) == {"b"}
    assert told({"a": (9, 9, 9), "b": (9, 9, 9)}, "without places") == {"a", "b"}


def test_a_house_where_nobody_slept_is_not_told_apart_from_one_where_few_did() -> None:
    assert (
        told({"a": (0, 0, 0), "b": (9, 9, 9), "c": (20, 20, 20)})
        == told({"a": (2, 2, 2), "b": (9, 9, 9), "c": (20, 20, 20)})
        == {"c"}
    )


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(*[st.integers(0, 12)] * 3), min_size=1))
def test_what_is_hidden_in_a_table_is_of_enough_households_in_every_month_or_all_of_it(
    counts: dict[str, tuple[int, ...]],
) -> None:
    shown = told(counts)
    hidden = [counts[code] for code in counts if code not in shown]
    assert all(n >= 5 for code in shown for n in counts[code])
    assert not shown or not hidden or all(sum(each) >= 5 for each in zip(*hidden, strict=True))


def test_several_beds_of_one_household_are_one_and_the_day_of_leaving_is_no_night() -> None:
    rows = [
        slept(1, date(2026, 8, 20), date(2026, 10, 1), request=7), slept(2, date(2026, 9, 3), None, request=7),
        slept(3, date(2026, 11, 19), None), slept(4, date(2026, 9, 1), None, group=2),
    ]  # fmt: skip
    key = ("house", "area", "women")
    assert occupancy.present(AUTUMN, rows, {1: key}) == {(key, MONTHS[0]): 1, (key, MONTHS[1]): 1, (key, MONTHS[2]): 2}


@pytest.mark.parametrize(("rate", "said"), [(0.316, 0.3), (0.33, 0.35), (1.0, 1.0), (None, None)])
def test_a_rate_is_rounded_so_that_last_night_does_not_show(rate: float | None, said: float | None) -> None:
    assert occupancy.kept(line("a", rate), {"a"}).rate == said
    assert occupancy.kept(line("a", rate), set()).rate is None


def test_months_from_a_day_to_another() -> None:
    assert occupancy.months(date(2026, 12, 31), date(2027, 2, 1)) == [
        date(2026, 12, 1),
        date(2027, 1, 1),
        date(2027, 2, 1),
    ]
    assert occupancy.months(date(2026, 1, 2), date(2026, 1, 1) - timedelta(40)) == []
