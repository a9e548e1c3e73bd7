"""What a run sees of a list at a moment: plain values, no name. Everything that decides is in it; nothing else is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet, Sum

from maillage.people.models import Person
from maillage.places import clock, fitting, queries, rules
from maillage.places.engine.frozen import ENGINE, canonical, digest, mark
from maillage.places.models import (
    Apart,
    Assessment,
    ClockEvent,
    Occupant,
    Offer,
    PlaceGroup,
    Request,
    Stay,
    SurgeActivation,
    WaitingList,
)

DORMITORY = PlaceGroup.Kind.DORMITORY
AGAIN_AFTER: Final = timedelta(hours=24)  # an offer that ran out is not made again at once: the next one is asked
Row = dict[str, Any]
Events = dict[int, list[clock.Event]]  # of each request


def taken(
    waiting_list: WaitingList, content: Mapping[str, Any], *, at: datetime, night: date | None = None, group: PlaceGroup | None = None
) -> Row:  # fmt: skip
    """The snapshot of a list under these rules. `night`: of a draw; `group`: only a place of this one came free."""
    territory = waiting_list.territory
    tonight = night or queries.night(territory, at)
    groups = list(waiting_list.groups.select_related("site__area", "site__service", "site__territory").order_by("uuid"))
    publics = fitting.public_facts(territory.content)
    cells = places(groups, tonight=tonight, lasting=night is None, at=at)
    if group is not None:
        cells = [one | {"free": 0} if one["group"] != str(group.uuid) else one for one in cells]
    asked, events, left_out = waiting(waiting_list, tonight=tonight, night=night, at=at)
    asked, theirs = _housed(asked, groups, content, tonight=tonight, night=night, at=at)
    left_out["housed"] -= len(asked)
    rows = people(asked, events, groups, content, publics, tonight=tonight, at=at)
    return {
        "engine": ENGINE,
        "list": waiting_list.code,
        "rules": digest(canonical(content)),
        "at": at.isoformat(),
        "night": tonight.isoformat(),
        "groups": [_group(one, publics) for one in groups],
        "cells": cells,
        "requests": [row | {"housed": theirs[one.pk]} for row, one in zip(rows, asked, strict=True)],
        "used": used(groups, content, tonight=tonight, at=at),
        "left_out": left_out,
        "gone": [],
    }


# ---- places


def _group(row: PlaceGroup, publics: Mapping[str, Any]) -> Row:
    area = row.site.area
    return {
        "uuid": str(row.uuid), "code": row.code, "site": str(row.site.uuid), "site_code": row.site.code,
        "kind": row.kind, "languages": sorted(row.languages), "unit_size": row.unit_size, **fitting.of_group(row, publics),
        "point": _point(area.latitude, area.longitude) if area else None,
    }  # fmt: skip


def _point(latitude: float | None, longitude: float | None) -> list[int] | None:
    """Of the centre of an area, in thousandths of a degree: about a hundred metres. Never an address."""
    return None if latitude is None or longitude is None else [round(latitude * 1000), round(longitude * 1000)]


def places(groups: Iterable[PlaceGroup], *, tonight: date, lasting: bool, at: datetime) -> list[Row]:
    """Free places, by group; in rooms of one gender, by room. `lasting`: until somebody leaves, else for the one night."""
    seasons = set(SurgeActivation.objects.filter(closed_at=None).values_list("groups", flat=True))
    found: list[Row] = []
    for group in groups:
        site = group.site
        shut = (site.opens_on and site.opens_on > tonight) or (site.closes_on and site.closes_on <= tonight)
        if shut or (group.surge and group.pk not in seasons):
            found.append(_cell(group, 0))
        elif group.kind == DORMITORY:
            found.append(_cell(group, free_beds(group, tonight, at=at)))
        else:
            found += _rooms(group, tonight, None if lasting else tonight + timedelta(days=1), at=at)
    return found


def _cell(group: PlaceGroup, free: int, *, room: str = "", gender: str | None = None, alike: bool = False) -> Row:
    return {"group": str(group.uuid), "room": room, "free": free, "gender": gender, "alike": alike}


def free_beds(group: PlaceGroup, night: date, *, at: datetime) -> int:
    """Of a dormitory: its beds of that night, less those of everybody who is expected or there."""
    there = Stay.objects.filter(
        queries.alive(at), queries.meeting(night, night + timedelta(days=1), tonight=night), group=group
    )
    return max(0, queries.beds_open(group, night) - (there.aggregate(beds=Sum("people"))["beds"] or 0))


def _rooms(group: PlaceGroup, night: date, until: date | None, *, at: datetime) -> list[Row]:
    free = queries.free_places(group, from_on=night, until_on=until, at=at)
    if not group.rooms_of_one_gender:
        return [_cell(group, len(free))]
    slept = queries.genders_by_room(group, from_on=night, until_on=until, at=at)
    rooms: dict[str, int] = {}
    for place in free:
        name = place.room or f"#{place.label}"  # a place without a room is a room of its own
        rooms[name] = rooms.get(name, 0) + 1
    found = []
    for room in sorted(rooms):
        genders = slept.get(room, frozenset())
        nobody_fits = len(genders) > 1 or "" in genders
        found.append(
            _cell(group, 0 if nobody_fits else rooms[room], room=room, gender=min(genders, default=None), alike=not genders)
        )  # fmt: skip
    return found or [_cell(group, 0)]


def used(groups: Collection[PlaceGroup], content: Mapping[str, Any], *, tonight: date, at: datetime) -> list[int]:
    """What households who are there already take of each quota: each once, over however many places; also without a request."""
    found = []
    for quota in content.get("quotas") or ():
        keys = [one.pk for one in groups if fitting.in_scope(quota, one.code, one.site.code)]
        there = Stay.objects.filter(
            queries.alive(at), queries.meeting(tonight, tonight + timedelta(days=1), tonight=tonight), group__in=keys
        )
        rows = there.values_list("person", "request__public", "person__facts", "request__facts")
        who = {person: (public or "", own | (said or {})) for person, public, own, said in rows}
        found.append(sum(fitting.of_class(quota, public, facts) for public, facts in who.values()))
    return found


# ---- people


def waiting(
    waiting_list: WaitingList, *, tonight: date, night: date | None, at: datetime
) -> tuple[list[Request], Events, dict[str, int]]:
    """Those who wait, by number; clocks; and how many of them: their clock is paused, or not (`housed`, less those who are asked)."""
    rows = Request.objects.filter(waiting_list=waiting_list, state=Request.State.WAITING, night=night, asked_at__lte=at)
    everyone = list(rows.select_related("person").order_by("number"))
    for one in everyone:
        one.waiting_list = waiting_list  # its territory's vocabularies are large: read once
    events = clocks(rows)
    paused = {one.pk for one in everyone if clock.now(events.get(one.pk, ()), at=at)[0] == clock.PAUSED}
    found = [one for one in everyone if one.pk not in paused]
    return found, events, {"paused": len(paused), "housed": len(found)}


def _housed(
    asked: list[Request], groups: Collection[PlaceGroup], content: Mapping[str, Any], *, tonight: date, night: date | None, at: datetime
) -> tuple[list[Request], dict[int, list[str]]]:  # fmt: skip
    """Those to whom some place of the list may be offered, though they sleep somewhere; and the groups that may not, by request."""
    if not asked:
        return [], {}
    waiting_list = asked[0].waiting_list
    until = None if night is None else tonight + timedelta(days=1)
    here = Q(stay__territory=waiting_list.territory_id)
    beds = queries.beds_of(here, from_on=tonight, until_on=until, tonight=tonight, at=at)
    takes = rules.takes_housed(waiting_list.kind, content)
    theirs: dict[int, list[str]] = {}
    for one in asked:
        has = beds.get(one.person_id, [])
        closed = [
            str(group.uuid) for group in groups
            if not rules.may_have(has, group.pk, by_night=group.kind == DORMITORY, takes_housed=takes)
        ]  # fmt: skip
        if not has or len(closed) < len(groups):
            theirs[one.pk] = sorted(closed)
    return [one for one in asked if one.pk in theirs], theirs


def clocks(rows: QuerySet[Request]) -> Events:
    """What their clocks say, by request, in order."""
    found: Events = {}
    columns = ("request_id", "kind", "at", "reason")
    said = ClockEvent.objects.filter(request__in=rows).order_by("at", "pk").values_list(*columns)
    for request, kind, moment, reason in said:
        found.setdefault(request, []).append(clock.Event(kind, moment, reason))
    return found


def _by_request(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.request_id, []).append(row)
    return found


def people(
    asked: list[Request], events: Events, groups: Collection[PlaceGroup], content: Mapping[str, Any], publics: Mapping[str, Any], *, tonight: date,
    at: datetime,
) -> list[Row]:  # fmt: skip
    """What decides about each of them, by number. Of their facts only those that a rule of these places asks for."""
    if not asked:
        return []
    keys = [one.pk for one in asked]
    judged = _by_request(Assessment.objects.filter(request__in=keys).order_by("made_at", "pk"))
    members = _members(asked)
    territory = asked[0].waiting_list.territory
    points = {one.code: _point(one.latitude, one.longitude) for one in territory.areas.all()}
    criteria = {rule.get("criterion") for one in groups for rule in one.rules}
    criteria |= {code for one in groups for code in publics.get(one.public, {})} | {
        "care_level",
        "mobility",
        "wheelchair",
    }
    no_more, not_at, apart = _declined(keys, at=at), *_apart(asked, members, groups, tonight=tonight, at=at)
    absolute = {one["code"] for one in content.get("absolute") or ()}
    found = []
    for one in asked:
        known = [rules.Somebody.of(person) for person in (one.person, *members.get(one.pk, []))]
        told_of = fitting.household(known, one.public, one.person.facts | one.facts, publics, on=tonight)
        told = events.get(one.pk, ())
        found.append(
            {
                "number": one.number, "mark": mark(str(one.uuid)), "people": one.people,
                "absolute": any(proof.get("code") in absolute for proof in one.evidence),
                **urgency(told, judged.get(one.pk, ()), content.get("tiers") or (), at=at),
                **told_of, "kind": _kind(one, known),
                "facts": {code: value for code, value in told_of["facts"].items() if code in criteria and value is not None},
                "points": [point for code in one.wishes.get("areas") or [one.area] if (point := points.get(code))],
                "wished": sorted(one.wishes.get("groups") or ()),
                "languages": sorted({*one.person.spoken, *(one.wishes.get("languages") or ()), one.person.language} - {""}),
                "not_in": sorted(no_more.get(one.pk, ())), "not_at": sorted(not_at.get(one.pk, ())),
                "apart": sorted(apart.get(one.pk, ())),
            }
        )  # fmt: skip
    return found


def urgency(events: Iterable[Any], judged: Iterable[Any], tiers: Any, *, at: datetime) -> Row:
    """Derived from what was written down: the tier that counts, and how long they have waited, in seconds and days."""
    waited = clock.waited(events, at=at)
    tier = clock.tier_now(judged, tiers, waited=waited, at=at)
    return {"tier": tier.index, "tier_code": tier.code, "waited": int(waited.total_seconds()), "days": waited.days}


def _kind(one: Request, known: list[rules.Somebody]) -> str:
    """For a room of one gender; empty: only alone."""
    genders = {body.gender for body in known} | ({""} if one.people > len(known) else set())
    return genders.pop() if len(genders) == 1 else ""


def _members(asked: list[Request]) -> dict[int, list[Person]]:
    """The others of each household who have a record, as far as places were asked for."""
    households = {one.household_id for one in asked if one.household_id is not None}
    rows = Person.objects.filter(household__in=households, same_as=None).order_by("pk")
    by_household: dict[int | None, list[Person]] = {}
    for person in rows:
        by_household.setdefault(person.household_id, []).append(person)
    return {
        one.pk: [person for person in by_household.get(one.household_id, []) if person.pk != one.person_id][: one.people - 1]
        for one in asked if one.household_id is not None
    }  # fmt: skip


def _declined(keys: list[int], *, at: datetime) -> dict[int, set[str]]:
    """Groups that were declined, by them or by the house; and those whose offer ran out not long ago."""
    ended = Q(state=Offer.State.DECLINED) | Q(state=Offer.State.EXPIRED, expires_at__gt=at - AGAIN_AFTER)
    found: dict[int, set[str]] = {}
    for request, group in Offer.objects.filter(ended, request__in=keys).values_list("request", "group__uuid"):
        found.setdefault(request, set()).add(str(group))
    return found


def _apart(
    asked: list[Request], members: Mapping[int, list[Person]], groups: Collection[PlaceGroup], *, tonight: date, at: datetime
) -> tuple[dict[int, set[str]], dict[int, set[int]]]:  # fmt: skip
    """(houses where somebody sleeps whom they must not meet, numbers of requests of such people), by request."""
    numbers: dict[int, set[Request]] = {}  # person -> requests
    for one in asked:
        for person in (one.person_id, *(member.pk for member in members.get(one.pk, ()))):
            numbers.setdefault(person, set()).add(one)
    sleeping = _sleeping(groups, tonight, at=at)
    houses: dict[int, set[str]] = {}
    pairs: dict[int, set[int]] = {}
    for a, b in _kept_apart(at):
        for person, other in ((a, b), (b, a)):
            for request in numbers.get(person, ()):
                houses.setdefault(request.pk, set()).update(sleeping.get(other, ()))
                pairs.setdefault(request.pk, set()).update(
                    far.number for far in numbers.get(other, ()) if far != request
                )
    return houses, pairs


def _kept_apart(at: datetime) -> QuerySet[Apart, tuple[int, int]]:
    return Apart.objects.filter(Q(until=None) | Q(until__gt=at)).values_list("one", "other")


def _sleeping(groups: Collection[PlaceGroup], tonight: date, *, at: datetime) -> dict[int, set[str]]:
    """person -> houses of these groups where they are expected or there."""
    sites = {one.site_id: str(one.site.uuid) for one in groups}
    there = Stay.objects.filter(
        queries.alive(at), queries.meeting(tonight, None, tonight=tonight), group__site__in=sites
    )
    found: dict[int, set[str]] = {}
    for person, site in Occupant.objects.filter(stay__in=there).values_list("person", "stay__group__site"):
        found.setdefault(person, set()).add(sites[site])
    return found
