"""Ballots as tables, ranks from keys, and one reading of rankings for every method that takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maillage.methods.arguments import floats, whole

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Array = NDArray[Any]
LARGEST = 2**53 - 1  # of the whole numbers that floats tell apart


@dataclass(frozen=True, slots=True)
class Recount:
    """What counting again without some ballots needs."""

    copies: Ints  # (kinds,) how many voters cast each kind of ballot
    ranks: Callable[
        [Ints], Ints
    ]  # of the kinds that are gone, (times, lost): the rank of each candidate, (times, candidates)
    chosen: bool = False  # rank 1 is what was chosen, however many; the others are not in order


def ranks_from_orders(orders: Sequence[Sequence[int | Sequence[int]]], *, candidates: int) -> Floats:
    """Rankings, (voters, candidates), from ballots written as orders: the best first, tied candidates in a list of their own.

    `[[2, 0], [1, [0, 2]]]` of 3 candidates: the first voter puts 2 before 0 and leaves 1 out; the second puts 1 before 0 and 2,
    which are tied. Who is left out is NaN. `ValueError` for a candidate that does not exist or stands twice on one ballot.
    """
    candidates = whole("candidates", candidates, least=2)
    for listed in (orders, *(orders if _is_list(orders) else ())):
        if not _is_list(listed):
            raise ValueError(f"orders: a list for each voter was expected, not {listed!r}")
    found = np.full((len(orders), candidates), np.nan)
    for voter, order in enumerate(orders):
        for place, group in enumerate(order, start=1):
            for one in group if isinstance(group, Sequence | np.ndarray) else (group,):
                known = isinstance(one, int | np.integer) and not isinstance(one, bool) and 0 <= one < candidates
                if not known or not np.isnan(found[voter, one]):
                    raise ValueError(
                        f"orders: each of 0 to {candidates - 1} at most once was expected, not {one!r} on ballot {voter}"
                    )
                found[voter, one] = place
    return found


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)


def table(
    name: str, value: ArrayLike, counts: ArrayLike | None, read: Callable[..., Floats] = floats, **limits: Any
) -> tuple[Floats, Ints]:
    """The kinds of ballots (kinds, candidates), each once, and how many voters cast each."""
    rows = read(name, value, ndim=2, **limits)
    if rows.shape[0] < 1 or rows.shape[1] < 2:
        raise ValueError(f"{name}: at least 1 ballot on 2 candidates was expected, not the shape {rows.shape}")
    cast = how_many(counts, len(rows))
    kinds, which = np.unique(np.where(np.isnan(rows), np.inf, rows), axis=0, return_inverse=True)
    copies = np.bincount(which.ravel(), weights=cast, minlength=len(kinds)).astype(np.int64)
    kinds = np.where(np.isinf(kinds), np.nan, kinds)
    return kinds[copies > 0], copies[copies > 0]


def how_many(counts: ArrayLike | None, rows: int) -> Ints:
    """How many voters cast each ballot: 1 when nothing is said."""
    if counts is None:
        return np.ones(rows, np.int64)
    found = whole_numbers("counts", counts, ndim=1, least=0, most=LARGEST).astype(np.int64)
    if len(found) != rows:
        raise ValueError(f"counts: one for each of the {rows} ballots was expected, not {len(found)}")
    if not found.any():
        raise ValueError("counts: at least 1 voter was expected, not 0")
    return found


def whole_numbers(name: str, value: ArrayLike, **limits: Any) -> Floats:
    """The numbers of `value`, whole where they are not NaN."""
    found = floats(name, value, **limits)
    wrong = np.argwhere(~np.isnan(found) & (found != np.floor(found)))
    if len(wrong):
        place = tuple(int(one) for one in wrong[0])
        at = f" at {', '.join(map(str, place))}" if place else ""
        raise ValueError(f"{name}: whole numbers were expected, not {found[place]:g}{at}")
    return found


def ranked_by(*keys: Array) -> Ints:
    """Ranks (..., candidates), 1 the best, from keys of that shape: larger is better, a later key only where all before are equal.

    Candidates equal in every key share a rank, and the next rank counts them all (1, 1, 3).
    """
    stacked = np.stack([-key for key in keys])
    order = np.lexsort(stacked[::-1], axis=-1)
    sorted_keys = np.take_along_axis(stacked, np.broadcast_to(order, stacked.shape), axis=-1)
    new = (sorted_keys[..., 1:] != sorted_keys[..., :-1]).any(axis=0)
    place = np.zeros(order.shape, np.int64)
    place[..., 1:] = np.where(new, np.arange(1, order.shape[-1]), 0)
    found = np.empty_like(place)
    np.put_along_axis(found, order, np.maximum.accumulate(place, axis=-1) + 1, axis=-1)
    return found


def in_order(rank: Ints) -> Ints:
    """Candidates from the best to the last; equal ranks by position in the list of candidates."""
    return np.argsort(rank, kind="stable").astype(np.int64)


def preferences(rankings: Floats, unranked: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(ballots, candidates, candidates) twice: whether the row stands before the column on the ballot, and whether they are tied.

    `unranked`: "last", who is left out stands after all others, tied; "unknown", nothing is said of a pair with one of them.
    """
    known = np.where(np.isnan(rankings), np.inf, rankings) if unranked == "last" else rankings
    row, column = known[..., :, None], known[..., None, :]
    return row < column, (row == column) & ~np.eye(rankings.shape[-1], dtype=bool)


def chunks(rows: int, each: int, most: int = 4_000_000) -> list[slice]:
    """Slices of `rows` rows of `each` numbers, none with more than `most` numbers."""
    step = max(1, most // max(1, each))
    return [slice(start, start + step) for start in range(0, rows, step)]
