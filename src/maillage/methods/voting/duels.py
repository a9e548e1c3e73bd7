"""Residents say which of two needs matters more: Bradley and Terry's strengths by stratum, and which two to show next."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from maillage.methods.arguments import floats, index, same_shape, share, whole
from maillage.methods.quantiles import z_value
from maillage.methods.voting.ballots import Floats, Ints, Recount, in_order, ranked_by

STEP = float(np.log(2))  # along which no chance can change enough for Newton's step to lose likelihood
LEAST = 1e-3  # prior: with less, errors are those of rounding; of a recount, where items may come apart
CLOSE = 1e-9  # strengths that differ by no more are equal
FAR = np.finfo(np.float64).max


class Reason(IntEnum):
    """Why an item has no strength, or one that says less than it seems."""

    NONE = 0
    NEVER_JUDGED = 1  # nobody judged it: NaN
    PARTLY_JUDGED = 2  # some stratum did not judge it: the strength is that of the others


@dataclass(frozen=True, slots=True)
class BradleyTerry:
    """Strengths are log odds: an item wins against another with the chance 1 / (1 + exp(other - own)); their mean is 0."""

    rank: Ints  # (items,)
    order: Ints  # (items,) best first; equal ranks by position in the list
    estimate: Floats  # (items,) strength in the whole population
    standard_error: Floats
    lower: Floats
    upper: Floats
    share: Floats  # (items,) chance that a resident prefers it to another item drawn at random
    reason: NDArray[np.int8]  # (items,) see `Reason`
    strength: Floats  # (strata, items)
    strength_error: Floats  # (strata, items)
    judged: Ints  # (strata, items) judgements in which it was shown
    times: Ints  # (items, items) how often each pair was judged: what `next_pairs` needs
    recount: Recount = field(repr=False)


def bradley_terry(
    winners: ArrayLike,
    losers: ArrayLike,
    *,
    items: int,
    strata: ArrayLike | None = None,
    population: ArrayLike | None = None,
    voters: ArrayLike | None = None,
    prior: float = 1.0,
    confidence: float = 0.95,
) -> BradleyTerry:
    """The strength of each of `items` needs from judgements of two of them, by stratum, weighted as the population is.

    `winners`, `losers` (judgements,): from 0 to `items` - 1, the one that mattered more and the other; where somebody cannot
    decide there is no judgement. `strata` (judgements,): the stratum of who judged (a quarter, an age), from 0; `population`
    (strata,): how many residents live in each, from the census, or their parts; without both, one stratum. `voters`
    (judgements,): who judged, numbers or words, so that `robustness` takes away people; none: each judgement is a ballot.
    `prior` (0, or at least 0.001): every item is given so many wins, and as many defeats, against an item of middling strength:
    who never lost stays finite, who was seldom shown stays near the middle. 0: the maximum likelihood, which exists only where,
    in each stratum, wins lead from each item to each other, directly or by others (Ford, American Mathematical Monthly 64,
    1957): otherwise `ValueError`. `robustness` then counts again with a prior of 0.001, since without some people they may not.
    In each stratum strengths maximise sum log(chance of what was judged) + prior x sum (log p + log(1 - p)), p the chance
    against the middling item, by Newton's method with steps too short to overshoot; then their mean is made 0. The whole is the
    mean of the strata by population: quarters weigh as they live, not as they answer. `standard_error`: from the curvature,
    judgements taken as independent; `lower`, `upper`: normal, at `confidence`. `share`: the chance to be preferred to another
    item, a mean over the other items that were judged and over the population; easier to tell than a strength.
    An item that nobody judged is NaN and last; one that some stratum did not judge has the mean of the others (`reason`).
    Names of items and the order of judgements do not matter. One judgement more for an item never gives it a worse rank, where
    every stratum had judged every item before; else an item that fewer strata judged may rise with it, by more. Who follows the
    one before by less than 1e-9 shares its rank.
    Source: Bradley and Terry, Rank analysis of incomplete block designs, Biometrika 39 (1952); a prior on strengths: Caron and
    Doucet, Journal of Computational and Graphical Statistics 21 (2012), theirs a gamma distribution.
    """
    items, confidence = whole("items", items, least=2), share("confidence", confidence)
    prior = float(floats("prior", prior, ndim=0, least=0))
    if 0 < prior < LEAST:
        raise ValueError(f"prior: 0 or at least {LEAST} was expected, not {prior}")
    cells, weights = _cells(winners, losers, items, strata, population)
    wins = np.bincount(cells, minlength=len(weights) * items * items).reshape(-1, items, items).astype(np.float64)
    if prior == 0:
        _check_strata(wins)
    raw, information = strengths(wins, prior)
    strength = raw - raw.mean(axis=1, keepdims=True)
    error = _errors(information)
    times = wins.sum(axis=0).astype(np.int64)
    judged = (wins.sum(axis=1) + wins.sum(axis=2)).astype(np.int64)
    estimate, standard_error = _whole(strength, error, judged, weights)
    half = z_value(confidence) * standard_error
    reason = np.where(
        judged.any(axis=0), np.where(judged.all(axis=0), Reason.NONE, Reason.PARTLY_JUDGED), Reason.NEVER_JUDGED
    )
    rank = _ranks(estimate)
    unknown = np.where(judged > 0, 1.0, np.nan)
    return BradleyTerry(
        rank, in_order(rank), estimate, standard_error, estimate - half, estimate + half,
        _preferred(strength, judged, weights), reason.astype(np.int8), strength * unknown, error * unknown, judged,
        times + times.T, _recount(cells, voters, wins, raw, prior, weights),
    )  # fmt: skip


def _errors(information: Floats) -> Floats:
    """Standard errors of strengths whose mean is 0, from the curvature of each stratum."""
    covariance = np.linalg.inv(information)
    covariance -= covariance.mean(axis=1, keepdims=True)
    covariance -= covariance.mean(axis=2, keepdims=True)
    found: Floats = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    return found


def next_pairs(times: ArrayLike, *, seed: int, count: int = 1, cap: float = 1.0, seen: ArrayLike | None = None) -> Ints:
    """Which two needs to show next, (pairs, 2), left and right, so that new needs catch up with those that were there before.

    `times` (items, items): how often each pair was judged, the same both ways (`times` of `bradley_terry`; zeros at the start).
    A pair is drawn with a weight of min(1 / (1 + times), `cap`): pairs of a new need, never judged, come first. `cap`, above 0 and
    at most 1: a pair counts as new until it was judged 1 / cap - 1 times, so that the newest needs are not shown to everybody at
    once. `count`: how many different pairs, fewer when fewer are left. `seen` (items, items): pairs that this person has judged
    already, True either way, are not shown again. Left and right are drawn too. The same `seed` gives the same pairs.
    A new need is shown more than the others until it was judged about as often; every pair may be drawn at any time. For a
    quarter to catch up by itself, give the times that its own residents judged each pair.
    Source: Salganik and Levy, Wiki surveys: open and quantifiable social data collection, PLoS ONE 10 (2015).
    """
    found = floats("times", times, ndim=2, least=0)
    size = len(found)
    if found.shape != (size, size) or size < 2:
        raise ValueError(f"times: a table of at least 2 items by as many was expected, not the shape {found.shape}")
    wrong = (found != found.T) | (np.eye(size, dtype=bool) & (found > 0))
    if wrong.any():
        one, other = (int(place[0]) for place in np.nonzero(wrong))
        raise ValueError(
            f"times: the same both ways, and 0 for an item with itself, was expected, not {found[one, other]:g} "
            f"at {one}, {other} and {found[other, one]:g} at {other}, {one}"
        )
    count, seed = whole("count", count, least=1), whole("seed", seed)
    cap = float(floats("cap", cap, ndim=0, above=0, most=1))
    known = np.zeros((size, size), bool) if seen is None else floats("seen", seen, ndim=2, least=0, most=1) > 0
    same_shape(times=found, seen=known)
    left, right = np.nonzero(np.triu(~(known | known.T), 1))
    draw = np.random.default_rng(seed)
    # the smallest of exponential waits, by weight: a draw without replacement (Efraimidis and Spirakis, 2006)
    waits = draw.exponential(size=len(left)) / np.minimum(1 / (1 + found[left, right]), cap)
    pairs = np.stack([left, right], axis=1)[np.argsort(waits, kind="stable")[:count]]
    return np.where(draw.random(len(pairs))[:, None] < 0.5, pairs, pairs[:, ::-1]).astype(np.int64)


def _cells(
    winners: ArrayLike, losers: ArrayLike, items: int, strata: ArrayLike | None, population: ArrayLike | None
) -> tuple[Ints, Floats]:
    """The place of each judgement in the table (strata, items, items), and the share of each stratum."""
    won, lost = (
        index(name, one, size=items).astype(np.int64) for name, one in (("winners", winners), ("losers", losers))
    )
    same_shape(winners=won, losers=lost)
    if not len(won):
        raise ValueError("winners: at least 1 judgement was expected, not an empty list")
    if (won == lost).any():
        raise ValueError(f"losers: another item than the winner was expected, not {won[won == lost][0]} twice")
    if (strata is None) != (population is None):
        raise ValueError("population: given together with strata was expected, not one without the other")
    if strata is None or population is None:
        return won * items + lost, np.ones(1)
    live = floats("population", population, ndim=1, above=0)
    if not len(live):
        raise ValueError("population: at least 1 stratum was expected, not an empty list")
    where = index("strata", strata, size=len(live)).astype(np.int64)
    same_shape(winners=won, strata=where)
    empty = np.flatnonzero(np.bincount(where, minlength=len(live)) == 0)
    if len(empty):
        raise ValueError(
            f"strata: judgements of each of {len(live)} strata were expected, not none of stratum {empty[0]}"
        )
    live = live / live.max()  # so that the sum of very large numbers is finite
    return (where * items + won) * items + lost, live / live.sum()


def _check_strata(wins: Floats) -> None:
    """Whether wins lead from each item to each other, directly or by others, in every stratum."""
    for stratum, table in enumerate(wins > 0):
        for way, said in ((table, "from item 0 to item {}"), (table.T, "from item {} to item 0")):
            reached = np.arange(len(table)) == 0
            while (more := way[reached].any(axis=0) & ~reached).any():
                reached |= more
            if not reached.all():
                raise ValueError(
                    f"prior: more than 0 was expected, not 0: in stratum {stratum} no chain of wins leads "
                    + said.format(int(np.argmin(reached)))
                )


def strengths(wins: Floats, prior: float, start: Floats | None = None) -> tuple[Floats, Floats]:
    """(tables, items) strengths against the middling item, and (tables, items, items) the curvature there.

    `wins` (tables, items, items): how often the row won against the column. `start`: strengths to begin with.
    """
    met = wins + wins.swapaxes(-1, -2)
    found = np.log((wins.sum(axis=-1) + 0.5) / (wins.sum(axis=-2) + 0.5)) if start is None else start.copy()
    items = found.shape[-1]
    diagonal = np.arange(items)
    last = np.inf
    for _ in range(100 + 60 * items):  # pragma: no branch - ten or so, else one for each log 2 that strengths are apart
        chance = expit(found[..., :, None] - found[..., None, :])
        other = chance.swapaxes(-1, -2)  # 1 - chance, but exact where that is near 0
        surprise, middling = wins * other, expit(found)
        slope = (surprise - surprise.swapaxes(-1, -2)).sum(axis=-1) + prior * (1 - 2 * middling)
        information = -met * chance * other
        information[..., diagonal, diagonal] = 2 * prior * middling * expit(-found) - information.sum(axis=-1)
        if prior == 0:  # only differences are determined: the mean is held
            information += met.sum(axis=(-1, -2), keepdims=True) / items**2
        step = np.linalg.solve(information, slope[..., None])[..., 0]
        reach = np.maximum(np.ptp(step, axis=-1), np.abs(step).max(axis=-1))
        found += step * np.minimum(1, STEP / np.maximum(reach, STEP))[..., None]
        apart = float(np.ptp(step, axis=-1).max())
        # Newton squares what is missing, down to rounding
        if reach.max() < 1e-4 and (apart < 1e-8 or apart > last / 2):
            break
        last = apart
    return found, information


def _whole(strength: Floats, error: Floats, judged: Ints, weights: Floats) -> tuple[Floats, Floats]:
    """The mean of strata (..., strata, items) by population, over those that judged the item, and its error."""
    weight = weights[:, None] * (judged > 0)
    with np.errstate(invalid="ignore"):
        weight = weight / weight.sum(axis=-2, keepdims=True)
    return (weight * strength).sum(axis=-2), np.sqrt((weight**2 * error**2).sum(axis=-2))


def _preferred(strength: Floats, judged: Ints, weights: Floats) -> Floats:
    """(items,) the chance to be preferred to another item that was judged, by stratum and then by population."""
    chance = expit(strength[:, :, None] - strength[:, None, :])
    other = (judged > 0)[:, None, :] & ~np.eye(strength.shape[1], dtype=bool)
    mean = (chance * other).sum(axis=2) / np.maximum(other.sum(axis=2), 1)
    return _whole(mean, mean, judged, weights)[0]


def _ranks(estimate: Floats) -> Ints:
    """Best first, NaN last; who follows the one before by no more than rounding shares its rank."""
    known = np.nan_to_num(estimate, nan=-FAR)
    order = np.argsort(-known, axis=-1)
    ordered = np.take_along_axis(known, order, axis=-1)
    below = np.zeros(known.shape, np.int64)
    below[..., 1:] = np.cumsum(ordered[..., :-1] - ordered[..., 1:] > CLOSE, axis=-1)
    key = np.empty_like(below)
    np.put_along_axis(key, order, -below, axis=-1)
    return ranked_by(key)


def _recount(
    cells: Ints, voters: ArrayLike | None, wins: Floats, raw: Floats, prior: float, weights: Floats
) -> Recount:
    if voters is None:
        starts = np.arange(len(cells) + 1)
    else:
        who = np.asarray(voters)
        if who.dtype.kind not in "iuUS":  # as they are: a float would not tell long numbers apart
            who = floats("voters", voters, ndim=1)
        same_shape(winners=cells, voters=who)
        order = np.argsort(who, kind="stable")
        who, cells = who[order], cells[order]
        starts = np.flatnonzero(np.concatenate([[True], who[1:] != who[:-1], [True]]))
    without = partial(_ranks_without, cells, starts, wins, raw, max(prior, LEAST), weights)
    return Recount(np.ones(len(starts) - 1, np.int64), without)


def _ranks_without(
    cells: Ints, starts: Ints, wins: Floats, raw: Floats, prior: float, weights: Floats, gone: Ints
) -> Ints:
    """Ranks without the judgements of some people: their wins are taken out, and Newton goes on from the strengths of all."""
    strata, items = wins.shape[:2]
    left, changed = np.repeat(wins[None], len(gone), axis=0), np.zeros((len(gone), strata), bool)
    flat = left.reshape(len(gone), -1)
    for row, people in enumerate(gone):
        lost = np.concatenate([cells[starts[one] : starts[one + 1]] for one in people])
        np.subtract.at(flat[row], lost, 1)
        changed[row, lost // items**2] = True
    strength = np.repeat(raw[None], len(gone), axis=0)
    strength[changed] = strengths(left[changed], prior, strength[changed])[0]
    strength -= strength.mean(axis=-1, keepdims=True)
    judged = (left + left.swapaxes(-1, -2)).sum(axis=-1).astype(np.int64)
    return _ranks(_whole(strength, strength, judged, weights)[0])
