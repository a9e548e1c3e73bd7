"""Statistical disclosure control of counts: what may be shown so that no small number about people can be read or worked out.

Rounding down to a multiple of the smallest cell (conventional rounding is in Willenborg and de Waal, Elements of Statistical
Disclosure Control, 2001, chapter 5), with two additions: zero is not told apart from a small count, because a row of four
cells "some" with a total "fewer than five" would say that each is one; and a margin leaves room above its cells, because five
hidden cells with a total of twenty would say that each is four.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Protected:
    """Multiples of the smallest cell, each "at least that many"; 0: fewer than the smallest cell, perhaps none."""

    cells: Counts  # (r, c)
    rows: Counts  # (r,)
    columns: Counts  # (c,)
    total: int


def floored(counts: Counts, smallest: int) -> Counts:
    """Each count rounded down to a multiple of `smallest` (>= 1); below it: 0."""
    if smallest < 1:
        raise ValueError("the smallest cell is at least 1")
    found: Counts = counts // smallest * smallest
    return found


def protect(counts: Counts, smallest: int) -> Protected:
    """A table (r, c) of counts >= 0 with its margins, made safe together: nobody who sees all of it, and knows how it was
    made, can tell a hidden cell exactly, nor find a number from 1 to `smallest` - 1 in it.

    Margins are made from the true counts, then lowered where they would tell too much: they may be more, or less, than
    the sum of what the cells show.
    """
    counts = np.asarray(counts, np.int64)
    if counts.ndim != 2 or (counts < 0).any():
        raise ValueError("a table of counts: two dimensions, nothing below zero")
    cells = floored(counts, smallest)
    return Protected(
        cells,
        _margin(counts, cells, smallest, 1),
        _margin(counts, cells, smallest, 0),
        int(_margin(counts.reshape(1, -1), cells.reshape(1, -1), smallest, 1)[0]),
    )


def _margin(counts: Counts, cells: Counts, smallest: int, axis: int) -> Counts:
    """The sum rounded down, but at least `smallest` below the largest sum that the shown cells allow."""
    shown = cells.sum(axis=axis)
    highest = shown + counts.shape[axis] * (smallest - 1)
    room = np.maximum(floored(highest - smallest, smallest), shown) if smallest > 1 else highest
    found: Counts = np.minimum(floored(counts.sum(axis=axis), smallest), room)
    return found
