from __future__ import annotations

from datetime import timedelta

import pytest

from maillage.directory.models import Location, SearchDocument
from maillage.directory.queries import PlaceHidden, exact_place
from maillage.directory.search.cards import cards
from maillage.directory.search.documents import decode_card, decode_facets
from maillage.people.models import Trace
from maillage.territory.models import Area, Territory
from tests.conftest import Cast
from tests.testland import NOW, SECRET_STREET
from tests.unit.directory.conftest import Find


def test_the_exact_place_of_a_confidential_location_is_nowhere_in_the_read_model(indexed: Territory) -> None:
    location = Location.objects.get(is_confidential=True)
    document = SearchDocument.objects.get(location=location)
    area = Area.objects.get(code="harbour")
    card, facets = decode_card(bytes(document.card)), decode_facets(bytes(document.facets))
    assert (card.latitude, card.longitude) == (facets.latitude, facets.longitude) == (area.latitude, area.longitude)
    assert card.is_confidential
    assert card.address == card.location == ""
    whole = document.a + document.b + document.c + str(card) + str(facets)
    assert "quiet" not in whole.lower()
    assert SECRET_STREET not in whole
    assert str(location.latitude) not in whole


def test_distance_to_a_confidential_place_is_to_the_centre_of_its_area(find: Find) -> None:
    service = Location.objects.get(is_confidential=True).services_here.get().service
    before = cards(service.uuid)[0]
    found = next(hit for hit in find(near=(50.87, 4.42), limit=50).hits if hit.card.service == before.service)
    assert found.distance_km == 0.0


def test_only_a_member_with_the_right_sees_where_it_is_and_it_leaves_a_trace(cast: Cast) -> None:
    location = Location.objects.get(is_confidential=True)
    Location.objects.filter(pk=location.pk).update(organization=cast.organization)
    location.refresh_from_db()
    for stranger in (None, cast.alice, cast.charlie, cast.dora):
        with pytest.raises(PlaceHidden):
            exact_place(location, user=stranger, at=NOW)
    assert not Trace.objects.filter(verb="read-confidential-place").exists()
    cast.alice.memberships.update(sees_confidential_places=True, starts_at=NOW - timedelta(days=1))
    assert exact_place(location, user=cast.alice, at=NOW).addresses[0].address_1 == SECRET_STREET
    assert Trace.objects.get(verb="read-confidential-place").target == str(location.uuid)
    cast.alice.memberships.update(ends_at=NOW)
    with pytest.raises(PlaceHidden):
        exact_place(location, user=cast.alice, at=NOW)


def test_anyone_sees_an_open_place(testland: Territory) -> None:
    location = Location.objects.filter(is_confidential=False).first()
    assert location is not None
    assert exact_place(location, user=None, at=NOW).latitude == location.latitude
