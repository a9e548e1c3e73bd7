"""What another version of the rules would have done to those who asked: only the rules differ, and no small number is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from maillage.people.actions import persons
from maillage.places.actions import waiting
from maillage.places.engine.simulate import Simulation, simulate
from maillage.places.models import Assessment, Place, Request, Stay, WaitingList
from tests.beds import DRAW_RULES, QUEUE_RULES, Beds
from tests.testland import NOW

SINCE, UNTIL = (NOW - timedelta(days=100)).date(), NOW.date()
FIRST_COME = QUEUE_RULES | {"order": ["number"]}


def asked(
    beds: Beds, days: int, public: str = "women", *, tier: str = "", waiting_list: WaitingList | None = None
) -> Request:
    at = NOW - timedelta(days=days)
    person = persons.register(beds.territory, beds.street, by=beds.greta, at=at, alias=f"Ago {days}", gender="woman")
    more: dict[str, Any] = {"public": public, "area": "north", "facts": {"children": False}}
    if waiting_list:
        more = {"waiting_list": waiting_list, "night": at.date()}
    found = waiting.ask(more.pop("waiting_list", beds.queue), person, by="system:tests", at=at, **more)[0]
    if tier:
        Assessment.objects.create(request=found, tier=tier, made_at=at)
    return found


def came(beds: Beds, days: int, group: Any = None) -> None:
    """A place into which somebody without a request came, and left the next day."""
    day = (NOW - timedelta(days=days)).date()
    Stay.objects.create(
        territory=beds.territory, group=group or beds.women, place=None if group else Place.objects.get(label="W1"),
        person=beds.carla, from_on=day, until_on=day + timedelta(days=1), state=Stay.State.OUT, created_at=NOW,
    )  # fmt: skip


def lived(beds: Beds, before: Any = QUEUE_RULES, after: Any = FIRST_COME, *, smallest: int = 1) -> Simulation:
    return simulate(beds.queue, before, after, since=SINCE, until=UNTIL, smallest=smallest)


def test_the_same_rules_change_nothing(beds: Beds) -> None:
    for days in (90, 80, 70):
        asked(beds, days)
        came(beds, days - 5)
    told = lived(beds, after=QUEUE_RULES)
    assert (told.asked, told.served_before, told.served_after, told.gained, told.lost) == (3, 3, 3, 0, 0)
    assert all(one.served_before == one.served_after for rows in told.by.values() for one in rows)


def test_who_gains_and_who_loses_when_urgency_no_longer_counts(beds: Beds) -> None:
    """One place, two who wait: the first to ask, and one in danger."""
    asked(beds, 90)
    asked(beds, 80, tier="a")
    came(beds, 40)
    told = lived(beds)
    assert (told.served_before, told.served_after, told.gained, told.lost) == (1, 1, 1, 1)
    by_tier = {one.code: (one.asked, one.served_before, one.served_after) for one in told.by["tier"]}
    assert by_tier["a"] == (1, 1, 0)
    assert sum(after for _, _, after in by_tier.values()) == 1
    assert {one.code for one in told.by["public"]} == {"women"}
    assert {one.code for one in told.by["area"]} == {"north"}


def test_small_numbers_and_the_days_of_few_are_not_told(beds: Beds) -> None:
    for days in range(60, 66):
        asked(beds, days)
    for days in range(40, 46):
        came(beds, days)
    told = lived(beds, smallest=5)
    assert (told.asked, told.served_before) == (5, 5)
    (women,) = told.by["public"]
    assert women.days_before is not None
    alone = lived(beds, smallest=10)
    assert (alone.asked, alone.served_before, alone.by["public"][0].days_before) == (0, 0, None)


def test_whoever_left_the_list_or_whose_clock_was_paused_is_given_nothing(beds: Beds) -> None:
    left, paused = asked(beds, 90), asked(beds, 80)
    waiting.end(left, "found", by="system:tests", at=NOW - timedelta(days=60))
    waiting.pause(paused, "hospital", by="system:tests", at=NOW - timedelta(days=60))
    came(beds, 40)
    assert lived(beds).served_before == 0


def test_nobody_asked_and_nothing_came_free(beds: Beds) -> None:
    told = lived(beds)
    assert (told.asked, told.by) == (0, {"public": (), "area": (), "tier": ()})
    asked(beds, 50)
    assert lived(beds).served_before == 0


def test_each_night_of_a_draw_is_a_draw_of_its_own(beds: Beds) -> None:
    for days in (20, 19, 18):
        asked(beds, days, waiting_list=beds.draw)
    for days in (20, 18):
        came(beds, days, beds.dormitory)
    told = simulate(beds.draw, DRAW_RULES, DRAW_RULES, since=SINCE, until=UNTIL, smallest=1)
    assert (told.asked, told.served_before, told.served_after) == (3, 2, 2)
