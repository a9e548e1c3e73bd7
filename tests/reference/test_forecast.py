"""Ten years of nights in New York's shelters: how far off the forecast is, and how often its band held.

NYC Department of Homeless Services, Daily Report (NYC Open Data): 3,544 days, 2013-08-21 to 2023-07-05, 62 % more people in the
last year. `pytest -s` prints the figures.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from maillage.methods.forecast import Floats, adaptive_conformal, backtest, carried_forward

ALL = "Total Individuals in Shelter"
PUBLICS = ("Single Adult Men in Shelter", "Single Adult Women in Shelter", "Families with Children in Shelter")


@pytest.fixture(scope="session")
def census(shared_data: Path) -> dict[str, Floats]:
    path = shared_data / "places" / "nyc_dhs_daily.csv"
    if not path.is_file():
        pytest.skip("the census of New York's shelters is not on this machine")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = {datetime.strptime(row["Date of Census"], "%m/%d/%Y").date(): row for row in csv.DictReader(file)}
    first, last = min(rows), max(rows)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {
        name: carried_forward([float(rows[day][name]) if day in rows else np.nan for day in days])
        for name in (ALL, *PUBLICS)
    }


@pytest.mark.parametrize(("ahead", "most"), [(1, 0.17), (7, 0.37), (30, 1.27)])
def test_seventy_eight_origins_are_off_by_no_more_than_the_published_comparison(census, ahead, most):
    known = census[ALL]
    errors, came = backtest(known, ahead=ahead)[::-30][:78], known[28 + ahead :][::-30][:78]
    naive = np.abs(known[ahead:] - known[:-ahead])[::-30][:78]
    off, off_naive = 100 * np.mean(np.abs(errors) / came), 100 * np.mean(naive / came)
    print(f"{ahead} days ahead: off by {off:.2f} % (the last night repeated: {off_naive:.2f} %)")
    assert len(errors) == 78
    assert off <= most
    assert off <= off_naive


@pytest.mark.parametrize(("ahead", "least"), [(7, 0.88), (30, 0.86)])
@pytest.mark.parametrize("public", [ALL, *PUBLICS])
def test_a_band_of_nine_in_ten_holds_about_nine_in_ten(census, public, ahead, least):
    errors = backtest(census[public], ahead=ahead)
    band, fixed = adaptive_conformal(errors, delay=ahead), adaptive_conformal(errors, delay=ahead, gamma=0)
    print(
        f"{public}, {ahead} days ahead: held {band.coverage:.3f} of {band.measured} (a fixed one: {fixed.coverage:.3f})"
    )
    assert least <= band.coverage <= 0.92
    assert abs(band.coverage - 0.9) < abs(fixed.coverage - 0.9)
