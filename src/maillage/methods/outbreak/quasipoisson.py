"""Log-linear regressions of counts on the season and a trend, many series at once.

The mean of a week is exposure x exp(level of its season + slope x time); the variance is the mean times a dispersion (Wedderburn,
Quasi-likelihood functions, generalized linear models, and the Gauss-Newton method, Biometrika 61, 1974). The normal equations of
seasons and one trend are an arrow: each season is solved by itself once the slope is known. Three moments of the fitted means in
each season are all that a step needs, and the deviance comes from sums of the counts: one `exp` and one product of matrices a step.

Steps, start (count + 0.1), rule to stop (a relative change of the deviance below 1e-8) and the cap of 25 steps are those of R's
`glm`, because its answers depend on them: the dispersion and the leverages are read with the weights of the last step, and a season
without any case goes down for ever and stops where the rule says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.intp]
STEPS = 25
CHANGE = 1e-8
ADDED = 0.1  # to each count at the start
STILL = 1e-9  # what moves by less is lost in what the numbers are compared with
SPREAD = 1e-12  # less of time² than this is left within seasons: there is no trend to be told from them
EXACT = (
    25_000  # where the deviance is this many times smaller than what it is the difference of, it is summed week by week
)


@dataclass(frozen=True, slots=True)
class Design:
    """The weeks of a baseline: time (from their middle), season, 1, time, time² of each season (weeks, 3 x seasons), and, turned
    round, what a level of each season and a slope add up to (seasons + 1, weeks).
    """

    time: Floats
    season: Whole
    seasons: int
    moments: Floats
    table: Floats

    @classmethod
    def of(cls, time: Floats, season: Whole, seasons: int) -> Design:
        member = (season[:, None] == np.arange(seasons)).astype(np.float64)
        t = time[:, None]
        moments = np.hstack([member, member * t, member * t**2])
        return cls(time, season, seasons, moments, np.vstack([member.T, time]))


@dataclass(frozen=True, slots=True)
class Rows:
    """Arrays with one row for each series, taken together."""

    def __getitem__(self, rows: Any) -> Self:
        columns = (getattr(self, one.name) for one in fields(self))
        return type(self)(*(None if one is None else one[rows] for one in columns))

    @classmethod
    def join(cls, parts: Sequence[Self], order: Sequence[Whole]) -> Self:
        """The parts as one, each row at its place: `order` says where the rows of each part belong."""
        back = np.argsort(np.concatenate(order))
        columns = ([getattr(part, one.name) for part in parts] for one in fields(cls))
        return cls(
            *(
                type(several[0]).join(several, order) if isinstance(several[0], Rows) else np.concatenate(several)[back]
                for several in columns
            )
        )


@dataclass(frozen=True, slots=True)
class Counts(Rows):
    """Counts (series, weeks) and what comes from them alone; a week that is not known counts 0 and weighs 0."""

    y: Floats
    start: Floats  # the means at the start
    working: Floats  # start x the first working response
    constant: Floats  # y log y - y - y log exposure: the part of the deviance that no fit changes
    exposure: Floats | None = None  # None: 1 everywhere
    weight: Floats | None = None  # None: 1 everywhere

    @classmethod
    def of(cls, y: Floats, exposure: Floats | None = None, weight: Floats | None = None) -> Counts:
        start = y + ADDED
        offset = 0.0 if exposure is None else np.log(exposure)
        constant = y * (np.log(np.maximum(y, 1)) - offset - 1)
        return cls(y, start, start * (np.log(start) - offset) - ADDED, constant, exposure, weight)

    def weighed(self, values: Floats) -> Floats:
        return values if self.weight is None else self.weight * values

    def means(self, values: Floats) -> Floats:
        return values if self.exposure is None else self.exposure * values

    def factor(self) -> Floats | None:
        """Weight x exposure."""
        return self.weight if self.exposure is None else self.weighed(self.exposure)


@dataclass(frozen=True, slots=True)
class Totals(Rows):
    """All that a fit needs of the counts: their weighted sums, by season, with time, and in the deviance."""

    season: Floats
    time: Floats
    constant: Floats

    @classmethod
    def of(cls, design: Design, counts: Counts) -> Totals:
        sums = counts.weighed(counts.y) @ design.moments[:, : 2 * design.seasons]
        season, time = sums[:, : design.seasons], sums[:, design.seasons :].sum(axis=1)
        return cls(season, time, counts.weighed(counts.constant).sum(axis=1))


@dataclass(frozen=True, slots=True)
class Arrow(Rows):
    """The normal equations: the weight and the mean time of each season, and what is left of time² within seasons."""

    weight: Floats
    mean: Floats
    spread: Floats

    @classmethod
    def of(cls, moments: Floats, seasons: int) -> Arrow:
        weight = np.where(
            moments[:, :seasons] > 0, moments[:, :seasons], 1
        )  # a season without a week keeps the level 0
        time, squared = moments[:, seasons : 2 * seasons], moments[:, 2 * seasons :].sum(axis=1)
        mean = time / weight
        spread = squared - (mean * time).sum(axis=1)
        return cls(weight, mean, np.where(spread > SPREAD * squared, spread, np.nan))

    def solve(self, season: Floats, time: Floats, trend: bool) -> tuple[Floats, Floats]:
        """Levels and slope that answer the right-hand sides."""
        if not trend:
            return season / self.weight, np.zeros_like(time)
        slope = (time - (self.mean * season).sum(axis=1)) / self.spread
        return season / self.weight - self.mean * slope[:, None], slope


@dataclass(frozen=True, slots=True)
class Fit(Rows):
    """Level of each season and slope; those of the step before, and the equations that led from these to those."""

    level: Floats
    slope: Floats
    level_before: Floats
    slope_before: Floats
    arrow: Arrow
    converged: Flags


@dataclass(frozen=True, slots=True)
class Residuals:
    """Of each week: its mean, that of the step before (the weight of the last step), and Pearson's squares with that weight."""

    mean: Floats
    before: Floats
    squares: Floats

    @classmethod
    def of(cls, design: Design, counts: Counts, fitted: Fit) -> Self:
        mean = counts.means(_growth(design, fitted.level, fitted.slope))
        before = counts.means(_growth(design, fitted.level_before, fitted.slope_before))
        squares = (counts.y - mean) / mean
        squares *= squares
        squares *= before
        return cls(mean, before, squares)


def _growth(design: Design, level: Floats, slope: Floats) -> Floats:
    """The means of the weeks, for an exposure of 1."""
    found = np.column_stack([level, slope]) @ design.table  # several times faster than to pick the level of each week
    return np.exp(found, out=found)


@dataclass(slots=True)
class _Steps:
    """The fits that still go on: which rows of the counts, where they stand."""

    design: Design
    counts: Counts
    rows: Whole
    factor: Floats | None  # weight x exposure of those rows
    totals: Totals
    level: Floats
    slope: Floats
    moments: Floats
    deviance: Floats

    @classmethod
    def start(cls, design: Design, counts: Counts, trend: bool) -> Self:
        """Least squares on the logs of the counts."""
        p, none = design.seasons, np.empty(0)
        arrow = Arrow.of(counts.weighed(counts.start) @ design.moments, p)
        working = counts.weighed(counts.working) @ design.moments[:, : 2 * p]
        level, slope = arrow.solve(working[:, :p], working[:, p:].sum(axis=1), trend)
        rows, totals = np.arange(len(counts.y)), Totals.of(design, counts)
        found = cls(design, counts, rows, counts.factor(), totals, level, slope, none, none)
        found.measure()
        return found

    def measure(self) -> None:
        """Moments and deviance of where the fits stand."""
        self.moments = moments = self._moments(self.level)
        totals, means = self.totals, moments[:, : self.design.seasons].sum(axis=1)
        fitted = np.einsum("ij,ij->i", self.level, totals.season) + self.slope * totals.time
        self.deviance = 2 * (totals.constant - fitted + means)
        close = EXACT * (ADDED + np.abs(self.deviance)) < np.abs(totals.constant) + means
        if close.any():
            self.deviance[close] = self._exact(close)

    def _moments(self, level: Floats) -> Floats:
        """Sums over each season of the weighted means, with 1, time, time²."""
        growth = self.slope[:, None] * self.design.time
        np.exp(growth, out=growth)
        if self.factor is not None:
            growth *= self.factor
        found = growth @ self.design.moments
        found.reshape(len(level), 3, -1)[...] *= np.exp(level)[:, None]
        return found

    def _exact(self, close: Flags) -> Floats:
        """The deviance week by week."""
        counts = self.counts[self.rows[close]]
        mean = counts.means(_growth(self.design, self.level[close], self.slope[close]))
        ratio = np.where(counts.y > 0, counts.y / mean, 1)
        found: Floats = 2 * counts.weighed(counts.y * np.log(ratio) - (counts.y - mean)).sum(axis=1)
        return found

    def step(self, trend: bool) -> Fit:
        """One step of each. Those without any case in a season go on at once to where the rule stops them."""
        p, before = self.design.seasons, self.deviance
        level, slope = self.level, self.slope
        arrow = Arrow.of(self.moments, p)
        season = self.totals.season - self.moments[:, :p]
        up, turn = arrow.solve(season, self.totals.time - self.moments[:, p : 2 * p].sum(axis=1), trend)
        self.level, self.slope = level + up, slope + turn
        self.measure()
        converged = np.abs(self.deviance - before) < CHANGE * (0.1 + np.abs(self.deviance))
        return Fit(self.level, self.slope, level, slope, arrow, converged)

    def keep(self, rows: Flags) -> None:
        self.rows, self.totals = self.rows[rows], self.totals[rows]
        self.factor = None if self.factor is None else self.factor[rows]
        self.level, self.slope, self.moments, self.deviance = (
            one[rows] for one in (self.level, self.slope, self.moments, self.deviance)
        )

    def descend(self, fitted: Fit, step: int) -> tuple[Flags, Fit] | None:
        """Fits of which only seasons without a case still move, and where they stop.

        Each step takes 1 off the level of such a season, and nothing else changes: after `more` steps its share of the deviance is
        exp(-more) of what it was, so that the step where the rule stops is known.
        """
        p = self.design.seasons
        empty = self.totals.season == 0
        if not empty.any():
            return None
        moved = np.abs(np.where(empty, 0, self.level - fitted.level_before)).max(axis=1)
        moved += np.abs(self.slope - fitted.slope_before) * self.design.time[-1]
        still = (moved < STILL) & ~fitted.converged & empty.any(axis=1)
        if not still.any():
            return None
        empty, level = empty[still], self.level[still]
        share = 2 * np.where(empty, self.moments[still, :p], 0).sum(axis=1)
        rest = ADDED + self.deviance[still] - share
        # share (e - 1) exp(-more) < change (rest + share exp(-more))
        more = np.floor(np.log(share * (np.e - 1 - CHANGE) / (CHANGE * rest))) + 1
        left = STEPS - step
        converged, more = more <= left, np.clip(more, 1, left)[:, None]
        before = level - np.where(empty, more - 1, 0)
        part = replace(self)
        part.keep(still)
        arrow = Arrow.of(part._moments(before), p)
        return still, Fit(level - np.where(empty, more, 0), part.slope, before, part.slope, arrow, converged)


def fit(design: Design, counts: Counts, *, trend: bool) -> tuple[Fit, Residuals]:
    """The fit of each series, and its residuals. Not converged: after 25 steps, or where a trend cannot be told from the seasons."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = _fit(design, counts, trend)
        return found, Residuals.of(design, counts, found)


def _fit(design: Design, counts: Counts, trend: bool) -> Fit:
    steps = _Steps.start(design, counts, trend)
    parts: list[Fit] = []
    order: list[Whole] = []
    step = 1
    while steps.rows.size:
        step += 1
        found = steps.step(trend)
        stop = found.converged | ~np.isfinite(steps.deviance) | (step == STEPS)
        parts.append(found[stop])
        order.append(steps.rows[stop])
        if step < STEPS and (down := steps.descend(found, step)) is not None:
            parts.append(down[1])
            order.append(steps.rows[down[0]])
            stop |= down[0]
        if stop.any():
            steps.keep(~stop)
    return Fit.join(parts, order)
