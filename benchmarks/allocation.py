"""Who gets a place, of 10,000 people for 1,500 places in 190 groups: `python -m benchmarks.allocation`.

In CPU seconds, medians, each contender given the same eligibility in memory: ours (the served set and the data of every
certificate; `cpu_s` counts the eight constraints too), OR-Tools' min-cost flow on groups, SciPy's sparse matching of people with
places, HiGHS (as SciPy carries it) on the linear programme. All must serve the same people; the flow and ours with its second pass must also
agree on the discomfort. Then 50,000 people for 5,000 places, ours and the flow. The contenders: uv sync --group benchmarks.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import cpu
from maillage.methods.allocation import Numbers, Problem, Served, Table, served
from maillage.methods.certificates import discomfort_faults, faults
from maillage.methods.comfort import settled

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Town:
    """People (rows, by rank) and groups of places (columns), drawn; each constraint is a table of who may."""

    people: dict[str, Array]
    groups: dict[str, Array]
    capacity: Numbers
    cost: Numbers

    def options(self) -> Table:
        """The eight constraints: public, age (two), care, area, language, wheelchair, size, and houses that are barred."""
        who, where = self.people, self.groups
        found: Table = (where["public"] == 0) | (where["public"] == who["public"][:, None])
        found &= where["youngest"] <= who["age"][:, None]
        found &= where["oldest"] >= who["age"][:, None]
        found &= where["care"] >= who["care"][:, None]
        found &= who["areas"][:, where["area"]]
        found &= where["languages"][:, who["language"]].T
        found &= where["wheelchair"] | ~who["wheelchair"][:, None]
        found &= where["size"] >= who["size"][:, None]
        found[who["barred"], where["barred"]] = False
        return found


def town(people: int, places: int, groups: int, seed: int, *, reach: float = 0.75) -> Town:
    """`reach`: the share of the six areas where somebody can go. Smaller: a night on foot, with beds that few can use."""
    draw = np.random.default_rng(seed)
    youngest = draw.choice([0, 18, 18, 25, 50], groups)
    bars = people // 10
    who = {
        "public": draw.choice([1, 2, 3, 4, 5], people, p=[0.35, 0.2, 0.2, 0.15, 0.1]),
        "age": draw.integers(16, 85, people),
        "care": draw.choice([0, 1, 2, 3], people, p=[0.6, 0.2, 0.15, 0.05]),
        "areas": draw.random((people, 6)) < reach,
        "language": draw.choice(6, people, p=[0.4, 0.2, 0.15, 0.1, 0.1, 0.05]),
        "wheelchair": draw.random(people) < 0.06,
        "size": draw.choice([1, 2, 3, 4, 5], people, p=[0.7, 0.12, 0.08, 0.06, 0.04]),
        "barred": draw.integers(0, people, bars),
    }
    where = {
        "public": draw.choice([0, 1, 2, 3, 4, 5], groups, p=[0.25, 0.25, 0.15, 0.15, 0.1, 0.1]),
        "youngest": youngest,
        "oldest": youngest + draw.choice([40, 60, 99], groups),
        "care": draw.choice([0, 1, 2, 3], groups, p=[0.3, 0.3, 0.25, 0.15]),
        "area": draw.integers(0, 6, groups),
        "languages": draw.random((groups, 6)) < [0.95, 0.8, 0.6, 0.5, 0.5, 0.4],
        "wheelchair": draw.random(groups) < 0.35,
        "size": draw.choice([1, 2, 4, 6], groups, p=[0.5, 0.2, 0.2, 0.1]),
        "barred": draw.integers(0, groups, bars),
    }
    capacity = draw.multinomial(places, np.full(groups, 1 / groups))
    return Town(who, where, capacity, draw.integers(0, 40, (people, groups)))


# ---- contenders


def flow_on_groups(problem: Problem, cost: Numbers) -> Numbers:
    """OR-Tools: ranks and discomfort in one objective; the group of each row, -1 when not served."""
    from ortools.graph.python import min_cost_flow

    rows, groups = problem.options.shape
    row, group = np.nonzero(problem.options)
    everyone = np.arange(rows)
    source, sink, big = rows + groups, rows + groups + 1, int(cost.max(initial=0)) * rows + 1
    tails = np.concatenate([np.full(rows, source), row, rows + np.arange(groups), everyone])
    heads = np.concatenate([everyone, rows + group, np.full(groups, sink), np.full(rows, sink)])
    capacities = np.concatenate([np.ones(rows + len(row), np.int64), problem.capacity, np.ones(rows, np.int64)])
    costs = np.concatenate(
        [np.zeros(rows, np.int64), cost[row, group], np.zeros(groups, np.int64), big * (rows - everyone)]
    )
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(tails, heads, capacities, costs)
    flow.set_nodes_supplies(np.array([source, sink]), np.array([rows, -rows]))
    assert flow.solve() == flow.OPTIMAL
    used = flow.flows(np.arange(rows, rows + len(row))) > 0
    found = np.full(rows, -1, np.int64)
    found[row[used]] = group[used]
    return found


def sparse_matching(problem: Problem) -> Array:
    """SciPy: people with single places, and with a dummy each; who is served."""
    from scipy.sparse import csr_array, hstack
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    rows = len(problem.options)
    places = np.repeat(np.arange(len(problem.capacity)), problem.capacity)
    real = csr_array(problem.options[:, places].astype(np.float64))  # each costs 1: an explicit zero would be no edge
    without = csr_array((1.0 + np.arange(rows, 0, -1), (np.arange(rows), np.arange(rows))), shape=(rows, rows))
    column = min_weight_full_bipartite_matching(csr_array(hstack([real, without])))[1]
    return np.asarray(column < len(places))


def highs(problem: Problem) -> Array:
    """HiGHS: the linear programme on groups, whose best corners are whole numbers; who is served."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, vstack

    rows, groups = problem.options.shape
    row, group = np.nonzero(problem.options)
    one = np.ones(len(row))
    each = csr_array((one, (row, np.arange(len(row)))), shape=(rows, len(row)))
    full = csr_array((one, (group, np.arange(len(row)))), shape=(groups, len(row)))
    bounds = np.concatenate([np.ones(rows), problem.capacity])
    found = linprog(-(rows - row).astype(float), A_ub=vstack([each, full]), b_ub=bounds, bounds=(0, 1), method="highs")
    return np.asarray(np.bincount(row, weights=found.x, minlength=rows) > 0.5)


# ---- measured


def ours(here: Town) -> tuple[Problem, Served]:
    problem = Problem(here.options(), here.capacity)
    return problem, served(problem)


def figures(people: int, places: int, groups: int, seed: int, times: int, *, all_of_them: bool) -> dict[str, Any]:
    here = town(people, places, groups, seed)
    whole, (problem, found) = cpu(lambda: ours(here), times)
    engine, _ = cpu(lambda: served(problem), times)
    comfort, after = cpu(lambda: settled(problem, found, here.cost), 3)
    who = found.group >= 0
    wrong = faults(problem, found)
    told: dict[str, Any] = {
        "people": people, "places": places, "groups": groups, "edges": int(problem.options.sum()), "served": int(who.sum()),
        "without_option": int((~problem.options.any(axis=1)).sum()), "refused_with_proof": int((found.closed >= 0).sum()),
        "cpu_s": round(whole, 4), "engine_s": round(engine, 4), "comfort_s": round(comfort, 4), "faults": len(wrong),
    }  # fmt: skip
    same = []
    try:
        flow, group = cpu(lambda: flow_on_groups(problem, here.cost), 3)
        rows = np.flatnonzero(group >= 0)
        told |= {"flow_s": round(flow, 4), "ratio_to_flow": round(flow / engine, 1)}
        told["ratio_with_comfort"] = round(flow / (engine + comfort), 2)  # the flow does both at once
        same += [bool(((group >= 0) == who).all()), bool(here.cost[rows, group[rows]].sum() == after.total)]
    except ImportError:
        print("OR-Tools is not installed: uv sync --group benchmarks")
    if all_of_them:
        for name, work in (("scipy_s", sparse_matching), ("highs_s", highs)):
            try:
                seconds, served_by = cpu(lambda work=work: work(problem), 1)
            except ImportError:
                print("SciPy is not installed: uv sync --group benchmarks")
                continue
            told[name] = round(seconds, 3)
            same.append(bool((served_by == who).all()))
        told["comfort_faults"] = len(discomfort_faults(problem, found, after, here.cost.tolist()))
    return told | {"same_served_set": bool(same) and all(same)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--places", type=int, default=1_500)
    parser.add_argument("--groups", type=int, default=194)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--times", type=int, default=7)
    options = parser.parse_args()
    small = figures(options.people, options.places, options.groups, options.seed, options.times, all_of_them=True)
    print(json.dumps(small))
    large = figures(50_000, 5_000, 640, options.seed, 3, all_of_them=False)
    print(json.dumps(large))
    kept = {key: small[key] for key in ("cpu_s", "same_served_set", "ratio_to_flow") if key in small}
    more = {
        key: small[key] for key in ("flow_s", "ratio_with_comfort", "scipy_s", "highs_s", "comfort_s") if key in small
    }
    big = {f"large_{key}": large[key] for key in ("cpu_s", "same_served_set", "ratio_to_flow") if key in large}
    print(json.dumps({**kept, **more, **big, "faults": small["faults"] + large["faults"]}))


if __name__ == "__main__":
    main()
