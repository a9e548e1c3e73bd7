"""How long a record stays true: the freshness contract of each kind of service, and what a record is worth at a date. Pure.

A shelter's record is wrong after a month, that of an information desk after a year. The pack says how many months each kind of
service holds (`freshness_months`); a need takes what its nearest parent says, and a service may say it of itself.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

MONTHS: Final = (1, 3, 6, 12, 16)  # what a pack may promise (the same choices as Dora, the French directory)
DEFAULT_MONTHS: Final = 12
FRESH, DUE, STALE, NEVER = "fresh", "due", "stale", "never"
STATES: Final = (FRESH, DUE, STALE, NEVER)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Days from the first reminder to the second, to the moderators, and until the link of a reminder ends."""

    again_days: int = 14
    escalate_days: int = 28
    link_days: int = 30
    most_mails: int = 200  # in one day: a whole directory that was imported yesterday is asked about little by little


@dataclass(frozen=True, slots=True)
class Contract:
    """`own`: need code -> months; `parents`: need code -> the code above it."""

    default: int = DEFAULT_MONTHS
    own: Mapping[str, int] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)

    def of_need(self, code: str) -> int:
        """Months of one kind of service: its own, else those of the nearest need above it, else the default. Circles end."""
        seen: set[str] = set()
        while code and code not in seen:
            if code in self.own:
                return self.own[code]
            seen.add(code)
            code = self.parents.get(code, "")
        return self.default

    def months(self, needs: Iterable[str] = (), own: int | None = None) -> int:
        """Months of a service: what it says itself, else the shortest among its kinds, else the default."""
        return own or min((self.of_need(code) for code in needs), default=self.default)


def contract(content: Mapping[str, object], parents: Mapping[str, str]) -> Contract:
    """The contract that a territory's content says, on its tree of needs."""
    said = content.get("freshness_months")
    months = dict(said) if isinstance(said, Mapping) else {}
    return Contract(int(months.pop("default", DEFAULT_MONTHS)), months, parents)


def below(codes: Iterable[str], parents: Mapping[str, str]) -> frozenset[str]:
    """These needs and all those under them."""
    found = set(codes)
    while more := {code for code, parent in parents.items() if parent in found} - found:
        found |= more
    return frozenset(found)


def rhythm(content: Mapping[str, object]) -> Rhythm:
    """When reminders leave; what the pack does not say is ours."""
    said = content.get("reminders")
    known = (
        {key: int(value) for key, value in said.items() if key in Rhythm.__slots__} if isinstance(said, Mapping) else {}
    )
    return Rhythm(**known)


def due_on(confirmed_on: date, months: int) -> date:
    """The day on which the contract ends: that many months later, or the last day of a shorter month."""
    year, month = divmod(confirmed_on.year * 12 + confirmed_on.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(confirmed_on.day, monthrange(year, month + 1)[1]))


def last_due(on: date, months: int) -> date:
    """The latest day of confirmation that is due at `on`: `due_on(c, months) <= on` exactly when `c <= last_due(on, months)`."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    if year < 1:
        return date.min
    length = monthrange(year, month + 1)[1]
    ends_its_month = on.day == monthrange(on.year, on.month)[1]
    return date(year, month + 1, length if ends_its_month else min(on.day, length))


def stale_before(on: date, escalate_days: int) -> date:
    """What was due on this day or before is stale at `on`."""
    return on - timedelta(days=escalate_days)


def state(confirmed_on: date | None, months: int, *, on: date, escalate_days: int = Rhythm().escalate_days) -> str:
    """never: nobody of the service confirmed it; fresh: within the contract; due: it ended, and the service is being asked;
    stale: it was asked for `escalate_days`, and did not answer."""
    if confirmed_on is None:
        return NEVER
    if confirmed_on > last_due(on, months):
        return FRESH
    return DUE if confirmed_on > last_due(stale_before(on, escalate_days), months) else STALE
