"""A place offered: one answer counts, a deadline is a deadline, a manual act says why and whom it passes over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import TestCase

from maillage.people.actions import persons
from maillage.people.models import CareLink, Message
from maillage.people.rules import NotAllowed
from maillage.places import rules
from maillage.places import waiting as words
from maillage.places.actions import offers, stays, waiting
from maillage.places.models import (
    AllocationLine,
    AllocationRun,
    Draw,
    GroupNight,
    Occupant,
    Offer,
    PassedOver,
    Refusal,
    Request,
    RuleSet,
    Stay,
)
from tests.beds import QUEUE_RULES, Beds, rule_set
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


def test_an_offer_that_was_accepted_a_moment_ago_does_not_expire(beds: Beds) -> None:
    one = made(beds)
    offers.accept(Offer.objects.get(), by=beds.dave, at=NOW)
    assert not offers._expire(one, by="system:work", at=one.expires_at)
    assert Offer.objects.get().state == "accepted"


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


def test_an_accepted_place_is_kept_until_its_first_night_is_over_when_that_is_later(beds: Beds) -> None:
    one = made(beds, from_on=NOW.date() + timedelta(days=2))
    offers.accept(one, by=beds.greta, at=NOW)  # who helps her answers for her
    assert Stay.objects.get().hold_expires_at == datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # five in the morning there


def test_a_place_that_was_accepted_and_not_taken_goes_back_and_they_wait_on(beds: Beds) -> None:
    one = offers.accept(made(beds), by=beds.dave, at=NOW)
    assert stays.sweep(beds.territory, by="system:work", at=NOW + timedelta(hours=2)) == 1
    assert (Request.objects.get().state, one.state) == ("waiting", "accepted")


def test_an_offer_whose_places_are_gone_is_not_accepted(beds: Beds) -> None:
    one = made(beds)
    Stay.objects.all().delete()
    with pytest.raises(words.Changed):
        offers.accept(one, by=beds.dave, at=NOW)
    assert Offer.objects.get().state == "open"


def test_given_at_the_desk_is_offered_and_accepted_in_one_breath_and_told_once(beds: Beds) -> None:
    asked = ask(beds, beds.carla)
    one = offers.give(asked, beds.places[1], by=beds.dave, at=NOW)
    assert (one.state, str(Stay.objects.get().place)) == ("accepted", "W2")
    (said,) = Message.objects.all()
    assert (said.template, said.state) == ("place", "held")  # who helps her says it


def test_they_are_written_to_by_the_way_that_is_safe_and_no_house_is_named(beds: Beds, mailoutbox: list[Any]) -> None:
    type(beds.carla).objects.filter(pk=beds.carla.pk).update(contact="email", email="carla@example.org")
    beds.carla.refresh_from_db()
    token = ""
    with TestCase.captureOnCommitCallbacks(execute=True):
        one, token = offers.offer(ask(beds, beds.carla), beds.women, by=beds.dave, at=NOW)
    (letter,) = mailoutbox
    assert token in letter.body
    assert "Open Door" not in letter.body + letter.subject
    assert offers.by_token(beds.territory, token, at=NOW) == one
    assert token not in str(Offer.objects.values().get())
    assert (
        offers.by_token(beds.territory, token, at=one.expires_at + timedelta(days=31)) is None
    )  # an old link tells nothing
    for wrong in ("", "short", one.token, "x" * 500):
        assert offers.by_token(beds.territory, wrong, at=NOW) is None
    with TestCase.captureOnCommitCallbacks(execute=True):
        offers.withdraw(one, "The room is flooded", by=beds.bob, at=NOW)
    assert len(mailoutbox) == 2


def test_a_family_with_records_is_offered_a_place_together(beds: Beds) -> None:
    asked = ask(beds, beds.amina, people=2)
    offers.offer(asked, beds.families, by=beds.dave, at=NOW)
    assert Occupant.objects.count() == 2


def test_the_clock_of_who_declines_pauses_when_the_rules_say_so_not_when_the_house_declines(beds: Beds) -> None:
    rule_set(beds.queue, {**QUEUE_RULES, "decline_pause_days": 7}, "2")
    RuleSet.objects.filter(version="2").update(adopted_at=NOW - timedelta(days=1))
    beds.rules.delete()
    one = made(beds)
    with pytest.raises(rules.Impossible, match="Choose why"):
        offers.decline(one, "person", "nonsense", by=beds.dave, at=NOW)
    with pytest.raises(NotAllowed):
        offers.decline(one, "provider", "care", by=beds.greta, at=NOW)
    offers.decline(one, "provider", "care", by=beds.bob, at=NOW)
    asked = Request.objects.get()
    assert [event.kind for event in asked.clock.all()] == ["start"]
    again, _token = offers.offer(asked, beds.women, by=beds.dave, at=NOW)
    offers.decline(again, "person", "not_now", "Next week", by="system:link", at=NOW)
    assert [event.kind for event in asked.clock.order_by("pk")] == ["start", "pause", "resume"]
    assert set(Refusal.objects.values_list("cause", "code")) == {("provider", "care"), ("person", "again:not_now")}


def test_taking_back_needs_a_reason_and_an_offer_that_fails_leaves_nothing(beds: Beds) -> None:
    one = made(beds)
    with pytest.raises(rules.Impossible, match="taken back"):
        offers.withdraw(one, "  ", by=beds.bob, at=NOW)
    with pytest.raises(words.Changed):  # they have an offer already
        offers.offer(one.request, beds.women, by=beds.dave, at=NOW)
    stays.hold(beds.women, beds.amina, from_on=NOW.date(), until_on=None, minutes=None, by=beds.bob, at=NOW)
    offers.withdraw(one, "Works", by=beds.bob, at=NOW)
    with pytest.raises(rules.NotForThem):
        offers.offer(ask(beds, beds.bruno), beds.women, reason="He is alone", by=beds.dave, at=NOW)
    assert set(Request.objects.values_list("state", flat=True)) == {"waiting"}


def test_only_those_who_wait_and_could_have_the_place_are_passed_over(beds: Beds) -> None:
    ask(beds, beds.bruno, waited=30)  # a man: not here
    ask(beds, beds.son, waited=25)  # a child
    family = ask(beds, beds.amina, waited=20, people=3)  # more than one place holds
    paused = ask(beds, person(beds, "Paula"), waited=15)
    waiting.pause(paused, "away", by="system:test", at=NOW)
    able = ask(beds, person(beds, "Ada"), waited=10)
    later = ask(beds, beds.carla, waited=1)
    assert offers.passed_over(later, beds.women, at=NOW) == [able.pk]
    assert family.pk in offers.passed_over(later, beds.dormitory, at=NOW)
    beds.rules.delete()
    assert offers.passed_over(later, beds.women, at=NOW) == []


def test_the_ranks_of_a_draw_say_who_stood_before(beds: Beds) -> None:
    night = NOW.date()
    first, second = (
        waiting.ask(beds.draw, one, night=night, by="system:test", at=NOW)[0] for one in (beds.bruno, beds.carla)
    )
    run = AllocationRun.objects.create(
        waiting_list=beds.draw, kind="draw", night=night, rules=beds.draw.rule_sets.get(), rules_hash="", snapshot=b"",
        snapshot_hash="", engine="1", result_hash="", started_at=NOW,
    )  # fmt: skip
    Draw.objects.create(
        waiting_list=beds.draw, night=night, opens_at=NOW - timedelta(hours=2), closes_at=NOW, list_hash="1", run=run
    )
    for request, rank in ((second, 1), (first, 2)):
        AllocationLine.objects.create(run=run, request=request, number=request.number, rank=rank, outcome="not_served")
    assert offers.passed_over(first, beds.dormitory, at=NOW) == [second.pk]
    assert offers.passed_over(second, beds.dormitory, at=NOW) == []
    one = offers.give(first, beds.dormitory, reason="Carla sleeps elsewhere", by=beds.dave, at=NOW)
    assert (one.stays.get().from_on, one.stays.get().until_on) == (night, night + timedelta(days=1))


def person(beds: Beds, name: str) -> Any:
    return persons.register(beds.territory, beds.street, given_name=name, gender="woman", by=beds.greta, at=NOW)


def test_who_sleeps_nowhere_has_a_bed_of_the_shelter_until_they_come_to_the_place_kept_for_them(beds: Beds) -> None:
    asked, _token = waiting.ask(beds.queue, beds.carla, by="system:test", at=NOW)
    kept = offers.accept(offers.offer(asked, beds.women, by=beds.dave, at=NOW)[0], by=beds.dave, at=NOW).stays.get()
    night = {
        "from_on": NOW.date(),
        "until_on": NOW.date() + timedelta(days=1),
        "minutes": 60,
        "by": beds.bob,
        "at": NOW,
    }
    (held,) = stays.hold(beds.dormitory, beds.carla, **night)
    before = stays.admit(held, by=beds.bob, at=NOW)
    assert stays.admit(kept, by=beds.bob, at=NOW + timedelta(hours=1)).after == before
    assert GroupNight.objects.get(group=beds.dormitory).used == 0


def test_who_keeps_the_list_reads_a_household_until_the_last_of_its_places_is_left(beds: Beds) -> None:
    asked, _token = waiting.ask(beds.queue, beds.carla, people=2, by="system:test", at=NOW)
    made = offers.offer(asked, beds.women, despite="a test", by=beds.dave, at=NOW)[0]
    first, second = (
        stays.admit(one, by=beds.bob, at=NOW) for one in offers.accept(made, by=beds.dave, at=NOW).stays.all()
    )
    read = CareLink.objects.filter(person=beds.carla, organization=beds.dispatch, until=None)
    stays.check_out(first, "unknown", by=beds.bob, at=NOW + timedelta(hours=1))
    assert read.exists()
    stays.check_out(second, "unknown", by=beds.bob, at=NOW + timedelta(hours=2))
    assert not read.exists()
