"""Cases of each day, and below them how many one case infects, with the band in which that lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maillage.methods.reproduction import Reason, interval_distribution, reproduction_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "An invented epidemic that a measure of day 40 stops: cases of each day, and the reproduction number of the seven days before, "
    "with its 95 % band (serial interval: 5 days, standard deviation 2). Dotted: too few cases to tell."
)
INTERVAL = (5.0, 2.0)


def epidemic() -> tuple[np.ndarray, np.ndarray]:
    """Cases and how many of them were infected elsewhere: one infects 1.6 people until day 40, then 0.7."""
    chance, days = np.random.default_rng(5), 80
    imported = chance.poisson(np.where(np.arange(days) < 12, 0.8, 0.1))
    imported[0] = 3
    weight, cases = interval_distribution(*INTERVAL, days), np.zeros(days)
    for day in range(days):
        infects = 1.6 if day < 40 else 0.7
        cases[day] = imported[day] + chance.poisson(infects * weight[1 : day + 1] @ cases[:day][::-1])
    return cases, imported


def draw(figure: Figure) -> None:
    cases, imported = epidemic()
    found = reproduction_number(cases, serial_interval=INTERVAL, imported=imported)
    above, below = figure.subplots(2, sharex=True, height_ratios=(1, 1.1))
    days = np.arange(1, len(cases) + 1)
    above.bar(days, cases - imported, color="#9ecae1", width=0.9, label="infected here")
    above.bar(days, imported, bottom=cases - imported, color="#e08214", width=0.9, label="infected elsewhere")
    above.set_ylabel("New cases")
    above.legend(loc="upper left", frameon=False, fontsize="small")
    median, sure = found.quantiles[:, 1], found.reason == Reason.KNOWN
    below.fill_between(found.end, found.lower, found.upper, color="#2166ac", alpha=0.2, linewidth=0, label="95 % band")
    below.plot(found.end, np.where(sure, median, np.nan), color="#2166ac", linewidth=1.6, label="median")
    below.plot(found.end, median, color="#2166ac", linewidth=1.0, linestyle=":")
    below.axhline(1, color="black", linewidth=0.8)
    for axes in (above, below):
        axes.axvline(40, color="0.4", linewidth=0.8, linestyle="--")
    below.annotate("measure", (40, 3.6), xytext=(4, 0), textcoords="offset points", fontsize="small", color="0.3")
    below.set_ylim(0, 4)
    below.set_xlim(0, len(cases) + 1)
    below.set_xlabel("Day")
    below.set_ylabel("Infected by one case")
    below.legend(loc="upper right", frameon=False, fontsize="small")
