"""EARS (earsC, default alpha, baseline 7) and Farrington (farringtonFlexible) against R's surveillance: every threshold, every alarm."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maillage.methods.outbreak import Reason, ears, farrington_flexible


@pytest.fixture(scope="session")
def folder(shared_data: Path) -> Path:
    found = shared_data / "surveillance"
    if not (found / "sim20_ears_expected.csv").is_file():
        pytest.skip("the results of R's surveillance are not on this machine")
    return found


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float:
    return float(text) if text not in {"", "NA", "NaN"} else float("nan")


def test_every_threshold_and_every_alarm_are_those_of_r(folder):
    counts: dict[str, list[float]] = {}
    for row in rows(folder / "sim20_input.csv"):
        counts.setdefault(row["series"], []).append(number(row["observed"]))
    expected = rows(folder / "sim20_ears_expected.csv")
    found = {
        (series, method): ears(counts[series], method=method)
        for series in {row["series"] for row in expected}
        for method in ("C1", "C2", "C3")
    }
    for row in expected:
        one, week = found[row["series"], row["method"]], int(row["t"]) - 1
        assert one.upperbound[week] == pytest.approx(number(row["upperbound"]), rel=1e-9, abs=1e-8, nan_ok=True), row
        if not np.isnan(number(row["upperbound"])):
            assert one.alarm[week] == (row["alarm"] == "1"), row
    assert len(expected) > 10_000


FIRST = date(2014, 1, 6)
SAME = {"expected": "expected", "upperbound": "upperbound", "phi": "dispersion", "pvalue": "pvalue", "trend": "trend"}
SETTINGS: dict[str, dict[str, Any]] = {
    "nbPlugin_trendkeep": {},
    "nbPlugin_b2": {"years_back": 2},
    "delta_p05": {"threshold": "delta", "p_threshold_trend": 0.05},
}


def differences(found: Any, expected: list[dict[str, str]], columns: Iterable[tuple[str, str]]) -> list[str]:
    """Rows that are not R's. Where R has no threshold there is none here, nor anything else."""
    none = np.array([np.isnan(number(row["upperbound"])) for row in expected])
    wrong = []
    for theirs, ours in columns:
        right = np.where(none, np.nan, [number(row[theirs]) for row in expected])
        here = np.asarray(getattr(found, ours), np.float64)
        good = np.isclose(here, right, rtol=1e-9, atol=1e-14, equal_nan=True)  # a score of 0 is rounding
        wrong += [f"{ours} at {expected[at]['t']}: {here[at]} for {right[at]}" for at in np.flatnonzero(~good)]
    alarms = [row["alarm"] == "1" for row in expected]
    wrong += [f"alarm at {expected[at]['t']}" for at in np.flatnonzero(found.alarm != alarms)]
    return wrong


def test_every_number_of_twenty_simulated_series_is_that_of_r(folder):
    counts: dict[str, list[float]] = {}
    expected: dict[str, list[dict[str, str]]] = {}
    for row in rows(folder / "sim20_input.csv"):
        counts.setdefault(row["series"], []).append(number(row["observed"]))
    for row in rows(folder / "sim20_farrington_expected.csv"):
        expected.setdefault(row["series"], []).append(row)
    assert len(expected) == 20
    for series, one in expected.items():
        found = farrington_flexible(counts[series], first_week=FIRST)
        assert not differences(found, one, [*SAME.items(), ("score", "score")]), series


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_edge_is_that_of_r(folder, setting):
    """Sparse, without any case, a season without, thousands a week, a spike in the past, a growth, a fall, weeks missing."""
    known = rows(folder / "edge_input.csv")
    expected = [row for row in rows(folder / "edge_farrington_expected.csv") if row["control"] == setting]
    for unit in sorted({row["unit"] for row in expected}):
        counts = [number(row[unit]) for row in known]
        found = farrington_flexible(counts, first_week=FIRST, variant="surveillance", **SETTINGS[setting])
        one = [row for row in expected if row["unit"] == unit]
        assert not differences(found, one, SAME.items()), unit
        right = farrington_flexible(counts, first_week=FIRST, **SETTINGS[setting])
        if SETTINGS[setting].get("threshold") != "delta" and unit != "withNA":
            assert not differences(right, one, SAME.items()), unit
        if unit == "zeros":
            assert set(found.reason) == {Reason.FEW_CASES}


def test_where_weeks_are_missing_at_the_start_the_forecast_is_not_r_s_but_the_alarms_are(folder):
    """R's package carries the trend on for a week too few there: six forecasts of 52 differ, by less than a thousandth."""
    counts = [number(row["withNA"]) for row in rows(folder / "edge_input.csv")]
    right = farrington_flexible(counts, first_week=FIRST)
    theirs = farrington_flexible(counts, first_week=FIRST, variant="surveillance")
    other = right.expected != theirs.expected
    assert other.sum() == 6
    assert right.expected[other] == pytest.approx(theirs.expected[other], rel=1e-3)
    assert (right.upperbound == theirs.upperbound).all()
    assert (right.alarm == theirs.alarm).all()


HERE = Path(__file__).parent
OWN: dict[str, dict[str, Any]] = {
    "nbPlugin": {},
    "delta": {"p_threshold_trend": 0.05, "alpha": 0.05},
    "muan": {"years_back": 3, "periods": 1, "window": 5},
}


@pytest.mark.parametrize("variant", ["published", "surveillance"])
@pytest.mark.parametrize("threshold", OWN)
def test_both_variants_are_r_s_the_one_as_it_is_the_other_with_two_lines_mended(threshold, variant):
    """Of `farringtonFlexible` 1.20.3: the line that writes over the weights taken out, time counted from one week.

    Three of our simulated series (nothing in particular, a spike in the past, weeks missing), so that the proof runs everywhere.
    """
    known = rows(HERE / "outbreak_counts.csv")
    expected = [
        row for row in rows(HERE / "outbreak.csv") if (row["threshold"], row["variant"]) == (threshold, variant)
    ]
    for series in ("usual", "spike", "missing"):
        counts = [number(row[series]) for row in known]
        found = farrington_flexible(counts, first_week=FIRST, threshold=threshold, variant=variant, **OWN[threshold])
        one = [row for row in expected if row["series"] == series]
        columns = ("expected", "upperbound", "score", "pvalue", "dispersion", "trend")
        assert len(one) == 52
        assert not differences(found, one, [(name, name) for name in columns]), series
