"""Who may be put where, over which nights, and what may become of a stay, a request and an offer. Pure.

The sentences are English message ids: `gettext_noop` marks them for the catalogues, the page that shows one translates it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from maillage.people.rules import NotAllowed, gettext_noop
from maillage.places.waiting import Refused as Refused

# Stay.State -> what may become of it. What did not take place stays so: somebody who comes late is given a place again.
HELD, IN, OUT, NO_SHOW, CANCELLED = "held", "in", "out", "no_show", "cancelled"
STAY_NEXT: Final[Mapping[str, frozenset[str]]] = {
    HELD: frozenset({IN, NO_SHOW, CANCELLED}),
    IN: frozenset({OUT}),
    OUT: frozenset(),
    NO_SHOW: frozenset(),
    CANCELLED: frozenset(),
}
# Request.State. A place that falls through (nobody came, the hold ran out) leads back to waiting, with all the time waited.
WAITING, OFFERED, PLACED, CLOSED = "waiting", "offered", "placed", "closed"
REQUEST_NEXT: Final[Mapping[str, frozenset[str]]] = {
    WAITING: frozenset({OFFERED, PLACED, CLOSED}),
    OFFERED: frozenset({WAITING, PLACED}),
    PLACED: frozenset({WAITING, CLOSED}),
    CLOSED: frozenset(),
}
QUEUE: Final = "queue"  # of WaitingList.Kind
# Offer.State
OPEN, ACCEPTED, DECLINED, EXPIRED, WITHDRAWN = "open", "accepted", "declined", "expired", "withdrawn"
OFFER_NEXT: Final[Mapping[str, frozenset[str]]] = {
    OPEN: frozenset({ACCEPTED, DECLINED, EXPIRED, WITHDRAWN}),
    ACCEPTED: frozenset(),
    DECLINED: frozenset(),
    EXPIRED: frozenset(),
    WITHDRAWN: frozenset(),
}

PERSON, PROVIDER = "person", "provider"
# Why an offer is declined, by whom. Drafted for this software; none of them takes somebody off a list.
DECLINES: Final[Mapping[str, Mapping[str, str]]] = {
    PERSON: {
        "too_far": gettext_noop("too far"),
        "not_suitable": gettext_noop("the place does not suit"),
        "not_safe": gettext_noop("does not feel safe there"),
        "apart": gettext_noop("would be separated from a partner, a child or an animal"),
        "not_now": gettext_noop("not now"),
        "found": gettext_noop("found something else"),
        "other": gettext_noop("another reason"),
    },
    PROVIDER: {
        "rules": gettext_noop("the rules of the house exclude"),
        "care": gettext_noop("needs more care than the house gives"),
        "safety": gettext_noop("the safety of the people in the house"),
        "not_as_told": gettext_noop("the situation is not what was told"),
        "unusable": gettext_noop("the place cannot be used"),
        "other": gettext_noop("another reason"),
    },
}
# Codes of Refusal by its cause, beside those above
NO_PLACE, RULE = "no_place", "rule"
# causes of `places.fitting`
MISMATCHES: Final[Mapping[str, str]] = {
    "public": gettext_noop("This group of places is for another public."),
    "gender": gettext_noop("This group of places is for another gender."),
    "age": gettext_noop("This group of places is for another age."),
    "care": gettext_noop("They need more care than this house gives."),
    "wheelchair": gettext_noop("This group of places cannot be reached with a wheelchair."),
    "rule": gettext_noop("The rules of this house exclude this household."),
}

NIGHT_ENDS: Final = time(5)  # on the clock of the territory: until then the night is that of the evening before
LONGEST_HOLD: Final = timedelta(days=3)
LONGEST_AHEAD: Final = timedelta(days=366)
DORMITORY_NIGHTS: Final = 92  # a bed counted by night is not promised for longer
CLEARED_AT: Final = time(12)  # of a dormitory: whoever slept there has left by then, when nobody said otherwise
ENGINE: Final = "places"  # who acts when a rule does, in the trail: "system:places"
LINK_LASTS: Final = timedelta(days=30)  # the link of an offer or a request, after what it is about has ended
FIRST: Final = gettext_noop("nobody who could have this place stood before them")
AGAIN: Final = "again:"  # before the code of a refusal: the same household was counted for that night already
OFFER_MINUTES: Final = 120  # when the rules of the list do not say
# A rule of the house that excludes nobody: so many minutes of cleaning after each stay.
CLEANING: Final = "house:cleaning_minutes"


class Impossible(Refused):
    """What was asked cannot be: dates, numbers, a place that is not open."""


class PlaceTaken(Refused):
    """Somebody else was faster, or is still there."""


class NoRoom(Refused):
    """No place that this household could have."""


class AlreadyHoused(Refused):
    """One of them has a place for these nights."""


class NotForThem(Refused):
    """The rules of the house exclude them; `code` is one of MISMATCHES."""

    def __init__(self, code: str) -> None:
        super().__init__(MISMATCHES[code])
        self.code = code


@dataclass(frozen=True, slots=True)
class Somebody:
    """What a rule needs to know of somebody: unknown is empty, and never a no."""

    gender: str = ""
    born_on: date | None = None
    birth_year: int | None = None

    @classmethod
    def of(cls, person: Any) -> Somebody:
        """`person`: a record of `people`."""
        return cls(person.gender, person.born_on, person.birth_year)

    def ages(self, on: date) -> tuple[int, int] | None:
        """The youngest and the oldest that they may be on that day."""
        if self.born_on is not None:
            age = on.year - self.born_on.year - ((on.month, on.day) < (self.born_on.month, self.born_on.day))
            return age, age
        return None if self.birth_year is None else (on.year - self.birth_year - 1, on.year - self.birth_year)


def night_of(moment: datetime) -> date:
    """The night that `moment` belongs to, named by the date of its evening: before five in the morning it is still yesterday's.

    `moment` is on the clock of the territory: the hour that comes twice, or never, lies before five and moves no night.
    """
    return moment.date() - timedelta(days=1) if moment.time() < NIGHT_ENDS else moment.date()


def nights(from_on: date, until_on: date) -> list[date]:
    """From the first evening up to, not with, the day of leaving."""
    return [from_on + timedelta(days=n) for n in range((until_on - from_on).days)]


def check_dates(
    from_on: date, until_on: date | None, *, tonight: date, opens_on: date | None = None, closes_on: date | None = None
) -> None:
    """At least one night, none in the past, all while the house is open. A house that closes needs a last day."""
    if until_on is not None and until_on <= from_on:
        raise Impossible(gettext_noop("A stay has at least one night: the day of leaving is after the day of coming."))
    if from_on < tonight:
        raise Impossible(gettext_noop("No place is given for a night that has passed."))
    if from_on > tonight + LONGEST_AHEAD:
        raise Impossible(gettext_noop("No place is promised more than a year ahead."))
    if opens_on is not None and from_on < opens_on:
        raise Impossible(gettext_noop("This house is not open yet on that day."))
    if closes_on is not None and (from_on >= closes_on or (until_on is not None and until_on > closes_on)):
        raise Impossible(gettext_noop("This house closes before: choose nights until the day when it closes."))


def last_day(until_on: date | None, from_on: date, closes_on: date | None, *, by_night: bool) -> date | None:
    """The day of leaving when nobody said one: of a dormitory the next morning, of a house that closes that day, else none."""
    if until_on is not None:
        return until_on
    return from_on + timedelta(days=1) if by_night else closes_on


def check_dormitory(from_on: date, until_on: date | None) -> date:
    """Beds are counted night by night: the last one must be said, and not far."""
    if until_on is None or (until_on - from_on).days > DORMITORY_NIGHTS:
        raise Impossible(gettext_noop("A bed of a dormitory is given for a number of nights: say until when."))
    return until_on


def check_hold(minutes: float | None) -> None:
    """A hold ends by itself, soon."""
    if minutes is not None and not 0 < minutes <= LONGEST_HOLD.total_seconds() / 60:
        raise Impossible(gettext_noop("A place is held for a time: more than nothing, and three days at most."))


def split(people: int, unit_size: int) -> list[int]:
    """How many of a household in each place, as few places as can be, the first ones full."""
    full, rest = divmod(people, unit_size)
    return [unit_size] * full + ([rest] if rest else [])


def fits_room(household: Collection[str], others: Collection[str]) -> bool:
    """May they sleep in a room of one gender with `others`? An empty room: yes. One unknown gender, or two: only alone."""
    return not others or (len({*household, *others}) == 1 and "" not in household)


@dataclass(frozen=True, slots=True)
class Bed:
    """What somebody has: in which group, whether they are there, whether it is counted by night, and whether it is a place that is
    kept for them while their nights are still theirs to sleep anywhere."""

    group: int
    is_in: bool
    by_night: bool
    is_kept: bool = False


def takes_housed(kind: str, content: Mapping[str, Any]) -> bool:
    """May a list offer a place to who sleeps in another one? By its rules; when they do not say: yes. A draw is of one night: never."""
    return kind == QUEUE and content.get("offer_housed") is not False


def may_have(beds: Collection[Bed], group: int, *, by_night: bool, takes_housed: bool) -> bool:
    """May a place of this group be offered to somebody who has these beds? To who sleeps in a shelter, there or expected tonight:
    a place of another group, that lasts. To who is expected in a place that lasts: a bed of tonight, and no other place that lasts
    until they came, or did not."""
    sleeps = [bed for bed in beds if not bed.is_kept]
    if not sleeps:
        return by_night or not beds
    others = all((bed.is_in or bed.by_night) and bed.group != group for bed in sleeps)
    return takes_housed and not by_night and others


def cleaning_minutes(rules: Sequence[Mapping[str, Any]]) -> int:
    """How long a place is cleaned after a stay, by the rules of the house: {"criterion": CLEANING, "value": minutes, ...}."""
    said = [rule.get("value") for rule in rules if rule.get("criterion") == CLEANING]
    return next(
        (int(value) for value in said if isinstance(value, int) and not isinstance(value, bool) and value > 0), 0
    )


def check_next(table: Mapping[str, frozenset[str]], now: str, then: str) -> None:
    """What is not in the table does not happen."""
    if then not in table[now]:
        raise Refused(gettext_noop("Somebody did this in the meantime: look at it again."))


def check_manual(reason: str) -> None:
    """Whoever goes around the list says why."""
    if not reason.strip():
        raise Impossible(gettext_noop("Say why this place is given by hand: those who waited longer can ask."))


def check_decline(side: str, code: str) -> None:
    if code not in DECLINES.get(side, {}):
        raise Impossible(gettext_noop("Choose why the offer is declined."))


def can_run(*, is_of_the_house: bool, keeps_the_list: bool) -> bool:
    """Those who help people in the house itself, and those who keep a list that gives its places."""
    return is_of_the_house or keeps_the_list


def check_can_run(*, is_of_the_house: bool, keeps_the_list: bool) -> None:
    if not can_run(is_of_the_house=is_of_the_house, keeps_the_list=keeps_the_list):
        raise NotAllowed(
            gettext_noop("Only those who work in this house, or keep a list of its places, decide who stays here.")
        )
