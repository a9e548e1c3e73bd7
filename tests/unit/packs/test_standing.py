"""Who recognises a service, who funds it, and its figures: as far as the sources of the pack say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from maillage.directory.models import Accreditation, Attribute, Funding
from maillage.packs import actions
from maillage.packs.pack import read, read_valid

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SAID = """accreditations: [{authority: The Office, scheme: Shelter, valid_to: 2027-01-31}]
        funding: [{by: The Office, amount: 939000, year: 2024, for: all shelters}]
        indicators: [{code: consultations, value: 5069, year: 2023}]
        capacity:"""
Change = Callable[..., Path]


@pytest.mark.django_db
def test_they_are_loaded_and_go_when_the_pack_no_longer_says_them(tinyland: Change) -> None:
    folder = tinyland(("organizations.yaml", "capacity:", SAID))
    actions.load(read_valid(folder), at=AT)
    recognised = Accreditation.objects.get()
    assert (recognised.authority, recognised.scheme, recognised.valid_to) == (
        "The Office",
        "Shelter",
        date(2027, 1, 31),
    )
    assert Funding.objects.get().source == "The Office, 2024, 939\u00a0000 EUR, all shelters"
    figure = Attribute.objects.get(link_type="indicator")
    assert (figure.label, figure.value) == ("consultations 2023", "5069")

    tinyland(("organizations.yaml", SAID, "capacity:"))
    actions.load(read_valid(folder), at=AT)
    assert not Accreditation.objects.exists()
    assert not Funding.objects.exists()
    assert not Attribute.objects.filter(link_type="indicator").exists()


def test_an_indicator_that_nobody_knows_is_refused(tinyland: Change) -> None:
    folder = tinyland(("organizations.yaml", "capacity:", SAID.replace("consultations", "visits")))
    assert "“visits” is not one of" in "\n".join(map(str, read(folder)[1]))
