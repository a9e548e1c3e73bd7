"""How the places are used, in numbers that say nothing of one person."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from maillage.orientation import queries
from maillage.orientation.queries import vocabulary
from maillage.people.models import Person
from maillage.places import figures
from maillage.places.demand import EVERYONE, demand
from maillage.places.figures import Asked, Lasting, spread, use
from maillage.places.models import ClockEvent, Refusal, Request, Stay
from maillage.places.nights import Span
from tests.testland import NOW

NOVEMBER = Span(date(2026, 11, 1), date(2026, 11, 19))
KEYS = ("s", "a", "p")


def at(day: int, hour: int = 20, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.fixture
def words(beds):
    queries.forget()
    yield vocabulary(beds.territory)
    queries.forget()


@pytest.fixture
def somebody(beds):
    """Another person each time: only figures are looked at."""
    return lambda: Person.objects.create(territory=beds.territory, alias="somebody")


@pytest.fixture
def sleeps(beds, somebody):
    def sleeps(group, since, until, *, place=None, **more):
        return Stay.objects.create(
            territory=beds.territory, group=group, place=place, person=somebody(), from_on=since, until_on=until,
            state="in" if until is None else "out", created_at=NOW, **more,
        )  # fmt: skip

    return sleeps


def many(sleeps, beds, count: int) -> None:
    """One after the other in W1, a night each; the dormitory stays empty."""
    for n in range(count):
        day = NOVEMBER.first + timedelta(n)
        sleeps(beds.women, day, day + timedelta(1), place=beds.places[0])


def test_capacity_occupancy_and_arrivals_by_service_area_and_public(beds, words, sleeps):
    many(sleeps, beds, 12)
    found = use(words, Asked(NOVEMBER))
    women = next(line for line in found.lines["public"] if line.code == "women")
    assert (women.accredited, women.open, women.arrivals) == (3, 2, 10)
    assert women.rate is None  # the others slept nobody: what is left of the total would say so
    assert found.all.rate == 0.1  # 12 of 114, to the nearest 5 in 100
    (house,) = found.lines["service"]
    assert (house.code, house.accredited, house.open) == (str(beds.shelter.uuid), 10, 6)
    assert [line.code for line in found.lines["area"]] == ["north"]
    assert found.all.arrivals <= 10
    assert women.length.half == 1
    assert women.length.quarter is None  # too few for quartiles


def test_few_stays_tell_neither_how_full_nor_how_long(beds, words, sleeps):
    many(sleeps, beds, 4)
    women = next(line for line in use(words, Asked(NOVEMBER)).lines["public"] if line.code == "women")
    assert (women.rate, women.arrivals, women.length.half) == (None, 0, None)


def test_only_houses_of_the_kind_that_is_asked(beds, words, sleeps):
    many(sleeps, beds, 12)
    found = use(words, Asked(NOVEMBER, "care"))
    assert found.lines["service"] == ()
    assert (found.all.open, found.all.rate) == (0, None)
    assert use(words, Asked(NOVEMBER, "shelter")).all.open == 6


def test_what_was_refused_is_told_by_service_area_and_public_and_a_few_are_not(beds, words):
    for n in range(13):
        Refusal.objects.create(
            territory=beds.territory, cause="no_place", at=at(3), area="north", public="women" if n < 9 else "families"
        )
    Refusal.objects.create(territory=beds.territory, cause="person", at=at(3), area="north", public="women")
    found = use(words, Asked(NOVEMBER))
    told = {line.code: line.refused for line in found.lines["public"]}
    assert (told["women"], told["families"], told[""]) == (5, 0, 0)
    assert [(line.code, line.refused) for line in found.lines["area"]] == [("north", 10)]
    nobody = next(line for line in found.lines["service"] if line.code == "")
    assert (nobody.open, nobody.refused) == (0, 10)
    by_house = use(words, Asked(NOVEMBER, "shelter"))
    assert by_house.all.refused == 0  # refused by no house in particular


def test_several_beds_and_a_move_inside_the_house_are_one_stay(beds, words, sleeps):
    request = Request.objects.create(
        waiting_list=beds.queue, number=1, person=beds.amina, public="families", asked_at=at(1), state="placed"
    )
    sleeps(beds.women, date(2026, 11, 2), date(2026, 11, 4), place=beds.places[0], request=request)
    sleeps(beds.women, date(2026, 11, 2), date(2026, 11, 4), place=beds.places[1], request=request)
    sleeps(beds.families, date(2026, 11, 4), None, place=beds.places[2], request=request)
    slept = figures.nights.stays(beds.territory, NOVEMBER)
    keys = {group.pk: ("house", "north", group.public) for group in (beds.women, beds.families)}
    (one,) = figures._stayed(NOVEMBER, slept, keys)
    assert (one.entered, one.seen, one.ended) == (0, 18, False)


def test_who_came_before_the_period_is_watched_from_its_first_night(beds, sleeps):
    sleeps(beds.women, date(2026, 10, 2), date(2026, 11, 4), place=beds.places[0])
    slept = figures.nights.stays(beds.territory, NOVEMBER)
    (one,) = figures._stayed(NOVEMBER, slept, {beds.women.pk: KEYS})
    assert (one.entered, one.seen, one.ended) == (30, 33, True)


def waits(beds, person, number, asked, *, state="waiting", ended=None, night=None):
    request = Request.objects.create(
        waiting_list=beds.queue, number=number, person=person, public="women", asked_at=asked, state=state, ended_at=ended, night=night
    )  # fmt: skip
    ClockEvent.objects.create(request=request, kind="start", at=asked, reason="asked for")
    if state == "placed":
        ClockEvent.objects.create(request=request, kind="stop", at=ended, reason="placed")
    return request


def test_waiting_counts_those_who_still_wait(beds, words, somebody, sleeps):
    for n in range(12):
        waits(beds, somebody(), n, at(2, 11), state="placed", ended=at(2 + n, 11))
    for n in range(12, 24):
        waits(beds, somebody(), n, at(1, 11))
    waits(beds, somebody(), 90, at(3), night=date(2026, 11, 3))  # a request for one night is no waiting
    waits(beds, somebody(), 91, at(3, month=1), state="closed", ended=at(3, month=2))  # long over
    found = use(words, Asked(NOVEMBER))
    women = next(line for line in found.lines["public"] if line.code == "women")
    assert women.waited.half == 11  # of those placed alone it would have been 5
    assert use(words, Asked(NOVEMBER, "care")).all.waited.half is None


def test_waiting_is_told_for_the_house_that_took_them(beds, words, somebody, sleeps):
    for n in range(10):
        request = waits(beds, somebody(), n, at(1, 11), state="placed", ended=at(4, 11))
        sleeps(beds.dormitory, date(2026, 11, 4), date(2026, 11, 5), request=request)
    (house,) = (line for line in use(words, Asked(NOVEMBER)).lines["service"] if line.code)
    assert house.waited.half == 3


def test_a_spread_needs_people_on_each_side_of_each_number():
    def lasting(count, ended=True):
        return [Lasting(KEYS, 0, float(n), ended) for n in range(count)]

    assert spread(lasting(9), 5).half is None
    assert spread(lasting(10), 5).half == 4
    assert spread(lasting(19), 5).quarter is None
    full = spread(lasting(20), 5)
    assert (full.quarter, full.half, full.three_quarters) == (4, 9, 14)
    beyond = spread([*lasting(10), *[Lasting(KEYS, 0, 50.0, False) for _ in range(40)]], 5)
    assert (beyond.half, beyond.beyond) == (None, 9)


def test_the_page_asks_the_database_a_fixed_number_of_times(beds, words, sleeps, django_assert_max_num_queries):
    many(sleeps, beds, 12)
    with django_assert_max_num_queries(9):
        use(words, Asked(NOVEMBER))


TONIGHT = date(2026, 11, 20)


def test_without_any_night_there_is_no_forecast(beds):
    assert demand(beds.territory, tonight=TONIGHT).outlooks == ()


def test_a_short_history_says_how_much_is_missing(beds, sleeps):
    for _ in range(20):
        sleeps(beds.dormitory, date(2026, 11, 10), None)
    found = demand(beds.territory, tonight=TONIGHT)
    everyone = found.outlooks[0]
    assert (everyone.public, everyone.missing, everyone.expected) == (EVERYONE, 19, ())
    assert everyone.past.tolist() == [20] * 10


def test_demand_is_forecast_with_a_band_and_its_measured_coverage(beds, sleeps):
    chance = np.random.default_rng(5)
    for n in range(230):
        night = TONIGHT - timedelta(230 - n)
        sleeps(beds.dormitory, night, night + timedelta(1), people=int(chance.integers(36, 45)))
        Refusal.objects.create(
            territory=beds.territory, cause="no_place", people=12, at=datetime.combine(night, datetime.min.time(), UTC) + timedelta(hours=20)
        )  # fmt: skip
    found = demand(beds.territory, tonight=TONIGHT)
    everyone, one = found.outlooks
    week, month = everyone.expected
    assert (week.on, month.on) == (date(2026, 11, 26), date(2026, 12, 19))
    assert (everyone.open, one.open) == (6, 3)
    for said in (week, month):
        assert said.low <= said.people <= said.high
        assert said.low % 5 == said.high % 5 == 0
        assert said.coverage == pytest.approx(0.9, abs=0.08)
        assert said.judged >= 90
    assert everyone.ahead.shape == (30,)
    assert 40 <= week.people <= 60


def test_a_house_that_begins_to_write_down_its_nights_is_no_new_demand(beds, sleeps, words):
    for n in range(60):
        night = TONIGHT - timedelta(60 - n)
        sleeps(beds.women, night, night + timedelta(1), place=beds.places[0])
        if n >= 20:  # three more of five places, from then on
            sleeps(beds.dormitory, night, night + timedelta(1), people=30)
    everyone = demand(beds.territory, tonight=TONIGHT).outlooks[0]
    assert len(everyone.past) == 40
    house = use(words, Asked(Span(TONIGHT - timedelta(60), TONIGHT - timedelta(1)))).lines["service"][0]
    assert house.open == 6  # on average over the nights on record


def test_a_public_that_never_reached_the_smallest_cell_has_no_line(beds, sleeps):
    for n in range(40):
        night = TONIGHT - timedelta(40 - n)
        sleeps(beds.dormitory, night, night + timedelta(1), people=30)
        sleeps(beds.women, night, night + timedelta(1), place=beds.places[0])
    found = demand(beds.territory, tonight=TONIGHT)
    assert [line.public for line in found.outlooks] == [EVERYONE, ""]
    assert found.outlooks[1].expected[0].low is None  # eleven nights of errors make no band
    assert found.outlooks[1].expected[0].coverage is None
