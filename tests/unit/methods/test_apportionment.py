"""An amount is shared to the cent: floors are kept, the rest goes by weight, and the same key gives the same cents."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maillage.methods import apportionment
from maillage.methods.apportionment import by_key

few = settings(max_examples=30)
amounts = st.integers(0, 10**15)
weights = st.one_of(st.integers(0, 10**6), st.floats(0, 1e6), st.fractions(0, 1000), st.decimals(0, 1000))
keys = st.lists(weights, min_size=1, max_size=8).filter(any)


@st.composite
def shared(draw: st.DrawFn, most: int = 10**6) -> tuple[int, list, list[int]]:
    """An amount, weights of which one counts, floors that the amount covers."""
    key = draw(keys)
    floors = [draw(st.integers(0, most // len(key))) for _ in key]
    return sum(floors) + draw(st.integers(0, most)), key, floors


def by_hand(amount, key, floors):
    """Whoever would be below its floor is given it and leaves; again with the others, until nobody is."""
    key, held = [Fraction(one) for one in key], set()
    while True:
        free = [place for place in range(len(key)) if place not in held]
        left, total = amount - sum(floors[place] for place in held), sum(key[place] for place in free)
        exact = {place: left * key[place] / total if total else Fraction(0) for place in free}
        below = {place for place in free if exact[place] < floors[place]}
        if not below:
            return {**{place: Fraction(floors[place]) for place in held}, **exact}
        held |= below


@given(amounts, keys)
@few
def test_the_cents_sum_to_the_amount_and_each_is_its_share_rounded_down_or_up(amount, key):
    found = by_key(amount, key)
    assert found.sum() == amount
    total = sum(map(Fraction, key))
    for cents, weight in zip(found.tolist(), key, strict=True):
        assert abs(cents - amount * Fraction(weight) / total) < 1


@given(shared())
@few
def test_nobody_is_below_its_floor_and_the_others_share_by_weight_what_is_left(case):
    amount, key, floors = case
    found, exact = by_key(amount, key, floors), by_hand(amount, key, floors)
    assert found.sum() == amount
    assert (found >= floors).all()
    for place, cents in enumerate(found.tolist()):
        assert abs(cents - exact[place]) < 1


@given(shared(most=200))
@few
def test_the_cents_that_are_left_go_to_the_largest_remainders(case):
    amount, key, floors = case
    exact = by_hand(amount, key, floors)
    down = [exact[place].numerator // exact[place].denominator for place in range(len(key))]
    first = sorted(range(len(key)), key=lambda place: (-(exact[place] - down[place]), -Fraction(key[place]), place))
    for place in first[: amount - sum(down)]:
        down[place] += 1
    assert by_key(amount, key, floors).tolist() == down


def test_equal_remainders_go_to_the_larger_weight_then_to_the_first():
    assert by_key(2, [1, 3]).tolist() == [0, 2]
    assert by_key(100, [1, 1, 1]).tolist() == [34, 33, 33]


@given(keys, amounts, st.integers(1, 1000))
@few
def test_only_the_proportions_of_weights_matter(key, amount, factor):
    assert by_key(amount, key).tolist() == by_key(amount, [Fraction(one) * factor for one in key]).tolist()


def test_floats_are_read_exactly_and_other_numbers_as_they_are():
    assert by_key(10**15, [0.1, 0.2]).tolist() == by_key(10**15, [Fraction(0.1), Fraction(0.2)]).tolist()
    assert by_key(10, [Decimal("0.1"), Fraction(1, 10), np.float32(0), np.int8(0)]).tolist() == [5, 5, 0, 0]


@given(shared(), st.integers(0, 10**5))
@few
def test_a_higher_floor_never_gives_less_to_who_has_it_nor_more_than_a_cent_more_to_another(case, more):
    amount, key, floors = case
    before, after = by_key(amount + more, key, floors), by_key(amount + more, key, [floors[0] + more, *floors[1:]])
    assert after[0] >= before[0]
    assert (after[1:] <= before[1:] + 1).all()


@given(shared(), st.data())
@few
def test_nobody_is_above_its_ceiling_and_who_is_between_has_what_its_weight_says(case, data):
    amount, key, floors = case
    room = st.one_of(st.none(), st.integers(0, 10**6))
    ceilings = [None if (one := data.draw(room)) is None else low + one for low in floors]
    tops = [low if not weight else high for weight, low, high in zip(key, floors, ceilings, strict=True)]
    if None not in tops and sum(tops) < amount:
        with pytest.raises(ValueError, match="weights, ceilings: room for"):
            by_key(amount, key, floors, ceilings)
        return
    found = by_key(amount, key, floors, ceilings).tolist()
    assert sum(found) == amount
    between, low, high = [], Fraction(0), None
    for cents, weight, least, top in zip(found, map(Fraction, key), floors, ceilings, strict=True):
        assert least <= cents <= (cents if top is None else top)
        if least == top:  # held, whatever the level
            continue
        if weight and least < cents and cents != top:
            between.append((cents, weight))
        elif weight and cents == least:  # the level has not lifted it
            high = min(high or least / weight + 1 / weight, (least + 1) / weight)
        elif weight:
            low = max(low, (cents - 1) / weight)
    for cents, weight in between:  # one level for all of them, to the cent
        low = max(low, (cents - 1) / weight)
        high = (cents + 1) / weight if high is None else min(high, (cents + 1) / weight)
    assert high is None or low <= high


def test_a_weight_of_zero_gets_its_floor():
    assert by_key(100, [0, 1, 0], [7, 0, 0]).tolist() == [7, 93, 0]
    assert by_key(10, [0, 0], [4, 6]).tolist() == [4, 6]
    assert by_key(0, [1, 2]).tolist() == [0, 0]


def test_what_a_ceiling_holds_back_goes_to_the_others():
    assert by_key(100, [1, 1, 2], ceilings=[10, None, 60]).tolist() == [10, 30, 60]
    assert by_key(100, [1, 1, 2], [0, 0, 90], [5, None, None]).tolist() == [5, 5, 90]


@given(shared())
@few
def test_one_cent_more_to_share_takes_at_most_a_cent_from_anybody(case):
    amount, key, floors = case
    assert (by_key(amount + 1, key, floors) - by_key(amount, key, floors) >= -1).all()


def test_numbers_of_any_kind_and_size_are_read_as_they_are():
    assert by_key(np.float32(5), np.array([1, 1], np.float32)).tolist() == [3, 2]
    assert by_key(np.int8(5), [10**400, 1]).tolist() == [5, 0]
    assert by_key(Decimal(5), [Decimal("1e400"), Fraction(1, 3)]).tolist() == [5, 0]
    assert by_key(5, [5e-324, 5e-324, 0.0]).tolist() == [3, 2, 0]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ((-1, [1]), "amount_cents: whole cents from 0"),
        ((1.5, [1]), "amount_cents: whole cents"),
        ((True, [1]), "amount_cents: whole cents"),
        (
            (2**63, [1]),
            "amount_cents: whole cents from 0 to 9223372036854775807 were expected, not 9223372036854775808",
        ),
        ((float("nan"), [1]), "amount_cents: whole cents"),
        ((10**400, [1]), "amount_cents: whole cents"),
        ((Decimal("sNaN"), [1]), "amount_cents: whole cents"),
        ((1, [Decimal("sNaN")]), "weights: finite numbers"),
        ((1, [float("inf")]), "weights: finite numbers were expected, not inf at 0"),
        ((1, {1: 2}), "weights: a list of numbers was expected, not {1: 2}"),
        ((1, {1, 2}), "weights: a list of numbers"),
        ((1, []), "weights: at least one"),
        ((1, 5), "weights: a list of numbers was expected, not 5"),
        ((1, "12"), "weights: a list of numbers"),
        ((1, np.ones((2, 2))), "weights: a list of numbers"),
        ((1, [1, "a"]), "weights: finite numbers were expected, not 'a' at 1"),
        ((1, [1, float("nan")]), "weights: finite numbers were expected, not nan at 1"),
        ((1, [-1]), "weights: at least 0 was expected, not -1 at 0"),
        ((1, [0, 0]), "weights, ceilings: room for 1 cents was expected, not for 0"),
        ((10, [1, 1], [6, 5]), "floors: a sum of at most the amount, 10 cents, was expected, not 11"),
        ((10, [1, 1], [6]), "floors: one for each of the 2 weights was expected, not 1"),
        ((10, [1, 1], [6, 0.5]), r"floors\[1\]: whole cents"),
        ((10, [1, 1], [6, None]), r"floors\[1\]: whole cents"),
        ((10, [1, 1], None, [4, 5]), "weights, ceilings: room for 10 cents was expected, not for 9"),
        ((10, [1], [5], [4]), "ceilings: at least the floor, 5 cents, was expected, not 4 at 0"),
        ((10, [1], None, [4, 4]), "ceilings: one for each of the 1 weights"),
    ],
)
def test_a_key_that_cannot_be_is_refused_with_its_name(wrong, said):
    with pytest.raises(ValueError, match=said):
        apportionment.by_key(*wrong)
