"""Rights of a pack: loaded with the rest, told in the difference; those of Brussels are complete."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maillage.orientation import queries, rights
from maillage.packs import actions
from maillage.packs import pack as packs
from maillage.packs.content import stable
from maillage.packs.difference import compare
from maillage.packs.pack import read_valid
from maillage.people.models import Organization
from maillage.territory.models import Territory

Change = Callable[..., Path]
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.django_db
def test_a_right_is_loaded_with_its_source_and_the_organisation_where_it_is_claimed(tinyland: Change) -> None:
    folder = tinyland(("rights.yaml", "      need: bed", "      organization: shelter-house"))
    actions.load(read_valid(folder), at=AT)
    territory = Territory.objects.get(code="tinyland")
    (row,) = territory.content["rights"]
    assert (row["source"], row["assume"]) == ("report", True)
    assert row["claim"]["organization"] == str(stable("tinyland", "organization/shelter-house"))
    assert Organization.objects.filter(uuid=row["claim"]["organization"]).exists()

    words = queries.vocabulary(territory)
    (right,) = rights.rights_of(words)
    offices = rights.offices(right, words, "en", at=AT)
    assert {card.organization_name for card in offices} == {"La Maison"}


@pytest.mark.django_db
def test_the_difference_names_a_right_that_changed(tinyland: Change) -> None:
    actions.load(read_valid(tinyland()), at=AT)
    changed = tinyland(
        ("pack.yaml", 'version: "2026.1"', 'version: "2026.2"'), ("rights.yaml", "value: 18", "value: 21")
    )
    assert compare(read_valid(changed)).sections["rights"].changed == ("warm-bed",)


@pytest.mark.parametrize("name", packs.shelf())
def test_every_right_that_comes_with_maillage_names_the_page_that_states_it(name: str) -> None:
    found = read_valid(packs.find(name)).rights.get("rights") or []
    for right in found:
        assert right["pages"]
        assert right["checked_on"]
        assert right.get("law") or right.get("note")


def test_brussels_has_a_dozen_rights_and_more() -> None:
    assert len(read_valid(packs.find(packs.default_name())).rights["rights"]) >= 12
