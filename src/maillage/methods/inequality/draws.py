"""Intervals by simulation, for the measures whose spread has no formula that holds near zero.

Each group is drawn around its estimate, normal with its standard error, cut at zero (unless an estimate of that indicator is below
zero itself) and at the scale where one is given; the measure is computed on every draw. Its interval runs between the quantiles of
what came (2.5 and 97.5 % for a confidence of .95, linear between draws); its standard error is their standard deviation.
There are 1,000 `draws` by default; healthequal has 100 (after J. Ahn, S. Harper, M. Yu, E. Feuer and B. Liu, Improved Monte Carlo
methods for eleven commonly used health disparity measures, PLoS One 14, 2019). The same seed gives the same random numbers to
every indicator and to every measure: the answer for one is the same alone and among 10,000 others, and two years differ by their
data, not by luck.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from maillage.methods.arguments import Floats, share, whole
from maillage.methods.inequality.ground import Groups, Measure, Reason, Truths, Whole, over, reasons, scaled, told

BLOCK: Final = 1 << 16  # numbers at a time: they stay in the cache
FAR: Final = 6.0  # standard errors: beyond, a cut takes away less than 1e-9


@dataclass(frozen=True)
class Sample:
    """Values (groups, indicators, draws) and what the measures need of them, each computed once."""

    value: Floats
    share: Floats | None  # (groups, indicators)
    average: Floats | None  # (indicators, 1): in place of the mean of the groups
    more: Truths  # (indicators, 1): more is better
    reference: Whole | None  # (indicators,)
    noise: Floats  # (indicators, 1): to be taken off the variance

    @cached_property
    def mean(self) -> Floats:
        if self.average is not None:
            return self.average
        return self.weighted(self.value)

    @cached_property
    def away(self) -> Floats:
        return _distance(self.value, self.mean)

    @cached_property
    def mean_away(self) -> Floats:
        found: Floats = self.away.mean(0)
        return found

    @cached_property
    def weighted_away(self) -> Floats:
        return self.weighted(self.away)

    @cached_property
    def deviation(self) -> Floats:
        return np.sqrt(np.maximum(self.weighted(np.square(self.away)) - self.noise, 0))

    @cached_property
    def percent(self) -> Floats:
        """What makes a percentage of the mean; NaN where it is not above zero."""
        return np.divide(100, self.mean, out=np.full_like(self.mean, np.nan), where=self.mean > 0)

    @cached_property
    def best(self) -> Floats:
        if self.more.all():
            found: Floats = self.value.max(0)
        elif not self.more.any():
            found = self.value.min(0)
        else:
            found = np.where(self.more, self.value.max(0), self.value.min(0))
        return found

    @cached_property
    def from_reference(self) -> Floats:
        assert self.reference is not None
        return _distance(self.value, self.value[self.reference, np.arange(self.value.shape[1])])

    def weighted(self, part: Floats) -> Floats:
        """The mean over groups, each with its share of the people."""
        assert self.share is not None
        found: Floats = np.einsum("gi,gid->id", self.share, part)
        return found


Statistic = Callable[[Sample], Floats]


@dataclass(frozen=True, slots=True)
class Question:
    """What the measures of this kind are asked about, read."""

    groups: Groups
    average: Floats | None
    more: Truths
    reference: Whole | None
    noise: Floats
    scale: Floats  # the most that a draw can be
    draws: int
    seed: int
    confidence: float


def answers(question: Question, statistics: Sequence[Statistic]) -> list[Measure]:
    """Each statistic of the estimates with its interval; all from the same draws."""
    groups = question.groups
    batch = groups.batch
    draws, tail = whole("draws", question.draws, least=2), (1 - share("confidence", question.confidence)) / 2
    flat = _rows(groups)
    rows = flat.value.shape[1]
    found = np.stack([one(_sample(question, flat.value[:, :, None], slice(0, rows), 1)) for one in statistics])
    spread = np.full((len(statistics), 3, rows), np.nan)
    if flat.error is not None:
        for block, values in _drawn(flat, question.scale.reshape(-1), draws, question.seed):
            sample = _sample(question, values, block, 2)
            spread[:, :, block] = _spread(np.stack([statistic(sample) for statistic in statistics]), tail)
    missing = groups.error is None
    measures = []
    for estimate, (error, lower, upper) in zip(found[:, :, 0], spread, strict=True):
        nothing = np.isnan(estimate)
        why = reasons((rows,), (nothing, Reason.ZERO), (missing, Reason.NO_STANDARD_ERROR)).reshape(batch)
        error, lower, upper = (np.where(nothing, np.nan, one).reshape(batch) for one in (error, lower, upper))
        measures.append(Measure(estimate.reshape(batch), error, lower, upper, why))
    return measures


def question(
    groups: Groups,
    *,
    average: ArrayLike | None = None,
    least: float | None = None,
    more: Truths | None = None,
    reference: Whole | None = None,
    correct_noise: bool = False,
    scale: ArrayLike | None = None,
    draws: int,
    seed: int,
    confidence: float,
) -> Question:
    noise = np.zeros(groups.batch)
    if told("correct_noise", correct_noise):
        noise = variance_noise(groups)
    known = None if average is None else over("average", average, groups.batch, least=least)
    upward = np.ones(groups.batch, bool) if more is None else more
    most = np.full(groups.batch, np.inf) if scale is None else scaled(scale, groups, known)
    return Question(groups, known, upward, reference, noise, most, draws, seed, confidence)


def variance_noise(groups: Groups) -> Floats:
    """What independent errors of the groups add to their variance on average, sum of p (1 - p) s^2."""
    if groups.error is None:
        raise ValueError("standard_errors: those of the groups were expected for the correction, not None")
    share = groups.share
    found: Floats = (share * (1 - share) * groups.error**2).sum(-1)
    return found


@dataclass(frozen=True, slots=True)
class _Rows:
    value: Floats  # (groups, indicators)
    error: Floats | None


def _rows(groups: Groups) -> _Rows:
    width = groups.value.shape[-1]
    value, error = (None if one is None else one.reshape(-1, width).T for one in (groups.value, groups.error))
    assert value is not None
    return _Rows(value, error)


def _sample(asked: Question, values: Floats, block: slice, times: int) -> Sample:
    """A draw around estimates that hold noise already holds it twice: `times`."""
    groups, width = asked.groups, len(values)
    share = None if groups.people is None else groups.share.reshape(-1, width).T[:, block]
    average = None if asked.average is None else asked.average.reshape(-1)[block, None]
    reference = None if asked.reference is None else asked.reference.reshape(-1)[block]
    noise = times * asked.noise.reshape(-1)[block, None]
    return Sample(values, share, average, asked.more.reshape(-1)[block, None], reference, noise)


def _drawn(flat: _Rows, high: Floats, draws: int, seed: int) -> Iterator[tuple[slice, Floats]]:
    """Blocks of indicators with their draws, cut by the inverse of the normal distribution between the two limits."""
    assert flat.error is not None
    width, rows = flat.value.shape
    chance = np.random.default_rng(whole("seed", seed)).random((width, draws))
    plain = ndtri(chance)
    low = np.where((flat.value < 0).any(0), -np.inf, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        under, above = (
            np.where(flat.error > 0, (one - flat.value) / flat.error, way)
            for one, way in ((low, -np.inf), (high, np.inf))
        )
    size = max(BLOCK // (width * draws), 1)
    room = np.empty((width, min(size, rows), draws))  # the same for each block: it stays in the cache
    for start in range(0, rows, size):
        block = slice(start, min(start + size, rows))
        values = np.einsum("gi,gd->gid", flat.error[:, block], plain, out=room[:, : block.stop - start])
        values += flat.value[:, block, None]
        group, row = np.nonzero((under[:, block] > -FAR) | (above[:, block] < FAR))
        if group.size:
            floor, roof = ndtr(under[group, start + row]), ndtr(above[group, start + row])
            cut = chance[group]
            cut *= (roof - floor)[:, None]
            cut += floor[:, None]
            ndtri(cut, out=cut)
            cut *= flat.error[group, start + row, None]
            cut += flat.value[group, start + row, None]
            values[group, row] = cut
        yield block, values


def _distance(value: Floats, point: Floats) -> Floats:
    found: Floats = value - point
    return np.abs(found, out=found)


def _spread(found: Floats, tail: float) -> Floats:
    """Of (measures, indicators, draws), which are used up: standard deviation and the two quantiles, (measures, 3, indicators)."""
    found.sort(axis=-1)
    draws = found.shape[-1]
    limits = []
    for place in (tail * (draws - 1), (1 - tail) * (draws - 1)):
        below = int(place)
        above = min(below + 1, draws - 1)
        limits.append(found[..., below] + (place - below) * (found[..., above] - found[..., below]))
    found -= found.mean(-1, keepdims=True)
    return np.stack([np.sqrt(np.einsum("mid,mid->mi", found, found) / (draws - 1)), *limits], 1)
