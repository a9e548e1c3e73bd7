"""Midnight, the night when an hour comes twice, the one when an hour is missing, the 29th of February."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.places import queries, rules
from maillage.places.actions import stays
from maillage.places.models import GroupNight, Place, Stay
from tests.beds import Beds

BRUSSELS = ZoneInfo("Europe/Brussels")
BY = "system:test"


def moment(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=BRUSSELS, fold=fold).astimezone(UTC)  # type: ignore[misc,arg-type]


def hold(beds: Beds, where: Any, person: Any, at: datetime, **more: Any) -> Stay:
    tonight = queries.night(beds.territory, at)
    said = {"from_on": tonight, "until_on": tonight + timedelta(days=1), "minutes": 60, "by": BY, "at": at}
    return stays.hold(where, person, **{**said, **more})[0]


@pytest.mark.parametrize(
    ("at", "night"),
    [
        (moment(2026, 11, 20, 23, 59), date(2026, 11, 20)),
        (moment(2026, 11, 21, 0, 0), date(2026, 11, 20)),
        (moment(2026, 11, 21, 4, 59), date(2026, 11, 20)),
        (moment(2026, 11, 21, 5, 0), date(2026, 11, 21)),
        (moment(2026, 10, 25, 2, 30), date(2026, 10, 24)),  # the hour that comes twice
        (moment(2026, 10, 25, 2, 30, fold=1), date(2026, 10, 24)),
        (moment(2026, 10, 25, 5, 0), date(2026, 10, 25)),
        (moment(2027, 3, 28, 1, 59), date(2027, 3, 27)),  # the hour that is missing follows
        (moment(2027, 3, 28, 3, 0), date(2027, 3, 27)),
        (moment(2028, 2, 28, 23, 0), date(2028, 2, 28)),
        (moment(2028, 2, 29, 23, 0), date(2028, 2, 29)),
        (moment(2028, 3, 1, 1, 0), date(2028, 2, 29)),
        (moment(2027, 3, 1, 1, 0), date(2027, 2, 28)),
        (moment(2027, 1, 1, 0, 30), date(2026, 12, 31)),
    ],
)
def test_a_night_is_that_of_its_evening(beds: Beds, at: datetime, night: date) -> None:
    assert queries.night(beds.territory, at) == night


@given(st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31)), st.integers(0, 48 * 60))
def test_time_never_leads_back_to_a_night_before(start: datetime, minutes: int) -> None:
    first = start.replace(tzinfo=UTC)
    nights = [rules.night_of(one.astimezone(BRUSSELS)) for one in (first, first + timedelta(minutes=minutes))]
    assert nights[0] <= nights[1] <= nights[0] + timedelta(days=3)


def test_a_bed_held_before_midnight_is_still_held_after_it(beds: Beds) -> None:
    stay = hold(beds, beds.women, beds.carla, moment(2026, 11, 20, 23, 50))
    after = moment(2026, 11, 21, 0, 20)
    assert Place.objects.with_state(at=after).get(pk=stay.place_id).now == "held"  # type: ignore[misc]
    assert queries.room([beds.site.pk], at=after)[beds.shelter.pk].free == 5
    other = hold(beds, beds.women, beds.amina, after)
    assert (other.place.label, other.from_on) == ("W2", date(2026, 11, 20))
    stays.admit(stay, by=BY, at=after)
    assert stay.came_at == after


def test_who_leaves_at_two_in_the_morning_frees_this_night_who_leaves_at_six_has_slept(beds: Beds) -> None:
    early, late = (
        stays.admit(hold(beds, beds.dormitory, one, moment(2026, 11, 20, 22, 0)), by=BY, at=moment(2026, 11, 20, 22, 5))
        for one in (beds.bruno, beds.carla)
    )
    stays.check_out(early, "street", by=BY, at=moment(2026, 11, 21, 2, 0))
    stays.check_out(late, "unknown", by=BY, at=moment(2026, 11, 21, 6, 0))
    assert (early.until_on, late.until_on) == (date(2026, 11, 20), date(2026, 11, 21))
    assert GroupNight.objects.get().used == 1


def test_a_hold_of_an_hour_lasts_an_hour_in_the_night_when_the_clock_goes_back(beds: Beds) -> None:
    at = moment(2026, 10, 25, 2, 40)
    stay = hold(beds, beds.women, beds.carla, at)
    assert stay.hold_expires_at == moment(2026, 10, 25, 2, 40, fold=1)
    assert queries.free_places(beds.women, from_on=stay.from_on, until_on=stay.until_on, at=at) == [beds.places[1]]
    over = at + timedelta(minutes=60)
    assert len(queries.free_places(beds.women, from_on=stay.from_on, until_on=stay.until_on, at=over)) == 2
    assert stays.sweep(beds.territory, by=BY, at=over) == 1


def test_the_29th_of_february_is_a_night_like_another(beds: Beds) -> None:
    at = moment(2028, 2, 28, 20, 0)
    stay = hold(beds, beds.dormitory, beds.bruno, at, until_on=date(2028, 3, 2), minutes=None)
    assert list(GroupNight.objects.order_by("night").values_list("night", flat=True)) == [
        date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1),
    ]  # fmt: skip
    stays.admit(stay, by=BY, at=at)
    stays.renew(stay, date(2028, 2, 29), by=BY, at=at)
    assert [row.used for row in GroupNight.objects.order_by("night")] == [1, 0, 0]


def test_a_dormitory_empties_at_noon_as_far_as_anybody_knows(beds: Beds) -> None:
    stay = stays.admit(
        hold(beds, beds.dormitory, beds.bruno, moment(2026, 11, 20, 22, 0)), by=BY, at=moment(2026, 11, 20, 22, 5)
    )
    assert stays.sweep(beds.territory, by=BY, at=moment(2026, 11, 21, 11, 59)) == 0
    morning = moment(2026, 11, 21, 9, 0)
    assert queries.room([beds.site.pk], at=morning)[beds.shelter.pk].free == 5  # still there: not free yet
    assert stays.sweep(beds.territory, by=BY, at=moment(2026, 11, 21, 12, 0)) == 1
    stay.refresh_from_db()
    assert (stay.state, stay.exit, stay.until_on) == ("out", "unknown", date(2026, 11, 21))
