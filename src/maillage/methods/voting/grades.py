"""Voters say what they think of each candidate: majority judgment, and approval."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from maillage.methods.arguments import share
from maillage.methods.voting.ballots import LARGEST, Floats, Ints, Recount, in_order, ranked_by, table, whole_numbers
from maillage.methods.voting.robustness import wilson


@dataclass(frozen=True, slots=True)
class MajorityJudgment:
    """The majority gauge of each candidate, (candidates,): its `median` grade, how many voters gave `above` and `below` it."""

    rank: Ints  # 1 the best; equal only for candidates with exactly the same grades
    order: Ints
    median: Ints  # the lower of the two middle grades when voters are even
    above: Ints
    below: Ints
    sign: Ints  # 1 when more are above than below (the + of the gauge), else -1
    recount: Recount = field(repr=False)


@dataclass(frozen=True, slots=True)
class Approval:
    """`estimate`: the share that approves among those who were asked, with Wilson's interval; NaN, and the last rank, for a
    candidate of whom nobody was asked."""

    rank: Ints
    order: Ints
    approvals: Ints
    asked: Ints
    estimate: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    recount: Recount = field(repr=False)


def majority_judgment(
    grades: ArrayLike, *, counts: ArrayLike | None = None, missing: int | None = None
) -> MajorityJudgment:
    """The order of candidates by majority judgment, with the gauge of each.

    `grades` (voters, candidates): whole numbers, larger is better, the same words for all. `counts` (voters,): how many voters
    cast each ballot; none: one. `missing`: the grade that stands where a voter gave none (NaN), usually that of "to reject";
    none: a missing grade is refused, because the method needs as many grades for each candidate.
    The candidate with the higher median stands first. Equal medians: one of the median votes is taken from each, and the
    medians of what is left are compared, and so on to the last vote: exact, not by the gauge alone, which may tie.
    Raising a grade never gives the candidate a worse rank. The order of voters, and the names of candidates, do not matter, nor
    do the numbers of the grades, only their order. Another candidate who comes or goes changes nothing between two.
    Source: Balinski and Laraki, A theory of measuring, electing, and ranking, PNAS 104 (2007); Majority Judgment, MIT Press (2010).
    """
    limits = {"least": -LARGEST, "most": LARGEST}
    kinds, copies = table("grades", grades, counts, whole_numbers, missing=missing is not None, **limits)
    none = np.nan if missing is None else whole_numbers("missing", missing, ndim=0, **limits)
    filled = np.where(np.isnan(kinds), none, kinds)
    levels, which = np.unique(filled, return_inverse=True)
    steps = which.reshape(filled.shape).astype(np.int64)
    tally = np.stack([copies @ (steps == level) for level in range(len(levels))], axis=-1)
    recount = Recount(copies, partial(_judged_without, steps, tally))
    rank = ranked_by(*_sequence(tally))
    middle = _median(tally)
    place = np.arange(len(levels))
    above = (tally * (place > middle[:, None])).sum(axis=1)
    below = (tally * (place < middle[:, None])).sum(axis=1)
    sign = np.where(above > below, 1, -1)
    return MajorityJudgment(rank, in_order(rank), levels[middle].astype(np.int64), above, below, sign, recount)


def approval(ballots: ArrayLike, *, counts: ArrayLike | None = None, confidence: float = 0.95) -> Approval:
    """The order of candidates by the share of those asked who approve.

    `ballots` (voters, candidates): 1 approves, 0 does not, NaN was not asked (not shown, or not there yet). `counts` (voters,):
    how many voters cast each ballot; none: one. Everybody asked of everything: it is the order by number of approvals. A share
    and not a number, so that a need that came late is not behind for it. `lower`, `upper`: Wilson's interval at `confidence`.
    An approval more never gives a candidate a worse rank.
    Source: Brams and Fishburn, Approval voting, American Political Science Review 72 (1978).
    """
    confidence = share("confidence", confidence)
    kinds, copies = table("ballots", ballots, counts, missing=True)
    if not np.isin(kinds[~np.isnan(kinds)], (0, 1)).all():
        wrong = kinds[~np.isnan(kinds) & ~np.isin(kinds, (0, 1))][0]
        raise ValueError(f"ballots: 0, 1 or NaN was expected, not {wrong:g}")
    parts = np.stack([kinds == 1, ~np.isnan(kinds)], axis=1).astype(np.int64)
    tally = np.tensordot(copies, parts, axes=1)
    estimate = _rate(tally)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(estimate * (1 - estimate) / tally[1])
        lower, upper = wilson(estimate, tally[1], confidence)
    rank = ranked_by(np.nan_to_num(estimate, nan=-1))
    recount = Recount(copies, partial(_approved_without, parts, tally))
    return Approval(rank, in_order(rank), tally[0], tally[1], estimate, error, lower, upper, recount)


def _median(tally: Ints) -> Ints:
    """The lower middle grade, (..., candidates), of how many gave each grade, (..., candidates, grades)."""
    up_to = tally.cumsum(axis=-1)
    return np.asarray((up_to <= (up_to[..., -1:] - 1) // 2).sum(axis=-1), np.int64)


def _sequence(tally: Ints) -> list[Ints]:
    """Keys by which candidates are compared as by their medians one after the other, without writing those down.

    Taking median after median walks outwards from the middle of the sorted grades, one step below and one above by turns. What
    is met stays the same until a grade further out begins: an event with its time and its direction. Between two candidates with
    the same events so far, the one that next falls is behind, the sooner the worse; the one that next rises is before, the
    sooner the better; at one time, the grade decides. A key is one event; 0 where there is none.
    """
    up_to = tally.cumsum(axis=-1)
    voters, size = up_to[..., -1:], tally.shape[-1]
    grade, median = np.arange(size), _median(tally)[..., None]
    middle, even = (voters - 1) // 2, 1 - voters % 2
    fall = 2 * (middle - up_to + 1) + even  # even voters: the step above comes first, else the step below
    rise = 2 * (up_to - tally - middle) + 1 - even
    never = 2 * voters + 4
    time = np.where((tally == 0) | (grade == median), never, np.where(grade < median, fall, rise))
    key = np.where(time == never, 0, np.where(grade < median, time - never, never - time) * size + grade)
    key = np.take_along_axis(key, np.argsort(time, axis=-1, kind="stable"), axis=-1)
    return [median[..., 0], *np.moveaxis(key, -1, 0)]


def _judged_without(steps: Ints, tally: Ints, gone: Ints) -> Ints:
    left = np.broadcast_to(tally, (len(gone), *tally.shape)).copy()
    row, column = np.ogrid[: len(gone), : tally.shape[0]]
    for ballot in gone.T:
        left[row, column, steps[ballot]] -= 1
    return ranked_by(*_sequence(left))


def _rate(tally: Ints) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(tally[..., 0, :] / tally[..., 1, :], np.float64)


def _approved_without(parts: Ints, tally: Ints, gone: Ints) -> Ints:
    return ranked_by(np.nan_to_num(_rate(tally - parts[gone].sum(axis=1)), nan=-1))
