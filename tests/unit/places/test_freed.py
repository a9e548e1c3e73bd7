"""A place that came free goes down the list by itself, and further down when it is not taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from maillage.places import standing
from maillage.places import waiting as words
from maillage.places.actions import freed, offers, runs, stays, waiting
from maillage.places.models import AllocationRun, Offer, OutOfUse, Request, RuleSet, Stay
from tests.beds import Beds, rule_set
from tests.testland import NOW

WORK = "system:work"


@pytest.fixture(autouse=True)
def _forget() -> None:
    standing.forget()


@pytest.fixture
def full(beds: Beds) -> Beds:
    """Both places of the women are out of use but one, and somebody of no list is in it; Carla waits longer than Amina."""
    OutOfUse.objects.create(place=beds.places[1], state="works", starts_at=NOW - timedelta(days=9))
    who = offer_nothing(beds, "Zoé")
    stay = stays.hold(beds.women, who, from_on=NOW.date(), until_on=None, minutes=60, by=beds.bob, at=NOW)[0]
    stays.admit(stay, by=beds.bob, at=NOW)
    for person, days in ((beds.carla, 9), (beds.amina, 3)):
        waiting.ask(beds.queue, person, by="system:test", at=NOW - timedelta(days=days))
    return beds


def offer_nothing(beds: Beds, name: str) -> Any:
    from maillage.people.actions import persons

    return persons.register(beds.territory, beds.house, given_name=name, gender="woman", by=beds.bob, at=NOW)


def who_is_asked() -> list[str]:
    return list(Offer.objects.filter(state="open").values_list("request__person__given_name", flat=True))


def test_a_place_that_comes_free_is_offered_to_the_next_and_goes_further_down(full: Beds) -> None:
    at = NOW + timedelta(hours=1)
    assert freed.pass_on(full.territory, by=WORK, at=at) == []
    stays.check_out(Stay.objects.get(), "housed", by=full.bob, at=at)
    (run,) = freed.pass_on(full.territory, by=WORK, at=at + timedelta(minutes=1))
    assert (run.kind, who_is_asked()) == ("freed", ["Carla"])
    assert freed.pass_on(full.territory, by=WORK, at=at + timedelta(minutes=2)) == []  # nothing came free since
    offers.decline(Offer.objects.get(), "person", "too_far", by="system:link", at=at + timedelta(minutes=3))
    freed.pass_on(full.territory, by=WORK, at=at + timedelta(minutes=4))
    assert who_is_asked() == ["Amina"]
    late = at + timedelta(hours=5)
    offers.expire(full.territory, by=WORK, at=late)
    freed.pass_on(full.territory, by=WORK, at=late + timedelta(minutes=1))
    assert who_is_asked() == []  # both were asked; neither is struck off
    assert set(Request.objects.values_list("state", flat=True)) == {"waiting"}


def test_a_place_that_is_clean_again_goes_down_the_list_too(full: Beds) -> None:
    full.women.rules = [{"criterion": "house:cleaning_minutes", "op": "eq", "value": 30, "effect": "prefer"}]
    full.women.save()
    at = NOW + timedelta(hours=1)
    stay = Stay.objects.select_related("group").get()
    stays.check_out(stay, "family", by=full.bob, at=at)
    assert freed.pass_on(full.territory, by=WORK, at=at + timedelta(minutes=10)) == []
    assert len(freed.pass_on(full.territory, by=WORK, at=at + timedelta(minutes=31))) == 1
    assert who_is_asked() == ["Carla"]


def test_a_list_whose_rules_know_no_deadline_waits_for_a_hand(full: Beds) -> None:
    rule_set(full.queue, {"tiers": [], "order": ["waited"]}, "2")
    RuleSet.objects.filter(version="2").update(adopted_at=NOW + timedelta(minutes=1))
    stays.check_out(Stay.objects.get(), "housed", by=full.bob, at=NOW + timedelta(hours=1))
    assert freed.pass_on(full.territory, by=WORK, at=NOW + timedelta(hours=2)) == []
    assert not AllocationRun.objects.exists()


def test_a_bed_of_a_dormitory_comes_free_when_a_hold_runs_out(full: Beds) -> None:
    full.queue.groups.set([full.dormitory])
    full.dormitory.beds = 1
    full.dormitory.save()
    night = {"from_on": NOW.date(), "until_on": None, "by": full.bob, "at": NOW}
    stays.hold(full.dormitory, full.bruno, minutes=30, **night)
    assert freed.pass_on(full.territory, by=WORK, at=NOW + timedelta(minutes=10)) == []
    later = NOW + timedelta(minutes=31)
    assert stays.sweep(full.territory, by=WORK, at=later) == 1
    freed.pass_on(full.territory, by=WORK, at=later + timedelta(minutes=1))
    assert who_is_asked() == ["Carla"]


def test_a_run_that_is_refused_hinders_no_other(full: Beds, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*said: Any, **more: Any) -> None:
        raise words.Refused("no rules")

    monkeypatch.setattr(runs, "run", refuse)
    stays.check_out(Stay.objects.get(), "housed", by=full.bob, at=NOW + timedelta(hours=1))
    assert freed.pass_on(full.territory, by=WORK, at=NOW + timedelta(hours=2)) == []
