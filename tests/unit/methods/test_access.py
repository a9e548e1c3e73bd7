"""What people can reach is shared by all who reach it; nobody disappears from the map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maillage.methods import access
from maillage.methods.access import FloatingCatchment, gaussian, gravity, rational_agents, steps, within
from tests.towns import towns

SHUFFLED_TWICE = ([0, 1, 0, 1, 0], [8, 0, 0, 8, 8], [1, 2, 3, 4, 5])
METHODS = ("two_step", "enhanced", "three_step")
methods = st.sampled_from(METHODS)
EVERYTHING = {"access", "reaches_nobody", "ratio", "reached_by_nobody"}


def town(**options):
    """Two places share a practice, a third has one of its own, a fourth has nobody to go to."""
    pairs = ([0, 1, 2, 0], [0, 0, 1, 1], [5, 15, 5, 40])
    return FloatingCatchment([100, 100, 50, 10], [4, 1], pairs, {10: 1, 20: 0.5}, **options)


def same(found, expected):
    for name in EVERYTHING:
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-15, err_msg=name)


# ---- catchments


def test_each_practice_is_shared_by_weight_and_each_place_adds_up_what_it_reaches():
    found = town().now
    assert found.ratio == pytest.approx([4 / (100 + 0.5 * 100), 1 / 50])
    assert found.access == pytest.approx([4 / 150, 0.5 * 4 / 150, 1 / 50, 0])


def test_who_reaches_nobody_has_no_access_and_is_told():
    found = town().now
    assert found.reaches_nobody.tolist() == [False, False, False, True]
    assert found.access[3] == 0
    closed = FloatingCatchment([10], [0], ([0], [0], [5]), 10).now
    assert (closed.access[0], closed.reaches_nobody[0]) == (0, True)


def test_a_practice_that_nobody_reaches_gives_nothing_and_is_told():
    found = FloatingCatchment([10, 0], [2, 3, 0, 4], ([0, 1, 1], [0, 1, 2], [5, 5, 5]), 10).now
    assert found.reached_by_nobody.tolist() == [False, True, False, True]
    assert found.ratio.tolist() == [0.2, 0, 0, 0]
    assert found.access.tolist() == [0.2, 0]
    assert found.reaches_nobody.tolist() == [False, False]  # the empty place has a practice at its door


def test_a_journey_has_a_direction():
    one_way = FloatingCatchment([10, 10], [1, 1], ([0, 1, 1], [0, 0, 1], [1, 1, 1]), 5).now
    other_way = FloatingCatchment([10, 10], [1, 1], ([0, 0, 1], [0, 1, 1], [1, 1, 1]), 5).now
    assert one_way.access == pytest.approx([0.05, 0.15])
    assert other_way.access == pytest.approx([0.15, 0.05])


@given(towns(), methods)
def test_what_is_given_out_is_what_there_is(where, method):
    demand, supply, pairs = where
    need = 0.5 + np.arange(len(demand)) / 4
    found = FloatingCatchment(demand, supply, pairs, access.ENHANCED, method=method, need=need).now
    assert np.isfinite(found.access).all()
    assert (found.access >= 0).all()
    given_out = (demand * need * found.access).sum()
    assert given_out == pytest.approx(supply[~found.reached_by_nobody].sum())


@given(towns(), methods, st.integers(0, 4), st.floats(0.01, 100))
def test_more_supply_never_lowers_any_access(where, method, which, more):
    demand, supply, pairs = where
    larger = supply.copy()
    larger[which % len(supply)] += more
    before, after = (
        FloatingCatchment(demand, each, pairs, gaussian(15), method=method).now.access for each in (supply, larger)
    )
    assert (after >= before * (1 - 1e-12)).all()


@given(towns(), methods, st.floats(0.1, 10))
def test_doubling_demand_halves_access_doubling_supply_doubles_it_and_the_unit_of_the_decay_cancels_out(
    where, method, unit
):
    demand, supply, pairs = where
    once = FloatingCatchment(demand, supply, pairs, access.ENHANCED, method=method).now.access
    crowded = FloatingCatchment(2 * demand, supply, pairs, access.ENHANCED, method=method).now.access
    staffed = FloatingCatchment(demand, 2 * supply, pairs, access.ENHANCED, method=method).now.access
    other = {zone: weight * unit for zone, weight in access.ENHANCED.items()}
    scaled = FloatingCatchment(demand, supply, pairs, other, method=method).now.access
    for found, expected in ((crowded, once / 2), (staffed, 2 * once), (scaled, once)):
        np.testing.assert_allclose(found, expected, rtol=1e-9)


@given(towns(), methods, st.integers(0, 1000))
def test_the_order_of_the_pairs_changes_nothing(where, method, seed):
    demand, supply, pairs = where
    order = np.random.default_rng(seed).permutation(len(pairs[0]))
    shuffled = tuple(each[order] for each in pairs)
    same(
        FloatingCatchment(demand, supply, shuffled, access.THREE_STEP, method=method).now,
        FloatingCatchment(demand, supply, pairs, access.THREE_STEP, method=method).now,
    )


def test_pairs_in_any_order_are_looked_through_some_practices_at_a_time(monkeypatch):
    monkeypatch.setattr("maillage.methods.access.pairs.BLOCK", 4)
    pairs = ([1, 0, 1, 0, 1], [0, 0, 3, 7, 7], [1, 2, 3, 4, 5])
    found = FloatingCatchment([1, 1], np.ones(8), pairs, 10).now
    assert found.access == pytest.approx([1, 2])
    with pytest.raises(ValueError, match="origin 1, destination 7 twice"):
        FloatingCatchment([1, 1], np.ones(8), tuple([*each, each[-1]] for each in pairs), 10)


@given(towns())
def test_in_two_steps_every_pair_within_reach_counts_the_same(where):
    demand, supply, pairs = where
    decay = FloatingCatchment(demand, supply, pairs, gravity(10, -1, least=0.5), method="two_step", limit=20)
    same(decay.now, FloatingCatchment(demand, supply, pairs, 20).now)


def test_in_three_steps_who_has_two_practices_asks_half_of_each():
    pairs = ([0, 0, 1], [0, 1, 1], [5, 5, 5])
    found = FloatingCatchment([100, 100], [3, 3], pairs, 10, method="three_step").now
    assert found.ratio == pytest.approx([3 / 50, 3 / 150])
    assert found.access == pytest.approx([1.5 / 50 + 1.5 / 150, 3 / 150])


def test_a_limit_cuts_after_the_preference_was_shared_and_in_the_decay_before():
    town = [100, 100], [3, 3], ([0, 0, 1], [0, 1, 0], [10, 20, 10])
    after = FloatingCatchment(*town, gravity(1, -1), method="three_step", limit=15).now
    before = FloatingCatchment(*town, gravity(1, -1, limit=15), method="three_step").now
    assert after.access == pytest.approx([0.012, 0.018])  # the first place asks 2/3 of the practice that both reach
    assert before.access == pytest.approx([0.015, 0.015])  # it asks for all of it
    assert after.reached_by_nobody.tolist() == before.reached_by_nobody.tolist() == [False, True]


@given(towns(), methods)
def test_a_way_that_costs_without_end_is_no_way(where, method):
    demand, supply, (origin, destination, cost) = where
    blocked = cost > 20
    endless = (origin, destination, np.where(blocked, np.inf, cost))
    absent = tuple(each[~blocked] for each in (origin, destination, cost))
    same(
        FloatingCatchment(demand, supply, endless, gravity(1, -1, least=1), method=method).now,
        FloatingCatchment(demand, supply, absent, gravity(1, -1, least=1), method=method).now,
    )


# ---- what-ifs


@given(towns(), methods, st.integers(0, 2**32))
def test_a_what_if_equals_building_anew(where, method, seed):
    demand, supply, pairs = where
    chance = np.random.default_rng(seed)
    kept = FloatingCatchment(demand, supply, pairs, access.ENHANCED, method=method)
    other = np.where(chance.random(len(supply)) < 0.5, supply, chance.integers(0, 9, len(supply)))
    people = demand + chance.integers(0, 50, len(demand))
    same(kept.what_if(), kept.now)
    same(kept.what_if(supply=other), FloatingCatchment(demand, other, pairs, access.ENHANCED, method=method).now)
    both = kept.what_if(supply=other, demand=people)
    same(both, FloatingCatchment(people, other, pairs, access.ENHANCED, method=method).now)


@given(towns(), methods, st.integers(0, 2**32))
@settings(max_examples=50)
def test_many_scenarios_at_once_are_each_what_it_would_be_alone(where, method, seed):
    demand, supply, pairs = where
    kept = FloatingCatchment(demand, supply, pairs, access.ENHANCED, method=method)
    chance = np.random.default_rng(seed)
    supplies, people = chance.integers(0, 9, (3, len(supply))), chance.integers(0, 90, (3, len(demand)))
    people[:, 0] += 1
    for asked in ({"supply": supplies}, {"demand": people}, {"supply": supplies, "demand": people}):
        together = kept.what_if(**asked)
        assert together.access.shape == together.reaches_nobody.shape == (3, len(demand))
        for place in range(3):
            alone = kept.what_if(**{name: each[place] for name, each in asked.items()})
            for name in EVERYTHING:
                np.testing.assert_allclose(getattr(together, name)[place], getattr(alone, name), rtol=1e-9, atol=1e-15)


def street(**options):
    """Forty places in a row, each with a practice that its two neighbours reach too: one practice is a small part of the whole."""
    origin, destination = np.nonzero(abs(np.subtract.outer(np.arange(40), np.arange(40))) < 2)
    return np.full(40, 100.0), np.arange(1.0, 41), (origin, destination, 5.0 * (origin != destination)), options


@pytest.mark.parametrize("method", METHODS)
def test_closing_a_practice_equals_building_anew_without_its_supply(method):
    demand, supply, pairs, _ = street()
    kept = FloatingCatchment(demand, supply, pairs, gaussian(5), method=method)
    left = supply.copy()
    left[[3, 4, 5]] = 0
    anew = FloatingCatchment(demand, left, pairs, gaussian(5), method=method).now
    same(kept.closing([3, 4, 5]), anew)
    assert anew.reaches_nobody.nonzero()[0].tolist() == [4]
    assert kept.closing([3, 4, 5]).access[4] == 0


def test_a_difference_that_would_leave_only_rounding_is_added_up_anew():
    demand, supply, pairs, _ = street()
    supply[10], supply[11] = 1e15, 1e-3
    supply[12] = 0
    kept = FloatingCatchment(demand, supply, pairs, 7)
    left = supply.copy()
    left[10] = 0
    np.testing.assert_allclose(
        kept.closing([10]).access, FloatingCatchment(demand, left, pairs, 7).now.access, rtol=1e-12
    )


@given(towns(), towns(practices=2), methods)
def test_opening_practices_equals_building_all_together(where, new, method):
    demand, supply, (origin, destination, cost) = where
    _, more, (start, end, price) = new
    inside = start < len(demand)
    start, end, price = start[inside], end[inside], price[inside]
    kept = FloatingCatchment(demand, supply, (origin, destination, cost), gaussian(9), method=method, limit=30)
    all_pairs = (np.append(origin, start), np.append(destination, end + len(supply)), np.append(cost, price))
    together = FloatingCatchment(demand, np.append(supply, more), all_pairs, gaussian(9), method=method, limit=30)
    found = kept.opening(more, (start, end, price))
    same(found, together.now)
    if method != "three_step":
        assert (found.access >= kept.now.access).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_practice_that_moves_closes_and_opens_at_once(method):
    demand, supply, pairs, _ = street()
    kept = FloatingCatchment(demand, supply, pairs, gaussian(5), method=method)
    left = supply.copy()
    left[7] = 0
    all_pairs = (np.append(pairs[0], [20, 21]), np.append(pairs[1], [40, 40]), np.append(pairs[2], [2, 4]))
    together = FloatingCatchment(demand, np.append(left, 8), all_pairs, gaussian(5), method=method).now
    same(kept.opening([8], ([20, 21], [0, 0], [2, 4]), closing=[7]), together)


def test_in_three_steps_a_new_practice_may_lower_access_elsewhere():
    kept = FloatingCatchment([100, 100], [10], ([0, 1], [0, 0], [5, 5]), 10, method="three_step")
    after = kept.opening([0.1], ([0], [0], [5])).access
    assert after[0] < kept.now.access[0]
    assert after[1] > kept.now.access[1]


def test_what_was_given_may_change_afterwards():
    demand, supply, need = np.array([10.0]), np.array([2.0]), np.array([1.0])
    kept = FloatingCatchment(demand, supply, ([0], [0], [5]), 10, need=need)
    demand[:] = supply[:] = need[:] = 99
    assert kept.what_if(demand=[20]).access.tolist() == [0.1]
    for array in (kept.supply, kept.demand, *(getattr(kept.now, name) for name in EVERYTHING)):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9


@given(towns(), methods)
@settings(max_examples=20)
def test_no_question_changes_what_was_given_nor_what_is_kept(where, method):
    demand, supply, (origin, destination, cost) = where
    given_ = (demand, supply, origin, destination, cost, demand + 1, supply + 1)
    copies = [each.copy() for each in given_]
    kept = FloatingCatchment(demand, supply, (origin, destination, cost), access.ENHANCED, method=method)
    before = {name: getattr(kept.now, name).copy() for name in EVERYTHING}
    kept.what_if(supply=given_[6])
    kept.what_if(demand=given_[5], supply=np.stack([supply, given_[6]]))
    kept.closing(np.arange(len(supply)))
    kept.opening([5, 0], ([0, 0], [0, 1], [1, 2]), closing=[0])
    rational_agents(demand, supply, (origin, destination, cost), rho=9)
    assert all((one == other).all() for one, other in zip(given_, copies, strict=True))
    assert all((getattr(kept.now, name) == before[name]).all() for name in EVERYTHING)
    same(kept.what_if(), kept.now)


def test_places_may_be_told_in_any_whole_numbers_of_any_memory():
    origin, destination, cost = [0, 1, 2, 0], [0, 0, 1, 1], [5, 15, 5, 40]
    people, table = ([100, 100, 50, 10], [4, 1]), {10: 1, 20: 0.5}
    agents = rational_agents(*people, (origin, destination, cost)).cost
    for kind in ("int8", "uint8", "uint64", ">i4"):
        wide = np.zeros((3, 8), kind)
        wide[0, ::2], wide[1, ::2], wide[2, ::2] = origin, destination, cost
        wide.flags.writeable = False
        pairs = tuple(wide[:, ::2])  # every other number of an array that is not ours
        same(FloatingCatchment(*people, pairs, table).now, town().now)
        assert (rational_agents(*people, pairs).cost == agents).all()


# ---- decays


def test_zones_end_at_their_edge_and_nothing_counts_beyond_the_last():
    costs = np.array([0, 10, 10.5, 20, 30, 30.1])
    assert steps(access.ENHANCED)(costs).tolist() == [1, 1, 0.68, 0.68, 0.22, 0]
    assert within(10)(costs).tolist() == [1, 1, 0, 0, 0, 0]
    many = {edge: 1 / (1 + edge) for edge in range(1, 31)}
    assert steps(many)(costs) == pytest.approx([1 / 2, 1 / 11, 1 / 12, 1 / 21, 1 / 31, 0])


def test_bells_and_powers_are_their_formulas():
    costs = np.array([0.0, 1, 20, 40])
    assert gaussian(20)(costs) == pytest.approx([1, np.exp(-1 / 800), np.exp(-0.5), np.exp(-2)])
    assert gravity(20, -2, least=1)(costs) == pytest.approx([400, 400, 1, 0.25])
    assert gaussian(20, limit=30)(costs)[3] == 0
    assert gravity(20, 0)(costs).tolist() == [1, 1, 1, 1]


def test_any_function_from_costs_to_weights_is_a_decay():
    found = FloatingCatchment([10, 10], [1], ([0, 1], [0, 0], [1, 3]), lambda cost: 1 / cost).now
    assert found.access == pytest.approx([1 / (10 + 10 / 3), 1 / 3 / (10 + 10 / 3)])


@pytest.mark.parametrize("method", METHODS)
def test_it_does_not_matter_what_a_decay_says_of_a_way_that_does_not_exist_nor_what_it_does_with_the_costs(method):
    def careless(cost):
        with np.errstate(invalid="ignore"):
            weight = 1 + cost * np.exp(-cost)  # not a number where there is no way
        cost[:] = 1
        return weight

    pairs = ([0, 1, 0, 1], [0, 0, 1, 1], [np.inf, 1, 1, 1])
    found = FloatingCatchment([10, 10], [1, 1], pairs, careless, method=method).now
    plain = FloatingCatchment([10, 10], [1, 1], tuple(each[1:] for each in pairs), 5, method=method).now
    assert found.access == pytest.approx(plain.access)


def test_a_weight_too_small_to_be_divided_by_is_out_of_reach():
    found = FloatingCatchment([1, 1], [5, 5], ([0, 1], [0, 1], [1e-3, 4]), gravity(1e-3, -100)).now
    assert found.access.tolist() == [5, 0]
    assert found.reached_by_nobody.tolist() == [False, True]


# ---- what cannot be


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"demand": [-1, 1]}, "demand: at least 0"),
        ({"demand": [0, 0]}, "demand: people with needs somewhere"),
        ({"demand": [[1, 1]]}, "demand: an array of 1 axis"),
        ({"supply": [np.nan]}, "supply: a known number"),
        ({"supply": [-1]}, "supply: at least 0"),
        ({"pairs": ([0], [0])}, "pairs: origin, destination and cost"),
        ({"pairs": ([2], [0], [1])}, "origin: whole numbers from 0 to 1"),
        ({"pairs": ([-1], [0], [1])}, "origin: whole numbers from 0 to 1 were expected, not -1"),
        ({"pairs": ([0.0], [0], [1])}, "origin: a row of whole numbers"),
        ({"pairs": ([0], [1], [1])}, "destination: whole numbers from 0 to 0"),
        ({"pairs": ([0], [0], [-1.0])}, "cost: at least 0"),
        ({"pairs": ([0], [0], [np.nan])}, "cost: a known number"),
        ({"pairs": ([0, 1], [0, 0], [1])}, "cost: the shape of origin"),
        (
            {"pairs": ([0, 1, 1], [0, 0, 0], [1, 2, 3])},
            "pairs: each once was expected, not origin 1, destination 0 twice",
        ),
        (
            {"pairs": ([1, 0, 1], [0, 0, 0], [1, 2, 3])},
            "pairs: each once was expected, not origin 1, destination 0 twice",
        ),
        ({"decay": {}}, "decay: at least one zone"),
        ({"decay": {10: -1}}, "decay: at least 0"),
        ({"decay": None}, "decay: a known number"),
        ({"decay": gravity(1, -500), "pairs": ([0], [0], [1e-9])}, "decay: a weight from 0 to"),
        ({"decay": lambda cost: cost - 9}, "decay: a weight from 0 to 1e[+]200 was expected, not -8 for a cost of 1"),
        ({"decay": lambda cost: cost[:0]}, r"decay: a weight for each of 1 costs was expected, not the shape \(0,\)"),
        (
            {"decay": lambda cost: cost * 1e201},
            "decay: a weight from 0 to 1e[+]200 was expected, not 1e[+]201 for a cost",
        ),
        (
            {"decay": lambda cost: cost * np.inf},
            "decay: a weight from 0 to 1e[+]200 was expected, not inf for a cost",
        ),
        (
            {"decay": lambda cost: 1 / (cost - 1)},
            "decay: a weight from 0 to 1e[+]200 was expected, not inf for a cost",
        ),
        ({"decay": lambda cost: "near"}, "decay: numbers were expected, not 'near'"),
        ({"decay": [10, 20]}, "decay: a number was expected"),
        ({"decay": np.array([10])}, "decay: a number was expected"),
        ({"decay": {10: 1, "far": 0.5}}, "decay: numbers were expected"),
        ({"decay": -5}, "decay: at least 0"),
        ({"decay": gravity(1, -1), "pairs": ([0], [0], [0.0])}, "cost: more than 0 was expected by gravity"),
        ({"method": "four_step"}, "method: two_step, enhanced or three_step"),
        ({"limit": -1}, "limit: at least 0"),
        ({"need": [1]}, "need: the shape of demand"),
        ({"need": [1, -1]}, "need: at least 0"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(change, said):
    given_ = {"demand": [1, 2], "supply": [1], "pairs": ([0], [0], [1.0]), "decay": 10} | change
    with pytest.raises(ValueError, match=said):
        FloatingCatchment(**given_)


def test_what_cannot_be_asked_is_refused_by_its_name():
    for work, said in (
        (lambda: FloatingCatchment([1, 1], np.ones(9), SHUFFLED_TWICE, 10), "not origin 0, destination 8 twice"),
        (lambda: town().what_if(supply=[1]), r"supply: \(..., 2 suppliers\)"),
        (lambda: town().what_if(supply=[1, -1]), "supply: at least 0"),
        (lambda: town().what_if(demand=[1]), r"demand: \(..., 4 origins\)"),
        (
            lambda: town().what_if(supply=np.ones((2, 2)), demand=np.ones((3, 4))),
            "demand: as many scenarios as of supply, 2",
        ),
        (lambda: town().closing([2]), "suppliers: whole numbers from 0 to 1"),
        (lambda: town().what_if(demand=[0, 0, 0, 0]), "demand: people with needs somewhere"),
        (lambda: town().what_if(demand=[[1, 1, 1, 1], [0, 0, 0, 0]]), "demand: people with needs somewhere"),
        (lambda: steps({}), "table: at least one zone"),
        (lambda: steps([10, 20]), "table: a table of zones"),
        (lambda: steps(None), "table: a table of zones"),
        (lambda: within(-1), "limit: at least 0"),
        (lambda: within([10]), "limit: a number"),
        (lambda: town().opening([1], ([0], [0], [1]), closing=[2]), "closing: whole numbers from 0 to 1"),
        (lambda: town().opening([1], ([4], [0], [1])), "origin: whole numbers from 0 to 3"),
        (lambda: gaussian(0), "sigma: more than 0"),
        (lambda: gaussian(1, limit=-1), "limit: at least 0"),
        (lambda: gravity(1, 1), "power: at most 0"),
        (lambda: gravity(0, -1), "scale: more than 0"),
    ):
        with pytest.raises(ValueError, match=said):
            work()


def test_a_territory_without_practices_has_places_that_reach_nobody():
    found = FloatingCatchment([1, 2], [], ([], [], []), 10)
    assert found.now.reaches_nobody.all()
    same(found.what_if(supply=[]), found.now)
    assert found.what_if(demand=[2, 1]).access.tolist() == [0, 0]
    assert found.opening([3], ([0], [0], [1])).access.tolist() == [3, 0]
    assert rational_agents([1, 2], [], ([], [], []), rho=1).reaches_nobody.all()
