"""Beds asked for: the past, the days to come, and the band around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maillage.methods.forecast import adaptive_conformal, backtest, damped_drift

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "Beds asked for each night in an invented town, and the 30 nights to come: a drift that fades, and a band learned from the errors of "
    "earlier forecasts. Fainter, what was forecast 14 nights before each night of the past, with its band."
)
DAYS, AHEAD, LEVEL, GAMMA = 320, 30, 0.9, 0.01


def draw(figure: Figure) -> None:
    chance = np.random.default_rng(15)
    day = np.arange(DAYS)
    asked = np.round(
        210
        + 45 * np.sin(2 * np.pi * (day - 60) / 365)
        + np.cumsum(chance.normal(0, 1.2, DAYS))
        + chance.normal(0, 2.5, DAYS)
    )
    bands = [
        adaptive_conformal(backtest(asked, ahead=one), delay=one, level=LEVEL, gamma=GAMMA)
        for one in range(1, AHEAD + 1)
    ]
    half = np.array([band.now for band in bands])
    coming = np.arange(DAYS, DAYS + AHEAD)
    said = damped_drift(asked, horizon=AHEAD)
    axes = figure.subplots()
    before = np.arange(180, DAYS)
    earlier = np.array([damped_drift(asked[: one - 13], horizon=14)[-1] for one in before])
    wide = bands[13].half[before - 14 - 28]  # the first origin is day 28
    axes.fill_between(before, earlier - wide, earlier + wide, color="#2166ac", alpha=0.1, linewidth=0)
    axes.plot(before, earlier, color="#2166ac", alpha=0.35, linewidth=1)
    axes.plot(before, asked[before], color="black", linewidth=1, label="asked for")
    axes.fill_between(coming, said - half, said + half, color="#2166ac", alpha=0.25, linewidth=0,
                      label=f"band; of 14 nights ahead it held {100 * bands[13].coverage:.0f} % of {bands[13].measured} times")  # fmt: skip
    axes.plot(coming, said, color="#2166ac", linewidth=1.8, label="forecast")
    axes.axvline(DAYS - 0.5, color="0.7", linewidth=0.8)
    axes.set_xlim(180, DAYS + AHEAD)
    ticks = [180, 220, 260, 300, 319, 349]
    axes.set_xticks(ticks, [f"{tick - DAYS + 1:+d}" if tick != DAYS - 1 else "today" for tick in ticks])
    axes.set_xlabel("Nights")
    axes.set_ylabel("Beds asked for")
    axes.legend(loc="lower left", fontsize="small")
