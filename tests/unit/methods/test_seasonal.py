"""An epidemic is found wherever it fell; what is usual outside tells when the next one begins."""

from __future__ import annotations

import math
from statistics import NormalDist, mean, stdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maillage.methods.seasonal import (
    Level,
    Period,
    Reason,
    epidemic_timing,
    goodness,
    intensity_level,
    moving_epidemic_threshold,
)

NAN = float("nan")
FIELDS = ("pre_epidemic", "post_epidemic", "medium", "high", "very_high")
some_seasons = arrays(int, st.tuples(st.integers(2, 5), st.just(20)), elements=st.integers(0, 50)).filter(
    lambda a: (a.sum(axis=1) > 0).all()
)
few = settings(max_examples=40)


def winters(count: int = 8, weeks: int = 33, seed: int = 1) -> np.ndarray:
    """Invented seasons: a wave of three to six weeks on either side of its peak, on a low ground."""
    rng = np.random.default_rng(seed)
    peak, width, height = rng.uniform(10, weeks - 10, count), rng.uniform(1.5, 3, count), rng.uniform(80, 300, count)
    wave = height[:, None] * np.exp(-0.5 * ((np.arange(weeks) - peak[:, None]) / width[:, None]) ** 2)
    return rng.poisson(4 + wave).astype(float)


def limits(found):
    return [float(getattr(found, name)) for name in FIELDS]


def test_an_epidemic_is_the_weeks_in_a_row_that_hold_most_of_the_season():
    season = [1, 0, 2, 1, 40, 90, 160, 120, 60, 20, 2, 1, 0, 1, 1]
    found = epidemic_timing(season)
    assert (int(found.start), int(found.end), int(found.length)) == (4, 9, 6)
    assert float(found.percent) == pytest.approx(100 * 490 / 499)
    assert found.period.tolist() == [Period.BEFORE] * 4 + [Period.EPIDEMIC] * 6 + [Period.AFTER] * 5


@few
@given(some_seasons)
def test_the_curve_holds_the_highest_sum_of_every_number_of_weeks_in_a_row(rates):
    found = epidemic_timing(rates)
    for season, curve, start, length in zip(rates, found.curve, found.start, found.length, strict=True):
        held = [max(season[i : i + size].sum() for i in range(21 - size)) for size in range(1, 21)]
        assert curve.tolist() == pytest.approx([0, *(100 * one / season.sum() for one in held)])
        if length:
            assert start == min(i for i in range(21 - length) if season[i : i + length].sum() == held[length - 1])


def test_the_slope_is_that_of_local_lines_through_the_curve():
    found = epidemic_timing(winters()[0])
    at = np.arange(34)
    smoothed = []
    for place in at:
        weight = np.sqrt(np.exp(-0.5 * (at - place) ** 2))
        line = np.linalg.lstsq(np.stack([weight, weight * (at - place)], axis=1), weight * found.curve, rcond=None)[0]
        smoothed.append(max(line[0], 0))
    assert found.slope == pytest.approx(np.diff(smoothed), abs=1e-9)
    length = int(found.length)
    assert (found.slope[:length] >= 2.8).all()
    assert found.slope[length] < 2.8


@few
@given(some_seasons, st.sampled_from([0.25, 8.0, 0.1, 1 / 3]))
def test_a_factor_on_the_rates_changes_no_timing_and_scales_thresholds(rates, factor):
    one, other = moving_epidemic_threshold(rates + 1), moving_epidemic_threshold((rates + 1) * factor)
    assert one.timing.start.tolist() == other.timing.start.tolist()
    assert one.timing.length.tolist() == other.timing.length.tolist()
    assert limits(other) == pytest.approx([value * factor for value in limits(one)], nan_ok=True)


def test_what_holds_the_same_holds_the_same_in_any_unit():
    counts = np.random.default_rng(0).poisson(3, (40_000, 20)) + np.pad(np.ones((1, 4)), ((0, 0), (8, 8)))
    assert (epidemic_timing(counts).start == epidemic_timing(counts / 3).start).all()


@few
@given(some_seasons, st.floats(0.5, 5), st.floats(0.5, 5))
def test_a_smaller_delta_makes_no_epidemic_shorter(rates, one, other):
    loose, strict = (epidemic_timing(rates, delta=delta).length for delta in sorted((one, other)))
    assert (loose >= strict).all()


def test_every_week_can_be_one_of_the_epidemic():
    found = epidemic_timing([5.0] * 10, delta=1)
    assert found.length == 10
    assert (found.period == Period.EPIDEMIC).all()


def test_a_season_without_an_epidemic_has_usual_weeks_only():
    found = epidemic_timing(np.ones((2, 52)))
    assert found.length.tolist() == [0, 0]
    assert found.start.tolist() == found.end.tolist() == [-1, -1]
    assert found.percent.tolist() == [0, 0]
    assert (found.period == Period.BEFORE).all()
    learned = moving_epidemic_threshold(np.vstack([np.ones((2, 52)), np.ones((1, 52)) * 2]))
    assert learned.reason.tolist() == [Reason.NONE, *[Reason.TOO_FEW] * 4]
    assert math.isnan(learned.typical_start)
    assert math.isnan(learned.medium)
    assert not math.isnan(learned.pre_epidemic)


def test_a_missing_week_between_two_known_ones_is_filled():
    season = winters()[0]
    gap = season.copy()
    peak = int(season.argmax())
    gap[[peak, 3]] = NAN
    found = epidemic_timing(gap)
    assert abs(int(found.start) - int(epidemic_timing(season).start)) <= 1
    assert found.percent > epidemic_timing(np.nan_to_num(gap)).percent


def test_missing_weeks_at_the_ends_are_pooled_nowhere():
    cut = winters()
    cut[:, :3], cut[:, -2:] = NAN, NAN
    one, other = moving_epidemic_threshold(cut), moving_epidemic_threshold(cut[:, 3:-2])
    assert limits(one) == pytest.approx(limits(other))


def test_a_gap_is_filled_from_few_weeks_too_and_stays_where_nothing_is_near():
    few_weeks = [NAN, 3, NAN, 8, 20, NAN, 4, 1, NAN]
    assert epidemic_timing(few_weeks).length > 0
    wide = np.full(120, NAN)
    wide[[*range(8), *range(110, 118)]] = [1, 5, 30, 60, 30, 5, 2, 1] * 2
    assert epidemic_timing(wide).start >= 0
    alone = np.full(90, NAN)
    alone[[*range(12), 80]] = 5
    alone[5] = 60
    assert epidemic_timing(alone).length > 0


def test_thresholds_are_limits_of_what_was_highest_before_in_and_after():
    rates = winters()
    found = moving_epidemic_threshold(rates, values=2)
    pools = {part: [] for part in Period}
    for season, period in zip(rates, found.timing.period, strict=True):
        for part, pool in pools.items():
            pool += sorted(season[period == part])[-2:]
    z = NormalDist().inv_cdf
    expected = [mean(pools[part]) + z(0.95) * stdev(pools[part]) for part in (Period.BEFORE, Period.AFTER)]
    logs = np.log(pools[Period.EPIDEMIC])
    expected += [math.exp(mean(logs) + z(level) * stdev(logs)) for level in (0.4, 0.9, 0.975)]
    assert limits(found) == pytest.approx(expected)
    assert found.reason.tolist() == [Reason.NONE] * 5
    assert found.typical_length == round(np.median(found.timing.length))
    assert found.typical_start == round(np.median(found.timing.start))


@pytest.mark.parametrize(("count", "values"), [(2, 15), (4, 8), (8, 4), (12, 3)])
def test_thirty_values_are_pooled_shared_out_over_the_seasons(count, values):
    assert moving_epidemic_threshold(winters(count)).values == values


def test_a_mean_is_surer_than_a_single_value_and_student_less_sure_than_the_normal():
    rates = winters()
    point, its_mean = (
        moving_epidemic_threshold(rates, threshold=kind) for kind in ("arithmetic-point", "arithmetic-mean")
    )
    assert its_mean.pre_epidemic < point.pre_epidemic
    assert moving_epidemic_threshold(rates, student=True).pre_epidemic > point.pre_epidemic
    assert (
        moving_epidemic_threshold(rates, threshold="arithmetic-mean", student=True).pre_epidemic > its_mean.pre_epidemic
    )
    assert moving_epidemic_threshold(rates, tails=2).pre_epidemic > point.pre_epidemic


def test_logarithms_are_those_of_one_more_when_a_value_is_zero():
    rates = [[0, 0, 1, 9, 60, 90, 60, 9, 0, 0, 0, 0], [1, 2, 0, 9, 60, 90, 60, 9, 0, 0, 0, 0]]
    found = moving_epidemic_threshold(rates, threshold="geometric-mean", values=2)
    assert found.timing.start.tolist() == [3, 3]
    logs = np.log([1, 2, 2, 3])
    assert found.pre_epidemic == pytest.approx(math.exp(mean(logs) + 1.6448536 * stdev(logs) / 2) - 1)


@few
@given(some_seasons, st.floats(0.5, 0.99), st.floats(0.5, 0.99))
def test_thresholds_grow_with_their_level(rates, one, other):
    low, high = (
        moving_epidemic_threshold(rates, level=level, levels=(level / 2, level - 0.01, level))
        for level in sorted((one, other))
    )
    for a, b in zip(limits(low), limits(high), strict=True):
        assert math.isnan(a) or a <= b + 1e-9


@few
@given(some_seasons, st.data())
def test_the_order_of_seasons_changes_nothing(rates, data):
    order = data.draw(st.permutations(range(len(rates))))
    one, other = moving_epidemic_threshold(rates), moving_epidemic_threshold(rates[order])
    assert limits(one) == pytest.approx(limits(other), nan_ok=True)


def test_series_of_a_batch_do_not_see_each_other():
    batch = np.stack([winters(seed=seed) for seed in range(3)])
    batch[1, :2] = 0
    batch[2, 4, 9] = NAN
    together = moving_epidemic_threshold(batch)
    for row, alone in enumerate(moving_epidemic_threshold(one) for one in batch):
        assert [getattr(together, name)[row] for name in FIELDS] == pytest.approx(limits(alone))
        assert together.season_reason[row].tolist() == alone.season_reason.tolist()
        assert together.values[row] == alone.values
    levels = intensity_level(batch[:, -1], together)
    assert levels[0].tolist() == intensity_level(batch[0, -1], moving_epidemic_threshold(batch[0])).tolist()


def test_the_newest_seasons_with_a_case_are_used_and_the_others_say_why_not():
    rates = winters(6)
    rates[4] = 0
    found = moving_epidemic_threshold(rates, seasons=3)
    assert found.season_reason.tolist() == [
        Reason.OLDER,
        Reason.OLDER,
        Reason.NONE,
        Reason.NONE,
        Reason.EMPTY,
        Reason.NONE,
    ]
    assert limits(found) == pytest.approx(limits(moving_epidemic_threshold(rates[[2, 3, 5]])))


def test_a_week_has_the_level_of_the_highest_threshold_that_it_is_above():
    found = moving_epidemic_threshold(winters())
    pre, _, medium, high, very_high = limits(found)
    weeks = [0, pre, pre + 0.1, medium, medium + 0.1, high + 0.1, very_high + 0.1, NAN]
    assert intensity_level(weeks, found).tolist() == [
        Level.BASELINE,
        Level.BASELINE,
        Level.LOW,
        Level.LOW,
        Level.MEDIUM,
        Level.HIGH,
        Level.VERY_HIGH,
        Level.UNKNOWN,
    ]


def test_seasons_of_a_batch_and_weeks_of_any_shape_have_levels():
    batch = np.stack([winters(seed=seed) for seed in range(3)])
    found = moving_epidemic_threshold(batch)
    together = intensity_level(batch, found)
    assert together.shape == batch.shape
    for row in range(3):
        assert together[row].tolist() == intensity_level(batch[row], moving_epidemic_threshold(batch[row])).tolist()
    for wrong in (batch[:2], batch[0, 0], 5.0):
        with pytest.raises(ValueError, match=r"rates: the shape .* of the thresholds was expected, not"):
            intensity_level(wrong, found)
    with pytest.raises(ValueError, match=r"rates: the shape .*weeks. of the thresholds was expected, not"):
        intensity_level(5.0, moving_epidemic_threshold(batch[0]))


def test_a_threshold_that_is_unknown_is_not_reached():
    found = moving_epidemic_threshold(np.vstack([np.ones((2, 52)), np.ones((1, 52)) * 2]))
    assert intensity_level([0.5, 99.0], found).tolist() == [Level.BASELINE, Level.LOW]


def test_any_manner_of_array_gives_the_same_and_is_left_as_it_was():
    rates = winters()
    rates[3, 4] = NAN
    locked = np.asfortranarray(rates)
    locked.flags.writeable = False
    plain = limits(moving_epidemic_threshold(rates))
    assert limits(moving_epidemic_threshold(rates.tolist())) == plain
    assert (
        limits(moving_epidemic_threshold(locked, seasons=10.0, levels=np.array([0.4, 0.9, 0.975]), tails=1.0)) == plain
    )
    assert limits(moving_epidemic_threshold(rates.astype(np.float32))) == plain
    assert goodness(locked).youden == goodness(rates.astype(object)).youden
    assert math.isnan(rates[3, 4])


def test_goodness_counts_every_known_week_for_every_value_of_detection():
    rates = winters()
    rates[2, 5] = NAN
    found = goodness(rates, detection=[2.0, 2.8, 3.5])
    told = [found.true_positives, found.false_positives, found.true_negatives, found.false_negatives]
    assert np.sum(told, axis=0).tolist() == [99, 99, 96, 99, 99, 99, 99, 99]
    tp, fp, tn, fn = (one.sum() for one in told)
    assert found.sensitivity == pytest.approx(tp / (tp + fn))
    assert found.specificity == pytest.approx(tn / (tn + fp))
    assert found.positive_predictive_value == pytest.approx(tp / (tp + fp))
    assert found.negative_predictive_value == pytest.approx(tn / (tn + fn))
    assert found.agreement == pytest.approx((tp + tn) / (tp + fp + tn + fn))
    assert found.youden == pytest.approx(found.sensitivity + found.specificity - 1)
    called, real = np.repeat([1, 1, 0, 0], [tp, fp, tn, fn]), np.repeat([1, 0, 0, 1], [tp, fp, tn, fn])
    assert found.matthews == pytest.approx(np.corrcoef(called, real)[0, 1])
    assert found.sensitivity > 0.8


def test_a_sequential_trial_learns_from_the_seasons_before_only():
    rates = winters(9)
    found = goodness(rates, method="sequential", seasons=5)
    weeks = found.true_positives + found.false_positives + found.true_negatives + found.false_negatives
    assert weeks.tolist() == [0] * 5 + [33 * 41] * 4
    changed = rates.copy()
    changed[8] *= 3
    assert (
        goodness(changed, method="sequential", seasons=5).true_positives[:8].tolist()
        == found.true_positives[:8].tolist()
    )


def test_a_share_of_nothing_and_thresholds_without_a_pool_are_not_a_zero():
    flat = np.ones((6, 52))
    found = goodness(flat, detection=[2.8])
    assert math.isnan(found.sensitivity)
    assert math.isnan(found.matthews)
    early = np.tile([90.0, 60, 30, 10, *[0] * 20], (6, 1))  # from its first week on: nothing before it to learn from
    assert goodness(early, detection=[2.8]).false_negatives.tolist() == [1] * 6


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("rates: an array of 2 axes or an array of 3 axes was expected", {"rates": [1.0, 2.0]}),
        ("rates: at least 0 was expected, not -1 at 0, 0", {"rates": [[-1.0], [1.0]]}),
        ("rates: at least two seasons with a case were expected, not 1", {"rates": [[1.0, 2.0], [0.0, 0.0]]}),
        ("delta: more than 0", {"delta": 0}),
        ("seasons: a whole number of at least 2", {"seasons": 1}),
        ("values: a whole number of at least 1", {"values": 0}),
        ("threshold: arithmetic-point", {"threshold": "median"}),
        ("intensity: arithmetic-point", {"intensity": "median"}),
        ("level: between 0 and 1", {"level": 95}),
        ("levels: between 0 and 1", {"levels": (0.4, 0.9, 1.0)}),
        ("levels: three growing numbers", {"levels": (0.9, 0.4, 0.95)}),
        ("levels: three growing numbers", {"levels": (0.4, 0.9)}),
        ("tails: 1 or 2 was expected, not 3", {"tails": 3}),
        ("tails: a whole number of at least 1 was expected, not .1.", {"tails": [1]}),
        ("levels: an array of 1 axis was expected", {"levels": 0.9}),
        ("levels: a known number was expected", {"levels": (0.4, NAN, 0.9)}),
        ("rates: at least one week, season and series was expected, not the shape .2, 0.", {"rates": np.ones((2, 0))}),
        ("rates: at least one week, season and series was expected", {"rates": np.ones((0, 3, 5))}),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_name(said, wrong):
    with pytest.raises(ValueError, match=said):
        moving_epidemic_threshold(**({"rates": winters(3)} | wrong))


def test_so_it_is_for_timing_and_goodness():
    for rates in ([], np.ones((2, 0))):
        with pytest.raises(ValueError, match="rates: at least one week"):
            epidemic_timing(rates)
    with pytest.raises(ValueError, match="rates: at least 6 seasons were expected, not 4"):
        goodness(winters(4))
    with pytest.raises(ValueError, match="rates: a case in every season"):
        goodness(np.vstack([winters(6), np.zeros((1, 33))]))
    with pytest.raises(ValueError, match="seasons: a whole number of at least 2"):
        goodness(winters(), seasons=1)
    with pytest.raises(ValueError, match="detection: at least one number was expected"):
        goodness(winters(), detection=[])
    with pytest.raises(ValueError, match="method: cross or sequential"):
        goodness(winters(), method="random")
