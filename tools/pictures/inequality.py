"""Who has the dentists? A concentration curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maillage.methods.inequality import concentration_curve, relative_concentration_index

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "Concentration curves of two invented indicators by tenths of neighbourhoods, the poorest first: "
    "the poorer half of the people had a third of the dental check-ups but two thirds of the untreated caries."
)
PEOPLE = np.array([14200, 12900, 11800, 12100, 10400, 10900, 9800, 9100, 9500, 8300])
INDICATORS = {
    "dental check-up this year": (np.array([21.0, 24, 27, 31, 36, 41, 45, 52, 57, 63]), "#1b6ca8", "o"),
    "untreated caries": (np.array([34.0, 31, 27, 25, 21, 17, 15, 12, 10, 8]), "#b5442e", "s"),
}


def draw(figure: Figure) -> None:
    axes = figure.subplots()
    axes.plot([0, 100], [0, 100], color="0.45", linewidth=1, linestyle="--", label="equal for all")
    for name, (percentages, colour, mark) in INDICATORS.items():
        errors = np.sqrt(percentages * (100 - percentages) / (PEOPLE / 40))  # a sample of one in forty
        index = relative_concentration_index(percentages, PEOPLE, standard_errors=errors)
        curve = concentration_curve(percentages, PEOPLE)
        label = f"{name}: index {index.estimate:+.2f} ({index.lower:+.2f} to {index.upper:+.2f})"
        axes.plot(100 * curve.people, 100 * curve.indicator, color=colour, marker=mark, markersize=4, label=label)
        axes.fill_between(100 * curve.people, 100 * curve.people, 100 * curve.indicator, color=colour, alpha=0.12)
    axes.set_xlabel("people, the poorest neighbourhoods first (% of all)")
    axes.set_ylabel("of all check-ups, of all caries (%)")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    axes.legend(loc="upper left", fontsize=8)
