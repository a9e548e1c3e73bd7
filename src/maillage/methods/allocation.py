"""Who gets a place: strict priority and augmenting paths, never a score.

The sets of people who can be housed together form a transversal matroid (J. Edmonds, D. R. Fulkerson, Transversals and matroid
partition, 1965), and taking people in the order of their rank, each time that the set can still be housed, gives the best set for
every weight that falls along that order (J. Edmonds, Matroids and the greedy algorithm, 1971). Whether it can is an augmenting path
(C. Berge, 1957): somebody placed before may be moved, never put out. So nobody who could be housed is passed over for somebody of a
lower rank, and no place that can be filled stays empty.

Places that are alike are one group, and a set of groups is the bits of one integer. A search that fails proves its set of groups
closed: full, of people ranked before, none of whom can leave it. Nobody enters it again, so at most as many searches fail as there
are groups, and that set is the certificate of everyone who could only live there (`methods.certificates` checks it).

Beyond the matroid, deterministic: whoever brings a restriction into a house stays where they were put (`pinned`), so that what
stood in somebody's way was always there before them: a household over several places of one group, two people kept apart,
the first in a room of one kind, a member of a class with a quota.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from maillage.methods.arguments import whole

Table = NDArray[np.bool_]  # (people, groups)
Numbers = NDArray[np.int64]

ALIKE, APART, QUOTA = "alike", "apart", "quota"  # what may bar a group from somebody who could occupy it
NOBODY: Final = -1  # the kind of a room that nobody has entered


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `most` households of a class in these groups together."""

    groups: NDArray[np.bool_]  # (groups,)
    people: NDArray[np.bool_]  # (people,)
    most: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Rows are households, the one of the first rank first; columns are groups of free places that are alike.

    `units`: how many places of that group the household takes (None: one of each). `alike`: groups, each one room, whose people
    must all be of one `kind`. `houses`: the house of each group, for the pairs of rows that are kept `apart`.
    """

    options: Table
    capacity: Numbers
    units: Numbers | None = None
    alike: NDArray[np.bool_] | None = None
    kind: Numbers | None = None
    houses: Numbers | None = None
    apart: Sequence[tuple[int, int]] = ()
    quotas: Sequence[Quota] = ()

    @property
    def is_matroid(self) -> bool:
        several = self.units is not None and bool((self.units[self.options] > 1).any())
        rooms = self.alike is not None and bool(self.alike.any())
        return not (several or rooms or self.apart or self.quotas)


@dataclass(frozen=True, slots=True)
class Held:
    """Of one group, several places together: of the closed set `groups` (bits) only `freed` could be freed in that group."""

    group: int
    groups: int
    freed: int


@dataclass(frozen=True, slots=True)
class Served:
    """`group` (people,): the column, -1 when not served. `pinned`: those who may not be moved afterwards.

    For everyone who has options and no place: `closed` (people,) is a row of `sets` (n, groups), the groups that they could reach even
    by moving others, all full of people ranked before them (-1: no such set is needed); `together` and `barred` say
    the rest: where several places together were not to be had, and which groups a restriction took away.
    """

    group: Numbers
    pinned: NDArray[np.bool_]
    closed: Numbers
    sets: Table
    together: dict[int, list[Held]] = field(default_factory=dict)
    barred: dict[int, dict[int, str]] = field(default_factory=dict)


def served(problem: Problem) -> Served:
    """The people who get a place, and where they could be: the lexicographically best set, with proofs for all the others.

    Exact, and of the largest size, when `problem.is_matroid`; else each household gets a place when it can be had without
    unserving anybody ranked before and without moving the pinned. Which group of several is left to `methods.comfort`.
    """
    check(problem)
    run = _Run(problem)
    for row in range(len(problem.options)):
        if row in run.special:
            run.insert_special(row)
        else:
            run.insert(row)
    return _told(run, problem)


def check(problem: Problem) -> None:
    """`ValueError` with the name of what cannot be, what was expected and what came."""
    if problem.options.ndim != 2 or problem.options.dtype != np.bool_:
        came = f"{problem.options.dtype} of the shape {problem.options.shape}"
        raise ValueError(f"options: True and False, (people, groups), were expected, not {came}")
    rows, groups = problem.options.shape
    _is("capacity", problem.capacity, (groups,), "iu", least=0)
    _is("units", problem.units, (rows, groups), "iu", least=0)
    _is("alike", problem.alike, (groups,), "b")
    _is("kind", problem.kind, (rows,), "iu")
    _is("houses", problem.houses, (groups,), "iu")
    for quota in problem.quotas:
        _is("quotas.groups", quota.groups, (groups,), "b")
        _is("quotas.people", quota.people, (rows,), "b")
        whole("quotas.most", quota.most)
    for one, other in problem.apart:
        if one == other or not 0 <= min(one, other) <= max(one, other) < rows:
            raise ValueError(f"apart: two different rows below {rows} were expected, not {one} and {other}")


def _is(name: str, value: NDArray[Any] | None, shape: tuple[int, ...], kinds: str, least: int | None = None) -> None:
    if value is None:
        return
    if value.shape != shape or (value.size and value.dtype.kind not in kinds):
        what = "True and False" if kinds == "b" else "whole numbers"
        raise ValueError(f"{name}: {what} of the shape {shape} were expected, not {value.dtype} of {value.shape}")
    if least is not None and (value < least).any():
        raise ValueError(f"{name}: at least {least} was expected, not {value.min()}")


def masks(table: Table) -> list[int]:
    """Each row as the bits of one integer, the first column lowest."""
    width = (table.shape[1] + 7) // 8
    octets = np.packbits(table, axis=1, bitorder="little").tobytes()
    read = int.from_bytes
    return [read(octets[width * row : width * (row + 1)], "little") for row in range(table.shape[0])]


def bits(mask: int) -> Iterator[int]:
    """The columns of a mask, the lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class _Run:
    """Who is where while people are taken in, one after the other."""

    def __init__(self, problem: Problem) -> None:
        rows, groups = problem.options.shape
        several = np.zeros_like(problem.options) if problem.units is None else problem.options & (problem.units > 1)
        self.problem = problem
        self.options = masks(problem.options & ~several)  # of one place
        self.wide = masks(several) if problem.units is not None and several.any() else None
        self.left: list[int] = problem.capacity.tolist()  # places
        self.free = sum(1 << group for group in range(groups) if self.left[group])
        self.dead = 0  # closed sets: full for ever
        self.inside: list[list[int]] = [[] for _ in range(groups)]  # who may still be moved
        self.moves = [0] * groups  # where they could go
        self.group = [-1] * rows
        self.pinned: set[int] = set()
        self.together: dict[int, list[Held]] = {}
        self.barred: dict[int, dict[int, str]] = {}
        self._rooms(problem)
        self._special(problem)

    def _rooms(self, problem: Problem) -> None:
        rooms = () if problem.alike is None else np.flatnonzero(problem.alike).tolist()
        kinds = (
            [0] * len(self.group) if problem.kind is None else np.unique(problem.kind, return_inverse=True)[1].tolist()
        )
        self.kind: list[int] = kinds
        self.room = dict.fromkeys(rooms, NOBODY)  # the kind of who is in it
        self.unentered = sum(1 << group for group in rooms)
        entering = (
            () if problem.alike is None else np.flatnonzero(problem.options[:, problem.alike].any(axis=1)).tolist()
        )
        self.of_kind = Counter(kinds[row] for row in entering)  # who might enter a room
        self.closed_to = [0] * (max(kinds, default=0) + 1)  # by kind: rooms of others

    def _special(self, problem: Problem) -> None:
        """Those who cannot be taken in by the short way."""
        self.apart: dict[int, set[int]] = {}
        for one, other in problem.apart:
            self.apart.setdefault(one, set()).add(other)
            self.apart.setdefault(other, set()).add(one)
        self.quotas: list[tuple[int, set[int], int]] = [
            (masks(one.groups.reshape(1, -1))[0], set(np.flatnonzero(one.people).tolist()), one.most)
            for one in problem.quotas
        ]
        self.houses: dict[int, int] = {}
        for group, house in enumerate([] if problem.houses is None else problem.houses.tolist()):
            self.houses[house] = self.houses.get(house, 0) | 1 << group
        self.stays = set(self.apart).union(*(people for _, people, _ in self.quotas))
        wide = {row for row, mask in enumerate(self.wide or ()) if mask}
        self.special = self.stays | wide

    # ---- the short way: one place, no restriction of one's own

    def now(self, row: int) -> int:
        """Groups in which this household may be at this moment."""
        return self.options[row] & ~self.closed_to[self.kind[row]]

    def insert(self, row: int) -> bool:
        return self._take(row, self.now(row) & ~self.dead, stays=False)

    def _take(self, row: int, wanted: int, *, stays: bool) -> bool:
        """One place in one of the groups `wanted`, after moving others when it must be."""
        if not wanted:
            return False
        if found := wanted & self.free:
            group = self._best(found, row)
        else:
            chain, seen = self.search(wanted, self.free)
            if not chain:
                self.dead |= seen
                return False
            self.shift(chain)
            group = chain[0]
        self.enter(row, group, 1, stays=stays)
        return True

    def _best(self, found: int, row: int) -> int:
        """A room that nobody has entered is opened last, since it shuts out the other kinds: the one whose size fits its kind best."""
        if chosen := found & ~self.unentered:
            return (chosen & -chosen).bit_length() - 1
        waiting = self.of_kind[self.kind[row]]
        return min(bits(found), key=lambda room: (self.left[room] < waiting, abs(self.left[room] - waiting), room))

    def _first(self, found: int) -> int:
        chosen = found & ~self.unentered or found
        return (chosen & -chosen).bit_length() - 1

    def search(self, start: int, free: int) -> tuple[list[int], int]:
        """The shortest chain of moves from a group of `start` to one of `free`; else no chain, and the closed set that was seen."""
        came: dict[int, int] = {}
        seen, moves, dead = start, self.moves, self.dead
        waiting = list(bits(start))
        for group in waiting:
            fresh = moves[group] & ~(seen | dead)
            if not fresh:
                continue
            if hit := fresh & free:
                chain = [self._first(hit), group]
                while group in came:
                    group = came[group]
                    chain.append(group)
                return chain[::-1], seen
            seen |= fresh
            for other in bits(fresh):
                came[other] = group
                waiting.append(other)
        return [], seen

    def shift(self, chain: Sequence[int]) -> list[tuple[int, int]]:
        """Somebody of each group of the chain moves to the next; a place comes free in the first. Who was where before."""
        moved = []
        for source, target in zip(chain[-2::-1], chain[:0:-1], strict=True):
            row = next(one for one in self.inside[source] if self.now(one) >> target & 1)
            self.inside[source].remove(row)
            self._remember(source)
            self.left[source] += 1
            self.free |= 1 << source
            moved.append((row, source))
            self.enter(row, target, 1, stays=False)
        return moved

    def _remember(self, group: int) -> None:
        """Where those inside could go."""
        found = 0
        for row in self.inside[group]:
            found |= self.now(row)
        self.moves[group] = found

    def enter(self, row: int, group: int, units: int, *, stays: bool) -> None:
        self.group[row] = group
        self.left[group] -= units
        if not self.left[group]:
            self.free &= ~(1 << group)
        if self.unentered >> group & 1:
            self._open_room(row, group)
            stays = True
        if stays:
            self.pinned.add(row)
        else:
            self.inside[group].append(row)
            self.moves[group] |= self.now(row)

    def _open_room(self, row: int, group: int) -> None:
        """A room takes the kind of the first: shut to every other kind, also to those who could have moved there."""
        self.room[group] = kind = self.kind[row]
        self.unentered &= ~(1 << group)
        self.closed_to = [shut if one == kind else shut | 1 << group for one, shut in enumerate(self.closed_to)]
        for other in range(len(self.inside)):
            self._remember(other)

    # ---- the long way: households over several places, people kept apart, quotas

    def insert_special(self, row: int) -> bool:
        """As `insert`, within what restrictions leave; then several places together, group by group."""
        everywhere = self.options[row] | (self.wide[row] if self.wide else 0)
        allowed = everywhere & ~self._bars(row, everywhere)
        stays = row in self.stays
        if self._take(row, self.options[row] & allowed & ~self.dead, stays=stays) or self._together(row, allowed):
            self.barred.pop(row, None)
            return True
        return False

    def _bars(self, row: int, everywhere: int) -> int:
        """The groups that a restriction takes from this household now; noted, for its certificate."""
        causes: dict[int, str] = {}
        for group in bits(everywhere & self.closed_to[self.kind[row]]):
            causes[group] = ALIKE
        for scope, people, most in self.quotas:
            if row in people and self._count(people, scope) >= most:
                causes |= dict.fromkeys(bits(everywhere & scope), QUOTA)
        for other in self.apart.get(row, ()):
            if self.group[other] >= 0:
                causes |= dict.fromkeys(bits(everywhere & self._house(self.group[other])), APART)
        if causes:
            self.barred[row] = causes
        return sum(1 << group for group in causes)

    def _count(self, people: set[int], scope: int) -> int:
        return sum(scope >> self.group[one] & 1 for one in people & self.pinned)

    def _house(self, group: int) -> int:
        return next((mask for mask in self.houses.values() if mask >> group & 1), 1 << group)

    def _together(self, row: int, allowed: int) -> bool:
        """Several places of one group, the first group where they can be freed."""
        assert self.problem.units is not None or not self.wide
        for group in bits(self.wide[row] & allowed if self.wide else 0):
            units = int(self.problem.units[row, group])  # type: ignore[index]
            held = self._free_up(group, units)
            if held is None:
                self.enter(row, group, units, stays=True)
                self.together.pop(row, None)
                return True
            self.together.setdefault(row, []).append(held)
        return False

    def _free_up(self, group: int, units: int) -> Held | None:
        """`units` places free in that group, by moving others; else everything as it was, and the closed set that says why."""
        if units > self.problem.capacity[group]:
            return Held(group, 1 << group, 0)
        before = self._kept()
        moved: list[tuple[int, int]] = []
        while self.left[group] < units:
            chain, seen = self.search(1 << group, self.free & ~(1 << group))
            if not chain:
                held = Held(group, self._closure(seen), self.left[group])
                self._restore(before, moved)
                return held
            moved += self.shift(chain)
        return None

    def _closure(self, seen: int) -> int:
        """With what can be reached through sets that were closed before."""
        waiting = list(bits(seen))
        for group in waiting:
            fresh = self.moves[group] & ~seen
            seen |= fresh
            waiting.extend(bits(fresh))
        return seen

    def _kept(self) -> tuple[object, ...]:
        copies = [list(one) for one in self.inside]
        return (
            self.left[:], self.free, copies, self.moves[:], self.unentered, self.closed_to[:], dict(self.room), set(self.pinned),
        )  # fmt: skip

    def _restore(self, kept: tuple[object, ...], moved: Sequence[tuple[int, int]]) -> None:
        (
            self.left, self.free, self.inside, self.moves, self.unentered, self.closed_to, self.room, self.pinned,
        ) = kept  # type: ignore[assignment]  # fmt: skip
        for row, group in reversed(moved):
            self.group[row] = group


# ---- proofs


def _told(run: _Run, problem: Problem) -> Served:
    """The result as arrays, and for each refused household the smallest closed set that holds its options."""
    group = np.array(run.group, np.int64)
    pinned = np.zeros(len(group), np.bool_)
    pinned[list(run.pinned)] = True
    refused = np.flatnonzero((group < 0) & problem.options.any(axis=1))
    asked = problem.options[refused]
    for at, row in enumerate(refused.tolist()):
        if row in run.special or problem.alike is not None:
            asked[at] = _open(run, row, problem)
    closed = np.full(len(group), -1, np.int64)
    sets, number = _closures(asked, _reach(run, problem.options.shape[1]))
    closed[refused] = np.where(asked.any(axis=1), number, -1)
    return Served(
        group, pinned, closed, sets, {row: run.together[row] for row in run.together if run.group[row] < 0}, run.barred
    )


def _open(run: _Run, row: int, problem: Problem) -> NDArray[np.bool_]:
    """The groups of one place that nothing barred; those that were shut by the kind of a room are noted."""
    shut = run.closed_to[run.kind[row]]
    for group in bits(run.options[row] & shut):
        run.barred.setdefault(row, {}).setdefault(group, ALIKE)
    width = problem.options.shape[1]
    mask = run.options[row] & ~sum(1 << group for group in run.barred.get(row, ()))
    found: NDArray[np.bool_] = np.array([mask >> group & 1 for group in range(width)], np.bool_)
    return found


def _reach(run: _Run, groups: int) -> NDArray[np.uint64]:
    """For each group the groups that can be reached from it by moving people (S. Warshall, A theorem on Boolean matrices, 1962)."""
    words = (groups + 63) // 64 or 1
    raw = b"".join((move | 1 << group).to_bytes(words * 8, "little") for group, move in enumerate(run.moves))
    reach = np.frombuffer(raw, np.uint64).reshape(groups, words).copy()
    for group in range(groups):
        leads = (reach[:, group >> 6] >> np.uint64(group & 63)) & np.uint64(1)
        reach[leads.astype(np.bool_)] |= reach[group]
    return reach


def _closures(asked: Table, reach: NDArray[np.uint64]) -> tuple[Table, Numbers]:
    """The distinct unions of `reach` over the options of each row, and which of them is whose."""
    rows, groups = asked.shape
    octets = np.packbits(asked, axis=1, bitorder="little")
    found = np.zeros((rows, reach.shape[1]), np.uint64)
    for at in range(octets.shape[1]):  # eight groups at a time, all their unions made once
        unions = np.zeros((256, reach.shape[1]), np.uint64)
        for bit in range(min(8, groups - 8 * at)):
            unions[1 << bit : 2 << bit] = unions[: 1 << bit] | reach[8 * at + bit]
        found |= unions[octets[:, at]]
    keys = np.ascontiguousarray(found).view(np.dtype((np.void, found.shape[1] * 8))).ravel()
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    sets = np.unpackbits(found[first].view(np.uint8), axis=1, count=groups, bitorder="little").astype(np.bool_)
    return sets, number.astype(np.int64)
