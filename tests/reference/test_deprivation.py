"""The Belgian Index of Multiple Deprivation 2011 in Brussels (675 sectors, 19 communes), and deciles of a second index there.

The published scores are rounded to nine decimals: what is computed may differ by that rounding, and by 1e-9 of itself.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from maillage.methods import deprivation

WEIGHTS = {"income": 0.20, "employment": 0.20, "edu": 0.25, "hous": 0.15, "crime": 0.05, "health": 0.15}
SECTORS, COMMUNES = 18_764, 589  # ranked in the whole country
ROUNDED = 5.1e-10


class Table:
    def __init__(self, path: Path) -> None:
        with path.open(encoding="utf-8", newline="") as file:
            self.rows = list(csv.DictReader(file))

    def __getitem__(self, name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in self.rows])

    def words(self, name: str) -> np.ndarray:
        return np.array([row[name] for row in self.rows])


@pytest.fixture(scope="session")
def folder(shared_data: Path) -> Path:
    found = shared_data / "observatory"
    if not (found / "bimd2011_brussels_sectors.csv").is_file():
        pytest.skip("the published Belgian index is not on this machine")
    return found


@pytest.fixture(scope="session")
def sectors(folder: Path) -> Table:
    return Table(folder / "bimd2011_brussels_sectors.csv")


@pytest.fixture(scope="session")
def communes(folder: Path) -> Table:
    return Table(folder / "bimd2011_brussels_communes.csv")


@pytest.mark.parametrize("domain", WEIGHTS)
def test_every_score_of_every_domain_is_the_published_one(sectors, domain):
    count = COMMUNES if domain == "crime" else SECTORS  # crime is known for communes only
    rank = sectors[f"rank_{domain}_domain"]
    found = deprivation.exponential(rank, count=count)
    np.testing.assert_allclose(found, sectors[f"exp_score_{domain}_domain"], rtol=1e-9, atol=ROUNDED)
    assert (deprivation.quantiles(rank, count=count) == sectors[f"deciles_{domain}_domain"]).all()


def test_every_combined_score_its_order_and_its_decile_are_the_published_ones(sectors):
    from_ranks = np.column_stack(
        [
            deprivation.exponential(sectors[f"rank_{name}_domain"], count=COMMUNES if name == "crime" else SECTORS)
            for name in WEIGHTS
        ]
    )
    score = deprivation.combined(from_ranks, list(WEIGHTS.values()))
    np.testing.assert_allclose(score, sectors["BIMD2011_score"], rtol=1e-9, atol=ROUNDED)
    published = sectors["BIMD2011_rank"]
    assert (np.argsort(-score, kind="stable") == np.argsort(published)).all()
    inside = deprivation.ranks(score, ties="key", key=sectors.words("CD_RES_SECTOR"))
    assert (inside == published.argsort().argsort() + 1).all()
    assert (deprivation.quantiles(published, count=SECTORS) == sectors["BIMD2011_deciles_domain"]).all()


def test_every_average_of_a_commune_its_order_and_its_decile_are_the_published_ones(sectors, communes):
    codes, where = np.unique([code[:5] for code in sectors.words("CD_RES_SECTOR")], return_inverse=True)
    assert (codes == communes.words("code")).all()
    names = {"edu": "education", "hous": "housing"}
    columns = {names.get(name, name): f"exp_score_{name}_domain" for name in WEIGHTS} | {"bimd": "BIMD2011_score"}
    for name, column in columns.items():
        found = deprivation.weighted_average(sectors[column], sectors["POPULATION"], where)
        np.testing.assert_allclose(found, communes[f"average_score_{name}_2011"], rtol=1e-9, atol=ROUNDED)
        rank = communes[f"rank_average_score_{name}_2011"]
        assert (deprivation.ranks(found).argsort() == rank.argsort()).all()
        decile = deprivation.quantiles(rank, count=COMMUNES)
        assert (decile == communes[f"decile_{name}_2011"]).all(), name


def test_the_weights_of_the_extent_are_the_published_ones(folder, sectors):
    published = Table(folder / "bimd_extent_weights.csv")
    assert (published["percentile"] == np.arange(1, 101)).all()
    np.testing.assert_allclose(deprivation.EXTENT, published["WEIGHT"], rtol=1e-9, atol=ROUNDED)
    where = np.unique([code[:5] for code in sectors.words("CD_RES_SECTOR")], return_inverse=True)[1]
    rank, people = sectors["BIMD2011_rank"], sectors["POPULATION"]
    weight = dict(zip(published["percentile"], published["WEIGHT"], strict=True))
    each = np.array([weight[-(-100 * int(one) // SECTORS)] for one in rank])
    by_hand = [(each * people)[where == one].sum() / people[where == one].sum() for one in range(19)]
    found = deprivation.extent(rank, people, where, count=SECTORS, weights=published["WEIGHT"])
    np.testing.assert_allclose(found, by_hand, rtol=1e-12)


def test_the_deciles_of_the_other_index_of_brussels_are_the_published_ones(folder):
    table = Table(folder / "brussels_sector_age_pop_deprivation_mortality.csv")
    _, one = np.unique(table.words("SECTOR"), return_index=True)
    score, decile = table["SCORE"][one], table.words("DECILE")[one]
    found = deprivation.quantiles(deprivation.ranks(score))
    assert [f"D{each}" for each in found] == decile.tolist()
    worked = Table(folder / "worked_dsr_by_decile.csv")
    people = np.bincount(found[np.unique(table.words("SECTOR"), return_inverse=True)[1]], table["POP"])[1:]
    assert dict(zip(worked.words("DECILE"), worked["pop"], strict=True)) == {
        f"D{place + 1}": total for place, total in enumerate(people)
    }
