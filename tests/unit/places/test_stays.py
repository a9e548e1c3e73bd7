"""Coming, staying and leaving: a place is never given twice, and what was not slept is given back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from maillage.people.models import CareLink
from maillage.places import queries, rules
from maillage.places.actions import stays
from maillage.places.models import GroupNight, Stay
from tests.beds import Beds
from tests.testland import NOW

TONIGHT = date(2026, 11, 20)
TOMORROW = TONIGHT + timedelta(days=1)


def hold(beds: Beds, where: Any, person: Any, **more: Any) -> list[Stay]:
    said = {"from_on": TONIGHT, "until_on": TOMORROW, "minutes": 60, "by": beds.bob, "at": NOW}
    return stays.hold(where, person, **{**said, **more})


def test_a_place_is_held_then_lived_in_then_free_again(beds: Beds) -> None:
    (stay,) = hold(beds, beds.women, beds.carla)
    assert (stay.place.label, stay.state) == ("W1", "held")
    assert queries.room([beds.site.pk], at=NOW) == {beds.shelter.pk: queries.Room(5, 6)}
    stays.admit(stay, by=beds.bob, at=NOW)
    assert CareLink.objects.open(at=NOW).filter(person=beds.carla, organization=beds.house, reason="housed").exists()
    stays.check_out(stay, "housed", by=beds.bob, at=NOW + timedelta(hours=14))
    assert (stay.state, stay.until_on, stay.exit) == ("out", TOMORROW, "housed")
    assert not CareLink.objects.open(at=NOW + timedelta(hours=15)).filter(person=beds.carla, reason="housed").exists()


def test_a_family_takes_beds_of_a_dormitory_and_the_counter_refuses_one_too_many(beds: Beds) -> None:
    hold(beds, beds.dormitory, beds.amina, members=[beds.son], people=2)
    assert GroupNight.objects.get().used == 2
    with pytest.raises(rules.NoRoom):
        hold(beds, beds.dormitory, beds.bruno, people=2)
    hold(beds, beds.dormitory, beds.bruno)
    assert GroupNight.objects.get().used == 3
