"""Verdict and counterfactuals of every service for one person: `python -m benchmarks.eligibility`.

Three contenders on the same fictional rules, which must agree: the plain loop, straightforward numpy, and ours.
Medians. The rules are drawn like those of a large directory: 16 criteria, of which a service uses from none to six.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable

import numpy as np

from maillage.methods import eligibility
from maillage.methods.eligibility import FALSE, TRUE, UNKNOWN, Lookup, Signature, Signatures, Value

BOOLEAN = ("children", "alone", "pregnant", "homeless", "violence", "digital", "pets", "couple", "health_insurance")
CHOICE = {
    "gender": ("woman", "man", "other"),
    "papers": ("resident", "none", "asylum"),
    "mobility": ("walks", "reduced", "wheelchair"),
    "income": ("none", "low", "other"),
    "occupation": ("student", "worker", "seeks", "retired"),
    "health": ("chronic", "acute", "none"),
}
CRITERIA = ("age", *BOOLEAN, *CHOICE)
PERSON: dict[str, Value] = {"age": 34.0, "gender": "woman", "children": True, "violence": True, "papers": "none"}


def draw_rules(criterion: str, draw: random.Random) -> Signature:
    if criterion == "age":
        low = draw.choice([None, 12, 16, 18, 21, 25, 60, 65])
        high = draw.choice([None, *range(18, 40)])
        if low is not None and high is not None and low > high:
            high = None
        return eligibility.signature([("gte", 18, "require")] if low == high else [("between", [low, high], "require")])
    if criterion in BOOLEAN:
        return eligibility.signature([("eq", draw.random() < 0.5, draw.choice(["require", "require", "exclude"]))])
    options = CHOICE[criterion]
    return eligibility.signature(
        [("in", draw.sample(options, draw.randint(1, 2)), draw.choice(["require", "exclude"]))]
    )


def draw_directory(rows: int, seed: int) -> tuple[Signatures, list[list[Signature]]]:
    draw = random.Random(seed)
    numbered: list[dict[Signature, int]] = [{(): 0} for _ in CRITERIA]
    signatures = np.zeros((len(CRITERIA), rows), np.uint16)
    for row in range(rows):
        for criterion in draw.sample(range(len(CRITERIA)), draw.choice([0, 1, 1, 2, 2, 3, 4, 6])):
            known = numbered[criterion]
            signatures[criterion, row] = known.setdefault(draw_rules(CRITERIA[criterion], draw), len(known))
    return signatures, [list(known) for known in numbered]


Outcome = tuple[list[int], list[int]]  # verdict per row, sole blockers per criterion


def plain_loop(signatures: Signatures, rules: list[list[Signature]]) -> Outcome:
    verdicts, alone = [], [0] * len(CRITERIA)
    values = [PERSON.get(criterion) for criterion in CRITERIA]
    for numbers in signatures.T.tolist():
        verdict, against = TRUE, []
        for criterion, number in enumerate(numbers):
            if number:
                one = eligibility.holds(rules[criterion][number], values[criterion])
                verdict = min(verdict, one)
                if one == FALSE:
                    against.append(criterion)
        verdicts.append(verdict)
        if len(against) == 1:
            alone[against[0]] += 1
    return verdicts, alone


def straightforward_numpy(signatures: Signatures, lookups: list[Lookup]) -> tuple[np.ndarray, np.ndarray]:
    values = np.stack([table[numbers] for table, numbers in zip(lookups, signatures, strict=True)])
    alone = [
        int(((np.delete(values, criterion, axis=0).min(axis=0) > FALSE) & (values[criterion] == FALSE)).sum())
        for criterion in range(len(lookups))
    ]
    return values.min(axis=0), np.array(alone)


def median_ms(work: Callable[[], object], times: int) -> float:
    work()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=200)
    options = parser.parse_args()

    signatures, rules = draw_directory(options.services, options.seed)
    lookups = [
        eligibility.lookup(known, PERSON.get(criterion)) for criterion, known in zip(CRITERIA, rules, strict=True)
    ]
    started = time.perf_counter()
    packed = eligibility.Packed(signatures)
    packing_ms = (time.perf_counter() - started) * 1000

    ours = packed.verdicts(lookups)
    by_rows = eligibility.verdicts(signatures, lookups)
    plain = plain_loop(signatures, rules)
    numpy_verdicts, numpy_alone = straightforward_numpy(signatures, lookups)
    if not (ours.verdict.tolist() == plain[0] == numpy_verdicts.tolist() == by_rows.verdict.tolist()):
        raise SystemExit("the contenders disagree on the verdicts")
    if not (ours.sole_blocker.tolist() == plain[1] == numpy_alone.tolist() == by_rows.sole_blocker.tolist()):
        raise SystemExit("the contenders disagree on the counterfactuals")

    unknown = {
        number: [eligibility.lookup(known, value) for value in eligibility.possible_values(known)]
        for number, (criterion, known) in enumerate(zip(CRITERIA, rules, strict=True))
        if criterion not in PERSON
    }
    judged = packed.judge(lookups)
    figures = {
        "ms": median_ms(lambda: packed.verdicts(lookups), options.times),
        "splits_ms": median_ms(lambda: packed.splits(judged, unknown), options.times),
        "row_by_row_ms": median_ms(lambda: eligibility.verdicts(signatures, lookups), 9),
        "straightforward_numpy_ms": median_ms(lambda: straightforward_numpy(signatures, lookups), 9),
        "plain_loop_ms": median_ms(lambda: plain_loop(signatures, rules), 1),
        "packing_ms": packing_ms,
        "lookups_ms": median_ms(
            lambda: [eligibility.lookup(k, PERSON.get(c)) for c, k in zip(CRITERIA, rules, strict=True)], 9
        ),
    }
    counts = np.bincount(ours.verdict, minlength=3)
    print(f"{options.services:,} services, {len(CRITERIA)} criteria, {sum(map(len, rules))} signatures")
    print(f"{counts[TRUE]:,} fit, {counts[UNKNOWN]:,} to verify, {counts[FALSE]:,} do not fit")
    for name, figure in figures.items():
        print(f"{name:>26} {figure:10.3f}")
    print(json.dumps({**{name: round(figure, 4) for name, figure in figures.items()}, "services": options.services}))


if __name__ == "__main__":
    main()
