"""A map of access to family doctors, today and if a practice opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import Voronoi

from maillage.methods.access import ENHANCED, FloatingCatchment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "Family doctors within reach of each 10,000 inhabitants of an invented town of 110 neighbourhoods, on foot within half an hour "
    "(enhanced two-step floating catchment), today and if three doctors opened a practice at the star; hatched: nobody within reach."
)
CLASSES = (0, 3, 6, 9, 12, 18)  # doctors per 10,000
COLOURS = ("#d7301f", "#fc8d59", "#fdcc8a", "#c7e0c4", "#74a9cf")
KILOMETRES, MINUTES = 8.0, 15.0  # the town's side; minutes for each kilometre in a straight line
NEW = np.array([[7.0, 1.0]])


def homes(chance: np.random.Generator) -> np.ndarray:
    """Neighbourhoods, closer together in the centre: a random point moves away from its nearest ones a few times."""
    found = 4 + chance.normal(0, 2.4, (110, 2))
    found = np.clip(found, 0.15, KILOMETRES - 0.15)
    for _ in range(25):
        apart = found[:, None] - found[None]
        far = np.hypot(apart[..., 0], apart[..., 1]) + 1e-9
        found = np.clip(
            found + 0.05 * (apart / far[..., None] ** 3 * (far[..., None] < 1)).sum(1).clip(-1, 1), 0.15, 7.85
        )
    return found


def outlines(points: np.ndarray) -> list[np.ndarray]:
    """What lies nearest to each point, within the square: the points are mirrored in its four sides."""
    mirrored = [points]
    for axis in (0, 1):
        for side in (0, KILOMETRES):
            other = points.copy()
            other[:, axis] = 2 * side - other[:, axis]
            mirrored.append(other)
    cells = Voronoi(np.concatenate(mirrored))
    return [cells.vertices[cells.regions[cells.point_region[place]]] for place in range(len(points))]


def minutes(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    far = np.hypot(*(start[:, None] - end[None]).transpose(2, 0, 1)) * MINUTES
    origin, destination = np.indices(far.shape)
    return origin.ravel(), destination.ravel(), far.ravel()


def draw(figure: Figure) -> None:
    chance = np.random.default_rng(12)
    places = homes(chance)
    people = chance.integers(800, 4000, len(places)).astype(float)
    doors = 3.4 + chance.normal(0, 1.5, (36, 2)) * [1, 1.15]
    doctors = chance.integers(1, 9, len(doors)).astype(float)
    town = FloatingCatchment(people, doctors, minutes(places, doors), ENHANCED)
    cells = outlines(places)
    both = (("Today", town.now), ("With three doctors at the star", town.opening([3.0], minutes(places, NEW))))
    for place, (axes, (said, found)) in enumerate(zip(figure.subplots(1, 2), both, strict=True)):
        each = np.digitize(found.access * 1e4, CLASSES[1:-1])
        for cell, colour, nobody in zip(cells, each, found.reaches_nobody, strict=True):
            look = {"facecolor": "white", "hatch": "/////"} if nobody else {"facecolor": COLOURS[colour]}
            axes.fill(*cell.T, edgecolor="0.45" if nobody else "white", linewidth=0.5, **look)
        axes.scatter(*doors.T, s=6 + 5 * doctors, color="black", linewidth=0, label="practice, by its doctors")
        if place:
            axes.scatter(*NEW.T, s=190, marker="*", color="#ffff33", edgecolor="black", linewidth=0.8)
        axes.set(aspect="equal", xlim=(0, KILOMETRES), ylim=(0, KILOMETRES), xticks=(), yticks=(), xlabel=said)
        axes.spines[:].set_visible(False)
    marks = [axes.fill([], [], facecolor=colour)[0] for colour in COLOURS]
    names = [f"{low} to {high}" for low, high in zip(CLASSES[:-1], (*CLASSES[1:-1], "more"), strict=True)]
    names[-1] = f"{CLASSES[-2]} or more"
    marks += [*axes.fill([], [], facecolor="white", edgecolor="0.45", hatch="/////"), axes.collections[0]]
    figure.legend(
        marks,
        [*names, "nobody within reach", "practice (size: doctors)"],
        ncols=4,
        loc="outside lower center",
        frameon=False,
        title="Doctors within reach per 10,000 inhabitants",
        fontsize="small",
        title_fontsize="small",
    )
