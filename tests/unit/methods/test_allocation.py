"""Allocation against its definition (every set of people, every way of housing them), and each promise as a property."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from maillage.methods.allocation import ALIKE, APART, QUOTA, Held, Problem, Quota, Served, served
from maillage.methods.certificates import discomfort_faults, faults
from maillage.methods.comfort import MOST, settled

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed: int, *, people: int = 8, groups: int = 4, most: int = 3, density: float = 0.5) -> Problem:
    draw = np.random.default_rng(seed)
    rows, columns = int(draw.integers(0, people + 1)), int(draw.integers(1, groups + 1))
    return Problem(draw.random((rows, columns)) < density, draw.integers(0, most, columns))


def restricted(seed: int, *, people: int = 9, groups: int = 5) -> Problem:
    """With households over several places, rooms of one kind, pairs kept apart, and quotas."""
    draw = np.random.default_rng(seed)
    bare = drawn(seed, people=people, groups=groups, most=4)
    rows, columns = bare.options.shape
    pairs = [(a, b) for a in range(rows) for b in range(a) if draw.random() < 0.1]
    quotas = [
        Quota(draw.random(columns) < 0.6, draw.random(rows) < 0.5, int(draw.integers(0, 3)))
        for _ in range(int(draw.integers(0, 3)))
    ]
    return Problem(
        bare.options,
        bare.capacity,
        units=draw.choice([1, 1, 1, 2, 3], (rows, columns)),
        alike=draw.random(columns) < 0.4,
        kind=draw.integers(0, 3, rows),
        houses=draw.integers(0, 3, columns),
        apart=pairs,
        quotas=quotas,
    )


def can_house(problem: Problem, rows: tuple[int, ...], left: list[int] | None = None) -> bool:
    """Every way, one after the other."""
    left = problem.capacity.tolist() if left is None else left
    if not rows:
        return True
    for group in np.flatnonzero(problem.options[rows[0]]).tolist():
        if left[group]:
            left[group] -= 1
            if can_house(problem, rows[1:], left):
                left[group] += 1
                return True
            left[group] += 1
    return False


def best_set(problem: Problem) -> list[int]:
    """Of all sets that can be housed, the one that the ranks prefer."""
    everyone = range(len(problem.options))
    for chosen in product((1, 0), repeat=len(problem.options)):  # the first ones are the best
        rows = tuple(row for row in everyone if chosen[row])
        if can_house(problem, rows):
            return list(rows)
    raise AssertionError("nobody can always be housed")


def who(found: Served) -> list[int]:
    return np.flatnonzero(found.group >= 0).tolist()


@given(SEEDS)
@settings(max_examples=300)
def test_it_serves_the_best_set_that_can_be_housed_which_is_also_the_largest(seed: int) -> None:
    problem = drawn(seed)
    found = served(problem)
    assert problem.is_matroid
    assert who(found) == best_set(problem)
    sizes = [
        sum(chosen)
        for chosen in product((0, 1), repeat=len(problem.options))
        if can_house(problem, tuple(np.flatnonzero(chosen).tolist()))
    ]
    assert len(who(found)) == max(sizes)
    assert faults(problem, found) == []


@given(SEEDS)
@settings(max_examples=150)
def test_one_place_more_or_one_person_less_never_takes_a_place_from_anybody(seed: int) -> None:
    problem = drawn(seed, people=14, groups=6)
    before = set(who(served(problem)))
    draw = np.random.default_rng(seed)
    more = problem.capacity.copy()
    more[draw.integers(len(more))] += 1
    assert before <= set(who(served(replace(problem, capacity=more))))
    assume(len(problem.options))
    gone = int(draw.integers(len(problem.options)))
    options = problem.options.copy()
    options[gone] = False
    assert before - {gone} <= set(who(served(replace(problem, options=options))))


@given(SEEDS)
@settings(max_examples=150)
def test_the_order_in_which_groups_are_told_changes_nobody_s_luck_and_twice_is_the_same(seed: int) -> None:
    problem = drawn(seed, people=14, groups=6)
    order = np.random.default_rng(seed).permutation(len(problem.capacity))
    other = Problem(problem.options[:, order], problem.capacity[order])
    one, two = served(problem), served(problem)
    assert who(one) == who(served(other))
    assert (one.group == two.group).all()
    assert (one.sets == two.sets).all()
    assert (one.closed == two.closed).all()


@given(SEEDS)
@settings(max_examples=300)
def test_with_every_restriction_each_refusal_is_proven_and_nothing_forbidden_happens(seed: int) -> None:
    problem = restricted(seed)
    found = served(problem)
    assert faults(problem, found) == []
    assert (found.group == served(problem).group).all()


@given(SEEDS)
@settings(max_examples=150)
def test_comfort_costs_the_least_for_the_same_people_and_the_reasons_still_hold(seed: int) -> None:
    problem = restricted(seed) if seed % 2 else drawn(seed, people=9, groups=5)
    found = served(problem)
    cost = np.random.default_rng(seed).integers(0, 20, problem.options.shape)
    after = settled(problem, found, cost)
    assert discomfort_faults(problem, found, after, cost.tolist()) == []
    assert faults(problem, replace(found, group=after.group)) == []
    if problem.is_matroid:
        assert after.total == cheapest(problem, who(found), cost)


def cheapest(problem: Problem, rows: list[int], cost: Any) -> int:
    totals = []
    for groups in product(*(np.flatnonzero(problem.options[row]).tolist() for row in rows)):
        if (np.bincount(np.array(groups, np.int64), minlength=len(problem.capacity)) <= problem.capacity).all():
            totals.append(sum(int(cost[row, group]) for row, group in zip(rows, groups, strict=True)))
    return min(totals)


@given(SEEDS)
@settings(max_examples=40)
def test_scipy_s_matching_with_weights_serves_the_same_people(seed: int) -> None:
    sparse = pytest.importorskip("scipy.sparse", reason="scipy is not installed (dependency group benchmarks)")
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    problem = drawn(seed, people=30, groups=8, most=5, density=0.3)
    rows, places = len(problem.options), int(problem.capacity.sum())
    assume(rows)
    table = np.repeat(problem.options, problem.capacity, axis=1)
    weight = np.zeros((rows, places + rows))
    weight[:, :places] = table * 1.0
    weight[np.arange(rows), places + np.arange(rows)] = 1 + 2.0 ** (rows - np.arange(rows))  # to go without
    matched = min_weight_full_bipartite_matching(sparse.csr_array(weight))[1]
    assert who(served(problem)) == [row for row in range(rows) if matched[row] < places]


@given(SEEDS)
@settings(max_examples=40)
def test_ortools_flow_serves_the_same_people_at_the_same_discomfort(seed: int) -> None:
    pytest.importorskip("ortools", reason="OR-Tools is not installed (dependency group benchmarks)")
    from benchmarks.allocation import flow_on_groups

    problem = drawn(seed, people=30, groups=8, most=5, density=0.3)
    assume(problem.options.any() and problem.capacity.any())
    cost = np.random.default_rng(seed).integers(0, 50, problem.options.shape)
    found = served(problem)
    group = flow_on_groups(problem, cost)
    assert who(found) == np.flatnonzero(group >= 0).tolist()
    rows = np.flatnonzero(group >= 0)
    assert settled(problem, found, cost).total == cost[rows, group[rows]].sum()


# ---- by hand


def of(options: list[list[int]], capacity: list[int], **more: Any) -> Problem:
    return Problem(np.array(options, np.bool_), np.array(capacity), **more)


def test_somebody_placed_before_moves_so_that_both_are_housed() -> None:
    found = served(of([[1, 1], [1, 0]], [1, 1]))
    assert found.group.tolist() == [1, 0]


def test_a_refusal_names_every_place_that_could_have_been_reached_and_no_other() -> None:
    found = served(of([[1, 1, 0], [1, 0, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]], [1, 1, 1]))
    assert who(found) == [0, 1, 2]
    assert found.sets[found.closed[3]].tolist() == [True, False, False]
    assert found.sets[found.closed[4]].tolist() == [True, True, False]
    assert found.closed[:3].tolist() == [-1, -1, -1]


def test_a_family_gets_the_beds_that_others_can_leave_to_it_and_stays() -> None:
    """Two people in the dormitory could sleep elsewhere; the family cannot."""
    problem = of([[1, 1], [1, 1], [1, 0], [1, 1]], [3, 2], units=np.array([[1, 1], [1, 1], [3, 1], [1, 1]]))
    found = served(problem)
    assert found.group.tolist() == [1, 1, 0, -1]
    assert found.pinned.tolist() == [False, False, True, False]
    assert faults(problem, found) == []


def test_a_family_that_would_put_somebody_out_gets_nothing_and_all_is_as_before() -> None:
    problem = of([[1, 0], [1, 1], [1, 0], [1, 0]], [3, 1], units=np.array([[1, 1], [1, 1], [3, 1], [1, 1]]))
    found = served(problem)
    assert who(found) == [0, 1, 3]
    assert found.together == {2: [Held(0, 0b01, 2)]}  # two beds could be freed, not three
    assert faults(problem, found) == []


def test_more_beds_than_the_house_has() -> None:
    problem = of([[1]], [2], units=np.array([[3]]))
    assert served(problem).together == {0: [Held(0, 0b1, 0)]}
    assert faults(problem, served(problem)) == []


def test_two_who_are_kept_apart_are_never_in_one_house_and_the_one_of_lower_rank_goes_elsewhere() -> None:
    houses = np.array([0, 0, 1])
    problem = of([[1, 1, 0], [1, 1, 1]], [2, 2, 1], houses=houses, apart=[(1, 0)])
    assert served(problem).group.tolist() == [0, 2]
    nowhere = of([[1, 1, 0], [1, 1, 0]], [2, 2, 1], houses=houses, apart=[(1, 0)])
    assert served(nowhere).barred == {1: {0: APART, 1: APART}}
    assert faults(nowhere, served(nowhere)) == []


def test_a_room_takes_the_kind_of_the_first_and_the_next_room_is_opened_last() -> None:
    problem = of([[1, 1], [1, 1], [1, 0]], [2, 2], alike=np.array([True, True]), kind=np.array([0, 1, 2]))
    found = served(problem)
    assert found.group.tolist() == [0, 1, -1]
    assert found.barred == {2: {0: ALIKE}}
    assert faults(problem, found) == []


def test_a_quota_stops_its_class_and_no_other() -> None:
    quota = Quota(np.array([True]), np.array([True, True, False]), 1)
    problem = of([[1], [1], [1]], [3], quotas=[quota])
    found = served(problem)
    assert found.group.tolist() == [0, -1, 0]
    assert found.barred == {1: {0: QUOTA}}
    assert not problem.is_matroid
    assert faults(problem, found) == []


def test_nobody_and_nothing() -> None:
    assert served(Problem(np.zeros((0, 1), np.bool_), np.array([1]))).group.tolist() == []
    empty = Problem(np.zeros((2, 0), np.bool_), np.zeros(0, np.int64))
    assert served(empty).group.tolist() == [-1, -1]
    assert faults(empty, served(empty)) == []


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (
            "options: True and False, .people, groups., were expected, not int64",
            Problem(np.ones((1, 1), np.int64), np.array([1])),
        ),
        ("capacity: at least 0 was expected, not -1", of([[1]], [-1])),
        ("capacity: whole numbers of the shape .1,. were expected, not int64 of .2,.", of([[1]], [1, 1])),
        ("capacity: whole numbers of the shape .1,. were expected, not float64", of([[1]], [float("nan")])),
        ("units: whole numbers of the shape .1, 1.", of([[1]], [1], units=np.array([1]))),
        ("units: at least 0", of([[1]], [1], units=np.array([[-2]]))),
        ("alike: True and False", of([[1]], [1], alike=np.array([1]))),
        ("kind: whole numbers", of([[1]], [1], kind=np.array(["women"]))),
        ("houses: whole numbers", of([[1]], [1], houses=np.array([1, 2]))),
        ("quotas.groups: True", of([[1]], [1], quotas=[Quota(np.ones(2, bool), np.ones(1, bool), 1)])),
        ("quotas.people: True", of([[1]], [1], quotas=[Quota(np.ones(1, bool), np.ones(2, bool), 1)])),
        ("quotas.most: a whole number", of([[1]], [1], quotas=[Quota(np.ones(1, bool), np.ones(1, bool), -1)])),
        ("apart: two different rows below 2 were expected, not 0 and 2", of([[1], [1]], [1], apart=[(0, 2)])),
        ("apart: two different rows", of([[1], [1]], [1], apart=[(1, 1)])),
    ],
)
def test_what_is_not_a_problem_is_refused_with_its_name(said: str, wrong: Problem) -> None:
    with pytest.raises(ValueError, match=said):
        served(wrong)


def test_a_cost_or_an_answer_that_is_not_of_this_problem_is_refused_with_its_name() -> None:
    problem = of([[1]], [1])
    found = served(problem)
    with pytest.raises(ValueError, match="cost: whole numbers from 0 to"):
        settled(problem, found, np.array([[MOST + 1]]))
    with pytest.raises(ValueError, match=r"cost: whole numbers of the shape .1, 1. were expected, not float64"):
        settled(problem, found, np.array([[float("nan")]]))
    other = served(of([[1], [1]], [1]))
    with pytest.raises(ValueError, match="found: 1 people were expected, not 2"):
        settled(problem, other, np.array([[1]]))
    with pytest.raises(ValueError, match="found: the answer to a problem of 1 people, 1 groups was expected"):
        faults(problem, other)
    done = settled(problem, found, np.array([[1]]))
    with pytest.raises(ValueError, match="settled, cost: 1 people were expected, not 1 and 2"):
        discomfort_faults(problem, found, done, [[1], [1]])


def test_people_who_cannot_all_be_housed_are_refused() -> None:
    two = of([[1], [1]], [1])
    both = Served(np.array([0, 0]), np.zeros(2, np.bool_), np.array([-1, -1]), np.zeros((0, 1), np.bool_))
    with pytest.raises(ValueError, match="found: people who can all be housed"):
        settled(two, both, np.zeros((2, 1), np.int64))


# ---- the checker sees what is wrong


def wrong(found: Served, **change: Any) -> Served:
    return replace(found, **change)


@given(SEEDS)
@settings(max_examples=150)
def test_the_checker_sees_every_person_taken_off_and_every_person_added(seed: int) -> None:
    """Taking off somebody who is served, or giving a place to somebody refused, never goes unseen."""
    problem = drawn(seed, people=12, groups=5, most=3)
    found = served(problem)
    for row in range(len(problem.options)):
        group = found.group.copy()
        group[row] = (
            -1 if group[row] >= 0 else int(np.flatnonzero(problem.options[row])[0]) if problem.options[row].any() else 0
        )
        assert faults(problem, wrong(found, group=group)), row


@given(SEEDS)
@settings(max_examples=100)
def test_the_checker_sees_a_set_that_is_not_full(seed: int) -> None:
    problem = drawn(seed, people=14, groups=5, most=3)
    found = served(problem)
    assume(len(found.sets))
    assert faults(problem, wrong(found, sets=np.zeros_like(found.sets)))  # nothing is said of their options
    more = problem.capacity + 1  # there was a place after all
    assert faults(replace(problem, capacity=more), found)


def test_the_checker_sees_what_the_restrictions_forbid_and_bars_that_nobody_put_there() -> None:
    apart = of([[1], [1]], [2], houses=np.array([0]), apart=[(0, 1)])
    both = wrong(served(apart), group=np.array([0, 0]))
    assert "rows 0 and 1: under one roof" in faults(apart, both)
    room = of([[1], [1]], [2], alike=np.array([True]), kind=np.array([0, 1]))
    assert "group 0: two kinds in one room" in faults(room, wrong(served(room), group=np.array([0, 0])))
    quota = of([[1], [1]], [2], quotas=[Quota(np.array([True]), np.array([True, True]), 1)])
    assert "a quota of 1: passed" in faults(quota, wrong(served(quota), group=np.array([0, 0])))
    elsewhere = of([[1, 0]], [1, 1])
    assert "row 0: may not be in group 1" in faults(elsewhere, wrong(served(elsewhere), group=np.array([1])))
    free = of([[1]], [1])
    for why in (ALIKE, APART, QUOTA, "because"):
        refused = wrong(served(free), group=np.array([-1]), barred={0: {0: why}})
        assert faults(free, refused) == ["row 0: nothing bars group 0"]
    family = of([[1], [1]], [3], units=np.array([[1], [2]]))
    invented = wrong(served(family), group=np.array([0, -1]), together={1: [Held(0, 0b1, 1)]})
    assert faults(family, invented) == ["row 1: nothing is said of group 0"]
    outside = wrong(served(family), group=np.array([0, -1]), together={1: [Held(0, 0b0, 1)]})
    assert faults(family, outside) == ["row 1: nothing is said of group 0"]


def test_the_checker_sees_a_dearer_way_of_housing_the_same_people() -> None:
    problem = of([[1, 1], [1, 1]], [1, 1])
    cost = np.array([[0, 5], [0, 9]])
    found = served(problem)
    after = settled(problem, found, cost)
    assert (after.group.tolist(), after.total) == ([1, 0], 5)
    told = cost.tolist()
    assert discomfort_faults(problem, found, after, told) == []
    assert discomfort_faults(problem, found, replace(after, group=np.array([0, 1])), told)
    assert discomfort_faults(problem, found, replace(after, group=np.array([0, -1])), told)
    assert "group 1: a price above nothing" in discomfort_faults(
        problem, found, replace(after, prices=np.array([0, 3])), told
    )
    roomy = of([[1, 1]], [1, 1])
    low = replace(settled(roomy, served(roomy), cost[:1]), prices=np.array([-9, -9]))
    assert "group 1: a price, and a place left" in discomfort_faults(roomy, served(roomy), low, told[:1])
    family = of([[1, 1]], [2, 2], units=np.array([[2, 2]]))
    moved = replace(settled(family, served(family), cost[:1]), group=np.array([1]))
    assert discomfort_faults(family, served(family), moved, told[:1]) == ["row 0: moved, though pinned"]
