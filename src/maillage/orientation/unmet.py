"""What was missing: the counts of unmet needs, protected before they leave, and the offer that stands beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import Q, Sum
from django.db.models.functions import TruncMonth, TruncWeek

from maillage.directory.models import ServiceCapacity
from maillage.directory.search.filters import distances
from maillage.directory.search.memory import memory
from maillage.directory.search.types import Query
from maillage.methods import disclosure
from maillage.orientation.models import UnmetNeed
from maillage.orientation.queries import Vocabulary

Month = tuple[int, int]
DIMENSIONS = ("need", "area", "cause", "public", "filter")
MOST_MONTHS, MOST_WEEKS = 36, 53
MONTHS, WEEKS = "month", "week"
# need, area, cause, public, filter, day, how many: a row of UnmetNeed, or what a room above counts beside it
Counted = tuple[str, str, str, str, str, date, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which counts: from the month `first` to the month `last`, by month or by week, and one value of a dimension, or all.
    A need holds those below it."""

    first: Month
    last: Month
    need: str = ""
    area: str = ""
    cause: str = ""
    public: str = ""
    by: str = MONTHS

    @property
    def months(self) -> tuple[Month, ...]:
        """At most the last three years of it."""
        start, end = (year * 12 + month - 1 for year, month in (self.first, self.last))
        return tuple((n // 12, n % 12 + 1) for n in range(max(start, end - MOST_MONTHS + 1), end + 1))

    def steps(self, today: date) -> tuple[date, ...]:
        """The first day of each month, or of each week up to this one (at most the last year of them), oldest first."""
        months = tuple(date(*month, 1) for month in self.months)
        if self.by == MONTHS:
            return months
        last = min(today, date(*following(self.last), 1) - timedelta(1))
        weeks = (monday(last) - monday(months[0])).days // 7 + 1
        return tuple(monday(last) - timedelta(7 * n) for n in range(min(weeks, MOST_WEEKS) - 1, -1, -1))

    def step_of(self, day: date) -> date:
        return day.replace(day=1) if self.by == MONTHS else monday(day)


def following(month: Month) -> Month:
    year, number = month
    return (year + number // 12, number % 12 + 1)


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True)
class Line:
    """One value of a dimension. Every number is a multiple of the smallest cell, "at least that many"; a step of 0: fewer than that."""

    code: str
    steps: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Unmet:
    asked: Asked
    smallest: int
    steps: tuple[date, ...]  # months or weeks
    lines: Mapping[str, tuple[Line, ...]]  # dimension -> its lines, the largest first
    by_step: tuple[int, ...]
    total: int


Table = Mapping[tuple[str, ...], Mapping[date, int]]  # a value of each dimension -> step -> count


def unmet(words: Vocabulary, asked: Asked, *, today: date, more: Iterable[Counted] = ()) -> Unmet:
    """Everything that the page, its map, its curve and its CSV show: one query, protected once for all of them.

    `more`: what a room above counted of the same kind (places that were refused). Today is left out: numbers that move while one
    watches say who was there. So is a line below the smallest cell: that it is there would say that somebody is. Margins that
    several tables share are the lowest of those that each allows.
    """
    smallest, steps = smallest_cell(words), asked.steps(today)
    counted = _counted(words, asked, steps, today, more)
    tables = {name: _table(counted, words, asked, steps, name) for name in DIMENSIONS}
    safe = {name: disclosure.protect(counts, smallest) for name, (_codes, counts) in tables.items()}
    lines = {
        name: tuple(
            sorted(
                (
                    Line(code, tuple(safe[name].cells[row].tolist()), int(safe[name].rows[row]))
                    for row, code in enumerate(codes)
                    if safe[name].rows[row]
                ),
                key=lambda line: (-line.total, line.code),
            )
        )
        for name, (codes, _counts) in tables.items()
    }
    columns = np.min([one.columns for one in safe.values()], axis=0)
    return Unmet(asked, smallest, steps, lines, tuple(columns.tolist()), min(one.total for one in safe.values()))


def smallest_cell(words: Vocabulary) -> int:
    """Numbers below it are shown to nobody."""
    return max(int(words.territory.content.get("smallest_cell") or 5), 1)


def _counted(words: Vocabulary, asked: Asked, steps: Sequence[date], today: date, more: Iterable[Counted]) -> Table:
    wanted = {name: value for name in ("area", "cause", "public") if (value := getattr(asked, name))}
    below = {code for code in words.needs if asked.need in words.lineage(code)} if asked.need else None
    known = set(steps)
    found: dict[tuple[str, ...], dict[date, int]] = {}
    for *key, day, number in (*stored(words, asked, steps[0], today, wanted), *more):
        said = dict(zip(DIMENSIONS, key, strict=True))
        step = asked.step_of(day)
        is_wanted = all(said[name] == value for name, value in wanted.items())
        if is_wanted and step in known and day < today and (below is None or said["need"] in below):
            line = found.setdefault(tuple(key), {})
            line[step] = line.get(step, 0) + number
    return found


def stored(words: Vocabulary, asked: Asked, first: date, today: date, wanted: Mapping[str, str]) -> Iterable[Counted]:
    """The rows of UnmetNeed from `first` on, added up by step; the current one up to yesterday."""
    rows = UnmetNeed.objects.filter(territory=words.territory, day__gte=first, day__lt=today, **wanted)
    step = TruncMonth("day") if asked.by == MONTHS else TruncWeek("day")
    return rows.annotate(step=step).values_list(*DIMENSIONS, "step").annotate(n=Sum("count")).order_by()


def _table(
    counted: Table, words: Vocabulary, asked: Asked, steps: Sequence[date], name: str
) -> tuple[list[str], disclosure.Counts]:
    """The values of a dimension (need: the branches just below the asked one) and their counts by step."""
    place, columns = DIMENSIONS.index(name), {step: n for n, step in enumerate(steps)}
    codes: dict[str, int] = {}
    rows: list[list[int]] = []
    for key, by_step in counted.items():
        code = _branch(key[place], words, asked.need) if name == "need" else key[place]
        if code not in codes:
            codes[code] = len(rows)
            rows.append([0] * len(steps))
        for step, number in by_step.items():
            rows[codes[code]][columns[step]] += number
    return list(codes), np.array(rows, np.int64).reshape(len(rows), len(steps))


def _branch(need: str, words: Vocabulary, top: str) -> str:
    """The branch of the tree in which a need is counted: the one just below `top`, or `top` itself."""
    line = words.lineage(need) if need in words.needs else [need]
    if top not in line:
        return line[-1]
    at = line.index(top)
    return line[at - 1] if at else top


# ---- the offer beside it


@dataclass(frozen=True, slots=True)
class Offer:
    """What there is for a need. `free`: places said to be free and not expired; None: nobody says."""

    services: int
    say_room: int  # services that say how much room they have
    free: int | None
    nearest_km: float | None  # from the middle of the asked area; None without one


def offers(words: Vocabulary, needs: Sequence[str], *, area: str = "", at: datetime) -> dict[str, Offer]:
    """The offer for each need (those below it included), one query for all.

    A confidential place counts from the middle of its area: the memory of search knows no other.
    """
    here = memory(words.territory)
    keys = np.array([facets.service for facets in here.records.values()], np.int64)
    free = _free(words, at)
    middle = words.areas[area].point if area in words.areas else None
    query = Query(words.territory.code, at, near=middle)
    told: dict[str, Offer] = {}
    for need in needs:
        rows = here.rows_of_needs((need,))
        services = set(keys[rows].tolist())
        said = [free[pk] for pk in services if pk in free]
        far = distances(here, query, rows) if middle and rows.size else np.empty(0)
        near = round(float(np.nanmin(far)), 1) if np.isfinite(far).any() else None
        told[need] = Offer(len(services), len(said), sum(said) if said else None, near)
    return told


def _free(words: Vocabulary, at: datetime) -> dict[int, int]:
    """service -> places free, of those that said so and whose word still holds."""
    rows = ServiceCapacity.objects.filter(service__territory=words.territory, available__isnull=False)
    rows = rows.filter(Q(expires_at=None) | Q(expires_at__gt=at))
    return dict(rows.values_list("service_id").annotate(n=Sum("available")).order_by())
