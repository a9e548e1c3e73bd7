"""Reproduction numbers against R's EpiEstim (estimate_R, weekly windows, the usual prior): every window, every quantile."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from maillage.methods.reproduction import reproduction_number

QUANTILES = {"q025": 0.025, "q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95, "q975": 0.975}


@pytest.fixture(scope="session")
def folder(shared_data: Path) -> Path:
    found = shared_data / "surveillance"
    if not (found / "epiestim_sim365_expected.csv").is_file():
        pytest.skip("the results of R's EpiEstim are not on this machine")
    return found


def columns(path: Path) -> dict[str, np.ndarray]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name].replace("NA", "nan")) for row in rows]) for name in rows[0]}


def test_every_window_of_a_year_is_that_of_r(folder):
    cases = columns(folder / "epiestim_sim365_incidence.csv")["I"]
    expected = columns(folder / "epiestim_sim365_expected.csv")
    found = reproduction_number(cases, serial_interval=(4.7, 2.9), quantiles=list(QUANTILES.values()))
    assert found.start.tolist() == expected["t_start"].tolist()
    assert found.end.tolist() == expected["t_end"].tolist()
    assert found.estimate == pytest.approx(expected["mean"], rel=1e-9, abs=0, nan_ok=True)
    assert found.standard_error == pytest.approx(expected["sd"], rel=1e-9, abs=0, nan_ok=True)
    for number, name in enumerate(QUANTILES):
        assert found.quantiles[:, number] == pytest.approx(expected[name], rel=1e-9, abs=0, nan_ok=True)


def test_windows_of_any_length_and_those_too_early_are_those_of_r():
    """estimate_R(data.frame(local, imported), "non_parametric_si") with the distribution, windows and prior below, EpiEstim 2.2-4."""
    found = reproduction_number(
        [4, 0, 2, 5, 3, 7, 1, 0, 6, 9, 4, 8],
        imported=[0, 0, 1, 0, 3, 2, 0, 0, 1, 0, 0, 2],
        serial_interval=[0, 0.2, 0.5, 0.2, 0.1],
        window=([2, 5, 2], [4, 12, 2]),
        prior=(2, 1),
        quantiles=(0.05, 0.5, 0.975),
    )
    nan = float("nan")
    assert found.estimate == pytest.approx([1.66666666666667, 1.04615384615385, nan], rel=1e-13, nan_ok=True)
    assert found.standard_error == pytest.approx([0.527046276694730, 0.179413904456778, nan], rel=1e-13, nan_ok=True)
    assert found.quantiles == pytest.approx(
        np.array(
            [
                [0.904234282848549, 1.61145243578569, 2.84746724190319],
                [0.769542050065989, 1.03591550442273, 1.42597751597444],
                [nan, nan, nan],
            ]
        ),
        rel=1e-13,
        nan_ok=True,
    )


def test_a_serial_interval_as_long_as_the_series_loses_what_does_not_fit_as_in_r():
    """estimate_R with mean_si 11, std_si 3: of 12 days, so that its mean is 5.4 days for the rule of the first windows."""
    found = reproduction_number(
        [4, 0, 2, 5, 3, 7, 1, 0, 6, 9, 4, 8], serial_interval=(11, 3), window=([2, 3, 4, 5], [9, 11, 12, 12])
    )
    assert found.estimate == pytest.approx(
        [20.78666545963845, 11.55976050538412, 8.81608328473771, 7.81541125519620], rel=1e-12
    )
    assert found.lower == pytest.approx(
        [13.45203388595014, 8.18037453563127, 6.40577961094065, 5.55752140687661], rel=1e-12
    )
    assert found.upper == pytest.approx(
        [29.6917540884955, 15.5143016859170, 11.6053152756394, 10.4522045471732], rel=1e-12
    )
