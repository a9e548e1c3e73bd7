"""Rational agents (RAAM): people go where the journey and the crowd together cost them least."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from maillage.methods.access import pairs as ways
from maillage.methods.arguments import Floats, floats, same_shape, whole

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
BLOCK = 1 << 15  # ways weighed at once


@dataclass(frozen=True, slots=True)
class Agents:
    """`cost` (origins,): what the journey and the crowd cost people there, on average; more is worse; inf where nobody is reached (no
    number would do: 0 is the best cost). `reaches_nobody` (origins,). `load` (suppliers,): the demand that goes there.
    `reached_by_nobody` (suppliers,): it has supply, and no demand can come to it."""

    cost: Floats
    reaches_nobody: Bools
    load: Floats
    reached_by_nobody: Bools


def rational_agents(
    demand: ArrayLike,
    supply: ArrayLike,
    pairs: ways.Pairs,
    *,
    tau: float = 60.0,
    rho: float | None = None,
    need: ArrayLike | None = None,
    cycles: int = 150,
    step: float = 0.2,
    least_step: float = 0.005,
    half_life: float = 50.0,
    gentle: int = 20,
    whole_people: bool = True,
) -> Agents:
    """What it costs the people of each place to be served, when each goes where it costs least: an `Agents`.

    `demand`, `supply`, `pairs` and `need` are as in `FloatingCatchment`. Going to a supplier costs its crowd, demand there / (rho x
    supply), plus the journey, cost / `tau`. `rho`: demand for each unit of supply that makes a crowd of 1; the mean of the territory
    unless given. `tau`: the journey that is worth a crowd of 1, in the unit of the costs.

    All start at the nearest supplier. In each of `cycles` some people of each place leave the one of their suppliers that costs most
    for the one that costs least: as many as makes both equal, at most a share `step` of the place, which halves each `half_life` cycles
    down to `least_step` (a whole number as `step` is a number of people instead). In the first `gentle` cycles no supplier gains more
    than a crowd of 1 at once, before rounding to whole persons. `whole_people`: only whole persons move, as in the reference; False
    where demand is told in other units, or needs leave fractions. The costs are told at the crowds of the last cycle, before its moves,
    as in the reference.

    Everybody who reaches a supplier is served: `load` adds up to their demand. Doubling demand and supply together changes no cost
    where fractions may move and `step` is a share. More supply may raise the cost of some places: the mean `rho` falls, and others may
    come; compare with one `rho`. A place without people has the cost that the first to live there would meet. Nobody goes where there
    is no supply.
    """
    people, given = floats("demand", demand, ndim=1, least=0), floats("supply", supply, ndim=1, least=0)
    if need is not None:
        needs = floats("need", need, ndim=1, least=0)
        same_shape(demand=people, need=needs)
        people = people * needs
    if rho is None and not (people.any() and given.any()):
        raise ValueError("rho: a value was expected where demand or supply is 0 everywhere, not None")
    crowd = people.sum() / given.sum() if rho is None else floats("rho", rho, ndim=0, above=0)
    unit, pace = floats("tau", tau, ndim=0, above=0), _pace(cycles, step, least_step, half_life)
    start, end, cost = ways.read(pairs, len(people), len(given))
    can = (cost < np.inf) & (given[end] > 0)
    table = ways.by_supplier(start[can], end[can], cost[can] / unit, (len(people), len(given))).tocsr()
    open_to = np.where(given > 0, given, 1.0) * crowd
    reaches = np.diff(table.indptr) > 0
    live, idle = reaches & (people > 0), reaches & (people == 0)
    found, load = np.full(len(people), np.inf), np.zeros(len(given))
    if live.any():
        found[live] = _played(table[live], people[live], open_to, load, pace, whole("gentle", gentle), whole_people)
    if idle.any():
        some = table[idle]
        found[idle] = np.minimum.reduceat((load / open_to)[some.indices] + some.data, some.indptr[:-1])
    return Agents(found, ~reaches, load, (given > 0) & (np.bincount(table[live].indices, minlength=len(given)) == 0))


def _pace(cycles: int, step: float, least_step: float, half_life: float) -> tuple[Floats, bool]:
    """What may move in each cycle, and whether that is a share of the place."""
    share = not isinstance(step, int | np.integer)
    first = floats("step", step, ndim=0, above=0, most=1) if share else whole("step", cast(int, step), least=1)
    slower = first * 0.5 ** (
        np.arange(whole("cycles", cycles, least=1)) / floats("half_life", half_life, ndim=0, above=0)
    )
    smallest = floats("least_step", least_step, ndim=0, least=0)
    return np.maximum(slower if share else np.round(slower), smallest), share


def _played(
    table: csr_array,
    demand: Floats,
    supply: Floats,
    load: Floats,
    pace: tuple[Floats, bool],
    gentle: int,
    whole_people: bool,
) -> Floats:
    """The cost of each row of `table`, each of which has a way; `load` (suppliers,) is filled."""
    to, taken = table.indices, np.zeros(table.nnz)
    used = _cheapest(table, np.zeros_like(load))
    taken[used] = demand
    load += np.bincount(to[used], demand, len(load))
    for cycle, most in enumerate(pace[0]):
        crowd = load / supply
        used = used[taken[used] > 0]
        total = crowd[to[used]] + table.data[used]
        first = np.searchsorted(used, table.indptr[:-1])
        best, worst = _cheapest(table, crowd), used[_first(np.maximum, total, first)]
        moved = np.minimum(_level(best, worst, taken, load, supply, table), most * demand if pace[1] else most)
        moved = np.trunc(moved) if whole_people else np.maximum(moved, 0.0)
        if not moved.any():
            break
        if cycle < gentle:
            moved /= np.maximum(np.bincount(to[best], moved, len(load)) / supply, 1.0)[to[best]]
            moved = np.round(moved) if whole_people else moved
        taken[best] += moved
        taken[worst] -= moved
        load += np.bincount(to[best], moved, len(load)) - np.bincount(to[worst], moved, len(load))
        used = np.union1d(used, best)
    met = (crowd[to[used]] + table.data[used]) * taken[used]
    found: Floats = np.add.reduceat(met, np.searchsorted(used, table.indptr[:-1])) / demand
    return found


def _cheapest(table: csr_array, crowd: Floats) -> Ints:
    """For each row the place, among all ways, of the one that costs least: some rows after the others, for they stay in the cache."""
    edges = np.unique(np.searchsorted(table.indptr, np.arange(0, table.nnz + BLOCK, BLOCK)).clip(max=table.shape[0]))
    found = np.empty(table.shape[0], np.int64)
    for low, high in pairwise(edges.tolist()):
        start, end = table.indptr[low], table.indptr[high]
        cost = crowd[table.indices[start:end]] + table.data[start:end]
        found[low:high] = start + _first(np.minimum, cost, table.indptr[low:high] - start)
    return found


def _first(extreme: np.ufunc, cost: Floats, first: Ints) -> Ints:
    """For each origin, whose ways begin at `first`, the place of its smallest (largest) cost; the first of equals."""
    edge = extreme.reduceat(cost, first)
    at = np.flatnonzero(cost == np.repeat(edge, np.diff(first, append=len(cost))))
    found: Ints = at[np.searchsorted(at, first)]
    return found


def _level(best: Ints, worst: Ints, taken: Floats, load: Floats, supply: Floats, table: csr_array) -> Floats:
    """How many people must go from the worst to the best for both to cost the same, at most all who are there."""
    low, high = table.indices[best], table.indices[worst]
    here, there = taken[best], taken[worst]
    gap = table.data[worst] - table.data[best] + (here + load[high]) / supply[high] - (load[low] - here) / supply[low]
    more = supply[low] * supply[high] / (supply[low] + supply[high]) * gap - here
    return np.where(best == worst, 0.0, np.minimum(more, there))
