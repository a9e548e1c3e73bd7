"""What was missing: the counts of unmet needs, protected before they leave, and the offer that stands beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db.models import Q, Sum

from maillage.directory.models import ServiceCapacity
from maillage.directory.search.filters import distances
from maillage.directory.search.memory import memory
from maillage.directory.search.types import Query
from maillage.methods import disclosure
from maillage.orientation.models import UnmetNeed
from maillage.orientation.queries import Vocabulary

Month = tuple[int, int]
DIMENSIONS = ("need", "area", "cause", "public", "filter")
MOST_MONTHS = 36


@dataclass(frozen=True, slots=True)
class Asked:
    """Which counts: the months from `first` to `last`, and one value of a dimension, or all. A need holds those below it."""

    first: Month
    last: Month
    need: str = ""
    area: str = ""
    cause: str = ""
    public: str = ""

    @property
    def months(self) -> tuple[Month, ...]:
        """At most the last three years of it."""
        start, end = (year * 12 + month - 1 for year, month in (self.first, self.last))
        return tuple((n // 12, n % 12 + 1) for n in range(max(start, end - MOST_MONTHS + 1), end + 1))


@dataclass(frozen=True, slots=True)
class Line:
    """One value of a dimension. Every number is a multiple of the smallest cell, "at least that many"; a month of 0: fewer than that."""

    code: str
    months: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Unmet:
    asked: Asked
    smallest: int
    lines: Mapping[str, tuple[Line, ...]]  # dimension -> its lines, the largest first
    by_month: tuple[int, ...]
    total: int


Counted = Mapping[tuple[str, ...], Mapping[Month, int]]  # a value of each dimension -> month -> count


def unmet(words: Vocabulary, asked: Asked, *, today: date) -> Unmet:
    """Everything that the page, its map, its curve and its CSV show: one query, protected once for all of them.

    Today is left out: numbers that move while one watches say who was there. So is a line below the smallest cell: that it
    is there would say that somebody is. Margins that several tables share are the lowest of those that each allows.
    """
    smallest = max(int(words.territory.content.get("smallest_cell") or 5), 1)
    counted = _counted(words, asked, today)
    tables = {name: _table(counted, words, asked, name) for name in DIMENSIONS}
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
    return Unmet(asked, smallest, lines, tuple(columns.tolist()), min(one.total for one in safe.values()))


def _counted(words: Vocabulary, asked: Asked, today: date) -> Counted:
    months = asked.months
    wanted = UnmetNeed.objects.filter(territory=words.territory, day__gte=date(*months[0], 1), day__lt=today)
    wanted = wanted.filter(**{name: value for name in ("area", "cause", "public") if (value := getattr(asked, name))})
    if asked.need:
        below = [code for code in words.needs if asked.need in words.lineage(code)]
        wanted = wanted.filter(need__in=below)
    found: dict[tuple[str, ...], dict[Month, int]] = {}
    rows = wanted.values_list(*DIMENSIONS, "day__year", "day__month").annotate(n=Sum("count")).order_by()
    for *key, year, month, number in rows:
        if (year, month) in months:
            found.setdefault(tuple(key), {})[year, month] = number
    return found


def _table(counted: Counted, words: Vocabulary, asked: Asked, name: str) -> tuple[list[str], disclosure.Counts]:
    """The values of a dimension (need: the branches just below the asked one) and their counts by month."""
    place, months = DIMENSIONS.index(name), {month: n for n, month in enumerate(asked.months)}
    codes: dict[str, int] = {}
    rows: list[list[int]] = []
    for key, by_month in counted.items():
        code = _branch(key[place], words, asked.need) if name == "need" else key[place]
        if code not in codes:
            codes[code] = len(rows)
            rows.append([0] * len(months))
        for month, number in by_month.items():
            rows[codes[code]][months[month]] += number
    return list(codes), np.array(rows, np.int64).reshape(len(rows), len(months))


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
