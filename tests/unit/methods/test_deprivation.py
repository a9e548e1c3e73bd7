"""Ranks that can be told again, averages by people, and how sure we may be of a rank."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maillage.methods.deprivation import (
    EXTENT,
    combined,
    exponential,
    extent,
    quantiles,
    rank_intervals,
    ranks,
    weighted_average,
)

scores = arrays(float, st.integers(1, 12), elements=st.integers(0, 6).map(float))  # few values: many ties
seeds = st.integers(0, 2**32)


# ---- ranks


def test_the_highest_score_is_the_most_deprived():
    assert ranks([10, 30, 20]).tolist() == [3, 1, 2]


@given(scores)
@settings(max_examples=50)
def test_tied_areas_share_the_mean_of_their_ranks_or_the_first_of_them(score):
    mean, first = ranks(score), ranks(score, ties="lowest")
    assert mean.sum() == len(score) * (len(score) + 1) / 2
    for place, one in enumerate(score):
        above, equal = (score > one).sum(), (score == one).sum()
        assert first[place] == above + 1
        assert mean[place] == above + (equal + 1) / 2


@given(scores, seeds)
@settings(max_examples=50)
def test_the_order_of_the_areas_changes_nothing_once_a_key_is_given(score, seed):
    order = np.random.default_rng(seed).permutation(len(score))
    key = np.array([f"21{place:03d}" for place in range(len(score))])
    for ties in ("average", "lowest"):
        assert (ranks(score[order], ties=ties) == ranks(score, ties=ties)[order]).all()
    by_key = ranks(score, ties="key", key=key)
    assert (ranks(score[order], ties="key", key=key[order]) == by_key[order]).all()
    assert sorted(by_key) == list(range(1, len(score) + 1))


def test_a_tie_goes_to_the_smaller_key_or_to_who_was_given_first():
    assert ranks([5, 9, 5, 5], ties="key", key=["c", "d", "a", "b"]).tolist() == [4, 1, 2, 3]
    assert ranks([5, 9, 5, 5], ties="key").tolist() == [2, 1, 3, 4]


@given(arrays(float, (3, 5), elements=st.integers(0, 4).map(float)), st.sampled_from(["average", "lowest", "key"]))
@settings(max_examples=50)
def test_many_indices_are_ranked_at_once(score, ties):
    together = ranks(score, ties=ties)
    assert (together == [ranks(row, ties=ties) for row in score]).all()


@given(scores, st.floats(0.1, 9), st.integers(-50, 50))
def test_a_scale_or_a_constant_changes_no_rank(score, scale, constant):
    assert (ranks(score * scale + constant) == ranks(score)).all()


# ---- scores


def test_the_first_rank_scores_a_hundred_and_the_most_deprived_tenth_more_than_fifty():
    found = exponential(np.arange(1, 1001))
    assert found[0] == pytest.approx(100)
    assert (found > 50)[:100].all()
    assert found[110] < 50
    assert 0 < found[-1] < 0.1


@given(st.floats(0.01, 1e6), st.integers(1, 9))
def test_the_first_rank_scores_a_hundred_whatever_the_spread(spread, count):
    found = exponential(np.arange(1, count + 1), spread=spread)
    assert found[0] == 100
    share = np.arange(1, count) / count  # of the areas that are more deprived
    expected = -spread * np.logaddexp(np.log(share), np.log1p(-share) - 100 / spread)
    np.testing.assert_allclose(found[1:], expected, rtol=1e-8)


@given(st.integers(2, 500), st.floats(0.05, 200))
def test_a_smaller_rank_never_has_a_smaller_score(count, spread):
    found = exponential(np.arange(1, count + 1), spread=spread)
    assert (np.diff(found) < 0).all()
    assert (found > 0).all()


def test_the_smaller_the_spread_the_more_the_most_deprived_stand_out():
    rank = np.arange(1, 101)
    assert (exponential(rank, spread=10)[1:] < exponential(rank, spread=40)[1:]).all()


def test_a_part_of_a_national_ranking_keeps_its_national_scores():
    whole_country = exponential(np.arange(1, 201))
    assert (exponential([7, 120], count=200) == whole_country[[6, 119]]).all()


@given(arrays(float, (4, 3), elements=st.floats(0, 100)), st.lists(st.integers(1, 9), min_size=3, max_size=3), seeds)
@settings(max_examples=50)
def test_a_combination_lies_between_the_domains_whatever_their_order(score, parts, seed):
    weights = np.array(parts) / sum(parts)
    found = combined(score, weights)
    assert (found >= score.min(axis=1) - 1e-9).all()
    assert (found <= score.max(axis=1) + 1e-9).all()
    order = np.random.default_rng(seed).permutation(3)
    assert combined(score[:, order], weights[order]) == pytest.approx(found, abs=1e-9)


# ---- groups


@given(st.integers(1, 12), st.integers(1, 12))
def test_areas_that_can_be_shared_out_evenly_are(groups, each):
    rank = np.arange(1, groups * each + 1)
    expected = np.repeat(np.arange(1, groups + 1), each)
    for cut in ("interpolated", "share"):
        assert (quantiles(rank, groups=groups, cut=cut) == expected).all()


@given(st.integers(1, 200), st.integers(1, 20), st.sampled_from(["interpolated", "share"]))
def test_a_smaller_rank_is_never_in_a_later_group(count, groups, cut):
    found = quantiles(np.arange(1, count + 1), groups=groups, cut=cut)
    assert (np.diff(found) >= 0).all()
    assert found[0] == (1 if cut == "interpolated" else -(-groups // count))
    assert found[-1] == (groups if count > 1 or cut == "share" else 1)


def test_a_group_ends_at_the_quantile_of_r_or_at_its_share():
    rank = np.arange(1, 18_765)
    cut = [rank[quantiles(rank, cut=cut) <= 2].max() for cut in ("interpolated", "share")]
    assert cut == [3753, 3752]  # 1 + 18,763 x 0.2 = 3753.6; 18,764 x 0.2 = 3752.8


# ---- larger areas


@given(st.integers(1, 4), st.integers(1, 9), seeds)
def test_an_average_lies_within_its_area_and_follows_its_people(areas, more, seed):
    chance = np.random.default_rng(seed)
    area = np.append(np.arange(areas), chance.integers(0, areas, more))
    value, people = chance.normal(50, 20, len(area)), chance.integers(1, 900, len(area)).astype(float)
    found = weighted_average(value, people, area)
    for one, mean in enumerate(found):
        inside = area == one
        assert value[inside].min() - 1e-9 <= mean <= value[inside].max() + 1e-9
        assert mean == pytest.approx((value * people)[inside].sum() / people[inside].sum())
    assert weighted_average(value, 7 * people, area) == pytest.approx(found)
    assert weighted_average(np.stack([value, 2 * value]), people, area) == pytest.approx(np.stack([found, 2 * found]))


def test_an_area_that_is_split_counts_in_each_part_with_the_people_of_that_part():
    assert weighted_average([10, 10, 40], [50, 50, 50], [0, 1, 1]).tolist() == [10, 25]


def test_everybody_counts_in_the_most_deprived_tenth_and_nobody_beyond_the_third():
    rank = np.arange(1, 101)
    each = extent(rank, np.ones(100), rank - 1)
    assert (each == EXTENT).all()
    assert each[:10].tolist() == [1] * 10
    assert each[[10, 29, 30]] == pytest.approx([0.95, 0.05, 0])
    assert (np.diff(each) <= 0).all()
    assert extent([1, 60], [300, 100], [0, 0], count=100).tolist() == [0.75]
    assert extent([1, 60], [300, 100], [0, 0], count=100, weights=np.ones(100)).tolist() == [1]


# ---- how sure


@given(scores, seeds)
@settings(max_examples=50)
def test_without_errors_the_interval_is_the_rank(score, seed):
    top = 1 + len(score) // 2
    found = rank_intervals(score, 0, top=top, seed=seed, draws=20)
    assert (found.rank == ranks(score, ties="key")).all()
    assert (found.lower == found.rank).all()
    assert (found.upper == found.rank).all()
    assert (found.chosen == (found.rank <= top)).all()


@given(scores, st.floats(0.1, 5), seeds)
@settings(max_examples=40)
def test_as_many_are_chosen_as_there_are_to_choose_and_the_same_seed_draws_the_same(score, error, seed):
    top = 1 + len(score) // 3
    found = rank_intervals(score, error, top=top, seed=seed, draws=50)
    assert found.chosen.sum() == pytest.approx(top)
    assert ((found.lower >= 1) & (found.lower <= found.upper) & (found.upper <= len(score))).all()
    again = rank_intervals(score, np.full(len(score), error), top=top, seed=seed, draws=50)
    assert (again.chosen == found.chosen).all()
    assert (again.lower == found.lower).all()


def test_two_areas_alike_are_chosen_half_the_time_and_a_clear_one_always():
    found = rank_intervals([90, 50, 50, 10], 3, top=2, seed=1, draws=4000)
    assert found.chosen == pytest.approx([1, 0.5, 0.5, 0], abs=0.03)
    assert found.lower.tolist() == [1, 2, 2, 4]
    assert found.upper.tolist() == [1, 3, 3, 4]


def test_how_often_an_area_is_chosen_is_the_chance_that_its_draw_is_the_higher():
    found = rank_intervals([53, 50], [3, 4], top=1, seed=2, draws=20_000)
    assert found.chosen[0] == pytest.approx(0.7257, abs=0.01)  # a normal of 3 over an error of 5


def test_a_larger_error_or_a_larger_confidence_never_narrows_the_interval():
    score = np.linspace(0, 60, 40)
    widths = [
        rank_intervals(score, error, top=5, seed=3, confidence=confidence)
        for error, confidence in ((1, 0.95), (5, 0.8), (5, 0.95), (5, 0.99))
    ]
    small, narrow, usual, wide = ((one.upper - one.lower) for one in widths)
    assert usual.mean() > small.mean()
    assert (usual >= narrow).all()
    assert (wide >= usual).all()


def test_an_extreme_area_among_noisy_ones_may_lie_outside_its_own_interval():
    found = rank_intervals(np.linspace(1, 0, 100), 50, top=10, seed=1)
    assert found.rank[0] == 1 < found.lower[0]
    assert found.upper[-1] < 100 == found.rank[-1]


def test_the_interval_holds_the_true_rank_about_as_often_as_it_says():
    chance = np.random.default_rng(4)
    truth = np.linspace(0, 100, 30)
    held = []
    for seed in range(40):
        found = rank_intervals(truth + chance.normal(0, 3, 30), 3, top=5, seed=seed, draws=400)
        place = ranks(truth)
        held.append((found.lower <= place) & (place <= found.upper))
    assert 0.9 < np.mean(held) <= 1


def test_domains_are_ranked_spread_out_and_added_in_each_draw():
    chance = np.random.default_rng(5)
    values = np.round(chance.normal(50, 10, (12, 3)))
    weights = [0.5, 0.3, 0.2]
    still = rank_intervals(values, 0, weights=weights, top=4, seed=1, draws=10)
    score = combined(exponential(ranks(values.T)).T, weights)
    assert (still.rank == ranks(score, ties="key")).all()
    assert (still.lower == still.rank).all()
    moved = rank_intervals(values, np.full((12, 3), 4.0), weights=weights, top=4, seed=1)
    assert moved.chosen.sum() == pytest.approx(4)
    assert (moved.upper - moved.lower).mean() > 1


def test_the_less_sure_the_weights_the_wider_the_intervals():
    values = np.array([[10.0, 90], [90, 10], [50, 50], [95, 95], [1, 1]])
    free, firm = (rank_intervals(values, 0, weights=[0.6, 0.4], concentration=c, top=1, seed=1) for c in (2, 1e6))
    assert (free.upper - free.lower).sum() > (firm.upper - firm.lower).sum() == 0
    assert free.rank.tolist() == firm.rank.tolist()
    assert free.chosen.tolist() == [0, 0, 0, 1, 0]  # first in both domains: whatever the weights
    zero = rank_intervals(values, 0, weights=[1, 0], concentration=2, top=1, seed=1)
    assert (zero.lower == zero.upper).all()


def test_ties_are_broken_by_the_key_in_every_draw():
    found = rank_intervals([5, 5, 5], 0, top=1, seed=1, key=["c", "a", "b"], draws=10)
    assert found.rank.tolist() == [3, 1, 2]
    assert found.chosen.tolist() == [0, 1, 0]


def test_many_draws_are_made_in_blocks(monkeypatch):
    monkeypatch.setattr("maillage.methods.deprivation.CELLS", 25)
    found = rank_intervals([1, 2, 3], 1, top=2, seed=1, draws=100)
    assert found.chosen.sum() == pytest.approx(2)


# ---- what cannot be


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (lambda: ranks([]), "score: at least one area"),
        (lambda: ranks(1), "score: at least one area"),
        (lambda: ranks([1, np.nan]), "score: a known number"),
        (lambda: ranks([1], ties="random"), "ties: average, lowest or key was expected, not 'random'"),
        (
            lambda: ranks([1, 2, 3], ties="key", key=["a", "b", "a"]),
            "key: a different key for each area was expected, not a twice",
        ),
        (
            lambda: ranks([1, 2], ties="key", key=[1]),
            r"key: one for each of 2 areas was expected, not the shape \(1,\)",
        ),
        (lambda: ranks([1, 2], ties="key", key=[None, "a"]), "key: keys that can be put in order were expected"),
        (lambda: ranks([1, 2], ties="key", key=[np.nan, 1]), "key: keys that can be put in order were expected"),
        (lambda: ranks([1, 2], key=[1, 2]), "key: None was expected"),
        (lambda: exponential([0]), "rank: at least 1"),
        (lambda: exponential([3, 1]), "rank: at most 2"),
        (lambda: exponential([]), "rank: at least one area"),
        (lambda: exponential([1], count=0), "count: a whole number of at least 1"),
        (lambda: exponential([1], spread=0), "spread: more than 0"),
        (lambda: combined([[1, 2]], [0.5, 0.4]), "weights: a sum of 1 was expected, not 0.9"),
        (lambda: combined([[1, 2]], [1.5, -0.5]), "weights: at least 0"),
        (lambda: combined([[1, 2]], [1]), r"score: \(..., areas, 1 domains\)"),
        (lambda: combined([1], [1]), r"score: \(..., areas, 1 domains\)"),
        (lambda: quantiles([1], groups=0), "groups: a whole number of at least 1"),
        (lambda: quantiles([1], cut="r"), "cut: interpolated or share"),
        (
            lambda: weighted_average([1, 2, 3], [1, 0, 0], [0, 1, 1]),
            "population: people in each of 2 larger areas were expected, not 0 in area 1",
        ),
        (lambda: weighted_average([1, 2, 3], [1, 2, 3], [0, 2, 2]), "not 0 in area 1"),
        (lambda: weighted_average([1], [1], [1]), "area: whole numbers from 0 to 0 were expected, not 1"),
        (lambda: weighted_average([1, 2], [1, 1], [0, 10**12]), "area: whole numbers from 0 to 1 were expected"),
        (lambda: weighted_average([], [], np.zeros(0, int)), "area: at least one area was expected"),
        (lambda: weighted_average([1], [-1], [0]), "population: at least 0"),
        (lambda: weighted_average([1, 2], [1], [0]), r"value: \(..., 1 areas\)"),
        (lambda: weighted_average([1], [1], [0, 0]), "area: the shape of population"),
        (lambda: weighted_average([1], [1], [0.0]), "area: a row of whole numbers"),
        (lambda: weighted_average([1], [1], [-1]), "area: whole numbers from 0 to 0 were expected, not -1"),
        (lambda: extent([1], [1], [0], weights=[1]), "weights: one for each of 100 percentiles"),
        (lambda: extent([1], [1], [0], weights=np.full(100, 2)), "weights: at most 1"),
        (lambda: rank_intervals([1, 2], 1, top=3, seed=1), "top: at most the 2 areas"),
        (lambda: rank_intervals([1], 1, top=0, seed=1), "top: a whole number of at least 1"),
        (lambda: rank_intervals([1], 1, top=1, seed=1, draws=0), "draws: a whole number of at least 1"),
        (lambda: rank_intervals([1], 1, top=1, seed=1, confidence=1), "confidence: between 0 and 1"),
        (lambda: rank_intervals([1], -1, top=1, seed=1), "standard_error: at least 0"),
        (lambda: rank_intervals([1, 2], [1], top=1, seed=1), "standard_error: one number or the shape"),
        (lambda: rank_intervals([1], 1, top=1, seed=None), "seed: a whole number of at least 0"),
        (lambda: rank_intervals([1], 1, top=1, seed=-1), "seed: a whole number of at least 0"),
        (lambda: rank_intervals([1], 1, top=1, seed=1.5), "seed: a whole number of at least 0"),
        (lambda: rank_intervals([1], 1, top=1, seed=1, spread=0), "spread: more than 0"),
        (lambda: rank_intervals([], 1, top=1, seed=1), "estimate: at least one area"),
        (lambda: rank_intervals([1], 1, top=1, seed=1, weights=[1]), "weights: None was expected with one score"),
        (lambda: rank_intervals([1], 1, top=1, seed=1, concentration=9), "concentration: None was expected"),
        (lambda: rank_intervals([[1, 2]], 1, top=1, seed=1), "weights: one for each of 2 domains"),
        (lambda: rank_intervals([[1, 2]], 1, top=1, seed=1, weights=[1]), "weights: one for each of 2 domains"),
        (
            lambda: rank_intervals([[1, 2]], 1, top=1, seed=1, weights=[0.5, 0.5], concentration=0.1),
            "concentration: at least 1",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(work, said):
    with pytest.raises(ValueError, match=said):
        work()
