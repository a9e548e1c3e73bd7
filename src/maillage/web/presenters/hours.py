"""Opening hours as a week that a person reads, from the OpenStreetMap string."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import inf
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext
from opening_hours import OpeningHours

from maillage.directory.search.closures import Span, without
from maillage.directory.search.hours import parsed
from maillage.directory.search.types import CardClosure

MOST_SPANS = 12


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    spans: tuple[str, ...]  # empty: closed
    is_today: bool


DAYS = {"Mo": 0, "Tu": 1, "We": 2, "Th": 3, "Fr": 4, "Sa": 5, "Su": 6}


def readable(osm: str) -> str:
    """Short opening hours in words: `Mo-Fr 08:00-18:00; PH off` -> "Mon–Fri 08:00–18:00; closed on public holidays"."""
    if osm.strip() == "24/7":
        return gettext("day and night")
    text = osm.replace("PH off", gettext("closed on public holidays")).replace("PH", gettext("public holidays"))
    text = re.sub(r"\b(Mo|Tu|We|Th|Fr|Sa|Su)\b", lambda found: str(WEEKDAYS_ABBR[DAYS[found[0]]]).lower(), text)
    return re.sub(r"(?<=\S)-(?=\S)", "–", text)


def clock(moment: datetime) -> str:
    return date_format(moment, "H:i")


def week(osm: str, country: str, timezone: str, *, on: date, closures: Sequence[CardClosure] = ()) -> list[Day]:
    """The seven days from `on`, with public holidays as they fall; empty when the hours are not known or not readable.

    Hours that a closure takes whole are not in it.
    """
    hours = parsed(osm, country, timezone) if osm else None
    if hours is None:
        return []
    zone = ZoneInfo(timezone)
    closed = sorted((one.starts_at.timestamp(), one.ends_at.timestamp() if one.ends_at else inf) for one in closures)
    return [_day(hours, on + timedelta(days=n), zone, closed, is_today=n == 0) for n in range(7)]


def _day(hours: OpeningHours, on: date, zone: ZoneInfo, closed: Sequence[Span], *, is_today: bool) -> Day:
    """What opens on that day, but for what a closure takes whole; a night counts for the evening it begins."""
    start = datetime.combine(on, time(0), zone)
    end = datetime.combine(on + timedelta(days=1), time(0), zone)
    spans: list[str] = []
    moment = start
    if hours.is_open(start) and not hours.is_open(start - timedelta(minutes=1)):
        first: datetime | None = start
    elif hours.is_open(start):
        moment = hours.next_change(start) or end
        first = start if moment >= end else None  # the end of the night before is told the day before
        if first is None:
            first = _next_opening(hours, moment, end)
    else:
        first = _next_opening(hours, start, end)
    while first is not None and first < end and len(spans) < MOST_SPANS:
        closing = hours.next_change(first)
        if closing is None or closing - first >= timedelta(days=1):
            if without(first.timestamp(), end.timestamp(), closed):
                spans.append(gettext("all day and all night"))
            break
        if without(first.timestamp(), closing.timestamp(), closed):
            spans.append(
                gettext("%(start)s to %(end)s")
                % {"start": clock(first.astimezone(zone)), "end": clock(closing.astimezone(zone))}
            )
        first = _next_opening(hours, closing, end)
    name = date_format(on, "l j F")
    return Day(name[:1].upper() + name[1:], tuple(spans), is_today)


def _next_opening(hours: OpeningHours, moment: datetime, end: datetime) -> datetime | None:
    """The next moment from `moment` on at which it opens, before `end`."""
    while moment < end:
        if hours.is_open(moment):
            return moment
        following = hours.next_change(moment)
        if following is None:
            return None
        moment = following
    return None
