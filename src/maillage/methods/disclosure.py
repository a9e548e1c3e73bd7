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

from maillage.methods.arguments import floats, whole

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
    return _down(_counts(counts), whole("smallest", smallest, least=1))


def protect(counts: Counts, smallest: int) -> Protected:
    """A table (r, c) of counts >= 0 with its margins, made safe together: nobody who sees all of it, and knows how it was
    made, can tell a hidden cell exactly, nor find a number from 1 to `smallest` - 1 in it.

    Margins are made from the true counts, then lowered where they would tell too much: they may be more, or less, than
    the sum of what the cells show.
    """
    counts = _counts(counts)
    if counts.ndim != 2:
        raise ValueError(f"counts: a table of two axes was expected, not the shape {counts.shape}")
    cells = floored(counts, smallest)
    return Protected(
        cells,
        _margin(counts, cells, smallest, 1),
        _margin(counts, cells, smallest, 0),
        int(_margin(counts.reshape(1, -1), cells.reshape(1, -1), smallest, 1)[0]),
    )


def _down(counts: Counts, smallest: int) -> Counts:
    found: Counts = counts // smallest * smallest
    return found


def _counts(counts: Counts) -> Counts:
    read = floats("counts", counts, least=0, most=2**53)  # up to there every whole number is read exactly
    if (read != np.floor(read)).any():
        raise ValueError(f"counts: whole numbers were expected, not {read[read != np.floor(read)].flat[0]:g}")
    return read.astype(np.int64)


def _margin(counts: Counts, cells: Counts, smallest: int, axis: int) -> Counts:
    """The sum rounded down, but at least `smallest` below the largest sum that the shown cells allow."""
    shown = cells.sum(axis=axis)
    highest = shown + counts.shape[axis] * (smallest - 1)
    room = np.maximum(_down(highest - smallest, smallest), shown) if smallest > 1 else highest
    found: Counts = np.minimum(_down(counts.sum(axis=axis), smallest), room)
    return found
