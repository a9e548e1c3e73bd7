"""Inequality of whatever is given: any kind of array, extreme numbers, and arguments that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from maillage.methods import inequality
from maillage.methods.inequality import Reason

Y, PEOPLE, S = [30.0, 60, 20, 50], [100.0, 300, 200, 400], [2.0, 1, 3, 4]


def four(measure):
    return [float(one) for one in (measure.estimate, measure.standard_error, measure.lower, measure.upper)]


def test_answers_are_arrays_whatever_the_options():
    y, people = [40.0, 50, 70], [100.0, 300, 200]
    for found in (
        inequality.slope_index(y, people, like="healthequal"), inequality.relative_index(y, people, like="healthequal"),
        inequality.difference(y), inequality.between_group_sd(y, people, standard_errors=[1.0, 1, 1], draws=9),
        inequality.survey_absolute_concentration_index([0, 1, 1], [1, 2, 3]),
    ):  # fmt: skip
        parts = (found.estimate, found.standard_error, found.lower, found.upper, found.reason)
        assert all(isinstance(one, np.ndarray) for one in parts)


def test_no_answer_shares_its_reason_with_another():
    one, other = (inequality.survey_absolute_concentration_index([0, 1, 1], [1, 2, 3]) for _ in range(2))
    one.reason[...] = Reason.ZERO
    assert other.reason == Reason.GIVEN


def test_nothing_that_is_given_is_changed():
    chance = np.random.default_rng(1)
    given = [chance.uniform(5, 95, (2, 3, 5)), chance.uniform(50, 900, (2, 3, 5)), chance.uniform(0.1, 9, (2, 3, 5))]
    kept = [one.copy() for one in given]
    for one in given:
        one.flags.writeable = False
    y, people, s = given
    for ordered in (True, False):
        plain = inequality.every_measure(y, people, standard_errors=s, ordered=ordered, scale=100, draws=9)
        turned = (np.asfortranarray(one) for one in given)
        y2, people2, s2 = turned
        other = inequality.every_measure(y2, people2, standard_errors=s2, ordered=ordered, scale=100, draws=9)
        for name, found in plain.items():
            assert found.upper == pytest.approx(other[name].upper, nan_ok=True), name
    assert all((one == before).all() for one, before in zip(given, kept, strict=True))


@pytest.mark.parametrize("kind", [np.int8, np.float32, object, list])
def test_numbers_of_any_kind_have_the_same_answer(kind):
    y, people, s = [30, 60, 20, 50], [100, 30, 20, 40], [2, 1, 3, 4]
    given = [one if kind is list else np.array(one, kind) for one in (y, people, s)]
    for ordered in (True, False):
        of = {"ordered": ordered, "scale": 100, "draws": 9}
        found = inequality.every_measure(given[0], given[1], standard_errors=given[2], **of)
        for name, one in inequality.every_measure(
            np.array(y, float), np.array(people, float), standard_errors=np.array(s, float), **of
        ).items():
            assert four(found[name]) == four(one), name


def test_a_group_of_nearly_everybody_leaves_the_standard_error_of_the_variance_above_zero():
    found = inequality.between_group_variance([50.0, 50, 50], [1e12, 1, 1], standard_errors=[1.0, 1e-6, 1e-6])
    assert np.isfinite(found.standard_error)
    assert found.standard_error >= 0


def test_the_slope_of_equal_groups_is_nothing_whoever_lives_in_them():
    for people in ([1e9, 1e-3, 7], [1.0, 1e12, 1], [3e8, 5, 1e-4]):
        assert inequality.slope_index([50.1, 50.1, 50.1], people, model="linear").estimate == 0


@pytest.mark.parametrize("size", [1e-60, 1, 1e60])
def test_the_error_of_an_attributable_risk_shrinks_with_the_root_of_the_people(size):
    y, people = np.array([30.0, 60, 20]), np.array([100.0, 300, 200])
    for measure in (inequality.population_attributable_risk, inequality.population_attributable_fraction):
        one, many = measure(y, people, scale=100), measure(y, size * people, scale=100)
        assert float(many.standard_error) == pytest.approx(float(one.standard_error) / np.sqrt(size))


def test_a_zero_is_never_read_as_more_than_a_group_that_has_some():
    people = [1.0, 1, 1]
    for measure in (inequality.theil, inequality.mean_log_deviation):
        found = measure([0.0, 1e-8, 3e-8], people)
        assert float(found.estimate) == pytest.approx(float(measure([1e-8, 1e-8, 3e-8], people).estimate))


def test_where_groups_hardly_differ_a_simulated_interval_lies_above_the_estimate():
    found = inequality.between_group_sd([50.0, 50, 50], [1.0, 1, 1], standard_errors=[2.0, 2, 2])
    assert float(found.estimate) == pytest.approx(0, abs=1e-12)
    assert found.lower > 0.1
    corrected = inequality.between_group_sd(
        [50.0, 50, 50], [1.0, 1, 1], standard_errors=[2.0, 2, 2], correct_noise=True
    )
    assert corrected.lower == 0


# ---- refused


def test_an_argument_that_cannot_be_is_refused_by_its_name():
    q, people = inequality, PEOPLE
    for name, call in [
        ("estimates", lambda: q.theil([50.0], [10.0])),
        ("estimates", lambda: q.theil(5.0, 10.0)),
        ("estimates", lambda: q.theil([1.0, np.nan], [1.0, 1])),
        ("estimates", lambda: q.theil([1.0, -1], [1.0, 1])),
        ("estimates", lambda: q.ratio(["a", "b"])),
        ("estimates", lambda: q.slope_index([50.0, 101], [1.0, 1], scale=100)),
        ("estimates", lambda: q.population_attributable_risk([50.0, 101], [1.0, 1], scale=100)),
        ("estimates", lambda: q.mean_difference([50.0, 101], [1.0, 1], scale=100)),
        ("estimates", lambda: q.absolute_concentration_index([0.0, 101], [1.0, 1], limits=(0, 100))),
        ("estimates", lambda: q.slope_index([0.0, 1], [1.0, 1], model="linear", transform="log")),
        ("estimates", lambda: q.slope_index([0.5, 1], [1.0, 1], model="linear", transform="logit")),
        ("population", lambda: q.theil(Y, [1.0, 2, 3])),
        ("population", lambda: q.theil(Y, [1.0, 2, 3, 0])),
        ("population", lambda: q.theil(Y, [1.0, 2, 3, -1])),
        ("population", lambda: q.theil([Y, Y], [people] * 3)),
        ("population", lambda: q.mean_difference(Y)),
        ("population", lambda: q.index_of_disparity(Y, weighted=False)),
        ("population", lambda: q.population_attributable_risk(Y)),
        ("population", lambda: q.population_attributable_risk(Y, people, average=3)),
        ("standard_errors", lambda: q.difference(Y, standard_errors=[1.0, 2, 3, -4])),
        ("standard_errors", lambda: q.difference(Y, standard_errors=[1.0, 2, 3])),
        ("standard_errors", lambda: q.theil(Y, people, correct_noise=True)),
        ("standard_errors", lambda: q.between_group_variance(Y, people, correct_noise=True)),
        ("favourable", lambda: q.difference(Y, favourable="yes")),
        ("favourable", lambda: q.difference(Y, favourable=2)),
        ("favourable", lambda: q.difference([Y, Y], favourable=[True, False, True])),
        ("reference", lambda: q.difference(Y, reference=4)),
        ("reference", lambda: q.difference(Y, reference=-1)),
        ("reference", lambda: q.difference(Y, reference=1.0)),
        ("reference", lambda: q.difference(Y, ordered=True, reference=1)),
        ("reference", lambda: q.mean_difference(Y, people, point="reference")),
        ("reference", lambda: q.mean_difference(Y, people, reference=1)),
        ("point", lambda: q.mean_difference(Y, people, point="median")),
        ("average", lambda: q.mean_difference(Y, people, point="best", average=3)),
        ("scale", lambda: q.slope_index(Y, people)),
        ("scale", lambda: q.slope_index(Y, people, scale=0)),
        ("scale", lambda: q.between_group_sd(Y, people, scale=-1)),
        ("scale", lambda: q.slope_index([Y, Y], people, scale=[1, 2, 3])),
        ("model", lambda: q.slope_index(Y, people, model="probit")),
        ("transform", lambda: q.slope_index(Y, people, model="linear", transform="root")),
        ("transform", lambda: q.slope_index(Y, people, scale=100, transform="log")),
        ("transform", lambda: q.slope_index(Y, people, model="linear", scale=100, transform="log", like="healthequal")),
        ("like", lambda: q.slope_index(Y, people, scale=100, like="heat")),
        ("like", lambda: q.theil(Y, people, like="heat")),
        ("like", lambda: q.population_attributable_fraction(Y, people, like="heat")),
        ("form", lambda: q.relative_concentration_index(Y, people, form="gini")),
        ("limits", lambda: q.relative_concentration_index(Y, people, form="wagstaff")),
        ("limits", lambda: q.absolute_concentration_index(Y, people, limits=(100, 0))),
        ("confidence", lambda: q.difference(Y, confidence=95)),
        ("draws", lambda: q.between_group_sd(Y, people, draws=1)),
        ("floor", lambda: q.theil(Y, people, floor=0)),
        ("seed", lambda: q.between_group_sd(Y, people, standard_errors=S, seed=-1)),
        ("values", lambda: q.survey_slope_index([0.0, 2], [1, 2])),
        ("values", lambda: q.survey_relative_concentration_index([0.0, -2], [1, 2])),
        ("order", lambda: q.survey_slope_index([0.0, 1], [1, 1])),
        ("order", lambda: q.survey_slope_index([0.0, 1], [1, 2, 3])),
        ("weights", lambda: q.survey_slope_index([0.0, 1], [1, 2], weights=[1, 0])),
        ("clusters", lambda: q.survey_slope_index([0.0, 1], [1, 2], clusters=[1, 1])),
        ("clusters", lambda: q.survey_slope_index([0.0, 1], [1, 2], clusters=[1, 1, 2])),
        ("strata", lambda: q.survey_slope_index([0.0, 1], [1, 2], strata=["a"])),
        ("strata", lambda: q.survey_slope_index([0.0, 1], [1, 2], strata=["a", None])),
        ("clusters", lambda: q.survey_slope_index([0.0, 1], [1, 2], clusters=[1, np.nan])),
        ("clusters", lambda: q.survey_slope_index([0.0, 1], [1, 2], clusters=[None, 1])),
        ("average", lambda: q.population_attributable_risk(Y, average=-1)),
        ("average", lambda: q.population_attributable_risk(Y, average=101, scale=100)),
        ("average", lambda: q.index_of_disparity(Y, average=-1, weighted=False)),
        ("average", lambda: q.mean_difference(Y, average=101, scale=100, weighted=False)),
        ("limits", lambda: q.absolute_concentration_index(Y, people, limits=100)),
        ("limits", lambda: q.absolute_concentration_index(Y, people, limits=(0, np.nan))),
        ("limits", lambda: q.absolute_concentration_index(Y, people, limits=(0, 50, 100))),
        ("reference", lambda: q.every_measure(Y, people, ordered=True, scale=100, reference=1)),
        ("ordered", lambda: q.every_measure(Y, people, ordered="no", scale=100)),
        ("ordered", lambda: q.difference(Y, ordered=[0, 1])),
        ("ordered", lambda: q.population_attributable_risk(Y, people, ordered=None)),
        ("weighted", lambda: q.mean_difference(Y, people, weighted="unweighted")),
        ("weighted", lambda: q.index_of_disparity(Y, people, weighted="no")),
        ("correct_noise", lambda: q.theil(Y, people, standard_errors=S, correct_noise="no")),
        ("correct_noise", lambda: q.between_group_sd(Y, people, standard_errors=S, correct_noise="no")),
        ("correct_noise", lambda: q.between_group_variance(Y, people, standard_errors=S, correct_noise="no")),
        ("scale", lambda: q.survey_slope_index([0.0, 1], [1, 2], scale=0)),
        ("model", lambda: q.survey_slope_index([0.0, 1], [1, 2], model="probit")),
    ]:
        with pytest.raises(ValueError, match=rf"^{name}: .*expected.*, not "):
            call()
