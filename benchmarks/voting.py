"""What 3,000 residents find most important among 60 needs, 10 judgements of two each: `python -m benchmarks.voting`.

CPU seconds, medians, each contender given the same judgements in memory. Ours: `bradley_terry` with errors, intervals and what a
recount needs. The peer: choix, the fastest of its functions that take judgements (`ilsr_pairwise`, `mm_pairwise`, `opt_pairwise`), as
lists, the form it documents. All without a prior, so that all maximise the same likelihood; orders and strengths must agree. Beside it, and
not in the ratio: strengths alone from a table counted before, by both (choix: `ilsr_pairwise_dense`); choix on a table that NumPy counts
from the judgements, as it does for ours; by stratum, robustness, and the other methods at this size.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import cpu
from maillage.methods import voting
from maillage.methods.voting.duels import strengths

Array = NDArray[Any]
PEERS = ("ilsr_pairwise", "mm_pairwise", "opt_pairwise")


def judgements(residents: int, needs: int, each: int, seed: int) -> tuple[Array, Array, Array]:
    """Winners, losers and who judged, of invented strengths."""
    draw = np.random.default_rng(seed)
    strength = draw.normal(0, 1, needs)
    one = draw.integers(needs, size=residents * each)
    other = (one + draw.integers(1, needs, size=len(one))) % needs
    first = draw.random(len(one)) < 1 / (1 + np.exp(strength[other] - strength[one]))
    return np.where(first, one, other), np.where(first, other, one), np.repeat(np.arange(residents), each)


def peers(needs: int, winners: Array, losers: Array, ours: Array) -> dict[str, Any]:
    """choix: CPU seconds of each function, and how far its strengths are from ours."""
    import choix

    data = list(zip(winners.tolist(), losers.tolist(), strict=True))
    told: dict[str, Any] = {"seconds": {}, "apart": {}, "same_order": {}}
    for name in PEERS:
        options = {"alpha": 0.0} if name == "opt_pairwise" else {}
        work = getattr(choix, name)
        seconds, found = cpu(
            lambda work=work, options=options: work(needs, data, **options), 5 if name == PEERS[0] else 1
        )
        found = found - found.mean()
        told["seconds"][name] = seconds
        told["apart"][name] = float(np.abs(found - ours).max())
        told["same_order"][name] = bool((np.argsort(-found) == np.argsort(-ours)).all())
    counted = np.bincount(winners * needs + losers, minlength=needs**2).reshape(needs, needs).astype(float)
    told["dense_s"], dense = cpu(lambda: choix.ilsr_pairwise_dense(counted), 25)
    told["table_s"], (table, _) = cpu(lambda: strengths(counted[None], 0), 25)
    told["apart"]["table"] = float(np.abs(table[0] - table[0].mean() - (dense - dense.mean())).max())

    def by_table() -> Array:
        tally = np.bincount(winners * needs + losers, minlength=needs**2).reshape(needs, needs).astype(float)
        return np.asarray(choix.ilsr_pairwise_dense(tally))

    told["counted_s"] = cpu(by_table, 25)[0]
    return told


def others(residents: int, needs: int, seed: int) -> dict[str, float]:
    """CPU seconds of the other methods, each with its robustness (1,000 losses of two ballots, sampled)."""
    draw = np.random.default_rng(seed)
    likes, cents = draw.random((residents, needs)), draw.integers(100_000, 5_000_000, needs)
    work: dict[str, Callable[[], Any]] = {
        "schulze": lambda: voting.schulze(likes),
        "borda": lambda: voting.borda(likes),
        "majority_judgment": lambda: voting.majority_judgment(np.floor(likes * 6)),
        "approval": lambda: voting.approval(likes > 0.8),
        "equal_shares": lambda: voting.equal_shares(likes > 0.8, cents, budget=30_000_000),
    }
    told = {}
    for name, count in work.items():
        told[name], result = cpu(count, 3)
        if name != "equal_shares":
            told[f"{name}_robustness"] = cpu(lambda result=result: voting.robustness(result, top=10), 1)[0]
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=3_000)
    parser.add_argument("--needs", type=int, default=60)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--times", type=int, default=25)
    options = parser.parse_args()
    needs = options.needs
    winners, losers, who = judgements(options.residents, needs, options.each, options.seed)
    seconds, found = cpu(lambda: voting.bradley_terry(winners, losers, items=needs, voters=who, prior=0), options.times)
    strata = {"strata": who % 5, "population": np.arange(1, 6)}
    by_stratum, _ = cpu(lambda: voting.bradley_terry(winners, losers, items=needs, voters=who, **strata), options.times)
    lost, robust = cpu(lambda: voting.robustness(found, top=10), 1)
    told: dict[str, Any] = {
        "cpu_s": round(seconds, 5),
        "by_stratum_s": round(by_stratum, 5),
        "robustness_s": round(lost, 3),
    }
    rows = [
        ("ours", seconds, ""),
        ("ours, five strata", by_stratum, ""),
        ("ours, 1,000 losses of two residents", lost, f"top 10 held in {robust.estimate:.0%}"),
    ]
    try:
        peer = peers(needs, winners, losers, found.estimate)
        best = min(peer["seconds"], key=peer["seconds"].__getitem__)
        rows += [(f"choix {name}", peer["seconds"][name], f"apart {peer['apart'][name]:.1e}") for name in PEERS]
        rows += [
            ("choix ilsr_pairwise_dense, counted by NumPy", peer["counted_s"], "strengths alone, no errors"),
            ("ours, strengths from a table", peer["table_s"], f"apart {peer['apart']['table']:.1e}"),
            ("choix ilsr_pairwise_dense, from a table", peer["dense_s"], ""),
        ]
        told |= {
            "ratio": round(peer["seconds"][best] / seconds, 1), "same_order": peer["same_order"][best],
            "apart": peer["apart"][best], "table_s": round(peer["table_s"], 5),
            "dense_s": round(peer["dense_s"], 5), "dense_counted_s": round(peer["counted_s"], 5),
            "peer": {"name": f"choix.{best}", "version": version("choix"), "cpu_s": round(peer["seconds"][best], 5), "extrapolated": False},
        }  # fmt: skip
    except ImportError:
        print("choix is not installed (uv sync --group benchmarks): our figure alone")
        told |= {"ratio": None, "peer": None}
    more = others(options.residents, needs, options.seed)
    rows += [(f"ours, {name}", taken, "") for name, taken in more.items()]
    for label, taken, note in rows:
        print(f"{label:50} {taken * 1000:10.2f} ms  {note}")
    print(json.dumps(told | {f"{name}_s": round(taken, 4) for name, taken in more.items()}))


if __name__ == "__main__":
    main()
