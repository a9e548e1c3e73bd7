"""A place offered: one answer counts, a deadline is a deadline, a manual act says why and whom it passes over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from maillage.people.rules import NotAllowed
from maillage.places import rules
from maillage.places import waiting as words
from maillage.places.actions import offers, stays, waiting
from maillage.places.models import Offer, PassedOver, Refusal, Request, Stay
from tests.beds import Beds
from tests.testland import NOW

LATER = NOW + timedelta(hours=3)


@pytest.fixture(autouse=True)
def _forget() -> None:
    from maillage.places import standing

    standing.forget()


def ask(beds: Beds, person: Any, *, waited: int = 0, tier: str = "", **more: Any) -> Request:
    asked, _token = waiting.ask(
        beds.queue, person, by="system:test", at=NOW - timedelta(days=waited), **{"people": 1, **more}
    )
    if tier:
        reasons = {"a": ["violence"], "b": ["children"]}.get(tier, [])
        waiting.assess(asked, tier, reasons, by="system:test", at=NOW)
    return asked


def made(beds: Beds, person: Any = None, **more: Any) -> Offer:
    asked = ask(beds, person or beds.carla)
    return offers.offer(asked, beds.women, by=beds.dave, at=NOW, **more)[0]


def test_an_offer_holds_the_place_until_it_is_accepted_and_they_come(beds: Beds) -> None:
    one = made(beds)
    (held,) = Stay.objects.all()
    assert (one.reason, one.expires_at, held.hold_expires_at) == (rules.FIRST, NOW + timedelta(hours=2), one.expires_at)
    with pytest.raises(rules.Impossible):
        stays.admit(held, by=beds.bob, at=NOW)
    offers.accept(one, by=beds.dave, at=NOW + timedelta(hours=1))
    held.refresh_from_db()
    assert held.hold_expires_at == LATER
    stays.admit(held, by=beds.bob, at=NOW + timedelta(hours=2))
    asked = Request.objects.get()
    assert (asked.state, [e.kind for e in asked.clock.order_by("pk")]) == ("placed", ["start", "stop"])


def test_an_answer_that_comes_too_late_is_told_so_and_they_wait_on(beds: Beds) -> None:
    one = made(beds)
    with pytest.raises(words.Changed):
        offers.accept(one, by=beds.dave, at=one.expires_at)
    assert [o.pk for o in offers.expire(beds.territory, by="system:work", at=one.expires_at)] == [one.pk]
    assert offers.expire(beds.territory, by="system:work", at=one.expires_at) == []
    assert (Request.objects.get().state, Stay.objects.get().state) == ("waiting", "cancelled")


def test_declined_by_the_person_is_counted_and_costs_nothing(beds: Beds) -> None:
    one = made(beds)
    offers.decline(one, "person", "too_far", by=beds.greta, at=NOW)
    assert (Request.objects.get().state, Stay.objects.get().state) == ("waiting", "cancelled")
    assert Refusal.objects.values_list("cause", "code", "need").get() == ("person", "too_far", "emergency-shelter")
    with pytest.raises(words.Changed):
        offers.accept(one, by=beds.dave, at=NOW)


def test_a_manual_act_needs_a_reason_when_it_passes_somebody_over(beds: Beds) -> None:
    urgent = ask(beds, beds.amina, waited=3, tier="a")
    later = ask(beds, beds.carla, waited=1)
    with pytest.raises(rules.Impossible, match="Say why"):
        offers.offer(later, beds.women, by=beds.dave, at=NOW)
    assert Request.objects.get(pk=later.pk).state == "waiting"
    one, _token = offers.offer(later, beds.women, reason="Amina sleeps at her sister's tonight", by=beds.dave, at=NOW)
    assert list(PassedOver.objects.values_list("request", "offer")) == [(urgent.pk, one.pk)]


def test_who_is_of_another_house_offers_nothing(beds: Beds) -> None:
    asked = ask(beds, beds.carla)
    with pytest.raises(NotAllowed):
        offers.offer(asked, beds.women, by=beds.hugo, at=NOW)
    one = offers.offer(asked, beds.women, by=beds.dave, at=NOW)[0]
    for verb in (
        lambda: offers.accept(one, by=beds.hugo, at=NOW),
        lambda: offers.withdraw(one, "no", by=beds.greta, at=NOW),
    ):
        with pytest.raises(NotAllowed):
            verb()
    offers.withdraw(one, "The room is flooded", by=beds.bob, at=NOW)
    assert Request.objects.get().state == "waiting"
