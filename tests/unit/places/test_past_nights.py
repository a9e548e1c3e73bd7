"""What was open, what was used, who was refused, night by night."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from maillage.places import nights
from maillage.places.models import GroupNight, OutOfUse, Refusal, Stay, SurgeActivation
from maillage.places.nights import Span
from tests.testland import NOW

FIRST = date(2026, 11, 1)
SPAN = Span(FIRST, date(2026, 11, 10))
BRUSSELS = ZoneInfo("Europe/Brussels")


def day(number: int) -> date:
    return date(2026, 11, number)


def moment(number: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, number, hour, minute, tzinfo=BRUSSELS)


def sleep(beds, person, group, since, until, *, place=None, state="out", people=1, **more):
    return Stay.objects.create(
        territory=beds.territory, group=group, place=place, person=person, people=people, from_on=since, until_on=until,
        state=state, created_at=NOW, **more,
    )  # fmt: skip


@pytest.fixture
def of(beds):
    def of(code, **more):
        slept = nights.stays(beds.territory, SPAN)
        rows = nights.groups(beds.territory, SPAN, slept, **more)
        return {row.public or "dormitory": row for row in rows}[code]

    return of


def test_a_place_is_used_from_the_first_evening_up_to_the_day_of_leaving(beds, of):
    sleep(beds, beds.amina, beds.women, day(2), day(5), place=beds.places[0])
    sleep(beds, beds.carla, beds.women, date(2026, 10, 20), day(3), place=beds.places[1])
    row = of("women")
    assert row.open.tolist() == [2] * 10
    assert row.used.tolist() == [1, 2, 1, 1, 0, 0, 0, 0, 0, 0]
    assert row.accredited == 3


def test_who_left_before_the_day_that_was_planned_is_gone(beds, of):
    sleep(beds, beds.amina, beds.women, day(2), day(9), place=beds.places[0], left_at=moment(4, 9))
    assert of("women").used.tolist() == [0, 1, 1, 0, 0, 0, 0, 0, 0, 0]


def test_who_is_still_there_after_their_last_night_is_still_there(beds, of):
    sleep(beds, beds.amina, beds.women, day(2), day(3), place=beds.places[0], state="in")
    assert of("women").used.tolist() == [0, 1, 1, 1, 1, 1, 1, 1, 1, 1]


def test_held_cancelled_and_no_show_use_nothing(beds, of):
    for state in ("held", "cancelled", "no_show"):
        sleep(beds, beds.amina, beds.women, day(2), day(3), place=beds.places[0], state=state)
    assert not of("women").used.any()


def test_a_dormitory_counts_its_beds_and_what_was_said_of_a_night(beds, of):
    sleep(beds, beds.bruno, beds.dormitory, day(1), day(2), people=2)
    GroupNight.objects.create(group=beds.dormitory, night=day(2), beds=5, used=0)
    row = of("dormitory")
    assert row.open.tolist()[:3] == [3, 5, 3]
    assert row.used.tolist()[:2] == [2, 0]


def test_cleaning_at_noon_takes_no_night_and_repairs_take_each_night_once(beds, of):
    place = beds.places[0]
    for state, starts, ends in (
        ("cleaning", moment(2, 12), moment(2, 13)),
        ("works", moment(4, 15), moment(6, 15)),
        ("closed", moment(5, 10), moment(7, 10)),
        ("works", moment(9, 23), None),
    ):
        OutOfUse.objects.create(place=place, state=state, starts_at=starts, ends_at=ends)
    assert of("women").open.tolist() == [2, 2, 2, 1, 1, 1, 2, 2, 2, 1]


def test_a_house_lent_for_a_time_and_a_group_of_the_cold_are_open_in_their_season(beds, of):
    beds.families.surge = "cold"
    beds.families.save()
    assert not of("families").open.any()
    activation = SurgeActivation.objects.create(
        territory=beds.territory, plan="cold", is_triggered=True, reason="frost", opened_at=moment(3, 15), closed_at=moment(6, 9)
    )  # fmt: skip
    activation.groups.add(beds.families)
    assert of("families").open.tolist() == [0, 0, 1, 1, 1, 0, 0, 0, 0, 0]
    SurgeActivation.objects.update(closed_at=None)
    beds.site.opens_on, beds.site.closes_on = day(2), day(9)
    beds.site.save()
    assert of("families").open.tolist() == [0, 0, 1, 1, 1, 1, 1, 1, 0, 0]
    assert of("women").open.tolist() == [0, 2, 2, 2, 2, 2, 2, 2, 0, 0]


def test_houses_of_another_kind_are_left_out_when_one_is_asked(beds):
    assert nights.groups(beds.territory, SPAN, (), kind="care") == []
    assert len(nights.groups(beds.territory, SPAN, (), kind="shelter")) == 3


def test_demand_is_people_who_slept_and_people_for_whom_nothing_was_found(beds):
    sleep(beds, beds.amina, beds.families, day(1), day(3), place=beds.places[2], people=3)
    for cause, at, people in (
        ("no_place", moment(2, 22), 2),
        ("rule", moment(3, 2), 1),  # still the night of the 2nd
        ("provider", moment(2, 22), 7),  # one offer declined: the request lives on
        ("person", moment(2, 22), 7),
        ("no_place", moment(11, 4, 59), 4),  # the night of the 10th
        ("no_place", moment(11, 5), 9),
    ):
        Refusal.objects.create(territory=beds.territory, cause=cause, at=at, people=people, public="families")
    housed = nights.housed_people(SPAN, nights.stays(beds.territory, SPAN))
    assert housed["families"].tolist()[:3] == [3, 3, 0]
    refused = nights.refused_people(beds.territory, SPAN)
    assert refused["families"].tolist() == [0, 3, 0, 0, 0, 0, 0, 0, 0, 4]


def test_a_span_knows_where_a_night_stands():
    assert SPAN.length == 10
    assert [SPAN.place(FIRST + timedelta(n)) for n in (-5, 0, 3, 10, 99)] == [0, 0, 3, 10, 10]
    assert Span(FIRST, FIRST - timedelta(3)).length == 0


def test_nights_before_a_house_wrote_anything_down_are_not_open(beds, of):
    sleep(beds, beds.amina, beds.women, day(4), day(6), place=beds.places[0])
    row = of("women")
    assert row.open.tolist() == [0, 0, 0, 2, 2, 2, 2, 2, 2, 2]
    assert (row.since, row.on_record) == (day(4), 7)


def test_refusals_are_told_as_unmet_needs_are(beds):
    from maillage.orientation import queries
    from maillage.places.refused import refused

    queries.forget()
    for hour, number in ((20, 9), (2, 10)):  # one evening, and the night after it
        Refusal.objects.create(
            territory=beds.territory, cause="no_place", at=moment(number, hour), need="emergency-shelter", area="north"
        )
    Refusal.objects.create(territory=beds.territory, cause="rule", at=moment(9, 20), public="women")
    told = sorted(refused(queries.vocabulary(beds.territory), first=FIRST, today=day(20)))
    assert told == [
        ("", "", "rule", "women", "", day(9), 1),
        ("emergency-shelter", "north", "no_place", "", "", day(9), 2),
    ]
