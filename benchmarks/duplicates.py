"""A search for duplicates, whole: read, block, score, write. `python -m benchmarks.duplicates`.

On the fictional offer of 100,000 services, in one run with two others, each given the same records in memory: the blocked loop
that anyone would write (same telephone, page, e-mail or 100 m cell; names by rapidfuzz, one pair at a time), and rapidfuzz's cdist of every name
with every name, on 5,000 of them (it grows with the square). Recall and precision are those of copies written with mistakes
(tests/injected.py), 2,000 among all the others: ours, and the loop's, which finds a pair when the names are alike by 92.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import combinations
from typing import Any

ALIKE = 92
COPIES = 2_000
PEERS = 5_000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--services", type=int, default=100_000)
    arguments.add_argument("--pack", default="brussels")
    arguments.add_argument("--var", help="a folder with a database that `maillage demo` made before")
    options = arguments.parse_args()
    with ExitStack() as stack:
        os.environ["MAILLAGE_VAR"] = options.var or stack.enter_context(tempfile.TemporaryDirectory())
        os.environ["DJANGO_SETTINGS_MODULE"] = "maillage.settings"
        import django

        django.setup()
        if not options.var:
            from django.core.management import call_command

            call_command("demo", pack=options.pack, services=options.services, serve=False)
        print(json.dumps(run()))


def run() -> dict[str, Any]:
    from django.utils import timezone

    from maillage.directory import duplicates as reading
    from maillage.directory.actions import duplicates
    from maillage.directory.models import DuplicatePair
    from maillage.territory.models import Territory

    territory = Territory.objects.current()
    assert territory is not None
    DuplicatePair.objects.filter(territory=territory).delete()
    phases: dict[str, float] = {}
    at = clock = time.perf_counter()

    def phase(name: str, share: float) -> None:
        nonlocal clock
        now = time.perf_counter()
        phases[name] = phases.get(name, 0.0) + now - clock if share else phases.get(name, 0.0)
        clock = now

    processor = time.process_time()
    found = duplicates.search(territory, at=timezone.now(), by="system:benchmark", progress=phase)
    seconds, busy = time.perf_counter() - at, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"search {seconds:.1f} s, {busy:.1f} s of processor, {peak:.0f} MB, {found.vetoed}, {len(found.capped)} large blocks"
    )
    _, entries = reading.entries(territory)
    told, pairs, before = copied(entries)
    return {
        "services": found.services,
        "seconds": round(seconds, 1),
        "processor_seconds": round(busy, 1),
        "pairs": found.compared,
        "candidates": found.found,
        **ours(told, pairs, before),
        "peak_mb": round(peak),
        "loop": loop(told, pairs, before),
        "cdist": cdist(entries[:PEERS]),
    }


def copied(entries: Sequence[Any]) -> tuple[list[Any], set[tuple[int, int]], int]:
    from tests.injected import inject

    return (*inject(entries, min(COPIES, len(entries) // 20), seed=7), len(entries))


def ours(told: Sequence[Any], pairs: set[tuple[int, int]], before: int) -> dict[str, float]:
    from maillage.methods.duplicates import find
    from tests.injected import measured

    figures = measured({(one.left, one.right) for one in find(told).candidates}, pairs, before)
    return {key: round(figures[key], 4) for key in ("recall_injected", "precision_injected")}


def loop(told: Sequence[Any], pairs: set[tuple[int, int]], before: int) -> dict[str, float]:
    """One pair at a time."""
    from rapidfuzz import fuzz

    from tests.injected import measured

    started = time.perf_counter()
    blocks: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for i, entry in enumerate(told):
        for key in keys(entry):
            blocks[key].append(i)
    names = [
        {language: " ".join(sorted(name.lower().split())) for language, name in entry.names.items()} for entry in told
    ]
    seen: set[int] = set()
    found: set[tuple[int, int]] = set()
    for members in blocks.values():
        if len(members) > 300:
            continue
        for i, j in combinations(members, 2):
            if (number := i * len(told) + j) in seen:
                continue
            seen.add(number)
            a, b = names[i], names[j]
            if any(fuzz.ratio(a[language], b[language]) >= ALIKE for language in a.keys() & b.keys()):
                found.add((i, j))
    figures = measured(found, pairs, before)
    seconds = time.perf_counter() - started
    print(f"loop {seconds:.1f} s, {len(seen)} pairs")
    return {
        "seconds": round(seconds, 1),
        "pairs": len(seen),
        **{key: round(value, 4) for key, value in figures.items()},
    }


def keys(entry: Any) -> list[tuple[Any, ...]]:
    digits: Callable[[str], str] = lambda number: "".join(c for c in number if c.isdigit())[-8:]  # noqa: E731
    found: list[tuple[Any, ...]] = [("phone", digits(number)) for number in entry.phones]
    found += [("cell", int(a / 0.0009), int(b / 0.0014)) for a, b in entry.points]
    return found + [(kind, value.lower()) for kind, value in (("url", entry.url), ("email", entry.email)) if value]


def cdist(entries: Sequence[Any]) -> dict[str, float]:
    """Every name with every name."""
    import numpy as np
    from rapidfuzz import fuzz, process

    names = [str(next(iter(entry.names.values()))).lower() for entry in entries]
    started = time.perf_counter()
    alike = process.cdist(names, names, scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=np.uint8, workers=2)
    pairs = int(np.count_nonzero(np.triu(alike, 1)))
    seconds = time.perf_counter() - started
    print(f"cdist {seconds:.1f} s for {len(names)}, {pairs} pairs of alike names")
    return {"services": len(names), "seconds": round(seconds, 2), "alike": pairs}


if __name__ == "__main__":
    main()
