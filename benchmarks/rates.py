"""One million directly standardised rates with their limits, 18 age bands each: `python -m benchmarks.rates`.

CPU seconds of all threads, in memory. Ours is one call on two tables, which checks every cell. The peer is what an analyst writes:
a table of one row a cell, grouped, with a function for each group; it takes minutes, so a part of the groups is measured and the rest
extrapolated. Then the same sums by the fastest means that pandas has (columns, then one sum by group), for fairness. All must give
the same rates and limits. The peer: uv sync --group benchmarks.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import cpu
from maillage.methods.rates import EUROPEAN_2013_TO_85, Measure, directly_standardised

Z = 1.959963984540054
STANDARD = np.array(EUROPEAN_2013_TO_85, float)


def invented(areas: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Events and people of each area and age band: rates that rise with age, a tenth of the areas with very few events."""
    draw = np.random.default_rng(seed)
    people = draw.integers(50, 3000, (areas, STANDARD.size))
    risk = 0.0005 * 1.35 ** np.arange(STANDARD.size) * np.where(draw.random(areas) < 0.1, 0.02, 1)[:, None]
    return draw.poisson(people * risk), people


def by_group(events: NDArray[Any], people: NDArray[Any]) -> NDArray[np.float64]:
    """pandas, a function for each group: (areas, rate lower upper)."""
    import pandas as pd

    areas, bands = events.shape
    table = pd.DataFrame({
        "area": np.repeat(np.arange(areas), bands), "events": events.ravel(), "people": people.ravel(),
        "standard": np.tile(STANDARD, areas),
    })  # fmt: skip

    def standardised(group: Any) -> Any:
        weight = group["standard"] / group["standard"].sum() / group["people"]
        total = group["events"].sum()
        if total < 10:
            return pd.Series({"rate": np.nan, "lower": np.nan, "upper": np.nan})
        value = (group["events"] * weight).sum()
        spread = np.sqrt((group["events"] * weight**2).sum() / total)
        below = total * (1 - 1 / (9 * total) - Z / (3 * np.sqrt(total))) ** 3
        above = (total + 1) * (1 - 1 / (9 * (total + 1)) + Z / (3 * np.sqrt(total + 1))) ** 3
        return pd.Series(
            {"rate": value, "lower": value + spread * (below - total), "upper": value + spread * (above - total)}
        )

    return np.asarray(table.groupby("area")[["events", "people", "standard"]].apply(standardised), np.float64)


def by_columns(events: NDArray[Any], people: NDArray[Any]) -> NDArray[np.float64]:
    """pandas at its best: columns, one sum by group, then columns again; the table is made before the clock starts elsewhere."""
    import pandas as pd

    areas, bands = events.shape
    weight = np.tile(STANDARD / STANDARD.sum(), areas) / people.ravel()
    table = pd.DataFrame({"area": np.repeat(np.arange(areas), bands), "total": events.ravel()})
    table["rate"] = table["total"] * weight
    table["variance"] = table["rate"] * weight
    sums = table.groupby("area").sum()
    total = sums["total"]
    sums = sums.where(total >= 10)
    spread = np.sqrt(sums["variance"] / total)
    below = total * (1 - 1 / (9 * total) - Z / (3 * np.sqrt(total))) ** 3
    above = (total + 1) * (1 - 1 / (9 * (total + 1)) + Z / (3 * np.sqrt(total + 1))) ** 3
    found = [sums["rate"], sums["rate"] + spread * (below - total), sums["rate"] + spread * (above - total)]
    return np.column_stack(found)


def same(ours: Measure, theirs: NDArray[np.float64]) -> float:
    """The largest relative difference; infinite where one knows what the other does not."""
    mine = np.column_stack([ours.estimate, ours.lower, ours.upper])[: len(theirs)]
    if (np.isnan(mine) != np.isnan(theirs)).any():
        return np.inf
    return float(np.nanmax(np.abs(mine / theirs - 1)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--areas", type=int, default=1_000_000)
    parser.add_argument("--part", type=int, default=2_000, help="groups of which the peer is measured")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    events, people = invented(options.areas, options.seed)
    ours, found = cpu(lambda: directly_standardised(events, people, STANDARD), options.times)
    gamma, _ = cpu(lambda: directly_standardised(events, people, STANDARD, interval="gamma", minimum_events=0), 1)
    print(f"{options.areas:,} rates of {STANDARD.size} bands        CPU s")
    print(f"ours, Dobson with Byar's limits     {ours:9.3f}")
    print(f"ours, gamma limits                  {gamma:9.3f}")
    told: dict[str, Any] = {"rates": options.areas, "cpu_s": round(ours, 3), "gamma_s": round(gamma, 3)}
    try:
        import pandas as pd
    except ImportError:
        print("pandas is not installed: uv sync --group benchmarks")
        print(json.dumps(told | {"ratio": None, "peer": None}))
        return
    part = min(options.part, options.areas)
    taken, rows = cpu(lambda: by_group(events[:part], people[:part]), 1)
    slow = taken * options.areas / part
    quick, quick_rows = cpu(lambda: by_columns(events, people), 1)
    print(f"pandas, a function a group ({part:,} groups, extrapolated) {slow:9.1f}")
    print(f"pandas, columns and one sum by group {quick:8.3f}")
    told |= {
        "ratio": round(slow / ours, 1), "ratio_to_columns": round(quick / ours, 2), "peer_s": round(slow, 1),
        "peer": f"pandas {pd.__version__} groupby-apply, extrapolated from {part} groups",
        "differ": max(same(found, rows), same(found, quick_rows)),
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main()
