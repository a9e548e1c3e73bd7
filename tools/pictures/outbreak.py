"""An epidemic curve with its threshold and its alarms."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.dates import DateFormatter, MonthLocator

from maillage.methods.outbreak import farrington_flexible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "Cases a week of an invented intestinal disease that peaks each summer, and the count that one week in a hundred would pass if nothing "
    "happened, learned from the five years before (Farrington flexible); red weeks alarm. The outbreak of the first spring, weighed "
    "down, does not hide that of the second. Grey: two weeks did not report. They are not zero, and no threshold stands before the last "
    "four weeks are known again."
)
FIRST, WEEKS, LAST = date(2018, 1, 1), 400, 92


def invented() -> np.ndarray:
    chance = np.random.default_rng(48)
    week = np.arange(WEEKS)
    mean = 14 * np.exp(0.55 * np.cos((week - 30) * 2 * np.pi / 52.18) + 0.0005 * week)
    counts = chance.negative_binomial(mean / 0.6, 1 / 1.6).astype(float)
    counts[332:338] += [6, 21, 38, 30, 18, 7]
    counts[385:391] += [4, 13, 24, 33, 21, 9]
    counts[360:362] = np.nan
    return counts


def draw(figure: Figure) -> None:
    counts = invented()
    found = farrington_flexible(counts, first_week=FIRST, last=LAST)
    mondays = [FIRST + timedelta(weeks=week) for week in range(WEEKS - LAST, WEEKS)]
    shown = counts[-LAST:]
    axes = figure.subplots()
    axes.bar(
        mondays,
        np.nan_to_num(shown),
        width=6,
        color=np.where(found.alarm, "#b2182b", "#9ebcda"),
        label="cases reported",
    )
    axes.bar(mondays[:1], [0], color="#b2182b", label="above the threshold: alarm")
    axes.step(mondays, found.upperbound, where="mid", color="#b2182b", linewidth=1.3, label="threshold")
    axes.plot(mondays, found.expected, color="0.25", linestyle="--", linewidth=1.1, label="expected")
    silent = [day for day, count in zip(mondays, shown, strict=True) if np.isnan(count)]
    axes.axvspan(silent[0] - timedelta(days=3), silent[-1] + timedelta(days=3), color="0.9", zorder=0)
    axes.annotate(
        "no report",
        (silent[0], axes.get_ylim()[1] * 0.55),
        rotation=90,
        ha="left",
        va="center",
        color="0.45",
        fontsize=8,
    )
    axes.xaxis.set_major_locator(MonthLocator(bymonth=(1, 4, 7, 10)))
    axes.xaxis.set_major_formatter(DateFormatter("%Y-%m"))
    axes.set_ylabel("Cases a week")
    axes.set_xlabel("Week that begins on")
    axes.legend(frameon=False, loc="upper left", ncols=2)
    axes.set_ylim(0, np.nanmax(shown) * 1.25)
    axes.margins(x=0.01)
    axes.spines[["top", "right"]].set_visible(False)
