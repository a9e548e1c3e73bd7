"""Invented houses with people in them: the same for a seed, never a place or a person taken twice, fresh again another day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from maillage.directory.models import Location, Service, ServiceCapacity
from maillage.orientation.models import Referral, ReferralEvent, UnmetNeed
from maillage.orientation.rules import referrals
from maillage.packs import actions
from maillage.packs.fiction import accounts, places
from maillage.packs.fiction.draw import Dice
from maillage.packs.fiction.nights import Flow, House, Night, lived
from maillage.packs.fiction.people import Party
from maillage.packs.pack import Pack, read_valid
from maillage.people.models import CareLink, Organization, Person
from maillage.places import clock, queries, rules
from maillage.places.models import (
    AllocationRun,
    Assessment,
    ClockEvent,
    Count,
    Draw,
    GroupNight,
    Occupant,
    OutOfUse,
    PlaceGroup,
    Refusal,
    Request,
    Site,
    Stay,
    SurgeActivation,
    WaitingList,
)
from maillage.territory.models import Territory

Change = Callable[..., Path]
AT = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
MODELS = (
    Person,
    CareLink,
    Request,
    ClockEvent,
    Assessment,
    Stay,
    Occupant,
    GroupNight,
    Refusal,
    Referral,
    ReferralEvent,
)


@pytest.fixture
def pack(houseland: Change) -> Pack:
    return read_valid(houseland())


@pytest.fixture
def land(pack: Pack, db: None) -> Territory:
    territory = actions.load(pack, at=AT).territory
    places.generate(territory, pack, seed=1, at=AT)
    territory.refresh_from_db()
    return territory


def _counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in MODELS}


def test_every_desk_has_something_to_show(land: Territory) -> None:
    assert all(_counts().values())
    assert {"in", "out"} <= set(Stay.objects.values_list("state", flat=True))
    assert {"waiting", "placed", "closed"} <= set(Request.objects.values_list("state", flat=True))
    assert Draw.objects.count() == 1
    assert Count.objects.get().lines.count() > 5
    assert SurgeActivation.objects.get().closed_at
    assert UnmetNeed.objects.filter(cause__in=("refused", "expired")).exists()


def test_everything_says_that_it_is_invented(land: Territory) -> None:
    assert land.has_fiction
    for model in (Person, Referral, Site, WaitingList):
        assert not model.objects.filter(is_fictional=False).exists()
    assert not Organization.objects.filter(code__startswith="fiction--", is_fictional=False).exists()
    assert not Service.objects.filter(code__startswith="fiction--", is_fictional=False).exists()


def _identities() -> list[Any]:
    people = Person.objects.order_by("uuid").values_list("uuid", "given_name", "family_name", "facts", "born_on")
    asked = Request.objects.order_by("uuid").values_list("uuid", "number", "asked_at", "person__uuid")
    stays = (
        Stay.objects.filter(offer=None)
        .order_by("uuid")
        .values_list("uuid", "from_on", "until_on", "person__uuid", "place__label")
    )
    sent = Referral.objects.order_by("uuid").values_list("uuid", "state", "sent_at", "person__uuid")
    return [list(rows) for rows in (people, asked, stays, sent)]


@pytest.mark.django_db
def test_the_same_seed_and_moment_give_the_same_people(pack: Pack) -> None:
    territory = actions.load(pack, at=AT).territory
    found = []
    for _ in range(2):  # the second time with other keys, where the database gives none twice
        with transaction.atomic():
            places.generate(territory, pack, seed=1, at=AT)
            found.append(_identities())
            transaction.set_rollback(True)
        territory.refresh_from_db()
    assert found[0] == found[1]


def test_it_is_written_once(land: Territory, pack: Pack) -> None:
    before = _counts()
    assert places.generate(land, pack, seed=1, at=AT + timedelta(days=1)) == 0
    assert _counts() == before


def test_a_pack_without_invented_houses_has_none(tiny: Pack, db: None) -> None:
    territory = actions.load(tiny, at=AT).territory
    assert places.generate(territory, tiny, seed=1, at=AT) == 0
    assert places.refresh(territory, tiny, at=AT) == 0
    assert not places.is_stale(territory, at=AT)


def _nobody_twice() -> None:
    """Read as a stranger would: no two stays of one place, nor of one person, share a night."""
    for model, column in ((Stay, "place_id"), (Occupant, "person_id")):
        last: dict[int, Any] = {}
        rows = model.objects.exclude(**{column: None}).filter(state__in=("in", "out", "held"))
        for key, start, end in rows.order_by(column, "from_on", "pk").values_list(column, "from_on", "until_on"):
            if key in last:
                assert last[key] is not None
                assert last[key] <= start, (model, key)
            last[key] = end


def _nights_add_up(land: Territory) -> None:
    """Of each night, the beds that are counted are those of the stays."""
    used: Counter[tuple[int, Any]] = Counter()
    for stay in Stay.objects.filter(place=None, state__in=("in", "held", "out")):
        assert stay.until_on
        for night in rules.nights(stay.from_on, stay.until_on):
            used[stay.group_id, night] += stay.people
    counted = {(row.group_id, row.night): row.used for row in GroupNight.objects.all() if row.used}
    assert counted == dict(used)


def test_no_place_and_nobody_is_taken_twice(land: Territory) -> None:
    _nobody_twice()
    _nights_add_up(land)
    for stay in Stay.objects.filter(state="in").exclude(place=None).select_related("group"):
        assert stay.people <= stay.group.unit_size
        assert stay.occupants.count() == stay.people


def test_rooms_of_one_gender_hold_one_gender(land: Territory) -> None:
    rooms: dict[str, set[str]] = {}
    for stay in Stay.objects.filter(group__code="elm", state="in").select_related("place", "person"):
        assert stay.place
        rooms.setdefault(stay.place.room, set()).add(stay.person.gender)
    assert rooms
    assert all(len(genders) == 1 for genders in rooms.values())


def test_clocks_run_for_those_who_wait_and_stopped_for_the_others(land: Territory) -> None:
    for request in Request.objects.prefetch_related("clock"):
        events = sorted(request.clock.all(), key=lambda event: (event.at, event.pk))
        state, _reasons = clock.now(events, at=AT)
        assert state == (clock.STOPPED if request.ended_at else state)
        assert request.ended_at or state in (clock.RUNNING, clock.PAUSED)
        assert request.assessments.exists()


def test_numbers_of_a_list_follow_the_order_of_asking(land: Territory) -> None:
    for waiting_list in WaitingList.objects.all():
        asked = list(waiting_list.requests.order_by("number").values_list("number", "asked_at"))
        assert [number for number, _at in asked] == list(range(1, len(asked) + 1))
        assert [at for _number, at in asked] == sorted(at for _number, at in asked)


def test_whoever_keeps_a_list_or_houses_somebody_helps_them(land: Territory) -> None:
    for request in Request.objects.filter(state="waiting").select_related("waiting_list"):
        assert (
            CareLink.objects.open(at=AT)
            .filter(person=request.person, organization=request.waiting_list.keeper_id)
            .exists()
        )
    for stay in Stay.objects.filter(state="in").select_related("group__site__service"):
        house = stay.group.site.service.organization_id
        assert CareLink.objects.open(at=AT).filter(person=stay.person, organization=house).exists()


def test_referrals_went_a_way_that_the_rules_know(land: Territory) -> None:
    for referral in Referral.objects.prefetch_related("events"):
        states = [event.state for event in sorted(referral.events.all(), key=lambda event: (event.at, event.pk))]
        assert states[-1] == referral.state
        assert all(then in referrals.REFERRAL_NEXT[now] for now, then in pairwise(states))
        if referral.state == "refused":
            assert referral.code in referrals.REFUSALS
        if referral.state in referrals.UNANSWERED:
            assert referral.expires_at > AT


def test_the_directory_counts_the_room_from_the_places(land: Territory) -> None:
    for site in Site.objects.all():
        room = queries.room([site.pk], at=AT)[site.service_id]
        said = ServiceCapacity.objects.get(service=site.service, is_derived=True)
        hidden = Location.objects.filter(services_here__service=site.service, is_confidential=True).exists()
        assert (said.available, said.maximum) == ((None, None) if hidden else (room.free, room.open))
        assert said.status or not hidden  # of a place that must not be found: whether it has room, and no number
    assert not OutOfUse.objects.filter(place__stays__state="in").exists()


def test_a_house_that_is_lent_closes_and_opens_on_its_days(land: Territory) -> None:
    site = Site.objects.get(code="elm")
    assert site.opens_on
    assert site.closes_on
    assert not Stay.objects.filter(group__site=site, from_on__lt=site.opens_on).exists()
    assert not Stay.objects.filter(group__site=site, until_on__gt=site.closes_on).exists()


@pytest.mark.parametrize("hours", [1, 9, 26, 24 * 5 + 3])
def test_another_day_the_night_is_fresh_again(land: Territory, pack: Pack, hours: int) -> None:
    later = AT + timedelta(hours=hours)
    assert places.is_stale(land, at=later) == (hours > 8)
    places.refresh(land, pack, at=later)
    land.refresh_from_db()
    assert not places.is_stale(land, at=later)
    _nobody_twice()
    _nights_add_up(land)
    tonight = queries.night(land, later)
    dormitory = PlaceGroup.objects.get(code="dormitory")
    used = GroupNight.objects.get(group=dormitory, night=tonight).used
    assert used >= 14
    assert Request.objects.filter(night=tonight, state="waiting").exists()
    assert not Request.objects.filter(night__lt=tonight, state="waiting").exists()
    assert Request.objects.filter(waiting_list__code="beds", state="waiting").count() >= 5


def test_what_somebody_did_in_the_demonstration_stays(land: Territory, pack: Pack) -> None:
    mine = Person.objects.create(territory=land, given_name="Mine", is_fictional=True)
    rooms = PlaceGroup.objects.get(code="rooms")
    free = queries.free_places(rooms, from_on=queries.night(land, AT), until_on=None, at=AT)
    stay = Stay.objects.create(
        territory=land, group=rooms, place=free[0], person=mine, from_on=AT.date(), state="in", created_at=AT
    )
    Occupant.objects.create(stay=stay, person=mine, from_on=AT.date(), state="in")
    places.refresh(land, pack, at=AT + timedelta(days=3))
    stay.refresh_from_db()
    assert stay.state == "in"
    _nobody_twice()


def test_the_accounts_of_the_pack_are_opened_in_their_organisation(land: Territory) -> None:
    opened, password = accounts.open_all(land, at=AT)
    emails = {one.email: one.where for one in opened}
    assert emails["keeper@demo.invalid"] == "La Maison"
    assert "fictif" in emails["elm@demo.invalid"]
    assert password


def test_a_crowd_is_as_large_as_asked(land: Territory) -> None:
    made = places.crowd(land, places=200, requests=400, seed=2, at=AT)
    groups = PlaceGroup.objects.filter(waiting_lists=made.waiting_list)
    assert sum(group.places.count() for group in groups) == 200
    assert Request.objects.filter(waiting_list=made.waiting_list, state="waiting").count() == 400
    assert Stay.objects.filter(group__in=groups, state="in").count() == 194
    _nobody_twice()


def test_nights_never_overfill_a_house() -> None:
    house = House("d", 1, 1, "shelter", "", 1, 12)
    flow = Flow(60, 5, 20, 1.0)
    keys = iter(range(10_000))

    def somebody(_night: int, gender: str) -> Party:
        return Party((next(keys), next(keys)), None, "", "", {}, gender)

    stays = list(lived(house, flow, somebody, Dice("x")))
    for night in range(-60, 1):
        assert sum(stay.people for stay in stays if stay.start <= night < stay.end) <= 12


def test_who_is_there_already_keeps_the_place() -> None:
    house = House("p", 1, 1, "shelter", "", 1, 0, ((7, ""), (8, "")))
    there = [Night(house, Party((1,), None, "", "", {}), 7, -10, 5, is_known=True)]
    there.append(
        Night(house, Party((2,), None, "", "", {}), 99, -10, 5, is_known=True)
    )  # a place that is not of this house
    stays = list(lived(house, Flow(3, 2, 3, 1.0), lambda *_: Party((3,), None, "", "", {}), Dice("y"), there=there))
    assert stays
    assert {stay.place for stay in stays} == {8}


def test_a_list_has_been_run_and_can_be_replayed(land: Territory) -> None:
    run = AllocationRun.objects.get()
    assert run.waiting_list.code == "elms"
    assert run.lines.exists()


def test_at_each_start_some_are_on_their_way(land: Territory) -> None:
    assert places.begin(land, at=AT) == places.begin(land, at=AT) > 0
    held = Stay.objects.filter(state="held", group__site__kind="shelter")
    assert all(stay.hold_expires_at and stay.hold_expires_at > AT for stay in held)
    later = AT + timedelta(hours=3)
    assert places.begin(land, at=later) > 0
    _nobody_twice()
