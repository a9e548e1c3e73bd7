"""What is no number, no word and no Monday is refused by its name, also where NumPy would make something of it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from maillage.methods.arguments import among, floats, index, monday, same_shape, share, whole


@pytest.mark.parametrize(
    "value",
    [
        ["3", "4"],
        np.array(["3"], object),
        np.array([1 + 2j]),
        np.array(["2024-01-01"], "M8[D]"),
        np.array([3], "m8[D]"),
        [[1, 2], [3]],
        [10**400],
        {1: 2},
        "3",
    ],
    ids=str,
)
def test_words_dates_and_complex_numbers_are_no_numbers(value):
    with pytest.raises(ValueError, match=r"^events: numbers were expected, not "):
        floats("events", value)


@pytest.mark.parametrize(
    "value",
    [
        [1, 2],
        (1.0, 2.0),
        np.array([1, 2], np.int8),
        np.array([1, 2], np.float32),
        np.array([1, 2], object),
        range(1, 3),
    ],
    ids=repr,
)
def test_numbers_of_any_kind_are_read_as_they_are(value):
    found = floats("events", value)
    assert found.dtype == np.float64
    assert found.tolist() == [1, 2]


def test_what_is_masked_is_missing():
    masked = np.ma.array([1, 2, 3], mask=[False, True, False])
    with pytest.raises(ValueError, match="events: a known number was expected, not nan at 1"):
        floats("events", masked)
    assert np.array_equal(floats("events", masked, missing=True), [1, np.nan, 3], equal_nan=True)


def test_what_came_is_told_to_its_last_digit():
    with pytest.raises(ValueError, match=r"share: at most 1 was expected, not 1\.0000001 at 1"):
        floats("share", [1, 1.0000001], most=1)


@pytest.mark.parametrize("value", [0, 1, float("nan"), None, "half", [0.5], 1j])
def test_a_share_is_one_number_between_0_and_1(value):
    with pytest.raises(ValueError, match=r"^confidence: "):
        share("confidence", value)


@pytest.mark.parametrize("value", [-1, 1.5, float("inf"), None, "3", [3], True])
def test_a_whole_number_is_one_and_whole(value):
    with pytest.raises(ValueError, match=r"^draws: a whole number of at least 0 was expected, not "):
        whole("draws", value)


@pytest.mark.parametrize("value", [None, "wald", ["byar"], np.array(["byar", "exact"])])
def test_a_word_is_one_of_those_allowed(value):
    with pytest.raises(ValueError, match=r"^method: byar or exact was expected, not "):
        among("method", value, ("byar", "exact"))


@pytest.mark.parametrize("value", [None, "2024-01-01", 3, date(2024, 1, 2)])
def test_a_week_begins_on_a_date_that_is_a_monday(value):
    with pytest.raises(ValueError, match=r"^first_week: a .*Monday,? was expected, not "):
        monday("first_week", value)
    assert monday("first_week", date(2024, 1, 1)) == date(2024, 1, 1)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([0.5], "a row of whole numbers was expected, not "),
        ([[1]], "a row of whole numbers was expected, not "),
        ([0, -1], "whole numbers from 0 to 2 were expected, not -1"),
        ([0, 3], "whole numbers from 0 to 2 were expected, not 3"),
    ],
)
def test_places_in_another_array_are_in_it(value, said):
    with pytest.raises(ValueError, match=f"^homes: {said}"):
        index("homes", value, size=3)
    assert index("homes", [2, 0], size=3).tolist() == [2, 0]
    assert index("homes", []).dtype == np.int64


def test_shapes_that_differ_are_told_both():
    with pytest.raises(ValueError, match=r"^people: the shape of events, \(2,\), was expected, not \(1,\)"):
        same_shape(events=np.ones(2), people=np.ones(1))
