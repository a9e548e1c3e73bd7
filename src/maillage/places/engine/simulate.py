"""What another version of the rules would have done to those who asked: the same people, the same places, on the same days.

Both versions are run on the past, so that only the rules differ. A place comes free on the day when somebody really came into it. Who
ended their request by themselves leaves on that day; who really got a place waits until the simulation gives one. Left aside: quotas,
rooms of one gender and people kept apart, which depend on who is still there; whoever would have left meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Q

from maillage.methods.allocation import Numbers, Problem, Table, served
from maillage.methods.disclosure import floored, protect
from maillage.places import clock, fitting
from maillage.places import waiting as words
from maillage.places.engine import arrays, frozen
from maillage.places.engine.decide import DEFAULT_ORDER, plain
from maillage.places.engine.snapshot import _group, clocks, people, urgency
from maillage.places.models import Assessment, PlaceGroup, Request, Stay, WaitingList

DIMENSIONS: Final = ("public", "area", "tier")
STEP: Final = timedelta(days=7)  # of a queue: who came free in a week is given at its end
Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Compared:
    """Of one public, area or tier ("" not known), protected: multiples of the smallest cell, 0 for fewer. Days: None for fewer."""

    code: str
    asked: int
    served_before: int
    served_after: int
    days_before: float | None  # waited, the median of those served
    days_after: float | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """`gained` and `lost`: served by the new rules only, by the old ones only (protected). `by`: dimension -> its rows."""

    since: date
    until: date
    asked: int
    served_before: int
    served_after: int
    gained: int
    lost: int
    by: dict[str, tuple[Compared, ...]]


@dataclass(frozen=True, slots=True)
class Past:
    """What happened: plain rows, in the order of asking."""

    rows: list[dict[str, Any]]
    proofs: list[set[str]]  # codes of evidence
    asked: list[datetime]
    left: list[datetime | None]  # by themselves
    nights: list[date | None]
    events: list[list[Any]]
    judged: list[list[Any]]
    fits: Table
    units: Numbers
    places: dict[date, Numbers]  # that came free, by group
    zone: ZoneInfo


def simulate(
    waiting_list: WaitingList, before: Content, after: Content, *, since: date, until: date, smallest: int
) -> Simulation:  # fmt: skip
    """Compare two versions of the rules over the days from `since` up to, not with, `until`. `smallest`: the pack's smallest cell."""
    past = read(waiting_list, before, since=since, until=until)
    one, two = (_lived(past, content, since, until, waiting_list.kind) for content in (before, after))
    asked, served_before, served_after = floored(np.array([len(past.rows), len(one), len(two)]), smallest).tolist()
    gained, lost = floored(np.array([len(two.keys() - one.keys()), len(one.keys() - two.keys())]), smallest).tolist()
    by = {name: _compared(past, name, one, two, smallest) for name in DIMENSIONS}
    return Simulation(since, until, asked, served_before, served_after, gained, lost, by)


# ---- what happened


def read(waiting_list: WaitingList, content: Content, *, since: date, until: date) -> Past:
    """Everybody who waited in these days, and the places into which somebody came."""
    zone = ZoneInfo(waiting_list.territory.timezone)
    first, last = (datetime.combine(day, time(0), zone) for day in (since, until))
    rows = Request.objects.filter(waiting_list=waiting_list, asked_at__lt=last).filter(
        Q(ended_at=None) | Q(ended_at__gte=first)
    )
    asked = list(rows.select_related("person").order_by("number"))
    for one in asked:
        one.waiting_list = waiting_list  # its territory's vocabularies are large: read once
    groups = list(waiting_list.groups.select_related("site__area", "site").order_by("uuid"))
    publics = fitting.public_facts(waiting_list.territory.content)
    events = clocks(rows)
    told = plain({"people": people(asked, events, groups, content, publics, tonight=until, at=last)})["people"]
    shown = plain({"groups": [_group(one, publics) for one in groups]})["groups"]
    judged = _by_request(Assessment.objects.filter(request__in=rows).order_by("made_at", "pk"))
    fits: Table = np.ones((len(asked), len(groups)), np.bool_)
    for verdict in arrays.judged(shown, told).values() if asked and groups else ():
        fits &= verdict != fitting.EXCLUDED
    return Past(
        [one | {"area": row.area} for one, row in zip(told, asked, strict=True)],
        [{str(proof.get("code")) for proof in one.evidence} for one in asked],
        [one.asked_at for one in asked],
        [one.ended_at if one.state == Request.State.CLOSED else None for one in asked],
        [one.night for one in asked],
        [[event for event in events.get(one.pk, ()) if not _of_a_place(event)] for one in asked],
        [judged[one.pk] for one in asked],
        fits,
        arrays.units(shown, told) if groups else np.zeros((len(asked), 0), np.int64),
        _places(waiting_list, groups, since, until),
        zone,
    )


def _by_request(rows: Iterable[Any]) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.request_id].append(row)
    return found


def _of_a_place(event: Any) -> bool:
    """The clock that stopped because a place was found runs on: the simulation says when they get one."""
    return bool(event.kind == clock.STOP and event.reason == words.PLACED)


def _places(waiting_list: WaitingList, groups: Sequence[PlaceGroup], since: date, until: date) -> dict[date, Numbers]:
    """day -> places (beds of a dormitory) of each group into which somebody of this list, or of none, came."""
    column = {one.pk: number for number, one in enumerate(groups)}
    stays = Stay.objects.filter(group__in=column, from_on__gte=since, from_on__lt=until)
    stays = stays.filter(state__in=(Stay.State.IN, Stay.State.OUT)).filter(
        Q(request=None) | Q(request__waiting_list=waiting_list)
    )
    found: dict[date, Numbers] = {}
    for group, day, beds, kind in stays.values_list("group", "from_on", "people", "group__kind"):
        counts = found.setdefault(day, np.zeros(len(groups), np.int64))
        counts[column[group]] += beds if kind == PlaceGroup.Kind.DORMITORY else 1
    return found


# ---- lived again


def _lived(past: Past, content: Content, since: date, until: date, kind: str) -> dict[int, float]:
    """index of a request -> days waited, for each who gets a place under these rules."""
    if kind == WaitingList.Kind.DRAW:
        return _nights(past, content)
    got: dict[int, float] = {}
    left = np.zeros(past.fits.shape[1], np.int64)
    day = since
    while day < until:
        end = min(day + STEP, until)
        for each, counts in past.places.items():
            if day <= each < end:
                left = left + counts
        at = datetime.combine(end, time(0), past.zone)
        here = [index for index in range(len(past.rows)) if index not in got and _waits(past, index, at)]
        for index, group in _given(past, here, content, left, at, "").items():
            left[group] -= past.units[index, group]
            got[index] = clock.waited(past.events[index], at=at) / timedelta(days=1)
        day = end
    return got


def _nights(past: Past, content: Content) -> dict[int, float]:
    """Each night alone: beds of yesterday are not given today."""
    got: dict[int, float] = {}
    by_night: defaultdict[date, list[int]] = defaultdict(list)
    for index, night in enumerate(past.nights):
        if night is not None:
            by_night[night].append(index)
    for night, here in by_night.items():
        left = past.places.get(night)
        if left is not None:
            at = datetime.combine(night, time(18), past.zone)
            seed = frozen.digest(f"simulation {night}".encode())
            got |= dict.fromkeys(_given(past, here, content, left, at, seed), 0.0)
    return got


def _waits(past: Past, index: int, at: datetime) -> bool:
    left = past.left[index]
    if past.asked[index] > at or (left is not None and left <= at):
        return False
    return clock.now(past.events[index], at=at)[0] != clock.PAUSED


def _given(
    past: Past, here: Sequence[int], content: Content, left: Numbers, at: datetime, seed: str
) -> dict[int, int]:  # fmt: skip
    """index -> group, for those who get one of the places that are left."""
    if not here or not left.any():
        return {}
    tiers = content.get("tiers") or ()
    absolute = {one["code"] for one in content.get("absolute") or ()}
    rows = [
        past.rows[index]
        | urgency(past.events[index], past.judged[index], tiers, at=at.astimezone(UTC))
        | {"absolute": bool(past.proofs[index] & absolute)}
        for index in here
    ]
    ranks = [here[place] for place in frozen.order(rows, list(content.get("order") or DEFAULT_ORDER), seed)]
    found = served(Problem(past.fits[ranks], left, units=past.units[ranks])).group.tolist()
    return {index: group for index, group in zip(ranks, found, strict=True) if group >= 0}


# ---- protected


def _compared(
    past: Past, name: str, one: Mapping[int, float], two: Mapping[int, float], smallest: int
) -> tuple[Compared, ...]:  # fmt: skip
    members: defaultdict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(past.rows):
        members[row["tier_code" if name == "tier" else name]].append(index)
    codes = sorted(members)
    if not codes:
        return ()
    counts = np.array(
        [[len(members[code]), *(sum(i in got for i in members[code]) for got in (one, two))] for code in codes]
    )
    cells = protect(counts, smallest).cells.tolist()
    return tuple(
        Compared(code, *row, *(_days(got, members[code], smallest) for got in (one, two)))
        for code, row in zip(codes, cells, strict=True)
    )


def _days(got: Mapping[int, float], members: Sequence[int], smallest: int) -> float | None:
    """The median of enough of them, in whole days: a median of few is somebody's."""
    days = [got[index] for index in members if index in got]
    return float(round(median(days))) if len(days) >= smallest else None
