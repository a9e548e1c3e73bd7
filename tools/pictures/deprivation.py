"""Ranks of deprived neighbourhoods with their intervals, and the line below which none is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maillage.methods.deprivation import rank_intervals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "The 30 most deprived of 120 invented neighbourhoods by an index of four domains, with the 95 % interval of each rank (sampling "
    "errors, and weights that could be argued); twelve can be chosen, and the shade says how often each would still be."
)
WEIGHTS = (0.35, 0.25, 0.25, 0.15)  # income, work, education, housing
TOP, SHOWN = 12, 30


def draw(figure: Figure) -> None:
    chance = np.random.default_rng(3)
    hardship = chance.normal(0, 1, (120, 1))
    people = chance.integers(900, 6000, (120, 1))
    share = 1 / (1 + np.exp(1.6 - 0.7 * hardship - chance.normal(0, 0.35, (120, 4))))  # of the people, in each domain
    error = np.sqrt(share * (1 - share) / (0.15 * people))  # asked of 15 in 100
    found = rank_intervals(share, error, weights=WEIGHTS, concentration=60, top=TOP, seed=1, draws=4000)
    first = np.argsort(found.rank)[:SHOWN]
    place = np.arange(1, SHOWN + 1)
    axes = figure.subplots()
    axes.axvspan(0, TOP + 0.5, color="#f0f0f0", zorder=0)
    axes.axvline(TOP + 0.5, color="0.3", linestyle="--", linewidth=1)
    axes.hlines(place, found.lower[first], found.upper[first], color="0.5", linewidth=1.4)
    dots = axes.scatter(
        place, place, c=100 * found.chosen[first], cmap="RdYlBu_r", vmin=0, vmax=100, s=42, edgecolor="black",
        linewidth=0.6, zorder=3,
    )  # fmt: skip
    axes.set_xlim(0, found.upper[first].max() + 1.5)
    axes.set_ylim(SHOWN + 0.8, 0.2)
    axes.set_yticks(place, [f"Neighbourhood {1 + one}" for one in first], fontsize=6.5)
    axes.set_xlabel("Rank among 120 neighbourhoods (1: most deprived)")
    axes.text(TOP + 0.2, SHOWN + 0.2, "chosen", ha="right", va="bottom", fontsize=8, color="0.3")
    axes.text(TOP + 0.9, 0.6, "not chosen", ha="left", va="top", fontsize=8, color="0.3")
    figure.colorbar(dots, ax=axes, label="Still chosen, of 100 draws", pad=0.02)
    axes.spines[["top", "right"]].set_visible(False)
