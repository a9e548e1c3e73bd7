from __future__ import annotations

from maillage.directory.models import Location, SearchDocument
from maillage.directory.search.cards import cards
from maillage.directory.search.documents import decode_card, decode_facets
from maillage.territory.models import Area, Territory
from tests.testland import SECRET_STREET
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
