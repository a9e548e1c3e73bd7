"""Which past weeks a week is compared with, and in which season each of them lies (Noufaily and others 2013)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]
WEEKS = 52  # of the shortest year between two reference weeks


@dataclass(frozen=True, slots=True)
class Baseline:
    """The past of one week: the places of its weeks in the series, and the season of each; the last season is that of the week."""

    week: int
    weeks: Whole
    season: Whole
    seasons: int

    @property
    def time(self) -> Floats:
        """Weeks since the first of them."""
        since: Whole = self.weeks - self.weeks[0]
        return since.astype(np.float64)

    @property
    def span(self) -> slice | Whole:
        """The weeks, to be taken out of a series: a slice (which copies nothing) where no week is left out between them."""
        first, last = int(self.weeks[0]), int(self.weeks[-1])
        return slice(first, last + 1) if last - first + 1 == self.weeks.size else self.weeks

    @property
    def now(self) -> float:
        """The time of the week itself."""
        return float(self.week - self.weeks[0])


def baseline(
    week: int, first_week: date, *, years_back: int, window: int, periods: int, weeks_excluded: int
) -> Baseline | None:
    """The baseline of `week` (its place in a series that begins at `first_week`); None where the series is too short for it.

    The same season: `window` weeks around the same date of each year before, and those just before the week itself, as far as
    `weeks_excluded` leaves them in. With several periods the weeks between two such windows are cut in `periods` - 1 seasons of the
    same length, the first of them a week longer where it does not come out even.
    The last `weeks_excluded` weeks are left out, so that an outbreak that goes on does not raise its own threshold.
    """
    references = list(_same_weeks(week, first_week, years_back))
    if references[-1] < 0:
        return None
    season = np.full(week + 1, -1)
    season[max(week - window, 0) :] = periods - 1
    for later, earlier in pairwise(references):
        season[max(earlier - window, 0) : earlier + window + 1] = periods - 1
        between = np.arange(earlier + window + 1, later - window)
        if periods > 1:
            season[between] = _cut(len(between), periods - 1)
    season[max(week - weeks_excluded, 0) :] = -1
    weeks = np.flatnonzero(season >= 0)
    return Baseline(week, weeks, season[weeks], periods) if weeks.size else None


def _same_weeks(week: int, first_week: date, years: int) -> Iterator[int]:
    """The week and the Monday nearest to its date in each year before: 52 or 53 weeks apart, whatever week 53 does."""
    day = first_week + timedelta(weeks=week)
    for back in range(years + 1):
        try:
            anniversary = day.replace(year=day.year - back)
        except ValueError:  # the 29th of February
            anniversary = date(day.year - back, 3, 1)
        place = ((anniversary - first_week).days + 3) // 7
        yield place
        if place < 0:
            return  # nor would a year before that be in the series


def _cut(length: int, parts: int) -> Whole:
    """0 to parts - 1, in order, in equal lengths."""
    each, more = divmod(length, parts)
    return np.repeat(np.arange(parts), each + (np.arange(parts) < more))
