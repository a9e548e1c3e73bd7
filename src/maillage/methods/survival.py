"""How long something lasts when part of it still goes on: the product-limit estimate.

Kaplan and Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958); with late entries: Klein and Moeschberger,
Survival Analysis, 2nd edition (2003), section 4.6. To leave out what goes on, or to count it as ended, makes every stay shorter
than it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """The share that lasts longer than each of `times`, at which something ended."""

    times: Floats
    lasting: Floats  # 1..0, never rising
    at_risk: NDArray[np.int64]  # watched just before

    def quantile(self, share: float) -> float:
        """The shortest time by which at least `share` (0..1) have ended; NaN when the watching stopped before."""
        if not 0 < share < 1:
            raise ValueError(f"share: between 0 and 1 was expected, not {share}")
        there = np.flatnonzero(self.lasting <= 1 - share + 1e-12)
        return float(self.times[there[0]]) if there.size else float("nan")


def kaplan_meier(
    durations: ArrayLike, ended: ArrayLike, *, entries: ArrayLike | None = None, least_at_risk: int = 1
) -> Curve:
    """The curve of `durations` (n,), each ended or (False) still going on when last seen.

    `entries`: how long each had lasted when it began to be watched (none: from its start). One that ended at the very moment
    when another was last seen ended before: the other still counts as watched. Order does not matter; without anything that
    goes on, and without late entries, it is the share of the durations that are longer. With late entries few may be watched at
    first, and one who ends early would end the curve: what ends among fewer than `least_at_risk` is left out (Lai and Ying,
    Annals of Statistics 19, 1991).
    """
    seen, over = np.asarray(durations, np.float64), np.asarray(ended, bool)
    since = np.zeros_like(seen) if entries is None else np.asarray(entries, np.float64)
    if seen.ndim != 1 or over.shape != seen.shape or since.shape != seen.shape:
        raise ValueError(
            f"durations, ended, entries: one shape (n,) was expected, not {seen.shape}, {over.shape}, {since.shape}"
        )
    if least_at_risk < 1:
        raise ValueError(f"least_at_risk: at least 1 was expected, not {least_at_risk}")
    if not (np.isfinite(seen).all() and np.isfinite(since).all() and (since >= 0).all() and (seen >= since).all()):
        raise ValueError("durations: finite numbers, not below their entries, were expected")
    times, ends = np.unique(seen[over], return_counts=True)
    still = len(seen) - np.searchsorted(np.sort(seen), times, side="left")  # last seen then or later
    not_yet = len(seen) - np.searchsorted(
        np.sort(since), times, side="left"
    )  # who enters then or later is not watched yet
    at_risk = still - np.where(times > 0, not_yet, 0)
    enough = at_risk >= least_at_risk
    times, ends, at_risk = times[enough], ends[enough], at_risk[enough]
    lasting: Floats = np.cumprod(1 - ends / np.maximum(at_risk, 1), dtype=np.float64)
    return Curve(times, lasting, at_risk.astype(np.int64))
