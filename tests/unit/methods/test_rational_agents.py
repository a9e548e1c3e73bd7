"""People choose between a near practice and a quiet one, until what they use costs them the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maillage.methods.access import FloatingCatchment, rational_agents
from tests.towns import towns


@given(towns(), st.booleans(), st.integers(1, 30))
@settings(max_examples=50)
def test_everybody_who_reaches_a_practice_is_served_and_who_reaches_none_is_told(where, whole_people, cycles):
    demand, supply, pairs = where
    found = rational_agents(demand, supply, pairs, rho=50, whole_people=whole_people, cycles=cycles)
    now = FloatingCatchment(demand, supply, pairs, 1e9).now
    assert (found.reaches_nobody == now.reaches_nobody).all()
    assert (found.reached_by_nobody == now.reached_by_nobody).all()
    assert found.load.sum() == pytest.approx(demand[~found.reaches_nobody].sum())
    assert (found.load >= -1e-9).all()
    assert (found.load[supply == 0] == 0).all()
    assert (np.isinf(found.cost) == found.reaches_nobody).all()
    assert not np.isnan(found.cost).any()


def test_one_place_and_one_practice_cost_the_crowd_and_the_journey():
    found = rational_agents([100], [2], ([0], [0], [30]), tau=60, rho=25)
    assert found.cost == pytest.approx([100 / (25 * 2) + 30 / 60])
    assert rational_agents([100], [2], ([0], [0], [30])).cost == pytest.approx([1 + 30 / 60])  # rho: the mean


def test_people_go_on_moving_until_every_practice_that_they_use_costs_them_the_same():
    pairs = ([0, 0, 1, 1], [0, 1, 0, 1], [0, 30, 30, 0])
    found = rational_agents(
        [900, 100], [1, 1], pairs, tau=60, whole_people=False, least_step=0.0001, cycles=600, half_life=40
    )
    first, second = found.load / 500
    assert first == pytest.approx(
        second + 0.5, abs=1e-3
    )  # the first place uses both: half a tau of journey is worth as much crowd
    assert found.cost == pytest.approx([first, second], abs=2e-3)


def test_a_step_may_be_a_number_of_people_and_only_whole_persons_move():
    pairs = ([0, 0], [0, 1], [0, 0])
    once = rational_agents([99], [1, 1], pairs, step=10, cycles=1, gentle=0)
    assert once.load.tolist() == [89, 10]
    again = rational_agents([99], [1, 1], pairs, step=np.int64(10), cycles=1, gentle=0)
    assert again.load.tolist() == [89, 10]
    assert rational_agents([99], [1, 1], pairs, cycles=99).load.tolist() == [50, 49]
    halves = rational_agents([99], [1, 1], pairs, cycles=99, whole_people=False)
    assert halves.load == pytest.approx([49.5, 49.5])


def test_at_first_no_practice_gains_more_than_a_crowd_of_one_at_once():
    origin, destination = np.divmod(np.arange(40), 2)
    pairs = (origin, destination, np.where(destination == 0, 0.0, 1.0))
    rough = rational_agents(np.full(20, 100), [1, 1], pairs, cycles=1, gentle=0, step=1.0, rho=100.0)
    mild = rational_agents(np.full(20, 100), [1, 1], pairs, cycles=1, step=1.0, rho=100.0)
    assert rough.load[1] > 100
    assert mild.load[1] <= 100


@given(towns(), st.integers(1, 40))
@settings(max_examples=40)
def test_doubling_demand_and_supply_together_changes_no_cost_where_fractions_may_move(where, cycles):
    demand, supply, pairs = where
    once, twice = (
        rational_agents(demand * by, supply * by, pairs, rho=40, whole_people=False, cycles=cycles).cost
        for by in (1, 2)
    )
    np.testing.assert_allclose(once, twice, rtol=1e-9)


def test_more_supply_may_raise_the_cost_of_some_places_unless_rho_stays():
    pairs = ([0, 1], [0, 1], [10, 10])
    before, after = (rational_agents([100, 100], supply, pairs).cost for supply in ([2, 2], [2, 6]))
    assert after[0] > before[0]
    before, after = (rational_agents([100, 100], supply, pairs, rho=50).cost for supply in ([2, 2], [2, 6]))
    assert after[0] == before[0]
    assert after[1] < before[1]


def test_a_place_without_people_has_the_cost_of_the_first_to_come():
    found = rational_agents([100, 0], [2], ([0, 1], [0, 0], [30, 60]), tau=60, rho=25)
    assert found.cost == pytest.approx([2.5, 3])
    empty = rational_agents([0], [2], ([0], [0], [30]), rho=25)
    assert empty.cost == pytest.approx([0.5])
    assert empty.reached_by_nobody.tolist() == [True]


def test_needs_count_as_more_people():
    pairs = ([0, 1], [0, 0], [0, 0])
    aged = rational_agents([100, 100], [2], pairs, need=[1, 2], rho=50, whole_people=False)
    assert aged.cost == pytest.approx([3, 3])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tau": 0}, "tau: more than 0"),
        ({"rho": 0}, "rho: more than 0"),
        ({"cycles": 0}, "cycles: a whole number of at least 1"),
        ({"step": 0.0}, "step: more than 0"),
        ({"step": 1.5}, "step: at most 1"),
        ({"step": 0}, "step: a whole number of at least 1"),
        ({"least_step": -1}, "least_step: at least 0"),
        ({"half_life": 0}, "half_life: more than 0"),
        ({"gentle": -1}, "gentle: a whole number"),
        ({"need": [1]}, "need: the shape of demand"),
        ({"supply": [0]}, "rho: a value was expected"),
        ({"pairs": ([0, 0], [0, 0], [1, 1])}, "pairs: each once"),
    ],
)
def test_agents_that_cannot_be_are_refused_by_name(options, said):
    given_ = {"demand": [1, 2], "supply": [1], "pairs": ([0], [0], [1.0])} | options
    with pytest.raises(ValueError, match=said):
        rational_agents(**given_)
