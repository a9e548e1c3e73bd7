"""How many people will ask for a place, for each public, in the days to come: those housed and those refused, night by night.

Occupancy stops at what there is; demand does not. Everything is forecast from protected counts, so that no forecast tells more
than the page of past nights may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from maillage.methods import disclosure, forecast
from maillage.places import nights
from maillage.places.models import Refusal, Stay
from maillage.places.nights import Counts, GroupNights, Span
from maillage.territory.models import Territory

Floats = NDArray[np.float64]
AHEAD = (7, 30)
LEVEL = 0.9
LONGEST = 400  # nights looked at: a year and a month
JUDGED = 30  # nights on which a band was put to the test, before its coverage is said
ON_RECORD = 0.9  # of the places
EVERYONE = "*"


@dataclass(frozen=True, slots=True)
class Expected:
    """So many days ahead. `low`, `high`: None while too few errors are known; `coverage`: None while too few nights judged it."""

    days: int
    on: date
    people: int
    low: int | None
    high: int | None
    coverage: float | None
    judged: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """One public. `past`: protected, night by night; `ahead`, `low`, `high`: each of the next 30 days; nothing when too little
    is known (`missing` nights more make a forecast)."""

    public: str
    past: Counts
    refused: Counts
    expected: tuple[Expected, ...]
    ahead: Floats
    low: Floats
    high: Floats
    open: int  # places open for them on the last night
    missing: int


@dataclass(frozen=True, slots=True)
class Demand:
    span: Span
    smallest: int
    outlooks: tuple[Outlook, ...]  # everyone first, then the largest


def demand(territory: Territory, *, tonight: date) -> Demand:
    """Past nights up to the last one (tonight moves while one watches) and what comes, for everyone and each public.

    A public that never reached the smallest cell is in no line of its own.
    """
    smallest = max(int(territory.content.get("smallest_cell") or 5), 1)
    span = _known(territory, tonight)
    slept = nights.stays(territory, span)
    housed, refused = nights.housed_people(span, slept), nights.refused_people(territory, span)
    publics = sorted({*housed, *refused})
    nothing = np.zeros(span.length, np.int64)
    told = [refused.get(public, nothing) for public in publics]
    table = np.array([housed.get(public, nothing) + more for public, more in zip(publics, told, strict=True)], np.int64)
    table = table.reshape(len(publics), span.length)
    safe = disclosure.protect(table, smallest)
    turned = disclosure.protect(np.array(told, np.int64).reshape(len(publics), span.length), smallest)
    groups = nights.groups(territory, span, ())
    by_public = {public: [group for group in groups if group.public == public] for public in publics}
    lines = [
        _of(public, safe.cells[row], turned.cells[row], by_public[public], span, smallest)
        for row, public in enumerate(publics)
        if safe.cells[row].any()
    ]
    lines.sort(key=lambda one: (-int(one.past[-1]), one.public))
    if safe.columns.any():
        lines.insert(0, _of(EVERYONE, safe.columns, turned.columns, groups, span, smallest))
    return Demand(span, smallest, tuple(lines))


def _known(territory: Territory, tonight: date) -> Span:
    """From the first night that anything is known of, at most LONGEST, up to last night."""
    last = tonight - timedelta(1)
    stays = Stay.objects.filter(territory=territory, state__in=(Stay.State.IN, Stay.State.OUT))
    first = stays.order_by("from_on").values_list("from_on", flat=True).first()
    asked = Refusal.objects.filter(territory=territory).order_by("at").values_list("at", flat=True).first()
    days = [day for day in (first, asked.date() if asked else None) if day]
    return Span(max(min([*days, last]), last - timedelta(LONGEST - 1)), last)


def _of(
    public: str, past: Counts, refused: Counts, groups: Sequence[GroupNights], span: Span, smallest: int
) -> Outlook:
    start = span.place(_on_record(groups, span))
    open_places = sum(int(group.open[-1]) for group in groups if group.open.size)
    return outlook(public, past[start:], refused[start:], span, open_places, smallest)


def _on_record(groups: Sequence[GroupNights], span: Span) -> date:
    """The night from which nine places in ten were on record: a house that begins to write down who sleeps there is no new demand.
    Places of a season, and houses that opened in the span, are."""
    known = sorted(
        (group.since, int(group.open.max(initial=0))) for group in groups if group.since and not group.is_seasonal
    )
    needed, places = ON_RECORD * sum(size for _, size in known), 0
    for since, size in known:
        places += size
        if places >= needed:
            return min(since, span.last)
    return span.first


def outlook(public: str, past: Counts, refused: Counts, span: Span, open_places: int, smallest: int) -> Outlook:
    """What one series says of the next days: rounded outwards to the smallest cell, never below zero."""
    nothing = np.empty(0)
    missing = max(forecast.WINDOW + 1 - len(past), 0)
    if missing:
        return Outlook(public, past, refused, (), nothing, nothing, nothing, open_places, missing)
    furthest = max(AHEAD)
    said = np.maximum(forecast.damped_drift(past, horizon=furthest), 0)
    bands = [
        forecast.adaptive_conformal(forecast.backtest(past, ahead=n), delay=n, level=LEVEL)
        for n in range(1, furthest + 1)
    ]
    half = np.array([band.now for band in bands])
    low, high = np.maximum(said - half, 0), said + half
    expected = []
    for days in AHEAD:
        band, n = bands[days - 1], days - 1
        known = bool(np.isfinite(half[n]))
        expected.append(
            Expected(
                days,
                span.last + timedelta(days),
                round(said[n]),
                int(low[n] // smallest * smallest) if known else None,
                int(-(-high[n] // smallest) * smallest) if known else None,
                band.coverage if band.measured >= JUDGED else None,
                band.measured,
            )
        )
    return Outlook(public, past, refused, tuple(expected), said, low, high, open_places, 0)
