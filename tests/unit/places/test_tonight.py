"""What the dispatch sees: places as they stand, holds that run, and the order of the list; in six queries."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from maillage.places import queries, standing, tonight
from maillage.places.actions import offers, waiting
from maillage.places.models import GroupNight, Occupant, OutOfUse, Request, Stay, SurgeActivation
from tests.testland import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from maillage.people.models import Person
    from maillage.places.models import Place, PlaceGroup
    from tests.beds import Beds


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    standing.forget()
    yield
    standing.forget()


def ask(beds: Beds, person: Person, *, at: datetime = NOW, **more: Any) -> Request:
    return waiting.ask(beds.queue, person, asked_by=beds.street, by="system:test", at=at, **more)[0]


def stay(beds: Beds, person: Person, group: PlaceGroup, place: Place | None, state: str = "in", **more: Any) -> Stay:
    on = queries.night(beds.territory, NOW)
    made = Stay.objects.create(
        territory=beds.territory, group=group, place=place, person=person, state=state, from_on=on,
        until_on=on + timedelta(days=1), created_at=NOW, **more,
    )  # fmt: skip
    Occupant.objects.create(stay=made, person=person, from_on=made.from_on, until_on=made.until_on, state=state)
    return made


def kept(beds: Beds, which: int = 0) -> tonight.Kept:
    return tonight.lists_kept(beds.territory, [beds.dispatch.pk], at=NOW)[which]


def seen(beds: Beds, **more: Any) -> tonight.Tonight:
    return tonight.of_list(beds.territory, kept(beds), at=NOW, **more)


def figures(group: tonight.Group) -> tuple[int, int, int, int, int]:
    return group.total, group.free, group.held, group.occupied, group.out


def test_a_place_is_free_held_occupied_or_out(beds: Beds) -> None:
    stay(beds, beds.carla, beds.women, beds.places[0])
    OutOfUse.objects.create(place=beds.places[1], state="works", starts_at=NOW - timedelta(days=1))
    stay(beds, beds.amina, beds.families, beds.places[2], "held", hold_expires_at=NOW + timedelta(minutes=30))
    women, families = seen(beds).groups
    assert figures(women) == (2, 0, 0, 1, 1)
    assert figures(families) == (1, 0, 1, 0, 0)
    assert seen(beds).holds == []  # whom the house itself expects is not the dispatch's to know
    own = tonight.of_houses(beds.territory, [beds.house.pk], at=NOW)
    assert [hold.called for hold in own.holds] == ["Amina"]


def test_who_keeps_a_list_reads_whom_it_placed(beds: Beds) -> None:
    offers.give(ask(beds, beds.carla), beds.families, by=beds.dave, at=NOW)
    assert [hold.called for hold in seen(beds).holds] == ["Carla"]


def test_a_hold_that_ran_out_frees_its_place_without_any_job(beds: Beds) -> None:
    stay(beds, beds.amina, beds.families, beds.places[2], "held", hold_expires_at=NOW)
    assert figures(seen(beds).groups[1]) == (1, 1, 0, 0, 0)
    assert seen(beds).holds == []


def test_a_dormitory_is_counted_by_beds(beds: Beds) -> None:
    on = queries.night(beds.territory, NOW)
    GroupNight.objects.create(group=beds.dormitory, night=on, beds=5, used=3)
    stay(beds, beds.amina, beds.dormitory, None, people=2)
    stay(beds, beds.bruno, beds.dormitory, None, "held", hold_expires_at=NOW + timedelta(minutes=5))
    (group,) = tonight.of_list(beds.territory, kept(beds, 1), at=NOW).groups
    assert figures(group) == (5, 2, 1, 2, 0)


def test_places_of_a_cold_plan_show_while_it_is_open(beds: Beds) -> None:
    beds.women.surge = "extreme-cold"
    beds.women.save()
    assert [group.pk for group in seen(beds).groups] == [beds.families.pk]
    plan = SurgeActivation.objects.create(
        territory=beds.territory, plan="extreme-cold", is_triggered=True, reason="Cold", opened_at=NOW
    )
    plan.groups.add(beds.women)
    assert [group.pk for group in seen(beds).groups] == [beds.women.pk, beds.families.pk]


def test_the_order_is_that_of_the_rules_with_why(beds: Beds) -> None:
    carla = ask(beds, beds.carla, at=NOW - timedelta(days=9))
    bruno = ask(beds, beds.bruno, at=NOW - timedelta(days=5))
    amina = ask(beds, beds.amina, at=NOW - timedelta(days=2), people=2)
    waiting.assess(amina, "b", ["children"], by="system:test", at=NOW)
    first = seen(beds).queue.first  # type: ignore[union-attr]
    assert [(one.request.pk, one.standing.rank, one.standing.tier.code, one.standing.days) for one in first] == [
        (amina.pk, 1, "b", 2), (carla.pk, 2, "c", 9), (bruno.pk, 3, "c", 5),
    ]  # fmt: skip
    assert first[0].standing.reasons == ("children",)


def test_what_is_new_is_learned_without_reading_everything_again(beds: Beds) -> None:
    carla, bruno = ask(beds, beds.carla, at=NOW - timedelta(days=9)), ask(beds, beds.bruno, at=NOW - timedelta(days=5))
    assert [one.request for one in seen(beds).queue.first] == [carla, bruno]  # type: ignore[union-attr]
    waiting.assess(bruno, "a", ["violence"], by="system:test", at=NOW)
    assert [one.request for one in seen(beds).queue.first] == [bruno, carla]  # type: ignore[union-attr]
    waiting.prove(carla, "wronged", "A letter", by="system:test", at=NOW)
    assert [one.request for one in seen(beds).queue.first] == [carla, bruno]  # type: ignore[union-attr]


def test_the_best_place_is_one_that_they_may_have(beds: Beds) -> None:
    ask(beds, beds.carla, public="women"), ask(beds, beds.bruno)
    by_person = {one.request.person_id: one for one in seen(beds).queue.first}  # type: ignore[union-attr]
    assert [group.name() for group in by_person[beds.carla.pk].may] == ["Women", "Families"]
    assert [group.name() for group in by_person[beds.bruno.pk].may] == ["Families"]


def test_six_queries_however_many_there_are(beds: Beds) -> None:
    ask(beds, beds.carla), ask(beds, beds.bruno), ask(beds, beds.amina, people=2)
    stay(beds, beds.son, beds.families, beds.places[2], "held", hold_expires_at=NOW + timedelta(minutes=30))
    with CaptureQueriesContext(
        connection,
    ) as found:
        seen(beds)
    assert len(found) <= 6
