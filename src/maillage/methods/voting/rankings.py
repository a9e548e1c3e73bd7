"""Voters put candidates in order: Schulze's method, and Borda's."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from maillage.methods.arguments import among
from maillage.methods.voting.ballots import Floats, Ints, Recount, chunks, in_order, preferences, ranked_by, table

UNRANKED = ("last", "unknown")


@dataclass(frozen=True, slots=True)
class Schulze:
    """`duels[a, b]`: how many voters put a before b. `paths[a, b]`: the strength of the strongest path from a to b."""

    rank: Ints  # (candidates,) 1 + how many others beat it; rank 1 has won
    order: Ints  # (candidates,) best first; equal ranks by position in the list
    duels: Ints  # (candidates, candidates)
    paths: Ints  # (candidates, candidates)
    recount: Recount = field(repr=False)


@dataclass(frozen=True, slots=True)
class Borda:
    """`points`: others put behind, and half of the others on the same place, added over ballots; `estimate`: their share of the
    pairs in which somebody judged the candidate; NaN, and the last rank, for a candidate whom nobody ranked."""

    rank: Ints
    order: Ints
    points: Floats
    estimate: Floats
    recount: Recount = field(repr=False)


def schulze(rankings: ArrayLike, *, counts: ArrayLike | None = None, unranked: str = "last") -> Schulze:
    """The order of candidates by Schulze's method, with the table of duels and that of the strongest paths.

    `rankings` (voters, candidates): ranks, 1 the best; only their order counts, equal ranks are ties, NaN is left out (see
    `ranks_from_orders` for ballots written as orders). `counts` (voters,): how many voters cast each ballot; none: one.
    `unranked`: "last", who is left out stands after all who are ranked, tied with others left out (Schulze's own reading);
    "unknown", a ballot says nothing about a pair with somebody left out (for voters who were shown only a part).
    A duel is won by who stands before the other on more ballots; its strength is the number of ballots for the winner. A path is
    as strong as its weakest duel. a beats b when the strongest path from a to b is stronger than that from b to a; `rank` is 1
    and how many beat it, so that whoever beats another stands before it, and none of equal rank beats another.
    Whoever wins every duel stands first. Raising a candidate on a ballot never gives it a worse rank (with "unknown", on a ballot
    that had ranked it). Candidates that stand side by side on every ballot neither help nor hurt the others. The order of voters,
    and the names of candidates, do not matter.
    Source: Schulze, A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent single-winner election method,
    Social Choice and Welfare 36 (2011), with winning votes.
    """
    among("unranked", unranked, UNRANKED)
    kinds, copies = table("rankings", rankings, counts, missing=True)
    candidates = kinds.shape[1]
    duels = np.zeros((candidates, candidates), np.int64)
    for part in chunks(len(kinds), candidates**2):
        before = preferences(kinds[part], unranked)[0].reshape(-1, candidates**2)
        duels += (copies[part] @ before).reshape(duels.shape)
    paths = _strongest(duels)
    rank = _beaten(paths) + 1
    recount = Recount(copies, partial(_schulze_without, kinds, duels, unranked))
    return Schulze(rank, in_order(rank), duels, paths, recount)


def borda(rankings: ArrayLike, *, counts: ArrayLike | None = None, unranked: str = "last") -> Borda:
    """The order of candidates by Borda's points.

    `rankings`, `counts`: as for `schulze`. On each ballot a candidate has a point for each other that stands behind, and half a
    point for each other on the same place. `unranked`: "last", who is left out stands after all who are ranked, and those left
    out are tied: they share the points of the last places; "unknown", only pairs of which both are ranked give points.
    Ranked by `estimate`, the points for each pair judged, so that who was shown to few is not behind for that; with "last" every
    candidate is in equally many pairs, and it is the order by points. Between 0 and 1; its mean is a half with "last".
    Raising a candidate on a ballot never gives it a worse rank (with "unknown", on a ballot that had ranked it).
    Source: Borda, Mémoire sur les élections au scrutin, Histoire de l'Académie royale des sciences (1781); ties as in Black, The
    Theory of Committees and Elections (1958). It is easily captured: a bloc buries its rivals. Prefer Schulze where it matters.
    """
    among("unranked", unranked, UNRANKED)
    kinds, copies = table("rankings", rankings, counts, missing=True)
    parts = np.empty((len(kinds), 2, kinds.shape[1]), np.int64)  # twice the points, so that they are whole; the pairs
    for part in chunks(len(kinds), kinds.shape[1] ** 2):
        before, tied = preferences(kinds[part], unranked)
        parts[part, 0] = (2 * before + tied).sum(axis=-1)
        parts[part, 1] = (before | before.swapaxes(-1, -2) | tied).sum(axis=-1)
    tally = np.tensordot(copies, parts, axes=1)
    estimate = _shares(tally)
    rank = ranked_by(np.nan_to_num(estimate, nan=-1))
    recount = Recount(copies, partial(_borda_without, parts, tally))
    return Borda(rank, in_order(rank), tally[0] / 2, estimate, recount)


def _strongest(duels: Ints) -> Ints:
    """(..., candidates, candidates): strongest paths by Floyd and Warshall's recursion, all pairs and all tables at once."""
    won = np.where(duels > duels.swapaxes(-1, -2), duels, 0)
    found = np.ascontiguousarray(np.moveaxis(won, (-2, -1), (0, 1)))
    for via in range(len(found)):
        np.maximum(found, np.minimum(found[:, via, None], found[None, via]), out=found)
    found[np.diag_indices(len(found))] = 0
    return np.moveaxis(found, (0, 1), (-2, -1))


def _beaten(paths: Ints) -> Ints:
    """By how many others each is beaten."""
    return np.asarray((paths > paths.swapaxes(-1, -2)).sum(axis=-2), np.int64)


def _schulze_without(kinds: Floats, duels: Ints, unranked: str, gone: Ints) -> Ints:
    left = np.repeat(duels[None], len(gone), axis=0)
    for ballot in gone.T:
        left -= preferences(kinds[ballot], unranked)[0]
    return _beaten(_strongest(left)) + 1


def _shares(tally: Ints) -> Floats:
    """Points by pair, (..., candidates), of the two tallies (..., 2, candidates); NaN without any pair."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(tally[..., 0, :] / (2 * tally[..., 1, :]), np.float64)


def _borda_without(parts: Ints, tally: Ints, gone: Ints) -> Ints:
    return ranked_by(np.nan_to_num(_shares(tally - parts[gone].sum(axis=1)), nan=-1))
