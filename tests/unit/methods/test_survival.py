"""What still goes on is not forgotten, and not taken for ended."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.methods.survival import kaplan_meier

# the 6-MP arm of Freireich and others (1963), as in every textbook: weeks, and whether it ended
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
ENDED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
stays = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=40)


def test_the_curve_of_the_textbook():
    curve = kaplan_meier(WEEKS, ENDED)
    assert curve.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.lasting == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)
    assert curve.quantile(0.5) == 23
    assert curve.quantile(0.25) == 13
    assert np.isnan(curve.quantile(0.75))  # the watching stopped before


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_without_anything_that_goes_on_it_is_the_share_that_is_longer(lengths):
    curve = kaplan_meier(lengths, [True] * len(lengths))
    assert curve.lasting == pytest.approx([np.mean(np.array(lengths) > time) for time in curve.times])
    assert curve.quantile(0.5) == sorted(lengths)[(len(lengths) - 1) // 2]


@given(stays, st.randoms())
def test_order_does_not_matter_and_the_curve_never_rises(lines, chance):
    again = list(lines)
    chance.shuffle(again)
    one, other = (kaplan_meier([x for x, _ in rows], [y for _, y in rows]) for rows in (lines, again))
    assert one.lasting == pytest.approx(other.lasting)
    assert (np.diff(one.lasting, prepend=1.0) <= 1e-12).all()


@given(stays)
def test_what_goes_on_never_makes_it_shorter(lines):
    lengths = [length for length, _ in lines]
    with_all_ended, with_some = kaplan_meier(lengths, [True] * len(lines)), kaplan_meier(lengths, [y for _, y in lines])
    shortest = with_all_ended.quantile(0.5)
    said = with_some.quantile(0.5)
    assert np.isnan(said) or said >= shortest


def test_who_is_watched_late_is_not_at_risk_before():
    curve = kaplan_meier([5, 8, 10], [True, True, True], entries=[0, 6, 0])
    assert curve.at_risk.tolist() == [2, 2, 1]
    assert curve.lasting.tolist() == [0.5, 0.25, 0]


def test_one_early_end_among_few_does_not_end_the_curve():
    lengths, entries = [1, 60, 70, 80, 90], [0, 30, 30, 30, 30]
    assert kaplan_meier(lengths, [True] * 5, entries=entries).lasting[0] == 0
    assert kaplan_meier(lengths, [True] * 5, entries=entries, least_at_risk=2).quantile(0.5) == 70


def test_nothing_that_ended_gives_an_empty_curve():
    curve = kaplan_meier([3, 4], [False, False])
    assert curve.times.size == 0
    assert np.isnan(curve.quantile(0.5))


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("ended: the shape of durations, .2,., was expected, not .1,.", lambda: kaplan_meier([1, 2], [True])),
        ("entries: the shape of durations", lambda: kaplan_meier([1], [True], entries=[0, 0])),
        ("durations: an array of 1 axis", lambda: kaplan_meier([[1]], [[True]])),
        (
            "durations: at least their entries was expected, not 1 after 2",
            lambda: kaplan_meier([1], [True], entries=[2]),
        ),
        ("durations: a known number was expected, not nan at 0", lambda: kaplan_meier([float("nan")], [True])),
        ("durations: at least 0 was expected, not -1", lambda: kaplan_meier([-1], [True])),
        ("entries: at least 0", lambda: kaplan_meier([1], [True], entries=[-1])),
        ("ended: a known number", lambda: kaplan_meier([1], [float("nan")])),
        ("ended: True or False was expected, not 2", lambda: kaplan_meier([1], [2])),
        ("least_at_risk: a whole number of at least 1", lambda: kaplan_meier([1], [True], least_at_risk=0)),
        ("share: between 0 and 1", lambda: kaplan_meier([1], [True]).quantile(1)),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_name(said, wrong):
    with pytest.raises(ValueError, match=said):
        wrong()


def test_who_enters_later_was_not_watched_when_something_ended_at_once():
    curve = kaplan_meier([0, 5, 6, 3], [True, True, False, True], entries=[0, 1, 1, 1])
    assert curve.at_risk.tolist() == [1, 3, 2]
    assert kaplan_meier([0, 5, 6, 3], [True] * 4, entries=[0, 1, 1, 1], least_at_risk=2).times.tolist() == [3, 5]
    assert kaplan_meier([0, 0, 2], [True, False, True]).at_risk.tolist() == [3, 1]
