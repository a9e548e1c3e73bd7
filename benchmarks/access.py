"""Access of 20,000 places to 5,000 practices over 12 million pairs: `python -m benchmarks.access`.

In CPU seconds: ours from the pairs (`cpu_s`); from the matrix that is kept, with another supply everywhere (`kept_ms`, in `ratio_kept`)
or other people everywhere (`kept_people_ms`); with one practice closed or opened (`what_if_ms`, the slower of both). PySAL's `access` on
the same pairs and zones (Luo and Qi) begins anew each time. Each runs in a process of its own, whose largest memory is told, pairs
included. Both must give the same access. The peer: uv sync --group benchmarks.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import cpu

Array = NDArray[Any]
NAMES = ("demand", "supply", "origin", "destination", "cost")
REACH = 30.0  # minutes: the last zone


def make(folder: Path, places: int, practices: int, pairs: int, seed: int, *, shuffled: bool) -> None:
    """A square town, costs along straight lines, every pair of at most half an hour, by origin as a route planner tells them."""
    from scipy.spatial import cKDTree

    draw = np.random.default_rng(seed)
    homes, doors = draw.random((places, 2)), draw.random((practices, 2))
    within = 0.22 * np.sqrt(pairs / 12_350_000 * 1e8 / (places * practices))
    found = cKDTree(homes).sparse_distance_matrix(cKDTree(doors), within, output_type="ndarray")
    order = draw.permutation(len(found)) if shuffled else np.lexsort((found["j"], found["i"]))
    town = {
        "demand": draw.integers(50, 3000, places).astype(np.float64),
        "supply": draw.integers(1, 12, practices).astype(np.float64),
        "origin": found["i"][order].astype(np.int32),
        "destination": found["j"][order].astype(np.int32),
        "cost": found["v"][order] * (REACH / within),
    }
    for name, values in town.items():
        np.save(folder / f"{name}.npy", values)


def peak() -> float:
    """The largest memory of this process so far, in megabytes (Linux; the figure of `resource` would hold the parent's too)."""
    told = Path("/proc/self/status").read_text()
    return int(next(line for line in told.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


# ---- contenders, each in its own process


def ours(folder: Path) -> dict[str, Any]:
    from maillage.methods.access import ENHANCED, FloatingCatchment

    demand, supply, origin, destination, cost = (np.load(folder / f"{name}.npy") for name in NAMES)
    cold, town = cpu(lambda: FloatingCatchment(demand, supply, (origin, destination, cost), ENHANCED), 5)
    memory = peak()
    np.save(folder / "ours.npy", town.now.access)
    draw = np.random.default_rng(3)
    others = demand * draw.uniform(0.8, 1.2, len(demand))
    elsewhere = supply * draw.uniform(0.5, 1.5, len(supply))
    kept, _ = cpu(lambda: town.what_if(supply=elsewhere), 25)
    people, _ = cpu(lambda: town.what_if(demand=others), 25)
    close, without = cpu(lambda: town.closing([17]), 25)
    near = np.flatnonzero(destination == 17)
    pairs = (origin[near], np.zeros(len(near), np.int32), cost[near])
    open_one, _ = cpu(lambda: town.opening([4.0], pairs), 25)
    scenarios = supply * draw.uniform(0.5, 1.5, (100, len(supply)))
    hundred, _ = cpu(lambda: town.what_if(supply=scenarios), 1)
    left = supply.copy()
    left[17] = 0
    fresh = FloatingCatchment(demand, left, (origin, destination, cost), ENHANCED).now.access
    return {
        "cpu_s": cold, "kept_ms": kept * 1e3, "kept_people_ms": people * 1e3,
        "close_ms": close * 1e3, "open_ms": open_one * 1e3, "hundred_scenarios_s": hundred,
        "memory_mb": memory, "pairs": len(cost), "what_if_same": bool(np.allclose(without.access, fresh, rtol=1e-9, atol=0)),
    }  # fmt: skip


def peer(folder: Path) -> dict[str, Any]:
    from importlib.metadata import version

    import pandas as pd
    from access import Access, weights  # type: ignore[import-untyped]

    demand, supply, origin, destination, cost = (np.load(folder / f"{name}.npy") for name in NAMES)
    people = pd.DataFrame({"id": np.arange(len(demand)), "demand": demand})
    practices = pd.DataFrame({"id": np.arange(len(supply)), "supply": supply})
    pairs = pd.DataFrame({"origin": origin, "dest": destination, "cost": cost}, copy=False)
    town = Access(
        demand_df=people, demand_index="id", demand_value="demand", supply_df=practices, supply_index="id",
        supply_value="supply", cost_df=pairs, cost_origin="origin", cost_dest="dest", cost_name="cost",
    )  # fmt: skip
    zones = weights.step_fn({10: 1, 20: 0.68, 30: 0.22})
    seconds, found = cpu(lambda: town.enhanced_two_stage_fca(name="e2sfca", weight_fn=zones), 1)
    del found
    np.save(folder / "peer.npy", town.access_df["e2sfca_supply"].reindex(range(len(demand))).to_numpy())
    return {"cpu_s": seconds, "memory_mb": peak(), "peer": f"access {version('access')}, not extrapolated"}


def apart(who: str, folder: Path) -> dict[str, Any] | None:
    """The figures of one contender from a process of its own; None where it is not installed."""
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.access", "--alone", who, "--folder", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode and "ModuleNotFoundError" in ran.stderr:
        return None
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    figures: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=20_000)
    parser.add_argument("--practices", type=int, default=5_000)
    parser.add_argument("--pairs", type=int, default=12_350_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--shuffled", action="store_true", help="pairs in no order, the slowest case")
    parser.add_argument("--alone", choices=["make", "ours", "peer"], help="for the processes that this one starts")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps({"ours": ours, "peer": peer}[options.alone](options.folder)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, options.places, options.practices, options.pairs, options.seed, shuffled=options.shuffled)
        mine, other = apart("ours", folder), apart("peer", folder)
        assert mine is not None
        told = {key: round(value, 4) if isinstance(value, float) else value for key, value in mine.items()}
        told["what_if_ms"] = max(told["close_ms"], told["open_ms"])
        if other is None:
            print("PySAL's access is not installed: uv sync --group benchmarks")
        else:
            same = np.allclose(
                np.load(folder / "ours.npy"), np.nan_to_num(np.load(folder / "peer.npy")), rtol=1e-9, atol=0
            )
            told |= {
                "peer": other["peer"], "peer_cpu_s": round(other["cpu_s"], 2), "peer_memory_mb": round(other["memory_mb"], 1),
                "ratio": round(other["cpu_s"] / mine["cpu_s"], 1), "ratio_kept": round(other["cpu_s"] * 1e3 / mine["kept_ms"]),
                "ratio_kept_people": round(other["cpu_s"] * 1e3 / mine["kept_people_ms"]),
                "memory_ratio": round(other["memory_mb"] / mine["memory_mb"], 2), "same": bool(same),
            }  # fmt: skip
    for key, value in told.items():
        print(f"{key:22} {value}")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
