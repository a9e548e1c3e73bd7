"""One import, whatever the format: open, read, hand over chunk by chunk, index, and tell what happened."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from django.db import connection, transaction
from django.utils import timezone

from maillage.directory.ingest import Feed, Record, Report
from maillage.directory.models import ImportRun, TermMapping
from maillage.directory.search.index import reindex
from maillage.people import audit
from maillage.people.models import User
from maillage.standards import data_inclusion, social_brussels
from maillage.standards.hsds import feed as hsds
from maillage.standards.hsds.reading import Reading
from maillage.standards.reading.files import Refused
from maillage.standards.reading.values import storable
from maillage.territory import actions as territories
from maillage.territory.models import Area, Territory

CHUNK = 1_000  # records of one transaction: some 30 MB
READER = "1"  # raise it when a reader reads better: every record is then read again

Progress = Callable[[str, int, int], None]  # phase ("read", "write", "index"), done, total


class Format(Protocol):
    """A reader: the records of a path, and how far it is."""

    def __call__(self, path: Path, reading: Reading, report: Report, progress: Progress) -> Iterator[Record]: ...


FORMATS: dict[str, Format] = {
    "hsds": hsds.records,
    "data-inclusion": data_inclusion.records,
    "social-brussels": social_brussels.records,
}


@dataclass(frozen=True)
class Outcome:
    report: Report
    territory: Territory
    source: str
    indexed: int
    is_dry_run: bool


def run(
    path: Path,
    format_name: str,
    territory: Territory,
    *,
    source: str = "",
    licence: str = "",
    language: str = "",
    dry_run: bool = False,
    take_over: bool = False,
    with_names: bool = False,
    by: User | str = "system:import",
    progress: Progress = lambda phase, done, total: None,
) -> Outcome:
    """Import everything that can be read. Never aborts: what is wrong is in the report, with its row, field and reason.

    The same file again changes nothing. `dry_run` does all of it and takes it back.
    """
    with spare():
        return _imported(
            path, format_name, territory, source, licence, language, dry_run, take_over, with_names, by, progress
        )


def _imported(
    path: Path, format_name: str, territory: Territory, source: str, licence: str, language: str, dry_run: bool, take_over: bool,
    with_names: bool, by: User | str, progress: Progress,
) -> Outcome:  # fmt: skip
    source = source or path.name.split(".")[0] or format_name
    reading = Reading(source[:200], language or territory.default_language, with_names, territory.country)
    if dry_run:
        with transaction.atomic():
            feed = _run(path, format_name, territory, reading, licence, take_over, progress)
            transaction.set_rollback(True)
        return Outcome(feed.report, territory, source, 0, is_dry_run=True)
    feed = _run(path, format_name, territory, reading, licence, take_over, progress)
    assert feed.report.run is not None
    audit.record(
        "imported", feed.report.run, by=by, data={"format": format_name, "source": source, "counts": feed.report.counts}
    )
    return Outcome(feed.report, territory, source, index(territory, feed, progress), is_dry_run=False)


def _run(
    path: Path,
    format_name: str,
    territory: Territory,
    reading: Reading,
    licence: str,
    take_over: bool,
    progress: Progress,
) -> Feed:
    started = timezone.now()
    held = ImportRun.objects.create(
        territory=territory, format=format_name, source=reading.source, licence=licence[:400], started_at=started
    )
    report = Report(held)
    feed = Feed(
        territory, reading.source, report, licence[:400], _salt(territory, format_name, reading), take_over, started
    )
    try:
        for chunk in chunks(FORMATS[format_name](path, reading, report, progress), CHUNK):
            feed.take(chunk)
            report.flush()
    except Refused as refusal:
        report.at("file", path.name)
        report.remark(refusal.code, value=refusal.value, rejected=True)
    feed.finish()
    report.flush(force=True)
    held.counts, held.ended_at = report.counts, timezone.now()
    held.fill_rates = storable(report.fill_rates)  # the names of columns are whatever the file says
    held.save(update_fields=["counts", "fill_rates", "ended_at"])
    return feed


def index(territory: Territory, feed: Feed, progress: Progress) -> int:
    """Write the search documents of what has changed; returns how many changed."""
    services = sorted(feed.touched)
    done = 0

    def tick(number: int) -> None:
        nonlocal done
        done += number
        progress("index", done, len(services))

    return reindex(territory, services, progress=tick) if services else 0


def _salt(territory: Territory, format_name: str, reading: Reading) -> bytes:
    """What decides how a record is read, besides the record: the reader, the language, the areas and mappings of the territory."""
    mappings = (
        TermMapping.objects.filter(term__taxonomy__territory=territory)
        .order_by("id")
        .values_list("scheme", "code", "relation")
    )
    areas = Area.objects.filter(territory=territory)
    told = (
        READER,
        format_name,
        reading,
        territory.pack_hash,
        areas.count(),
        areas.exclude(boundary=None).count(),
        list(mappings),
    )
    return hashlib.sha256(repr(told).encode()).digest()


def chunks(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    records = iter(records)
    while chunk := list(islice(records, size)):
        yield chunk


@contextmanager
def spare() -> Iterator[None]:
    """Millions of small objects, none in a cycle: collect rarely. And SQLite's pages stay out of this process's memory."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA mmap_size=0")
    try:
        yield
    finally:
        gc.set_threshold(*before)
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA mmap_size=536870912")


@transaction.atomic
def bare_territory(language: str = "") -> Territory:
    """A territory for an import where no pack is loaded: no areas, no tree of needs; everything can still be found by its words."""
    return territories.keep_territory(
        "imported", at=timezone.now(), content={}, labels={"en": "Imported", "fr": "Importé", "nl": "Ingevoerd"},
        pack_version="", pack_hash="", languages=[language or "en"], country="", timezone="UTC",
    )  # fmt: skip
