"""Duplicates measured: on pairs of real records that we judged by hand, and on mistakes made on purpose.

duplicates_miami.csv holds the ids of 528 pairs of the open 211 directory of Miami and our judgement (yes, no, unsure), made by
reading names, addresses, telephone numbers and descriptions. The records themselves are not copied: without them the test is skipped.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maillage.directory import duplicates as reading
from maillage.directory.models import Service
from maillage.methods import duplicates
from maillage.packs import actions, pack
from maillage.packs.fiction import actions as fiction
from maillage.standards import imports
from maillage.territory.models import Territory
from tests.injected import inject, measured

LABELS = Path(__file__).with_name("duplicates_miami.csv")
PRECISE = 0.98
pytestmark = pytest.mark.django_db


def labels() -> dict[tuple[str, str], str]:
    with LABELS.open(encoding="utf-8") as file:
        return {(row["left_id"], row["right_id"]): row["same"] for row in csv.DictReader(file)}


def test_the_judgements_are_of_pairs_each_once() -> None:
    with LABELS.open(encoding="utf-8") as file:
        rows = [(row["left_id"], row["right_id"]) for row in csv.DictReader(file)]
    assert len(rows) == len(set(rows)) >= 400
    assert set(labels().values()) == {"yes", "no", "unsure"}


@pytest.fixture
def miami(shared_data: Path, db: None) -> Territory:
    folder = shared_data / "directory" / "miami211_hsds11"
    if not folder.is_dir():
        pytest.skip("the open directory of Miami (../shared/data/directory/miami211_hsds11) is not on this machine")
    territory = imports.bare_territory("en")
    imports.run(folder, "hsds", territory, source="miami")
    return territory


@pytest.mark.slow
def test_what_is_proposed_among_real_records_is_right(miami: Territory) -> None:
    """The real directory holds few duplicates that its names tell: it measures what is wrongly proposed. Copies of its own records,
    written with mistakes among all the others, measure the rest."""
    uuids, entries = reading.entries(miami)
    codes = dict(Service.objects.filter(territory=miami).values_list("uuid", "code"))
    ids = [codes[uuid].removeprefix("miami--") for uuid in uuids]
    judged = labels()
    base = duplicates.find(entries).candidates
    proposed = [judged.get(_ordered(ids[one.left], ids[one.right]), "not judged") for one in base]
    assert "not judged" not in proposed  # whoever makes the method propose more also reads what it proposes
    certain = [answer for answer in proposed if answer != "unsure"]
    assert certain
    assert certain.count("yes") / len(certain) >= PRECISE
    told, pairs = inject(entries, 800, seed=3, spared=frozenset(i for one in base for i in (one.left, one.right)))
    found = {(one.left, one.right) for one in duplicates.find(told).candidates}
    figures = measured(found, pairs, len(entries))
    assert figures["precision_injected"] >= PRECISE
    assert figures["recall_injected"] >= 0.95


def _ordered(one: str, other: str) -> tuple[str, str]:
    return (one, other) if int(one) < int(other) else (other, one)


@pytest.mark.parametrize("seed", [1, 2])
def test_mistakes_made_on_purpose_are_found_and_nothing_else(db: None, seed: int) -> None:
    read = pack.read_valid(pack.find(pack.default_name()))
    territory = actions.load(read, by="system:demo").territory
    fiction.generate(territory, read, services=1500, seed=seed, at=datetime(2026, 11, 20, tzinfo=UTC))
    _, entries = reading.entries(territory)
    base = duplicates.find(entries).candidates
    told, pairs = inject(entries, 400, seed=seed, spared=frozenset(i for one in base for i in (one.left, one.right)))
    found = {(one.left, one.right) for one in duplicates.find(told).candidates}
    figures = measured(found, pairs, len(entries))
    assert figures["precision_injected"] >= PRECISE
    assert figures["recall_injected"] >= 0.85
