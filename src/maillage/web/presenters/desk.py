"""What the desk says of a service, of a change, of a closure: short sentences for somebody who is at work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from maillage.directory import freshness
from maillage.directory.models import Service
from maillage.directory.search.types import Card, CardCapacity
from maillage.web.presenters import service as present
from maillage.web.presenters import words as say
from maillage.web.presenters.quality import Completeness
from maillage.web.presenters.vocabulary import Vocabulary

# what a button says -> (code of the state, places)
FULL, ROOM, WAITING, INTERVIEW = "no-capacity", "capacity", "waitlist", "additional-assessment-required"
HOLDS = {"12h": _("12 hours"), "today": _("Until tonight"), "3d": _("3 days"), "week": _("A week")}
LENGTHS = {"12h": timedelta(hours=12), "3d": timedelta(days=3), "week": timedelta(days=7)}
MOST_CHIPS = 5
DEFAULT_UNIT = "place"
DAY = "D j F"


@dataclass(frozen=True, slots=True)
class Room:
    """One unit of capacity: what is said of it now, and the numbers that one tap says."""

    unit: str
    label: str
    now: str
    kind: str  # fits, no, verify, or empty when nobody knows
    chips: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    code: str
    label: str
    until: str


@dataclass(frozen=True, slots=True)
class Mine:
    """A service as its own people see it on a phone."""

    uuid: str
    anchor: str
    name: say.Said
    organization: str
    status: str
    shown: bool
    confirmed: str
    freshness: str  # fresh, due, stale, never
    freshness_label: str
    rooms: tuple[Room, ...]
    closure: str
    closure_message: say.Said
    closure_uuid: str
    proposed: str
    proposed_count: int
    reports: str
    is_confidential: bool
    complete: Completeness | None


FRESHNESS = {
    freshness.FRESH: _("Up to date"),
    freshness.DUE: _("To confirm"),
    freshness.STALE: _("Out of date"),
    freshness.NEVER: _("Never confirmed"),
}


def confirmed(on: date | None, *, today: date) -> str:
    """ "Confirmed 3 months ago": the age is what matters at the desk; the date stands on the public page."""
    if on is None:
        return gettext("Nobody has confirmed it yet")
    if on >= today:
        return gettext("Confirmed today")
    age = timesince(datetime.combine(on, time(0)), datetime.combine(today, time(0)), depth=1)
    return gettext("Confirmed %(age)s ago") % {"age": age}


def local(moment: datetime, words: Vocabulary) -> datetime:
    return moment.astimezone(ZoneInfo(words.territory.timezone))


def moment(at: datetime, words: Vocabulary) -> str:
    """A day and an hour, as the territory's clocks show it. Midnight is the end of a day: nobody reads 00:00 as tonight."""
    here = local(at, words)
    if here.time() == time(0):
        return f"{date_format(here - timedelta(days=1), DAY)}, 24:00"
    return f"{date_format(here, DAY)}, {date_format(here, 'H:i')}"


def day(on: date) -> str:
    return date_format(on, f"{DAY} Y")


def rooms(card: Card | None, words: Vocabulary, *, at: datetime) -> tuple[Room, ...]:
    """One for each unit that was ever said, the newest word of each; else one, of which nothing is known."""
    newest: dict[str, CardCapacity] = {}
    for one in card.capacities if card else ():
        if one.unit not in newest or newest[one.unit].updated_at < one.updated_at:
            newest[one.unit] = one
    if not newest:
        return (Room(DEFAULT_UNIT, gettext("Room"), str(say.ROOM[""]), "", chips(None)),)
    alone = len(newest) == 1
    return tuple(_room(one, words, alone=alone, at=at) for one in newest.values())


def _room(one: CardCapacity, words: Vocabulary, *, alone: bool, at: datetime) -> Room:
    is_known = one.expires_at is None or one.expires_at > at
    now = present.room(one, at=at)
    if is_known and one.expires_at is not None:
        now = gettext("%(now)s; holds until %(until)s") % {"now": now, "until": moment(one.expires_at, words)}
    kind = {ROOM: "fits", FULL: "no"}.get(one.status, "verify") if is_known and one.status else ""
    label = gettext("Room") if alone else gettext("Room (%(unit)s)") % {"unit": one.unit}
    return Room(one.unit, label, now, kind, chips(one.maximum))


def places(available: int | None, maximum: int | None) -> str:
    if available is None:
        return ""
    if maximum is None:
        return gettext("%(n)s free") % {"n": available}
    return gettext("%(n)s of %(max)s free") % {"n": available, "max": maximum}


def chips(maximum: int | None) -> tuple[int, ...]:
    """The numbers worth a button: nobody taps the 14th."""
    return tuple(range(1, min(MOST_CHIPS, MOST_CHIPS if maximum is None else maximum) + 1))


def holds(words: Vocabulary, *, at: datetime) -> list[Hold]:
    """How long what is said may hold, each with the moment at which it ends."""
    return [Hold(code, str(label), moment(expiry(code, words, at=at), words)) for code, label in HOLDS.items()]


def expiry(code: str, words: Vocabulary, *, at: datetime) -> datetime:
    """When what is said now ends. "today" is midnight; after 22 h it is the midnight that follows, or it would hold for minutes."""
    if code in LENGTHS:
        return at + LENGTHS[code]
    here = local(at, words)
    days = 1 if here.hour < 22 else 2
    return datetime.combine(here.date() + timedelta(days=days), time(0), here.tzinfo)


def closure(starts_at: datetime, ends_at: datetime | None, words: Vocabulary, *, at: datetime) -> str:
    """ "Closed until Fri 27 Nov", "Will be closed from ... to ...", "Closed until further notice"."""
    first = date_format(local(starts_at, words), DAY)
    last = date_format(local(ends_at - timedelta(seconds=1), words), DAY) if ends_at else ""
    if starts_at > at:
        shape = (
            gettext("Will be closed from %(first)s to %(last)s") if last else gettext("Will be closed from %(first)s")
        )
        return shape % {"first": first, "last": last}
    return gettext("Closed until %(last)s") % {"last": last} if last else gettext("Closed until further notice")


def name(service: Service, card: Card | None, words: Vocabulary) -> say.Said:
    return (say.said(card, "name", words) if card else say.NOTHING) or say.Said(service.name)


def message(said: Mapping[str, str], words: Vocabulary) -> say.Said:
    return say.said_in(said, words)


def proposed(count: int) -> str:
    if not count:
        return ""
    return ngettext("%(n)s change waits for a moderator", "%(n)s changes wait for a moderator", count) % {"n": count}


def reported(count: int) -> str:
    if not count:
        return ""
    return ngettext("%(n)s report of an error to answer", "%(n)s reports of errors to answer", count) % {"n": count}
