"""Of two needs, which matters more: strengths follow the judgements, quarters weigh as they live, new needs catch up."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from maillage.methods import voting
from maillage.methods.voting import Reason, bradley_terry, next_pairs

few = settings(max_examples=25)
chances = st.integers(0, 10_000)
priors = st.sampled_from([0.3, 1.0, 5.0])


def judgements(seed, items=5, count=60, strata=1):
    """Winners, losers, the stratum of each."""
    draw = np.random.default_rng(seed)
    one = draw.integers(items, size=count)
    other = (one + draw.integers(1, items, size=count)) % items
    strength = draw.normal(0, 1, (strata, items))
    where = np.arange(count) % strata
    first = draw.random(count) < expit(strength[where, one] - strength[where, other])
    return np.where(first, one, other), np.where(first, other, one), where


def slope(strength, winners, losers, prior):
    """Of the sum that is maximised, at strengths against the middling item."""
    found = prior * (1 - 2 * expit(strength))
    for winner, loser in zip(winners, losers, strict=True):
        missing = expit(strength[loser] - strength[winner])
        found[winner] += missing
        found[loser] -= missing
    return found


@given(chances, priors)
@few
def test_strengths_maximise_the_likelihood_with_its_prior_and_their_mean_is_zero(seed, prior):
    winners, losers, _ = judgements(seed, count=200)
    found = bradley_terry(winners, losers, items=5, prior=prior)
    assert found.estimate.sum() == pytest.approx(0, abs=1e-9)
    low, high = -9.0, 9.0  # where the middling item is: the slopes sum to zero there
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 - 2 * expit(found.estimate + middle)).sum() > 0 else (low, middle)
    assert slope(found.estimate + low, winners, losers, prior) == pytest.approx(np.zeros(5), abs=1e-8)


def test_a_need_that_always_wins_stays_finite_and_stands_first():
    found = bradley_terry([0, 0, 0, 1], [1, 2, 2, 2], items=3)
    assert found.order.tolist() == [0, 1, 2]
    assert np.isfinite(found.estimate).all()
    larger = bradley_terry([0, 0, 0, 1], [1, 2, 2, 2], items=3, prior=10)
    assert np.ptp(larger.estimate) < np.ptp(found.estimate)


def test_without_a_prior_it_is_the_maximum_likelihood_or_refused():
    found = bradley_terry([0, 0, 0, 1], [1, 1, 1, 0], items=2, prior=0)
    assert np.diff(found.estimate) == pytest.approx([-np.log(3)])
    with pytest.raises(ValueError, match="not 0: in stratum 0 no chain of wins leads from item 1 to item 0"):
        bradley_terry([0, 0], [1, 1], items=2, prior=0)
    with pytest.raises(ValueError, match="in stratum 1 no chain of wins leads from item 0 to item 1"):
        bradley_terry([0, 1, 1], [1, 0, 0], items=2, prior=0, strata=[0, 0, 1], population=[1, 1])
    with pytest.raises(ValueError, match="from item 0 to item 2"):
        bradley_terry([0, 1], [1, 0], items=3, prior=0)
    chain = bradley_terry([0, 1, 2, 3], [1, 2, 3, 0], items=4, prior=0)  # each wins against another by others
    assert chain.estimate == pytest.approx(np.zeros(4))


def test_strengths_a_thousand_to_one_apart_are_found_however_many_there_are():
    one = np.arange(29)
    winners = np.concatenate([np.repeat(one, 1_000), one + 1])
    losers = np.concatenate([np.repeat(one + 1, 1_000), one])
    found = bradley_terry(winners, losers, items=30, prior=0)
    assert -np.diff(found.estimate) == pytest.approx(np.full(29, np.log(1_000)), rel=1e-9)


def test_a_million_wins_and_no_defeat_against_a_small_prior_are_counted():
    found = bradley_terry(np.zeros(10**6, np.int8), np.ones(10**6, np.int8), items=2, prior=0.001)
    strength = found.estimate[0]  # wins x chance of a defeat = prior x (2 p - 1)
    assert 10**6 * expit(-2 * strength) == pytest.approx(0.001 * (2 * expit(strength) - 1), rel=1e-6)


@given(chances)
@few
def test_errors_come_from_the_curvature_with_the_mean_of_strengths_known(seed):
    winners, losers, _ = judgements(seed, items=3, count=200)
    winners, losers = [*winners, 0, 1, 2], [*losers, 1, 2, 0]  # each wins once, so that there is a maximum
    found = bradley_terry(winners, losers, items=3, prior=0, confidence=0.8)
    chance = expit(found.estimate[:, None] - found.estimate)
    weight = chance * (1 - chance) * found.times
    curvature = np.diag(weight.sum(axis=1)) - weight
    assert found.standard_error == pytest.approx(np.sqrt(np.diag(np.linalg.pinv(curvature))))
    assert found.upper - found.estimate == pytest.approx(1.2815515655446004 * found.standard_error)
    assert found.estimate - found.lower == pytest.approx(found.upper - found.estimate)


def test_intervals_hold_about_as_often_as_they_promise():
    draw = np.random.default_rng(5)
    truth = np.linspace(-1, 1, 8)
    held = []
    for _ in range(40):
        one = draw.integers(8, size=600)
        other = (one + draw.integers(1, 8, size=600)) % 8
        first = draw.random(600) < expit(truth[one] - truth[other])
        found = bradley_terry(np.where(first, one, other), np.where(first, other, one), items=8, prior=0.1)
        held.append((found.lower <= truth) & (truth <= found.upper))
    assert 0.92 < np.mean(held) < 0.98


@given(chances)
@few
def test_the_whole_is_the_mean_of_strata_by_population_not_by_answers(seed):
    winners, losers, where = judgements(seed, strata=3)
    found = bradley_terry(winners, losers, items=5, strata=where, population=[10, 70, 20])
    alone = [bradley_terry(winners[where == one], losers[where == one], items=5) for one in range(3)]
    weights = np.array([0.1, 0.7, 0.2])
    for row, one in enumerate(alone):
        judged = one.judged[0] > 0
        assert found.strength[row][judged] == pytest.approx(one.estimate[judged])
        assert found.strength_error[row][judged] == pytest.approx(one.standard_error[judged])
    everywhere = (found.judged > 0).all(axis=0)
    assert found.estimate[everywhere] == pytest.approx((weights @ found.strength)[everywhere])
    error = np.sqrt(weights**2 @ found.strength_error**2)
    assert found.standard_error[everywhere] == pytest.approx(error[everywhere])
    assert found.judged.sum(axis=1).tolist() == (2 * np.bincount(where)).tolist()


def test_a_quarter_that_answers_more_does_not_weigh_more():
    winners, losers, where = [0] * 90 + [1] * 10, [1] * 90 + [0] * 10, [0] * 90 + [1] * 10
    told = bradley_terry(winners, losers, items=2, strata=where, population=[1, 9])
    assert told.order.tolist() == [1, 0]
    assert bradley_terry(winners, losers, items=2).order.tolist() == [0, 1]


def test_a_need_that_nobody_judged_has_no_strength_and_one_that_some_quarter_did_not_has_that_of_the_others():
    found = bradley_terry([0, 1, 0, 2], [1, 0, 2, 0], items=4, strata=[0, 0, 1, 1], population=[3, 1])
    assert found.reason.tolist() == [Reason.NONE, Reason.PARTLY_JUDGED, Reason.PARTLY_JUDGED, Reason.NEVER_JUDGED]
    assert np.isnan([found.estimate[3], found.standard_error[3], found.lower[3], found.share[3]]).all()
    assert found.rank[3] == 4
    assert found.estimate[1] == found.strength[0, 1]
    assert np.isnan(found.strength[0, 2])


@given(chances)
@few
def test_the_share_is_the_chance_to_be_preferred_to_another(seed):
    winners, losers, _ = judgements(seed, count=100)
    found = bradley_terry(winners, losers, items=5)
    chance = expit(found.estimate[:, None] - found.estimate)
    assert found.share == pytest.approx((chance.sum(axis=1) - 0.5) / 4)
    assert found.share.mean() == pytest.approx(0.5)


@given(chances, st.data())
@few
def test_one_judgement_more_for_a_need_never_gives_it_a_worse_rank(seed, data):
    winners, losers, where = judgements(seed, count=30, strata=2)
    winners, losers = [*winners, 0, 1, 2, 0, 1, 2], [*losers, 3, 4, 4, 3, 4, 4]
    where = [*where, 0, 0, 0, 1, 1, 1]
    options = {"items": 5, "population": [1, 2]}
    before = bradley_terry(winners, losers, strata=where, **options)
    one, other = data.draw(st.permutations(range(5)))[:2]
    after = bradley_terry([*winners, one], [*losers, other], strata=[*where, seed % 2], **options)
    assert after.rank[one] <= before.rank[one]
    assert after.estimate[one] > before.estimate[one]


def test_a_need_that_fewer_quarters_judged_may_rise_more_than_the_one_that_was_preferred():
    winners, losers = [0, 1] + [2] * 6 + [0] * 2 + [0] * 9 + [1], [1, 0] + [0] * 6 + [2] * 2 + [1] * 9 + [0]
    where, live = [0] * 10 + [1] * 10, [27, 73]  # the second quarter has not judged need 2
    before = bradley_terry(winners, losers, items=3, strata=where, population=live)
    after = bradley_terry([*winners, 0], [*losers, 1], items=3, strata=[*where, 0], population=live)
    assert after.estimate[0] > before.estimate[0]
    assert after.estimate[2] - before.estimate[2] > after.estimate[0] - before.estimate[0]
    assert (before.rank[0], after.rank[0]) == (1, 2)


def test_the_size_of_a_territory_does_not_matter():
    for live in ([1, 3], [0.25, 0.75], [1e308 / 3, 1e308]):
        found = bradley_terry([0, 1, 0], [1, 0, 1], items=2, strata=[0, 1, 1], population=live)
        assert found.estimate == pytest.approx([0.132012, -0.132012], abs=1e-6)


@given(chances)
@few
def test_names_of_needs_and_the_order_of_judgements_do_not_matter(seed):
    winners, losers, _ = judgements(seed)
    draw = np.random.default_rng(seed)
    shuffled, names = draw.permutation(len(winners)), draw.permutation(5)
    found = bradley_terry(names[winners[shuffled]], names[losers[shuffled]], items=5)
    assert found.estimate[names] == pytest.approx(bradley_terry(winners, losers, items=5).estimate, nan_ok=True)


def test_needs_with_the_same_record_share_a_rank():
    found = bradley_terry([0, 1, 2], [2, 2, 3], items=4)
    assert found.rank.tolist() == [1, 1, 3, 4]


@given(chances)
@few
def test_strengths_that_differ_by_less_than_a_billionth_share_a_rank(seed):
    winners, losers, _ = judgements(seed, count=20)
    gap = bradley_terry([5], [6], items=7).estimate[5] * 2
    # one quarter sees needs 5 and 6 alike; another, where nearly nobody lives, does not
    winners, losers, where = [*winners, 5, 6, 5], [*losers, 0, 0, 6], [0] * 22 + [1]
    for part, alike in ((0.9e-9, True), (1.1e-9, False)):
        found = bradley_terry(winners, losers, items=7, strata=where, population=[1, part / gap])
        assert found.estimate[5] - found.estimate[6] == pytest.approx(part, rel=1e-3)
        assert bool(found.rank[5] == found.rank[6]) is alike


@given(chances)
@settings(max_examples=8)
def test_robustness_takes_people_away_with_all_that_they_judged(seed):
    winners, losers, where = judgements(seed, count=42, strata=2)
    voters = 100 - np.arange(42) // 6
    where = (np.arange(42) // 6) % 2
    options = {"items": 5, "population": [1, 1], "prior": 0.8}
    result = bradley_terry(winners, losers, strata=where, voters=voters, **options)
    first = result.rank <= 2
    kept = []
    for one in range(94, 101):
        for other in range(one + 1, 101):
            left = (voters != one) & (voters != other)
            again = bradley_terry(winners[left], losers[left], strata=where[left], **options)
            kept.append(((again.rank <= 2) == first).all())
    assert voting.robustness(result, top=2).estimate == pytest.approx(np.mean(kept))


def test_voters_are_told_apart_by_words_and_by_numbers_of_any_length():
    for voters in (["ada", "bob", "ada"], [2**60, 2**60 + 1, 2**60], np.array([2, -7, 2], np.int8), [0.5, 0.25, 0.5]):
        result = bradley_terry([0, 0, 1], [1, 1, 0], items=2, voters=voters)
        assert result.recount.copies.tolist() == [1, 1]
        assert voting.robustness(result, top=1, lost=1).estimate == pytest.approx(1 / 2)


def test_without_a_prior_robustness_counts_again_with_a_small_one():
    result = bradley_terry([0] * 9 + [1], [1] * 9 + [0], items=2, prior=0)
    assert voting.robustness(result, top=1).estimate == 1  # also where one need is left without any win
    tied = bradley_terry([0, 1, 0, 1], [1, 0, 1, 0], items=2, prior=0)
    assert voting.robustness(tied, top=1, lost=2).inside == pytest.approx([5 / 6, 5 / 6])


def test_what_is_given_stays_as_it_was_and_may_come_in_any_form():
    winners, losers, where = judgements(3, strata=2)
    want = bradley_terry(winners, losers, items=5, strata=where, population=[1, 2], voters=where)
    striped = np.stack([winners, losers], axis=1)[:, 0]
    for form in (list, lambda one: one.astype(np.int8), lambda one: one.astype(np.uint64)):
        given_ = [form(one) for one in (striped, losers, where)]
        for one in given_[1:]:
            if isinstance(one, np.ndarray):
                one.flags.writeable = False
        found = bradley_terry(given_[0], given_[1], items=5, strata=given_[2], population=(0.5, 1), voters=given_[2])
        assert found.estimate.tolist() == want.estimate.tolist()
    times = want.times.copy()
    times.flags.writeable = False
    assert next_pairs(times, seed=1).tolist() == next_pairs(times.tolist(), seed=1).tolist()


def test_without_voters_each_judgement_is_a_ballot():
    result = bradley_terry([0, 0, 1], [1, 1, 0], items=2, prior=0)
    found = voting.robustness(result, top=1, lost=1)
    assert found.tried == 3
    assert found.estimate == pytest.approx(1 / 3)


# ---- which pair next


def test_the_same_seed_shows_the_same_pairs_each_once_and_of_two_different_needs():
    times = np.zeros((6, 6))
    pairs = next_pairs(times, seed=3, count=20)
    assert len(pairs) == 15
    assert len({frozenset(pair) for pair in pairs.tolist()}) == 15
    assert (pairs[:, 0] != pairs[:, 1]).all()
    assert next_pairs(times, seed=3, count=20).tolist() == pairs.tolist()
    assert next_pairs(times, seed=4, count=20).tolist() != pairs.tolist()
    assert next_pairs(times, seed=3).tolist() == pairs[:1].tolist()


def test_pairs_of_a_new_need_come_first_by_as_much_as_the_others_were_judged():
    times = 9 * (1 - np.eye(3))
    times[2, :] = times[:, 2] = 0
    drawn = Counter(frozenset(next_pairs(times, seed=seed)[0].tolist()) for seed in range(2_000))
    assert drawn[frozenset({0, 1})] / 2_000 == pytest.approx(0.1 / 2.1, abs=0.015)
    assert drawn[frozenset({0, 2})] / 2_000 == pytest.approx(1 / 2.1, abs=0.035)
    capped = Counter(frozenset(next_pairs(times, seed=seed, cap=0.1)[0].tolist()) for seed in range(1_000))
    assert capped[frozenset({0, 1})] / 1_000 == pytest.approx(1 / 3, abs=0.05)


def test_a_new_need_is_shown_until_it_was_judged_about_as_often_as_the_others():
    times = 20 * (1 - np.eye(6))
    times[5, :] = times[:, 5] = 0
    late = []
    for seed in range(700):
        left, right = next_pairs(times, seed=seed)[0]
        times[[left, right], [right, left]] += 1
        late.append(times[5].sum() / times[:5].sum(axis=1).mean())
    assert late[40] < 0.5  # it was behind
    assert late[-1] == pytest.approx(1, abs=0.1)
    assert max(late) < 1.1  # and does not run ahead


def test_every_pair_may_be_drawn_however_often_it_was_judged():
    times = 30 * (1 - np.eye(4))
    times[0, 1] = times[1, 0] = 0
    drawn = {frozenset(next_pairs(times, seed=seed)[0].tolist()) for seed in range(300)}
    assert len(drawn) == 6


def test_left_and_right_are_drawn():
    sides = [int(next_pairs(np.zeros((2, 2)), seed=seed)[0, 0]) for seed in range(400)]
    assert np.mean(sides) == pytest.approx(0.5, abs=0.08)


def test_a_pair_that_somebody_has_judged_is_not_shown_to_them_again():
    seen = np.zeros((3, 3), bool)
    seen[1, 0] = seen[1, 2] = True
    assert sorted(next_pairs(np.zeros((3, 3)), seed=1, count=9, seen=seen)[0].tolist()) == [0, 2]
    assert next_pairs(np.zeros((3, 3)), seed=1, seen=np.ones((3, 3), bool)).shape == (0, 2)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: bradley_terry([], [], items=2), "winners: at least 1 judgement"),
        (lambda: bradley_terry([0], [1, 1], items=2), "losers: the shape of winners, .1,., was expected, not .2,."),
        (lambda: bradley_terry([0], [0], items=2), "losers: another item than the winner was expected, not 0 twice"),
        (lambda: bradley_terry([0], [2], items=2), "losers: whole numbers from 0 to 1 were expected, not 2"),
        (lambda: bradley_terry([0.5], [1], items=2), "winners: a row of whole numbers was expected, not .0.5."),
        (lambda: bradley_terry([0], [1], items=1), "items: a whole number of at least 2"),
        (lambda: bradley_terry([0], [1], items=2, prior=-1), "prior: at least 0"),
        (lambda: bradley_terry([0], [1], items=2, prior=1e-9), "prior: 0 or at least 0.001 was expected, not 1e-09"),
        (lambda: bradley_terry([0], [1], items=2, confidence=0), "confidence: between 0 and 1"),
        (lambda: bradley_terry([0], [1], items=2, strata=[0]), "population: given together with strata"),
        (lambda: bradley_terry([0], [1], items=2, strata=[0], population=[1, 1]), "strata: .* not none of stratum 1"),
        (lambda: bradley_terry([0], [1], items=2, strata=[0], population=[0]), "population: more than 0"),
        (lambda: bradley_terry([0], [1], items=2, strata=[0, 0], population=[1]), "strata: the shape of winners"),
        (lambda: bradley_terry([0], [1], items=2, voters=[0, 0]), "voters: the shape of winners"),
        (lambda: bradley_terry([0], [1], items=2, strata=[], population=[]), "population: at least 1 stratum was"),
        (lambda: bradley_terry([0], [1], items=2, strata=[1], population=[1]), "strata: whole numbers from 0 to 0"),
        (lambda: bradley_terry([0], [1], items=2, voters=[float("nan")]), "voters: a known number"),
        (lambda: bradley_terry([0], [1], items=2, voters=[[1]]), "voters: the shape of winners"),
        (lambda: next_pairs([[0, 1], [2, 0]], seed=0), "times: the same both ways.*not 1 at 0, 1 and 2 at 1, 0"),
        (lambda: next_pairs([[0, 1], [1, 3]], seed=0), "times: .* 0 for an item with itself, was .* 3 at 1, 1"),
        (lambda: next_pairs([[0, 1]], seed=0), "times: a table of at least 2 items by as many was expected"),
        (lambda: next_pairs([[0]], seed=0), "times: a table of at least 2 items"),
        (lambda: next_pairs(np.zeros((2, 2)), seed=0, cap=0), "cap: more than 0"),
        (lambda: next_pairs(np.zeros((2, 2)), seed=0, cap=1.5), "cap: at most 1"),
        (lambda: next_pairs(np.zeros((2, 2)), seed=0, seen=[[0, float("nan")]] * 2), "seen: a known number"),
        (lambda: next_pairs(np.zeros((2, 2)), seed=0, count=0), "count: a whole number of at least 1"),
        (lambda: next_pairs(np.zeros((2, 2)), seed=0, seen=np.zeros((3, 3))), "seen: the shape of times"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_its_name(wrong, said):
    with pytest.raises(ValueError, match=said):
        wrong()
