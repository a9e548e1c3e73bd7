"""Nowcasts against R's surveillance, of the outbreak of 2011 in Germany as known on 2 June: every delay, every count.

Delays to 1e-9. R draws 1,000 delay distributions: medians of the Bayesian methods to 1 case, bounds to 2. Lawless draws nothing.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from maillage.methods.nowcast import nowcast

METHODS = {"bayes": "bayes.trunc", "bayes_untruncated": "bayes.notrunc", "lawless": "lawless"}
Row = dict[str, str]


@pytest.fixture(scope="session")
def folder(shared_data: Path) -> Path:
    found = shared_data / "surveillance"
    if not (found / "nowcast_expected.csv").is_file():
        pytest.skip("the results of R's surveillance are not on this machine")
    return found


def rows(path: Path, method: str | None = None) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if method is None or row["method"] == method]


@pytest.mark.parametrize("method", METHODS)
def test_every_delay_and_every_count_are_those_of_r(folder, method):
    reports = [
        [date.fromisoformat(row["dHosp"]), date.fromisoformat(row["dReport"])]
        for row in rows(folder / "hus_linelist.csv")
    ]
    found = nowcast(reports, now=date(2011, 6, 2), maximum_delay=15, method=method, seed=1)
    delays = rows(folder / "nowcast_delaycdf_expected.csv", METHODS[method])
    for row in delays:  # R's Lawless goes on beyond the maximum delay, with 1
        place = min(int(row["delay"]), 15)
        assert found.delay_cdf[place] == pytest.approx(float(row["cdf"]), rel=1e-9), row
    counts = rows(folder / "nowcast_expected.csv", METHODS[method])
    for row in counts:
        day = found.days.tolist().index(date.fromisoformat(row["date"]))
        assert found.reported[day] == int(row["reported"]), row
        assert found.median[day] == pytest.approx(int(row["q50"]), abs=0 if method == "lawless" else 1), row
        assert found.lower[day] == pytest.approx(int(row["q025"]), abs=0 if method == "lawless" else 2), row
        assert found.upper[day] == pytest.approx(int(row["q975"]), abs=0 if method == "lawless" else 2), row
    assert len(delays) >= 16
    assert len(counts) == 10


# A line list of ours, so that the proof runs everywhere, and R's answers: surveillance 1.20.3, now = day 14, D = 4, m = NULL or 8,
# N.tInf.prior = structure("poisgamma", mean.lambda = 6, var.lambda = 30), N.tInf.max = 200, nSamples = 20000, set.seed(5). Counts:
# quantiles of predPMF / sum(predPMF), as those of 2011; of "lawless" the sum is 1 to 1.26, and R's own `pi` too low.
TRIANGLE = (
    (1, 2, 1, 0, 1), (0, 2, 3, 1, 0), (2, 2, 0, 1, 1), (1, 0, 3, 0, 0), (0, 4, 2, 1, 1), (2, 3, 1, 0, 1), (1, 5, 2, 2, 0),
    (0, 3, 4, 1, 1), (2, 2, 5, 1, 0), (1, 6, 2, 2, 1), (3, 4, 3, 1, 0), (1, 7, 4, 2, 1), (2, 5, 3, 2, 1), (1, 4, 3, 2, 0),
)  # fmt: skip
LATE = (3, 9)  # six days after the event
DELAYS = {
    ("lawless", None): (0.1347680707937, 0.5138032699008, 0.7992495309568, 0.9102564102564, 1),
    ("bayes", None): (0.1349850918633, 0.5131110324246, 0.7980675282914, 0.9095541401274, 1),
    ("bayes_untruncated", None): (0.1561643835616, 0.5680365296804, 0.8429223744292, 0.9351598173516, 1),
    ("lawless", 8): (0.1373386815487, 0.5379098360656, 0.8203125, 0.9375, 1),
    ("bayes", 8): (0.1375595922398, 0.5365960953487, 0.818242304599, 0.9360824742268, 1),
    ("bayes_untruncated", 8): (0.1647798742138, 0.6062893081761, 0.8716981132075, 0.9610062893082, 1),
}
COUNTS = {  # the last five days: lower bounds, medians, upper bounds
    ("lawless", None): ((12, 11, 12, 7, 1), (12, 13, 16, 14, 8), (12, 15, 19, 21, 21)),
    ("bayes", None): ((12, 11, 12, 8, 1), (12, 12, 14, 12, 6), (12, 15, 19, 20, 18)),
    ("bayes_untruncated", None): ((12, 11, 12, 7, 1), (12, 11, 14, 11, 5), (12, 14, 18, 18, 17)),
    ("lawless", 8): ((12, 11, 12, 7, 1), (12, 12, 15, 14, 8), (12, 14, 19, 20, 21)),
    ("bayes", 8): ((12, 11, 12, 8, 1), (12, 11, 14, 12, 6), (12, 14, 19, 19, 18)),
    ("bayes_untruncated", 8): ((12, 11, 12, 7, 1), (12, 11, 13, 11, 5), (12, 13, 17, 17, 16)),
}


@pytest.mark.parametrize("window", [None, 8])
@pytest.mark.parametrize("method", METHODS)
def test_a_line_list_with_a_late_report_and_a_window_is_read_as_by_r(method, window):
    reports = [
        (day, day + delay)
        for day, row in enumerate(TRIANGLE, 1)
        for delay, cases in enumerate(row)
        for _ in range(cases)
    ]
    found = nowcast([*reports, LATE], now=14, maximum_delay=4, method=method, window=window, seed=1, prior=(6, 30))
    assert found.late == 1
    assert found.delay_cdf == pytest.approx(DELAYS[method, window], rel=1e-12)
    counts = np.array([found.lower, found.median, found.upper])[:, -5:]
    assert counts == pytest.approx(np.array(COUNTS[method, window]), abs=0 if method == "lawless" else 1)
