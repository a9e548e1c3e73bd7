"""A bed is given once

A bed that two workers promise to two people is a broken promise for one of them. Here a bed is held for somebody, for a time; who holds
it first has it, and the other one is told so in a sentence. The database itself refuses a second stay, whatever a program forgets.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from maillage.directory.search.cards import card
from maillage.directory.search.index import reindex
from maillage.people.once import once
from maillage.places.actions import sites, stays
from maillage.places.models import GroupNight, Stay
from maillage.places.queries import rehoused
from maillage.places.rules import AlreadyHoused, NoRoom, PlaceTaken
from tests.beds import Beds
from tests.testland import NOW

TONIGHT = date(2026, 11, 20)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def hold(beds: Beds, where: Any, person: Any, *, at: Any = NOW, **more: Any) -> Stay:
    said = {"from_on": TONIGHT, "until_on": TONIGHT + DAY, "minutes": 30, "by": beds.bob, "at": at}
    return stays.hold(where, person, **{**said, **more})[0]


def test_who_is_first_has_the_bed_and_the_other_is_told_so(beds: Beds) -> None:
    bed = beds.places[0]
    hold(beds, bed, beds.carla)
    with pytest.raises(PlaceTaken, match="Somebody was faster"):
        hold(beds, bed, beds.amina)
    with pytest.raises(AlreadyHoused):  # and nobody has two
        hold(beds, beds.families, beds.carla)


def test_even_a_program_that_does_not_look_is_refused(beds: Beds) -> None:
    first = hold(beds, beds.places[0], beds.carla)
    with pytest.raises(IntegrityError), transaction.atomic():
        Stay.objects.create(
            territory=beds.territory, group=beds.women, place=first.place, person=beds.amina, from_on=TONIGHT, created_at=NOW
        )  # fmt: skip


def test_a_hold_ends_by_itself_and_the_bed_is_anybodys_again(beds: Beds) -> None:
    hold(beds, beds.places[0], beds.carla)
    after = NOW + 31 * MINUTE
    other = hold(beds, beds.places[0], beds.amina, at=after)  # nothing had to run in between
    stays.admit(other, by=beds.bob, at=after)
    assert other.state == "in"


def test_the_directory_says_at_once_what_is_left(beds: Beds) -> None:
    reindex(beds.territory)
    said = []
    for person in (beds.carla, beds.amina):
        hold(beds, beds.women, person)
        shown = card(beds.shelter.uuid)
        assert shown is not None
        said.append((shown.capacities[0].available, shown.capacities[0].maximum))
    assert said == [(5, 6), (4, 6)]


def test_a_family_stays_together_in_a_dormitory_or_not_at_all(beds: Beds) -> None:
    hold(beds, beds.dormitory, beds.bruno)
    hold(beds, beds.dormitory, beds.amina, members=[beds.son], people=2)
    assert GroupNight.objects.get().used == 3
    with pytest.raises(NoRoom):
        hold(beds, beds.dormitory, beds.carla)


def test_a_telephone_that_sends_twice_takes_one_bed(beds: Beds) -> None:
    for _ in range(2):
        once("from the form", "hold", by=beds.bob, at=NOW, do=lambda: hold(beds, beds.women, beds.carla).uuid)
    assert Stay.objects.count() == 1


def test_a_house_that_is_lent_for_a_time_promises_no_night_beyond_and_says_who_was_rehoused(beds: Beds) -> None:
    stay = hold(beds, beds.women, beds.carla, until_on=None)
    stays.admit(stay, by=beds.bob, at=NOW)
    closing = TONIGHT + 30 * DAY
    assert sites.close_on(beds.site, closing, by=beds.bob, at=NOW) == [stay]
    with pytest.raises(sites.Impossible, match="closes before"):
        hold(beds, beds.women, beds.amina, until_on=closing + DAY)
    stay.refresh_from_db()
    stays.check_out(stay, "housed", by=beds.bob, at=NOW + 20 * DAY)
    assert rehoused(beds.site) == {"housed": 1}
