"""Inequality is nothing when groups are equal, and follows what changes: values, people, order, polarity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maillage.methods import inequality
from maillage.methods.inequality import Reason

few = settings(max_examples=25)
Groups = tuple[np.ndarray, np.ndarray, np.ndarray]


@st.composite
def groups(draw: st.DrawFn, least: int = 3) -> Groups:
    """Percentages, people and standard errors of a few groups."""
    size = draw(st.integers(least, 6))
    values = draw(arrays(float, size, elements=st.integers(20, 190).map(lambda half: half / 2)))
    people = draw(arrays(float, size, elements=st.integers(50, 5000).map(float)))
    errors = draw(arrays(float, size, elements=st.integers(1, 40).map(lambda tenth: tenth / 10)))
    return values, people, errors


def four(measure):
    return [float(one) for one in (measure.estimate, measure.standard_error, measure.lower, measure.upper)]


def close(values, *, rel=1e-9):
    return pytest.approx(np.asarray(values, float), rel=rel, abs=1e-9, nan_ok=True)


ORDERED = {
    "aci": lambda y, p, s: inequality.absolute_concentration_index(y, p, standard_errors=s),
    "rci": lambda y, p, s: inequality.relative_concentration_index(y, p, standard_errors=s),
    "slope": lambda y, p, s: inequality.slope_index(y, p, standard_errors=s, scale=100),
    "relative": lambda y, p, s: inequality.relative_index(y, p, standard_errors=s, scale=100),
    "line": lambda y, p, s: inequality.slope_index(y, p, standard_errors=s, model="linear"),
    "slope without errors": lambda y, p, s: inequality.slope_index(y, p, scale=100),
    "aci without errors": lambda y, p, s: inequality.absolute_concentration_index(y, p),
    "par": lambda y, p, s: inequality.population_attributable_risk(y, p, ordered=True, scale=100),
}
UNORDERED = {
    "difference": lambda y, p, s: inequality.difference(y, standard_errors=s),
    "ratio": lambda y, p, s: inequality.ratio(y, standard_errors=s),
    "bgv": lambda y, p, s: inequality.between_group_variance(y, p, standard_errors=s),
    "theil": lambda y, p, s: inequality.theil(y, p, standard_errors=s),
    "mld": lambda y, p, s: inequality.mean_log_deviation(y, p, standard_errors=s),
    "par": lambda y, p, s: inequality.population_attributable_risk(y, p, scale=100),
    "paf": lambda y, p, s: inequality.population_attributable_fraction(y, p, scale=100),
}
SIMULATED = {
    "bgsd": lambda y, p, s, **more: inequality.between_group_sd(y, p, standard_errors=s, draws=40, **more),
    "cov": lambda y, p, s, **more: inequality.coefficient_of_variation(y, p, standard_errors=s, draws=40, **more),
    "idis": lambda y, p, s, **more: inequality.index_of_disparity(y, p, standard_errors=s, draws=40, **more),
    "idisu": lambda y, p, s, **more: inequality.index_of_disparity(
        y, p, weighted=False, standard_errors=s, draws=40, **more
    ),
    **{
        f"{point} {weighted}": lambda y, p, s, point=point, weighted=weighted, **more: inequality.mean_difference(
            y, p, point=point, weighted=weighted, standard_errors=s, draws=40,
            reference=0 if point == "reference" else None, **more,
        )
        for point in ("mean", "best", "reference")
        for weighted in (False, True)
    },
}  # fmt: skip


# ---- all of them


@given(st.integers(1, 99).map(float), groups())
@few
def test_equal_groups_have_no_inequality_by_any_measure(level, some):
    _, people, errors = some
    same = np.full_like(people, level)
    for measure in [*ORDERED.items(), *UNORDERED.items(), *SIMULATED.items()]:
        expected = 1 if measure[0] in {"ratio", "relative"} else 0
        assert float(measure[1](same, people, errors).estimate) == pytest.approx(expected, abs=1e-9), measure[0]


@given(groups(), st.randoms())
@few
def test_the_order_of_groups_without_an_order_is_of_no_matter(some, chance):
    turn = list(range(len(some[0])))
    chance.shuffle(turn)
    for name, measure in UNORDERED.items():
        assert four(measure(*(one[turn] for one in some))) == close(four(measure(*some))), name
    for name, measure in SIMULATED.items():
        if "reference" not in name:
            assert float(measure(*(one[turn] for one in some)).estimate) == close(measure(*some).estimate), name


@given(groups(), st.floats(0.01, 100))
@few
def test_a_factor_on_values_changes_no_relative_measure_and_multiplies_the_absolute_ones(some, factor):
    y, people, s = some
    wide = {"standard_errors": s * factor}
    sampled = wide | {"scale": 100 * factor, "draws": 40}
    for relative, measure in (
        (inequality.ratio(y * factor, **wide), UNORDERED["ratio"]),
        (inequality.relative_concentration_index(y * factor, people, **wide), ORDERED["rci"]),
        (inequality.relative_index(y * factor, people, scale=100 * factor, **wide), ORDERED["relative"]),
        (inequality.theil(y * factor, people, **wide), UNORDERED["theil"]),
        (inequality.mean_log_deviation(y * factor, people, **wide), UNORDERED["mld"]),
        (inequality.population_attributable_fraction(y * factor, people, scale=100 * factor), UNORDERED["paf"]),
        (
            inequality.coefficient_of_variation(y * factor, people, **sampled),
            lambda *a: SIMULATED["cov"](*a, scale=100),
        ),
        (inequality.index_of_disparity(y * factor, people, **sampled), lambda *a: SIMULATED["idis"](*a, scale=100)),
    ):
        assert four(relative) == close(four(measure(y, people, s)), rel=1e-6)
    for absolute, measure, power in (
        (inequality.difference(y * factor, **wide), UNORDERED["difference"], 1),
        (inequality.absolute_concentration_index(y * factor, people, **wide), ORDERED["aci"], 1),
        (inequality.slope_index(y * factor, people, scale=100 * factor, **wide), ORDERED["slope"], 1),
        (inequality.slope_index(y * factor, people, model="linear", **wide), ORDERED["line"], 1),
        (inequality.between_group_variance(y * factor, people, **wide), UNORDERED["bgv"], 2),
        (inequality.population_attributable_risk(y * factor, people, scale=100 * factor), UNORDERED["par"], 1),
    ):
        assert four(absolute) == close(factor**power * np.array(four(measure(y, people, s))), rel=1e-6)


@given(groups(), st.integers(1, 30).map(float))
@few
def test_a_constant_added_to_all_changes_no_absolute_measure_but_those_of_a_curve(some, more):
    y, people, s = some
    for name in ("difference", "bgv"):
        assert four(UNORDERED[name](y + more, people, s)) == close(four(UNORDERED[name](y, people, s)), rel=1e-6)
    for name in ("aci", "line"):
        assert four(ORDERED[name](y + more, people, s)) == close(four(ORDERED[name](y, people, s)), rel=1e-6)


@given(groups(), st.data())
@few
def test_equal_groups_that_stand_together_may_be_merged(some, data):
    y, people, s = some
    place = data.draw(st.integers(0, len(y) - 1))
    part = data.draw(st.floats(0.1, 0.9))
    split = np.insert(people, place, people[place] * part)
    split[place + 1] *= 1 - part
    again = tuple(np.insert(one, place, one[place]) for one in (y, s))
    for name in ("aci", "rci", "par"):
        assert float(ORDERED[name](again[0], split, again[1]).estimate) == close(
            ORDERED[name](*some).estimate, rel=1e-6
        )
    for name, measure in UNORDERED.items():
        assert float(measure(again[0], split, again[1]).estimate) == close(measure(*some).estimate, rel=1e-6), name
    for name in ("bgsd", "cov", "idis", "mean True", "best True"):
        measure = SIMULATED[name]
        assert float(measure(again[0], split, again[1]).estimate) == close(measure(*some).estimate, rel=1e-6), name


@given(groups())
@few
def test_people_count_by_their_shares(some):
    y, people, s = some
    for name, measure in (ORDERED | UNORDERED).items():
        if name not in {"par", "paf"}:
            assert four(measure(y, 7 * people, s)) == close(four(measure(y, people, s)), rel=1e-6), name
        assert float(measure(y, 7 * people, s).estimate) == close(measure(y, people, s).estimate, rel=1e-6)


@given(groups())
@few
def test_turning_the_order_round_turns_the_sign_or_inverts_the_ratio(some):
    back = tuple(one[::-1] for one in some)
    for name in ("aci", "rci", "slope", "line", "slope without errors", "aci without errors"):
        there, here = four(ORDERED[name](*back)), four(ORDERED[name](*some))
        assert [there[0], there[1], there[2], there[3]] == close([-here[0], here[1], -here[3], -here[2]], rel=1e-6)
    there, here = four(ORDERED["relative"](*back)), four(ORDERED["relative"](*some))
    assert there == close([1 / here[0], here[1] / here[0] ** 2, 1 / here[3], 1 / here[2]], rel=1e-6)


@given(st.integers(0, 1000))
@settings(max_examples=8)
def test_one_alone_and_the_same_among_others_have_the_same_answer(seed):
    chance = np.random.default_rng(seed)
    y, people, s = (
        chance.uniform(5, 95, (2, 3, 4)),
        chance.uniform(50, 900, (2, 3, 4)),
        chance.uniform(0.1, 9, (2, 3, 4)),
    )
    favourable, reference = chance.random((2, 3)) < 0.5, chance.integers(0, 4, (2, 3))
    options = {"scale": 100, "draws": 50, "seed": 3}
    for ordered in (True, False):
        which = {"reference": None if ordered else reference}
        together = inequality.every_measure(
            y, people, standard_errors=s, ordered=ordered, favourable=favourable, **which, **options
        )
        for place in np.ndindex(2, 3):
            which = {"reference": None if ordered else int(reference[place])}
            alone = inequality.every_measure(
                y[place], people[place], standard_errors=s[place], ordered=ordered,
                favourable=bool(favourable[place]), **which, **options,
            )  # fmt: skip
            for name, one in alone.items():
                many = [
                    getattr(together[name], part)[place] for part in ("estimate", "standard_error", "lower", "upper")
                ]
                assert np.array_equal(four(one), many, equal_nan=True), name
                assert one.estimate.shape == ()
                assert together[name].reason.shape == (2, 3)


@given(groups())
@few
def test_every_measure_is_that_of_its_own_function(some):
    y, people, s = some
    found = inequality.every_measure(y, people, standard_errors=s, ordered=True, scale=100)
    assert four(found["slope_index"]) == close(four(ORDERED["slope"](*some)))
    assert four(found["relative_index"]) == close(four(ORDERED["relative"](*some)))
    assert set(found) == {
        "difference", "ratio", "absolute_concentration_index", "relative_concentration_index", "slope_index", "relative_index",
        "population_attributable_risk", "population_attributable_fraction",
    }  # fmt: skip
    found = inequality.every_measure(y, people, standard_errors=s, ordered=False, scale=100, draws=40)
    assert not any("reference" in name for name in found)
    assert four(found["index_of_disparity"]) == close(four(SIMULATED["idis"](*some, scale=100)))
    assert four(found["index_of_disparity_unweighted"]) == close(four(SIMULATED["idisu"](*some, scale=100)))
    assert four(found["mean_difference_best"]) == close(four(SIMULATED["best True"](*some, scale=100)))
    assert four(found["mean_difference_best_unweighted"]) == close(four(SIMULATED["best False"](*some, scale=100)))
    assert four(found["between_group_sd"]) == close(four(SIMULATED["bgsd"](*some, scale=100)))
    assert len(found) == 15


# ---- standard errors


@given(groups())
@few
def test_limits_widen_with_confidence_and_with_the_errors_of_groups(some):
    y, people, s = some
    for measure in (inequality.absolute_concentration_index, inequality.between_group_variance, inequality.theil):
        small, large = (measure(y, people, standard_errors=s, confidence=level) for level in (0.8, 0.99))
        assert large.lower <= small.lower <= small.estimate <= small.upper <= large.upper
        worse = measure(y, people, standard_errors=2 * s, confidence=0.8)
        assert worse.standard_error >= small.standard_error


def test_a_standard_error_is_the_spread_that_the_errors_of_groups_cause():
    chance = np.random.default_rng(8)
    y, people, s = (
        np.array([35.0, 40, 55, 52, 64]),
        np.array([300.0, 200, 250, 120, 400]),
        np.array([0.9, 1, 0.7, 1.2, 0.8]),
    )
    drawn = y + s * chance.standard_normal((20_000, 5))
    for name, measure in {
        **{name: ORDERED[name] for name in ("aci", "rci", "slope", "line")},
        **{name: UNORDERED[name] for name in ("difference", "bgv", "theil", "mld")},
        "log": lambda y, p, s: inequality.slope_index(y, p, model="linear", transform="log", standard_errors=s),
        "logit": lambda y, p, s: inequality.slope_index(
            y / 100, p, model="linear", transform="logit", standard_errors=s / 100
        ),
        "wagstaff": lambda y, p, s: inequality.relative_concentration_index(
            y, p, form="wagstaff", limits=(0, 100), standard_errors=s
        ),
        "erreygers": lambda y, p, s: inequality.relative_concentration_index(
            y, p, form="erreygers", limits=(0, 100), standard_errors=s
        ),
    }.items():
        spread = measure(drawn, people, s).estimate.std()
        assert float(measure(y, people, s).standard_error) == pytest.approx(spread, rel=0.03), name
    for name, measure in {
        "ratio": UNORDERED["ratio"], "relative": ORDERED["relative"],
        "relative, log": lambda y, p, s: inequality.relative_index(y, p, model="linear", transform="log", standard_errors=s),
    }.items():  # fmt: skip
        spread, found = measure(drawn, people, s).estimate, measure(y, people, s)
        assert float(found.standard_error) == pytest.approx(spread.std(), rel=0.03), name
        assert float(found.standard_error / found.estimate) == pytest.approx(np.log(spread).std(), rel=0.03), name


def test_the_standard_error_of_an_attributable_fraction_is_the_spread_of_samples():
    chance = np.random.default_rng(4)
    people, share = np.array([400, 500, 300, 600]), np.array([0.5, 0.6, 0.7, 0.8])
    asked = chance.multinomial(people.sum(), people / people.sum(), 20_000)
    y = 100 * chance.binomial(asked, share) / asked
    spread = inequality.population_attributable_fraction(y, asked, ordered=True).estimate.std()
    found = inequality.population_attributable_fraction(100 * share, people, ordered=True, scale=100)
    assert float(found.standard_error) == pytest.approx(spread, rel=0.03)


@pytest.mark.parametrize(
    "measure", [inequality.between_group_variance, inequality.theil, inequality.mean_log_deviation]
)
def test_the_correction_takes_off_what_sampling_adds_on_average(measure):
    chance = np.random.default_rng(6)
    y, people, s = np.array([30.0, 42, 38, 50, 47]), np.array([80.0, 120, 60, 200, 90]), np.array([3.0, 2, 4, 3, 2.5])
    drawn = np.abs(y + s * chance.standard_normal((40_000, 5)))
    true = float(measure(y, people).estimate)
    plain, corrected = (
        measure(drawn, people, standard_errors=s, correct_noise=yes).estimate.mean() for yes in (False, True)
    )
    assert plain > 1.08 * true
    assert corrected == pytest.approx(true, rel=0.015)


# ---- what is missing, and why


@given(arrays(float, (2, 4), elements=st.sampled_from([0.0, 1e-9, 0.5, 30, 60, 99.5, 100])), st.booleans())
@settings(max_examples=60)
def test_what_is_missing_has_a_reason_and_what_has_a_reason_is_missing(values, known):
    errors = np.full(4, 0.7) if known else None
    for ordered in (True, False):
        of = {"scale": 100, "draws": 5, "favourable": [True, False], "reference": None if ordered else 1}
        for name, one in inequality.every_measure(
            values, [5.0, 6, 7, 8], standard_errors=errors, ordered=ordered, **of
        ).items():
            missing = np.isnan([one.estimate, one.standard_error, one.lower, one.upper]).any(axis=0)
            assert (missing == (one.reason != Reason.GIVEN)).all(), name


def test_without_standard_errors_there_is_an_estimate_and_no_interval():
    y, people = [20.0, 30, 40], [100.0, 200, 300]
    for found in (
        inequality.difference(y), inequality.ratio(y), inequality.theil(y, people), inequality.mean_log_deviation(y, people),
        inequality.between_group_variance(y, people), inequality.between_group_sd(y, people),
        inequality.mean_difference(y, people), inequality.population_attributable_risk(y, people),
        inequality.population_attributable_fraction(y, average=33, scale=100),
    ):  # fmt: skip
        assert np.isfinite(found.estimate)
        assert np.isnan([found.standard_error, found.lower, found.upper]).all()
        assert found.reason == Reason.NO_STANDARD_ERROR


def test_two_groups_have_a_slope_but_only_their_own_errors_give_it_an_interval():
    y, people = [40.0, 50], [100.0, 300]
    for found in (
        inequality.slope_index(y, people, scale=100), inequality.relative_index(y, people, scale=100),
        inequality.absolute_concentration_index(y, people), inequality.relative_concentration_index(y, people),
    ):  # fmt: skip
        assert np.isfinite(found.estimate)
        assert np.isnan(found.standard_error)
        assert found.reason == Reason.TOO_FEW_GROUPS
    known = inequality.slope_index(y, people, scale=100, standard_errors=[1.0, 1])
    assert np.isfinite(four(known)).all()
    assert known.reason == Reason.GIVEN


def test_a_ratio_to_zero_is_missing_and_zero_itself_has_no_interval():
    nothing = inequality.ratio([[0.0, 10], [10, 0], [5, 10]], standard_errors=[1.0, 1], ordered=True)
    assert nothing.estimate[2] == 2
    assert nothing.reason.tolist() == [Reason.ZERO, Reason.ZERO, Reason.GIVEN]
    assert np.isnan(nothing.estimate[0])
    assert nothing.estimate[1] == 0
    assert np.isnan(nothing.lower[1])


def test_nothing_is_relative_to_a_mean_of_zero():
    zero, people, s = [0.0, 0, 0], [10.0, 20, 30], [1.0, 1, 1]
    for found in (
        inequality.relative_concentration_index(zero, people), inequality.theil(zero, people, standard_errors=s),
        inequality.mean_log_deviation(zero, people), inequality.population_attributable_fraction(zero, people, scale=100),
        inequality.coefficient_of_variation(zero, people, standard_errors=s), inequality.index_of_disparity(zero, people),
        inequality.relative_concentration_index(zero, people, form="wagstaff", limits=(0, 1), standard_errors=s),
    ):  # fmt: skip
        assert np.isnan(four(found)).all()
        assert found.reason == Reason.ZERO


def test_groups_that_are_all_at_the_limit_have_no_curve_and_no_interval():
    slope = inequality.slope_index([[0.0] * 3, [100.0] * 3], [10.0, 20, 30], scale=100)
    assert slope.estimate.tolist() == [0, 0]
    assert np.isnan(slope.standard_error).all()
    assert (slope.reason == Reason.AT_THE_LIMIT).all()
    ratio = inequality.relative_index([[0.0] * 3, [100.0] * 3], [10.0, 20, 30], scale=100)
    assert np.isnan(ratio.estimate[0])
    assert ratio.estimate[1] == 1
    assert ratio.reason.tolist() == [Reason.ZERO, Reason.AT_THE_LIMIT]


@pytest.mark.parametrize(
    "step", [[0, 0, 100, 100], [0, 1, 100, 100], [80, 100, 100, 100], [100, 100, 3, 0], [0, 0, 0, 2]]
)
def test_a_step_from_nothing_to_everything_has_no_slope(step):
    for measure in (inequality.slope_index, inequality.relative_index):
        found = measure([step, [0, 1, 99, 100], [0, 50, 0, 0]], [10.0, 20, 30, 40], scale=100)
        assert np.isnan(found.estimate[0])
        assert found.reason.tolist() == [Reason.DIVERGED, Reason.GIVEN, Reason.GIVEN]
        assert np.isfinite(found.upper[1:]).all()
    survey = inequality.survey_slope_index(np.array(step) / 100, [1, 2, 3, 4])
    assert survey.reason == Reason.DIVERGED


def test_a_line_that_falls_below_zero_has_a_slope_but_no_ratio():
    y, people = [0.0, 10, 90], [10.0, 10, 10]
    assert np.isfinite(inequality.slope_index(y, people, model="linear").estimate)
    ratio = inequality.relative_index(y, people, model="linear")
    assert np.isnan(four(ratio)).all()
    assert ratio.reason == Reason.ZERO
