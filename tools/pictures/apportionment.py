"""A fund shared among communes, with and without a least amount for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maillage.methods.apportionment import by_key

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "1,000,000 euros shared among ten invented communes by residents with a low income: by the key alone, and with at least 40,000 "
    "euros for each. The three smallest are lifted to their floor; the others give up the same part of their share, to the cent."
)
AMOUNT, FLOOR = 100_000_000, 4_000_000
COMMUNES = {
    "Old Town": 21_400, "Station": 16_900, "Canal": 12_300, "Hills": 9_800, "Mill": 8_100, "Forest": 6_700,
    "Port": 4_900, "Meadows": 2_200, "Quarry": 1_700, "Hamlet": 900,
}  # fmt: skip


def draw(figure: Figure) -> None:
    names, weights = list(COMMUNES), list(COMMUNES.values())
    plain, floored = by_key(AMOUNT, weights), by_key(AMOUNT, weights, [FLOOR] * len(weights))
    places = np.arange(len(names))
    axes = figure.subplots()
    axes.barh(places - 0.19, plain / 100_000, 0.36, color="0.75", label="by the key alone")
    lifted = floored == FLOOR
    axes.barh(
        places + 0.19, floored / 100_000, 0.36, color=np.where(lifted, "#b2182b", "#2166ac"), label="with a floor"
    )
    for place, cents in enumerate(floored):
        axes.text(cents / 100_000 + 2, place + 0.19, f"{cents / 100:,.2f}", va="center", fontsize=8)
    axes.axvline(FLOOR / 100_000, color="#b2182b", linestyle="--", linewidth=1, label="floor, 40,000 euros")
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set_xlim(0, 285)
    axes.set_xlabel("Thousands of euros")
    axes.legend(loc="lower right", fontsize="small")
