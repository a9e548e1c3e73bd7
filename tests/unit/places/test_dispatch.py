"""Beside giving places: a no that is counted, and what was held taken back, a household's places all at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from maillage.people.models import Trace
from maillage.people.rules import NotAllowed
from maillage.places import queries, rules
from maillage.places.actions import dispatch, offers, stays, waiting
from maillage.places.models import Offer, Refusal, Request, Stay
from tests.testland import NOW

if TYPE_CHECKING:
    from tests.beds import Beds


def asked(beds: Beds, people: int = 1) -> Request:
    return waiting.ask(beds.queue, beds.carla, people=people, asked_by=beds.street, by="system:test", at=NOW)[0]


def test_only_who_keeps_the_list_says_no_and_says_why(beds: Beds) -> None:
    request = asked(beds)
    for user in (beds.bob, beds.greta, beds.hugo):
        with pytest.raises(NotAllowed):
            dispatch.refuse(request, "no_place", by=user, at=NOW)
    with pytest.raises(rules.Impossible):
        dispatch.refuse(request, "weather", by=beds.dave, at=NOW)
    dispatch.refuse(request, "provider", group=beds.women, by=beds.dave, at=NOW)
    assert Refusal.objects.get().group == beds.women
    assert Trace.objects.get(verb="refused a place").data == {"cause": "provider"}


def test_a_household_over_two_places_is_taken_back_at_once(beds: Beds) -> None:
    request = asked(beds, people=2)
    offers.give(request, beds.women, by=beds.dave, at=NOW)
    first = Stay.objects.order_by("pk")[0]
    dispatch.take_back(first, by=beds.dave, at=NOW)
    assert [one.state for one in Stay.objects.all()] == ["cancelled", "cancelled"]
    request.refresh_from_db()
    assert request.state == "waiting"
    with pytest.raises(rules.Refused):
        dispatch.take_back(first, by=beds.dave, at=NOW)


def test_a_place_held_without_a_request_is_taken_back_alone(beds: Beds) -> None:
    on = queries.night(beds.territory, NOW)
    for person in (beds.carla, beds.amina):
        stays.hold(beds.women, person, from_on=on, until_on=None, minutes=30, by="system:test", at=NOW)
    dispatch.take_back(Stay.objects.get(person=beds.carla), by=beds.dave, at=NOW)
    assert Stay.objects.get(person=beds.amina).state == "held"


def test_what_time_has_ended_is_written_down(beds: Beds) -> None:
    request = asked(beds)
    offers.offer(request, beds.women, by=beds.dave, at=NOW)
    dispatch.tidy(beds.territory, at=NOW + timedelta(hours=3))
    assert Offer.objects.get().state == "expired"
    request.refresh_from_db()
    assert request.state == "waiting"
