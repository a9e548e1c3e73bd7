"""A cluster stands out of its own places and days; places and days alone make none."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maillage.methods.outbreak import scan, space_time_permutation

GRID = np.array([(x * 500.0, y * 500.0) for x in range(3) for y in range(3)])
counts = arrays(int, st.tuples(st.just(9), st.integers(3, 7)), elements=st.sampled_from([0, 0, 0, 1, 1, 2]))
few = settings(max_examples=25)


def at_random(seed: int, *, areas: int = 25, cases: int = 80, days: int = 40):
    rng = np.random.default_rng(seed)
    return rng.integers(0, areas, cases), rng.integers(0, days, cases), rng.uniform(0, 5000, (areas, 2))


def every_cell(area, day, points, ndays, *, prospective, longest, share=0.5, radius=math.inf, smallest=2):
    """Zone after zone, window after window, as the definition has it: {(zone, first, last): (observed, expected, statistic)}."""
    total, found = len(area), {}
    for centre in points:
        distance = [round(float(np.hypot(*(centre - other))), 3) for other in points]
        for reach in sorted(set(distance)):
            zone = frozenset(i for i, d in enumerate(distance) if d <= reach)
            inside = [d for a, d in zip(area, day, strict=True) if a in zone]
            if reach > radius or not 0 < len(inside) <= share * total:
                continue
            for last in [ndays - 1] if prospective else range(ndays):
                for first in range(max(0, last - longest + 1), last + 1):
                    observed = sum(first <= d <= last for d in inside)
                    expected = len(inside) * sum(first <= d <= last for d in day) / total
                    found[zone, first, last] = (observed, expected, likelihood(observed, expected, total, smallest))
    return found


def likelihood(observed: int, expected: float, total: int, smallest: int) -> float:
    if observed <= expected or observed < smallest:
        return 0.0
    outside = (total - observed) * math.log((total - observed) / (total - expected)) if observed < total else 0.0
    return observed * math.log(observed / expected) + outside


def listed(table):
    area, day = np.nonzero(table)
    often = table[area, day]
    return np.repeat(area, often), np.repeat(day, often)


@few
@given(
    counts,
    st.booleans(),
    st.integers(1, 4),
    st.sampled_from([0.3, 0.5]),
    st.sampled_from([600.0, math.inf]),
    st.integers(1, 3),
)
def test_every_zone_and_window_is_tried_and_the_best_one_is_found(table, prospective, longest, share, radius, smallest):
    options = {"prospective": prospective, "longest": longest}
    found = space_time_permutation(
        table, GRID, **options, largest_share=share, largest_radius=radius, smallest=smallest, permutations=0, seed=1
    )
    cells = every_cell(*listed(table), GRID, table.shape[1], **options, share=share, radius=radius, smallest=smallest)
    best = max((one[2] for one in cells.values()), default=0.0)
    assert bool(found.clusters) == (best > 0)
    for one in found.clusters:
        alike = cells[frozenset(one.zone.tolist()), one.first, one.last]
        assert (one.observed, one.expected, one.statistic) == pytest.approx(alike)
        assert math.isnan(one.pvalue)
    if found.clusters:
        assert found.clusters[0].statistic == pytest.approx(best)


@pytest.mark.parametrize("prospective", [True, False])
def test_every_permutation_is_scanned_as_the_cases_were(prospective, monkeypatch):
    table = np.random.default_rng(4).poisson(0.4, (9, 8))
    options = {"prospective": prospective, "longest": 3}
    found = space_time_permutation(table, GRID, **options, permutations=20, seed=7)
    area, day = listed(table)  # in the order of areas, that of coordinates here
    rows = np.random.default_rng(7).permuted(np.broadcast_to(day, (20, len(day))), axis=1)
    expected = [max(one[2] for one in every_cell(area, row, GRID, 8, **options).values()) for row in rows]
    assert found.simulated == pytest.approx(sorted(expected))
    for one in found.clusters:
        assert one.pvalue == (1 + sum(value >= one.statistic - 1e-12 for value in expected)) / 21
    monkeypatch.setattr(scan, "ROW_BYTES", 1)  # one at a time
    assert (
        space_time_permutation(table, GRID, **options, permutations=20, seed=7).simulated.tolist()
        == found.simulated.tolist()
    )


def test_a_permutation_keeps_the_cases_of_every_area_and_of_every_day(monkeypatch):
    table = np.random.default_rng(5).poisson(0.5, (9, 6))
    seen = []
    original = scan._Scanner.counts
    monkeypatch.setattr(scan._Scanner, "counts", lambda self, days: seen.append(original(self, days)) or seen[-1])
    space_time_permutation(table, GRID, longest=6, permutations=15, seed=2)
    permuted, _ = seen
    lengths = range(1, 7)
    of_days = [table[:, -size:].sum() for size in lengths]
    assert (permuted.sum(axis=0) == np.array(of_days)[:, None]).all()
    assert (permuted[:, -1] == table.sum(axis=1)[:, None]).all()
    assert len({permuted[..., k].tobytes() for k in range(15)}) > 10


def test_an_injected_cluster_is_found_with_its_places_and_its_days():
    area, day, points = at_random(3, areas=60, cases=240, days=60)
    near = np.argsort(np.hypot(*(points - points[11]).T))[:4]
    area, day = np.r_[area, np.repeat(near, 3)], np.r_[day, np.tile([57, 58, 59], 4)]
    found = space_time_permutation((area, day), points, days=60, seed=1)
    first = found.clusters[0]
    assert first.zone.tolist() == sorted(near.tolist())
    assert first.centre == 11
    assert (first.first, first.last) == (57, 59)
    assert first.pvalue == 0.001
    assert first.recurrence_interval == pytest.approx(1000)
    assert first.radius == pytest.approx(np.hypot(*(points[near] - points[11]).T).max(), abs=1e-3)
    assert space_time_permutation((area, day), points, days=60, seed=1, every=7).clusters[
        0
    ].recurrence_interval == pytest.approx(7000)


def test_a_cluster_of_the_past_is_found_by_a_retrospective_scan_only():
    area, day, points = at_random(8)
    area, day = np.r_[area, [5] * 9], np.r_[day, [10, 11, 12] * 3]
    asked = {"days": 40, "longest": 7, "permutations": 99, "seed": 1}
    found = space_time_permutation((area, day), points, prospective=False, **asked)
    assert found.clusters[0].zone.tolist() == [5]
    assert (found.clusters[0].first, found.clusters[0].last) == (10, 12)
    assert found.clusters[0].pvalue == 0.01
    assert math.isnan(found.clusters[0].recurrence_interval)
    assert all(one.pvalue > 0.05 for one in space_time_permutation((area, day), points, **asked).clusters)


def test_pvalues_are_uniform_where_there_is_no_cluster():
    """Of 200 scans of nothing, as many are below each level as chance has it (four standard deviations)."""
    found = []
    for seed in range(200):
        area, day, points = at_random(seed)
        clusters = space_time_permutation((area, day), points, days=40, permutations=19, seed=seed).clusters
        found.append(clusters[0].pvalue if clusters else 1.0)
    for level in (0.05, 0.1, 0.25, 0.5, 0.75):
        assert abs(np.mean(np.array(found) <= level + 1e-9) - level) < 4 * math.sqrt(level * (1 - level) / 200)


@few
@given(counts, st.permutations(range(9)))
def test_areas_in_another_order_give_the_same_clusters_and_pvalues(table, order):
    one = space_time_permutation(table, GRID, permutations=9, seed=1)
    other = space_time_permutation(table[order], GRID[order], permutations=9, seed=1)
    assert one.simulated.tolist() == other.simulated.tolist()
    for a, b in zip(one.clusters, other.clusters, strict=True):
        assert a.zone.tolist() == sorted(order[i] for i in b.zone)
        assert (a.centre, a.first, a.last, a.pvalue) == (order[b.centre], b.first, b.last, b.pvalue)


@few
@given(counts)
def test_a_list_of_cases_and_a_table_of_counts_say_the_same(table):
    area, day = listed(table)
    shuffled = np.random.default_rng(0).permutation(len(area))
    one = space_time_permutation(table, GRID, permutations=9, seed=1)
    other = space_time_permutation((area[shuffled], day[shuffled]), GRID, days=table.shape[1], permutations=9, seed=1)
    assert repr(one) == repr(other)


def test_whole_numbers_may_be_written_as_decimals_and_arrays_in_any_manner_and_nothing_given_is_changed():
    table = np.random.default_rng(6).poisson(0.6, (9, 8))
    options = {"longest": 3, "shortest": 2, "permutations": 9, "at_most": 3, "smallest": 2, "seed": 1}
    locked, points = np.asfortranarray(table), np.repeat(GRID, 2, axis=0)[::2]
    locked.flags.writeable = points.flags.writeable = False
    for prospective in (True, False):
        plain = repr(space_time_permutation(table, GRID, prospective=prospective, **options))
        decimals = {name: float(value) for name, value in options.items()}
        for cases in (table.tolist(), table.astype(np.float32), table.astype(np.int8), table.astype(object), locked):
            assert repr(space_time_permutation(cases, points, prospective=prospective, **decimals)) == plain


def test_many_cases_take_no_more_memory_than_their_number_asks_for():
    area, day, points = at_random(9, areas=60, cases=6_000, days=30)
    tracemalloc.start()
    found = space_time_permutation((area, day), points, days=30, permutations=20, seed=1)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 150e6
    assert found.simulated.min() > 0


def test_a_permutation_that_is_as_high_counts_against_a_cluster():
    table = np.zeros((2, 4), int)
    table[0, 3] = table[1, 0] = (
        2  # six ways to give the days: in one of them it is as it was, in another the other way round
    )
    found = space_time_permutation(table, [[0, 0], [5, 5]], permutations=999, seed=1, longest=1).clusters[0]
    assert found.statistic == pytest.approx(2 * math.log(2) + 2 * math.log(2 / 3))
    assert found.pvalue == pytest.approx(1 / 3, abs=0.06)


def test_one_permutation_gives_a_pvalue_of_a_half_or_of_one():
    table = np.random.default_rng(4).poisson(0.4, (9, 8))
    told = {
        one.pvalue
        for seed in range(9)
        for one in space_time_permutation(table, GRID, permutations=1, seed=seed).clusters
    }
    assert told == {0.5, 1.0}


def test_a_zone_may_hold_exactly_the_largest_share():
    table = np.zeros((9, 4), int)
    table[0], table[8] = [0, 0, 0, 29], [71, 0, 0, 0]
    assert space_time_permutation(table, GRID, largest_share=0.29, permutations=0, seed=1).clusters[0].observed == 29


def test_the_days_of_a_list_end_with_its_last_case_unless_told():
    area, day, points = at_random(1)
    assert space_time_permutation((area, day), points, permutations=0, seed=1).clusters[0].last == day.max()
    assert space_time_permutation((area, day), points, days=45, permutations=0, seed=1).clusters[0].last == 44


@few
@given(counts, st.integers(1, 3))
def test_a_secondary_cluster_has_no_area_in_common_with_one_before_it(table, at_most):
    found = space_time_permutation(table, GRID, permutations=9, seed=1, at_most=at_most, smallest=1).clusters
    everybody = [i for one in found for i in one.zone.tolist()]
    assert len(everybody) == len(set(everybody))
    assert len(found) <= at_most
    assert [one.statistic for one in found] == sorted((one.statistic for one in found), reverse=True)
    assert [one.pvalue for one in found] == sorted(one.pvalue for one in found)


def test_no_case_or_all_in_one_place_or_all_on_one_day_is_no_cluster():
    one_day, one_place = np.zeros((9, 5), int), np.zeros((9, 5), int)
    one_day[:, 4], one_place[4] = 2, 3
    for table in (np.zeros((9, 5), int), one_day, one_place):
        found = space_time_permutation(table, GRID, permutations=9, seed=1)
        assert found.clusters == ()
        assert found.simulated.tolist() == [0.0] * 9


def test_with_the_same_statistic_the_smaller_zone_and_the_shorter_window_are_taken():
    table = np.zeros((9, 6), int)
    table[0, 5], table[[2, 6, 8], 0] = 3, 2  # no case in 1, 3, 4, nor on the days between
    found = space_time_permutation(table, GRID, permutations=9, seed=1).clusters[0]
    assert found.zone.tolist() == [0]
    assert (found.first, found.last) == (5, 5)


def test_areas_at_one_point_and_areas_at_one_distance_enter_together():
    area, day, points = at_random(2)
    twice = np.vstack([points, points[3]])
    found = space_time_permutation(
        (np.r_[area, [25] * 5], np.r_[day, [39] * 5]), twice, days=40, permutations=9, seed=1
    )
    assert found.clusters[0].zone.tolist() == [3, 25]
    assert found.clusters[0].centre == 3
    cross = np.zeros((9, 4), int)
    cross[[1, 3, 5, 7], 3], cross[:, 0] = 3, 1
    found = space_time_permutation(cross, GRID, permutations=9, seed=1, largest_share=0.9)
    assert found.clusters[0].zone.tolist() == [1, 3, 4, 5, 7]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("coordinates: an array of 2 axes was expected", {"coordinates": [1.0, 2.0]}),
        ("coordinates: .areas, 2. was expected, not .9, 3.", {"coordinates": np.ones((9, 3))}),
        (
            "coordinates: .areas, 2. was expected, not .0, 2.",
            {"coordinates": np.ones((0, 2)), "cases": np.ones((0, 5))},
        ),
        ("cases: a list of areas and one of days were expected, not 3 lists", {"cases": ([1], [2], [3])}),
        ("coordinates: a known number", {"coordinates": np.full((9, 2), np.nan)}),
        ("cases: a row for each of the 9 coordinates was expected, not 8", {"cases": np.ones((8, 5))}),
        ("cases: at least 0 was expected, not -1 at 0, 0", {"cases": -np.ones((9, 5))}),
        ("cases: whole numbers were expected", {"cases": np.full((9, 5), 0.5)}),
        ("cases: an area and a day for each case were expected, not 2 and 1", {"cases": ([1, 2], [3])}),
        (r"cases\[0\]: positions below 9 were expected, not 9", {"cases": ([9], [3])}),
        (r"cases\[1\]: positions below 3 were expected, not 3", {"cases": ([1], [3]), "days": 3}),
        (r"cases\[0\]: whole numbers were expected", {"cases": ([0.5], [3])}),
        (r"cases\[1\]: at least 0 was expected, not -1 at 0", {"cases": ([1], [-1])}),
        ("days: the columns of the cases were expected, not 4 for 5", {"days": 4}),
        ("days: a whole number of at least 1 was expected", {"cases": ([], []), "days": 0}),
        ("shortest: at most the 5 days were expected, not 6", {"shortest": 6}),
        ("longest: at least the shortest, 3, was expected, not 2", {"shortest": 3, "longest": 2}),
        ("days: the columns of the cases were expected, not .4. for 5", {"days": [4]}),
        ("days: a whole number of at least 1 was expected, not x", {"cases": ([1], [3]), "days": "x"}),
        ("cases: a column for at least one day was expected", {"cases": np.ones((9, 0))}),
        ("cases: at most 10000000 in all were expected, not 4.5e.13", {"cases": np.full((9, 5), 1e12)}),
        ("seed: a whole number of at least 0 was expected, not -1", {"seed": -1}),
        ("seed: a whole number of at least 0 was expected, not None", {"seed": None}),
        ("largest_share: numbers were expected, not .half.", {"largest_share": "half"}),
        ("smallest: a whole number of at least 1", {"smallest": 0}),
        ("permutations: a whole number of at least 0", {"permutations": -1}),
        ("at_most: a whole number of at least 1", {"at_most": 0}),
        ("largest_share: between 0 and 1", {"largest_share": 1}),
        ("largest_radius: at least 0", {"largest_radius": -1}),
        ("every: more than 0", {"every": 0}),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_name(said, wrong):
    with pytest.raises(ValueError, match=said):
        space_time_permutation(**({"cases": np.ones((9, 5)), "coordinates": GRID, "seed": 1} | wrong))
