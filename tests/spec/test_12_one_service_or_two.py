"""One service or two?

Directories are filled from several hands, and the same service comes twice. Maillage says which records may be one and why;
a person decides. What was decided is kept, holds against every new import, and can be undone.
"""

from __future__ import annotations

from typing import Any

import pytest

from maillage.directory.actions import duplicates
from maillage.directory.models import DuplicatePair, Service
from maillage.directory.search.cards import card
from maillage.directory.search.index import reindex
from maillage.methods.likeness import marks, opposed
from maillage.people.models import Organization
from maillage.territory.models import Territory
from tests.testland import NOW


@pytest.fixture
def two(testland: Territory, cast: Any) -> tuple[Service, Service]:
    """The night shelter, and the same one as a second source tells it: without hours, with an e-mail address."""
    first = Service.objects.select_related("organization").get(code="open-door")
    assert first.organization is not None
    again = Organization.objects.create(territory=testland, code="again", name=first.organization.name)
    second = Service.objects.create(
        territory=testland, code="again", organization=again, name="Porte ouverte", email="porte@example.org", url="https://example.org/porte"
    )  # fmt: skip
    Service.objects.filter(pk=first.pk).update(url="https://example.org/porte")
    reindex(testland)
    return first, second


def proposed(territory: Territory) -> list[DuplicatePair]:
    duplicates.search(territory, at=NOW, by="system:duplicates")
    return list(DuplicatePair.objects.filter(state=DuplicatePair.State.OPEN))


def test_a_pair_comes_with_its_reasons(two: tuple[Service, Service], testland: Territory) -> None:
    (pair,) = proposed(testland)
    assert {"similar-organization", "same-page"} <= {reason["code"] for reason in pair.reasons}
    assert pair.score > 0.5
    for one in two:  # and nothing was merged
        assert card(one.uuid) is not None


def test_creche_1_and_creche_2_are_two() -> None:
    """Whatever else agrees: numbers in any writing, a letter at the end, ages, a word on each side that the other has not."""
    assert marks("Crèche Les Lutins II") == marks("Crèche Les Lutins 2") != marks("Crèche Les Lutins 1")
    assert marks("Halte-accueil 0-3 ans") != marks("Halte-accueil 3-6 ans")
    assert opposed("Permanence du matin", "Permanence du soir")


def test_a_person_says_that_they_are_one_and_the_kept_one_takes_over_what_it_lacks(
    two: tuple[Service, Service], testland: Territory, cast: Any
) -> None:
    first, second = two
    (pair,) = proposed(testland)

    duplicates.decide(pair, same=True, keep=first, by=cast.dora, at=NOW)

    shown = card(first.uuid)
    assert shown is not None
    assert shown.email == "porte@example.org"
    assert card(second.uuid) is None  # its address leads to the first one
    assert proposed(testland) == []


def test_it_can_be_undone(two: tuple[Service, Service], testland: Territory, cast: Any) -> None:
    first, second = two
    (pair,) = proposed(testland)
    merge = duplicates.decide(pair, same=True, keep=first, by=cast.dora, at=NOW)
    assert merge is not None

    duplicates.undo(merge, by=cast.dora, at=NOW)

    assert card(second.uuid) is not None
    shown = card(first.uuid)
    assert shown is not None
    assert shown.email == ""
    assert len(proposed(testland)) == 1  # and the question is open again


def test_a_person_says_that_they_are_two_and_nobody_is_asked_again(
    two: tuple[Service, Service], testland: Territory, cast: Any
) -> None:
    (pair,) = proposed(testland)
    duplicates.decide(pair, same=False, by=cast.dora, at=NOW, note="one is for the day, one for the night")
    assert proposed(testland) == []
