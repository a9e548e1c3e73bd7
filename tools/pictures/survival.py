"""How long stays last, with those that still go on and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maillage.methods.survival import kaplan_meier

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "Stays in an invented house for families, 160 of them, 42 of which still go on: the share that lasts longer than each number of "
    "days, as Kaplan and Meier estimate it, and what is read when stays that go on are left out. Half have ended where a curve meets the line."
)


def draw(figure: Figure) -> None:
    draw = np.random.default_rng(8)
    began = np.sort(draw.uniform(0, 540, 160))
    lasted = draw.weibull(1.3, 160) * 190
    seen, ended = np.minimum(lasted, 540 - began), lasted <= 540 - began
    seen = np.maximum(np.round(seen), 1)
    both = kaplan_meier(seen, ended)
    over = kaplan_meier(seen[ended], np.ones(ended.sum(), bool))
    axes = figure.subplots()
    axes.step([0, *both.times, seen.max()], [100, *100 * both.lasting, 100 * both.lasting[-1]], where="post", color="#2166ac", linewidth=1.8,
              label=f"all stays: half have ended by day {both.quantile(0.5):.0f}")  # fmt: skip
    axes.step([0, *over.times], [100, *100 * over.lasting], where="post", color="0.6", linestyle="--",
              label=f"only those that ended: by day {over.quantile(0.5):.0f}, too early")  # fmt: skip
    ongoing = np.sort(seen[~ended])
    there = np.searchsorted(both.times, ongoing, side="right") - 1
    height = np.where(there < 0, 1.0, both.lasting[np.maximum(there, 0)])
    axes.plot(ongoing, 100 * height, "|", color="#2166ac", markersize=7, label="last seen, and still going on")
    axes.axhline(50, color="0.75", linewidth=0.8, zorder=0)
    axes.set_xlim(0, 520)
    axes.set_ylim(0, 101)
    axes.set_xlabel("Days since the stay began")
    axes.set_ylabel("Stays that last longer, %")
    axes.legend(loc="upper right", fontsize="small")
