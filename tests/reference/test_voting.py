"""Votes against published examples, and against pabutools 1.2.3 (`equal_shares.csv`: elections that we invented, what it funds)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from maillage.methods import voting

FUNDS = list(csv.DictReader((Path(__file__).parent / "equal_shares.csv").read_text("utf-8").splitlines()))
# Schulze 2011: section 3 examples 1 and 2
FORTY_FIVE = "5 ACBED, 5 ADECB, 8 BEDAC, 3 CABED, 7 CAEBD, 2 CBADE, 7 DCEBA, 8 EBADC"
THIRTY = "5 ACBD, 2 ACDB, 3 ADCB, 4 BACD, 3 CBDA, 3 CDBA, 1 DACB, 5 DBAC, 4 DCBA"
# where the capital should be: who lives near Memphis, Nashville, Chattanooga, Knoxville
TENNESSEE = "42 ABCD, 26 BCDA, 15 CDBA, 17 DCBA"
# Balinski and Laraki, Orsay 2007: of 1,000 voters who gave each of six grades, the best first; in the published order
ORSAY = {
    "Bayrou": (136, 307, 251, 148, 84, 74), "Royal": (167, 227, 191, 168, 122, 125), "Sarkozy": (191, 198, 143, 115, 71, 282),
    "Voynet": (29, 93, 175, 237, 261, 205), "Besancenot": (41, 99, 163, 160, 226, 311), "Buffet": (25, 76, 125, 206, 264, 304),
    "Bové": (15, 60, 114, 160, 257, 394), "Laguiller": (21, 53, 102, 166, 259, 399), "Nihous": (3, 18, 53, 110, 267, 549),
    "de Villiers": (24, 64, 87, 113, 158, 554), "Schivardi": (5, 10, 39, 95, 249, 602), "Le Pen": (30, 46, 62, 65, 54, 743),
}  # fmt: skip
GAUGES = [(443, 306), (394, 415), (389, 468), (297, 466), (463, 311), (432, 304), (349, 394), (342, 399)]
# citations between four journals of statistics (Stigler 1994), as in R's BradleyTerry2: cited by, more than citing
CITATIONS = {
    (0, 1): (730, 33),
    (0, 2): (498, 320),
    (0, 3): (221, 284),
    (1, 2): (68, 813),
    (1, 3): (17, 276),
    (2, 3): (142, 325),
}


def cast(text):
    """Rankings and counts of `5 ACB, ...`."""
    lines = [line.split() for line in text.split(", ")]
    orders = [["ABCDE".index(one) for one in order] for _, order in lines]
    return voting.ranks_from_orders(orders, candidates=len(orders[0])), [int(count) for count, _ in lines]


def test_schulze_gives_the_order_and_the_strongest_paths_of_the_election_of_45_voters():
    rankings, counts = cast(FORTY_FIVE)
    found = voting.schulze(rankings, counts=counts)
    assert "".join("ABCDE"[one] for one in found.order) == "EACBD"
    assert found.duels.tolist() == [
        [0, 20, 26, 30, 22], [25, 0, 16, 33, 18], [19, 29, 0, 17, 24], [15, 12, 28, 0, 14], [23, 27, 21, 31, 0]
    ]  # fmt: skip
    assert found.paths.tolist() == [
        [0, 28, 28, 30, 24], [25, 0, 28, 33, 24], [25, 29, 0, 29, 24], [25, 28, 28, 0, 24], [25, 28, 28, 31, 0]
    ]  # fmt: skip


def test_schulze_gives_the_order_of_the_election_of_30_voters():
    rankings, counts = cast(THIRTY)
    found = voting.schulze(rankings, counts=counts)
    assert "".join("ABCD"[one] for one in found.order) == "DACB"
    assert found.rank[found.order].tolist() == [1, 2, 3, 4]


def test_nashville_is_the_capital_by_schulze_and_by_borda():
    rankings, counts = cast(TENNESSEE)
    assert voting.schulze(rankings, counts=counts).order.tolist() == [1, 2, 3, 0]
    found = voting.borda(rankings, counts=counts)
    assert found.points.tolist() == [126, 194, 173, 107]
    assert found.order.tolist() == [1, 2, 0, 3]


def test_majority_judgment_finds_nashville_fair_and_parts_two_cities_with_one_gauge():
    poor, fair, good, excellent = range(4)
    memphis, nashville = [excellent, poor, poor, poor], [fair, excellent, fair, fair]
    chattanooga, knoxville = [poor, fair, excellent, good], [poor, fair, good, excellent]
    found = voting.majority_judgment(
        np.transpose([memphis, nashville, chattanooga, knoxville]), counts=[42, 26, 15, 17]
    )
    assert found.median.tolist() == [poor, fair, fair, fair]
    assert found.sign.tolist() == [1, 1, -1, -1]
    assert found.above[2:].tolist() == [32, 32]
    assert found.below[2:].tolist() == [42, 42]
    assert found.order.tolist() == [1, 3, 2, 0]


def test_majority_judgment_gives_the_order_and_the_gauges_of_the_experiment_of_orsay():
    grades = np.array([np.repeat(range(5, -1, -1), [*given[:5], 1000 - sum(given[:5])]) for given in ORSAY.values()]).T
    found = voting.majority_judgment(grades)
    assert found.order.tolist() == list(range(12))
    assert (5 - found.median).tolist() == [2, 2, 2, 3, 4, 4, 4, 4, 5, 5, 5, 5]
    told = list(zip(found.above.tolist(), found.below.tolist(), strict=True))[: len(GAUGES)]
    assert np.abs(np.array(told) - GAUGES).max() <= 1  # shares were published to a tenth of a per cent


def test_bradley_terry_gives_the_strengths_of_journals_that_r_gives():
    pairs = np.array([(one, other) for (one, other), (won, _) in CITATIONS.items() for _ in range(won)])
    turned = np.array([(other, one) for (one, other), (_, lost) in CITATIONS.items() for _ in range(lost)])
    winners, losers = np.concatenate([pairs, turned]).T
    found = voting.bradley_terry(winners, losers, items=4, prior=0)
    assert found.estimate[1:] - found.estimate[0] == pytest.approx([-2.94907, -0.47957, 0.26895], abs=5e-6)


def test_equal_shares_funds_what_pabutools_funds():
    for line in FUNDS:
        points = [[int(one) for one in row] for row in line["points"].split("|")]
        costs = [int(one) for one in line["costs"].split()]
        how = {"measure": line["measure"], "completion": line["completion"], "unit": int(line["unit"])}
        found = voting.equal_shares(points, costs, budget=int(line["budget"]), **how)
        assert np.flatnonzero(found.funded).tolist() == [int(one) for one in line["funded"].split()]
