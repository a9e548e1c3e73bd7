"""The last days of an epidemic curve: what is reported, and what is still to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maillage.methods.nowcast import nowcast

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "Cases of an invented outbreak by the day they fell ill, as known on day 42: those reported so far seem to fall, those expected "
    "once all are reported (with 95 % bounds) do not; the crosses are what was counted in the end."
)
TODAY = 42


def reports() -> np.ndarray:
    """Day of the first symptoms and day of the report of each case, three days apart on average."""
    chance = np.random.default_rng(4)
    onset = np.repeat(np.arange(61), chance.poisson(4 + 26 / (1 + np.exp(-(np.arange(61) - 26) / 4))))
    return np.column_stack([onset, onset + chance.negative_binomial(3, 0.5, len(onset))])


def draw(figure: Figure) -> None:
    known = reports()
    found = nowcast(known, now=TODAY, maximum_delay=14, seed=1, prior=(30, 900))
    final = np.bincount(known[:, 0])[found.days]
    axes = figure.subplots()
    still = found.upper > found.lower
    axes.bar(found.days, found.reported, color="#2166ac", width=0.85, label="reported by day 42")
    axes.bar(
        found.days[still],
        (found.median - found.reported)[still],
        bottom=found.reported[still],
        color="#d1e5f0",
        edgecolor="#2166ac",
        linewidth=0.6,
        hatch="////",
        width=0.85,
        label="expected, not yet reported",
    )
    axes.vlines(
        found.days[still], found.lower[still], found.upper[still], color="black", linewidth=1.1, label="95 % bounds"
    )
    axes.plot(
        found.days[still],
        final[still],
        linestyle="",
        marker="x",
        color="#b2182b",
        markersize=6,
        label="counted in the end",
    )
    axes.set_xlim(9.5, TODAY + 0.7)
    axes.set_ylim(0, None)
    axes.set_xlabel("Day of the first symptoms")
    axes.set_ylabel("Cases")
    axes.legend(loc="upper left", frameon=False, fontsize="small")
