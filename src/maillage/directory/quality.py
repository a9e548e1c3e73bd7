"""How much of what a reader needs a record says: a score between 0 and 1, and what would raise it most. Pure.

Each criterion has a weight, and a value between 0 and 1, or None where it does not apply: a telephone line needs no ramp. What
does not apply counts neither for nor against. Nothing is gained by writing much: a text is there or not. Time has no part in
it, freshness is told apart (`freshness.py`). The idea is data.inclusion's score of ten criteria; criteria and weights are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Record:
    """What a record says, as far as its quality goes. `descriptions`: language -> whether its text is up to date."""

    languages: tuple[str, ...] = ()  # of the territory: the record should speak each
    descriptions: Mapping[str, bool] = field(default_factory=dict)
    has_contact: bool = False
    hours: str = ""  # parsed, partly, unread, or "" when nobody said
    cost: bool = False
    access: tuple[str, ...] = ()
    delivery: tuple[str, ...] = ()
    spoken: bool = False
    needs: bool = False
    confirmed: bool = False
    wheelchair: bool = False  # somebody said yes or no
    has_place: bool = False  # a place that people may know
    reach: bool = False  # where it stands, or for whom living where
    conditions: bool = False
    room: bool = False
    asks_room: bool = False  # one goes there for a place (the pack's `capacity_needs`)


@dataclass(frozen=True, slots=True)
class Measure:
    """A criterion on one record. `value` is None when it does not apply."""

    code: str  # "contact", or "text:nl"
    weight: int
    value: float | None


@dataclass(frozen=True, slots=True)
class Action:
    """What would raise the score, by `points` of a hundred."""

    code: str
    points: float


HOURS: Final = {"parsed": 1.0, "partly": 0.5, "unread": 0.5}
STAYS_OUT: Final = frozenset({"online", "referral", "appointment"})  # ways in without walking in or calling
MOST_ACTIONS: Final = 3
TEXT: Final = 8  # the weight of the text in each language


def _hours(record: Record) -> float | None:
    """What is given elsewhere than on the spot, to people who neither walk in nor call, has no opening hours."""
    elsewhere = bool(record.delivery) and "on_site" not in record.delivery
    if elsewhere and record.access and set(record.access) <= STAYS_OUT:
        return None
    return HOURS.get(record.hours, 0.0)


def _wheelchair(record: Record) -> float | None:
    """Only where people come to a place: not on the telephone, not at home, not at an address that stays secret."""
    comes = not record.delivery or "on_site" in record.delivery
    return float(record.wheelchair) if record.has_place and comes else None


def _room(record: Record) -> float | None:
    return float(record.room) if record.asks_room or record.room else None


CRITERIA: Final[tuple[tuple[str, int, Callable[[Record], float | None]], ...]] = (
    ("contact", 14, lambda r: float(r.has_contact)),
    ("hours", 12, _hours),
    ("conditions", 10, lambda r: float(r.conditions)),
    ("access", 10, lambda r: float(bool(r.access))),
    ("confirmed", 10, lambda r: float(r.confirmed)),
    ("room", 8, _room),
    ("needs", 8, lambda r: float(r.needs)),
    ("cost", 8, lambda r: float(r.cost)),
    ("spoken", 8, lambda r: float(r.spoken)),
    ("wheelchair", 6, _wheelchair),
    ("reach", 6, lambda r: float(r.reach)),
)


def measures(record: Record) -> tuple[Measure, ...]:
    """Every criterion on this record, one for the text in each language of the territory."""
    texts = tuple(
        Measure(f"text:{language}", TEXT, float(record.descriptions.get(language, False)))
        for language in record.languages
    )
    return texts + tuple(Measure(code, weight, value(record)) for code, weight, value in CRITERIA)


def score(record: Record) -> float:
    """Weighted mean of the criteria that apply, in 0..1."""
    applying = [(one.weight, one.value) for one in measures(record) if one.value is not None]
    return sum(weight * value for weight, value in applying) / sum(weight for weight, _ in applying)


def best_actions(record: Record, most: int = MOST_ACTIONS) -> tuple[Action, ...]:
    """What would raise the score most, the most first; each by its points, the rest staying as it is."""
    applying = [(one.code, one.weight, one.value) for one in measures(record) if one.value is not None]
    whole = sum(weight for _, weight, _ in applying)
    gains = [Action(code, 100 * weight * (1 - value) / whole) for code, weight, value in applying if value < 1]
    return tuple(sorted(gains, key=lambda action: -action.points)[:most])
