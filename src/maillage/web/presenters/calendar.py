"""Dated activities: when each takes place, by day, and as iCalendar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from django.utils.formats import date_format
from django.utils.translation import gettext
from icalendar import Calendar, Event

from maillage.directory.models import Activity, Service
from maillage.directory.search.types import Card
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import Vocabulary
from maillage.web.queries import Timing

MOST_TIMES = 400  # occurrences of one activity looked at


class Timed(Protocol):
    """What tells when something takes place: an activity, or its timing alone."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def rrule(self) -> str: ...
    @property
    def until(self) -> date | None: ...
    @property
    def excluded(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Occurrence:
    pk: int
    uuid: UUID
    starts_at: datetime
    ends_at: datetime
    is_cancelled: bool


@dataclass(frozen=True, slots=True)
class Entry:
    uuid: UUID
    service: UUID
    name: say.Said
    time: str
    place: str
    cost: str
    access: str
    told: str
    is_cancelled: bool


@dataclass(frozen=True, slots=True)
class CalendarDay:
    name: str
    anchor: str
    is_today: bool
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Date:
    uuid: UUID
    when: str


# rules whose dates do not depend on when they began: most activities share a few of them
SHARED = re.compile(r"FREQ=(WEEKLY|MONTHLY);BYDAY=[^;]+|FREQ=DAILY")


def starts(activity: Timed, zone: ZoneInfo, first: date, last: date) -> Iterator[datetime]:
    """Local starts from `first` to `last` included, without the excluded dates; the clock time stays when the hour changes."""
    begin = activity.starts_at.astimezone(zone).replace(tzinfo=None)
    low, high = max(first, begin.date()), min(last, activity.until) if activity.until else last
    excluded = {str(day) for day in activity.excluded}
    for day in _days(activity.rrule, begin, low, high):
        if day.isoformat() not in excluded:
            yield datetime.combine(day, begin.time(), zone)


def _days(rule: str, begin: datetime, low: date, high: date) -> Iterable[date]:
    rule = _without_until(rule)
    if not rule:
        return [begin.date()] if low <= begin.date() <= high else []
    if SHARED.fullmatch(rule):
        return [day for day in _shared_days(rule, *_around(low, high)) if low <= day <= high]
    try:
        moments = rrulestr(rule, dtstart=begin).xafter(datetime.combine(low, time.min), MOST_TIMES, inc=True)
        return [moment.date() for moment in takewhile(lambda moment: moment.date() <= high, moments)]
    except (ValueError, TypeError, AttributeError):
        return (
            [begin.date()] if low <= begin.date() <= high else []
        )  # a rule that cannot be read: the first date alone is sure


def _around(low: date, high: date) -> tuple[date, date]:
    """Whole months, so that every activity of a page asks for the same dates."""
    return low.replace(day=1), high.replace(day=28) + timedelta(days=4)


@lru_cache(maxsize=2_000)
def _shared_days(rule: str, low: date, high: date) -> tuple[date, ...]:
    try:
        moments = rrulestr(rule, dtstart=datetime.combine(low, time.min))
        return tuple(moment.date() for moment in takewhile(lambda moment: moment.date() <= high, moments))
    except (ValueError, TypeError, AttributeError):
        return ()


def _without_until(rule: str) -> str:
    """UNTIL in UTC cannot be mixed with local starts: `Activity.until` says it."""
    return ";".join(part for part in rule.removeprefix("RRULE:").split(";") if not part.upper().startswith("UNTIL"))


def occurrences(found: Iterable[Timing], zone: ZoneInfo, first: date, last: date) -> list[Occurrence]:
    """Everything that takes place in these days, in order."""
    every = [
        Occurrence(timing.pk, timing.uuid, moment, moment + timedelta(minutes=timing.minutes), timing.is_cancelled)
        for timing in found
        for moment in starts(timing, zone, first, last)
    ]
    return sorted(every, key=lambda one: (one.starts_at, one.pk))


def name_of(service: Service, card: Card | None, words: Vocabulary) -> say.Said:
    return (say.said(card, "name", words) if card else say.NOTHING) or say.Said(service.name)


def place_of(activity: Activity, card: Card | None, words: Vocabulary) -> str:
    """The area of the activity's own place, else where its service is; a confidential place is its area."""
    if activity.location and activity.location.area:
        return words.area_name(activity.location.area.code)
    return say.place(card, words) if card else ""


def entry(one: Occurrence, activity: Activity, card: Card | None, words: Vocabulary) -> Entry:
    span = gettext("%(start)s to %(end)s") % {
        "start": date_format(one.starts_at, "H:i"),
        "end": date_format(one.ends_at, "H:i"),
    }
    location = activity.location
    wheels = location.is_wheelchair_accessible if location else card.wheelchair if card else None
    return Entry(
        one.uuid,
        activity.service.uuid,
        name_of(activity.service, card, words),
        span,
        place_of(activity, card, words),
        str(say.COSTS.get(activity.service.cost, "")) if activity.service.cost else "",
        say.wheelchair(wheels) if wheels is not None else "",
        say.told(card, words) if card else "",
        one.is_cancelled,
    )


def days(
    found: Iterable[Occurrence],
    activities: Mapping[int, Activity],
    cards: Mapping[int, Card],
    words: Vocabulary,
    first: date,
    today: date,
) -> list[CalendarDay]:
    """Seven days, the empty ones too."""
    by_day: dict[date, list[Entry]] = {first + timedelta(days=n): [] for n in range(7)}
    for one in found:
        activity = activities[one.pk]
        by_day[one.starts_at.date()].append(entry(one, activity, cards.get(activity.service_id), words))
    return [
        CalendarDay(_capital(date_format(day, "l j F")), f"day-{day.isoformat()}", day == today, tuple(entries))
        for day, entries in by_day.items()
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def date_words(one: Occurrence) -> Date:
    when = gettext("%(day)s, %(start)s to %(end)s") % {
        "day": date_format(one.starts_at, "l j F"),
        "start": date_format(one.starts_at, "H:i"),
        "end": date_format(one.ends_at, "H:i"),
    }
    return Date(one.uuid, _capital(when))


def icalendar(
    found: Iterable[Activity],
    cards: Mapping[int, Card],
    words: Vocabulary,
    *,
    title: str,
    note: str = "",
    at: datetime,
    root: str,
) -> bytes:
    """A feed (RFC 5545) in the territory's time zone; a repeated activity is one event with its rule."""
    zone = ZoneInfo(words.territory.timezone)
    calendar = Calendar()
    calendar.add("prodid", "-//Maillage//activities//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    if note:
        calendar.add("x-wr-caldesc", note)
    calendar.add("x-wr-timezone", words.territory.timezone)
    calendar.add("refresh-interval;value=duration", "PT12H")
    for activity in found:
        calendar.add_component(_event(activity, cards.get(activity.service_id), words, zone, at, root))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(activity: Activity, card: Card | None, words: Vocabulary, zone: ZoneInfo, at: datetime, root: str) -> Event:
    begin = activity.starts_at.astimezone(zone)
    event = Event()
    event.add("uid", f"{activity.uuid}@maillage")
    event.add("dtstamp", at)
    event.add("dtstart", begin)
    event.add("dtend", begin + timedelta(minutes=activity.minutes))
    name = name_of(activity.service, card, words)
    fictional = gettext("[fictional] ") if activity.service.is_fictional else ""
    event.add("summary", f"{fictional}{name.text}")
    if place := place_of(activity, card, words):
        event.add("location", place)
    event.add("url", f"{root}/service/{activity.service.uuid}/")
    if activity.is_cancelled:
        event.add("status", "CANCELLED")
    _repeat(event, activity, begin, zone)
    return event


def _repeat(event: Event, activity: Activity, begin: datetime, zone: ZoneInfo) -> None:
    if not activity.rrule:
        return
    rule = dict(part.split("=", 1) for part in _without_until(activity.rrule).split(";") if "=" in part)
    recur: dict[str, object] = {key.lower(): value.split(",") for key, value in rule.items()}
    if activity.until:
        recur["until"] = (
            datetime.combine(activity.until, time.max, zone).replace(microsecond=0).astimezone(ZoneInfo("UTC"))
        )
    event.add("rrule", recur)
    for day in activity.excluded:
        try:
            event.add("exdate", datetime.combine(date.fromisoformat(str(day)), begin.time(), zone))
        except ValueError:
            continue
