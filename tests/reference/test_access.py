"""Access against PySAL's `access` 1.1.10: its published examples, and a small invented town.

`access.csv` holds what PySAL gives for that town (max_cost, weights.gaussian, weights.gravity(20, -2, 2), its own zones by default,
raam(), raam(tau=15), raam(tau=15, max_cycles=7), raam(tau=30, rho=200.0, initial_step=40)). What it leaves out is empty: nobody is reached.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from maillage.methods import access
from maillage.methods.access import FloatingCatchment, gaussian, gravity, rational_agents


@pytest.fixture(scope="module")
def published():
    with Path(__file__).with_name("access.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in rows[0]}


def town():
    i, j = np.indices((24, 7))
    cost = 1.0 + (37 * i + 53 * j + 7 * i * j) % 61
    origin, destination = np.nonzero(((i + 2 * j) % 5 != 0) & (i != 11))
    demand, supply = 100 + (31 * np.arange(24) ** 2) % 900, 1 + (5 * np.arange(7) ** 2) % 9
    return demand, supply, (origin, destination, cost[origin, destination])


@pytest.mark.parametrize(
    ("name", "decay", "options"),
    [
        ("two_step_35", 35, {"method": "two_step"}),
        ("enhanced_zones", access.ENHANCED, {}),
        ("enhanced_gaussian_20", gaussian(20), {}),
        ("enhanced_gravity_limit_45", gravity(20, -2, least=2), {"limit": 45}),
        ("three_step_zones", access.THREE_STEP, {"method": "three_step"}),
        ("three_step_gaussian_limit_40", gaussian(15), {"method": "three_step", "limit": 40}),
    ],
)
def test_every_catchment_of_the_town_is_the_one_of_pysal_and_nobody_is_missing(published, name, decay, options):
    found = FloatingCatchment(*town(), decay, **options).now
    np.testing.assert_allclose(found.access, np.nan_to_num(published[name]), rtol=1e-12)
    assert (found.reaches_nobody == (np.nan_to_num(published[name]) == 0)).all()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("raam", {}),
        ("raam_tau_15", {"tau": 15}),
        ("raam_tau_15_cycles_7", {"tau": 15, "cycles": 7}),
        ("raam_tau_30_people", {"tau": 30, "rho": 200.0, "step": 40}),
    ],
)
def test_every_cost_of_rational_agents_is_the_one_of_pysal(published, name, options):
    found = rational_agents(*town(), **options)
    served = ~np.isnan(published[name])
    np.testing.assert_allclose(found.cost[served], published[name][served], rtol=1e-12)
    assert (found.reaches_nobody == ~served).all()
    assert np.isposinf(found.cost[~served]).all()


def test_three_villages_computed_by_hand():
    demand, supply = [100, 50, 30], [2, 1]
    pairs = ([0, 0, 1, 2], [0, 1, 0, 1], [5, 25, 8, 45])
    found = FloatingCatchment(demand, supply, pairs, access.ENHANCED).now
    first = 2 / (100 + 50)
    second = 1 / (0.22 * 100)
    assert found.access.tolist() == pytest.approx([first + 0.22 * second, first, 0], rel=1e-12)
    assert found.access.tolist() == pytest.approx([0.0233333, 0.0133333, 0], abs=5e-8)
    assert found.reaches_nobody.tolist() == [False, False, True]


def test_three_hospitals_in_a_gridlock():
    demand, supply = [100, 50, 10], [15, 20, 100]
    pairs = ([0, 1, 2, 0, 1, 2, 2, 0, 1], [0, 1, 2, 2, 2, 0, 1, 1, 0], [1, 1, 1, 40, 40, 40, 40, 80, 80])
    two = FloatingCatchment(demand, supply, pairs, gravity(1, -1), limit=61).now
    three = FloatingCatchment(demand, supply, pairs, gravity(1, -1), limit=61, method="three_step").now
    assert two.access == pytest.approx([0.331444, 0.579828, 7.286418], abs=1e-6)  # as printed: six decimals
    assert three.access == pytest.approx([0.156256, 0.406216, 9.906352], abs=1e-6)  # as printed: six decimals
