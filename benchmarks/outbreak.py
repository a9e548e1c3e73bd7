"""Farrington's method on 1,000 series, the last 52 weeks of 574, beside R: `python -m benchmarks.outbreak`.

Series are drawn: 0.05 to 100 cases a week, dispersion 1 to 6, a season, a slow trend. In CPU seconds, on one thread: ours with NumPy
alone (`cpu_s`), compiled with numba, and both with every week judged (no smallest number of cases). R's `farringtonFlexible` judges
20 of the series in the same run, all weeks in any case, and is extrapolated; its thresholds and alarms must be ours.
"""

from __future__ import annotations

import os

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # read when NumPy is loaded
    os.environ.setdefault(threads, "1")

import argparse  # noqa: E402
import csv  # noqa: E402
import importlib.util  # noqa: E402
import json  # noqa: E402
import shutil  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from datetime import date  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from maillage.methods.outbreak import Farrington, farrington_flexible  # noqa: E402

WEEKS, LAST, FIRST = 574, 52, date(2014, 1, 6)
GOALS = {"numpy": (2.0, 300), "compiled": (1.2, 550)}
R = """
suppressMessages(library(surveillance))
folder <- commandArgs(TRUE)[1]
counts <- as.matrix(read.csv(file.path(folder, "counts.csv"), header = FALSE))
n <- nrow(counts)
days <- as.numeric(as.Date("2014-01-06")) + 7 * (seq_len(n) - 1)
weekly <- sts(counts, epoch = days, epochAsDate = TRUE, frequency = 52)
control <- list(range = (n - 51):n, b = 5, w = 3, reweight = TRUE, weightsThreshold = 2.58, trend = TRUE, pThresholdTrend = 1,
  noPeriods = 10, pastWeeksNotIncluded = 26, alpha = 0.01, thresholdMethod = "nbPlugin", glmWarnings = FALSE)
used <- system.time(found <- suppressWarnings(farringtonFlexible(weekly, control)))
write.table(t(upperbound(found)), file.path(folder, "upperbound.csv"), sep = ",", na = "nan", row.names = FALSE, col.names = FALSE)
cat(used[["user.self"]] + used[["sys.self"]], as.character(packageVersion("surveillance")))
"""


def drawn(series: int, seed: int) -> Any:
    draw = np.random.default_rng(seed)
    week = np.arange(WEEKS)
    level = np.exp(draw.uniform(np.log(0.05), np.log(100), series))[:, None]
    dispersion = draw.uniform(1.05, 6, series)[:, None]
    season = draw.uniform(0, 0.6, series)[:, None] * np.cos(2 * np.pi * (week / 52.18 - draw.random(series)[:, None]))
    mean = level * np.exp(season + draw.uniform(-0.0005, 0.0005, series)[:, None] * week)
    return draw.negative_binomial(mean / (dispersion - 1), 1 / dispersion)


def ours(counts: Any, repeats: int, **options: Any) -> tuple[float, Farrington]:
    """CPU seconds, the median of some runs, and the answer."""
    seconds = []
    for _ in range(repeats):
        begin = time.process_time()
        found = farrington_flexible(counts, first_week=FIRST, last=LAST, **options)
        seconds.append(time.process_time() - begin)
    return statistics.median(seconds), found


def in_r(counts: Any) -> tuple[float, str, Any] | None:
    """CPU seconds of R's own clock for its function alone, its version, its thresholds; None without R."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(Path(folder) / "counts.csv", counts.T, fmt="%d", delimiter=",")
        done = subprocess.run(["Rscript", "-e", R, folder], capture_output=True, text=True, check=False)
        if done.returncode:
            return None
        with (Path(folder) / "upperbound.csv").open(encoding="utf-8") as file:
            upperbound = np.array([[float(one) for one in row] for row in csv.reader(file)])
    seconds, version = done.stdout.split()
    return float(seconds), version, upperbound


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--series", type=int, default=1000)
    asked.add_argument("--peer-series", type=int, default=20)
    asked.add_argument("--repeats", type=int, default=3)
    asked.add_argument("--seed", type=int, default=2014)
    given = asked.parse_args()
    counts = drawn(given.series, given.seed)
    forms = {"numpy": {}, "numpy, every week": {"minimum_cases": (0, 1)}}
    if importlib.util.find_spec("numba"):
        forms |= {name.replace("numpy", "compiled"): {**options, "compiled": True} for name, options in forms.items()}
    seconds, answers = {}, {}
    for name, options in forms.items():
        ours(counts[:5], 1, **options)  # loads, and compiles
        seconds[name], answers[name] = ours(counts, given.repeats, **options)
    for name in forms:
        same = answers[name.replace("compiled", "numpy")]
        assert (answers[name].alarm == same.alarm).all(), f"{name}: not the alarms of NumPy"
    picked = np.linspace(0, len(counts) - 1, given.peer_series).astype(int)
    peer = in_r(counts[picked])
    figures: dict[str, Any] = {"benchmark": "outbreak", "series": len(counts), "cpu_s": round(seconds["numpy"], 3)}
    if peer is None:
        print("R with its package surveillance is not here: our figures alone.")
        figures |= {"ratio": None, "peer": None}
        theirs = float("nan")
    else:
        upperbound = answers["numpy"].upperbound[picked]
        assert np.array_equal(upperbound, peer[2], equal_nan=True), "the thresholds are not R's"
        theirs = peer[0] / len(picked) * len(counts)
        how = (
            f"R surveillance::farringtonFlexible {peer[1]}, extrapolated from {len(picked)} series, the same thresholds"
        )
        print(f"{how}: {theirs:.0f} CPU s")
        figures |= {"ratio": round(theirs / seconds["numpy"]), "peer": how, "peer_cpu_s": round(theirs, 1)}
    for name, one in seconds.items():
        goal = GOALS.get(name)
        print(
            f"{name:22} {one:7.3f} CPU s  {theirs / one:6.0f} times"
            + (f"   goal {goal[0]} s, {goal[1]} times" if goal else "")
        )
        key = name.replace(", ", "_").replace(" ", "_")
        figures[f"{key}_cpu_s"] = round(one, 3)
        figures[f"{key}_ratio"] = None if peer is None else round(theirs / one)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
