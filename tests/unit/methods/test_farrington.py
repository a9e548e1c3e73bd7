"""A week is judged by the same season of its own past; what is not known does not count, and says so."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.methods.outbreak import Reason, farrington_flexible
from maillage.methods.outbreak.baseline import baseline
from maillage.methods.outbreak.limits import HUGE, at_least, count_limit
from tests.outbreaks import FIRST, NAN, drawn, few, judged, seeds

# ---- thresholds


@given(st.floats(1e-3, 1e5), st.one_of(st.just(1.0), st.floats(1.001, 50)), st.floats(1e-5, 0.6))
def test_the_limit_is_the_smallest_count_that_is_exceeded_with_a_chance_of_at_most_alpha(mean, dispersion, alpha):
    mean, dispersion = np.array([mean]), np.array([dispersion])
    limit = count_limit(mean, dispersion, alpha)
    assert at_least(limit + 1, mean, dispersion)[0] <= alpha * (1 + 1e-9)
    assert at_least(limit, mean, dispersion)[0] > alpha * (1 - 1e-9)


def test_the_chance_of_a_count_is_that_of_a_negative_binomial_of_that_mean_and_variance():
    mean, dispersion = np.array([4.0]), np.array([2.5])
    chances = [at_least(np.array([k + 0.0]), mean, dispersion)[0] for k in range(400)]
    each = -np.diff(chances)
    assert chances[0] == 1
    assert (np.arange(399) * each).sum() == pytest.approx(4)
    assert ((np.arange(399) - 4) ** 2 * each).sum() == pytest.approx(10)
    assert at_least(np.array([2.0, NAN]), np.array([4.0, 4]), np.array([1.0, 1]))[0] == pytest.approx(
        1 - 5 * np.exp(-4)
    )
    assert np.isnan(at_least(np.array([NAN]), mean, dispersion))[0]


def test_the_limit_of_a_mean_too_large_to_count_by_ones_is_still_a_number():
    limit = count_limit(np.array([HUGE * 1e5, np.inf, NAN]), np.array([3.0, 3, 3]), 0.01)
    assert limit[0] == pytest.approx(HUGE * 1e5, rel=1e-5)
    assert np.isnan(limit[1:]).all()


def test_a_dispersion_too_large_to_reckon_with_has_an_infinite_limit_and_is_no_endless_search():
    assert count_limit(np.array([5.0]), np.array([1e20]), 0.01) == np.inf


@few
@given(seeds, st.floats(1e-4, 0.4), st.floats(1e-4, 0.4), st.sampled_from(["nbPlugin", "delta", "muan"]))
def test_thresholds_grow_when_alpha_shrinks(seed, one, other, threshold):
    counts = drawn(seed)
    strict, loose = (judged(counts, alpha=alpha, threshold=threshold).upperbound for alpha in sorted((one, other)))
    assert (strict >= loose - 1e-9).all()


@pytest.mark.parametrize("threshold", ["nbPlugin", "delta", "muan"])
def test_a_threshold_is_a_finite_number_however_small_alpha_and_large_the_counts(threshold):
    counts = drawn(3)[0]
    assert np.isfinite(judged(counts, alpha=1e-300, threshold=threshold).upperbound)
    assert judged(counts * 1e15, alpha=1e-4, threshold=threshold).upperbound < 1e17
    found = judged(np.append(counts[:-1] * 1e303, 5), threshold=threshold, minimum_cases=(0, 1))
    assert np.isfinite(found.upperbound) == (found.reason == Reason.NONE)


@few
@given(seeds)
def test_series_do_not_see_each_other(seed):
    counts = drawn(seed, series=3, level=4)
    together = judged(counts, last=2)
    assert together.expected.shape == (3, 2)
    for row, one in enumerate(counts):
        alone = judged(one, last=2)
        assert alone.expected.shape == (2,)
        for column in fields(alone):
            here = getattr(alone, column.name)
            assert getattr(together, column.name)[row] == pytest.approx(here, rel=1e-9, nan_ok=True)


@few
@given(seeds, st.integers(0, 80))
def test_neither_the_week_itself_nor_those_left_out_before_it_move_its_threshold(seed, more):
    counts = drawn(seed)[0]
    other = counts.copy()
    other[-27:] += more
    assert judged(other).upperbound == judged(counts).upperbound
    assert judged(np.append(counts, more), last=2).upperbound[0] == judged(counts).upperbound


@few
@given(seeds, st.floats(1e-3, 1e3))
def test_a_population_counted_in_other_units_changes_nothing(seed, unit):
    counts = drawn(seed)
    people = np.linspace(50, 80, counts.size).reshape(counts.shape)
    one, other = judged(counts, population=people), judged(counts, population=people * unit)
    assert other.expected == pytest.approx(one.expected)
    assert (other.upperbound == one.upperbound).all()


@few
@given(seeds)
def test_a_population_that_never_changes_changes_nothing(seed):
    counts = drawn(seed)
    one = judged(counts, population=np.full(counts.shape, 7.0))
    assert one.expected == pytest.approx(judged(counts).expected)


def test_where_twice_as_many_people_live_twice_as_many_cases_are_expected():
    counts = drawn(8, level=40)
    people = np.ones(counts.shape)
    people[:, -1] = 2
    once, twice = judged(counts, trend=False), judged(counts, trend=False, population=people)
    assert twice.expected == pytest.approx(2 * once.expected)


def test_an_outbreak_alarms_and_a_usual_week_does_not():
    counts = drawn(5, weeks=330)[0]
    counts[-1] = 60
    found = judged(counts, last=10)
    assert found.alarm.tolist() == [False] * 9 + [True]
    assert found.pvalue[-1] < 1e-4 < found.pvalue[:-1].min()
    assert (found.score > 1).tolist() == found.alarm.tolist()
    assert found.expected[-1] == pytest.approx(10.5, abs=2)


@few
@given(seeds, st.sampled_from(["nbPlugin", "delta", "muan"]))
def test_an_alarm_is_a_count_above_its_threshold_and_a_score_above_one(seed, threshold):
    counts = drawn(seed, series=2)
    counts[:, -1] *= 2
    found = judged(counts, threshold=threshold, alpha=0.05)
    assert (found.alarm == (counts[:, -1:] > found.upperbound)).all()
    assert (found.alarm == (found.score > 1)).all()


def test_the_score_is_that_of_r_with_a_logarithm_where_counts_have_quantiles():
    counts = drawn(4)
    y = counts[:, -1:]
    plain, power = judged(counts), judged(counts, threshold="delta")
    centre = np.log(plain.expected)
    assert plain.score == pytest.approx((y - centre) / (plain.upperbound - centre))
    assert power.score == pytest.approx((y - power.expected) / (power.upperbound - power.expected))


@few
@given(seeds)
def test_the_limit_of_the_upper_mean_is_at_least_that_of_the_mean(seed):
    counts = drawn(seed)
    assert (judged(counts, threshold="muan").upperbound >= judged(counts).upperbound).all()


# ---- options


def test_a_trend_is_followed_but_no_further_than_it_has_been():
    draw = np.random.default_rng(9)
    growing = draw.poisson(np.exp(1 + 0.006 * np.arange(320))).astype(float)
    growing[-60] = 60  # nothing keeps the trend below the highest count of the past
    followed, flat = judged(growing), judged(growing, trend=False)
    assert followed.trend == 1
    assert flat.trend == 0
    assert followed.expected > 1.5 * flat.expected
    steep = np.minimum(np.round(np.exp(-6 + 0.03 * np.arange(320))), 9e4)
    assert judged(steep).trend == 0


def test_a_trend_needs_three_years_and_the_p_value_that_is_asked():
    counts = drawn(2)
    assert judged(counts, years_back=3).trend == 1
    assert judged(counts, years_back=2).trend == 0
    assert judged(counts, p_threshold_trend=0.0).trend == 0
    growing = counts * np.exp(0.005 * np.arange(counts.size)) // 1
    growing[0, -40] = 300
    assert judged(growing, p_threshold_trend=0.05).trend == 1


@pytest.mark.parametrize("variant", ["published", "surveillance"])
@pytest.mark.parametrize("compiled", [False, True])
def test_counts_that_never_change_have_no_trend_that_a_test_would_keep(variant, compiled):
    if compiled:
        pytest.importorskip("numba")
    counts = np.full((3, 320), [[2.0], [7.0], [1e6]])
    found = judged(counts, p_threshold_trend=0.05, variant=variant, compiled=compiled)
    assert (found.trend == 0).all()
    assert found.expected[:, 0] == pytest.approx([2, 7, 1e6])


def test_a_past_outbreak_is_weighed_down_unless_it_is_asked_not_to():
    counts = drawn(6)[0]
    quiet = judged(counts).upperbound
    counts[100:104] += 60
    weighed, kept = judged(counts), judged(counts, reweight_threshold=float("inf"))
    assert quiet <= weighed.upperbound < kept.upperbound
    assert weighed.dispersion < kept.dispersion


def test_one_period_reads_the_own_season_only():
    counts = drawn(7)[0]
    other = counts.copy()
    past = baseline(319, FIRST, years_back=5, window=3, periods=1, weeks_excluded=26)
    outside = np.setdiff1d(np.arange(319), past.weeks)
    other[outside] = 99
    one, two = judged(counts, periods=1), judged(other, periods=1)
    assert one.upperbound == two.upperbound
    assert one.expected == two.expected


@few
@given(seeds)
def test_the_variant_of_r_moves_what_reads_a_standard_error_and_nothing_else(seed):
    counts = drawn(seed, dispersion=2.5)
    plain = judged(counts), judged(counts, variant="surveillance")
    assert plain[0].upperbound == plain[1].upperbound
    power = [judged(counts, threshold="delta", variant=one) for one in ("published", "surveillance")]
    assert power[0].expected == power[1].expected
    assert power[0].upperbound != power[1].upperbound


def test_the_variant_of_r_counts_the_time_of_the_forecast_from_the_first_known_week():
    counts = drawn(12)[0]
    past = baseline(319, FIRST, years_back=5, window=3, periods=10, weeks_excluded=26)
    counts[past.weeks[0] : past.weeks[0] + 30] = NAN
    right, theirs = judged(counts), judged(counts, variant="surveillance")
    assert right.dispersion == theirs.dispersion
    assert right.expected != theirs.expected


# ---- what is not known


def test_a_missing_week_is_not_a_week_without_cases():
    counts = drawn(10)[0]
    unknown, zero = counts.copy(), counts.copy()
    unknown[50:250:3], zero[50:250:3] = NAN, 0
    found, whole = judged(unknown), judged(counts)
    assert found.expected == pytest.approx(whole.expected, rel=0.25)
    assert judged(zero, trend=False).expected < 0.8 * judged(unknown, trend=False).expected
    assert judged(zero).dispersion > 2 * found.dispersion


def test_a_missing_count_has_no_threshold_nor_has_a_sum_that_it_belongs_to():
    counts = drawn(10, weeks=330)[0]
    counts[-6] = NAN
    assert judged(counts, last=7).reason.tolist() == [0, *[Reason.MISSING] * 4, 0, 0]
    assert judged(counts, last=7, minimum_cases=(5, 1)).reason.tolist() == [0, Reason.MISSING, 0, 0, 0, 0, 0]


def test_too_few_cases_have_no_threshold():
    counts = drawn(10, weeks=330)[0]
    counts[-4:] = [1, 1, 1, 2]
    assert judged(counts).reason == Reason.NONE
    counts[-1] = 1
    found = judged(counts)
    assert found.reason == Reason.FEW_CASES
    for column in fields(found):
        if column.name not in {"alarm", "reason"}:
            assert np.isnan(getattr(found, column.name)).all()
    assert not found.alarm
    assert judged(counts, minimum_cases=(0, 1)).reason == Reason.NONE
    assert judged(counts, minimum_cases=(5, 10**30)).reason == Reason.NONE  # weeks before the first add nothing


def test_a_past_without_any_case_has_no_threshold():
    counts = np.zeros(320)
    counts[-1] = 6
    assert judged(counts).reason == Reason.NO_CASES


def test_a_past_of_which_nothing_is_known_is_not_a_past_without_any_case():
    counts = drawn(10)[0]
    counts[:-10] = NAN
    assert judged(counts).reason == Reason.NO_FIT
    counts[30:-40] = 0
    assert judged(counts).reason == Reason.NO_CASES


def test_a_season_of_which_nothing_is_known_has_no_threshold():
    counts = drawn(11)[0]
    past = baseline(319, FIRST, years_back=5, window=3, periods=10, weeks_excluded=26)
    counts[past.weeks[past.season == 9]] = NAN
    assert judged(counts).reason == Reason.NO_FIT
    counts = drawn(11)[0]
    counts[past.weeks[past.season == 3]] = NAN  # of another season: no matter
    assert judged(counts).reason == Reason.NONE


def test_an_upper_mean_without_limit_is_no_threshold():
    counts = drawn(11)[0]
    past = baseline(319, FIRST, years_back=5, window=3, periods=10, weeks_excluded=26)
    counts[past.weeks[past.season == 9]] = 0
    found = judged(counts, threshold="muan")
    assert found.reason == Reason.UNBOUNDED
    assert np.isnan(found.expected)
    assert judged(counts).reason == Reason.NONE


def test_a_single_week_of_its_season_is_fitted_exactly_and_not_weighed_down():
    counts = drawn(13)[0]
    past = baseline(319, FIRST, years_back=5, window=3, periods=10, weeks_excluded=26)
    weeks = past.weeks[past.season == 4]
    counts[weeks[1:]] = NAN
    counts[weeks[0]] = 500
    assert judged(counts).reason == Reason.NONE


# ---- what cannot be


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("counts: an array of 1 axis or an array of 2 axes", {"counts": np.ones((2, 2, 2))}),
        ("counts: at least 0", {"counts": [-1.0]}),
        ("counts: whole numbers were expected, not 1.5", {"counts": [1.5]}),
        ("first_week: a Monday", {"first_week": date(2014, 1, 7)}),
        ("last: at most 10", {"last": 11}),
        ("last: a whole number of at least 1", {"last": 0}),
        ("alpha: between 0 and 1", {"alpha": 1}),
        ("years_back: a whole number of at least 1", {"years_back": 0}),
        ("window: a whole number of at least 0", {"window": -1}),
        ("window: at most 25", {"window": 26}),
        ("periods: a whole number of at least 1", {"periods": 0}),
        ("periods: at most 46", {"periods": 47}),
        ("weeks_excluded: a whole number", {"weeks_excluded": -1}),
        ("reweight_threshold: more than 0", {"reweight_threshold": 0}),
        ("p_threshold_trend: at most 1", {"p_threshold_trend": 1.1}),
        ("threshold: nbPlugin, delta or muan", {"threshold": "normal"}),
        ("variant: published or surveillance", {"variant": "r"}),
        ("minimum_cases: .cases, weeks. was expected", {"minimum_cases": 5}),
        ("minimum_cases: .cases, weeks. was expected, not .5, 4, 3.", {"minimum_cases": (5, 4, 3)}),
        ("minimum_cases: .cases, weeks. was expected", {"minimum_cases": {4, 5}}),
        ("minimum_cases: a whole number of at least 1", {"minimum_cases": (5, 0)}),
        ("population: the shape of counts", {"population": [1.0]}),
        ("population: more than 0", {"population": [0.0] * 10}),
        ("population: a known number", {"population": [NAN] * 10}),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_name(said, wrong):
    usual = {"counts": [1.0] * 10, "first_week": FIRST, "last": 1}
    with pytest.raises(ValueError, match=said):
        farrington_flexible(**{**usual, **wrong})
