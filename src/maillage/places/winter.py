"""The cold-weather plan: does a forecast trigger it, and why. Pure: a rule of the pack and a few days in, a verdict out.

A plan of the pack (`Territory.content["places"]["surge_plans"]`):
    {"code", "labels", "trigger": {"measure": "high" | "low", "below": -4, "days": 4}, "lasts_days", "source"}
`measure`: the highest or the lowest temperature of the day, degrees Celsius. `days`: at least so many in a row: "below -4 for
more than 3 consecutive days" is `days: 4`, each strictly below -4. The rule only says; a person decides, and writes why.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

from maillage.people.rules import gettext_noop

MOST_DAYS: Final = 60  # of a forecast
COLDEST, WARMEST = -60.0, 60.0  # degrees Celsius: beyond, somebody mistyped
COLUMNS: Final = ("on", "low", "high")


LINE_UNREADABLE: Final = gettext_noop(
    "Line %(line)s cannot be read: write a day, its lowest and its highest temperature, for example 2026-01-04, -8, -5."
)
DAY_TWICE: Final = gettext_noop("Line %(line)s gives a day that an earlier line has given already.")
TOO_WARM: Final = gettext_noop(
    "Line %(line)s gives a temperature that cannot be: the lowest stands before the highest, in degrees."
)
NO_DAY: Final = gettext_noop("The forecast is empty: write one day on each line.")
TOO_MANY: Final = gettext_noop("The forecast is too long: at most %(n)s days.")

TRIGGERED: Final = gettext_noop(
    "The rule says: open. %(days)s days in a row stay below %(below)s °C, from %(first)s to %(last)s, and the rule asks for %(asked)s."
)
NOT_TRIGGERED: Final = gettext_noop(
    "The rule says: do not open. The longest cold spell below %(below)s °C has %(days)s days in a row, and the rule asks for %(asked)s."
)
NEVER_BELOW: Final = gettext_noop("The rule says: do not open. No day stays below %(below)s °C.")
NO_RULE: Final = gettext_noop("This plan has no rule about temperatures: only people decide.")


class Unreadable(ValueError):
    """A forecast that cannot be read: a sentence, and what it names."""

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence % values)
        self.sentence, self.values = sentence, values


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    low: float
    high: float

    def content(self) -> dict[str, object]:
        """As an activation keeps it."""
        return {"on": self.on.isoformat(), "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`spell`: the longest run of cold days, the earliest of equals. `sentence` and `values` say it to people."""

    is_triggered: bool
    spell: tuple[Day, ...]
    sentence: str
    values: Mapping[str, object]


def verdict(plan: Mapping[str, Any], forecast: Iterable[Day]) -> Verdict:
    """Triggered when, in a row without a missing day, at least so many days stay strictly below the temperature.

    A plan without a trigger is never triggered by itself. The order of the days given does not matter.
    """
    trigger = plan.get("trigger") or {}
    if "below" not in trigger:
        return Verdict(False, (), NO_RULE, {})
    below, asked = float(trigger["below"]), int(trigger.get("days", 1))
    measure = "low" if trigger.get("measure") == "low" else "high"
    spell = longest([day for day in forecast if getattr(day, measure) < below])
    values: dict[str, object] = {"below": f"{below:g}", "asked": asked, "days": len(spell)}
    if not spell:
        return Verdict(False, (), NEVER_BELOW, values)
    values |= {"first": spell[0].on, "last": spell[-1].on}
    is_triggered = len(spell) >= asked
    return Verdict(is_triggered, spell, TRIGGERED if is_triggered else NOT_TRIGGERED, values)


def longest(days: Iterable[Day]) -> tuple[Day, ...]:
    """The longest run of consecutive days, the earliest of equals; empty without days."""
    ordered = sorted(days, key=lambda day: day.on)
    runs = groupby(enumerate(ordered), key=lambda pair: pair[1].on - timedelta(days=pair[0]))
    return max((tuple(day for _, day in run) for _, run in runs), key=len, default=())


def read_forecast(text: str) -> list[Day]:
    """Lines `day, lowest, highest` (comma, semicolon or tab; a decimal comma when it is not the separator), in order of days.

    A first line of names is skipped when it names the three columns; they may then stand in any order. Raises `Unreadable`.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise Unreadable(NO_DAY)
    separator = next((one for one in ";\t" if one in lines[0][1]), ",")
    order: Sequence[int] = (0, 1, 2)
    head = [cell.strip().lower() for cell in lines[0][1].split(separator)]
    if set(COLUMNS) <= set(head):
        order, lines = [head.index(name) for name in COLUMNS], lines[1:]
    if not lines:
        raise Unreadable(NO_DAY)
    if len(lines) > MOST_DAYS:
        raise Unreadable(TOO_MANY, n=MOST_DAYS)
    found: dict[date, Day] = {}
    for number, line in lines:
        day = _day(line, number, separator, order)
        if day.on in found:
            raise Unreadable(DAY_TWICE, line=number)
        found[day.on] = day
    return [found[on] for on in sorted(found)]


def _day(line: str, number: int, separator: str, order: Sequence[int]) -> Day:
    try:
        cells = next(csv.reader(io.StringIO(line), delimiter=separator))
        on, low, high = (cells[index].strip() for index in order)
        day = Day(date.fromisoformat(on), _degrees(low), _degrees(high))
    except (ValueError, IndexError, csv.Error):
        raise Unreadable(LINE_UNREADABLE, line=number) from None
    if not COLDEST <= day.low <= day.high <= WARMEST:
        raise Unreadable(TOO_WARM, line=number)
    return day


def _degrees(cell: str) -> float:
    """A minus sign may be the typographic one of a web page."""
    found = float(cell.replace("\N{MINUS SIGN}", "-").replace(",", ".").replace("°", "").removesuffix("C").strip())
    if not math.isfinite(found):
        raise ValueError(cell)
    return found


def days_of(content: Iterable[Mapping[str, Any]]) -> list[Day]:
    """What an activation kept, as days again."""
    return [Day(date.fromisoformat(str(one["on"])), float(one["low"]), float(one["high"])) for one in content]
