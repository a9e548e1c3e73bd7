"""How often a result survives when a few ballots are lost.

A list of priorities that would change if two people had been absent is told as such ("the first three hold in 85 % of cases").
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations_with_replacement
from math import comb, sqrt
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maillage.methods.arguments import share, whole
from maillage.methods.quantiles import z_value
from maillage.methods.voting.ballots import Floats, Ints, Recount, chunks


class Counted(Protocol):
    """The result of a vote: the rank of each candidate, and what counting again needs."""

    @property
    def rank(self) -> Ints: ...
    @property
    def recount(self) -> Recount: ...


@dataclass(frozen=True, slots=True)
class Robustness:
    """`estimate`: the share of losses after which the first `top` are the same candidates."""

    estimate: float
    standard_error: float  # of sampling the losses; 0 when all were tried
    lower: float  # Wilson's interval of the sampling; the estimate itself when all were tried
    upper: float
    exact: bool  # every way to lose the ballots was tried
    tried: int  # how many losses were counted again; alike ballots are tried once
    first: NDArray[np.bool_]  # (candidates,) who is among the first `top` with all ballots
    inside: Floats  # (candidates,) share of losses after which each is among the first `top`


def robustness(
    result: Counted, *, top: int = 3, lost: int = 2, samples: int = 1_000, seed: int = 0, confidence: float = 0.95
) -> Robustness:
    """How often the first `top` stay the same when `lost` ballots, drawn at random among those cast, are taken away.

    `result`: of any method of this family. The first `top` are all whose rank is at most `top`: with ties at the border more than
    `top`, and a tie that is broken by the loss is a change. Order among them does not matter.
    Exact when there are at most `samples` different losses (alike ballots are tried once, and weigh as many as they are);
    otherwise `samples` losses are drawn with `seed`, and the interval of the estimate at `confidence` is that of the drawing alone.
    A ballot of `bradley_terry` is a person with all that they judged, where `voters` said who judged; else it is one judgement.
    Ballots are taken out of the tallies, which are not counted anew: a second or less for thousands of voters and 60 needs. But
    `equal_shares` has no tallies and is decided anew each time (fewer `samples` for many voters): its first are what is funded,
    whatever `top`, and the voters who are left share the whole budget.
    `ValueError`: fewer than `lost` + 1 ballots.
    """
    copies, ranks = result.recount.copies, result.recount.ranks
    candidates, ballots = len(result.rank), int(copies.sum())
    top, lost = whole("top", top, least=1), whole("lost", lost, least=1)
    samples, seed, confidence = whole("samples", samples, least=1), whole("seed", seed), share("confidence", confidence)
    if result.recount.chosen:
        top = 1
    if top > candidates:
        raise ValueError(f"top: at most the {candidates} candidates was expected, not {top}")
    if ballots <= lost:
        raise ValueError(f"lost: fewer than the {ballots} ballots was expected, not {lost}")
    exact = comb(len(copies) + lost - 1, lost) <= samples
    gone, weight = _all_losses(copies, lost) if exact else _some_losses(copies, lost, samples, seed)
    first = result.rank <= top
    kept, inside = 0.0, np.zeros(candidates)
    for part in chunks(len(gone), candidates**2, 500_000):
        now = ranks(gone[part]) <= top
        kept += float(weight[part] @ (now == first).all(axis=1))
        inside += weight[part] @ now
    estimate = min(kept, 1.0)
    if exact:
        return Robustness(estimate, 0.0, estimate, estimate, True, len(gone), first, np.minimum(inside, 1))
    lower, upper = (float(one) for one in wilson(estimate, samples, confidence))
    error = sqrt(estimate * (1 - estimate) / samples)
    return Robustness(estimate, error, lower, upper, False, samples, first, np.minimum(inside, 1))


def wilson(shares: ArrayLike, counts: ArrayLike, confidence: float) -> tuple[Floats, Floats]:
    """The interval of a share of a count (Wilson, Journal of the American Statistical Association 22, 1927)."""
    of, n = np.asarray(shares, np.float64), np.asarray(counts, np.float64)
    z = z_value(confidence)
    middle, half = of + z * z / (2 * n), z * np.sqrt(of * (1 - of) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    lower, upper = (middle - half) / scale, (middle + half) / scale
    return np.where(of == 0, 0.0, lower), np.where(of == 1, 1.0, upper)  # as they are without rounding


def _all_losses(copies: Ints, lost: int) -> tuple[Ints, Floats]:
    """Every loss once, as the kinds of its ballots, and how likely it is."""
    flat = chain.from_iterable(combinations_with_replacement(range(len(copies)), lost))
    gone = np.fromiter(flat, np.int64).reshape(-1, lost)
    weight = np.zeros(len(gone))  # logarithms: the ways to lose thousands are more than a float holds
    again = np.zeros(len(gone), np.int64)  # how many of its own kind stand before each; kinds are sorted
    for place in range(lost):
        again = np.where(gone[:, place] == gone[:, place - 1], again + 1, 0) if place else again
        with np.errstate(divide="ignore"):  # none left of its kind: impossible
            weight += np.log(np.maximum(copies[gone[:, place]] - again, 0) / (again + 1))
    weight = np.exp(weight - weight.max())
    possible = weight > 0
    return gone[possible], weight[possible] / weight.sum()


def _some_losses(copies: Ints, lost: int, samples: int, seed: int) -> tuple[Ints, Floats]:
    draw = np.random.default_rng(seed)
    ballots = int(copies.sum())
    found = np.stack([draw.choice(ballots, lost, replace=False) for _ in range(samples)])
    return np.searchsorted(np.cumsum(copies), found, side="right").astype(np.int64), np.full(samples, 1 / samples)
