"""Residents share a fund: the method of equal shares, in exact fractions of cents."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from math import lcm

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maillage.methods.arguments import among, whole
from maillage.methods.voting.ballots import LARGEST, Ints, Recount, how_many, whole_numbers

MEASURES = ("cost", "number")
COMPLETIONS = ("none", "add_unit", "greedy", "add_unit_then_greedy")
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class EqualShares:
    """What is funded. `order`: in the order in which it was, those of the greedy completion last."""

    funded: NDArray[np.bool_]  # (projects,)
    order: Ints  # (funded projects,)
    rank: Ints  # (projects,) 1 for what is funded, the number of projects + 1 for the others
    completed: NDArray[np.bool_]  # (projects,) funded by the greedy completion, not by equal shares
    spent: int  # cents, never more than the budget
    units: int  # how many units the completion added to each voter's share
    recount: Recount = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Fund:
    """One election: kinds of voters by project, whole utilities, costs in cents."""

    utilities: Ints  # (kinds, projects)
    costs: tuple[int, ...]
    budget: int
    measure: str
    completion: str
    unit: int


def equal_shares(
    utilities: ArrayLike,
    costs: ArrayLike,
    *,
    budget: int,
    counts: ArrayLike | None = None,
    measure: str = "cost",
    completion: str = "none",
    unit: int = 1,
) -> EqualShares:
    """The projects that are funded when every voter has an equal share of the budget to pay with.

    `utilities` (voters, projects): 1 approves, 0 does not; or whole points to 10**9, more is better. `costs` (projects,) and
    `budget`: whole cents. `counts` (voters,): how many voters cast each ballot; none: one. `measure`: "cost", a project is worth
    to who approves its cost (times the points), so that money counts; "number", it is worth its points, so that the number of
    projects counts.
    Each voter starts with budget / voters. Again and again the project is funded whose price for a unit of worth is lowest, where
    its supporters pay cost = sum of min(what they have left, price x worth to them); when no project can be paid by its
    supporters, it ends. Equal prices: the one that comes first in the list.
    `completion`, for the money that is left, since equal shares alone may leave much: "none"; "add_unit", everybody's share grows
    by `unit` cents at a time, and all is done again, until nothing that has support fits into what is left (that result stands)
    or the budget is overspent (the one before stands); "greedy", what fits is added by worth for its cost, equal ones by position;
    "add_unit_then_greedy", both. Each unit is decided anew, so that small units take long.
    Never overspends. A group that agrees on projects worth its part of the budget is not left with nothing: with approvals and
    `measure="number"`, whatever the completion, one of the group has as many of the projects that it approves as the group could
    have paid for (extended justified representation). Exact: fractions, no rounding; floats only choose what is worth comparing,
    within a bound of their error. Voters and their order do not matter beyond their ballots.
    Source: Peters and Skowron, Proportionality and the limits of welfarism, ACM EC 2020; Peters, Pierczyński and Skowron,
    Proportional participatory budgeting with additive utilities, NeurIPS 2021; completions: Faliszewski and others, Participatory
    budgeting: data, tools, and analysis, IJCAI 2023.
    """
    among("measure", measure, MEASURES)
    among("completion", completion, COMPLETIONS)
    points = whole_numbers("utilities", utilities, ndim=2, least=0, most=10**9).astype(np.int64)
    price = whole_numbers("costs", costs, ndim=1, least=1, most=LARGEST).astype(np.int64)
    if not points.size:
        raise ValueError(f"utilities: at least 1 ballot on 1 project was expected, not the shape {points.shape}")
    if points.shape[1] != len(price):
        raise ValueError(f"costs: one for each column of utilities, {points.shape[1]}, was expected, not {len(price)}")
    kinds, which = np.unique(points, axis=0, return_inverse=True)
    copies = np.bincount(which.ravel(), weights=how_many(counts, len(points)), minlength=len(kinds)).astype(np.int64)
    kinds, copies = kinds[copies > 0], copies[copies > 0]
    fund = _Fund(
        kinds, tuple(price.tolist()), whole("budget", budget), measure, completion, whole("unit", unit, least=1)
    )
    equal, added, units = _decided(fund, copies)
    funded, completed = np.zeros(len(price), bool), np.zeros(len(price), bool)
    funded[equal + added], completed[added] = True, True
    rank = np.where(funded, 1, len(price) + 1).astype(np.int64)
    recount = Recount(copies, partial(_funded_without, fund, copies), chosen=True)
    order = np.array(equal + added, np.int64)
    return EqualShares(funded, order, rank, completed, int(price[funded].sum()), units, recount)


def _decided(fund: _Fund, copies: Ints) -> tuple[list[int], list[int], int]:
    """Projects funded by equal shares, those of the greedy completion, and the units that were added."""
    votes = copies @ fund.utilities
    wanted = [project for project, sum_ in enumerate(votes.tolist()) if sum_]
    found, units = _equal(fund, copies, votes, 0), 0
    while fund.completion.startswith("add_unit") and _fits(fund, found, wanted):
        more = _equal(fund, copies, votes, units + 1)
        if sum(fund.costs[one] for one in more) > fund.budget:
            break
        found, units = more, units + 1
    added: list[int] = []
    if fund.completion.endswith("greedy"):

        def worth(project: int) -> Fraction:
            return Fraction(int(votes[project]), 1 if fund.measure == "cost" else fund.costs[project])

        left = fund.budget - sum(fund.costs[one] for one in found)
        for project in sorted(set(wanted) - set(found), key=lambda one: (-worth(one), one)):
            if fund.costs[project] <= left:
                added.append(project)
                left -= fund.costs[project]
    return found, added, units


def _fits(fund: _Fund, found: list[int], wanted: list[int]) -> bool:
    left = fund.budget - sum(fund.costs[one] for one in found)
    return any(fund.costs[one] <= left for one in wanted if one not in found)


def _equal(fund: _Fund, copies: Ints, votes: Ints, units: int) -> list[int]:
    """Projects in the order in which they are funded, each voter having budget / voters + units x unit.

    The price of a project never falls, so that what it was bounds what it is: only those whose bound is not above the best are
    priced again. Floats say which may be the cheapest; fractions say which is.
    """
    voters = int(copies.sum())
    purses = _Purses(fund, copies, [fund.budget + units * fund.unit * voters] * len(copies), voters)
    bound = {one: 0.0 for one, points in enumerate(votes.tolist()) if points}
    backers = {one: np.flatnonzero(fund.utilities[:, one]) for one in bound}
    found: list[int] = []
    while True:
        best = np.inf
        for project in sorted(bound, key=bound.__getitem__):
            if bound[project] > best or np.isinf(bound[project]):
                break
            bound[project], high = purses.about(project, backers[project])
            best = min(best, high)
        if np.isinf(best):
            return found
        near = {one: purses.price(one, backers[one]) for one, low in bound.items() if low <= best}
        worth = fund.costs if fund.measure == "cost" else [1] * len(fund.costs)
        chosen = min(near, key=lambda one: (near[one] / worth[one], one))
        purses.pay(chosen, backers[chosen], near[chosen])
        found.append(chosen)
        del bound[chosen]


class _Purses:
    """What each kind of voter has left: `has / scale` cents, whole numbers that grow, and `money`, the nearest floats."""

    def __init__(self, fund: _Fund, copies: Ints, has: list[int], scale: int) -> None:
        self.fund, self.copies, self.has, self.scale = fund, copies, has, scale
        self.money = np.array([one / scale for one in has])

    def about(self, project: int, backers: Ints) -> tuple[float, float]:
        """Between which floats the price for a unit of worth lies; infinite when the backers cannot pay the cost."""
        cost, points = self.fund.costs[project], self.fund.utilities[backers, project]
        each, left = self.copies[backers], self.money[backers]
        total = float(each @ left)
        if total < cost * (1 - 1e-9) or (total < cost * (1 + 1e-9) and not self._can_pay(cost, backers)):
            return np.inf, np.inf
        until = left / points
        order = np.argsort(until, kind="stable")
        rest = np.cumsum((each * points)[order][::-1])[::-1]
        price = (cost - np.concatenate([[0.0], np.cumsum((each * left)[order])[:-1]])) / rest
        enough = price <= until[order]
        first = int(np.argmax(enough)) if enough.any() else len(order) - 1  # none by a hair of rounding: they can pay
        spread = 8 * (len(order) + 4) * EPS * cost / float(rest[first])
        unit = cost if self.fund.measure == "cost" else 1
        return float(price[first] - spread) / unit, float(price[first] + spread) / unit

    def price(self, project: int, backers: Ints) -> Fraction:
        """The cents for a point, exactly, at which the backers pay the cost."""
        points, each = self.fund.utilities[backers, project].tolist(), self.copies[backers].tolist()
        common = lcm(*set(points))
        until = [self.has[kind] * (common // point) for kind, point in zip(backers.tolist(), points, strict=True)]
        missing = self.fund.costs[project] * self.scale
        rest = sum(point * times for point, times in zip(points, each, strict=True))
        poorest = iter(sorted(range(len(until)), key=until.__getitem__))
        place = next(poorest)
        while missing * common > until[place] * rest:  # pays all it has; since they can pay, not everybody does
            missing -= each[place] * self.has[int(backers[place])]
            rest -= each[place] * points[place]
            place = next(poorest)
        return Fraction(missing, rest * self.scale)

    def pay(self, project: int, backers: Ints, price: Fraction) -> None:
        paid = price * self.scale
        self.has = [one * paid.denominator for one in self.has]
        self.scale *= paid.denominator
        for kind, points in zip(backers.tolist(), self.fund.utilities[backers, project].tolist(), strict=True):
            self.has[kind] -= min(self.has[kind], paid.numerator * points)
            self.money[kind] = self.has[kind] / self.scale

    def _can_pay(self, cost: int, backers: Ints) -> bool:
        each = self.copies[backers].tolist()
        purses = (self.has[kind] * times for kind, times in zip(backers.tolist(), each, strict=True))
        return bool(sum(purses) >= cost * self.scale)


def _funded_without(fund: _Fund, copies: Ints, gone: Ints) -> Ints:
    found = np.full((len(gone), len(fund.costs)), len(fund.costs) + 1, np.int64)
    for row, ballots in enumerate(gone):
        left = copies.copy()
        np.subtract.at(left, ballots, 1)
        here = left > 0
        smaller = _Fund(fund.utilities[here], fund.costs, fund.budget, fund.measure, fund.completion, fund.unit)
        equal, added, _ = _decided(smaller, left[here])
        found[row, equal + added] = 1
    return found
