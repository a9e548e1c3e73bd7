"""From a snapshot to its lines: the same snapshot, rules and seed give the same lines, byte for byte. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from maillage.methods.allocation import Held, Served, served
from maillage.methods.certificates import faults
from maillage.methods.comfort import settled
from maillage.places.engine.arrays import Read, read
from maillage.places.engine.frozen import canonical, digest, order

PLACED, NOT_SERVED, NO_OPTION = "placed", "not_served", "no_option"
FEW: Final = 5  # fewer households than this are not counted in a certificate, nor is the last of them described
DEFAULT_ORDER: Final = ["absolute", "tier", "waited", "number"]


@dataclass(frozen=True, slots=True)
class Line:
    """One request: `group` is the UUID of the group that is proposed, "" when none. `room`: of one gender."""

    number: int
    rank: int
    outcome: str
    group: str
    certificate: dict[str, Any]

    def told(self) -> list[Any]:
        return [self.number, self.rank, self.outcome, self.group, self.certificate]


@dataclass(frozen=True, slots=True)
class Decided:
    lines: tuple[Line, ...]  # by rank

    @property
    def octets(self) -> bytes:
        return canonical([line.told() for line in self.lines])

    @property
    def hash(self) -> str:
        return digest(self.octets)


def plain(snapshot: Mapping[str, Any]) -> Any:
    """As it will be read again: what was never written is never decided on."""
    return json.loads(canonical(snapshot))


def decide(snapshot: Mapping[str, Any], content: Mapping[str, Any], seed: str) -> Decided:
    """One line for each request of the snapshot (`plain`)."""
    requests = ranked(snapshot, content, seed)
    known = read(snapshot, requests, content)
    found = served(known.problem)
    group = settled(known.problem, found, known.cost).group
    teller = _Teller(snapshot, requests, known, found, group.tolist())
    return Decided(tuple(teller.line(row) for row in range(len(requests))))


def ranked(snapshot: Mapping[str, Any], content: Mapping[str, Any], seed: str) -> list[Any]:
    keys = list(content.get("order") or DEFAULT_ORDER)
    return [snapshot["requests"][index] for index in order(snapshot["requests"], keys, seed)]


class _Teller:
    """Says of each request what became of it, and why; numbers about others only when they are many."""

    def __init__(
        self, snapshot: Mapping[str, Any], requests: Sequence[Any], known: Read, found: Served, group: list[int]
    ) -> None:
        self.snapshot, self.requests, self.known, self.found, self.group = snapshot, requests, known, found, group
        self.capacity = known.problem.capacity
        self.sets = [self._set(row) for row in found.sets]

    def _set(self, columns: Any) -> dict[str, Any]:
        """What is said of a closed set: its places, and the last household that has one, when there are enough of them."""
        inside = np.flatnonzero(np.isin(self.group, np.flatnonzero(columns)))
        said: dict[str, Any] = {"reach": _hex(columns), "chain": int(self.capacity[columns].sum())}
        if len(inside) < FEW:
            return said | {"few": True}
        last = self.requests[int(inside.max())]
        return said | {
            "before": len(inside),
            "last": {"tier": last["tier_code"], "days": last["days"], "rank": int(inside.max()) + 1},
        }

    def line(self, row: int) -> Line:
        number, cell = self.requests[row]["number"], self.group[row]
        if cell >= 0:
            return Line(number, row + 1, PLACED, self.snapshot["cells"][cell]["group"], self._placed(row, cell))
        if self.known.problem.options[row].any():
            return Line(number, row + 1, NOT_SERVED, "", self._refused(row))
        return Line(number, row + 1, NO_OPTION, "", {"against": self._against(row)})

    def _placed(self, row: int, cell: int) -> dict[str, Any]:
        said: dict[str, Any] = {"cell": cell}
        if room := self.snapshot["cells"][cell]["room"]:
            said["room"] = room
        if self.found.pinned[row]:
            said["pinned"] = True
        if self.known.verify[row, self.known.group_of[cell]]:
            said["verify"] = True
        return said

    def _refused(self, row: int) -> dict[str, Any]:
        options = self.known.problem.options[row]
        said: dict[str, Any] = {"places": int(self.capacity[options].sum())}
        if (number := int(self.found.closed[row])) >= 0:
            said |= self.sets[number]
        if barred := self.found.barred.get(row):
            causes = sorted(set(barred.values()))
            said["barred"] = {
                why: format(sum(1 << cell for cell in barred if barred[cell] == why), "x") for why in causes
            }
        if together := self.found.together.get(row):
            said["together"] = [[held.group, format(held.groups, "x"), held.freed] for held in together]
        if against := self._against(row):
            said["against"] = against
        return said

    def _against(self, row: int) -> dict[str, int]:
        """Groups of the list that are none for them, by the first cause."""
        told: dict[str, int] = {}
        left = np.ones(len(self.capacity), np.bool_)
        for cause, table in self.known.why.items():
            taken = table[row] & left
            if taken.any():
                told[cause] = len(np.unique(self.known.group_of[taken]))
                left &= ~taken
        return told


def _hex(columns: Any) -> str:
    return format(sum(1 << int(column) for column in np.flatnonzero(columns)), "x")


# ---- checked


def verify(snapshot: Mapping[str, Any], content: Mapping[str, Any], seed: str, lines: Sequence[Line]) -> list[str]:
    """What does not hold in these lines, read by the checker alone: nobody's rank, place or refusal is taken on trust."""
    requests = ranked(snapshot, content, seed)
    if [line.number for line in lines] != [one["number"] for one in requests]:
        return ["the ranks are not those that the rules give"]
    known = read(snapshot, requests, content)
    problem = known.problem
    width = len(problem.capacity)
    said = [line.certificate for line in lines]
    reaches = sorted({one["reach"] for one in said if "reach" in one})
    sets = np.array([[int(reach, 16) >> column & 1 for column in range(width)] for reach in reaches], np.bool_)
    found = Served(
        np.array([one.get("cell", -1) for one in said], np.int64),
        np.array([one.get("pinned", False) for one in said], np.bool_),
        np.array([reaches.index(one["reach"]) if "reach" in one else -1 for one in said], np.int64),
        sets.reshape(len(reaches), width),
        _together(said),
        _barred(said, width),
    )
    return [*faults(problem, found), *_outcomes(lines, known)]


def _together(said: Sequence[Mapping[str, Any]]) -> dict[int, list[Any]]:
    return {
        row: [Held(group, int(groups, 16), freed) for group, groups, freed in one["together"]]
        for row, one in enumerate(said) if "together" in one
    }  # fmt: skip


def _barred(said: Sequence[Mapping[str, Any]], width: int) -> dict[int, dict[int, str]]:
    return {
        row: {cell: why for why, cells in one["barred"].items() for cell in range(width) if int(cells, 16) >> cell & 1}
        for row, one in enumerate(said) if "barred" in one
    }  # fmt: skip


def _outcomes(lines: Sequence[Line], known: Read) -> list[str]:
    wrong = []
    for row, line in enumerate(lines):
        options = bool(known.problem.options[row].any())
        right = PLACED if "cell" in line.certificate else NOT_SERVED if options else NO_OPTION
        if line.outcome != right:
            wrong.append(f"row {row}: {line.outcome} is said")
    return wrong
