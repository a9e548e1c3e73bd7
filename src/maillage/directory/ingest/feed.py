"""One import into one territory: compares, creates, updates, and leaves alone what has not changed or belongs to someone else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from maillage.directory.ingest import bulk, children, links, texts, things
from maillage.directory.ingest.areas import AreaFinder
from maillage.directory.ingest.records import KINDS, Record, Thing
from maillage.directory.ingest.report import Report
from maillage.directory.models import (
    FieldProvenance,
    Service,
    ServiceAtLocation,
    SourceRecord,
    TaxonomyTerm,
    TermMapping,
)
from maillage.territory.models import Territory

MOST_GONE = 0.2  # of a feed: more at once, and the feed is probably broken
CERTAIN = ("exact", "close")  # mappings by which a service of a foreign category gets the need also
Tally = Counter[tuple[str, str]]


class Watch(Protocol):
    """Told what is about to change, and when it has: the history of fields, and the preview of a trial."""

    def before(self, kind: str, keys: list[int]) -> None: ...

    def after(self) -> None: ...

    def forget(self) -> None: ...

    def created(self, names: list[str]) -> None: ...


@dataclass
class Feed:
    """`take` chunk after chunk, then `finish`. `salt` is what else decides how a record is read: another one reads all again."""

    territory: Territory
    source: str
    report: Report
    licence: str = ""
    salt: bytes = b""
    take_over: bool = False
    at: datetime = field(default_factory=timezone.now)
    watch: Watch | None = None

    def __post_init__(self) -> None:
        self.areas = AreaFinder(self.territory)
        self.keys: dict[tuple[str, str], int] = {}  # (kind, source's id) -> key, of what this run met
        self.held: set[tuple[str, int]] = set()  # things of others: referred to, not changed
        self.pending_parents: list[tuple[str, int, str]] = []
        self.touched: set[int] = set()  # services whose search document may have changed
        self.gone = 0  # records that the whole feed came without, and had the last time
        self._seen: set[int] = set()
        self._needs: dict[int, list[int]] = {}
        self._mappings: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        rows = TermMapping.objects.filter(
            term__taxonomy__territory=self.territory, term__taxonomy__code="needs", relation__in=CERTAIN
        ).values_list("scheme", "code", "term_id")
        for scheme, code, term in rows:
            self._mappings[scheme, code].append(term)

    def needs_of(self, term: int) -> list[int]:
        """The needs that a foreign category is mapped to with certainty."""
        if not self._mappings:
            return []
        if term not in self._needs:
            found = TaxonomyTerm.objects.filter(pk=term).values_list("taxonomy__code", "code").first()
            self._needs[term] = self._mappings.get(found, []) if found else []
        return self._needs[term]

    def take(self, records: Sequence[Record]) -> None:
        """Write one chunk, in one transaction. A record that cannot be written is left out, with a remark; the others are kept."""
        keys, parents, seen = (
            len(self.keys),
            len(self.pending_parents),
            {hash((r.entity, r.id)) for r in records} - self._seen,
        )
        mark = self.report.mark()
        try:
            with transaction.atomic():
                tally = self._take(records)
                if self.watch:
                    self.watch.after()
        except Exception as trouble:  # noqa: BLE001 -- an import never aborts: the chunk is tried again in halves
            self.report.back(mark)
            if self.watch:
                self.watch.forget()
            while len(self.keys) > keys:
                self.keys.popitem()  # the last ones: their rows were rolled back
            del self.pending_parents[parents:]
            self._seen -= seen
            if len(records) == 1:
                self.report.at(records[0].entity, records[0].row, records[0].id)
                self.report.remark("record-failed", value=f"{type(trouble).__name__}: {trouble}", rejected=True)
                return
            middle = len(records) // 2
            self.take(records[:middle])
            self.take(records[middle:])
        else:
            for (entity, outcome), number in tally.items():
                self.report.count(entity, outcome, number)

    def finish(self, *, is_whole: bool = False) -> None:
        """What only makes sense when everything is there: parents, and what is there no longer.

        `is_whole`: the feed was all there is, so that what it does not hold is gone from it. Nothing disappears for that.
        """
        with transaction.atomic():
            things.write_parents(self)
            if is_whole and self._seen:
                self._settle()

    def _settle(self) -> None:
        """Mark the records that the whole feed came without, and those that came back."""
        gone, back = [], []
        rows = SourceRecord.objects.filter(territory=self.territory, source=self.source)
        known = 0
        for pk, entity, identifier, since in rows.values_list("pk", "entity", "external_id", "gone_at").iterator():
            known += since is None
            if hash((entity, identifier)) in self._seen:
                if since is not None:
                    back.append(pk)
            elif since is None:
                gone.append(pk)
        for start in range(0, len(gone), 500):
            SourceRecord.objects.filter(pk__in=gone[start : start + 500]).update(gone_at=self.at)
        for start in range(0, len(back), 500):
            again = SourceRecord.objects.filter(pk__in=back[start : start + 500])
            again.filter(decision=SourceRecord.Decision.KEPT).update(decision=SourceRecord.Decision.NONE)
            again.update(gone_at=None)
        self.gone = len(gone)
        if len(gone) > MOST_GONE * known:
            self.report.at("file", self.source)
            self.report.remark("feed-shrunk", value=f"{len(gone)} / {known}")

    def _take(self, records: Sequence[Record]) -> Tally:
        tally: Tally = Counter()
        fresh = self._once(records)
        known = self._known(fresh)
        read: list[tuple[Record, str]] = []
        told: list[tuple[Record, Thing]] = []
        for record in fresh:
            digest = record.digest(self.salt)
            if known.get((record.entity, record.id)) == digest:
                tally[record.entity, "unchanged"] += 1
            elif (found := self._read(record)) is not None:
                read.append((record, digest))
                told += [(record, thing) for thing in found]
        if read:
            held = self._write(told)
            self._prove(told, self._keep(read))
            for record, _ in read:
                is_known = (record.entity, record.id) in known
                tally[record.entity, "held" if id(record) in held else "updated" if is_known else "created"] += 1
        return tally

    def _once(self, records: Iterable[Record]) -> list[Record]:
        result = []
        for record in records:
            key = hash((record.entity, record.id))
            if key in self._seen:
                self.report.at(record.entity, record.row, record.id)
                self.report.remark("id-repeated", "id", record.id, rejected=True)
            else:
                self._seen.add(key)
                result.append(record)
        return result

    def _known(self, records: Sequence[Record]) -> dict[tuple[str, str], str]:
        ids: defaultdict[str, list[str]] = defaultdict(list)
        for record in records:
            ids[record.entity].append(record.id)
        found: dict[tuple[str, str], str] = {}
        for entity, external in ids.items():
            rows = self._records(entity, external).values_list("external_id", "sha256")
            found.update({(entity, identifier): digest for identifier, digest in rows})
        return found

    def _records(self, entity: str, external: list[str]) -> QuerySet[SourceRecord]:
        return SourceRecord.objects.filter(
            territory=self.territory, source=self.source, entity=entity, external_id__in=external
        )

    def _read(self, record: Record) -> list[Thing] | None:
        """What the record says; None, with a remark, when it cannot be read at all."""
        self.report.at(record.entity, record.row, record.id)
        try:
            return record.things(self.report)
        except Exception as trouble:  # noqa: BLE001 -- an import never aborts: whatever a feed holds, the next record is read
            self.report.at(record.entity, record.row, record.id)
            self.report.remark("record-failed", value=f"{type(trouble).__name__}: {trouble}", rejected=True)
            return None

    def _write(self, told: list[tuple[Record, Thing]]) -> set[int]:
        """Write the things, kind by kind, and what hangs on them. Returns the identities of the records that belong to others."""
        held: set[int] = set()
        by_kind: defaultdict[str, list[tuple[Record, Thing]]] = defaultdict(list)
        for record, thing in told:
            by_kind[thing.kind].append((record, thing))
        for kind in KINDS:
            placed, left = things.write(self, kind, by_kind[kind])
            held |= left
            if placed:
                self._write_around(kind, placed)
        return held

    def _write_around(self, kind: str, placed: list[things.Placed]) -> None:
        texts.write(self, kind, placed)
        rows = []
        for one in placed:
            one.thing.provided |= set(one.thing.children)
            for name, given in one.thing.children.items():
                rows += [children.Owned(name, kind, one.pk, one.uuid, child, n) for n, child in enumerate(given)]
            if one.thing.parent:
                self.pending_parents.append((kind, one.pk, one.thing.parent))
        again = [one for one in placed if not one.is_new]
        for name in {name for one in again for name in one.previous | one.thing.provided} & children.TABLES.keys():
            children.delete(kind, [one.pk for one in again if name in one.previous | one.thing.provided], [name])
        children.write(rows)
        links.write(self, kind, placed)
        if kind == "service":
            self.touched |= {one.pk for one in placed}
            if self.watch:
                self.watch.created([one.thing.values.get("name", "") for one in placed if one.is_new])
        elif again and kind == "organization":
            keys = [one.pk for one in again]
            self.touched.update(Service.objects.filter(organization_id__in=keys).values_list("id", flat=True))
        elif again and kind == "location":
            keys = [one.pk for one in again]
            self.touched.update(
                ServiceAtLocation.objects.filter(location_id__in=keys).values_list("service_id", flat=True)
            )

    def _keep(self, read: list[tuple[Record, str]]) -> dict[int, int]:
        """Keep the raw records; returns the key of each, by the identity of the record."""
        run = self.report.run.pk if self.report.run else None
        unique = ("territory_id", "source", "entity", "external_id")
        columns = (*unique, "run_id", "payload", "sha256", "licence", "fetched_at")
        rows = [
            (
                self.territory.pk,
                self.source,
                record.entity,
                record.id,
                run,
                record.payload,
                digest,
                self.licence,
                self.at,
            )
            for record, digest in read
        ]
        bulk.upsert(SourceRecord, columns, rows, unique=unique, update=columns[4:])
        keys: dict[tuple[str, str], int] = {}
        for entity in {record.entity for record, _ in read}:
            found = self._records(entity, [r.id for r, _ in read if r.entity == entity]).values_list(
                "external_id", "id"
            )
            keys |= {(entity, identifier): key for identifier, key in found}
        return {id(record): keys[record.entity, record.id] for record, _ in read}

    def _prove(self, told: list[tuple[Record, Thing]], sources: dict[int, int]) -> None:
        """Say of each thing which record its fields come from. A thing told by several records belongs to the first."""
        rows = {}
        for record, thing in told:
            key = self.keys.get((thing.kind, thing.id))
            if key is not None and (thing.kind, key) not in self.held and thing.provided:
                rows[thing.kind, key, sources[id(record)]] = (
                    thing.kind,
                    key,
                    sources[id(record)],
                    sorted(thing.provided),
                )
        bulk.upsert(
            FieldProvenance, ("kind", "object_id", "record_id", "fields"), rows.values(),
            unique=("kind", "object_id", "record_id"), update=("fields",),
        )  # fmt: skip
