"""Closures for a time: what is left of a window once they are taken out of it. Only rows that have one cost anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Span = tuple[float, float]  # epoch seconds; the end is not in it
KEPT = 16  # windows remembered


class Closures:
    """(row, from, until) of every closure of a territory that was not over when its service was indexed."""

    def __init__(self, closed: Iterable[tuple[int, float, float]]) -> None:
        found = list(closed)
        self.rows = np.array([row for row, _, _ in found], np.int32)
        self.starts = np.array([start for _, start, _ in found], np.float64)
        self.ends = np.array([end for _, _, end in found], np.float64)
        self._left: dict[Span, dict[int, list[Span]]] = {}

    def left(self, start: float, end: float) -> dict[int, list[Span]]:
        """For each row that a closure touches in this window: what is left of it, in order; nothing: closed throughout.

        A window without length is a moment: it is left whole, as [(start, start)], or not at all.
        """
        if (start, end) not in self._left:
            if len(self._left) >= KEPT:
                self._left.pop(next(iter(self._left)))
            self._left[start, end] = self._compute(start, end)
        return self._left[start, end]

    def shut(self, rows: NDArray[np.int32], start: float, end: float) -> NDArray[np.bool_]:
        """Which of these rows are closed throughout the window."""
        whole = [row for row, spans in self.left(start, end).items() if not spans] if self.rows.size else []
        return np.isin(rows, whole) if whole else np.zeros(rows.size, bool)

    def _compute(self, start: float, end: float) -> dict[int, list[Span]]:
        is_moment = end <= start
        touched = (self.starts <= start) if is_moment else (self.starts < end)
        touched &= self.ends > start
        if is_moment:
            return {int(row): [] for row in self.rows[touched]}
        closed: dict[int, list[Span]] = defaultdict(list)
        for i in np.flatnonzero(touched).tolist():
            closed[int(self.rows[i])].append((float(self.starts[i]), float(self.ends[i])))
        return {row: without(start, end, sorted(spans)) for row, spans in closed.items()}


def without(start: float, end: float, closed: Iterable[Span]) -> list[Span]:
    """The parts of [start, end) that none of the closed spans, given in order, covers."""
    left, at = [], start
    for begins, ends in closed:
        if begins > at:
            left.append((at, min(begins, end)))
        at = max(at, ends)
        if at >= end:
            return left
    return [*left, (at, end)]
