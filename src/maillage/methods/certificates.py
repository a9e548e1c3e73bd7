"""Checks an allocation, and every reason given to those who got nothing, without trusting how they were found.

It shares no code with `methods.allocation`: plain sets, counted. A refusal is proven by a set of groups that holds every group where
the household could live: the households of higher ranks that can live nowhere else (P. Hall, On representatives of subsets, 1935) leave in
it fewer places than this one needs.
"""

from __future__ import annotations

from collections.abc import Iterator

from maillage.methods.allocation import ALIKE, APART, QUOTA, Problem, Served
from maillage.methods.comfort import Settled


def faults(problem: Problem, found: Served) -> list[str]:
    """What does not hold, one sentence each; empty: every promise of `allocation.served` is kept."""
    reader = _Reader(problem, found)
    return [*reader.placement(), *reader.refusals()]


def discomfort_faults(problem: Problem, found: Served, settled: Settled, cost: list[list[int]]) -> list[str]:
    """What shows that another way of housing the same people would cost less, or that somebody else is served.

    At the prices everybody is where it is cheapest for them, and only full groups have a price: then no other way costs less.
    """
    reader, after = _Reader(problem, found), settled.group.tolist()
    if len(after) != len(reader.group) or len(settled.prices) != len(reader.capacity) or len(cost) != len(after):
        raise ValueError(f"settled, cost: {len(reader.group)} people were expected, not {len(after)} and {len(cost)}")
    said = [f"row {row}: served or not" for row, group in enumerate(after) if (group < 0) != (reader.group[row] < 0)]
    said += [f"row {row}: moved, though pinned" for row in reader.pinned if after[row] != reader.group[row]]
    prices = settled.prices.tolist()
    used = [0] * len(prices)
    for row, group in enumerate(after):
        if group >= 0:
            used[group] += reader.units(row, group)
    said += [f"group {group}: a price above nothing" for group, price in enumerate(prices) if price > 0]
    spare = [group for group, capacity in enumerate(reader.capacity) if used[group] < capacity]
    said += [f"group {group}: a price, and a place left" for group in spare if prices[group]]
    for row, group in enumerate(after):
        if group < 0 or row in reader.pinned:
            continue
        entered = (g for g in reader.could_move(row) if g not in reader.rooms or g in reader.tenants)
        least = min(cost[row][other] - prices[other] for other in entered)
        if cost[row][group] - prices[group] > least:
            said.append(f"row {row}: another group is cheaper")
    return said


class _Reader:
    """The problem and its answer as plain lists and sets."""

    def __init__(self, problem: Problem, found: Served) -> None:
        rows, groups = problem.options.shape
        if found.group.shape != (rows,) or found.closed.shape != (rows,) or found.sets.shape[1:] != (groups,):
            came = f"{found.group.shape}, {found.closed.shape}, {found.sets.shape}"
            raise ValueError(
                f"found: the answer to a problem of {rows} people, {groups} groups was expected, not {came}"
            )
        self.problem, self.found = problem, found
        self.options = [{column for column, may in enumerate(row) if may} for row in problem.options.tolist()]
        self.capacity: list[int] = problem.capacity.tolist()
        self.counted = None if problem.units is None else problem.units.tolist()
        self.group: list[int] = found.group.tolist()
        self.pinned = {row for row, is_so in enumerate(found.pinned.tolist()) if is_so}
        self.kind: list[int] = [0] * len(self.group) if problem.kind is None else problem.kind.tolist()
        self.rooms = (
            set() if problem.alike is None else {one for one, is_so in enumerate(problem.alike.tolist()) if is_so}
        )
        self.house: list[int] = list(range(len(self.capacity))) if problem.houses is None else problem.houses.tolist()
        self.quotas = [
            ({g for g, is_so in enumerate(one.groups.tolist()) if is_so}, {p for p, is_so in enumerate(one.people.tolist()) if is_so}, one.most)
            for one in problem.quotas
        ]  # fmt: skip
        self.tenants: dict[int, list[int]] = {}
        for row, group in enumerate(self.group):
            if group >= 0:
                self.tenants.setdefault(group, []).append(row)
        self._stuck: dict[frozenset[int], list[tuple[int, int]]] = {}

    def units(self, row: int, group: int) -> int:
        return self.counted[row][group] if self.counted else 1

    # ---- who is placed

    def placement(self) -> Iterator[str]:
        for group, rows in self.tenants.items():
            if sum(self.units(row, group) for row in rows) > self.capacity[group]:
                yield f"group {group}: more people than places"
            if group in self.rooms and len({self.kind[row] for row in rows}) > 1:
                yield f"group {group}: two kinds in one room"
            yield from (f"row {row}: may not be in group {group}" for row in rows if group not in self.options[row])
        for one, other in self.problem.apart:
            if -1 not in (self.group[one], self.group[other]) and self._same_house(one, other):
                yield f"rows {one} and {other}: under one roof"
        for scope, people, most in self.quotas:
            if sum(1 for row in people if self.group[row] in scope) > most:
                yield f"a quota of {most}: passed"

    def _same_house(self, one: int, other: int) -> bool:
        return self.house[self.group[one]] == self.house[self.group[other]]

    # ---- who is not

    def refusals(self) -> Iterator[str]:
        sets = [frozenset(column for column, is_in in enumerate(row) if is_in) for row in self.found.sets.tolist()]
        for row, group in enumerate(self.group):
            if group >= 0 or not self.options[row]:
                continue
            barred = self.found.barred.get(row, {})
            yield from (
                f"row {row}: nothing bars group {g}" for g, why in barred.items() if not self._bars(row, g, why)
            )
            number = int(self.found.closed[row])
            proven = sets[number] if number >= 0 else frozenset()
            if proven and not self._full(proven, row, 1):
                yield f"row {row}: a place can be had"
            together = self._together(row)
            for group_left in sorted(self.options[row] - set(barred)):
                if group_left not in (proven if self.units(row, group_left) == 1 else together):
                    yield f"row {row}: nothing is said of group {group_left}"

    def _together(self, row: int) -> set[int]:
        """Groups of which it is proven that not enough places could be freed at once."""
        proven = set()
        for held in self.found.together.get(row, ()):
            closed = frozenset(column for column in range(len(self.capacity)) if held.groups >> column & 1)
            if held.group in closed and self._full(closed, row, self.units(row, held.group)):
                proven.add(held.group)
        return proven

    def _full(self, closed: frozenset[int], row: int, units: int) -> bool:
        """Those ranked before who can live nowhere else leave fewer than `units` places in these groups."""
        before = sum(taken for other, taken in self._living_only_in(closed) if other < row)
        return sum(self.capacity[group] for group in closed) - before < units

    def _living_only_in(self, closed: frozenset[int]) -> list[tuple[int, int]]:
        """Households of this set that cannot leave it, and the places that they take."""
        if closed not in self._stuck:
            found = self._stuck[closed] = []
            for row, group in enumerate(self.group):
                if group in closed and (row in self.pinned or self.could_move(row) <= closed):
                    found.append((row, self.units(row, group)))
        return self._stuck[closed]

    def could_move(self, row: int) -> set[int]:
        """The groups of one place where this household may be, beside those who are in the rooms and stay."""
        single = {group for group in self.options[row] if self.units(row, group) == 1}
        return {group for group in single if group not in self.rooms or self._of_my_kind(row, group)}

    def _of_my_kind(self, row: int, group: int) -> bool:
        return all(self.kind[one] == self.kind[row] for one in self.tenants.get(group, ()))

    def _bars(self, row: int, group: int, why: str) -> bool:
        """What stood in the way was there before: put there by people of higher ranks."""
        before = [one for one in self.tenants.get(group, ()) if one < row]
        if why == ALIKE:
            return group in self.rooms and any(self.kind[one] != self.kind[row] for one in before if one in self.pinned)
        if why == APART:
            others = {b if a == row else a for a, b in self.problem.apart if row in (a, b)}
            return any(
                one < row and self.group[one] >= 0 and self.house[self.group[one]] == self.house[group]
                for one in others
            )
        return why == QUOTA and any(
            group in scope
            and row in people
            and sum(1 for one in people if one < row and self.group[one] in scope) >= most
            for scope, people, most in self.quotas
        )
