"""How full a house was, told so that nobody can be worked out: not by a line, not by what is left of a total, not by two periods.

A rate is no count, but two of them are: how full over three months, less how full over the first two, is how long the only household
of the third month stayed. So a rate is shown only where each month of the period had enough households (any two periods then differ by
enough of them); where too few are hidden in a table, another line is hidden with them; and it is rounded, so that last night does not
show when it is asked for each morning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from maillage.places.nights import Slept, Span

if TYPE_CHECKING:
    from maillage.places.figures import Line

STEP: Final = 20  # of a whole: five in a hundred
Keys = tuple[str, str, str]  # service, area, public
Present = Mapping[tuple[Keys, date], int]  # and the first day of a month -> households that slept there in it


def months(first: date, last: date) -> list[date]:
    """The first day of each month from one day to another."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = (month + timedelta(32)).replace(day=1)
    return found


def present(span: Span, slept: Iterable[Slept], keys: Mapping[int, Keys]) -> Present:
    """Several beds of one household are one."""
    seen = set()
    for one in slept:
        if one.group in keys:
            last = min(one.until - timedelta(1), span.last) if one.until else span.last
            who = one.request or f"stay {one.key}"
            seen |= {(who, keys[one.group], month) for month in months(max(one.since, span.first), last)}
    return Counter((key, month) for _who, key, month in seen)


def told(lines: Sequence[Line], axis: int | None, here: Present, span: Span, smallest: int) -> set[str]:
    """Codes of the lines of one table whose rate may be shown. `axis`: which key they are about; None: all of them."""
    columns = {month: n for n, month in enumerate(months(span.first, span.last))}
    counts = {line.code: np.zeros(len(columns), np.int64) for line in lines if line.rate is not None}
    for (key, month), n in here.items():
        code = "" if axis is None else key[axis]
        if code in counts:
            counts[code][columns[month]] += n
    shown = {code for code, n in counts.items() if (n >= smallest).all()}
    hidden = [n for code, n in counts.items() if code not in shown]
    for code in sorted(shown, key=lambda code: (int(counts[code].sum()), code)):
        if not hidden or (np.sum(hidden, axis=0) >= smallest).all():
            break
        shown.remove(code)
        hidden.append(counts[code])
    return shown


def kept(line: Line, shown: Collection[str]) -> Line:
    """The line with its rate rounded, or without it."""
    rate = line.rate if line.code in shown else None
    return replace(line, rate=None if rate is None else round(rate * STEP) / STEP)
