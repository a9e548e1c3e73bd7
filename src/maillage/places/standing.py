"""Where everybody of a list stands at this moment, ready for a page that looks every few seconds.

The order is the list's own (`RuleSet.content["order"]`), judged by `clock`. A list of 20,000 takes a second to judge from the
first; what was judged is kept in memory and only what is new, or has come due (an assessment ends, waiting lifts somebody a
tier), is judged again. Two tables that are only added to tell what is new: assessments and the events of clocks. Nothing is
decided from here: who gets a place is asked of the database when it is given.
"""

from __future__ import annotations

import gc
import json
import time
from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np
from django.db import connection
from django.db.models import CharField, DateTimeField, F, TextField, Value
from django.db.models.functions import Cast
from numpy.typing import NDArray

from maillage.places import clock
from maillage.places.models import Assessment, ClockEvent

ORDER: Final = ("absolute", "tier", "waited", "number")
OVERLAP: Final = 100  # keys read again: two transactions may end in another order than they began
KEPT: Final = (
    600.0  # seconds: a long import may end behind many others; then everything is read again (PostgreSQL only)
)
MOST_LISTS: Final = 16  # kept in memory
MANY: Final = 5_000
NEVER: Final = float("inf")


Row = tuple[int, int, str, str]  # as Open: 20,000 plain tuples come straight from a query


class Open(NamedTuple):
    """An open request, as one light query gives it."""

    pk: int
    number: int
    public: str
    evidence: str  # JSON


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands, and why: `rank` 1 is the next one. `days`: whole days waited. `paused`: why their clock is still."""

    pk: int
    rank: int
    tier: clock.Tiered
    reasons: tuple[str, ...]
    days: int
    absolute: tuple[str, ...]
    paused: tuple[str, ...]


@dataclass(slots=True)
class Line:
    """What was written about one request: its clock, and how urgent it was judged."""

    events: list[clock.Event] = field(default_factory=list)
    judged: list[Reasoned] = field(default_factory=list)
    # as judged last
    tier: clock.Tiered | None = None
    since: float = 0.0  # a running clock: the moment from which it would have run without a pause
    still: float = -1.0  # a clock that stands still: seconds waited; -1: it runs
    paused: tuple[str, ...] = ()
    due: float = NEVER  # when it must be judged again

    def judge(self, tiers: Sequence[Mapping[str, Any]], *, at: datetime) -> None:
        moment = at.timestamp()
        if len(self.events) == 1 and self.events[0].kind == clock.START and self.events[0].at <= at:
            waited, state, self.paused = at - self.events[0].at, clock.RUNNING, ()  # most: no need to look further
        else:
            waited = clock.waited(self.events, at=at)
            state, self.paused = clock.now(self.events, at=at)
        self.still = -1.0 if state == clock.RUNNING else waited.total_seconds()
        self.since = moment - waited.total_seconds()
        self.tier = clock.tier_now(self.judged, tiers, waited=waited, at=at)
        due = [one.at.timestamp() for one in self.events if one.at > at]
        due += [one.made_at.timestamp() for one in self.judged if one.made_at > at]
        due += [one.valid_until.timestamp() for one in self.judged if one.valid_until and one.valid_until > at]
        if self.tier.next_after is not None and self.still < 0:
            due.append(self.since + self.tier.next_after.total_seconds())
        self.due = min(due, default=NEVER)

    def waited(self, moment: float) -> float:
        return self.still if self.still >= 0 else moment - self.since

    def reasons(self, tiers: Sequence[Mapping[str, Any]], *, at: datetime) -> tuple[str, ...]:
        found = clock.judged(self.judged, tiers, at=at)
        return found.reasons if isinstance(found, Reasoned) else ()


class Reasoned(NamedTuple):
    """An assessment without its row, with its reasons."""

    made_at: datetime
    pk: int
    tier: str
    valid_until: datetime | None
    reasons: tuple[str, ...]


class Columns:
    """What was judged of each request, as columns: 20,000 are put in order in a few milliseconds."""

    def __init__(self) -> None:
        self.index: dict[int, int] = {}
        self.keys = np.zeros(0, np.int64)
        self.rows = np.zeros((0, 4))  # tier, since, still, due: as in Line
        self.sorted: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None

    def put(self, key: int, line: Line) -> None:
        index = self.index.setdefault(key, len(self.index))
        if index >= len(self.keys):
            more = max(len(self.keys), 64)
            self.keys = np.concatenate([self.keys, np.zeros(more, np.int64)])
            self.rows = np.concatenate([self.rows, np.full((more, 4), NEVER)])
        if self.keys[index] != key:
            self.keys[index], self.sorted = key, None
        self.rows[index] = (line.tier.index if line.tier else 0, line.since, line.still, line.due)

    def due(self, moment: float) -> list[int]:
        """Those that must be judged again."""
        size = len(self.index)
        found: list[int] = self.keys[:size][self.rows[:size, 3] <= moment].tolist()
        return found

    def of(
        self, keys: NDArray[np.int64], moment: float, unknown: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(tier, seconds waited) of each; what is not known: that tier, nothing."""
        tier, waited = np.full(len(keys), float(unknown)), np.zeros(len(keys))
        if not self.index:
            return tier, waited
        if self.sorted is None:
            known = self.keys[: len(self.index)]
            order = np.argsort(known)
            self.sorted = known[order], order
        known, order = self.sorted
        spot = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        there = known[spot] == keys
        rows = self.rows[order[spot[there]]]
        tier[there] = rows[:, 0]
        waited[there] = np.where(rows[:, 2] >= 0, rows[:, 2], moment - rows[:, 1])
        return tier, waited


class Memory:
    """The standing of one list under one version of its rules."""

    def __init__(self, waiting_list: int, content: Mapping[str, Any]) -> None:
        self.waiting_list, self.content = waiting_list, content
        self.tiers: Sequence[Mapping[str, Any]] = content.get("tiers") or ()
        self.absolute = {str(one["code"]) for one in content.get("absolute") or ()}
        self.lines: dict[int, Line] = {}
        self.columns = Columns()
        self.seen = {"clock": 0, "judged": 0}
        self.known: set[tuple[str, int]] = set()  # keys of the overlap
        self.lock = Lock()
        self.born = time.monotonic()

    def is_old(self) -> bool:
        return connection.vendor == "postgresql" and time.monotonic() - self.born > KEPT

    def learn(self, *, at: datetime) -> None:
        """One query: what was written since the last time; and whatever has come due is judged again."""
        touched: set[int] = set()
        fresh: set[tuple[str, int]] = set()
        for source, pk, request, word, moment, text, until in self._news():
            fresh.add((source, pk))
            self.seen[source] = max(self.seen[source], pk)
            if (source, pk) in self.known:
                continue
            line = self.lines.setdefault(request, Line())
            if source == "clock":
                insort(line.events, clock.Event(word, moment, text), key=lambda event: event.at)
            else:
                insort(line.judged, Reasoned(moment, pk, word, until, tuple(json.loads(text))))
            touched.add(request)
        self.known = {(source, pk) for source, pk in fresh | self.known if pk > self.seen[source] - OVERLAP}
        now = at.timestamp()
        for pk in sorted(touched.union(self.columns.due(now))):
            self.lines[pk].judge(self.tiers, at=at)
            self.columns.put(pk, self.lines[pk])
        if len(touched) > MANY:  # it stays: the collector of garbage need not walk over it at each look
            gc.collect()
            gc.freeze()

    def _news(self) -> Iterable[tuple[str, int, int, str, datetime, str, datetime | None]]:
        texts, moments = CharField(), DateTimeField(null=True)
        events, judged = (
            rows.filter(pk__gt=seen - OVERLAP) if seen else rows.filter(request__waiting_list=self.waiting_list)
            for rows, seen in ((ClockEvent.objects, self.seen["clock"]), (Assessment.objects, self.seen["judged"]))
        )  # later, those of other lists come with them, and harm nobody: a join would read the whole list again
        columns = ("source", "pk", "request_id", "word", "moment", "text", "until")
        one = events.annotate(
            source=Value("clock", texts), word=F("kind"), moment=F("at"), text=F("reason"), until=Cast(Value(None), moments)
        ).values_list(*columns)  # fmt: skip
        two = judged.annotate(
            source=Value("judged", texts), word=F("tier"), moment=F("made_at"), text=Cast("reasons", TextField()),
            until=F("valid_until"),
        ).values_list(*columns)  # fmt: skip
        return one.union(two, all=True)

    def order(self, rows: Sequence[Row], *, lots: Mapping[int, int], at: datetime) -> list[int]:
        """Indices of `rows`, the next one first. `lots`: request -> rank in tonight's draw; whoever has none comes after."""
        if not rows:
            return []
        size, moment = len(rows), at.timestamp()
        unknown = (
            len(self.tiers) - 1 if self.tiers else 0
        )  # nothing was written about them: the last tier, no time waited
        tier, waited = self.columns.of(np.fromiter((row[0] for row in rows), np.int64, size), moment, unknown)
        number = np.fromiter((row[1] for row in rows), np.int64, size)
        absolute, lot = np.ones(size), np.full(size, 2**53)
        for index, row in enumerate(rows) if self.absolute else ():
            if row[3] != "[]" and self.proofs(row):
                absolute[index] = 0
        for index, row in enumerate(rows) if lots else ():
            lot[index] = lots.get(row[0], 2**53)
        keys = {"absolute": absolute, "tier": tier, "waited": -waited, "number": number, "lot": lot}
        columns = [keys[name] for name in (*(self.content.get("order") or ORDER), "number") if name in keys]
        found: list[int] = np.lexsort(columns[::-1]).tolist()
        return found

    def _unknown(self, pk: int, *, at: datetime) -> Line:
        """Nothing was written about them: their clock stands still, their tier is the last."""
        line = Line()
        line.judge(self.tiers, at=at)
        return line

    def proofs(self, row: Row) -> tuple[str, ...]:
        """The absolute priorities of the rules that their evidence gives."""
        if row[3] == "[]" or not self.absolute:
            return ()
        return tuple(one["code"] for one in json.loads(row[3]) if one.get("code") in self.absolute)

    def standing(self, row: Row, rank: int, *, at: datetime) -> Standing:
        line = self.lines.get(row[0]) or self._unknown(row[0], at=at)
        assert line.tier is not None
        days = int(line.waited(at.timestamp()) // 86_400)
        return Standing(row[0], rank, line.tier, line.reasons(self.tiers, at=at), days, self.proofs(row), line.paused)


_memories: dict[tuple[int, str], Memory] = {}
_lock = Lock()


def memory(waiting_list: int, version: str, content: Mapping[str, Any]) -> Memory:
    """What this process remembers of a list under these rules (`version`: their hash)."""
    with _lock:
        key = (waiting_list, version)
        found = _memories.pop(key, None)
        found = Memory(waiting_list, content) if found is None or found.is_old() else found
        _memories[key] = found  # the one used last stays longest
        while len(_memories) > MOST_LISTS:
            del _memories[next(iter(_memories))]
        return found


def forget() -> None:
    """For tests: another database begins its keys again."""
    with _lock:
        _memories.clear()


def standings(
    memory: Memory, rows: Sequence[Row], *, lots: Mapping[int, int], at: datetime, most: int,
    wanted: Callable[[Row], bool] = lambda row: True,
) -> list[Standing]:  # fmt: skip
    """Learns what is new (one query), and says who comes first: the first `most` of those `wanted`, ranked among all."""
    with memory.lock:
        memory.learn(at=at)
        order = memory.order(rows, lots=lots, at=at)
        chosen = ((rank, index) for rank, index in enumerate(order, 1) if wanted(rows[index]))
        return [memory.standing(rows[index], rank, at=at) for rank, index in islice(chosen, most)]


def ahead(
    memory: Memory, rows: Sequence[Row], *, lots: Mapping[int, int], key: int, at: datetime, most: int
) -> list[int]:
    """Keys of the first `most` who stand before the request `key` and whose clock is not paused; nobody when it does not wait."""
    with memory.lock:
        memory.learn(at=at)
        order = [rows[index][0] for index in memory.order(rows, lots=lots, at=at)]
        before = order[: order.index(key)] if key in order else []
        still = (one for one in before if not (one in memory.lines and memory.lines[one].paused))
        return list(islice(still, most))


def order_now(
    memory: Memory, rows: Sequence[Row], *, lots: Mapping[int, int], at: datetime
) -> Callable[[int], list[Standing]]:
    """The same, as a function: the first so many of the list."""
    with memory.lock:
        memory.learn(at=at)
        order = memory.order(rows, lots=lots, at=at)
        return lambda most: [memory.standing(rows[index], rank, at=at) for rank, index in enumerate(order[:most], 1)]
