"""The facets of a territory's documents as arrays, kept in each process and brought up to date when the directory changes.

100,000 documents take some 20 MB. Text is not here: postings come from the database (postings.py), so that both databases
find the same. A row is the position of a document in these arrays; rows are in the order of document ids.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import cos, radians
from typing import Any

import msgspec
import numpy as np
from django.db import connection
from numpy.typing import NDArray

from maillage.directory.models import TaxonomyTerm
from maillage.directory.search import rooms
from maillage.directory.search.closures import Closures
from maillage.directory.search.documents import Facets, decode_facets
from maillage.directory.search.hours import Hours
from maillage.directory.search.postings import Postings
from maillage.directory.search.types import Card, CardCapacity
from maillage.methods.eligibility import Lookup, Signature, Value, lookup, possible_values, preferred, signature
from maillage.territory.models import Area, AreaLink, Territory

Rows = NDArray[np.int32]
COSTS = ("", "free", "means-tested", "paid")
CAPACITIES = ("", "capacity", "additional-assessment-required", "waitlist", "no-capacity")
KM_PER_DEGREE = 111.195  # of a great circle on the mean sphere (6371.0088 km)


@dataclass
class Numbers:
    """Numbers texts in the order in which they come; 0 is the empty one."""

    of: dict[str, int] = field(default_factory=lambda: {"": 0})

    def __call__(self, text: str) -> int:
        return self.of.setdefault(text, len(self.of))


class Memory:
    """All that is needed to filter and rank, but text and cards."""

    def __init__(self, territory: Territory, records: Mapping[int, Facets], sequence: int) -> None:
        self.territory, self.sequence = territory, sequence
        self.records = dict(sorted(records.items()))
        content = territory.content
        self.ranking: dict[str, float] = {**DEFAULT_RANKING, **content.get("ranking", {})}
        self.half_distance = float(content.get("ranking_half_distance_km", 2.0))
        self.organisation_cap = int(content.get("organisation_cap", 2))
        self.default_months = int((content.get("freshness_months") or {}).get("default", 12))
        self.hours = Hours(content.get("holidays_country", ""), territory.timezone)
        self.above, self.below = _areas(territory)
        self.needs_below = _needs(territory)
        self.rooms: dict[int, CardCapacity] = {}
        self.mark: rooms.Mark = ()
        self._lay_out()
        self.postings = Postings(territory, self.ids)

    def _lay_out(self) -> None:
        facets = list(self.records.values())
        self.count = len(facets)
        self.ids = np.fromiter(self.records, np.int64, self.count)
        self.all = np.arange(self.count, dtype=np.int32)
        self.cards: dict[int, Card] = {}
        self._draws: dict[date, NDArray[np.int64]] = {}
        self.service = _dense(f.service for f in facets)
        self.service_id = np.array([f.service for f in facets], np.int64)
        self.by_service = np.argsort(self.service_id, kind="stable")
        self.organization = _dense(f.organization for f in facets)
        self.organization_id = np.array([f.organization for f in facets], np.int64)
        self.services = int(self.service.max(initial=-1)) + 1
        latitudes = np.array([np.nan if f.latitude is None else f.latitude for f in facets], np.float64)
        longitudes = np.array([np.nan if f.longitude is None else f.longitude for f in facets], np.float64)
        known = latitudes[~np.isnan(latitudes)]
        self.middle = float(np.median(known)) if known.size else 0.0
        self.y = (latitudes * KM_PER_DEGREE).astype(np.float32)
        self.x = (longitudes * KM_PER_DEGREE * cos(radians(self.middle))).astype(np.float32)
        codes = sorted({code for f in facets for code in f.languages})[:64]
        self.language_bit = {code: np.uint64(1 << bit) for bit, code in enumerate(codes)}
        self.languages = np.array(
            [sum(1 << codes.index(c) for c in f.languages if c in self.language_bit) for f in facets], np.uint64
        )
        self.conditions = np.array([2 if f.conditions_known else 1 for f in facets], np.int8)
        self.interpreter = np.array([bool(f.has_interpreter) for f in facets], bool)
        self.cost = np.array([COSTS.index(f.cost) if f.cost in COSTS else 0 for f in facets], np.int8)
        self.wheelchair = np.array([-1 if f.wheelchair is None else f.wheelchair for f in facets], np.int8)
        self.remote = np.array([2 if "remote" in f.delivery else 0 if f.delivery else 1 for f in facets], np.int8)
        self.mobile = np.array(["home" in f.delivery or "outreach" in f.delivery for f in facets], bool)
        self.closed = np.array([f.status != "active" for f in facets], bool)
        self.capacity = np.array(
            [CAPACITIES.index(f.capacity) if f.capacity in CAPACITIES else 0 for f in facets], np.int8
        )
        self.capacity_expires = np.array([f.capacity_expires or np.inf for f in facets], np.float64)
        self.written = (self.capacity, self.capacity_expires)  # what the documents say
        self.confirmed = np.array([f.confirmed for f in facets], np.int32)
        self.months = np.array([f.months or self.default_months for f in facets], np.float32)
        self.quality = np.array([f.quality for f in facets], np.float32)
        self.pattern = np.array([self.hours.pattern(f.osm) for f in facets], np.int32)
        self.hours_partly = np.array([f.hours_partly for f in facets], bool)
        self.closures = Closures(
            (row, start, end or np.inf) for row, f in enumerate(facets) for start, end in f.closures
        )
        self.by_area = _postings((f.area,) for f in facets)
        self.by_served = _postings(f.served for f in facets)
        self.served_known = np.array([bool(f.served) for f in facets], bool)
        self.area_known = np.array([bool(f.area) for f in facets], bool)
        self.by_need = _postings(f.needs for f in facets)
        self._rows_of_needs: dict[tuple[str, ...], Rows] = {}
        self.by_lift = _postings(f.lifts for f in facets)
        self._lay_out_rules(facets)

    def _lay_out_rules(self, facets: list[Facets]) -> None:
        self.criteria = sorted({rule[0] for f in facets for rule in f.rules})
        number = {criterion: i for i, criterion in enumerate(self.criteria)}
        self.signatures = np.zeros((len(self.criteria), self.count), np.uint16)
        self.signature_of: list[list[Signature]] = [[()] for _ in self.criteria]
        seen: list[dict[str, int]] = [{} for _ in self.criteria]
        cache: dict[str, list[tuple[int, int]]] = {}
        for row, f in enumerate(facets):
            if not f.rules:
                continue
            key = repr(f.rules)
            if key not in cache:
                cache[key] = self._numbered(f.rules, number, seen)
            for criterion, which in cache[key]:
                self.signatures[criterion, row] = which
        self._lookups: dict[tuple[int, str], Lookup] = {}
        self._preferences: dict[tuple[int, str], NDArray[np.float32] | None] = {}
        self._answers: dict[int, tuple[Value, ...]] = {}

    def lookup(self, criterion: int, value: Value | None) -> Lookup:
        """What each signature of this criterion says of somebody of this value."""
        key = (criterion, repr(value))
        if key not in self._lookups:
            if len(self._lookups) > 2_000:
                self._lookups.clear()
            self._lookups[key] = lookup(self.signature_of[criterion], value)
        return self._lookups[key]

    def preference(self, criterion: int, value: Value | None) -> NDArray[np.float32] | None:
        """1 for each signature that prefers somebody of this value; None when none does."""
        key = (criterion, repr(value))
        if key not in self._preferences:
            if len(self._preferences) > 2_000:
                self._preferences.clear()
            table = np.array([preferred(rules, value) is True for rules in self.signature_of[criterion]], np.float32)
            self._preferences[key] = table if table.any() else None
        return self._preferences[key]

    def answers(self, criterion: int) -> tuple[Value, ...]:
        """The answers that the rules on this criterion can tell apart."""
        if criterion not in self._answers:
            self._answers[criterion] = possible_values(self.signature_of[criterion])
        return self._answers[criterion]

    def draw(self, day: date) -> NDArray[np.int64]:
        """The order among equals on this day: the same in every process and on both databases, another tomorrow. It hangs on
        the services, not on their documents, whose numbers depend on when each was indexed."""
        if day not in self._draws:
            if len(self._draws) > 7:
                self._draws.clear()
            order = np.random.default_rng(day.toordinal()).permutation(self.count)
            drawn = np.empty(self.count, np.int64)
            drawn[self.by_service] = order
            self._draws[day] = drawn
        return self._draws[day]

    def _numbered(
        self, rules: Sequence[tuple[str, str, Any, str]], number: dict[str, int], seen: list[dict[str, int]]
    ) -> list[tuple[int, int]]:
        """(criterion, signature number) of one service's rules, giving numbers to signatures not seen before."""
        grouped: dict[int, list[tuple[str, object, str]]] = defaultdict(list)
        for criterion, op, value, effect in rules:
            grouped[number[criterion]].append((op, value, effect))
        found: list[tuple[int, int]] = []
        for which, group in grouped.items():
            one = signature(group)
            given = seen[which].setdefault(repr(one), len(self.signature_of[which]))
            if given == len(self.signature_of[which]):
                self.signature_of[which].append(one)
            found.append((which, given))
        return found

    def tell_rooms(self, found: Mapping[int, CardCapacity], mark: rooms.Mark) -> None:
        """The rooms as they are now, over what the documents say. Searches that are under way keep the arrays that they have."""
        capacity, expires = self.written[0].copy(), self.written[1].copy()
        ordered = self.service_id[self.by_service]
        for service, room in found.items():
            first, last = np.searchsorted(ordered, [service, service + 1])
            rows = self.by_service[first:last]
            capacity[rows] = CAPACITIES.index(room.status) if room.status in CAPACITIES else 0
            expires[rows] = room.expires_at.timestamp() if room.expires_at else np.inf
        self.capacity, self.capacity_expires, self.rooms, self.mark = capacity, expires, dict(found), mark

    def rows_of_needs(self, codes: tuple[str, ...]) -> Rows:
        """The rows of these categories and of those below them."""
        if codes not in self._rows_of_needs:
            wanted = {code for start in codes for code in self.needs_below.get(start, {start})}
            self._rows_of_needs[codes] = union(self.by_need.get(code) for code in sorted(wanted))
        return self._rows_of_needs[codes]


DEFAULT_RANKING = {
    "text": 3.0, "distance": 2.0, "open": 1.5, "language": 1.0, "capacity": 2.0, "freshness": 0.7, "quality": 0.3, "preference": 0.7,
}  # fmt: skip
EMPTY: Rows = np.zeros(0, np.int32)


def union(parts: Iterable[Rows | None]) -> Rows:
    found = [part for part in parts if part is not None and part.size]
    if not found:
        return EMPTY
    return found[0] if len(found) == 1 else np.unique(np.concatenate(found))


def _dense(values: Iterable[int]) -> Rows:
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int32)


def _postings(codes: Iterable[Iterable[str]]) -> dict[str, Rows]:
    found: dict[str, list[int]] = defaultdict(list)
    for row, some in enumerate(codes):
        for code in some:
            if code:
                found[code].append(row)
    return {code: np.array(sorted(set(rows)), np.int32) for code, rows in found.items()}


def _areas(territory: Territory) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """For each area code: itself and all areas that hold it; itself and all areas in it (parents and part_of links)."""
    up: dict[str, set[str]] = {}
    for code, parent in Area.objects.filter(territory=territory).values_list("code", "parent__code"):
        up[code] = {parent} if parent else set()
    links = AreaLink.objects.filter(origin__territory=territory, kind=AreaLink.PART_OF)
    for origin, target in links.values_list("origin__code", "target__code"):
        up[origin].add(target)
    above = {code: frozenset(_closure(code, up)) for code in up}
    return above, _turned(above)


def _needs(territory: Territory) -> dict[str, frozenset[str]]:
    """For each category of the tree of needs: itself and all below it."""
    terms = TaxonomyTerm.objects.filter(taxonomy__territory=territory, taxonomy__code="needs")
    up = {code: {parent} if parent else set() for code, parent in terms.values_list("code", "parent__code")}
    return _turned({code: frozenset(_closure(code, up)) for code in up})


def _turned(above: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    below: dict[str, set[str]] = {}
    for code, holders in above.items():
        for holder in holders:
            below.setdefault(holder, {holder}).add(code)
    return {code: frozenset(inside) for code, inside in below.items()}


def _closure(start: str, up: Mapping[str, set[str]]) -> set[str]:
    found, todo = {start}, [start]
    while todo:
        for code in up.get(todo.pop(), ()):
            if code not in found:
                found.add(code)
                todo.append(code)
    return found


_memories: dict[int, Memory] = {}
_lock = threading.Lock()


def memory(territory: Territory) -> Memory:
    """The memory of this territory as the database is now: built at first, patched after small changes."""
    sequence, deletions, mark = rooms.state(territory)
    kept = _memories.get(territory.pk)
    if not (kept and _is_current(kept, territory, sequence)):
        with _lock:
            kept = _memories.get(territory.pk)
            if not (kept and _is_current(kept, territory, sequence)):
                kept = _memories[territory.pk] = _built(kept, territory, sequence, deletions)
    if kept.mark != mark:
        kept.tell_rooms(rooms.live(territory), mark)
    return kept


def _is_current(kept: Memory, territory: Territory, sequence: int) -> bool:
    return kept.sequence == sequence and kept.territory.pack_hash == territory.pack_hash


def _built(kept: Memory | None, territory: Territory, sequence: int, deletions: int) -> Memory:
    patchable = kept and kept.territory.pack_hash == territory.pack_hash and deletions <= kept.sequence <= sequence
    records = dict(kept.records) if kept and patchable else {}
    records.update(_read(territory, after=kept.sequence if kept and patchable else -1))
    return Memory(territory, records, sequence)


class StaleDocuments(RuntimeError):
    """The search documents are of another version of the software."""


def forget() -> None:
    """Drop every memory (tests change the database under it)."""
    _memories.clear()


def _read(territory: Territory, *, after: int) -> dict[int, Facets]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, facets FROM directory_searchdocument WHERE territory_id = %s AND sequence > %s ORDER BY id",
            [territory.pk, after],
        )
        try:
            return {int(pk): decode_facets(bytes(blob)) for pk, blob in cursor.fetchall()}
        except msgspec.ValidationError as wrong:
            raise StaleDocuments(
                "The search documents were written by another version: run `maillage reindex`."
            ) from wrong
