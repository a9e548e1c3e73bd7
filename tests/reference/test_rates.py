"""Rates and their limits against England's public health agency, epitools, and rates made by hand.

PHEindicatormethods' own expected results; Fay and Feuer's table of Down syndrome by birth order as epitools computes it; mortality
of Brussels by decile and by commune, rounded as it was written. What those files leave empty counts as none, as their package
has it; our functions are given the zero.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from maillage.methods import rates

LEVELS = ((0.95, "95_0"), (0.998, "99_8"))
EXACT = {"rel": 1e-9, "abs": 0, "nan_ok": True}


@pytest.fixture(scope="session")
def folder(shared_data: Path) -> Path:
    path = shared_data / "observatory"
    if not path.is_dir():
        pytest.skip("the expected rates are not on this machine")
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float:
    return float(text) if text else np.nan


def column(rows: list[dict[str, str]], name: str, empty: float = 0) -> np.ndarray:
    return np.array([float(row[name]) if row[name] else empty for row in rows])


def by(rows: list[dict[str, str]], name: str) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        found.setdefault(row[name], []).append(row)
    return found


def limits_of(row: dict[str, str]) -> Iterator[tuple[float, float, float]]:
    for level, name in LEVELS:
        if row[f"upper{name}cl"] or not row["value"]:
            yield level, number(row[f"lower{name}cl"]), number(row[f"upper{name}cl"])


def test_byars_and_wilsons_limits_are_those_of_the_agency(folder):
    rows = read(folder / "phe_byars_wilson_expected.csv")
    for row in rows:
        level = float(row["confidence"].rstrip("%")) / 100
        if row["method"] == "Byars":
            found = rates.count_interval(float(row["x"]), confidence=level)
        else:
            found = rates.proportion(float(row["x"]), float(row["n"]), confidence=level)
        assert found.lower == pytest.approx(number(row["lowercl"]), **EXACT)
        assert found.upper == pytest.approx(number(row["uppercl"]), **EXACT)
    assert len(rows) == 13


def test_directly_standardised_rates_are_those_of_the_agency(folder):
    areas = by(read(folder / "phe_dsr_input.csv"), "area")
    areas["testdata_1976"] = read(folder / "phe_dsr_input_esp1976.csv")
    persons = by(read(folder / "phe_dsr_input_nonindependent.csv"), "area")
    expected = read(folder / "phe_dsr_expected.csv")
    for row in expected:
        name = row["area"]
        if name in persons:
            times = np.array([column(persons[name], f"f{n}") for n in (1, 2, 3, 4)])
            given = {"frequencies": [1, 2, 3, 4]}
            events, people, standard = times, column(persons[name], "pop"), rates.EUROPEAN_2013
            assert ([1, 2, 3, 4] @ times).sum() == float(row["total_count"])
        else:
            here, given = areas[name], {}
            standard = rates.EUROPEAN_1976 if name == "testdata_1976" else rates.EUROPEAN_2013
            assert column(here, "esp1976" if name == "testdata_1976" else "esp2013") == pytest.approx(standard)
            events, people = column(here, "count"), column(here, "pop")
        scale = 10_000 if "per 10000" in row["statistic"] and "100000" not in row["statistic"] else 100_000
        for level, lower, upper in limits_of(row):
            found = rates.directly_standardised(events, people, standard, confidence=level, multiplier=scale, **given)
            if name == "testdata_1976" and level == 0.998:
                lower, upper = lower / 10, upper / 10  # the file holds these four limits ten times too large
            assert found.estimate == pytest.approx(number(row["value"]), **EXACT)
            assert found.lower == pytest.approx(lower, **EXACT)
            assert found.upper == pytest.approx(upper, **EXACT)
            few = row["statistic"] == "dsr NA for total count < 10"
            assert found.reason == (rates.Reason.FEW_EVENTS if few else rates.Reason.KNOWN)
    assert len(expected) == 12


def test_indirectly_standardised_rates_are_those_of_the_agency(folder):
    areas = by(read(folder / "phe_isr_input.csv"), "area")
    # Two areas of the agency's test: the big one without its people of 5 to 9 years, and the small one.
    areas["Area1"] = [row | {"pop": ""} if row["ageband"] == "5-9" else row for row in areas["testdata_big"]]
    areas["Area2"] = areas["testdata_small"]
    expected = read(folder / "phe_isr_expected.csv")
    for row in expected:
        here = areas[row["area"]]
        result, scale = "rate" if row["ref_rate"] else "ratio", row["statistic"].split()[-1]
        for level, lower, upper in limits_of(row):
            found = rates.indirectly_standardised(
                column(here, "count").sum(), column(here, "pop"), column(here, "refcount"), column(here, "refpop"),
                result=result, confidence=level, multiplier=float(scale),
            )  # fmt: skip
            assert found.estimate == pytest.approx(float(row["value"]), **EXACT)
            assert found.lower == pytest.approx(lower, **EXACT)
            assert found.upper == pytest.approx(upper, **EXACT)
            assert found.observed == float(row["observed"])
            assert found.expected == pytest.approx(float(row["expected"]), **EXACT)
            if result == "rate":
                assert found.reference_rate * float(scale) == pytest.approx(float(row["ref_rate"]), **EXACT)
    assert len(expected) == 16


def test_gamma_limits_are_those_of_epitools(folder):
    orders = by(read(folder / "fay_feuer_input.csv"), "birth_order")
    events = np.array([column(rows, "count") for rows in orders.values()])
    people = np.array([column(rows, "pop") for rows in orders.values()])
    standard = column(orders["1"], "stdpop")
    found = rates.directly_standardised(events, people, standard, interval="gamma", multiplier=100_000)
    expected = read(folder / "fay_feuer_expected.csv")
    assert [row["birth_order"] for row in expected] == list(orders)
    assert found.estimate == pytest.approx(column(expected, "adj.rate"), **EXACT)
    assert found.lower == pytest.approx(column(expected, "lci"), **EXACT)
    assert found.upper == pytest.approx(column(expected, "uci"), **EXACT)
    crude = rates.rate(events.sum(axis=1), people.sum(axis=1), multiplier=100_000)
    assert crude.estimate == pytest.approx(column(expected, "crude.rate"), **EXACT)


@pytest.mark.parametrize(("file", "group"), [("worked_dsr_by_decile", "DECILE"), ("worked_dsr_by_commune", "SECTOR")])
def test_mortality_of_brussels_is_as_it_was_worked_out(folder, file, group):
    cells: dict[str, dict[str, np.ndarray]] = {}
    for row in read(folder / "brussels_sector_age_pop_deprivation_mortality.csv"):
        name = row["DECILE"] if group == "DECILE" else row["SECTOR"][:5]
        cell = cells.setdefault(name, {}).setdefault(row["AGE"], np.zeros(2))
        cell += (float(row["MORT"]), float(row["POP"]))
    ages = sorted(next(iter(cells.values())), key=lambda age: int(age.strip("[)").split(",")[0]))
    expected = read(folder / f"{file}.csv")
    table = np.array([[cells[row[group]][age] for age in ages] for row in expected])
    level = 2 * NormalDist().cdf(1.959964) - 1  # 95 %, with the digits of z that those who worked it out took
    found = rates.directly_standardised(
        table[..., 0], table[..., 1], rates.EUROPEAN_2013_TO_85, multiplier=100_000, confidence=level
    )
    crude = rates.rate(table[..., 0].sum(axis=1), table[..., 1].sum(axis=1), multiplier=100_000)
    digits = max(len(row["dsr"].partition(".")[2]) for row in expected)
    half_a_digit = {"rel": 0, "abs": 0.5000001 * 10.0**-digits}
    assert table[..., 0].sum(axis=1) == pytest.approx(column(expected, "deaths"))
    assert table[..., 1].sum(axis=1) == pytest.approx(column(expected, "pop"))
    for name, values in (("dsr", found.estimate), ("lo", found.lower), ("up", found.upper), ("crude", crude.estimate)):
        assert values == pytest.approx(column(expected, name), **half_a_digit)


def invented(what: str) -> list[dict[str, str]]:
    """Made up here; the expected figures are those of R 4.2.2: the agency's formulas line by line, and epitools."""
    return [row for row in read(Path(__file__).with_name("rates.csv")) if row["what"] == what]


@pytest.mark.parametrize("case", ["1", "2", "3"])
def test_life_expectancy_is_that_of_the_agencys_life_table(case):
    rows = by(invented("life"), "case")[case]
    found = rates.life_expectancy(
        column(rows, "events"), column(rows, "population"), confidence=float(rows[0]["level"]), minimum_population=0
    )
    assert column(rows, "stratum").tolist() == list(rates.AGES)
    for name in ("estimate", "lower", "upper"):
        assert getattr(found, name) == pytest.approx(column(rows, name, np.nan), **EXACT)
    assert found.standard_error == pytest.approx(column(rows, "error"), **EXACT)


@pytest.mark.parametrize("case", ["1", "2", "3", "4"])
def test_gamma_limits_of_invented_areas_are_those_of_epitools(case):
    rows = by(invented("gamma"), "case")[case]
    found = rates.directly_standardised(
        column(rows, "events"), column(rows, "population"), column(rows, "standard"),
        interval="gamma", confidence=float(rows[0]["level"]), minimum_events=0,
    )  # fmt: skip
    for name in ("estimate", "lower", "upper"):
        assert getattr(found, name) == pytest.approx(float(rows[0][name]), **EXACT)


@pytest.mark.parametrize("level", ["0.95", "0.998"])
def test_funnels_of_rates_are_the_agencys_where_its_bisection_stops_and_exact_without(level):
    rows = by(invented("funnel"), "level")[level]
    events = column(rows, "events")
    stopped = rates.funnel_limits(events, 1, statistic="ratio", confidence=float(level), bisection=True)
    assert stopped.lower_at == pytest.approx(column(rows, "lower"), **EXACT)
    assert stopped.upper_at == pytest.approx(column(rows, "upper"), **EXACT)
    exact = rates.funnel_limits(events, 1, statistic="ratio", confidence=float(level))
    assert exact.lower_at == pytest.approx(stopped.lower_at, rel=1e-6)
    assert exact.upper_at == pytest.approx(stopped.upper_at, rel=5e-5)


def test_recent_trends_are_those_of_the_tests_of_fingertips():
    # TrendMarkerCalculatorTest of ukhsa-collaboration/fingertips-open: chi-square 46.77 and 47.9, one without a trend, one without odds.
    lower, upper = np.array([23.16, 23.15, 26.44, 28.63, 28.98]), np.array([26.25, 26.19, 29.64, 31.9, 32.25])
    rising = rates.recent_trend([24.67, 24.6, 28, 30.2, 30.6], (upper - lower) / 3.92)
    assert (rising.direction, round(float(rising.chi_square), 2)) == (1, 46.77)
    people = [40299, 41527, 42811, 44064, 44701]
    shares = rates.recent_trend_of_proportions([994, 1023, 1199, 1332, 1367], people)
    assert (shares.direction, round(float(shares.chi_square), 1)) == (1, 47.9)
    lower = np.array([18.1803, 17.3444, 16.8421, 19.0918, 16.2925])
    upper = np.array([23.1427, 22.0602, 21.4394, 23.8975, 20.7941])
    assert rates.recent_trend([20.5506, 19.5952, 19.0349, 21.3966, 18.4372], (upper - lower) / 3.92).direction == 0
    assert rates.recent_trend_of_proportions([5, 3, 1, 1, 2], [5, 5, 5, 4, 4]).reason == rates.Reason.NO_ODDS
