"""Decays: what a journey still counts for, from its cost (minutes, metres, francs: whatever the pairs are told in)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from maillage.methods.arguments import Floats, floats

Decay = Callable[[Floats], Floats]
ENHANCED = MappingProxyType({10.0: 1.0, 20.0: 0.68, 30.0: 0.22})  # minutes: Luo and Qi 2009
THREE_STEP = MappingProxyType({10.0: 0.962, 20.0: 0.704, 30.0: 0.377, 60.0: 0.042})  # minutes: Wan et al. 2012
BLOCK = 1 << 14  # costs weighed at once: they stay in the processor's cache
LEAST = 1e-200  # a smaller weight is out of reach: divided by, it would pass what a number can hold
MOST = 1e200  # a larger weight is refused: added up, it might pass that too


def within(limit: float) -> Decay:
    """The decay of a plain catchment: 1 up to `limit`, itself included, then 0."""
    return _circle("limit", limit)


def steps(table: Mapping[float, float]) -> Decay:
    """A decay by zones: the weight of the first cost of the `table` that is not below the cost of the journey; 0 beyond the last.

    {10: 1, 20: 0.68, 30: 0.22}: 1 up to 10, itself included, 0.68 up to 20, 0.22 up to 30. Weights are at least 0.
    """
    return _zones("table", table)


def gaussian(sigma: float, *, limit: float = np.inf) -> Decay:
    """A decay along a bell: exp(-cost^2 / (2 sigma^2)), 1 at cost 0; 0 beyond `limit`."""
    width = float(floats("sigma", sigma, ndim=0, above=0))
    return _cut(lambda cost: np.exp(-0.5 * (cost / width) ** 2), limit)


def gravity(scale: float, power: float, *, least: float = 0.0, limit: float = np.inf) -> Decay:
    """A decay by a power: (cost / scale)^power, `power` at most 0; 0 beyond `limit`.

    A cost below `least` counts as `least`. Without it a journey that costs nothing would weigh without end: it is refused.
    """
    unit, exponent = float(floats("scale", scale, ndim=0, above=0)), float(floats("power", power, ndim=0, most=0))
    smallest = float(floats("least", least, ndim=0, least=0))

    def decay(cost: Floats) -> Floats:
        raised = np.maximum(cost, smallest)
        if exponent and raised.size and not raised.min() > 0:
            raise ValueError("cost: more than 0 was expected by gravity without `least`, not 0")
        found: Floats = (raised / unit) ** exponent
        return found

    return _cut(decay, limit)


def read(decay: Decay | Mapping[float, float] | float) -> Decay:
    """The decay itself: from a table of zones, from one limit, or as it is."""
    if callable(decay):
        return decay
    return _zones("decay", decay) if isinstance(decay, Mapping) else _circle("decay", decay)


def weigh(decay: Decay, cost: Floats) -> None:
    """Each cost is replaced by its weight, 0 where there is no way (an infinite cost) and below `LEAST`; each from 0 to `MOST`."""
    for start in range(0, len(cost), BLOCK):
        some = cost[start : start + BLOCK]
        with np.errstate(all="ignore"):  # what is no number is refused below
            weight = floats("decay", decay(some.copy()), missing=True, infinite=True)
        if weight.shape != some.shape:
            raise ValueError(
                f"decay: a weight for each of {len(some)} costs was expected, not the shape {weight.shape}"
            )
        if some.max() == np.inf:
            weight = np.where(some == np.inf, 0.0, weight)
        least = weight.min()
        if not (least >= 0 and weight.max() <= MOST):
            bad = np.argmin((weight >= 0) & (weight <= MOST))
            raise ValueError(
                f"decay: a weight from 0 to {MOST:g} was expected, not {weight[bad]:g} for a cost of {some[bad]:g}"
            )
        cost[start : start + BLOCK] = np.where(weight < LEAST, 0.0, weight) if least < LEAST else weight


def _circle(name: str, limit: float) -> Decay:
    return _zones(name, {float(floats(name, limit, ndim=0, least=0, infinite=True)): 1.0})


def _zones(name: str, table: Mapping[float, float]) -> Decay:
    if not isinstance(table, Mapping):
        raise ValueError(f"{name}: a table of zones, {{cost: weight}}, was expected, not {table!r}")
    if not table:
        raise ValueError(f"{name}: at least one zone was expected, not none")
    costs = floats(name, list(table), ndim=1, least=0, infinite=True)
    order = np.argsort(costs)
    edges = costs[order]
    weights = np.append(floats(name, list(table.values()), ndim=1, least=0)[order], 0.0)

    def decay(cost: Floats) -> Floats:
        if len(edges) > 16:
            return weights[np.searchsorted(edges, cost)]
        zone = np.zeros(cost.shape, np.uint8)
        for edge in edges:  # a few comparisons are faster than a search for each
            zone += cost > edge
        return weights.take(zone)

    return decay


def _cut(decay: Decay, limit: float) -> Decay:
    beyond = float(floats("limit", limit, ndim=0, least=0, infinite=True))
    if beyond == np.inf:
        return decay
    return lambda cost: np.where(cost <= beyond, decay(cost), 0.0)
