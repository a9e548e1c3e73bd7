"""What is counted from places is what search, cards and lists say, at once and without indexing again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from maillage.directory.actions import capacity
from maillage.directory.ingest import children
from maillage.directory.models import DirectoryState, Location, Revision, Service, ServiceCapacity
from maillage.directory.search import cards, engine, memory, rooms
from maillage.directory.search.index import reindex
from maillage.directory.search.types import Query
from maillage.places.actions import claims, stays
from maillage.places.models import PlaceGroup, Site
from tests.beds import Beds
from tests.testland import NOW

DAY = timedelta(days=1)


@pytest.fixture
def indexed(beds: Beds) -> Beds:
    ServiceCapacity.objects.filter(service=beds.shelter).delete()
    memory.forget()
    claims.tell_all_rooms(beds.territory, at=NOW)
    reindex(beds.territory, at=NOW)
    return beds


def found(beds: Beds, at: Any = NOW, **more: Any) -> dict[str, tuple[str, int | None]]:
    results = engine.search(Query(territory="testland", at=at, needs=("emergency-shelter",), **more))
    return {
        hit.card.texts["name"]["en"]: (hit.capacity, hit.card.capacities[0].available if hit.card.capacities else None)
        for hit in results.hits
    }


def fill(beds: Beds) -> None:
    for where, people in ((beds.places[0], 1), (beds.places[1], 1), (beds.places[2], 4), (beds.dormitory, 3)):
        from maillage.people.models import Person

        who = Person.objects.create(territory=beds.territory, alias="Somebody", created_at=NOW)
        stays.hold(
            where, who, from_on=NOW.date(), until_on=NOW.date() + DAY, people=people, minutes=None, by=beds.bob, at=NOW
        )


def test_search_and_cards_say_a_bed_that_was_given_a_moment_ago(indexed: Beds) -> None:
    beds = indexed
    name = "Open Door" if "Open Door" in found(beds) else cards.cards(beds.shelter.uuid)[0].texts["name"]["en"]
    assert found(beds)[name] == ("capacity", 6)
    before = DirectoryState.objects.get(territory=beds.territory).sequence
    fill(beds)
    assert found(beds)[name] == ("no-capacity", 0)
    assert name not in found(beds, has_room=True)
    assert [(one.available, one.maximum) for one in cards.cards(beds.shelter.uuid)[0].capacities] == [(0, 6)]
    shown, _total, _next = cards.listing(beds.territory, need="emergency-shelter")
    assert [card.capacities[0].available for card in shown if card.texts["name"]["en"] == name] == [0]
    assert DirectoryState.objects.get(territory=beds.territory).sequence == before  # nothing was indexed
    assert not Revision.objects.filter(service=beds.shelter).exists()


def test_a_search_is_not_a_query_more(indexed: Beds, django_assert_num_queries: Any) -> None:
    found(indexed)
    with django_assert_num_queries(2):  # the territory, and whether anything changed
        found(indexed)


def test_what_nobody_counts_any_more_is_unknown_after_a_day(indexed: Beds) -> None:
    name = cards.cards(indexed.shelter.uuid)[0].texts["name"]["en"]
    assert found(indexed, at=NOW + 2 * DAY)[name][0] == ""


def test_nobody_says_by_hand_what_is_counted(indexed: Beds, cast: Any) -> None:
    with pytest.raises(capacity.Impossible, match="counted from its places"):
        capacity.say(indexed.shelter, available=9, expires_at=NOW + DAY, by=cast.alice, at=NOW)


def test_what_was_said_of_another_unit_stays_beside_it(indexed: Beds) -> None:
    ServiceCapacity.objects.create(service=indexed.shelter, unit="meal", available=20, updated_at=NOW)
    reindex(indexed.territory, [indexed.shelter.pk], at=NOW)
    units = [one.unit for one in cards.cards(indexed.shelter.uuid)[0].capacities]
    assert units[0] == capacity.ROOM
    assert sorted(units) == ["meal", capacity.ROOM]


def test_the_same_numbers_are_not_written_again_before_an_hour(indexed: Beds) -> None:
    row = ServiceCapacity.objects.get(is_derived=True)
    claims.tell_all_rooms(indexed.territory, at=NOW + timedelta(minutes=30))
    assert ServiceCapacity.objects.get(is_derived=True).updated_at == row.updated_at
    claims.tell_all_rooms(indexed.territory, at=NOW + timedelta(hours=1))
    assert ServiceCapacity.objects.get(is_derived=True).updated_at == NOW + timedelta(hours=1)


def test_a_service_without_a_document_is_no_trouble(indexed: Beds) -> None:
    Service.objects.filter(pk=indexed.shelter.pk).update(status="defunct")
    reindex(indexed.territory, at=NOW)
    fill(indexed)
    found(indexed)
    assert cards.cards(indexed.shelter.uuid) == ()


def test_a_feed_never_takes_away_what_is_counted(indexed: Beds) -> None:
    ServiceCapacity.objects.create(service=indexed.shelter, unit="place", available=1, updated_at=NOW)
    children.delete("service", [indexed.shelter.pk], ["capacities"])
    assert [row.is_derived for row in ServiceCapacity.objects.filter(service=indexed.shelter)] == [True]


def test_a_confidential_house_says_room_or_none_once_a_day_and_never_a_number(indexed: Beds) -> None:
    """Whoever looks for somebody and watches the page learns neither that one place less is free, nor since when."""
    beds = indexed
    Location.objects.filter(services_here__service=beds.shelter).update(is_confidential=True)
    claims.tell_all_rooms(beds.territory, at=NOW)
    midnight = NOW.replace(hour=0, minute=0)

    def said() -> tuple[Any, ...]:
        row = ServiceCapacity.objects.get(service=beds.shelter, is_derived=True)
        return row.available, row.maximum, row.status, row.updated_at

    assert said() == (None, None, "capacity", midnight)
    mark = rooms.state(beds.territory)
    fill(beds)
    claims.tell_all_rooms(beds.territory, at=NOW + timedelta(hours=3))
    assert said() == (None, None, "capacity", midnight)
    assert rooms.state(beds.territory) == mark
    claims.tell_all_rooms(beds.territory, at=NOW + timedelta(hours=5))  # the day after, in UTC
    assert said() == (None, None, "no-capacity", midnight + DAY)
    assert rooms.state(beds.territory) != mark
    assert cards.cards(beds.shelter.uuid)[0].capacities[0].available is None
    Location.objects.update(is_confidential=False)
    claims.tell_all_rooms(beds.territory, at=NOW + timedelta(hours=6))
    assert said()[:3] == (0, 6, "")


def test_after_two_services_were_merged_the_room_of_both_is_the_room_of_the_one_that_is_kept(indexed: Beds) -> None:
    beds = indexed
    kept = (
        Service.objects.filter(territory=beds.territory, merged_into=None).exclude(pk=beds.shelter.pk).order_by("pk")[0]
    )
    ServiceCapacity.objects.filter(service=kept).delete()
    Service.objects.filter(pk=beds.shelter.pk).update(merged_into=kept)

    def said() -> list[tuple[int | None, int | None]]:
        return list(ServiceCapacity.objects.filter(service=kept).values_list("available", "maximum"))

    claims.tell_all_rooms(beds.territory, at=NOW)
    assert said() == [(6, 6)]
    fill(beds)
    assert said() == [(0, 6)]
    other = Site.objects.create(territory=beds.territory, service=kept, code="annex", name="Annex", kind="shelter")
    group = PlaceGroup.objects.create(site=other, code="annex", kind="dormitory", beds=4)
    claims.tell_room(other, at=NOW)
    assert (group.beds, said()) == (4, [(4, 10)])
    Location.objects.filter(services_here__service=beds.shelter).update(is_confidential=True)
    claims.tell_all_rooms(beds.territory, at=NOW)
    assert said() == [(4, 4)]
