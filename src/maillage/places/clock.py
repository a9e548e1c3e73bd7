"""How long somebody has waited, and how urgent that makes them: derived from what was written down, never stored.

The clock follows the rules of the English referral-to-treatment clock (NHS England, Recording and reporting referral to treatment
waiting times, 2022): it starts, pauses and stops, each with a reason; whoever asks again after a stop keeps the time already waited.
An hour is an hour: the night when the clocks change makes nobody wait more or less. Pure: no row, no clock of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final, Protocol

START, PAUSE, RESUME, STOP = "start", "pause", "resume", "stop"
RUNNING, PAUSED, STOPPED = "running", "paused", "stopped"
NOTHING: Final = timedelta(0)
DAY: Final = timedelta(days=1)


class Said(Protocol):
    """A line of the clock; `places.models.ClockEvent` is one, and so is `Event`."""

    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the clock without its row."""

    kind: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in one state. `reasons`: why it is paused or stopped, every reason that still holds, in their order."""

    start: datetime
    end: datetime
    state: str
    reasons: tuple[str, ...] = ()


def spans(events: Iterable[Said], *, at: datetime) -> list[Span]:
    """What the clock did from its start until `at`, gapless, in order, without empty spans, in UTC.

    Events count in the order of their moments (as given when they are equal); those after `at` do not count yet, so a pause
    may be given its end in advance. Pauses with different reasons overlap: the clock goes on when the last has ended. A resume
    ends the pause of its reason; when no pause has that reason, all of them. A start while it runs, a pause or a resume while
    it is stopped, change nothing. A start after a stop goes on: the time waited before is kept.
    """
    found: list[Span] = []
    state: str | None = None  # nobody has started it
    reasons: tuple[str, ...] = ()
    past = _past(events, at)
    ends = [moment for moment, _ in past[1:]] + [at.astimezone(UTC)]
    for (moment, one), end in zip(past, ends, strict=False):
        state, reasons = _after(state, reasons, one)
        if state is not None and moment < end:
            found.append(Span(moment, end, state, reasons))
    return _joined(found)


def _past(events: Iterable[Said], at: datetime) -> list[tuple[datetime, Said]]:
    """What has happened by `at`, in order, in UTC: Python subtracts two moments of one zone as their clocks show them."""
    told = ((one.at.astimezone(UTC), one) for one in events)
    return sorted((pair for pair in told if pair[0] <= at.astimezone(UTC)), key=lambda pair: pair[0])


def _after(state: str | None, reasons: tuple[str, ...], one: Said) -> tuple[str | None, tuple[str, ...]]:
    """State and reasons after one event."""
    if one.kind == STOP and state is not None:
        return STOPPED, (one.reason,)
    if one.kind == START and state in (None, STOPPED):
        return RUNNING, ()
    if one.kind == PAUSE and state in (RUNNING, PAUSED):
        return PAUSED, (*(kept for kept in reasons if kept != one.reason), one.reason)
    if one.kind == RESUME and state == PAUSED:
        left = tuple(kept for kept in reasons if kept != one.reason) if one.reason in reasons else ()
        return (PAUSED, left) if left else (RUNNING, ())
    return state, reasons


def _joined(found: Sequence[Span]) -> list[Span]:
    """Neighbours that say the same are one."""
    kept: list[Span] = []
    for one in found:
        if kept and (kept[-1].state, kept[-1].reasons) == (one.state, one.reasons):
            kept[-1] = Span(kept[-1].start, one.end, one.state, one.reasons)
        else:
            kept.append(one)
    return kept


def waited(events: Iterable[Said], *, at: datetime) -> timedelta:
    """Time waited until `at`: what ran, nothing of what was paused or stopped. Never negative, and never shrinks as `at` grows."""
    return sum((one.end - one.start for one in spans(events, at=at) if one.state == RUNNING), NOTHING)


def running(events: Iterable[Said], *, at: datetime) -> bool:
    """Whether it runs at this very moment (an event at `at` has happened)."""
    return now(events, at=at)[0] == RUNNING


def now(events: Iterable[Said], *, at: datetime) -> tuple[str, tuple[str, ...]]:
    """The state at `at`, and the reasons of a pause or a stop. Before any start: stopped, for no reason."""
    state: str | None = None
    reasons: tuple[str, ...] = ()
    for _moment, one in _past(events, at):
        state, reasons = _after(state, reasons, one)
    return state or STOPPED, reasons


def days(events: Iterable[Said], *, at: datetime, zone: tzinfo) -> int:
    """Whole days waited as a calendar counts them: from one noon to the next is a day, also when the clocks change that night.

    For words only; who goes first is decided by `waited`.
    """
    told = NOTHING
    for one in spans(events, at=at):
        if one.state == RUNNING:
            start, end = (moment.astimezone(zone).replace(tzinfo=None) for moment in (one.start, one.end))
            told += max(end - start, NOTHING)
    return told // DAY


class Judged(Protocol):
    """An assessment; `places.models.Assessment` is one, and so is `Urgency`."""

    @property
    def tier(self) -> str: ...
    @property
    def made_at(self) -> datetime: ...
    @property
    def valid_until(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Urgency:
    """An assessment without its row."""

    tier: str
    made_at: datetime
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tiered:
    """The tier that counts: `index` 0 is the most urgent. `assessed`: what somebody judged, "" when nobody has (or no longer).

    `next_after`: waited so long, they rise to the tier before; None: waiting alone changes nothing any more.
    """

    code: str
    index: int
    assessed: str
    is_aged: bool
    next_after: timedelta | None


def judged(assessments: Iterable[Judged], tiers: Sequence[Mapping[str, Any]], *, at: datetime) -> Judged | None:
    """The latest assessment that holds at `at` and names a tier of these rules; of two at one moment, the one given last."""
    codes = {tier["code"] for tier in tiers}
    found: Judged | None = None
    for one in assessments:
        holds = one.made_at <= at and (one.valid_until is None or one.valid_until > at) and one.tier in codes
        if holds and (found is None or one.made_at >= found.made_at):
            found = one
    return found


def tier_now(
    assessments: Iterable[Judged], tiers: Sequence[Mapping[str, Any]], *, waited: timedelta, at: datetime
) -> Tiered:
    """The tier at `at` after so much waiting. `tiers`: those of `RuleSet.content`, the most urgent first.

    Nobody has judged: the last tier. Ageing: a tier's `promote_after_days` of waiting lift somebody to the tier before, whose
    own days must pass after those; null: this tier never ages. So nobody falls by waiting longer, and of two who waited as
    long the one judged more urgent never stands behind. Rules without tiers: one tier without a name.
    """
    found = judged(assessments, tiers, at=at)
    codes = [tier["code"] for tier in tiers]
    start = codes.index(found.tier) if found else max(len(codes) - 1, 0)
    index, needed = start, NOTHING
    next_after: timedelta | None = None
    while index > 0 and (after := tiers[index].get("promote_after_days")) is not None:
        needed += timedelta(days=after)
        if waited < needed:
            next_after = needed
            break
        index -= 1
    code = codes[index] if codes else ""
    return Tiered(code, index, found.tier if found else "", index < start, next_after)
