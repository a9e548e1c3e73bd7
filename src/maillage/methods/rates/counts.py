"""How far a count, a rate or a proportion could lie from what is really going on, by chance alone."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from maillage.methods.arguments import Floats, among, floats, same_shape, share
from maillage.methods.quantiles import gamma_quantile, z_value
from maillage.methods.rates.measures import Measure, Reason, Reasons, reasons

Method = Literal["byar", "exact"]
METHODS = ("byar", "exact")
FEW = 10  # events: below, the agency takes exact limits, from there on Byar's


def count_interval(events: ArrayLike, *, method: Method = "byar", confidence: float = 0.95) -> Measure:
    """Each count with the limits of the Poisson mean that could have given it, in events; the shape of `events`.

    "byar": x (1 - 1/9x - z/3 sqrt x)^3 and the same of x + 1 with + z (Breslow and Day 1987); close to exact from 10 events on.
    "exact": half the chi-square quantiles of 2x and 2x + 2 degrees of freedom (Garwood 1936), which never covers less than it says.
    The standard error is sqrt x. The limits widen when `confidence` grows, and both methods meet when counts are large.
    Byar's lower limit does not exist for no event, nor where it falls below zero (one event at 99.8 %): NaN, with its reason.
    The exact lower limit of no event is 0.
    """
    seen = floats("events", events, least=0)
    level = share("confidence", confidence)
    among("method", method, METHODS)
    lower, upper, reason = limits(seen, level, exact_below=np.inf if method == "exact" else 0)
    return Measure(seen.copy(), np.sqrt(seen), lower, upper, reason)


def rate(
    events: ArrayLike,
    population: ArrayLike,
    *,
    confidence: float = 0.95,
    exact_below: float = 10,
    multiplier: float = 1,
) -> Measure:
    """Events per person (x `multiplier`) of each population, with limits; shapes alike.

    The limits are those of the count, divided by the population: exact below `exact_below` events (10), Byar's from there on, as
    PHEindicatormethods has it. The standard error is sqrt x / n. Twice the events in twice the people is the same rate, with
    narrower limits.
    """
    seen, people = _of(events, population)
    level, few = share("confidence", confidence), float(floats("exact_below", exact_below, ndim=0, infinite=True))
    scale = floats("multiplier", multiplier, ndim=0, above=0) / people
    lower, upper, reason = limits(seen, level, exact_below=few)
    return Measure(seen * scale, np.sqrt(seen) * scale, lower * scale, upper * scale, reason)


def proportion(events: ArrayLike, population: ArrayLike, *, confidence: float = 0.95, multiplier: float = 1) -> Measure:
    """The share of each population that has it (x `multiplier`: 100 for per cent), with Wilson's limits; shapes alike.

    (2x + z^2 -+ z sqrt(z^2 + 4x (1 - x/n))) / 2 (n + z^2): limits that stay between 0 and 1, and that are of use for 0 or n of n.
    The standard error is sqrt(p (1 - p) / n). Counting those who do not have it turns the limits over. More events than people
    are refused.
    """
    seen, people = _of(events, population)
    if (seen > people).any():
        raise ValueError("events: at most the population was expected, not more")
    z = z_value(share("confidence", confidence))
    scale = float(floats("multiplier", multiplier, ndim=0, above=0))
    has, has_not = seen / people, (people - seen) / people
    top = 2 * seen + z * z + z * np.sqrt(z * z + 4 * seen * has_not)
    upper = np.where(seen == people, 1.0, np.minimum(top / (2 * (people + z * z)), 1))
    # The product of both limits is has x / (n + z^2): no subtraction of numbers that are nearly alike.
    lower = np.divide(2 * seen * has, top, out=np.zeros_like(seen), where=seen > 0)
    error = np.sqrt(has * has_not / people)
    return Measure(has * scale, error * scale, lower * scale, upper * scale, reasons(seen.shape))


def limits(events: Floats, confidence: float, *, exact_below: float) -> tuple[Floats, Floats, Reasons]:
    """Lower and upper limits of counts, exact below `exact_below`, Byar's from there on; and why a lower one is NaN."""
    reason = reasons(events.shape)
    exact = events < exact_below
    if exact.all():
        return (*exact_limits(events, confidence), reason)
    lower, upper = (np.array(one) for one in byar_limits(events, confidence))
    if exact.any():
        lower[exact], upper[exact] = exact_limits(events[exact], confidence)
    unknown = np.isnan(lower)
    reason[unknown] = np.where(events[unknown] > 0, Reason.BELOW_ZERO, Reason.NO_EVENTS)
    return lower, upper, reason


def byar_limits(events: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Byar's approximate limits of a Poisson count; the lower one NaN for none and where it would be below zero."""
    z = z_value(confidence)
    with np.errstate(divide="ignore", over="ignore"):
        inside = 1 - 1 / (9 * events) - z / (3 * np.sqrt(events))
    more = events + 1
    lower = events * np.where(inside < 0, np.nan, inside) ** 3
    return lower, more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3


def exact_limits(events: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Garwood's exact limits of a Poisson count."""
    tail = (1 - confidence) / 2
    lower = np.where(events > 0, gamma_quantile(np.maximum(events, np.finfo(float).tiny), tail), 0.0)
    return lower, gamma_quantile(events + 1, tail, above=True)


def _of(events: ArrayLike, population: ArrayLike) -> tuple[Floats, Floats]:
    seen, people = floats("events", events, least=0), floats("population", population, above=0)
    same_shape(events=seen, population=people)
    return seen, people
