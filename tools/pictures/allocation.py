"""Who gets a place: people by rank, places, and who moved so that nobody was passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maillage.methods.allocation import Problem, Served, served

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CAPTION = (
    "Twelve invented people by rank, and five houses with ten places: a square is a place that somebody may have, filled where they are. "
    "Two get none: crosses mark the houses that each could reach, all full of people ranked before them, which is the reason given."
)
HOUSES = ["Men, 2 places", "Women, 2", "Mixed, 3", "With a dog, 1", "Wheelchair, 2"]
CAPACITY = [2, 2, 3, 1, 2]
PEOPLE = {
    "man": (1, 0, 1, 0, 0), "woman": (0, 1, 1, 0, 0), "man, dog": (0, 0, 0, 1, 0), "woman, wheelchair": (0, 0, 0, 0, 1), "man ": (1, 0, 1, 0, 0),
    "woman ": (0, 1, 1, 0, 0), "woman, dog": (0, 0, 0, 1, 0), "man  ": (1, 0, 1, 0, 0), "woman  ": (0, 1, 0, 0, 0), "man   ": (1, 0, 0, 0, 0),
    "woman   ": (0, 1, 1, 0, 0), "man, wheelchair": (1, 0, 0, 0, 1),
}  # fmt: skip


def draw(figure: Figure) -> None:
    options = np.array(list(PEOPLE.values()), bool)
    found = served(Problem(options, np.array(CAPACITY)))
    axes = figure.subplots()
    for row, column in zip(*np.nonzero(options), strict=True):
        here = found.group[row] == column
        axes.scatter(column, row, marker="s", s=150, facecolor="#2166ac" if here else "white", edgecolor="#2166ac")
    _reasons(axes, found)
    axes.set_xticks(range(len(HOUSES)), HOUSES)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(PEOPLE)), [f"{one.strip()}   {row + 1}" for row, one in enumerate(PEOPLE)])
    axes.set_xlim(-0.5, len(HOUSES) - 0.5)
    axes.set_ylim(len(PEOPLE) - 0.5, -0.6)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for row in range(len(PEOPLE)):
        axes.axhline(row + 0.5, color="0.9", linewidth=0.6, zorder=0)


def _reasons(axes: Axes, found: Served) -> None:
    for row in np.flatnonzero(found.closed >= 0):
        for column in np.flatnonzero(found.sets[found.closed[row]]):
            axes.scatter(column, row, marker="x", s=60, color="#b2182b", zorder=3)
