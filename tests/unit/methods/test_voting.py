"""Votes are counted alike whoever casts them; whoever is raised is not hurt; a result says how easily it would have been another."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maillage.methods import voting

NAN = float("nan")
few = settings(max_examples=30)
chances = st.integers(0, 10_000)
methods = st.sampled_from([voting.schulze, voting.borda, voting.majority_judgment, voting.approval])


@st.composite
def rankings(draw: st.DrawFn, missing: bool = True) -> np.ndarray:
    """Ranks of a few voters, with ties, and with candidates left out (NaN)."""
    shape = (draw(st.integers(1, 9)), draw(st.integers(2, 5)))
    found = draw(arrays(float, shape, elements=st.integers(1, 4).map(float)))
    return np.where(found == 4, NAN, found) if missing else found


def ballots_for(method, seed, voters=9, candidates=4):
    """Ballots that the method takes: ranks, grades or approvals."""
    most = 2 if method is voting.approval else 5
    return np.random.default_rng(seed).integers(0, most, (voters, candidates)).astype(float)


def beats(table):
    return table > table.T


# ---- orders


def test_whoever_wins_every_duel_stands_first_by_schulze():
    wins_all = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [3, 1, 2], [1, 2, 3]]
    found = voting.schulze(wins_all)
    assert found.order.tolist() == [0, 1, 2]
    assert found.rank.tolist() == [1, 2, 3]
    assert found.duels.tolist() == [[0, 3, 4], [2, 0, 4], [1, 1, 0]]


@given(rankings(), st.sampled_from(["last", "unknown"]))
@few
def test_a_condorcet_winner_has_the_first_rank_alone(ranks, unranked):
    found = voting.schulze(ranks, unranked=unranked)
    for winner in np.flatnonzero(beats(found.duels).sum(axis=1) == ranks.shape[1] - 1):
        assert found.rank[winner] == 1
        assert (np.delete(found.rank, winner) > 1).all()


@given(rankings())
@few
def test_a_path_is_as_strong_as_its_weakest_duel_and_the_strongest_path_counts(ranks):
    found = voting.schulze(ranks)
    size = ranks.shape[1]
    strength = np.where(beats(found.duels), found.duels, 0)

    def strongest(start, end, seen):
        best = strength[start, end]
        for via in set(range(size)) - seen - {end}:
            best = max(best, min(strength[start, via], strongest(via, end, seen | {via})))
        return best

    for one, other in combinations(range(size), 2):
        assert found.paths[one, other] == strongest(one, other, {one})
        assert found.paths[other, one] == strongest(other, one, {other})


@given(rankings())
@few
def test_the_rank_by_schulze_is_one_and_how_many_beat_it_and_whoever_beats_stands_before(ranks):
    found = voting.schulze(ranks)
    wins = beats(found.paths)
    assert found.rank.tolist() == (wins.sum(axis=0) + 1).tolist()
    assert (found.rank[:, None] < found.rank[None])[wins].all()
    assert (np.diff(found.rank[found.order]) >= 0).all()
    assert (wins @ wins <= wins * len(wins)).all()  # beating is transitive


@given(rankings(missing=False), st.data())
@settings(max_examples=60)
def test_no_voter_can_hurt_a_candidate_by_raising_it(ranks, data):
    voter = data.draw(st.integers(0, ranks.shape[0] - 1))
    raised = data.draw(st.integers(0, ranks.shape[1] - 1))
    after = ranks.copy()
    after[voter, raised] -= data.draw(st.sampled_from([0.5, 1, 1.5, 9]))
    for method in (voting.schulze, voting.borda):
        assert method(after).rank[raised] <= method(ranks).rank[raised]
    assert voting.majority_judgment(-np.floor(after)).rank[raised] <= voting.majority_judgment(-ranks).rank[raised]


@given(rankings(), st.data())
@few
def test_a_clone_changes_nothing_for_the_others_by_schulze(ranks, data):
    one = data.draw(st.integers(0, ranks.shape[1] - 1))
    draw = np.random.default_rng(data.draw(chances))
    nearby = ranks * 10
    tied = (nearby == nearby[:, [one]]).sum(axis=1) > 1  # with another, whose clone must be tied with it as well
    clone = nearby[:, one] + np.where(tied, 0, draw.integers(-1, 2, len(ranks)))
    before, after = voting.schulze(nearby), voting.schulze(np.column_stack([nearby, clone]))
    others = np.delete(np.arange(ranks.shape[1]), one)
    assert ((after.rank == 1)[others] == (before.rank == 1)[others]).all()
    assert (after.rank[[one, -1]] == 1).any() == (before.rank[one] == 1)


@given(methods, chances)
@few
def test_names_of_candidates_and_the_order_of_voters_do_not_matter(method, seed):
    ballots = ballots_for(method, seed)
    draw = np.random.default_rng(seed + 1)
    voters, names = draw.permutation(len(ballots)), draw.permutation(ballots.shape[1])
    assert method(ballots[voters][:, names]).rank.tolist() == method(ballots).rank[names].tolist()


@given(methods, chances)
@few
def test_counts_say_how_many_voters_cast_a_ballot(method, seed):
    ballots = ballots_for(method, seed, voters=5)
    counts = np.random.default_rng(seed).integers(0, 4, 5)
    counts[0] += 1
    assert method(ballots, counts=counts).rank.tolist() == method(np.repeat(ballots, counts, axis=0)).rank.tolist()


def test_who_is_left_out_stands_last_or_nothing_is_said_of_them():
    ballots = [[1, NAN, NAN], [NAN, 1, 2]]
    assert voting.schulze(ballots).duels.tolist() == [[0, 1, 1], [1, 0, 1], [1, 0, 0]]
    assert voting.schulze(ballots, unranked="unknown").duels.tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]


def test_borda_gives_a_point_for_each_behind_and_half_for_each_beside():
    found = voting.borda([[1, 2, 2, NAN], [NAN, 1, NAN, NAN]])
    assert found.points.tolist() == [3 + 1, 1.5 + 3, 1.5 + 1, 0 + 1]
    assert found.estimate == pytest.approx(np.array([4, 4.5, 2.5, 1]) / 6)
    assert found.order.tolist() == [1, 0, 2, 3]


def test_borda_without_a_word_on_who_is_left_out_counts_only_pairs_that_were_judged():
    found = voting.borda([[1, 2, NAN, NAN], [1, 2, 3, NAN]], unranked="unknown")
    assert found.points.tolist() == [3, 1, 0, 0]
    assert found.estimate == pytest.approx([1, 1 / 3, 0, NAN], nan_ok=True)
    assert found.rank.tolist() == [1, 2, 3, 4]


@given(rankings())
@few
def test_the_mean_share_of_borda_is_a_half_and_its_order_is_that_of_the_points(ranks):
    found = voting.borda(ranks)
    assert found.estimate.mean() == pytest.approx(0.5)
    assert (np.diff(found.points[found.order]) <= 0).all()


def test_orders_become_ranks():
    assert voting.ranks_from_orders([[2, 0], [1, [0, 2]]], candidates=3) == pytest.approx(
        np.array([[2, NAN, 1], [2, 1, 2]]), nan_ok=True
    )


# ---- grades


def by_hand(grades):
    """Median after median, written down."""
    found = []
    for column in np.asarray(grades).T.tolist():
        left, values = sorted(column), []
        while left:
            values.append(left.pop((len(left) - 1) // 2))
        found.append(values)
    return [1 + sum(other > one for other in found) for one in found]


@given(arrays(int, st.tuples(st.integers(1, 12), st.integers(2, 4)), elements=st.integers(0, 4)))
@settings(max_examples=60)
def test_equal_medians_are_compared_by_taking_median_votes_away_to_the_last(grades):
    assert voting.majority_judgment(grades).rank.tolist() == by_hand(grades)


@given(arrays(int, st.tuples(st.integers(1, 12), st.integers(2, 4)), elements=st.integers(0, 4)))
@few
def test_the_gauge_says_the_median_and_how_many_are_above_and_below(grades):
    found = voting.majority_judgment(grades)
    assert found.median.tolist() == np.sort(grades, axis=0)[(len(grades) - 1) // 2].tolist()
    assert found.above.tolist() == (grades > found.median).sum(axis=0).tolist()
    assert found.below.tolist() == (grades < found.median).sum(axis=0).tolist()
    assert found.sign.tolist() == np.where(found.above > found.below, 1, -1).tolist()


@given(chances)
@few
def test_only_the_order_of_grades_matters_and_no_other_candidate_does(seed):
    grades = ballots_for(voting.majority_judgment, seed)
    before = voting.majority_judgment(grades)
    assert voting.majority_judgment(grades**3 - 7).rank.tolist() == before.rank.tolist()
    fewer = voting.majority_judgment(grades[:, :3]).rank
    assert (np.sign(fewer[:, None] - fewer) == np.sign(before.rank[:3, None] - before.rank[:3])).all()


def test_a_grade_that_is_missing_is_refused_or_counts_as_it_is_said():
    with pytest.raises(ValueError, match="grades: a known number was expected, not nan at 0, 1"):
        voting.majority_judgment([[3, NAN], [3, 2]])
    assert voting.majority_judgment([[3, NAN], [3, 2]], missing=0).median.tolist() == [3, 0]
    assert voting.majority_judgment([[NAN, NAN]], missing=-1).median.tolist() == [-1, -1]


def test_a_need_that_came_late_is_judged_by_those_who_were_asked():
    found = voting.approval([[1, NAN, NAN], [0, 1, NAN], [1, 1, NAN]])
    assert found.approvals.tolist() == [2, 2, 0]
    assert found.asked.tolist() == [3, 2, 0]
    assert found.estimate == pytest.approx([2 / 3, 1, NAN], nan_ok=True)
    assert found.rank.tolist() == [2, 1, 3]
    assert found.standard_error[0] == pytest.approx(np.sqrt(2 / 9 / 3))
    assert (found.lower[:2] <= found.estimate[:2]).all()
    assert (found.upper[:2] >= found.estimate[:2] - 1e-12).all()


@given(st.integers(1, 40), st.sampled_from([0.5, 0.9, 0.95, 1 - 2**-53]))
@few
def test_the_interval_of_an_approval_lies_between_0_and_1_and_around_it(voters, confidence):
    found = voting.approval([[1, 0]] * voters, confidence=confidence)
    assert found.lower[1] == 0 < found.lower[0]
    assert found.upper[1] < 1 == found.upper[0]


def test_the_interval_of_an_approval_is_wilsons():
    found = voting.approval([[1, 0]] * 8 + [[0, 1]] * 2)
    assert (found.lower[0], found.upper[0]) == pytest.approx((0.4901625, 0.9433178), abs=1e-7)


@given(chances)
@few
def test_asked_of_everything_the_order_is_by_number_and_an_approval_more_never_hurts(seed):
    ballots = ballots_for(voting.approval, seed)
    found = voting.approval(ballots)
    assert (np.diff(found.approvals[found.order]) <= 0).all()
    ballots[0, 0] = 1
    assert voting.approval(ballots).rank[0] <= found.rank[0]


# ---- robustness


def counted_anew(method, ballots, top, lost=2, **options):
    """Every loss tried by counting all that is left."""
    first = method(ballots, **options).rank <= top
    kept = [
        ((method(np.delete(ballots, gone, axis=0), **options).rank <= top) == first).all()
        for gone in combinations(range(len(ballots)), lost)
    ]
    return np.mean(kept)


@given(methods, chances, st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=40)
def test_robustness_is_what_counting_again_without_any_two_ballots_gives(method, seed, top, lost):
    ballots = ballots_for(method, seed, voters=7)
    ballots[1] = ballots[0]
    found = voting.robustness(method(ballots), top=top, lost=lost)
    assert found.exact
    assert found.estimate == pytest.approx(counted_anew(method, ballots, top, lost))
    assert (found.standard_error, found.lower, found.upper) == (0, found.estimate, found.estimate)
    assert found.first.tolist() == (method(ballots).rank <= top).tolist()


def test_robustness_reads_incomplete_ballots_as_the_count_did():
    ballots = np.array([[1, NAN, 2], [NAN, 1, 2], [2, 1, NAN], [1, 2, 3], [NAN, NAN, 1], [3, 1, 2.0]])
    for method in (voting.schulze, voting.borda):
        for unranked in ("last", "unknown"):
            found = voting.robustness(method(ballots, unranked=unranked), top=1)
            assert found.estimate == pytest.approx(counted_anew(method, ballots, 1, unranked=unranked))
    grades = np.where(np.isnan(ballots), NAN, ballots)
    found = voting.robustness(voting.majority_judgment(grades, missing=0), top=1)
    assert found.estimate == pytest.approx(counted_anew(voting.majority_judgment, grades, 1, missing=0))


def test_many_ballots_may_be_lost_of_many_that_are_alike():
    found = voting.robustness(voting.approval([[1, 0], [0, 1]], counts=[2_300, 1]), top=1, lost=1_100, samples=2_000)
    assert found.exact
    assert found.estimate == pytest.approx(1)
    lose = voting.robustness(voting.approval([[1, 0], [0, 1]], counts=[601, 600]), top=1, lost=1_200, samples=2_000)
    assert lose.inside == pytest.approx([601 / 1_201, 600 / 1_201])  # who is left alone decides


@pytest.mark.parametrize("method", [voting.schulze, voting.borda, voting.majority_judgment, voting.approval])
def test_three_voters_are_the_fewest_of_whom_two_may_be_lost(method):
    for voters in (1, 2):
        with pytest.raises(ValueError, match=f"lost: fewer than the {voters} ballots was expected, not 2"):
            voting.robustness(method([[1, 0]] * voters), top=1)
    assert voting.robustness(method([[1, 0]] * 3), top=1).estimate == 1


@given(methods, chances)
@few
def test_what_is_given_stays_as_it_was_and_may_come_in_any_form(method, seed):
    ballots = ballots_for(method, seed)
    counts = np.random.default_rng(seed).integers(1, 3, len(ballots))
    want = method(ballots, counts=counts).rank.tolist()
    striped = np.repeat(ballots, 2, axis=1)[:, ::2]
    striped.flags.writeable = counts.flags.writeable = False
    forms = [striped, ballots.tolist(), ballots.astype(np.int8), np.asfortranarray(ballots, np.float32)]
    for form in [*forms, ballots.astype(object)]:
        found = method(form, counts=counts)
        voting.robustness(found, top=2, samples=20)
        assert found.rank.tolist() == want


def test_with_too_many_losses_some_are_drawn_and_the_same_seed_draws_the_same():
    ballots = np.random.default_rng(3).random((60, 5))
    result = voting.schulze(ballots)
    one, again = (voting.robustness(result, top=2, samples=300, seed=4) for _ in range(2))
    exact = voting.robustness(result, top=2, samples=10_000)
    assert not one.exact
    assert exact.exact
    assert exact.tried == 1770
    assert one.tried == 300
    assert one.estimate == again.estimate
    assert one.lower <= exact.estimate <= one.upper
    assert one.standard_error > 0
    assert one.inside == pytest.approx(exact.inside, abs=0.1)
    assert one.inside.tolist() == again.inside.tolist()


def test_alike_ballots_are_tried_once_and_weigh_as_many_as_they_are():
    found = voting.robustness(voting.approval([[1, 0], [0, 1]], counts=[3, 2]), top=1, lost=1)
    assert found.tried == 2
    assert found.estimate == pytest.approx(2 / 5)  # without one of the three, both are even: no longer the same first
    assert found.inside.tolist() == pytest.approx([1, 3 / 5])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: voting.schulze([1, 2]), "rankings: an array of 2 axes was expected"),
        (lambda: voting.schulze([[1], [2]]), "rankings: at least 1 ballot on 2 candidates was expected"),
        (lambda: voting.schulze(np.ones((0, 3))), "rankings: at least 1 ballot"),
        (lambda: voting.schulze([["a", "b"]]), "rankings: numbers were expected"),
        (lambda: voting.schulze([[1, float("inf")]]), "rankings: a finite number"),
        (lambda: voting.schulze([[1, 2]], unranked="first"), "unranked: last or unknown was expected, not 'first'"),
        (lambda: voting.borda([[1, 2]], unranked="first"), "unranked: last or unknown"),
        (lambda: voting.borda([[1, 2]], counts=[1, 2]), "counts: one for each of the 1 ballots was expected, not 2"),
        (lambda: voting.borda([[1, 2]], counts=[1.5]), "counts: whole numbers were expected, not 1.5 at 0"),
        (lambda: voting.borda([[1, 2]] * 99, counts=[1] * 98 + [0.5]), "counts: whole numbers .* not 0.5 at 98$"),
        (lambda: voting.borda([[1, 2]], counts=[0]), "counts: at least 1 voter was expected, not 0"),
        (lambda: voting.borda([[1, 2]], counts=[1e300]), "counts: at most 9007199254740991"),
        (lambda: voting.borda([[1, 2]], counts=[-1]), "counts: at least 0"),
        (lambda: voting.majority_judgment([[1, 2.5]]), "grades: whole numbers were expected, not 2.5 at 0, 1"),
        (lambda: voting.majority_judgment([[1, 1e300]]), "grades: at most 9007199254740991"),
        (lambda: voting.majority_judgment([[1, NAN]], missing=1.5), "missing: whole numbers were expected, not 1.5"),
        (lambda: voting.majority_judgment([[1, NAN]], missing=NAN), "missing: a known number"),
        (lambda: voting.majority_judgment([[1, NAN]], missing="a"), "missing: numbers were expected"),
        (lambda: voting.approval([[1, 2]]), "ballots: 0, 1 or NaN was expected, not 2"),
        (lambda: voting.approval([[1, 0]], confidence=1), "confidence: between 0 and 1"),
        (
            lambda: voting.ranks_from_orders([[0, 0]], candidates=2),
            "orders: each of 0 to 1 at most once .* on ballot 0",
        ),
        (lambda: voting.ranks_from_orders([[2]], candidates=2), "orders: each of 0 to 1"),
        (lambda: voting.ranks_from_orders([[0.5]], candidates=2), "orders: each of 0 to 1 .*, not 0.5 on ballot 0"),
        (lambda: voting.ranks_from_orders([[True]], candidates=2), "orders: each of 0 to 1 .*, not True"),
        (lambda: voting.ranks_from_orders(["ab"], candidates=2), "orders: a list for each voter .*, not 'ab'"),
        (lambda: voting.ranks_from_orders([[0], None], candidates=2), "orders: a list for each voter .*, not None"),
        (lambda: voting.ranks_from_orders(5, candidates=2), "orders: a list for each voter was expected, not 5"),
        (lambda: voting.ranks_from_orders([[[[0]]]], candidates=2), "orders: each of 0 to 1 .*, not .0. on ballot 0"),
        (lambda: voting.robustness(voting.approval([[1, 0]] * 3), top=0), "top: a whole number of at least 1"),
        (lambda: voting.robustness(voting.approval([[1, 0]] * 3), top=3), "top: at most the 2 candidates"),
        (
            lambda: voting.robustness(voting.approval([[1, 0]] * 2), top=1),
            "lost: fewer than the 2 ballots was expected",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused_with_its_name(wrong, said):
    with pytest.raises(ValueError, match=said):
        wrong()
