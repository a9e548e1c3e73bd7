"""The moving epidemic method against epimem 0.2.0, a port of R's mem: every timing, threshold and share, on seasons that we invented.

seasonal.csv: series, season, its weeks. The options of the last two series are those of epimem named beside them.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from maillage.methods import seasonal

EXPECTED = {  # pre-epidemic, post-epidemic, medium, high, very high; start of each season; length of each season (of the newest ten)
    "counts": (
        [30.77871091251973, 31.45025839643379, 120.30956089971203, 214.8028758407871, 277.5281567289644],
        [7, 14, 10, 9, 9, 15, 17, 7],
        [12, 10, 13, 13, 11, 12, 10, 12],
    ),
    "rates": (
        [5.430814080436047, 6.681461910379866, 21.064895769013518, 43.13964759106674, 59.22106802695205],
        [17, 17, 5, 20, 24, 15, 22, 10, 15, 12, 11, 17],
        [11, 9, 11, 7, 11, 12, 12, 7, 8, 11],
    ),
    "short": (
        [13.308058633018259, 15.321342007132191, 75.71416683673027, 249.04693415687206, 421.5381459558346],
        [17, 10, 11],
        [7, 9, 8],
    ),
    "student": (
        [29.097636118198373, 28.19312732659686, 147.11590185721096, 241.64695376923427, 305.1659958443724],
        [10, 13, 10, 10, 6, 8, 16],
        [10, 8, 7, 10, 11, 8, 9],
    ),
    "two-sided": (
        [25.31004711074831, 28.161154427345412, 151.14934984795326, 159.9626234338021, 164.86273795335364],
        [16, 13, 17, 14, 18, 15],
        [9, 11, 11, 11, 8, 11],
    ),
}
OPTIONS = {
    "student": {"student": True},  # use_t
    "two-sided": {
        "level": 0.9,
        "tails": 2,
        "intensity": "geometric-mean",
    },  # level_ and tails_threshold, type_ and tails_intensity
}
GOODNESS = {  # true and false positives, true and false negatives; then the shares, in the order of the fields
    "counts": (
        [3420, 434, 6671, 299],
        [
            0.9196020435600968,
            0.9389162561576355,
            0.8873897249610794,
            0.9571018651362985,
            0.932280118255728,
            0.8514760619396913,
            0.8585182997177323,
        ],
    ),
    "rates": (
        [4170, 463, 14364, 683],
        [
            0.8592623119719761,
            0.9687731840561139,
            0.9000647528599179,
            0.9546088921379677,
            0.9417682926829268,
            0.8412491400161786,
            0.82803549602809,
        ],
    ),
}


def seasons(name: str) -> np.ndarray:
    with Path(__file__).with_name("seasonal.csv").open(encoding="utf-8") as file:
        return np.array([[float(week) for week in row[2:]] for row in csv.reader(file) if row[0] == name])


@pytest.mark.parametrize("name", EXPECTED)
def test_every_threshold_and_every_timing_is_that_of_the_reference(name):
    thresholds, starts, lengths = EXPECTED[name]
    found = seasonal.moving_epidemic_threshold(seasons(name), **OPTIONS.get(name, {}))
    said = [found.pre_epidemic, found.post_epidemic, found.medium, found.high, found.very_high]
    assert [float(one) for one in said] == pytest.approx(thresholds, rel=1e-9)
    assert found.timing.start.tolist() == starts
    assert found.timing.length[-10:].tolist() == lengths


@pytest.mark.parametrize("name", GOODNESS)
def test_every_indicator_of_goodness_is_that_of_the_reference(name):
    counts, shares = GOODNESS[name]
    found = seasonal.goodness(seasons(name))
    told = [found.true_positives, found.false_positives, found.true_negatives, found.false_negatives]
    assert [int(one.sum()) for one in told] == counts
    assert [
        found.sensitivity,
        found.specificity,
        found.positive_predictive_value,
        found.negative_predictive_value,
        found.agreement,
        found.matthews,
        found.youden,
    ] == pytest.approx(shares, rel=1e-9)
