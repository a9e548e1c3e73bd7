"""A funnel: which neighbourhoods differ from the average by more than chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maillage.methods import rates

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "Share of children whose vaccinations are complete, in 90 invented neighbourhoods: small ones scatter more by chance alone, so "
    "only those outside the funnel differ from the average (95 % and 99.8 % limits)."
)
SIGNS = (
    ("within the limits", (rates.Position.WITHIN,), "o", "0.55", 16),
    ("outside 95 %", (rates.Position.BELOW, rates.Position.ABOVE), "D", "#e08214", 30),
    ("outside 99.8 %", (rates.Position.FAR_BELOW, rates.Position.FAR_ABOVE), "s", "#b2182b", 34),
)


def draw(figure: Figure) -> None:
    chance = np.random.default_rng(11)
    children = np.round(10 ** chance.uniform(1.6, 3.35, 90))
    really = np.clip(0.86 + np.where(chance.random(90) < 0.15, chance.normal(0, 0.07, 90), 0), 0, 0.99)
    complete = chance.binomial(children.astype(int), really).astype(float)
    average = complete.sum() / children.sum()
    position = rates.funnel_position(complete, children)
    axes = figure.subplots()
    along = np.geomspace(children.min() * 0.8, children.max() * 1.1, 300)
    for level, style in ((0.95, "--"), (0.998, "-")):
        curve = rates.funnel_limits(along, average, confidence=level, multiplier=100)
        axes.plot(
            along, curve.lower, color="#2166ac", linestyle=style, linewidth=1.2, label=f"{100 * level:g} % limits"
        )
        axes.plot(along, curve.upper, color="#2166ac", linestyle=style, linewidth=1.2)
    axes.axhline(100 * average, color="black", linewidth=0.8, label=f"average, {100 * average:.0f} %")
    for label, places, marker, colour, size in SIGNS:
        here = np.isin(position, places)
        axes.scatter(
            children[here],
            100 * complete[here] / children[here],
            s=size,
            marker=marker,
            color=colour,
            label=label,
            zorder=3,
        )
    axes.set_xscale("log")
    ticks = [50, 100, 200, 500, 1000, 2000]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(60, 100.5)
    axes.set_xlabel("Children in the neighbourhood")
    axes.set_ylabel("Vaccinations complete, %")
    axes.legend(loc="lower right", frameon=False, fontsize="small")
    axes.spines[["top", "right"]].set_visible(False)
