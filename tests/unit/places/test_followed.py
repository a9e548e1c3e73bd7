"""What a list and a stay say to the referral that brought somebody; and nobody counted twice for one night."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from maillage.orientation import queries as vocabularies
from maillage.orientation import referring
from maillage.orientation.actions import referrals
from maillage.orientation.models import Referral
from maillage.people.actions import persons
from maillage.people.models import CareLink
from maillage.places.actions import dispatch, followed, offers, registering, runs, stays, waiting
from maillage.places.models import Offer, Refusal, Request, Stay
from maillage.places.refused import refused
from maillage.places.waiting import Refused
from tests.beds import Beds
from tests.referred import refer
from tests.testland import NOW

LATER = NOW + timedelta(hours=1)
NIGHT = NOW.date()
BRUSSELS = ZoneInfo("Europe/Brussels")


def brought(beds: Beds, *, state: str = "sent") -> Referral:
    """Greta refers Carla to the house where Bob works."""
    sent, _token = refer(beds, beds.carla, message="")
    if state != "sent":
        getattr(referrals, state)(sent, by=beds.bob, at=NOW)
    return sent


def asked(beds: Beds, referral: Referral, by: Any = "system:test", **more: Any) -> Request:
    return waiting.ask(beds.queue, beds.carla, referral=referral, by=by, at=LATER, **more)[0]


def lives_in(beds: Beds, request: Request) -> Stay:
    offers.give(request, beds.women, by=beds.bob, at=LATER)
    return stays.admit(request.stays.get(), by=beds.bob, at=LATER)


def state(referral: Referral) -> str:
    referral.refresh_from_db()
    return str(referral.state)


# ---- they wait


def test_put_on_the_list_by_who_received_it_the_referral_waits_too(beds: Beds) -> None:
    sent = brought(beds)
    persons.link(beds.carla, beds.house, CareLink.Reason.REGISTERED, by="system:test", at=NOW)
    beds.queue.keeper = beds.house
    beds.queue.save()
    asked(beds, sent, by=beds.bob, asked_by=beds.house)
    assert state(sent) == "waitlisted"
    assert [(one.state, one.side) for one in referring.timeline(sent)][-1] == ("waitlisted", "recipient")


def test_put_on_the_list_by_who_sent_it_the_recipient_has_not_answered(beds: Beds) -> None:
    sent = brought(beds)
    beds.queue.keeper = beds.street
    beds.queue.save()
    asked(beds, sent, by=beds.greta, asked_by=beds.street)
    assert state(sent) == "sent"


@pytest.mark.parametrize("before", ["acknowledge", "accept"])
def test_what_was_answered_stays_as_it_was_answered(beds: Beds, before: str) -> None:
    sent = brought(beds, state=before)
    asked(beds, sent)
    assert state(sent) == {"acknowledge": "waitlisted", "accept": "accepted"}[before]


def test_a_letter_that_has_expired_keeps_nobody_off_a_list(beds: Beds) -> None:
    sent = brought(beds)
    Referral.objects.filter(pk=sent.pk).update(expires_at=NOW)
    made = asked(beds, sent)
    assert (made.state, state(sent)) == ("waiting", "sent")


def test_a_referral_of_somebody_else_is_not_theirs(beds: Beds) -> None:
    sent, _token = refer(beds, beds.amina)
    with pytest.raises(Refused, match="somebody else"):
        asked(beds, sent)


def test_the_letter_that_brought_somebody_is_found_when_there_is_one_and_only_one(beds: Beds) -> None:
    assert followed.brought(beds.carla, beds.house) is None
    sent = brought(beds)
    assert followed.brought(beds.carla, beds.house) == sent
    assert followed.brought(beds.carla, beds.street) is None
    assert followed.brought(beds.carla, None) is None
    Referral.objects.create(
        territory=beds.territory, person=beds.carla, recipient=beds.house, sent_at=NOW, expires_at=LATER
    )
    assert followed.brought(beds.carla, beds.house) is None


# ---- they came


@pytest.mark.parametrize("before", ["waitlist", "accept"])
def test_help_has_begun_when_they_come(beds: Beds, before: str) -> None:
    sent = brought(beds, state=before)
    lives_in(beds, asked(beds, sent))
    assert (state(sent), sent.started_at) == ("started", LATER)


def test_of_another_house_than_the_recipient_help_has_begun_and_nobody_of_there_is_named(beds: Beds) -> None:
    sent = brought(beds, state="waitlist")
    request = asked(beds, sent)
    Referral.objects.filter(pk=sent.pk).update(recipient=beds.dispatch)
    lives_in(beds, request)
    assert state(sent) == "started"
    assert referring.timeline(sent)[-1].by is None


def test_somebody_who_comes_in_is_not_sent_away_because_of_a_letter(beds: Beds) -> None:
    sent = brought(beds)
    request = asked(beds, sent, by="system:test")
    Referral.objects.filter(pk=sent.pk).update(state="sent", expires_at=NOW)
    assert lives_in(beds, request).state == "in"
    assert state(sent) == "sent"


def test_a_letter_that_nobody_answered_is_accepted_by_who_lets_them_in(beds: Beds) -> None:
    sent = brought(beds)
    request = asked(beds, sent)
    Referral.objects.filter(pk=sent.pk).update(state="acknowledged")
    lives_in(beds, request)
    assert [line.state for line in referring.timeline(sent)][-2:] == ["accepted", "started"]


# ---- they left


@pytest.mark.parametrize(("exit", "outcome"), [("housed", "met"), ("family", ""), ("street", ""), ("unknown", "")])
def test_when_they_leave_the_end_is_proposed_and_said_only_where_leaving_says_it(
    beds: Beds, exit: str, outcome: str
) -> None:
    sent = brought(beds, state="accept")
    stay = lives_in(beds, asked(beds, sent))
    sent.refresh_from_db()
    assert followed.ended(sent) is None
    stays.check_out(stay, exit, by=beds.bob, at=LATER)
    assert followed.of_stay(stay) == sent
    assert followed.ended(sent) == followed.Ended(outcome)
    referrals.close(sent, "met", by=beds.bob, at=LATER)
    assert followed.ended(sent) is None


def test_moving_is_staying_and_a_stay_without_a_letter_asks_nothing(beds: Beds) -> None:
    sent = brought(beds, state="accept")
    stay = lives_in(beds, asked(beds, sent))
    moved = stays.move(stay, beds.places[1], by=beds.bob, at=LATER)
    sent.refresh_from_db()
    assert followed.ended(sent) is None
    stays.check_out(moved, "housed", by=beds.bob, at=LATER)
    assert followed.ended(sent) == followed.Ended("met")
    Stay.objects.update(request=None)
    assert followed.of_stay(Stay.objects.all()[0]) is None


# ---- nothing was found: once for a night


def tonight(beds: Beds, person: Any, **more: Any) -> Request:
    return waiting.ask(beds.draw, person, night=NIGHT, by="system:test", at=NOW - timedelta(hours=6), **more)[0]


def missing(beds: Beds) -> int:
    """What the page of unmet needs counts, seen some days later."""
    vocabularies.forget()
    words = vocabularies.vocabulary(beds.territory)
    found = refused(words, first=NIGHT - timedelta(days=3), today=NIGHT + timedelta(days=3))
    return sum(one[-1] for one in found)


def test_a_night_without_a_place_is_counted_once_however_often_it_is_said(beds: Beds) -> None:
    one = tonight(beds, beds.bruno)
    for hours, cause in ((0, "no_place"), (1, "no_place"), (4, "rule")):
        dispatch.refuse(one, cause, by=beds.dave, at=NOW + timedelta(hours=hours))
    registering.end_past_nights(beds.territory, by="system:work", at=NOW + timedelta(days=1))
    assert Refusal.objects.count() == missing(beds) == 1


def test_another_night_is_another_count(beds: Beds) -> None:
    one = waiting.ask(beds.queue, beds.bruno, by="system:test", at=NOW)[0]
    for days in (0, 1):
        dispatch.refuse(one, "no_place", by=beds.dave, at=NOW + timedelta(days=days))
    assert missing(beds) == 2


def test_after_a_draw_those_who_were_not_drawn_are_counted_once(beds: Beds) -> None:
    for n in range(5):
        tonight(beds, persons.register(beds.territory, beds.dispatch, by=beds.dave, at=NOW, alias=f"Sleeper {n}"))
    draw = runs.publish(registering.draw_of(beds.draw, NIGHT, at=NOW), by=beds.dave, at=NOW)
    runs.draw(draw, "a public number", by=beds.dave, at=LATER)
    for one in Request.objects.filter(state="waiting"):
        dispatch.refuse(one, "no_place", by=beds.dave, at=LATER)
    offers.expire(beds.territory, by="system:work", at=NOW + timedelta(hours=4))
    registering.end_past_nights(beds.territory, by="system:work", at=NOW + timedelta(days=1))
    assert missing(beds) == 2  # three had an offer that nobody answered


def test_a_night_that_nobody_dispatched_is_counted_when_it_is_over(beds: Beds) -> None:
    tonight(beds, beds.bruno, people=2)
    waiting.ask(beds.draw, beds.carla, night=NIGHT, by="system:test", at=NOW - timedelta(days=2))
    registering.end_past_nights(beds.territory, by="system:work", at=NOW + timedelta(days=1))
    counted = list(Refusal.objects.order_by("people").values_list("cause", "people", "at"))
    late = datetime(2026, 11, 20, 22, tzinfo=BRUSSELS)
    assert counted == [("no_place", 1, late), ("no_place", 2, NOW - timedelta(hours=6))]
    assert missing(beds) == 2


@pytest.mark.parametrize("first", ["declined", "nothing"])
def test_declined_and_nothing_found_in_one_night_is_one_household_without_a_place(beds: Beds, first: str) -> None:
    one = waiting.ask(beds.queue, beds.carla, by="system:test", at=NOW)[0]

    def declined() -> Offer:
        made, _token = offers.offer(one, beds.women, by=beds.dave, at=LATER)
        return offers.decline(made, "provider", "rules", by=beds.bob, at=LATER)

    def nothing() -> None:
        dispatch.refuse(one, "no_place", by=beds.dave, at=LATER)

    for act in (declined, nothing) if first == "declined" else (nothing, declined):
        act()
    assert sorted(Refusal.objects.values_list("cause", flat=True)) == ["no_place", "provider"]
    assert missing(beds) == 1
