"""EARS against R's surveillance (earsC, default alpha, baseline 7): every threshold, every alarm."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from maillage.methods.outbreak import ears


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
