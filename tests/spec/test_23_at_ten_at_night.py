"""At ten at night

Those who give the beds see on one screen what is free, who comes next and why. One press gives a place; nobody is passed over in
silence; a cold night opens more places, because somebody decides so and writes why; and whoever has no papers has a bed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from maillage.people.actions import persons
from maillage.people.models import Person
from maillage.places import rules, standing, surges, tonight, winter
from maillage.places.actions import dispatch, offers, stays, surge, waiting
from maillage.places.models import PassedOver, PlaceGroup, Refusal, Request, Stay
from tests.testland import NOW, labels

if TYPE_CHECKING:
    from tests.beds import Beds

PLAN = {
    "code": "frost",
    "labels": labels("Gel", "Vorst", "Frost"),
    "trigger": {"measure": "high", "below": -4, "days": 4},
}


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    standing.forget()


@pytest.fixture
def night(beds: Beds) -> Beds:
    beds.territory.content = {**beds.territory.content, "places": {"surge_plans": [PLAN]}}
    beds.territory.save()
    return beds


def asks(beds: Beds, person: Person, days: int, **more: Any) -> Request:
    at = NOW - timedelta(days=days)
    return waiting.ask(beds.queue, person, asked_by=beds.street, by="system:test", at=at, **more)[0]


def screen(beds: Beds, minutes: int = 0) -> tonight.Tonight:
    at = NOW + timedelta(minutes=minutes)
    (kept, _draw) = tonight.lists_kept(beds.territory, [beds.dispatch.pk], at=at)
    return tonight.of_list(beds.territory, kept, at=at)


def next_ones(beds: Beds, minutes: int = 0) -> list[str]:
    queue = screen(beds, minutes).queue
    return [one.request.person.called() for one in queue.first] if queue else []


def test_the_more_urgent_comes_first_and_a_press_holds_a_place(night: Beds) -> None:
    asks(night, night.carla, days=9)
    amina = asks(night, night.amina, days=2, people=2)
    waiting.assess(amina, "a", ["violence"], by="system:test", at=NOW)

    assert next_ones(night) == ["Amina", "Carla"]
    first = screen(night).queue.first[0]  # type: ignore[union-attr]
    assert first.best is not None
    offers.give(amina, night.families, by=night.dave, at=NOW)

    assert next_ones(night) == ["Carla"]
    assert [(one.called, one.until) for one in screen(night).holds] == [("Amina", NOW + timedelta(minutes=120))]


def test_whoever_does_not_come_loses_nothing(night: Beds) -> None:
    amina = asks(night, night.amina, days=2, people=2)
    offers.give(amina, night.families, by=night.dave, at=NOW)
    assert next_ones(night) == []

    assert next_ones(night, minutes=121) == ["Amina"]  # the hold ran out by itself, no program had to run


def test_nobody_is_passed_over_in_silence(night: Beds) -> None:
    carla, bruno = asks(night, night.carla, days=9), asks(night, night.bruno, days=5)

    with pytest.raises(rules.Impossible, match="those who waited longer can ask"):
        offers.give(bruno, night.families, by=night.dave, at=NOW)
    offers.give(bruno, night.families, reason="Carla does not answer", by=night.dave, at=NOW)

    assert [(one.request, one.reason) for one in PassedOver.objects.all()] == [(carla, "Carla does not answer")]


def test_a_no_is_counted_and_ends_nothing(night: Beds) -> None:
    carla = asks(night, night.carla, days=9)

    dispatch.refuse(carla, Refusal.Cause.NO_PLACE, by=night.dave, at=NOW)

    assert Refusal.objects.get().at == NOW
    assert next_ones(night) == ["Carla"]


def test_no_papers_a_bed_and_later_a_name(night: Beds) -> None:
    unknown = persons.register(
        night.territory, night.street, by=night.greta, at=NOW, alias="The man of the canal", gender="man"
    )
    met = asks(night, unknown, days=0, channel="street")
    offers.give(met, night.families, by=night.dave, at=NOW)
    stays.admit(Stay.objects.get(), by=night.bob, at=NOW)

    persons.join(unknown, night.bruno, by=night.greta, at=NOW)

    unknown.refresh_from_db()
    assert unknown.same_as == night.bruno


def test_a_cold_week_opens_a_hall_because_somebody_decides_so(night: Beds, cast: Any) -> None:
    hall = PlaceGroup.objects.create(
        site=night.site, code="hall", labels=labels("Hall", "Hal", "Hall"), kind="dormitory", beds=3, surge="frost"
    )
    night.queue.groups.add(hall)
    forecast = winter.read_forecast("\n".join(f"2026-11-{day}, -9, -5" for day in range(21, 25)))
    assert winter.verdict(PLAN, forecast).is_triggered
    assert hall.pk not in [group.pk for group in screen(night).groups]

    opened = surge.open_plan(
        night.territory, "frost", forecast=forecast, source="IRM", reason="Four days of frost", groups={hall.pk},
        by=cast.dora, at=NOW,
    )  # fmt: skip
    offers.give(asks(night, night.carla, days=9), hall, by=night.dave, at=NOW)
    stays.admit(Stay.objects.get(), by=night.bob, at=NOW)
    closed = surge.close_plan(opened, reason="Thaw", by=cast.dora, at=NOW + timedelta(days=1))

    found = surges.changed(closed, at=NOW + timedelta(days=2))
    assert (found.nights, found.slept, found.people) == (1, 1, 1)
    assert Stay.objects.get().state == "in"  # nobody is put in the street
