"""Who differs from the average by more than chance: the limits of a funnel plot, and each area's place in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maillage.methods.arguments import Floats, among, floats, same_shape, share
from maillage.methods.quantiles import z_value
from maillage.methods.rates.counts import FEW, exact_limits, limits

Statistic = Literal["proportion", "rate", "ratio"]
STATISTICS = ("proportion", "rate", "ratio")
HALVINGS = 2.0**23  # after which the bisection of the reference stops


class Position(IntEnum):
    """Where an area lies: outside the limits of 95 % (about two standard deviations) or of 99.8 % (three), or inside."""

    FAR_BELOW = -2  # below both lower limits
    BELOW = -1  # below the one of 95 %
    WITHIN = 0  # no more than chance
    ABOVE = 1  # above the upper limit of 95 %
    FAR_ABOVE = 2  # above both
    NOT_JUDGED = 9  # fewer than `minimum_events`


@dataclass(frozen=True, slots=True)
class FunnelLimits:
    """Two curves: heights `lower` and `upper`, each with the population (or expected events) at which it has that height."""

    lower: Floats
    upper: Floats
    lower_at: Floats  # the population at which the lower curve has that height
    upper_at: Floats


def funnel_limits(
    size: ArrayLike,
    average: ArrayLike,
    *,
    statistic: Statistic = "proportion",
    confidence: float = 0.95,
    multiplier: float = 1,
    bisection: bool = False,
) -> FunnelLimits:
    """The two limits between which areas at the `average` lie, but for 5 in 100 (`confidence=.95`) or 2 in 1,000 (.998).

    "proportion": `size` is populations; the limits are p -+ z sqrt(p (1 - p) / n), cut at 0 and 1: Wilson's interval of a share on
    the limit just touches the average.

    "rate": `size` is numbers of events, 1 or more. x events are on a limit where the population would have the exact Poisson limit
    of x as its expected count: for the lower curve n = U(x) / average, for the upper n = L(x) / average, at the height x / n. So
    each curve has its own populations, `lower_at` and `upper_at`. For a rate over several years, divide both by the years to plot
    them over the population of one.

    "ratio": the same with `average` 1, for SMRs: `size` is observed events, `lower_at` and `upper_at` are expected ones.

    `size` and `average` broadcast; heights are x `multiplier`. Limits draw together when populations grow, and apart when
    `confidence` grows. `bisection`: where PHEindicatormethods stops (see the page's departures), for comparison with it.
    """
    among("statistic", statistic, STATISTICS)
    level = share("confidence", confidence)
    scale = float(floats("multiplier", multiplier, ndim=0, above=0))
    if statistic == "proportion":
        people, middle = _together(floats("size", size, above=0), floats("average", average, least=0, most=1))
        half = z_value(level) * np.sqrt(middle * (1 - middle) / people)
        lower, upper = np.maximum(middle - half, 0), np.minimum(middle + half, 1)
        return FunnelLimits(lower * scale, upper * scale, people.copy(), people.copy())
    events, middle = _together(floats("size", size, least=1), floats("average", average, above=0))
    below, above = exact_limits(events, level)
    if bisection:
        below, above = _halved(below, events), _halved(above, events)
    below, above = below / middle, above / middle
    return FunnelLimits(events / above * scale, events / below * scale, above, below)


def funnel_position(
    events: ArrayLike,
    denominator: ArrayLike,
    *,
    statistic: Statistic = "proportion",
    average: ArrayLike | None = None,
    minimum_events: float = 0,
) -> NDArray[np.int8]:
    """The place of each area in the funnel, a code of `Position`, of the shape of `events`; areas on the last axis.

    "proportion": below or above p -+ z sqrt(p (1 - p) / n). "rate" and "ratio": the interval of the area's own rate (exact below 10
    events, Byar's from there on) leaves the average out. `average`: that of the areas together, sum(events) / sum(denominator); for
    a ratio it is 1, and `denominator` is expected events.

    For directly standardised rates `denominator` is events / rate, NaN where there is no event, and `minimum_events` is 10: whoever
    has fewer is `NOT_JUDGED`, as PHEindicatormethods has it. An area at the average is always `WITHIN`.
    """
    among("statistic", statistic, STATISTICS)
    seen = floats("events", events, least=0)
    least = float(floats("minimum_events", minimum_events, ndim=0, least=0))
    size = floats("denominator", denominator, above=0, missing=True)
    same_shape(events=seen, denominator=size)
    judged = seen >= least
    if (np.isnan(size) & ((seen > 0) | judged)).any():
        raise ValueError("denominator: NaN was expected only where there is no event and none is judged, not elsewhere")
    if statistic == "proportion" and (seen > size).any():
        raise ValueError("events: at most the denominator was expected, not more")
    found = _zones(seen, size, _average(seen, size, average, statistic), statistic)
    return np.where(judged, found, Position.NOT_JUDGED).astype(np.int8)


def _average(seen: Floats, size: Floats, average: ArrayLike | None, statistic: Statistic) -> Floats:
    """Of all areas together, unless it was said; of the shape of the events."""
    if average is not None:
        said = floats("average", average, least=0, most=1 if statistic == "proportion" else None)
        if _together(seen, said)[0].shape != seen.shape:
            raise ValueError(f"average: a shape that fits {seen.shape} was expected, not {said.shape}")
        return said
    if statistic == "ratio":
        return np.ones(())
    if seen.ndim == 0:
        raise ValueError("events: areas on the last axis, or their average, were expected, not a number")
    people: Floats = np.nansum(size, axis=-1, keepdims=True)
    np.divide(seen.sum(axis=-1, keepdims=True), people, out=people, where=people > 0)
    return people


def _zones(seen: Floats, size: Floats, middle: Floats, statistic: Statistic) -> NDArray[np.int64]:
    """-2 to 2: outside the inner limits one, outside the outer ones another."""
    found = np.zeros(seen.shape, np.int64)
    for level in (0.95, 0.998):
        if statistic == "proportion":
            half = z_value(level) * np.sqrt(middle * (1 - middle) / size)
            off = seen / size - middle
            found += (off > half).astype(np.int64) - (off < -half)
        else:
            lower, upper, _ = limits(seen, level, exact_below=FEW)
            found += (lower / size > middle).astype(np.int64) - (upper / size < middle)
    return found


def _together(size: Floats, average: Floats) -> tuple[Floats, Floats]:
    try:
        return tuple(np.broadcast_arrays(size, average))  # type: ignore[return-value]
    except ValueError:
        raise ValueError(f"average: a shape that fits {size.shape} was expected, not {average.shape}") from None


def _halved(limit: Floats, events: Floats) -> Floats:
    """The middle of the last interval of a bisection of v in limit = (1 + events) v / (1 - v)."""
    exact = limit / (1 + events + limit)
    v = (np.floor(exact * HALVINGS) + 0.5) / HALVINGS
    found: Floats = (1 + events) * v / (1 - v)
    return found
