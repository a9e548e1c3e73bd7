"""Where everybody of a list stands at this moment, ready for a page that looks every few seconds.

The order is the list's own (`RuleSet.content["order"]`), judged by `clock`. A list of 20,000 takes a second to judge from the
first; what was judged is kept in memory and only what is new, or has come due (an assessment ends, waiting lifts somebody a
tier), is judged again. Two tables that are only added to tell what is new: assessments and the events of clocks. Nothing is
decided from here: who gets a place is asked of the database when it is given.
"""

from __future__ import annotations

import json
from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np
from django.db.models import CharField, DateTimeField, F, TextField, Value
from django.db.models.functions import Cast

from maillage.places import clock
from maillage.places.models import Assessment, ClockEvent

ORDER: Final = ("absolute", "tier", "waited", "number")
OVERLAP: Final = 500  # keys read again: two transactions may end in another order than they began
MOST_LISTS: Final = 16  # kept in memory
NEVER: Final = float("inf")


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


class Memory:
    """The standing of one list under one version of its rules."""

    def __init__(self, waiting_list: int, content: Mapping[str, Any]) -> None:
        self.waiting_list, self.content = waiting_list, content
        self.tiers: Sequence[Mapping[str, Any]] = content.get("tiers") or ()
        self.absolute = {str(one["code"]) for one in content.get("absolute") or ()}
        self.lines: dict[int, Line] = {}
        self.seen = {"clock": 0, "judged": 0}
        self.known: set[tuple[str, int]] = set()  # keys of the overlap
        self.lock = Lock()

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
        for pk in touched | {pk for pk, line in self.lines.items() if line.due <= now}:
            self.lines[pk].judge(self.tiers, at=at)

    def _news(self) -> Iterable[tuple[str, int, int, str, datetime, str, datetime | None]]:
        after = {source: seen - OVERLAP for source, seen in self.seen.items()}
        texts, moments = CharField(), DateTimeField(null=True)
        events = ClockEvent.objects.filter(request__waiting_list=self.waiting_list, pk__gt=after["clock"])
        judged = Assessment.objects.filter(request__waiting_list=self.waiting_list, pk__gt=after["judged"])
        columns = ("source", "pk", "request_id", "word", "moment", "text", "until")
        one = events.annotate(
            source=Value("clock", texts), word=F("kind"), moment=F("at"), text=F("reason"), until=Cast(Value(None), moments)
        ).values_list(*columns)  # fmt: skip
        two = judged.annotate(
            source=Value("judged", texts), word=F("tier"), moment=F("made_at"), text=Cast("reasons", TextField()),
            until=F("valid_until"),
        ).values_list(*columns)  # fmt: skip
        return one.union(two, all=True)

    def order(self, rows: Sequence[Open], *, lots: Mapping[int, int], at: datetime) -> list[int]:
        """Indices of `rows`, the next one first. `lots`: request -> rank in tonight's draw; whoever has none comes after."""
        moment = at.timestamp()
        lines = [self.lines.get(row.pk) or self._unknown(row.pk, at=at) for row in rows]
        keys: dict[str, Callable[[], list[float]]] = {
            "absolute": lambda: [0.0 if self.proofs(row) else 1.0 for row in rows],
            "tier": lambda: [float(line.tier.index) if line.tier else NEVER for line in lines],
            "waited": lambda: [line.since - moment if line.still < 0 else -line.still for line in lines],
            "number": lambda: [float(row.number) for row in rows],
            "lot": lambda: [float(lots.get(row.pk, 2**53)) for row in rows],
        }
        named = [name for name in self.content.get("order") or ORDER if name in keys]
        columns = [np.array(keys[name]()) for name in (*named, "number")]
        return [int(index) for index in np.lexsort(columns[::-1])] if rows else []

    def _unknown(self, pk: int, *, at: datetime) -> Line:
        """Nothing was written about them: their clock stands still, their tier is the last."""
        line = Line()
        line.judge(self.tiers, at=at)
        return line

    def proofs(self, row: Open) -> tuple[str, ...]:
        """The absolute priorities of the rules that their evidence gives."""
        if row.evidence == "[]" or not self.absolute:
            return ()
        return tuple(one["code"] for one in json.loads(row.evidence) if one.get("code") in self.absolute)

    def standing(self, row: Open, rank: int, *, at: datetime) -> Standing:
        line = self.lines.get(row.pk) or self._unknown(row.pk, at=at)
        assert line.tier is not None
        days = int(line.waited(at.timestamp()) // 86_400)
        return Standing(row.pk, rank, line.tier, line.reasons(self.tiers, at=at), days, self.proofs(row), line.paused)


_memories: dict[tuple[int, str], Memory] = {}
_lock = Lock()


def memory(waiting_list: int, version: str, content: Mapping[str, Any]) -> Memory:
    """What this process remembers of a list under these rules (`version`: their hash)."""
    with _lock:
        key = (waiting_list, version)
        found = _memories.pop(key, None) or Memory(waiting_list, content)
        _memories[key] = found  # the one used last stays longest
        while len(_memories) > MOST_LISTS:
            del _memories[next(iter(_memories))]
        return found


def forget() -> None:
    """For tests: another database begins its keys again."""
    with _lock:
        _memories.clear()


def standings(
    memory: Memory, rows: Sequence[Open], *, lots: Mapping[int, int], at: datetime, most: int,
    wanted: Callable[[Open], bool] = lambda row: True,
) -> list[Standing]:  # fmt: skip
    """Learns what is new (one query), and says who comes first: the first `most` of those `wanted`, ranked among all."""
    with memory.lock:
        memory.learn(at=at)
        order = memory.order(rows, lots=lots, at=at)
        chosen = ((rank, index) for rank, index in enumerate(order, 1) if wanted(rows[index]))
        return [memory.standing(rows[index], rank, at=at) for rank, index in islice(chosen, most)]


def order_now(
    memory: Memory, rows: Sequence[Open], *, lots: Mapping[int, int], at: datetime
) -> Callable[[int], list[Standing]]:
    """The same, as a function: the first so many of the list."""
    with memory.lock:
        memory.learn(at=at)
        order = memory.order(rows, lots=lots, at=at)
        return lambda most: [memory.standing(rows[index], rank, at=at) for rank, index in enumerate(order[:most], 1)]
