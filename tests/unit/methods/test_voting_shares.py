"""A fund is shared so that every group decides on its part of it; not a cent more is spent than there is."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maillage.methods import voting
from maillage.methods.voting import equal_shares

few = settings(max_examples=25)
completions = st.sampled_from(["none", "add_unit", "greedy", "add_unit_then_greedy"])
measures = st.sampled_from(["cost", "number"])


@st.composite
def elections(draw: st.DrawFn, most: int = 1, voters: int = 6) -> tuple[np.ndarray, list[int], int]:
    """Points of a few voters for a few projects, their costs, a budget."""
    shape = (draw(st.integers(1, voters)), draw(st.integers(1, 5)))
    points = draw(arrays(int, shape, elements=st.integers(0, most)))
    costs = draw(st.lists(st.integers(1, 60), min_size=shape[1], max_size=shape[1]))
    return points, costs, draw(st.integers(0, 120))


def by_hand(points, costs, budget, measure):
    """The method as it is defined, in fractions, every project priced in every round."""
    has = [Fraction(budget, len(points))] * len(points)
    found = []
    while True:
        prices = {}
        for one in set(range(len(costs))) - set(found):
            backers = sorted(
                (i for i in range(len(points)) if points[i][one]), key=lambda i: has[i] / int(points[i][one])
            )
            missing, rest = Fraction(costs[one]), sum(int(points[i][one]) for i in backers)
            for i in backers:
                if missing / rest <= has[i] / int(points[i][one]):
                    prices[one] = missing / rest
                    break
                missing, rest = missing - has[i], rest - int(points[i][one])
        if not prices:
            return found
        best = min(prices, key=lambda one: (prices[one] / (costs[one] if measure == "cost" else 1), one))
        has = [left - min(left, prices[best] * int(row[best])) for left, row in zip(has, points, strict=True)]
        found.append(best)


@given(elections(most=3), measures)
@settings(max_examples=60)
def test_again_and_again_the_cheapest_for_its_worth_is_funded_and_equal_ones_by_position(election, measure):
    points, costs, budget = election
    found = equal_shares(points, costs, budget=budget, measure=measure)
    assert found.order.tolist() == by_hand(points, costs, budget, measure)
    assert sorted(found.order.tolist()) == np.flatnonzero(found.funded).tolist()
    assert found.rank.tolist() == [1 if one else len(costs) + 1 for one in found.funded]


@given(elections(most=3), measures, completions)
@few
def test_equal_shares_never_overspends(election, measure, completion):
    points, costs, budget = election
    found = equal_shares(points, costs, budget=budget, measure=measure, completion=completion)
    assert found.spent == sum(np.array(costs)[found.funded]) <= budget


def groups(points):
    voters = range(len(points))
    return chain.from_iterable(combinations(voters, size) for size in range(1, len(points) + 1))


@given(elections(voters=5), completions)
@few
def test_of_a_group_that_agrees_one_has_as_many_projects_as_it_could_have_paid_for(election, completion):
    points, costs, budget = election
    funded = equal_shares(points, costs, budget=budget, measure="number", completion=completion).funded
    has = (points * funded).sum(axis=1)
    for group in groups(points):
        agreed = np.sort(np.array(costs)[points[list(group)].all(axis=0)])
        could = int((np.cumsum(agreed) * len(points) <= budget * len(group)).sum())
        assert has[list(group)].max() >= could


@given(elections(voters=5))
@few
def test_measured_by_cost_one_of_the_group_is_at_most_one_project_short(election):
    points, costs, budget = election
    cost = np.array(costs)
    funded = equal_shares(points, cost, budget=budget).funded
    for group in groups(points):
        agreed = np.flatnonzero(points[list(group)].all(axis=0))
        for size in range(1, len(agreed) + 1):
            for part in map(list, combinations(agreed, size)):
                if cost[part].sum() * len(points) <= budget * len(group):
                    has = (points[list(group)] * cost * funded).sum(axis=1).max()
                    missing = [one for one in part if not funded[one]]
                    assert has >= cost[part].sum() or (missing and has + cost[missing].max() > cost[part].sum())


@given(elections(most=3), measures, st.integers(1, 9))
@few
def test_adding_a_unit_ends_when_nothing_fits_or_before_the_budget_is_overspent(election, measure, unit):
    points, costs, budget = election
    found = equal_shares(points, costs, budget=budget, measure=measure, completion="add_unit", unit=unit)
    more = [budget + one * unit * len(points) for one in (found.units, found.units + 1)]
    assert found.order.tolist() == by_hand(points, costs, more[0], measure)
    wanted = points.any(axis=0) & ~found.funded
    if (np.array(costs)[wanted] <= budget - found.spent).any():
        assert sum(costs[one] for one in by_hand(points, costs, more[1], measure)) > budget


@given(elections(), measures)
@few
def test_greedy_adds_what_fits_by_worth_for_its_cost(election, measure):
    points, costs, budget = election
    alone = equal_shares(points, costs, budget=budget, measure=measure)
    found = equal_shares(points, costs, budget=budget, measure=measure, completion="greedy")
    assert found.order.tolist()[: len(alone.order)] == alone.order.tolist()
    assert np.flatnonzero(found.completed).tolist() == sorted(found.order.tolist()[len(alone.order) :])
    left = np.array(costs)[points.any(axis=0) & ~found.funded]
    assert (left > budget - found.spent).all()


def test_greedy_prefers_more_votes_or_more_votes_for_the_cent():
    points, costs = [[1, 0], [1, 0], [0, 1]], [90, 30]
    options = {"budget": 100, "completion": "greedy"}
    assert equal_shares(points, [90, 35], **options).order.tolist() == [0]
    assert equal_shares(points, [90, 35], measure="number", **options).order.tolist() == [1]
    assert equal_shares(points, costs, **options).completed.tolist() == [False, False]


def test_a_minority_decides_on_its_part_where_the_most_votes_would_leave_it_nothing():
    points = [[1, 1, 1, 0]] * 7 + [[0, 0, 0, 1]] * 3
    found = equal_shares(points, [30, 30, 30, 30], budget=100)
    assert np.flatnonzero(found.funded).tolist() == [0, 1, 3]


def test_the_last_cent_counts():
    points = [[1, 1], [1, 0], [1, 0]]
    assert equal_shares(points, [100, 1], budget=100).funded.tolist() == [True, False]
    assert equal_shares(points, [101, 1], budget=100).funded.tolist() == [False, True]
    assert equal_shares([[1]] * 3, [10**15], budget=10**15).funded.tolist() == [True]
    assert equal_shares([[1]] * 3, [10**15], budget=10**15 - 1).funded.tolist() == [False]


@given(elections(most=2), st.randoms())
@few
def test_the_order_of_voters_does_not_matter_and_counts_say_how_many_cast_a_ballot(election, chance):
    points, costs, budget = election
    counts = np.array([chance.randint(0, 2) for _ in points])
    counts[0] += 1
    rows = np.repeat(points, counts, axis=0).tolist()
    chance.shuffle(rows)
    one = equal_shares(points, costs, budget=budget, counts=counts)
    assert one.order.tolist() == equal_shares(rows, costs, budget=budget).order.tolist()


@given(elections(voters=5), completions)
@settings(max_examples=15)
def test_robustness_is_how_often_the_same_projects_are_funded(election, completion):
    points, costs, budget = election
    points = np.vstack([points, points[:1], points[:1]])
    options = {"budget": budget, "completion": completion, "unit": 5}
    result = equal_shares(points, costs, **options)
    kept = [
        (equal_shares(np.delete(points, gone, axis=0), costs, **options).funded == result.funded).all()
        for gone in combinations(range(len(points)), 2)
    ]
    for top in (1, 3):
        assert voting.robustness(result, top=top).estimate == pytest.approx(np.mean(kept))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            lambda: equal_shares([[1, 0]], [1], budget=1),
            "costs: one for each column of utilities, 2, was expected, not 1",
        ),
        (lambda: equal_shares(np.ones((0, 1)), [1], budget=1), "utilities: at least 1 ballot"),
        (lambda: equal_shares(np.ones((1, 0)), [], budget=1), "utilities: at least 1 ballot"),
        (lambda: equal_shares([[0.5]], [1], budget=1), "utilities: whole numbers were expected, not 0.5"),
        (lambda: equal_shares([[-1]], [1], budget=1), "utilities: at least 0"),
        (lambda: equal_shares([[float("nan")]], [1], budget=1), "utilities: a known number"),
        (lambda: equal_shares([[1]], [0], budget=1), "costs: at least 1 was expected"),
        (lambda: equal_shares([[1]], [1.5], budget=1), "costs: whole numbers were expected, not 1.5 at 0"),
        (lambda: equal_shares([[1]], [2**53 + 1], budget=2**53), "costs: at most 9007199254740991"),
        (lambda: equal_shares([[1]], [1], budget=-1), "budget: a whole number of at least 0"),
        (lambda: equal_shares([[1]], [1], budget=1, measure="votes"), "measure: cost or number"),
        (lambda: equal_shares([[1]], [1], budget=1, completion="all"), "completion: none, add_unit"),
        (lambda: equal_shares([[1]], [1], budget=1, unit=0), "unit: a whole number of at least 1"),
        (lambda: equal_shares([[1]], [1], budget=1, counts=[1, 1]), "counts: one for each of the 1 ballots"),
    ],
)
def test_what_cannot_be_shared_is_refused_with_its_name(wrong, said):
    with pytest.raises(ValueError, match=said):
        wrong()
