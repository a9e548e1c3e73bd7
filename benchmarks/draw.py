"""The draw of a night: 3,000 people, 1,100 beds, 30 seeds: `python -m benchmarks.draw`.

Beds that stay empty, and the odds of people with few options: drawn, then each in turn takes the first bed that fits (nobody moves);
drawn, then one centre each (a person asks at one house only); and drawn with the engine, which moves those drawn before when that
houses one more. The same lots for all three. Every draw of the engine passes the checker.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
from numpy.typing import NDArray

from benchmarks.allocation import town
from maillage.methods.allocation import Numbers, Problem, Table, served
from maillage.methods.certificates import faults

FEW = 0.25  # the quarter of those with an option that has the fewest


def first_fit(options: Table, capacity: Numbers, order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Each in turn, the first house with a bed that fits."""
    left, found = capacity.copy(), np.zeros(len(options), np.bool_)
    for row in order.tolist():
        where = np.flatnonzero(options[row] & (left > 0))
        if len(where):
            left[where[0]] -= 1
            found[row] = True
    return found


def one_centre(options: Table, capacity: Numbers, order: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Each asks at one house, drawn among those that fit."""
    draw = np.random.default_rng(seed)
    chosen = np.array([draw.choice(np.flatnonzero(row)) if row.any() else -1 for row in options])
    only = np.zeros_like(options)
    rows = np.flatnonzero(chosen >= 0)
    only[rows, chosen[rows]] = True
    return first_fit(only, capacity, order)


def engine(options: Table, capacity: Numbers, order: NDArray[np.int64]) -> tuple[NDArray[np.bool_], int]:
    problem = Problem(options[order], capacity)
    result = served(problem)
    found = np.zeros(len(options), np.bool_)
    found[order[result.group >= 0]] = True
    return found, len(faults(problem, result))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=3_000)
    parser.add_argument("--places", type=int, default=1_100)
    parser.add_argument("--groups", type=int, default=60)
    parser.add_argument("--reach", type=float, default=0.3, help="share of the areas where somebody can go tonight")
    parser.add_argument("--seeds", type=int, default=30)
    asked = parser.parse_args()
    here = town(asked.people, asked.places, asked.groups, 7, reach=asked.reach)
    options = here.options()
    count = options.sum(axis=1)
    some = count > 0
    few = some & (count <= np.quantile(count[some], FEW))
    empty: dict[str, list[int]] = {"engine": [], "first_fit": [], "one_centre": []}
    odds: dict[str, list[float]] = {"engine": [], "first_fit": []}
    wrong, taken = 0, 0.0
    for seed in range(asked.seeds):
        order = np.random.default_rng(seed).permutation(asked.people)
        started = time.process_time()
        ours, n = engine(options, here.capacity, order)
        taken += time.process_time() - started
        wrong += n
        plain = first_fit(options, here.capacity, order)
        alone = one_centre(options, here.capacity, order, seed)
        for name, found in (("engine", ours), ("first_fit", plain), ("one_centre", alone)):
            empty[name].append(asked.places - int(found.sum()))
        odds["engine"].append(float(ours[few].mean()))
        odds["first_fit"].append(float(plain[few].mean()))
    mean = {name: round(float(np.mean(values)), 1) for name, values in empty.items()}
    told = {
        "empty_beds": mean["engine"],
        "empty_beds_first_fit": mean["first_fit"],
        "empty_beds_one_centre": mean["one_centre"],
        "odds_few_options": round(float(np.mean(odds["engine"])), 3),
        "odds_few_options_first_fit": round(float(np.mean(odds["first_fit"])), 3),
        "never_worse": all(a <= b for a, b in zip(empty["engine"], empty["first_fit"], strict=True)),
        "faults": wrong,
        "cpu_s_a_draw": round(taken / asked.seeds, 4),
        "seeds": asked.seeds,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
