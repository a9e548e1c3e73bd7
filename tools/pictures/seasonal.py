"""A winter under way beside the winters before: when the epidemic began, and how severe it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maillage.methods import seasonal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "Consultations for influenza-like illness in eight invented winters (grey) and the one under way (black), with the thresholds that "
    "the eight teach: the epidemic begins in the first week above the pre-epidemic one, and its weeks are of low to very high intensity."
)
WEEKS = 33
COLOURS = {
    seasonal.Level.BASELINE: "#7fbf7b",
    seasonal.Level.LOW: "#fee08b",
    seasonal.Level.MEDIUM: "#fdae61",
    seasonal.Level.HIGH: "#d73027",
    seasonal.Level.VERY_HIGH: "#7a0177",
}


def draw(figure: Figure) -> None:
    chance = np.random.default_rng(4)
    peak, width, height = chance.uniform(12, 21, 9), chance.uniform(2, 3.2, 9), chance.uniform(150, 420, 9)
    peak[-1], width[-1], height[-1] = 15, 2.6, 400
    week = np.arange(WEEKS)
    rates = chance.poisson(12 + height[:, None] * np.exp(-0.5 * ((week - peak[:, None]) / width[:, None]) ** 2))
    past, now = rates[:-1], rates[-1, :26]
    found = seasonal.moving_epidemic_threshold(past)
    axes = figure.subplots()
    axes.plot(week, past.T, color="0.82", linewidth=1)
    for name, label in (
        ("very_high", "very high"),
        ("high", "high"),
        ("medium", "medium"),
        ("pre_epidemic", "epidemic begins"),
    ):
        at = float(getattr(found, name))
        axes.axhline(at, color="0.35", linewidth=0.9, linestyle="--" if name == "pre_epidemic" else ":")
        axes.text(WEEKS - 0.2, at, label, ha="right", va="bottom", fontsize="small", color="0.25")
    axes.plot(week[: len(now)], now, color="black", linewidth=1.6)
    level = seasonal.intensity_level(now, found)
    for code, colour in COLOURS.items():
        here = level == code
        axes.scatter(week[: len(now)][here], now[here], color=colour, edgecolor="black", linewidth=0.5, s=34, zorder=3)
        axes.scatter(
            [], [], color=colour, edgecolor="black", linewidth=0.5, s=34, label=code.name.replace("_", " ").lower()
        )
    axes.set_xticks(week[::4], [str((39 + one) % 52 + 1) for one in week[::4].tolist()])
    axes.set_xlim(-0.5, WEEKS)
    axes.set_ylim(0)
    axes.set_xlabel("Week of the year")
    axes.set_ylabel("Consultations for 100,000 inhabitants")
    axes.legend(loc="upper left", frameon=False, fontsize="small", title="intensity", alignment="left")
    axes.spines[["top", "right"]].set_visible(False)
