"""Rates as they would be with one and the same age structure, so that areas and years compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from maillage.methods.arguments import Floats, among, floats, same_shape, share
from maillage.methods.quantiles import gamma_quantile
from maillage.methods.rates.counts import METHODS, Method, limits
from maillage.methods.rates.measures import Measure, Reason, Reasons, reasons

# People out of 100,000 in bands of five years, 0-4, 5-9 and so on. Waterhouse, Muir, Correa and Powell, Cancer incidence in five
# continents III, IARC (1976): to 85 and more. Eurostat (2013): to 90 and more; the last two together where a table ends at 85.
EUROPEAN_1976 = (8000, *(7000,) * 10, 6000, 5000, 4000, 3000, 2000, 1000, 1000)
EUROPEAN_2013 = (5000, 5500, 5500, 5500, 6000, 6000, 6500, *(7000,) * 4, 6500, 6000, 5500, 5000, 4000, 2500, 1500, 1000)
EUROPEAN_2013_TO_85 = (*EUROPEAN_2013[:-2], 2500)
BLOCK = 4096  # rows


@dataclass(frozen=True, slots=True)
class Indirect(Measure):
    """A `Measure` with what it is made of: the events that were seen, those expected, and the rate of the reference."""

    observed: Floats
    expected: Floats  # at the rates of the reference
    reference_rate: Floats  # events per person in all of the reference


def directly_standardised(
    events: ArrayLike,
    population: ArrayLike,
    standard: ArrayLike,
    *,
    interval: Literal["dobson", "gamma"] = "dobson",
    confidence: float = 0.95,
    minimum_events: float = 10,
    method: Method = "byar",
    frequencies: ArrayLike | None = None,
    multiplier: float = 1,
) -> Measure:
    """The rate per person (x `multiplier`) that each population would have with the ages of `standard`.

    `events` and `population` are (..., strata); `standard` is (strata,) or of their shape, people or shares, in the same order of
    strata; the results are (...). With w = standard / sum(standard): rate = sum(w x / n), variance v = sum(w^2 x / n^2).

    "dobson": the limits of the total count O carried over, rate + sqrt(v / O) (L(O) - O), with L by `method`, "byar" or "exact".
    The lower limit may fall below 0 where few events weigh most; that of "gamma" never does.

    "gamma" (Fay and Feuer): gamma quantiles with mean and variance (rate, v), for the upper limit (rate + wm, v + wm^2) where wm is
    the largest w / n. Cautious: it holds the truth at least as often as it says, also with few events.

    `frequencies`: when one person may have several events (admissions), `events` is (..., frequencies, strata), how many persons
    had so many events each; the variance weighs each by frequency squared (only with "dobson").

    Fewer than `minimum_events` (10) in all: NaN, with its reason; `minimum_events=0` gives every rate, and where there is no event,
    or none in strata that the standard has, only "gamma" has limits. A stratum without people is refused: merge it with its
    neighbour. One stratum gives the crude rate; strata with the same rate give that rate, whatever the standard; a standard counts
    only by its shares.
    """
    seen, people, weight = _strata(events, population, standard, frequencies)
    level, least = share("confidence", confidence), float(floats("minimum_events", minimum_events, ndim=0, least=0))
    among("interval", interval, ("dobson", "gamma"))
    among("method", method, METHODS)
    scale = float(floats("multiplier", multiplier, ndim=0, above=0))
    if frequencies is None:
        total, estimate, variance = _sums(seen, people, weight)
    elif interval == "gamma":
        raise ValueError("interval: dobson was expected where persons have several events, not 'gamma'")
    else:
        times = floats("frequencies", frequencies, ndim=1, above=0)
        parts = _sums(seen, people[..., None, :], weight[..., None, :])
        total, estimate, variance = (part @ times**power for part, power in zip(parts, (1, 1, 2), strict=True))
    if interval == "gamma":
        lower, upper = _gamma(estimate, variance, (weight / people).max(axis=-1), level)
        reason = reasons(total.shape)
    else:
        lower, upper, reason = _dobson(estimate, variance, total, level, method)
    few = total < least
    reason[few] = Reason.FEW_EVENTS
    error = np.sqrt(variance)
    estimate, error, lower, upper = (np.where(few, np.nan, one * scale) for one in (estimate, error, lower, upper))
    return Measure(estimate, error, lower, upper, reason)


def indirectly_standardised(
    events: ArrayLike,
    population: ArrayLike,
    reference_events: ArrayLike,
    reference_population: ArrayLike,
    *,
    result: Literal["ratio", "rate"] = "ratio",
    confidence: float = 0.95,
    exact_below: float = 10,
    multiplier: float = 1,
) -> Indirect:
    """How many events there were for each that was expected at the rates of a reference (deaths: the SMR), x `multiplier`.

    `population` is (..., strata); `events` has its shape, or (...) when only the total is known; the reference is (strata,) or of
    the shape of `population`; the results are (...). Expected E = sum(n X / N), ratio = O / E; "rate": times the rate of the whole
    reference, sum X / sum N. Limits: those of the count O, exact below `exact_below` events (10), Byar's from there on, divided by
    E. The standard error is sqrt O / E.

    A population that is the reference has ratio 1. Two areas compare with the reference, not with each other: each keeps its own
    age structure. A stratum may be empty of people when it has no event; where nothing at all is expected it is refused.
    """
    people = floats("population", population, least=0)
    known = _reference("reference_events", reference_events, people, least=0)
    living = _reference("reference_population", reference_population, people, above=0)
    observed = _observed(floats("events", events, least=0), people)
    level, few = share("confidence", confidence), float(floats("exact_below", exact_below, ndim=0, infinite=True))
    among("result", result, ("ratio", "rate"))
    expected = (people * known / living).sum(axis=-1)
    if (expected <= 0).any():
        raise ValueError("reference_events: at least one was expected in strata where the population lives, not none")
    reference = (known.sum(axis=-1) / living.sum(axis=-1)) + np.zeros_like(expected)
    scale = floats("multiplier", multiplier, ndim=0, above=0) / expected * (reference if result == "rate" else 1)
    lower, upper, reason = limits(observed, level, exact_below=few)
    error = np.sqrt(observed) * scale
    return Indirect(observed * scale, error, lower * scale, upper * scale, reason, observed, expected, reference)


def _strata(
    events: ArrayLike, population: ArrayLike, standard: ArrayLike, frequencies: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    """Events, people and the shares of the standard, once their shapes fit."""
    seen, people = floats("events", events, least=0), floats("population", population, above=0)
    if people.ndim == 0 or people.shape[-1] == 0:
        raise ValueError(f"population: strata on the last axis were expected, not the shape {people.shape}")
    if frequencies is None:
        same_shape(population=people, events=seen)
    else:
        shape = (*people.shape[:-1], np.size(frequencies), people.shape[-1])
        if seen.shape != shape:
            raise ValueError(f"events: the shape {shape} was expected (frequencies before strata), not {seen.shape}")
    weight = _reference("standard", standard, people, least=0)
    whole = weight.sum(axis=-1, keepdims=True)
    if (whole <= 0).any():
        raise ValueError("standard: a sum above zero was expected, not 0")
    return seen, people, weight / whole


def _reference(
    name: str, value: ArrayLike, people: Floats, *, least: float | None = None, above: float | None = None
) -> Floats:
    """One figure for each stratum, or for each stratum of each population."""
    found = floats(name, value, least=least, above=above)
    if found.shape not in {people.shape, people.shape[-1:]}:
        raise ValueError(f"{name}: the shape {people.shape[-1:]} or {people.shape} was expected, not {found.shape}")
    return found


def _observed(seen: Floats, people: Floats) -> Floats:
    if people.ndim == 0 or people.shape[-1] == 0:
        raise ValueError(f"population: strata on the last axis were expected, not the shape {people.shape}")
    if seen.shape == people.shape[:-1]:
        return seen.copy()
    same_shape(population=people, events=seen)
    if ((people == 0) & (seen > 0)).any():
        raise ValueError("population: more than 0 was expected in strata with events, not 0")
    total: Floats = seen.sum(axis=-1)
    return total


def _sums(events: Floats, people: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Total, rate and variance, over the strata; by blocks, which stay near the processor."""
    bands = events.shape[-1]
    rows, living = (np.broadcast_to(one, events.shape).reshape(-1, bands) for one in (events, people))
    shares = (
        weight.reshape(1, bands) if weight.size == bands else np.broadcast_to(weight, events.shape).reshape(-1, bands)
    )
    total, rate, variance = found = np.empty((3, len(rows)))
    for start in range(0, len(rows), BLOCK):
        here = slice(start, start + BLOCK)
        each = (shares if len(shares) == 1 else shares[here]) / living[here]
        np.einsum("ij->i", rows[here], out=total[here])
        np.einsum("ij,ij->i", rows[here], each, out=rate[here])
        np.einsum("ij,ij,ij->i", rows[here], each, each, out=variance[here])
    first, second, third = (one.reshape(events.shape[:-1]) for one in found)
    return first, second, third


def _dobson(
    estimate: Floats, variance: Floats, total: Floats, confidence: float, method: Method
) -> tuple[Floats, Floats, Reasons]:
    below, above, reason = limits(total, confidence, exact_below=np.inf if method == "exact" else 0)
    none = variance == 0
    spread = np.sqrt(np.divide(variance, total, out=np.full_like(total, np.nan), where=~none))
    reason[none] = Reason.NO_EVENTS
    return estimate + spread * (below - total), estimate + spread * (above - total), reason


def _gamma(estimate: Floats, variance: Floats, largest: Floats, confidence: float) -> tuple[Floats, Floats]:
    tail = (1 - confidence) / 2
    none = estimate == 0
    mean, spread = np.where(none, 1.0, estimate), np.where(none, 1.0, variance)
    lower = np.where(none, 0.0, gamma_quantile(mean * mean / spread, tail) * spread / mean)
    mean, spread = estimate + largest, variance + largest * largest
    return lower, gamma_quantile(mean * mean / spread, tail, above=True) * spread / mean
