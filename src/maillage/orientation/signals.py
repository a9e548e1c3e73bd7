"""A need that rises against its own past: a signal for those who plan, never about one person.

Weeks of unmet needs, everywhere and in each area, looked at with EARS C2 (`methods.outbreak`): the newest week against the seven
weeks before the last two. EARS alarms too often on few cases, so a signal also takes a smallest number, a standard deviation of at
least that of chance, and a rise that shows in the protected numbers: what a page may not show raises no alarm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import isnan

import numpy as np

from maillage.methods.disclosure import floored
from maillage.methods.outbreak import ears
from maillage.orientation.models import UnmetNeed
from maillage.orientation.queries import Vocabulary
from maillage.orientation.unmet import WEEKS, Asked, Counted, monday, smallest_cell, stored

WATCHED = 26  # weeks
SHOWN = 12
LEAST_CELLS = 2  # smallest cells that the week must reach
# questions left before the end are no need that met nothing; what a person declined is no lack
LEFT_OUT = frozenset({UnmetNeed.Cause.ABANDONED.value, "person"})


@dataclass(frozen=True, slots=True)
class Signal:
    """`count`: of the week that begins on `week`, `usual`: of the weeks that it is compared with; `weeks`: the last ones. Multiples
    of the smallest cell, each "at least that many". `is_running`: the week is not over."""

    need: str
    area: str  # "" everywhere
    week: date
    is_running: bool
    count: int
    usual: int
    weeks: tuple[int, ...]


def signals(words: Vocabulary, *, today: date, more: Iterable[Counted] = ()) -> list[Signal]:
    """The needs that rise, the steepest first. Each need as it was said; today is left out. One query."""
    last, smallest = monday(today), smallest_cell(words)
    mondays = [last - timedelta(7 * n) for n in range(WATCHED - 1, -1, -1)]
    place = {day: n for n, day in enumerate(mondays)}
    asked = Asked((mondays[0].year, mondays[0].month), (today.year, today.month), by=WEEKS)
    counted: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * WATCHED)
    for need, area, cause, _public, _filter, day, number in (*stored(words, asked, mondays[0], today, {}), *more):
        week = place.get(monday(day))
        if need and cause not in LEFT_OUT and week is not None and day < today:
            for where in {"", area}:
                counted[need, where][week] += number
    found = []
    if counted:
        table = np.array(list(counted.values()), np.float64)
        seen = ears(table, method="C2", minimum_sd=np.sqrt(np.maximum(table[:, :-1].mean(axis=1), 1)))
        for row, (need, area) in enumerate(counted):
            # the week that runs alarms only when it has already more than a whole one may have; on its first day it has nothing
            for week in (WATCHED - 1, WATCHED - 2):
                one = _signal(need, area, mondays, week, table[row], float(seen.expected[row, week]), smallest)
                if one and seen.alarm[row, week]:
                    found.append(one)
                    break
    return sorted(found, key=lambda one: (-(one.count - one.usual), one.need, one.area))


def _signal(
    need: str, area: str, mondays: list[date], week: int, counts: np.ndarray, expected: float, smallest: int
) -> Signal | None:
    """What may be said of that week; nothing when the protected numbers show no rise."""
    safe = floored(counts.astype(np.int64), smallest)
    usual = 0 if isnan(expected) else int(expected // smallest * smallest)
    if safe[week] < LEAST_CELLS * smallest or safe[week] <= usual:
        return None
    shown = tuple(safe[max(week - SHOWN + 1, 0) : week + 1].tolist())
    return Signal(need, area, mondays[week], week == len(mondays) - 1, int(safe[week]), usual, shown)
