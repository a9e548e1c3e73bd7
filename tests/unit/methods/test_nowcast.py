"""What is still to be reported: learnt from past delays, wider where less is known, and said where nothing can be."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from maillage.methods.nowcast import METHODS, Reason, nowcast

FEW = settings(max_examples=15)
outbreaks = st.builds(
    lambda seed, days, mean: cases(seed, days, mean), st.integers(0, 999), st.integers(12, 25), st.floats(2, 30)
)
methods = st.sampled_from(METHODS)


def cases(seed: int, days: int = 30, mean: float = 20, long: float = 2.0) -> np.ndarray:
    """Events of `days` days, reported after a Poisson number of days; the first day has a case that is reported at once."""
    draw = np.random.default_rng(seed)
    events = np.repeat(np.arange(days), draw.poisson(mean, days))
    return np.vstack([[0, 0], np.column_stack([events, events + draw.poisson(long, len(events))])])


def known(reports: np.ndarray, now: int) -> np.ndarray:
    return np.bincount(reports[reports[:, 1] <= now, 0], minlength=now + 1)


@FEW
@given(outbreaks, methods)
def test_the_days_go_from_the_first_event_to_now_each_with_the_cases_so_far(reports, method):
    now = int(reports[:, 0].max())
    found = nowcast(reports, now=now, maximum_delay=5, method=method, draws=50)
    assert found.days.tolist() == list(range(now + 1))
    assert found.reported.tolist() == known(reports, now).tolist()
    assert found.triangle.sum(axis=1).tolist() == found.reported.tolist()
    assert found.draws.shape == (50, now + 1)


@FEW
@given(outbreaks, methods)
def test_a_day_is_complete_after_the_maximum_delay(reports, method):
    found = nowcast(reports, now=11, maximum_delay=4, method=method, draws=50)
    done = slice(None, -4)
    for name in ("estimate", "median", "lower", "upper"):
        assert getattr(found, name)[done].tolist() == found.reported[done].tolist()
    assert (found.standard_error[done] == 0).all()
    assert (found.draws[:, done] == found.reported[done]).all()
    assert (found.reason[done] == Reason.KNOWN).all()


@FEW
@given(outbreaks, methods)
def test_there_are_never_less_cases_than_are_reported(reports, method):
    found = nowcast(reports, now=11, maximum_delay=5, method=method, draws=50)
    told = ~np.isnan(found.estimate)
    assert (found.lower[told] >= found.reported[told]).all()
    assert (found.lower[told] <= found.median[told]).all()
    assert (found.median[told] <= found.upper[told]).all()
    assert (found.draws[:, told] >= found.reported[told]).all()


@FEW
@given(outbreaks, methods)
def test_cases_reported_after_now_change_nothing(reports, method):
    before = nowcast(reports[reports[:, 1] <= 11], now=11, maximum_delay=4, method=method, draws=50, seed=2)
    after = nowcast(reports, now=11, maximum_delay=4, method=method, draws=50, seed=2)
    assert np.array_equal(before.estimate, after.estimate, equal_nan=True)
    assert np.array_equal(before.upper, after.upper, equal_nan=True)


@FEW
@given(outbreaks, st.randoms(use_true_random=False))
def test_the_order_of_the_cases_does_not_matter(reports, random):
    order = list(range(len(reports)))
    random.shuffle(order)
    one, other = (nowcast(one, now=11, maximum_delay=4, draws=50) for one in (reports, reports[order]))
    assert np.array_equal(one.estimate, other.estimate)


@FEW
@given(outbreaks, methods)
def test_the_share_reported_grows_with_the_days_to_one(reports, method):
    found = nowcast(reports, now=11, maximum_delay=6, method=method, draws=50)
    assert (np.diff(found.delay_cdf) >= 0).all()
    assert found.delay_cdf[0] >= 0
    assert found.delay_cdf[-1] == 1
    assert len(found.delay_cdf) == 7


def test_a_case_reported_later_than_the_maximum_delay_counts_as_reported_then():
    reports = cases(1)
    found = nowcast(reports, now=29, maximum_delay=3)
    delays = reports[:, 1] - reports[:, 0]
    assert found.late == ((delays > 3) & (reports[:, 1] <= 29)).sum() > 0
    capped = reports.copy()
    capped[:, 1] = np.where(reports[:, 1] <= 29, np.minimum(reports[:, 1], reports[:, 0] + 3), reports[:, 1])
    assert nowcast(capped, now=29, maximum_delay=3).estimate == pytest.approx(found.estimate)


def test_dates_are_days_too():
    start, reports = date(2024, 2, 20), cases(1)
    numbers = nowcast(reports, now=20, maximum_delay=6, draws=50)
    dated = [[start + timedelta(int(day)) for day in row] for row in reports]
    for these, now in (
        (dated, start + timedelta(20)),
        (np.datetime64(start) + reports, np.datetime64(start) + 20),
        (np.datetime64(start) + reports, datetime(2024, 3, 11, 23, 59)),
    ):
        found = nowcast(these, now=now, maximum_delay=6, draws=50)
        assert found.days[-1] == np.datetime64("2024-03-11")
        assert found.days[0] == np.datetime64(start)
        assert np.array_equal(found.estimate, numbers.estimate)


# ---- the methods


@FEW
@given(outbreaks)
def test_lawless_divides_what_is_reported_by_the_share_that_is(reports):
    found = nowcast(reports, now=11, maximum_delay=4, method="lawless", draws=50)
    part = found.delay_cdf[np.minimum(np.arange(12)[::-1], 4)]
    told = part > 0
    assert found.estimate[told] == pytest.approx(found.reported[told] / part[told])
    assert np.isnan(found.estimate[~told]).all()


def test_lawless_learns_each_share_from_the_days_that_are_old_enough():
    #  two days of four cases, half of them reported at once and half the next day; today two are known
    reports = [[0, 0], [0, 0], [0, 1], [0, 1], [1, 1], [1, 1], [1, 2], [1, 2], [2, 2], [2, 2]]
    found = nowcast(reports, now=2, maximum_delay=1, method="lawless")
    assert found.delay_cdf.tolist() == [0.5, 1]
    assert found.estimate.tolist() == [4, 4, 4]
    assert found.standard_error[2] == pytest.approx(np.sqrt(2 * 0.5 / 0.5**2))
    assert found.median[2] == 4
    unsure = nowcast(reports, now=2, maximum_delay=1, method="lawless", estimated_delays=True)
    assert unsure.standard_error[2] == pytest.approx(np.sqrt(4 + 2 * 3 / 0.5**2 * 0.5 / (8 * 0.5)))


@FEW
@given(outbreaks)
def test_bounds_that_know_that_delays_are_estimated_are_not_narrower(reports):
    one, other = (
        nowcast(reports, now=11, maximum_delay=4, method="lawless", draws=50, estimated_delays=more)
        for more in (False, True)
    )
    told = ~np.isnan(one.estimate)
    assert (other.upper[told] >= one.upper[told]).all()
    assert (other.lower[told] <= one.lower[told]).all()
    assert one.estimate == pytest.approx(other.estimate, nan_ok=True)


def test_with_delays_that_are_known_what_is_to_come_is_negative_binomial():
    days = np.repeat(np.arange(40), 4000)
    late = np.tile(np.arange(4000) % 2, 40)  # half at once, half the next day, of so many cases that no doubt is left
    learnt = np.column_stack([days, days + late])[days < 39]
    found = nowcast(np.vstack([learnt, [[39, 39]] * 7]), now=39, maximum_delay=1, prior=(20, 100), draws=500)
    size, chance = 20**2 / 80, 20 / 100
    still = nbinom(7 + size, 1 - (1 - chance) * 0.5)
    assert found.estimate[39] == pytest.approx(7 + still.mean(), rel=0.01)
    assert found.standard_error[39] == pytest.approx(still.std(), rel=0.01)
    assert [found.lower[39], found.median[39], found.upper[39]] == [7 + still.ppf(one) for one in (0.025, 0.5, 0.975)]


def test_where_nothing_can_be_reported_yet_the_prior_alone_speaks():
    reports = cases(7, days=60, mean=300) + np.array([0, 5])
    found = nowcast(reports, now=59, maximum_delay=12, prior=(40, 700))
    assert found.estimate[-1] == pytest.approx(40, rel=0.02)
    assert found.standard_error[-1] == pytest.approx(np.sqrt(700), rel=0.02)


@pytest.mark.parametrize("method", ["bayes", "bayes_untruncated"])
def test_cases_added_to_each_delay_make_all_delays_alike(method):
    found = nowcast(cases(1), now=29, maximum_delay=4, method=method, delay_prior=1e7)
    assert found.delay_cdf == pytest.approx([0.2, 0.4, 0.6, 0.8, 1], abs=1e-3)


def test_to_ignore_that_the_last_days_show_short_delays_only_comes_out_too_low():
    reports = cases(3, days=25, mean=40, long=4)
    right, low = (nowcast(reports, now=24, maximum_delay=12, method=one) for one in ("bayes", "bayes_untruncated"))
    assert (low.estimate[-8:] < right.estimate[-8:]).all()
    assert (low.delay_cdf[:-1] > right.delay_cdf[:-1]).all()


@pytest.mark.parametrize("method", ["bayes", "lawless"])
def test_nineteen_days_in_twenty_end_between_the_bounds(method):
    inside = []
    for seed in range(40):
        reports = cases(seed, days=40, mean=30, long=3)
        found = nowcast(reports, now=39, maximum_delay=10, method=method, draws=200)
        final = np.bincount(reports[:, 0])
        days = slice(-6, -2)
        inside += ((found.lower[days] <= final[days]) & (final[days] <= found.upper[days])).tolist()
    assert 0.9 < np.mean(inside) < 0.99


@pytest.mark.parametrize("method", METHODS)
def test_the_more_confidence_the_wider(method):
    reports = cases(4)
    narrow, wide = (nowcast(reports, now=29, maximum_delay=8, method=method, confidence=one) for one in (0.5, 0.99))
    open_days = slice(-3, -1)  # nothing is reported of the last
    assert (wide.upper[open_days] > narrow.upper[open_days]).all()
    assert (wide.lower[open_days] < narrow.lower[open_days]).all()


def test_bounds_may_be_as_wide_as_one_asks_for():
    found = nowcast([[0, 0], [4, 4]], now=4, maximum_delay=4, confidence=0.999999, prior=(2, 400), draws=50)
    assert found.upper[-1] > found.estimate[-1] + 10 * found.standard_error[-1]


def test_delays_that_changed_are_learnt_from_the_last_days_when_a_window_says_so():
    slow, fast = cases(1, days=30, long=4), cases(2, days=30, long=0.5)
    reports = np.vstack([slow, fast + 30])
    every, last = (nowcast(reports, now=59, maximum_delay=8, window=one) for one in (None, 20))
    assert last.delay_cdf[0] > every.delay_cdf[0] + 0.2
    assert nowcast(reports, now=59, maximum_delay=8, window=59).delay_cdf == pytest.approx(every.delay_cdf)


@pytest.mark.parametrize("method", METHODS)
def test_draws_spread_as_the_bounds_say(method):
    found = nowcast(cases(5), now=29, maximum_delay=8, method=method, draws=4000, seed=3)
    limits = np.quantile(found.draws, (0.025, 0.5, 0.975), axis=0)
    assert limits == pytest.approx(np.array([found.lower, found.median, found.upper]), abs=2.5)
    assert found.draws.mean(axis=0) == pytest.approx(found.estimate, abs=1.2)


def test_the_same_seed_draws_the_same():
    one, same, other = (nowcast(cases(5), now=29, maximum_delay=8, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.draws, same.draws)
    assert not np.array_equal(one.draws, other.draws)


def test_a_whole_number_of_draws_may_be_any_kind_of_number_and_reports_too():
    reports = cases(5)
    one, other = (nowcast(these, now=29, maximum_delay=8, draws=draws) for these, draws in (
        (reports, 50), (np.asfortranarray(reports.astype(np.uint8)), 50.0)
    ))  # fmt: skip
    assert np.array_equal(one.draws, other.draws)


def test_a_window_holds_the_events_of_now_and_of_as_many_days_before():
    reports = cases(5)
    older = np.vstack([reports, [[9, 9]] * 50])  # twenty days before now: outside a window of nineteen
    without, within = (nowcast(older, now=29, maximum_delay=8, window=days, draws=50).delay_cdf for days in (19, 20))
    assert without == pytest.approx(nowcast(reports, now=29, maximum_delay=8, window=19).delay_cdf)
    assert within[0] > without[0] + 0.02


# ---- what a reader must know


@pytest.mark.parametrize("method", METHODS)
def test_a_day_without_a_report_yet_is_told(method):
    reports = cases(5)
    found = nowcast(reports[(reports[:, 0] != 28)], now=29, maximum_delay=8, method=method)
    assert found.reason[28] == Reason.NOTHING_REPORTED
    assert (found.upper[28] == 0) == (method == "lawless")


@pytest.mark.parametrize("method", METHODS)
def test_where_no_report_ever_came_so_soon_it_is_told(method):
    reports = cases(5) + np.array([0, 2])
    found = nowcast(reports, now=29, maximum_delay=8, method=method)
    assert found.reason[-3:].tolist() == [Reason.KNOWN] + [Reason.UNKNOWN_DELAYS] * 2
    assert np.isnan(found.estimate[-2:]).all() == (method == "lawless")
    assert np.isnan(found.draws[:, -1]).all() == (method == "lawless")


def test_where_no_past_day_tells_it_is_told():
    found = nowcast([[0, 4], [9, 9], [10, 10]], now=10, maximum_delay=4, method="lawless")
    assert found.reason[9:].tolist() == [Reason.UNKNOWN_DELAYS] * 2


def test_a_prior_that_is_too_low_for_what_was_seen_is_told():
    reports = cases(5, mean=200)
    found = nowcast(reports, now=29, maximum_delay=8, prior=(10, 30))
    assert (found.reason[-8:] == Reason.PRIOR_TOO_LOW).all()
    assert (nowcast(reports, now=29, maximum_delay=8, prior=(200, 10_000)).reason == Reason.KNOWN).all()
    assert (nowcast(reports, now=29, maximum_delay=8, prior=(10, 30), method="lawless").reason == Reason.KNOWN).all()


# ---- what cannot be


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reports": [[0, 1], [float("nan"), 3]]}, "reports: a known number was expected, not nan at 1, 0"),
        ({"reports": [[0, 1], [1.5, 3]]}, "reports: whole days were expected, not 1.5"),
        (
            {"reports": [0, 1, 2]},
            "reports: an event day and a report day for each case were expected, not the shape (3,)",
        ),
        ({"reports": [[0, 1, 2]]}, "reports: an event day and a report day for each case"),
        ({"reports": [[0, 1], [5, 4]]}, "reports: no report before its event was expected, not case 1"),
        ({"reports": [[6, 7], [9, 11]]}, "reports: a case known now, of 4 days (maximum_delay) ago or more"),
        ({"reports": np.zeros((0, 2))}, "reports: a case known now"),
        ({"reports": [[0, 40]]}, "reports: a case known now"),
        ({"reports": np.array([["2024-01-01", "NaT"]], "M8[D]")}, "reports: dates without a gap"),
        ({"reports": [["a", "b"]]}, "reports: numbers were expected"),
        ({"reports": [[None, date(2024, 1, 1)]]}, "reports: dates without a time zone were expected, not None"),
        ({"reports": [[date(2024, 1, 1), 20_000]]}, "reports: dates without a time zone were expected, not 20000"),
        ({"reports": [[datetime(2024, 1, 1, tzinfo=UTC)] * 2]}, "reports: dates without a time zone were expected"),
        ({"reports": np.ma.array([[0, 1], [1, 1]], mask=[[0, 1], [0, 0]])}, "reports: days without a gap"),
        ({"reports": np.array([[0, 1]], "m8[D]")}, "reports: numbers were expected"),
        ({"reports": [[0, 1e300]]}, "reports: at most 1000000000000 was expected, not 1e+300 at 0, 1"),
        ({"reports": [[-39_992, 1]]}, "reports: no event more than 40000 days before now was expected, not 40001"),
        ({"now": "2024-01-01"}, "now: numbers were expected"),
        ({"now": date(2024, 1, 1)}, "now: one whole number was expected, as in reports, not"),
        ({"now": [9, 9]}, "now: one whole number was expected"),
        ({"now": 9.5}, "now: whole days were expected, not 9.5"),
        (
            {"reports": np.array([["2024-01-01", "2024-01-01"]], "M8[D]")},
            "now: one date was expected, as in reports, not 9",
        ),
        ({"maximum_delay": 0}, "maximum_delay: a whole number of at least 1"),
        ({"method": "magic"}, "method: bayes, bayes_untruncated or lawless was expected, not 'magic'"),
        ({"window": 3}, "window: a whole number of at least 4"),
        ({"prior": (50, 50)}, "prior: a mean and a larger variance were expected"),
        ({"prior": (0, 50)}, "prior: more than 0"),
        ({"prior": (1, 2, 3)}, "prior: a mean and a larger variance were expected"),
        ({"delay_prior": 0}, "delay_prior: more than 0"),
        ({"confidence": 1}, "confidence: between 0 and 1"),
        ({"confidence": 1 - 1e-15}, "confidence: at most 0.999999999 was expected"),
        ({"draws": 1}, "draws: a whole number of at least 2"),
        ({"seed": -1}, "seed: a whole number of at least 0"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(changed, said):
    usual = {"reports": [[0, 1], [1, 1], [3, 6], [8, 9]], "now": 9, "maximum_delay": 4}
    with pytest.raises(ValueError, match=f"^{re.escape(said)}"):
        nowcast(**(usual | changed))
