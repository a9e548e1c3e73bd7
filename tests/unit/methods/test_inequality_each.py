"""What each measure of inequality says of groups, of the individuals of a survey, and of arguments that cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maillage.methods import inequality
from maillage.methods.inequality import Reason

few = settings(max_examples=25)
Y, PEOPLE, S = [30.0, 60, 20, 50], [100.0, 300, 200, 400], [2.0, 1, 3, 4]
MEAN = (30 * 100 + 60 * 300 + 20 * 200 + 50 * 400) / 1000


def value(measure):
    return float(measure.estimate)


# ---- pairs


def test_which_two_groups_are_compared_depends_on_order_polarity_and_reference():
    difference = inequality.difference
    assert value(difference(Y, ordered=True)) == 50 - 30
    assert value(difference(Y, ordered=True, favourable=False)) == 30 - 50
    assert value(difference(Y)) == value(difference(Y, favourable=False)) == 60 - 20
    assert value(difference(Y, reference=0)) == 30 - 20
    assert value(difference(Y, reference=0, favourable=False)) == 60 - 30
    assert value(inequality.ratio(Y, reference=0, favourable=False)) == 60 / 30


@given(arrays(float, 4, elements=st.integers(1, 90).map(float)))
def test_turning_the_polarity_of_ordered_groups_turns_the_sign_and_inverts_the_ratio(values):
    good, bad = (inequality.difference(values, ordered=True, favourable=way) for way in (True, False))
    assert value(good) == -value(bad)
    good, bad = (inequality.ratio(values, ordered=True, favourable=way) for way in (True, False))
    assert value(good) == pytest.approx(1 / value(bad))


def test_of_several_highest_groups_the_one_known_least_counts():
    found = inequality.difference([50.0, 50, 10], standard_errors=[1.0, 3, 4])
    assert float(found.standard_error) == 5


def test_the_interval_of_a_ratio_is_divided_and_multiplied_by_the_same_factor():
    found = inequality.ratio(Y, standard_errors=S)
    assert float(found.lower) * float(found.upper) == pytest.approx(value(found) ** 2)
    assert float(found.standard_error) == pytest.approx(3 * np.hypot(1 / 60, 3 / 20))
    assert float(found.upper / found.estimate) == pytest.approx(np.exp(1.959964 * found.standard_error / 3))


# ---- concentration


@given(
    arrays(float, 5, elements=st.integers(1, 99).map(float)), arrays(float, 5, elements=st.integers(1, 99).map(float))
)
@few
def test_the_relative_index_is_twice_the_area_between_the_diagonal_and_the_curve(values, people):
    curve = inequality.concentration_curve(values, people)
    under = (np.diff(curve.people) * (curve.indicator[1:] + curve.indicator[:-1]) / 2).sum()
    assert 1 - 2 * under == pytest.approx(value(inequality.relative_concentration_index(values, people)), abs=1e-12)
    assert (curve.people[0], curve.indicator[0]) == (0, 0)
    assert (curve.people[-1], curve.indicator[-1]) == pytest.approx((1, 1))


def test_a_curve_of_nothing_has_no_shares():
    assert np.isnan(inequality.concentration_curve([0.0, 0], [1.0, 1]).indicator[1:]).all()


@given(
    arrays(float, 5, elements=st.integers(1, 99).map(float)), arrays(float, 5, elements=st.integers(1, 99).map(float))
)
@few
def test_the_relative_index_lies_between_minus_one_and_one_and_is_positive_when_the_advantaged_have_more(
    values, people
):
    assert -1 < value(inequality.relative_concentration_index(values, people)) < 1
    assert value(inequality.relative_concentration_index(np.sort(values), people)) >= -1e-12


@given(arrays(float, 5, elements=st.integers(1, 99).map(float)), st.booleans())
@few
def test_bounded_forms_speak_of_health_and_of_its_lack_alike(values, known):
    people, s = [5.0, 4, 6, 3, 7], np.array([1.0, 2, 1, 3, 1]) if known else None
    for form in ("wagstaff", "erreygers"):
        of = {"form": form, "limits": (0, 100), "standard_errors": s}
        having, lacking = (inequality.relative_concentration_index(one, people, **of) for one in (values, 100 - values))
        assert value(having) == pytest.approx(-value(lacking), abs=1e-12)
        assert float(having.standard_error) == pytest.approx(float(lacking.standard_error), abs=1e-9)
    absolute = inequality.absolute_concentration_index(values, people, limits=(0, 100), standard_errors=s)
    assert value(having) == pytest.approx(4 * value(absolute))
    assert value(absolute) == pytest.approx(value(inequality.absolute_concentration_index(values, people)) / 100)


# ---- slopes


def test_groups_on_a_straight_line_and_on_a_logistic_curve_are_found_again():
    people = np.array([5.0, 20, 10, 65])
    rank = (np.cumsum(people) - people / 2) / 100
    line = inequality.slope_index(20 + 30 * rank, people, model="linear")
    assert (value(line), float(line.standard_error)) == pytest.approx((30, 0), abs=1e-9)
    curve = 1 / (1 + np.exp(1 - 2 * rank))
    ends = 1 / (1 + np.exp([1, -1]))
    assert value(inequality.slope_index(100 * curve, people, scale=100)) == pytest.approx(100 * (ends[1] - ends[0]))
    assert value(inequality.relative_index(curve, people, scale=1)) == pytest.approx(ends[1] / ends[0])
    logit = inequality.slope_index(curve, people, model="linear", transform="logit")
    assert value(logit) == pytest.approx(ends[1] - ends[0])
    rate = inequality.relative_index(np.exp(1 + rank), people, model="linear", transform="log")
    assert value(rate) == pytest.approx(np.e)


def test_a_group_of_many_people_weighs_as_many_groups_of_few():
    y, people = [20.0, 50, 60, 65, 70], [100.0, 200, 400, 800, 1600]
    assert value(inequality.slope_index(y, people, scale=100)) == pytest.approx(27.149295)
    squared = inequality.slope_index(y, people, scale=100, like="healthequal")
    assert value(squared) == pytest.approx(18.017276)
    assert float(squared.standard_error) * 100 * 1.959964 == pytest.approx(float(squared.upper) - value(squared))


def test_without_a_scale_healthequal_takes_the_first_that_no_estimate_passes():
    people = [100.0, 200, 150]
    for y, scale in (([0.2, 0.5, 1], 1), ([0.2, 0.5, 1.1], 100), ([20.0, 101, 30], 1000), ([2e5, 3e5, 1e5], 1e6)):
        guessed, given = (inequality.slope_index(y, people, like="healthequal", scale=one) for one in (None, scale))
        assert value(guessed) == value(given)


# ---- spread


def test_an_average_that_is_given_stays_in_every_draw():
    of = {"weighted": False, "standard_errors": [2.0, 2], "draws": 2000}
    given = inequality.mean_difference([10.0, 20], average=100, **of)
    assert float(given.standard_error) == pytest.approx(np.sqrt(8) / 2, rel=0.05)
    anew = inequality.mean_difference([10.0, 20], [1.0, 1], **of)
    assert float(anew.standard_error) == pytest.approx(np.sqrt(8) / 2, rel=0.05)
    assert value(given) == 85
    assert value(anew) == 5


def test_formulas_of_the_spread_of_groups_are_those_of_the_definition():
    y, share = np.array(Y), np.array(PEOPLE) / 1000
    away = np.abs(y - MEAN)
    variance = (share * away**2).sum()
    assert value(inequality.between_group_variance(Y, PEOPLE)) == pytest.approx(variance)
    assert value(inequality.between_group_sd(Y, PEOPLE)) == pytest.approx(np.sqrt(variance))
    assert value(inequality.coefficient_of_variation(Y, PEOPLE)) == pytest.approx(100 * np.sqrt(variance) / MEAN)
    assert value(inequality.index_of_disparity(Y, PEOPLE)) == pytest.approx(100 * (share * away).sum() / MEAN)
    assert value(inequality.index_of_disparity(Y, average=40, weighted=False)) == pytest.approx(100 * 15 / 40)
    for point, centre in (("mean", MEAN), ("best", 60), ("reference", 30)):
        which = {"point": point, "reference": 0 if point == "reference" else None}
        distance = np.abs(y - centre)
        assert value(inequality.mean_difference(Y, PEOPLE, **which)) == pytest.approx((share * distance).sum())
        assert value(inequality.mean_difference(Y, PEOPLE, weighted=False, **which)) == pytest.approx(distance.mean())
    assert value(inequality.mean_difference(Y, weighted=False, point="best", favourable=False)) == pytest.approx(20)
    both = inequality.mean_difference([Y, Y], PEOPLE, point="best", favourable=[True, False], weighted=False)
    assert both.estimate == pytest.approx([20, 20])


def test_theil_and_the_mean_log_deviation_are_those_of_the_definition_and_read_zero_as_a_small_number():
    times, share = np.array(Y) / MEAN, np.array(PEOPLE) / 1000
    assert value(inequality.theil(Y, PEOPLE)) == pytest.approx(1000 * (share * times * np.log(times)).sum())
    assert value(inequality.mean_log_deviation(Y, PEOPLE)) == pytest.approx(-1000 * (share * np.log(times)).sum())
    for measure in (inequality.theil, inequality.mean_log_deviation):
        assert value(measure([0.0, 1, 2], [1.0, 1, 1], floor=0.5)) == value(measure([0.5, 1, 2], [1.0, 1, 1]))


def test_simulated_limits_follow_the_seed_and_come_together_with_more_draws():
    of = {"standard_errors": S, "scale": 100}
    once, again = (inequality.index_of_disparity(Y, PEOPLE, seed=5, **of) for _ in range(2))
    assert (once.lower, once.upper) == (again.lower, again.upper)
    assert inequality.index_of_disparity(Y, PEOPLE, seed=6, **of).lower != once.lower
    wide = [inequality.index_of_disparity(Y, PEOPLE, seed=seed, draws=4000, **of).lower for seed in range(6)]
    narrow = [inequality.index_of_disparity(Y, PEOPLE, seed=seed, draws=50, **of).lower for seed in range(6)]
    assert np.std(wide) < np.std(narrow)


def test_draws_stay_between_zero_and_the_scale():
    y, people, s = [99.0, 1, 50], [1.0, 1, 1], [30.0, 30, 0]
    found = inequality.mean_difference(
        y, people, point="reference", reference=2, standard_errors=s, scale=100, confidence=0.999
    )
    assert float(found.upper) <= 100 / 3
    free = inequality.mean_difference(
        [-1.0, 1, 50], people, point="reference", reference=2, standard_errors=s, confidence=0.999
    )
    assert float(free.upper) > 50  # an indicator that can be below zero is not cut there


def test_the_corrected_deviation_is_zero_where_chance_explains_all():
    found = inequality.between_group_sd([50.0, 51, 52], [1.0, 1, 1], standard_errors=[5.0, 5, 5], correct_noise=True)
    assert (value(found), float(found.lower)) == (0, 0)
    less = inequality.coefficient_of_variation(Y, PEOPLE, standard_errors=S, correct_noise=True)
    assert value(less) < value(inequality.coefficient_of_variation(Y, PEOPLE, standard_errors=S))


# ---- impact


def test_the_reference_of_the_attributable_risk_is_the_most_advantaged_or_the_best_and_never_counts_backwards():
    risk = inequality.population_attributable_risk
    assert value(risk(Y, PEOPLE, ordered=True)) == pytest.approx(50 - MEAN)
    assert value(risk(Y, PEOPLE, ordered=True, favourable=False)) == 0
    assert value(risk(Y, PEOPLE)) == pytest.approx(60 - MEAN)
    assert value(risk(Y, PEOPLE, favourable=False)) == pytest.approx(20 - MEAN)
    assert value(risk(Y, average=40)) == 20
    assert value(inequality.population_attributable_fraction(Y, average=40)) == 50


def test_of_several_best_groups_the_one_with_most_people_is_the_reference():
    one, other = (
        inequality.population_attributable_risk([60.0, 60, 20], people, scale=100)
        for people in ([100.0, 900, 50], [900.0, 100, 50])
    )
    assert float(one.standard_error) == float(other.standard_error)


# ---- surveys


@given(st.integers(0, 500))
@settings(max_examples=12)
def test_individuals_alike_within_their_group_are_measured_as_their_groups(seed):
    chance = np.random.default_rng(seed)
    y, many = chance.uniform(0.1, 0.9, 4), chance.integers(1, 9, 4)
    values, order = np.repeat(y, many), np.repeat([3, 7, 8, 20], many)
    for individual, grouped, model in (
        (inequality.survey_absolute_concentration_index, inequality.absolute_concentration_index, {}),
        (inequality.survey_relative_concentration_index, inequality.relative_concentration_index, {}),
        (inequality.survey_slope_index, inequality.slope_index, {"scale": 1}),
        (inequality.survey_relative_index, inequality.relative_index, {"scale": 1}),
        (inequality.survey_slope_index, inequality.slope_index, {"model": "linear"}),
    ):
        found = individual(values, order, **model)
        assert value(found) == pytest.approx(value(grouped(y, many, **model)), abs=1e-9)
        weighted = individual(y, [1, 2, 3, 4], weights=many, **model)
        assert value(weighted) == pytest.approx(value(found), abs=1e-9)
        mixed = chance.permutation(len(values))
        assert value(individual(values[mixed], order[mixed], **model)) == pytest.approx(value(found), abs=1e-9)


def test_individuals_who_were_asked_in_clusters_tell_less_than_each_alone():
    chance = np.random.default_rng(2)
    cluster = np.repeat(np.arange(40), 10)
    order, shared = np.repeat(chance.integers(1, 6, 40), 10), np.repeat(chance.random(40), 10)
    values = (chance.random(400) < 0.1 + 0.1 * order + 0.4 * shared).astype(float)
    for measure in (inequality.survey_slope_index, inequality.survey_absolute_concentration_index):
        alone, together = measure(values, order), measure(values, order, clusters=cluster)
        assert value(alone) == pytest.approx(value(together))
        assert together.standard_error > 1.2 * alone.standard_error


def test_the_slope_of_a_survey_stands_on_the_scale_of_its_values():
    values, order = np.array([0.0, 1, 0, 1, 1, 0, 1, 1]), [1, 1, 2, 2, 3, 3, 4, 4]
    plain, hundred = (inequality.survey_slope_index(size * values, order, scale=size) for size in (1, 100))
    assert value(hundred) == pytest.approx(100 * value(plain))
    assert float(hundred.standard_error) == pytest.approx(100 * float(plain.standard_error))


def test_a_survey_that_has_no_answer_says_why():
    order = [1, 2, 3]
    for all_of_them, relative, reason in ((0, np.nan, Reason.ZERO), (1, 1, Reason.AT_THE_LIMIT)):
        slope, ratio = (
            measure([all_of_them] * 3, order)
            for measure in (inequality.survey_slope_index, inequality.survey_relative_index)
        )
        assert (value(slope), slope.reason) == (0, Reason.AT_THE_LIMIT)
        assert value(ratio) == pytest.approx(relative, nan_ok=True)
        assert ratio.reason == reason
        assert np.isnan([slope.upper, ratio.upper]).all()
    assert inequality.survey_relative_index([0, 1, 1], order).reason == Reason.DIVERGED
    assert inequality.survey_relative_index([0, 1, 9], order, model="linear").reason == Reason.ZERO
    nothing = inequality.survey_relative_concentration_index([0, 0, 0], order)
    assert np.isnan(value(nothing))
    assert nothing.reason == Reason.ZERO
