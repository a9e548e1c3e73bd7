"""Houses and places: opened, put out of use and back, beds of a night, a house that closes; and who sees what."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from maillage.directory.models import Location
from maillage.people.rules import NotAllowed
from maillage.places import queries, rules
from maillage.places.actions import offers, sites, stays, waiting
from maillage.places.models import GroupNight, OutOfUse, Place, Request, Site, Stay
from tests.beds import Beds
from tests.testland import NOW

TONIGHT = date(2026, 11, 20)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def by(beds: Beds, **more: Any) -> dict[str, Any]:
    return {"by": beds.bob, "at": NOW, **more}


def hold(beds: Beds, where: Any, person: Any, **more: Any) -> Stay:
    return stays.hold(where, person, **{"from_on": TONIGHT, "until_on": None, "minutes": None, **by(beds), **more})[0]


def state(place: Place, at: Any = NOW) -> str:
    return str(Place.objects.with_state(at=at).get(pk=place.pk).now)  # type: ignore[misc]


def test_a_house_is_opened_with_its_groups_and_places(beds: Beds) -> None:
    made = sites.open_site(
        beds.territory,
        beds.shelter,
        "Annex",
        kind="temporary",
        opens_on=TONIGHT,
        closes_on=TONIGHT + 90 * DAY,
        **by(beds),
    )
    group = sites.open_group(made, unit_size=2, accredited=4, public="families", **by(beds))
    sites.open_places(group, ["A", "B"], room="1", **by(beds))
    sites.open_place(group, "C", **by(beds))
    sites.open_group(made, kind="dormitory", beds=6, **by(beds))
    assert list(group.places.order_by("order").values_list("label", "room")) == [("A", "1"), ("B", "1"), ("C", "")]
    assert queries.room([made.pk], at=NOW)[beds.shelter.pk] == queries.Room(9, 9)
    assert beds.shelter.capacities.get(is_derived=True).available == 15  # of both houses of the service
    assert list(Site.objects.open(on=TONIGHT + 90 * DAY)) == [beds.site]


def test_a_house_without_places_yet_says_nothing_of_room(beds: Beds) -> None:
    made = sites.open_site(beds.territory, beds.shelter, "Annex", kind="shelter", **by(beds))
    assert queries.room([made.pk], at=NOW) == {}


def test_what_cannot_be_of_a_house_is_refused(beds: Beds) -> None:
    for wrong in ({"name": ""}, {"kind": "tent"}, {"opens_on": TONIGHT, "closes_on": TONIGHT}):
        said = {"name": "Annex", "kind": "shelter", **wrong}
        with pytest.raises(rules.Impossible):
            sites.open_site(beds.territory, beds.shelter, **said, **by(beds))
    with pytest.raises(NotAllowed):
        sites.open_site(beds.territory, beds.shelter, "Annex", kind="shelter", **by(beds, by=beds.dave))
    with pytest.raises(rules.Impossible):
        sites.open_group(beds.site, unit_size=0, **by(beds))
    with pytest.raises(TypeError, match="has no colour"):
        sites.open_group(beds.site, colour="red", **by(beds))
    for labels in ([], [""], ["W1"], ["X", "X"]):
        with pytest.raises(rules.Impossible):
            sites.open_places(beds.women, labels, **by(beds))
    with pytest.raises(rules.Impossible, match="counted"):
        sites.open_place(beds.dormitory, "D", **by(beds))


def test_a_place_is_put_out_of_use_and_back(beds: Beds) -> None:
    place = beds.places[0]
    sites.put_out(place, "works", ends_at=NOW + 3 * DAY, reason="The ceiling", **by(beds))
    assert (state(place), state(place, NOW + 3 * DAY)) == ("works", "free")
    assert beds.shelter.capacities.get(is_derived=True).maximum == 5  # what is open, not what is accredited
    assert not sites.put_back(beds.places[1], **by(beds))
    assert sites.put_back(place, **by(beds))
    assert (state(place), OutOfUse.objects.count()) == ("free", 0)
    sites.put_out(place, "closed", **by(beds))
    assert sites.put_back(place, by=beds.bob, at=NOW + HOUR)
    assert OutOfUse.objects.get().ends_at == NOW + HOUR
    sites.put_out(place, "cleaning", starts_at=NOW + 2 * DAY, **by(beds))
    assert state(place, NOW + 3 * DAY) == "cleaning"


def test_nobody_is_put_out_with_a_place(beds: Beds) -> None:
    place = beds.places[0]
    for wrong in ({"state": "free"}, {"state": "works", "ends_at": NOW}):
        with pytest.raises(rules.Impossible):
            sites.put_out(place, **{"state": "works", **wrong}, **by(beds))  # type: ignore[arg-type]
    stay = stays.admit(hold(beds, place, beds.carla, until_on=TONIGHT + DAY), **by(beds))
    for times in ({}, {"ends_at": NOW + HOUR}, {"ends_at": NOW + 5 * DAY}):
        with pytest.raises(rules.PlaceTaken):
            sites.put_out(place, "works", **times, **by(beds))
    assert sites.put_out(place, "works", starts_at=NOW + 2 * DAY, **by(beds))
    with pytest.raises(NotAllowed):
        sites.put_back(place, **by(beds, by=beds.dave))
    stays.check_out(stay, "unknown", **by(beds))
    assert sites.put_out(place, "cleaning", ends_at=NOW + HOUR, **by(beds))


def test_beds_of_a_night_are_never_fewer_than_those_given(beds: Beds) -> None:
    hold(beds, beds.dormitory, beds.bruno)
    nights = [TONIGHT, TONIGHT + DAY]
    sites.say_beds(beds.dormitory, nights, 9, **by(beds))
    assert [queries.beds_open(beds.dormitory, night) for night in (*nights, TONIGHT + 2 * DAY)] == [9, 9, 3]
    with pytest.raises(rules.PlaceTaken, match="More beds"):
        sites.say_beds(beds.dormitory, nights, 0, **by(beds))
    for group, beds_ in ((beds.women, 3), (beds.dormitory, -1)):
        with pytest.raises(rules.Impossible):
            sites.say_beds(group, nights, beds_, **by(beds))


def test_counters_that_something_else_wrote_are_mended(beds: Beds) -> None:
    hold(beds, beds.dormitory, beds.bruno)
    assert sites.reconcile(beds.territory, at=NOW) == 0
    GroupNight.objects.update(used=3)
    assert sites.reconcile(beds.territory, at=NOW) == 1
    assert GroupNight.objects.get().used == 1


def test_a_house_that_closes_lists_whom_to_rehouse_and_counts_those_who_were(beds: Beds) -> None:
    asked, _token = waiting.ask(beds.queue, beds.amina, by="system:test", at=NOW)
    closing = TONIGHT + 10 * DAY
    carla = stays.admit(hold(beds, beds.women, beds.carla), **by(beds))
    bruno = stays.admit(hold(beds, beds.dormitory, beds.bruno, until_on=TONIGHT + 12 * DAY), **by(beds))
    later = hold(beds, beds.women, beds.amina, from_on=closing, request=asked)
    with pytest.raises(rules.Impossible, match="a day to come"):
        sites.close_on(beds.site, TONIGHT, **by(beds))
    with pytest.raises(NotAllowed):
        sites.close_on(beds.site, closing, **by(beds, by=beds.dave))
    assert sites.close_on(beds.site, closing, **by(beds)) == [carla, bruno]
    later.refresh_from_db()
    assert (later.state, Request.objects.get().state) == ("cancelled", "waiting")
    assert {one.until_on for one in queries.to_rehouse(beds.site)} == {closing}
    assert GroupNight.objects.filter(used=1).count() == 10
    moved = stays.move(carla, beds.places[1], by=beds.bob, at=NOW + DAY)
    stays.check_out(moved, "housed", by=beds.bob, at=NOW + 2 * DAY)
    assert queries.rehoused(beds.site) == {"housed": 1}  # once, however often she moved inside
    stay = Stay.objects.get(pk=bruno.pk)
    assert queries.room([beds.site.pk], at=NOW + 10 * DAY)[beds.shelter.pk] == queries.Room(0, 0)
    stays.check_out(stay, "street", by=beds.bob, at=NOW + 10 * DAY)
    assert queries.rehoused(beds.site) == {"housed": 1, "street": 1}
    assert sites.close_on(beds.site, None, **by(beds)) == []
    assert hold(beds, beds.women, beds.carla, from_on=TONIGHT + 40 * DAY)


# ---- who sees what


def seen(beds: Beds, user: Any) -> tuple[int, int, int]:
    reads = (queries.sites_for, queries.stays_for, queries.requests_for)
    return tuple(read(user, beds.territory, at=NOW).distinct().count() for read in reads)  # type: ignore[return-value]


def test_a_member_of_another_organisation_sees_nothing_of_a_stay_or_a_request(beds: Beds, cast: Any) -> None:
    asked, _token = waiting.ask(beds.queue, beds.carla, by="system:test", at=NOW)
    offers.offer(asked, beds.women, by=beds.dave, at=NOW)
    hold(beds, beds.dormitory, beds.bruno)
    assert seen(beds, beds.bob) == (1, 2, 0)  # the house reads who is expected; the request when they have accepted
    assert seen(beds, beds.dave) == (1, 1, 1)  # the keeper of the list reads the list
    assert seen(beds, beds.greta) == (0, 2, 1)  # she helps both of them, and runs no house
    for nobody in (beds.hugo, cast.alice, cast.charlie, cast.dora):
        assert seen(beds, nobody) == (0, 0, 0)


def test_a_stay_in_a_confidential_house_is_read_by_the_house_and_the_list_only(beds: Beds) -> None:
    hold(beds, beds.dormitory, beds.bruno)
    Location.objects.filter(services_here__service=beds.shelter).update(is_confidential=True)
    assert (seen(beds, beds.greta)[1], seen(beds, beds.bob)[1]) == (0, 1)
