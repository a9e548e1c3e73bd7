"""What is going on tonight in a demonstration: the draw, referrals on their way, places out of use; and the nights since last time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from maillage.directory.models import Service
from maillage.orientation.models import Need
from maillage.packs import content
from maillage.packs.fiction.nights import Night
from maillage.packs.fiction.people import Party
from maillage.packs.fiction.world import BY, World
from maillage.packs.references import items, mapping
from maillage.people.models import CareLink
from maillage.places.actions import claims, dispatch, offers, registering, runs
from maillage.places.models import OutOfUse, Place, PlaceGroup, Request, Stay, WaitingList
from maillage.places.waiting import Refused
from maillage.territory.models import Territory

State, Channel = Request.State, Request.Channel
SHORT = 60  # days: houses where one stays longer do not change much between two starts
SERVED = 0.22  # of those who register for a draw
FAR = 10_000  # nights
LASTING = ("care", "reception")  # houses where one stays for long
ON_THEIR_WAY, MOST_TRIED = 3, 12
HOUR = timedelta(hours=1)


def draws(world: World, *, past: bool = True) -> None:
    """People registered for tonight, and those of the nights before: a fifth had a bed, the others waited for the next draw."""
    said = content.plain(mapping(world.pack.demo_places, "draw"))
    found = world.lists.get(said.get("list", ""))
    if found is None:
        return
    registering.draw_of(found, world.calendar.tonight, at=world.at)
    for night in range(-said.get("nights", 0) if past else 0, 1):
        opens, closes = registering.window(found, world.calendar.day(night), at=world.at)
        for _ in range(int(said.get("tonight", 0) * (0.85 + 0.3 * world.dice.roll()))):
            _registered(world, found, night, opens, closes)


def _registered(world: World, found: WaitingList, night: int, opens: datetime, closes: datetime) -> None:
    dice = world.dice
    at = min(opens + (closes - opens) * dice.roll() ** 1.5, world.at - timedelta(minutes=dice.between(1, 20)))
    party = world.people.party("men" if dice.chance(0.8) else "anyone", at=at)
    key = world.ledger.request_key()
    state, ended, code = State.WAITING, None, ""
    if night < 0:
        served = dice.chance(SERVED)
        state, code = (State.PLACED, "") if served else (State.CLOSED, "night_over")
        ended = closes + HOUR if served else min(closes + 12 * HOUR, world.at)
    if found.keeper_id:
        world.people.link(party, found.keeper_id, CareLink.Reason.LISTED, at, ended)
    asked = world.asked(key, found, party, at, state, party.public, wishes=world.wishes(party))
    asked.night, asked.ended_at, asked.end_code = world.calendar.day(night), ended, code
    asked.channel = Channel.SELF if dice.chance(0.45) else Channel.TELEPHONE
    world.ledger.ask(asked)
    world.ledger.assess(key, world.rules[found.code]["tiers"], at, (1.0,))


def send(world: World) -> None:
    """Referrals of the last weeks, from those who help to invented services."""
    rows = Service.objects.filter(territory=world.territory, is_fictional=True, status=Service.Status.ACTIVE)
    rows = rows.exclude(organization=None).exclude(organization__in=world.helpers).prefetch_related("service_terms")
    houses = list(rows.filter(sites__isnull=False).distinct().order_by("code"))
    services = houses * 3 + list(rows.filter(sites=None).order_by("code")[:40])
    needs = {
        need.term_id: (need.pk, need.code) for need in Need.objects.filter(territory=world.territory).order_by("-order")
    }
    if not services or not world.helpers:
        return
    for _ in range(world.pack.demo_places.get("referrals", 0)):
        service = world.dice.pick(services)
        found = next((needs[one.term_id] for one in service.service_terms.all() if one.term_id in needs), None)
        party = world.people.party(
            world.dice.pick(("men", "women", "anyone", "mind")), at=world.at - timedelta(days=80)
        )
        world.letters.send(party, world.dice.pick(world.helpers), service, found)


def out_of_use(world: World) -> None:
    """Some of the free places cannot be used: being cleaned, or under repair for weeks."""
    dice, at = world.dice, world.at
    rows = []
    for group in PlaceGroup.objects.filter(site__territory=world.territory).exclude(kind="dormitory").order_by("pk"):
        for place in list(Place.objects.filter(group=group).free(at=at).order_by("order"))[:8]:
            drawn = dice.roll()
            if drawn < 0.12:
                ends = at + timedelta(days=dice.between(5, 40))
                rows.append(
                    OutOfUse(
                        place=place, state="works", starts_at=at - timedelta(days=9), ends_at=ends, reason="Fiction"
                    )
                )
            elif drawn < 0.27:
                rows.append(
                    OutOfUse(place=place, state="cleaning", starts_at=at - HOUR, ends_at=at + 3 * HOUR, reason="")
                )
    OutOfUse.objects.bulk_create(rows)


def run_lists(territory: Territory, *, at: datetime) -> int:
    """The engine proposes the places that are free in houses where one stays for long. Returns how many runs."""
    rows = WaitingList.objects.filter(territory=territory, kind=WaitingList.Kind.QUEUE, groups__site__kind__in=LASTING)
    lists = list(rows.exclude(groups__site__kind="shelter").distinct().order_by("code"))
    for one in lists:
        runs.run(one, by=BY, at=at)
    return len(lists)


def telephone(territory: Territory, *, at: datetime) -> int:
    """Some people are on their way to a shelter: their places are held. Nothing when some are already."""
    held = Stay.objects.filter(
        territory=territory, state=Stay.State.HELD, hold_expires_at__gt=at, group__site__kind="shelter"
    )
    rows = Request.objects.filter(
        waiting_list__territory=territory, waiting_list__kind=WaitingList.Kind.QUEUE, state=State.WAITING
    )
    rows = (
        rows.filter(waiting_list__groups__site__kind="shelter", person__is_fictional=True).distinct().order_by("number")
    )
    given = held.count()
    for request in rows.select_related("waiting_list", "person", "household")[:MOST_TRIED]:
        if given >= ON_THEIR_WAY:
            break
        given += _given(request, at=at)
    return given


def _given(request: Request, *, at: datetime) -> bool:
    """The first group of their list that takes them."""
    groups = request.waiting_list.groups.filter(site__kind="shelter").select_related("site__territory", "site__service")
    for group in groups.order_by("pk"):
        try:
            offers.give(request, group, reason="Fiction", by=BY, at=at)
        except Refused:
            continue
        return True
    return False


def tidy(territory: Territory, *, at: datetime) -> None:
    """What time has ended is written down, as the duties of a real one do."""
    dispatch.tidy(territory, at=at)
    registering.end_past_nights(territory, by=BY, at=at)
    late = Stay.objects.filter(
        territory=territory,
        state=Stay.State.IN,
        person__is_fictional=True,
        until_on__lte=at.date(),
        group__site__kind="shelter",
    )
    for stay in late.exclude(place=None).select_related("group__site__service__organization", "request", "territory"):
        if claims.end(stay, Stay.State.OUT, at=at, exit=Stay.Exit.UNKNOWN):
            claims.close_links([stay], by=BY, at=at)


def since(world: World, days: int, there: Mapping[str, list[Night]]) -> None:
    """The nights since last time, in the houses where people come and go; and people who wait, as many as before."""
    flows = [content.plain(entry) for _path, entry in items(world.pack.demo_places, "flows")]
    for said in flows:
        if said["stay_days"][0] < SHORT and days:
            for code in said["groups"]:
                world.flow(world.houses[code], said, days=days - 1, there=there[code])
    missing = _missing(world, flows)
    for said in flows:
        found = world.lists.get(said.get("list", ""))
        if found is None:
            continue
        more = min(missing[found.code], said.get("waiting", 0))
        missing[found.code] -= more
        world.waiting(found, said | {"waiting": more, "wait_days": max(1, min(days, said.get("wait_days", 1)))})


def _missing(world: World, flows: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How many fewer people than at the beginning wait on each list."""
    wanted: Counter[str] = Counter()
    for said in flows:
        wanted[said.get("list", "")] += said.get("waiting", 0)
    for code, found in world.lists.items():
        open_now = Request.objects.filter(waiting_list=found, state__in=(State.WAITING, State.OFFERED)).count()
        wanted[code] = max(0, wanted[code] - open_now)
    return wanted


def there(world: World, days: int) -> dict[str, list[Night]]:
    """Who has been in each house since so many days, as the nights know them: read before anything is tidied up."""
    tonight, houses = world.calendar.tonight, {house.group: house for house in world.houses.values()}
    found: dict[str, list[Night]] = defaultdict(list)
    rows = Stay.objects.filter(territory=world.territory, state__in=(Stay.State.IN, Stay.State.HELD, Stay.State.OUT))
    rows = rows.filter(Q(until_on=None) | Q(until_on__gt=tonight - timedelta(days=days)))
    for stay in rows.select_related("person").prefetch_related("occupants").order_by("pk"):
        house = houses[stay.group_id]
        keys = tuple(one.person_id for one in stay.occupants.all()) or (stay.person_id,)
        end = (stay.until_on - tonight).days if stay.until_on else FAR
        party = Party(keys, stay.household_id, house.public, "", {}, stay.person.gender)
        found[house.code].append(Night(house, party, stay.place_id, (stay.from_on - tonight).days, end, is_known=True))
    return found
