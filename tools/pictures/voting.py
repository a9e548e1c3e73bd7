"""Needs as residents rank them: everybody, and the priority quarters, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maillage.methods import voting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CAPTION = (
    "What matters more here? Twelve needs by the judgements of 900 invented residents, eight of two needs each: how often each need is "
    "preferred to another, with 95 % intervals of its strength, in the whole territory and in its priority quarters (30 % of residents)."
)
NEEDS = {  # strength elsewhere, strength in the priority quarters; logits, invented
    "A doctor who takes new patients": (1.2, 1.2), "Shorter waits for mental health": (1.0, 0.9), "Care at home at week-ends": (0.8, 0.1),
    "A crèche place": (0.6, 0.5), "Somebody who speaks my language": (-0.3, 0.9), "Debt counselling": (-0.4, 0.7),
    "A safe place to meet for the young": (0.2, 0.4), "Damp and cold homes mended": (-0.5, 1.1), "Dental care that I can pay": (0.1, 0.8),
    "Benches and shade": (0.0, -0.8), "Transport to the hospital": (0.3, -0.1), "Activities for the elderly": (0.4, -0.5),
}  # fmt: skip


def draw(figure: Figure) -> None:
    names, strength = list(NEEDS), np.array(list(NEEDS.values())).T
    draw = np.random.default_rng(4)
    quarter = np.repeat((np.arange(900) % 2), 8)  # priority quarters answer more than their part: half of the answers
    one = draw.integers(len(names), size=len(quarter))
    other = (one + draw.integers(1, len(names), size=len(quarter))) % len(names)
    chance = 1 / (1 + np.exp(strength[quarter, other] - strength[quarter, one]))
    first = draw.random(len(quarter)) < chance
    winners, losers = np.where(first, one, other), np.where(first, other, one)
    everyone = voting.bradley_terry(winners, losers, items=len(names), strata=quarter, population=[70, 30])
    here = voting.bradley_terry(winners[quarter == 1], losers[quarter == 1], items=len(names))
    left, right = figure.subplots(1, 2, sharex=True)
    _list(left, everyone, names, "#2166ac", "All residents, by census")
    _list(right, here, names, "#b2182b", "Priority quarters")


def _list(axes: Axes, found: voting.BradleyTerry, names: list[str], colour: str, label: str) -> None:
    places = np.arange(len(names))
    order = found.order
    low, middle, high = (_preferred(one[order], found.estimate) for one in (found.lower, found.estimate, found.upper))
    axes.errorbar(
        middle, places, xerr=[middle - low, high - middle], fmt="o", color=colour, markersize=4, linewidth=1.2
    )
    axes.set_yticks(places, [f"{names[one]}  {place + 1}" for place, one in enumerate(order)], fontsize=7.5)
    axes.invert_yaxis()
    axes.axvline(50, color="0.7", linewidth=0.8, zorder=0)
    axes.set_xlabel(f"{label}\n% of times preferred", fontsize=8.5)
    axes.tick_params(axis="y", length=0)


def _preferred(strength: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Per cent of duels that a need of a strength wins against one of the list drawn at random."""
    return 100 * (1 / (1 + np.exp(others[None] - strength[:, None]))).mean(axis=1)
