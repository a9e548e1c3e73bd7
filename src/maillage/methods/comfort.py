"""Where, for those who are served: the least discomfort in all, without taking a place from anybody.

Successive shortest paths with prices (R. Jonker, A. Volgenant, A shortest augmenting path algorithm for dense and sparse linear
assignment problems, Computing 38, 1987), over groups with a capacity. One household enters after the other, and those already in
move when the sum is lower for it. The prices prove the result (linear duality): at them everybody is where it is cheapest for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maillage.methods.allocation import Numbers, Problem, Served, Table, check

NEVER: Final = np.int64(1) << np.int64(50)  # further than any sum of discomforts
MOST: Final = 1 << 24  # of one discomfort


@dataclass(frozen=True, slots=True)
class Settled:
    """`group` (people,): the column, -1 when not served. `prices` (groups,): at most 0, and 0 where a place is left."""

    group: Numbers
    prices: Numbers
    total: int


def settled(problem: Problem, found: Served, cost: Numbers) -> Settled:
    """The served of `found`, each in a group such that the sum of `cost` (people, groups; 0 to MOST) is the least.

    The pinned stay where they are, and a room keeps the kind of people that it has. Deterministic: of two ways that cost the same,
    the one that the order of rows and columns gives.
    """
    check(problem)
    if cost.shape != problem.options.shape or (cost.size and cost.dtype.kind not in "iu"):
        came = f"{cost.dtype} of {cost.shape}"
        raise ValueError(f"cost: whole numbers of the shape {problem.options.shape} were expected, not {came}")
    if cost.size and not 0 <= cost.min() <= cost.max() <= MOST:
        raise ValueError(f"cost: whole numbers from 0 to {MOST} were expected, not {cost.min()} to {cost.max()}")
    if found.group.shape != (len(cost),) or found.pinned.shape != (len(cost),):
        raise ValueError(f"found: {len(cost)} people were expected, not {len(found.group)}")
    rows = np.flatnonzero((found.group >= 0) & ~found.pinned)
    table, capacity = movable(problem, found)
    group = found.group.copy()
    work = _Paths(np.where(table[rows], cost[rows], NEVER), capacity)
    for row in range(len(rows)):
        work.insert(row)
    group[rows] = work.group
    inside = np.flatnonzero(group >= 0)
    return Settled(group, work.prices, int(cost[inside, group[inside]].sum()))


def movable(problem: Problem, found: Served) -> tuple[Table, Numbers]:
    """Where those who may be moved can be, and the places that the pinned leave."""
    table, capacity = problem.options.copy(), problem.capacity.copy()
    units = np.ones_like(table, np.int64) if problem.units is None else problem.units
    table &= units == 1
    for row in np.flatnonzero(found.pinned).tolist():
        capacity[found.group[row]] -= units[row, found.group[row]]
    if problem.alike is not None:
        kind = np.zeros(len(table), np.int64) if problem.kind is None else problem.kind
        for group in np.flatnonzero(problem.alike).tolist():
            inside = np.flatnonzero(found.group == group)
            table[:, group] &= (kind == kind[inside[0]]) if len(inside) else np.False_
    return table, capacity


class _Paths:
    """People who enter one by one by the shortest path, and the prices of the groups."""

    def __init__(self, cost: Numbers, capacity: Numbers) -> None:
        people, groups = cost.shape
        self.cost = cost
        self.left = capacity.copy()
        self.group = np.full(people, -1, np.int64)
        self.prices = np.zeros(groups, np.int64)
        self.inside: list[list[int]] = [[] for _ in range(groups)]
        self.step = np.full((groups, groups), NEVER, np.int64)  # the least that a move from one group to another costs
        self.who = np.full((groups, groups), -1, np.int64)  # whose move that is

    def insert(self, row: int) -> None:
        distance = self.cost[row] - self.prices
        came = np.full(len(distance), -1, np.int64)
        open_ = distance.copy()  # of those not yet looked at
        looked: list[int] = []
        while True:
            group = int(open_.argmin())
            reached = int(open_[group])
            if reached >= NEVER // 2:
                raise ValueError("found: people who can all be housed were expected, not those: no served set")
            if self.left[group] > 0:
                break
            looked.append(group)
            open_[group] = 2 * NEVER
            through = reached + self.prices[group] + self.step[group] - self.prices
            better = (through < distance) & (open_ < 2 * NEVER)
            distance[better], open_[better], came[better] = through[better], through[better], group
        self.prices[looked] += distance[looked] - reached
        self._augment(row, group, came)

    def _augment(self, row: int, target: int, came: NDArray[np.int64]) -> None:
        self.left[target] -= 1
        touched = [target]
        while (source := int(came[target])) >= 0:
            mover = int(self.who[source, target])
            self.inside[source].remove(mover)
            self._put(mover, target)
            touched.append(target := source)
        self._put(row, target)
        for group in touched:
            self._weigh(group)

    def _put(self, row: int, group: int) -> None:
        self.group[row] = group
        self.inside[group].append(row)

    def _weigh(self, group: int) -> None:
        """The cheapest move from this group to each other; only asked once it is full."""
        if self.left[group] > 0:
            return
        rows = np.array(self.inside[group])
        extra = self.cost[rows] - self.cost[rows, group][:, None]
        first = extra.argmin(axis=0)
        self.step[group] = extra[first, np.arange(extra.shape[1])]
        self.who[group] = rows[first]
