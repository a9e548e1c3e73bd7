"""A confidential place never leaves

Safe House stands in a street whose name is known to those who work there. It can be found; its street cannot.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from maillage.directory.models import Location, SearchDocument
from maillage.directory.queries import PlaceHidden, exact_place
from maillage.people.models import Membership, Trace
from maillage.territory.models import Area
from tests.spec.conftest import Tell, of
from tests.testland import NOW, SECRET_STREET


def test_it_is_recommended_with_its_area_and_without_its_place(tell: Tell) -> None:
    answer = tell(needs=("emergency-shelter",), facts={"violence": True}, area="north")

    card = of(answer, "Safe House").card
    assert card.is_confidential
    harbour = Area.objects.get(code="harbour")
    assert (card.area, card.address) == ("harbour", "")
    assert (card.latitude, card.longitude) == (harbour.latitude, harbour.longitude)  # of the area, not of the house


def test_nothing_that_is_answered_holds_the_street(tell: Tell) -> None:
    answer = tell("safe house Quiet Street, a bed tonight", facts={"violence": True})

    assert SECRET_STREET.encode() not in msgspec.json.encode(answer.suggestions)
    assert not any(
        SECRET_STREET.encode() in bytes(document.card) + bytes(document.facets)
        for document in SearchDocument.objects.all()
    )


@pytest.mark.parametrize("who", ["alice", "bob", "charlie", "dora"])
def test_not_even_an_administrator_reads_it_by_office(cast: Any, who: str) -> None:
    with pytest.raises(PlaceHidden):
        exact_place(Location.objects.get(is_confidential=True), user=getattr(cast, who), at=NOW)


def test_somebody_of_the_house_who_was_given_the_right_reads_it_and_leaves_a_trace(cast: Any) -> None:
    safe_house = Location.objects.get(is_confidential=True)
    Membership.objects.create(
        user=cast.bob, territory=safe_house.territory, organization=safe_house.organization, role="professional",
        sees_confidential_places=True, starts_at=NOW,
    )  # fmt: skip

    place = exact_place(safe_house, user=cast.bob, at=NOW)
    assert place.addresses[0].address_1 == SECRET_STREET
    assert Trace.objects.get(target=str(safe_house.uuid)).actor == f"user:{cast.bob.uuid}"
