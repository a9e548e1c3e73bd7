"""Decisions of orientation: when a window starts and ends, what stands in the way, what to ask next. Values in, values out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from stdnum import get_cc_module

from maillage.people.rules import gettext_noop

FactValue = bool | float | str

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SPANS: Final = {day: (number, number) for number, day in enumerate(DAYS)} | {"weekend": (5, 6), "weekday": (0, 4)}
HERE: Final = frozenset({"remote", "home", "outreach"})  # ways of delivery for which nobody has to travel


# ---- when


def window_bounds(code: str, starts: str, ends: str, *, at: datetime, timezone: str) -> tuple[datetime, datetime]:
    """The window meant at the moment `at`: the one that is running, else the next one.

    "now" is the moment itself. A day of the week, "weekend" and "weekday" (Monday to Friday) are spans of days; any other
    code is every day. `starts` and `ends` are "HH:MM" in the territory's time zone, absent: the whole day; an end that is
    not after the start is on the next day. A running window starts now: what was open only before does not help.
    """
    if code == "now":
        return at, at
    zone = ZoneInfo(timezone)
    today = at.astimezone(zone).date()
    first, last = SPANS.get(code, (None, None))
    for shift in range(-7, 9):
        day = today + timedelta(days=shift)
        if first is not None and day.weekday() != first:
            continue
        final = day if last is None or first is None else day + timedelta(days=last - first)
        start, end = _moment(day, starts or "00:00", zone), _moment(final, ends or "00:00", zone)
        if end <= start or not ends:
            end = _moment(final + timedelta(days=1), ends or "00:00", zone)
        if end > at:
            return max(start, at), end
    raise AssertionError("every week has every day")  # pragma: no cover


def _moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    hours, _, minutes = clock.partition(":")
    if int(hours) >= 24:
        day, hours = day + timedelta(days=1), "0"
    return datetime.combine(day, time(int(hours), int(minutes or 0)), zone)


# ---- facts


def all_facts(
    given: Mapping[str, FactValue], read: Mapping[str, FactValue], publics: Iterable[Mapping[str, FactValue]]
) -> dict[str, FactValue]:
    """What is known of the person: said in so many words, then read in the text, then implied by a public."""
    found: dict[str, FactValue] = {}
    for facts in publics:
        for criterion, value in facts.items():
            found.setdefault(criterion, value)
    return {**found, **read, **given}


# ---- what stands in the way


@dataclass(frozen=True, slots=True)
class Place:
    """What an obstacle looks at in one service, for one person."""

    distance_km: float | None
    wheelchair: bool | None
    cost: str
    speaks: bool | None  # one of the person's languages; None: unknown, or no language was asked
    access: Sequence[str]
    is_open: bool | None
    childcare: bool | None
    delivery: Sequence[str]


def obstacle_stands(when: Mapping[str, Mapping[str, Any]], facts: Mapping[str, FactValue], place: Place) -> bool:
    """The person is one that it hinders, and the service has every feature that hinders.

    A fact about the person that is not known raises nothing; a feature that the definition calls "unknown" does.
    """
    for criterion, values in (when.get("person") or {}).items():
        wanted = values if isinstance(values, list | tuple) else [values]
        if criterion not in facts or not any(_same(facts[criterion], value) for value in wanted):
            return False
    features = when.get("service") or {}
    return all(_has(feature, wanted, place) for feature, wanted in features.items())


def _same(fact: object, value: object) -> bool:
    return fact == value and isinstance(fact, bool) == isinstance(value, bool)


def _has(feature: str, wanted: Any, place: Place) -> bool:
    match feature:
        case "distance_over_km":
            travels = not place.delivery or not HERE.issuperset(place.delivery)
            return travels and place.distance_km is not None and place.distance_km > float(wanted)
        case "wheelchair":
            comes_to_you = bool(place.delivery) and HERE.issuperset(place.delivery)
            return not comes_to_you and _word(place.wheelchair) in _list(wanted)
        case "childcare":
            return _word(place.childcare) in _list(wanted)
        case "cost":
            return (place.cost or "unknown") in _list(wanted)
        case "language":
            return place.speaks is False
        case "access":
            return bool(place.access) and set(place.access) <= set(_list(wanted))
        case "delivery":
            return bool(place.delivery) and set(place.delivery) <= set(_list(wanted))
        case "open_in_window":
            return place.is_open is not None and _word(place.is_open) in _list(wanted)
    return False  # a feature that we do not know cannot be said to stand in anybody's way


def _word(known: bool | None) -> str:
    return "unknown" if known is None else "yes" if known else "no"


def _list(wanted: Any) -> list[Any]:
    """YAML 1.1 reads `no` as false: both are understood."""
    items = wanted if isinstance(wanted, list | tuple) else [wanted]
    return ["no" if item is False else "yes" if item is True else item for item in items]


# ---- what to ask next


def next_fact(
    splits: Mapping[str, float], touched: Mapping[str, float], asked: Sequence[str], *, never: Collection[str]
) -> tuple[str, float]:
    """The criterion worth asking, and the share of what is shown that its answer could change; ("", 0.0): nothing would.

    `splits`: by the rules of the services found. `touched`: by the obstacles that an answer would raise, asked only
    where the need says so (`asked`), at half its share: it adds help, it changes no verdict. Equal shares: the order of
    `asked`, then of the code.
    """
    shares = {code: share for code, share in splits.items() if share > 0 and code not in never}
    for code in asked:
        if code not in never and touched.get(code, 0.0) > 0:
            shares[code] = max(shares.get(code, 0.0), touched[code] / 2)
    if not shares:
        return "", 0.0
    place = {code: number for number, code in enumerate(asked)}
    best = min(shares, key=lambda code: (-round(shares[code], 6), place.get(code, len(place)), code))
    return best, shares[best]


def tree_share(branches: Sequence[int], total: int) -> float:
    """The share of the list that choosing a branch would take away, on average over what is shown (Gini-Simpson index:
    one less the sum of squared shares). `branches`: how many of the shown services each branch holds."""
    if total <= 0 or sum(1 for held in branches if held) == 0:
        return 0.0
    return max(0.0, 1.0 - sum((held / total) ** 2 for held in branches))


# ---- how old


def age_of(then: datetime, at: datetime) -> tuple[int, str]:
    """How long ago, in the largest unit that says enough: minutes, hours, days. The future counts as just now."""
    minutes = max(0, int((at - then).total_seconds() // 60))
    if minutes < 60:
        return minutes, "minutes"
    if minutes < 48 * 60:
        return minutes // 60, "hours"
    return minutes // (24 * 60), "days"


# ---- what was missing


def unmet_cause(
    *, total: int, fits: int, room: Sequence[str], openness: Sequence[bool | None], has_window: bool, declined: bool
) -> str:
    """Why a first page of results leaves the need unmet: a cause of UnmetNeed; "" when something may answer it.

    `room` and `openness`: of the services shown, in their order. What is full stands last (search/ranking.py), so that a
    first one that is full says that all are. "closed" is said only when everything found is shown and known to be closed.
    """
    if total == 0:
        return "empty"
    if room and room[0] in {"no-capacity", "waitlist"}:
        return "full"
    if has_window and len(openness) == total and all(is_open is False for is_open in openness):
        return "closed"
    if fits == 0 and declined:
        return "unverified"
    return ""


# ---- shared lists

LIST_DAYS = 30  # a list that was handed over ends by itself
MOST_IN_A_LIST = 40
MOST_LISTS = 100  # open at once, of one person
EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}")
# a day of the month, and a year that is no year of birth of somebody who asks for help alone
DAY = re.compile(
    r"(?<![\d./-])(0?[1-9]|[12]\d|3[01])([./-])(0?[1-9]|1[0-2])((?:\2)202\d|(?:\2)20[3-9]\d)?(?![\d./-]*\d)"
)
YEARS = re.compile(r"\b(19|20)\d\d\s?[-–/]\s?(19|20)\d\d\b")
NUMBER = re.compile(r"(?:\+|\b)\d(?:[\s./()-]{0,2}\d){7,}")
PERSONAL_NUMBERS = ("nn", "bis", "ssn", "personalid", "bsn", "nir")  # names that the library of numbers gives them


class Personal(Exception):
    """What was typed looks like it says who somebody is. The message is a sentence, an English message id."""


def check_says_nobody(text: str, country: str) -> None:
    """A text of a shared list is about services: it holds no e-mail address, no telephone or personal number.

    It cannot know a name. Dates are told apart: an appointment may be written. Raises Personal.
    """
    if EMAIL.search(text):
        raise Personal(gettext_noop("A list says nothing about a person: take the e-mail address out."))
    without_days = DAY.sub("|", YEARS.sub("|", text))
    for found in NUMBER.finditer(text):
        if _is_personal_number(found[0], country):
            raise Personal(gettext_noop("A list says nothing about a person: take the national number out."))
    if NUMBER.search(without_days):
        raise Personal(
            gettext_noop("A list says nothing about a person: take the telephone number or other long number out.")
        )


def _is_personal_number(number: str, country: str) -> bool:
    modules = (get_cc_module(country.lower(), name) for name in PERSONAL_NUMBERS)
    digits = re.sub(r"\D", "", number)
    return any(module.is_valid(digits) for module in modules if module is not None)
