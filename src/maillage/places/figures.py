"""How the places are used: what is accredited and open, how full, how long people stay and wait, who is refused. By service, area
and public, over a period; for those who coordinate. Never one person's night.

Length of stay and waiting count those who are still there or still wait (Kaplan and Meier); half of a few people is shown to nobody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from maillage.methods import disclosure
from maillage.methods.survival import kaplan_meier
from maillage.orientation.queries import Vocabulary
from maillage.places import clock, nights, occupancy
from maillage.places.models import ClockEvent, Refusal, Request
from maillage.places.nights import GroupNights, Slept, Span

DIMENSIONS = ("service", "area", "public")
REFUSED = (Refusal.Cause.NO_PLACE, Refusal.Cause.RULE, Refusal.Cause.PROVIDER)
NOBODY = ""  # a refusal by no house in particular, an area or a public that nobody said


@dataclass(frozen=True, slots=True)
class Asked:
    """Which nights, and which kind of house ("" all)."""

    span: Span
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """A time of which a quarter, half and three quarters are over, in days. None: too few to say; `beyond`: half are not over yet
    after so many."""

    quarter: float | None = None
    half: float | None = None
    three_quarters: float | None = None
    beyond: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """`open`: places a night, on average over the nights on record. `rate`: how full, to the nearest 5 in 100; None where it would tell
    of fewer people than the smallest cell (`places.occupancy`). `arrivals` and `refused` are multiples of the smallest cell, at least
    that many; 0: fewer than that."""

    code: str
    accredited: int
    knows_accredited: bool
    open: float
    rate: float | None
    arrivals: int
    refused: int
    length: Spread
    waited: Spread


@dataclass(frozen=True, slots=True)
class Use:
    asked: Asked
    smallest: int
    lines: Mapping[str, tuple[Line, ...]]  # dimension -> its lines, the largest first
    all: Line


@dataclass(frozen=True, slots=True)
class Lasting:
    """One stay, or one wait: `since`..`until` days after its beginning it was watched; did it end then?"""

    keys: tuple[str, str, str]  # service, area, public
    entered: float
    seen: float
    ended: bool


def use(words: Vocabulary, asked: Asked) -> Use:
    """Everything that the page and its CSV show. Eight queries, protected once for all of them."""
    territory, span = words.territory, asked.span
    smallest = max(int(territory.content.get("smallest_cell") or 5), 1)
    slept = nights.stays(territory, span)
    groups = nights.groups(territory, span, slept, kind=asked.kind)
    keys = {group.pk: (str(group.service), tile(words, group.area), group.public) for group in groups}
    stayed = _stayed(span, slept, keys)
    placed = {one.request: keys[one.group] for one in slept if one.request and one.group in keys}
    waits = _waits(words, asked, placed)
    refused = _refused(words, asked, keys)
    arrived = [line for line in stayed if line.entered == 0]
    safe = {
        name: (
            _protected([line.keys[axis] for line in arrived], smallest),
            _protected([key[axis] for key in refused], smallest),
        )
        for axis, name in enumerate(DIMENSIONS)
    }
    lines = {
        name: _lines(axis, groups, keys, stayed, waits, safe[name], smallest) for axis, name in enumerate(DIMENSIONS)
    }
    least = [min(safe[name][n].total for name in DIMENSIONS) for n in (0, 1)]
    whole = _line("", groups, stayed, waits, least[0], least[1], smallest)
    present = occupancy.present(span, slept, keys)
    told = {name: occupancy.told(lines[name], axis, present, span, smallest) for axis, name in enumerate(DIMENSIONS)}
    return Use(
        asked, smallest, {name: tuple(occupancy.kept(line, told[name]) for line in lines[name]) for name in DIMENSIONS},
        occupancy.kept(whole, occupancy.told([whole], None, present, span, smallest)),
    )  # fmt: skip


def tile(words: Vocabulary, area: str) -> str:
    """The area of the map that holds this one; itself when none does."""
    level = str(words.territory.content.get("tile_level") or "commune")
    return next((code for code in words.area_line(area) if words.areas[code].level == level), area)


@dataclass(frozen=True, slots=True)
class _Safe:
    by_code: Mapping[str, int]
    total: int


def _protected(codes: Sequence[str], smallest: int) -> _Safe:
    """How many have each code, made safe together with their sum."""
    counted = Counter(codes)
    safe = disclosure.protect(np.array(list(counted.values()), np.int64).reshape(-1, 1), smallest)
    return _Safe(dict(zip(counted, safe.cells[:, 0].tolist(), strict=True)), safe.total)


def _lines(
    axis: int, groups: Sequence[GroupNights], keys: Mapping[int, tuple[str, str, str]], stayed: Sequence[Lasting],
    waits: Sequence[Lasting], safe: tuple[_Safe, _Safe], smallest: int,
) -> tuple[Line, ...]:  # fmt: skip
    """The lines of one dimension: every value that has places, or refusals that may be shown."""
    arrived, refused = safe
    codes = {keys[group.pk][axis] for group in groups} | {code for code, count in refused.by_code.items() if count}
    found = [
        _line(
            code,
            [group for group in groups if keys[group.pk][axis] == code],
            [one for one in stayed if one.keys[axis] == code],
            [one for one in waits if one.keys[axis] == code],
            arrived.by_code.get(code, 0),
            refused.by_code.get(code, 0),
            smallest,
        )
        for code in codes
    ]
    return tuple(sorted(found, key=lambda line: (-line.open, -line.refused, line.code)))


def _line(
    code: str, groups: Sequence[GroupNights], stayed: Sequence[Lasting], waits: Sequence[Lasting], arrivals: int,
    refused: int, smallest: int,
) -> Line:  # fmt: skip
    opened = sum(int(group.open.sum()) for group in groups)
    used = sum(int(np.minimum(group.used, group.open).sum()) for group in groups)
    return Line(
        code,
        sum(group.accredited or 0 for group in groups),
        any(group.accredited is not None for group in groups),
        sum(float(group.open.sum()) / group.on_record for group in groups if group.on_record),
        used / opened if opened else None,
        arrivals,
        refused,
        spread(stayed, smallest),
        spread(waits, smallest),
    )


def spread(lasting: Sequence[Lasting], smallest: int) -> Spread:
    """The quartiles, when enough ended: at least `smallest` people stand on each side of every number that is shown."""
    ended = sum(one.ended for one in lasting)
    if ended < 2 * smallest:
        return Spread()
    curve = kaplan_meier(
        [one.seen for one in lasting],
        [one.ended for one in lasting],
        entries=[one.entered for one in lasting],
        least_at_risk=smallest,
    )
    quarter, half, rest = (None if np.isnan(days := curve.quantile(share)) else days for share in (0.25, 0.5, 0.75))
    if ended < 4 * smallest:
        quarter = rest = None
    return Spread(quarter, half, rest, float(curve.times[-1]) if half is None and curve.times.size else None)


def _stayed(span: Span, slept: Iterable[Slept], keys: Mapping[int, tuple[str, str, str]]) -> list[Lasting]:
    """One for each household and house: several beds, or a move inside the house, are one stay."""
    whole: dict[tuple[object, str], list[Slept]] = defaultdict(list)
    for one in slept:
        if one.group in keys:
            whole[one.request or f"stay {one.key}", keys[one.group][0]].append(one)
    found = []
    for parts in whole.values():
        since = min(one.since for one in parts)
        ends = [one.until for one in parts if one.until and one.is_over]
        ended = len(ends) == len(parts) and max(ends) <= span.last + timedelta(1)
        until = max(ends) if ended else span.last + timedelta(1)
        entered, seen = max((span.first - since).days, 0), (until - since).days
        if seen > entered or (seen == entered == 0):
            found.append(Lasting(keys[parts[0].group], float(entered), float(seen), ended))
    return found


def _waits(words: Vocabulary, asked: Asked, placed: Mapping[int, tuple[str, str, str]]) -> list[Lasting]:
    """Days that their clock ran, of those who waited in the period. A request for one night is no waiting. Who ended without a
    place, and who still waits, was seen until then. Where they were placed is known of those who were placed only."""
    zone = ZoneInfo(words.territory.timezone)
    first, last = (datetime.combine(day, time(12), zone) for day in (asked.span.first, asked.span.last + timedelta(1)))
    rows = Request.objects.filter(waiting_list__territory=words.territory, night=None, asked_at__lt=last)
    rows = rows.exclude(ended_at__lt=first)
    if asked.kind:
        rows = rows.filter(waiting_list__groups__site__kind=asked.kind).distinct()
    requests = list(rows.values_list("pk", "public", "state", "ended_at"))
    events: dict[int, list[clock.Event]] = defaultdict(list)
    told = ClockEvent.objects.filter(request__in=rows.values("pk")).order_by("at", "pk")
    for key, kind, at, reason in told.values_list("request", "kind", "at", "reason"):
        events[key].append(clock.Event(kind, at, reason))
    found = []
    for key, public, state, ended_at in requests:
        ended = _placed_at(events[key]) if state == Request.State.PLACED else None
        is_placed = ended is not None and ended < last
        end = min(moment for moment in (ended, ended_at, last) if moment is not None)
        entered, seen = (clock.waited(events[key], at=at) / clock.DAY for at in (first, end))
        if end >= first and seen >= entered:
            service, area, _ = placed.get(key, (NOBODY, NOBODY, NOBODY)) if is_placed else (NOBODY, NOBODY, NOBODY)
            found.append(Lasting((service, area, public), float(entered), float(seen), is_placed))
    return found


def _placed_at(events: Sequence[clock.Event]) -> datetime | None:
    """When the clock stopped for the last time."""
    return next((one.at for one in reversed(events) if one.kind == clock.STOP), None)


def _refused(words: Vocabulary, asked: Asked, keys: Mapping[int, tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """service, area and public of each request that was refused in the period: no place, the rules, or the house."""
    rows = nights.refusals(words.territory, asked.span).filter(cause__in=REFUSED)
    if asked.kind:
        rows = rows.filter(group__site__kind=asked.kind)
    nowhere = (NOBODY, NOBODY, NOBODY)
    return [
        (keys.get(group or 0, nowhere)[0], tile(words, area), public or keys.get(group or 0, nowhere)[2])
        for group, area, public in rows.values_list("group", "area", "public")
    ]
