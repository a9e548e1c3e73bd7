"""How long something lasts when part of it still goes on: the product-limit estimate.

Kaplan and Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958); with late entries: Klein and Moeschberger,
Survival Analysis, 2nd edition (2003), section 4.6. To leave out what goes on, or to count it as ended, makes every stay shorter
than it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maillage.methods import arguments

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """The share that lasts longer than each of `times`, at which something ended."""

    times: Floats
    lasting: Floats  # 1..0, never rising
    at_risk: NDArray[np.int64]  # watched just before

    def quantile(self, share: float) -> float:
        """The shortest time by which at least `share` (0..1) have ended; NaN when the watching stopped before."""
        share = arguments.share("share", share)
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
    seen = arguments.floats("durations", durations, ndim=1, least=0)
    told = arguments.floats("ended", ended, ndim=1)
    since = np.zeros_like(seen) if entries is None else arguments.floats("entries", entries, ndim=1, least=0)
    arguments.same_shape(durations=seen, ended=told, entries=since)
    least_at_risk = arguments.whole("least_at_risk", least_at_risk, least=1)
    if not np.isin(told, (0, 1)).all():
        raise ValueError(f"ended: True or False was expected, not {told[~np.isin(told, (0, 1))][0]:g}")
    if (seen < since).any():
        at = int(np.argmax(seen < since))
        raise ValueError(
            f"durations: at least their entries was expected, not {seen[at]:g} after {since[at]:g} at {at}"
        )
    over = told == 1
    times, ends = np.unique(seen[over], return_counts=True)
    still = len(seen) - np.searchsorted(np.sort(seen), times, side="left")  # last seen then or later
    # Who enters then or later is not watched yet; what begins and ends at 0 is.
    entered = np.sort(since)
    watched = np.where(times > 0, np.searchsorted(entered, times), np.searchsorted(entered, times, side="right"))
    at_risk = still - (len(seen) - watched)
    enough = at_risk >= least_at_risk
    times, ends, at_risk = times[enough], ends[enough], at_risk[enough]
    lasting: Floats = np.cumprod(1 - ends / np.maximum(at_risk, 1), dtype=np.float64)
    return Curve(times, lasting, at_risk.astype(np.int64))
