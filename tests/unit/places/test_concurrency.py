"""Six processes book forty places at once: no place is given twice, by whatever program. `--attack-seconds` makes it longer."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from maillage.directory.models import Service
from maillage.people.models import Person
from maillage.people.once import once
from maillage.places import waiting as words
from maillage.places.actions import claims, offers, stays, waiting
from maillage.places.models import Offer, PlaceGroup, Stay, WaitingList
from tests import attack, testland
from tests.testland import NOW


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption("--attack-seconds"))


@pytest.fixture
def here(transactional_db: None) -> attack.Ground:
    territory = testland.build()
    return attack.ground(territory, Service.objects.get(code="open-door"))


def test_no_place_is_given_twice_when_six_processes_book(here: attack.Ground, seconds: float) -> None:
    told: Counter[str] = Counter()
    for _ in range(10):  # a slow machine needs longer until they meet
        told.update(attack.storm("ours", here, seconds=seconds))
        if told["conflict"] + told["full"]:
            break
    assert told["failed"] == 0, told
    assert told["booked"] > 0
    assert told["conflict"] + told["full"] > 0  # they did meet
    assert attack.doubles() == 0


def test_not_even_when_nobody_waits_for_a_turn(
    here: attack.Ground, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "take_turn", lambda territory: None)
    told = attack.storm("ours", here, seconds=seconds)
    assert told["failed"] == 0, told
    assert told["booked"] > 0
    assert attack.doubles() == 0


def test_a_careless_program_is_refused_by_the_database(here: attack.Ground, seconds: float) -> None:
    told = attack.storm("careless", here, seconds=seconds)
    assert told["failed"] == 0, told
    assert told["conflict"] > 0
    assert attack.doubles() == 0


def test_without_the_constraints_the_careless_program_sells_twice(here: attack.Ground, seconds: float) -> None:
    """The control: were this to pass without doubles, the three tests above would prove nothing."""
    found = 0
    with attack.constraints_off():
        for _ in range(5):
            attack.storm("careless", here, seconds=seconds)
            found = attack.doubles()
            if found:
                break
            attack.clear()
    assert found > 0


def test_the_refusals_are_back_after_the_control(here: attack.Ground) -> None:
    with attack.constraints_off():
        pass
    told: Any = attack.storm("careless", here, processes=2, seconds=0.3)
    assert attack.doubles() == 0, told


# ---- offers


@pytest.fixture
def asked(here: attack.Ground) -> WaitingList:
    """Twelve people who wait, on a list of the attacked places."""
    group = PlaceGroup.objects.get(pk=here.group)
    made = WaitingList.objects.create(territory=group.site.territory, code="attacked")
    made.groups.add(group)
    for person in Person.objects.filter(pk__in=here.persons[:12]):
        waiting.ask(made, person, by=attack.BY, at=NOW)
    return made


def test_an_offer_that_expires_while_it_is_accepted_is_one_or_the_other(
    here: attack.Ground, asked: WaitingList
) -> None:
    group = PlaceGroup.objects.select_related("site__territory").get(pk=here.group)
    for request in asked.requests.all():
        offers.offer(request, group, by=attack.BY, at=NOW, reason="attack")
    deadline = Offer.objects.values_list("expires_at", flat=True).distinct().get()

    def accept() -> list[str]:
        return [
            _tried(offers.accept, one, deadline - timedelta(microseconds=1)) for one in Offer.objects.order_by("pk")
        ]

    def expire() -> list[str]:
        return ["expired" for _ in offers.expire(group.site.territory, by=attack.BY, at=deadline)]

    first, second, third = attack.at_once(accept, expire, accept)
    assert not [word for told in (first, second, third) for word in told if word.startswith("failed")]
    states = Counter(Offer.objects.values_list("state", flat=True))
    assert first["done"] + third["done"] == states["accepted"]
    assert second["expired"] == states["expired"]
    assert states["accepted"] + states["expired"] == 12
    together = set(Offer.objects.values_list("state", "request__state", "stays__state"))
    assert together <= {("accepted", "offered", "held"), ("expired", "waiting", "cancelled")}


def test_two_dispatchers_who_place_the_same_person_do_it_once(here: attack.Ground, asked: WaitingList) -> None:
    group = PlaceGroup.objects.get(pk=here.group)

    def give() -> list[str]:
        rows = asked.requests.select_related("person", "waiting_list").order_by("pk")
        return [
            _tried(lambda one, **at_by: offers.give(one, group, reason="attack", **at_by), one, NOW) for one in rows
        ]

    told = attack.at_once(give, give, give)
    assert not [word for one in told for word in one if word.startswith("failed")]
    assert sum(one["done"] for one in told) == 12
    assert (Stay.objects.filter(state="held").count(), Offer.objects.count(), attack.doubles()) == (12, 12, 0)


def _tried(verb: Any, one: Any, at: Any) -> str:
    try:
        verb(one, by=attack.BY, at=at)
    except words.Refused:
        return "refused"
    return "done"


def test_one_form_sent_by_four_telephones_at_once_takes_one_bed(here: attack.Ground) -> None:
    group = PlaceGroup.objects.select_related("site__territory").get(pk=here.group)
    person = Person.objects.get(pk=here.persons[0])

    def take() -> Any:
        return stays.hold(group, person, from_on=attack.TONIGHT, until_on=None, minutes=None, by=attack.BY, at=NOW)[
            0
        ].uuid

    def send() -> list[str]:
        return [str(once("the same form", "hold", by=attack.BY, at=NOW, do=take))]

    told = attack.at_once(send, send, send, send)
    assert {word for one in told for word in one} == {str(Stay.objects.get().uuid)}
