"""Reproduction numbers of 1,000 series of 365 days, weekly windows, three quantiles: `python -m benchmarks.reproduction`.

In CPU seconds, medians: ours all at once, against R's `EpiEstim::estimate_R` on some of the same series (user and system time
of R for the estimates alone), extrapolated to all. R always computes seven quantiles; ours is timed with three and with seven.
Both must agree to 1e-9 on each number of the series that R was given. The series: epidemics that rise and fall, of ten to a thousand cases
a day, from a negative binomial. Then the same made fractional, so that no two windows can share their quantiles.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import cpu
from maillage.methods.reproduction import reproduction_number

SCRIPT = """
suppressMessages(library(EpiEstim))
args <- commandArgs(trailingOnly = TRUE)
cases <- as.matrix(read.csv(args[1], header = FALSE))
config <- make_config(list(t_start = 2:(ncol(cases) - 6), t_end = 8:ncol(cases), mean_si = 4.7, std_si = 2.9))
one <- function(i) suppressWarnings(estimate_R(as.vector(cases[i, ]), method = "parametric_si", config = config))$R
invisible(one(1))
taken <- system.time(found <- lapply(seq_len(nrow(cases)), one), gcFirst = FALSE)
found <- do.call(rbind, found)[, c("Mean(R)", "Std(R)", "Quantile.0.025(R)", "Median(R)", "Quantile.0.975(R)")]
write.table(sapply(found, sprintf, fmt = "%.15g"), args[2], sep = ",", row.names = FALSE, col.names = FALSE, quote = FALSE)
cat(sum(taken[1:2]), as.character(packageVersion("EpiEstim")), R.version$minor, sep = "\\n")
"""
SEVEN = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)


def epidemics(series: int, days: int, seed: int) -> NDArray[np.float64]:
    draw = np.random.default_rng(seed)
    level = np.exp(draw.uniform(np.log(10), np.log(1000), (series, 1)))
    waves = np.sin(np.arange(days) / draw.uniform(10, 40, (series, 1)) + draw.uniform(0, 6, (series, 1)))
    mean = level * np.exp(waves)
    return draw.negative_binomial(5, 5 / (5 + mean)).astype(np.float64)


def peer(cases: NDArray[np.float64]) -> tuple[float, NDArray[np.float64], str] | None:
    """CPU seconds a series, the numbers, and the versions; None where R or EpiEstim is missing."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        given, told = Path(folder, "cases.csv"), Path(folder, "found.csv")
        np.savetxt(given, cases, fmt="%d", delimiter=",")
        ran = subprocess.run(
            ["Rscript", "-e", SCRIPT, str(given), str(told)],
            capture_output=True,
            text=True,
            check=False,
            env={"TZ": "UTC", "PATH": "/usr/bin:/bin:/usr/local/bin"},
        )
        if ran.returncode:
            return None
        with told.open(encoding="utf-8", newline="") as file:
            found = np.array([[float(one.replace("NA", "nan")) for one in row] for row in csv.reader(file)])
    seconds, package, version = ran.stdout.split()[-3:]
    return float(seconds) / len(cases), found.reshape(len(cases), -1, 5), f"EpiEstim {package}, R 4.{version}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--peers", type=int, default=20, help="series that R is given")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    cases = epidemics(options.series, options.days, options.seed)
    interval = (4.7, 2.9)
    ours, found = cpu(lambda: reproduction_number(cases, serial_interval=interval), options.times)
    seven, _ = cpu(lambda: reproduction_number(cases, serial_interval=interval, quantiles=SEVEN), options.times)
    apart = cases + np.random.default_rng(options.seed).random(cases.shape)
    unshared, _ = cpu(lambda: reproduction_number(apart, serial_interval=interval), 3)
    told: dict[str, Any] = {
        "series": options.series, "days": options.days, "cpu_s": round(ours, 4), "ms_a_series": round(1000 * ours / options.series, 4),
        "seven_quantiles_s": round(seven, 4), "nothing_shared_s": round(unshared, 4), "ratio": None, "peer": None,
    }  # fmt: skip
    theirs = peer(cases[: options.peers])
    if theirs is None:
        print("R with EpiEstim is not here: our figures alone.")
    else:
        seconds, numbers, name = theirs
        mine = np.concatenate([np.stack([found.estimate, found.standard_error], axis=-1), found.quantiles], axis=-1)
        mine = mine[: options.peers]
        error = float(np.nanmax(np.abs(mine / numbers - 1)))
        told |= {
            "ratio": round(seconds * options.series / ours, 1), "ratio_seven": round(seconds * options.series / seven, 1),
            "ratio_nothing_shared": round(seconds * options.series / unshared, 1), "peer_s": round(seconds * options.series, 2),
            "relative_error": error, "same": bool(error < 1e-9 and (np.isnan(mine) == np.isnan(numbers)).all()),
            "peer": f"{name}, extrapolated from {options.peers} series",
        }  # fmt: skip
    for key, value in told.items():
        print(f"{key:22} {value}")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
