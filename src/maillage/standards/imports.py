"""One import, whatever the format: open, read, hand over chunk by chunk, index, and tell what happened."""

from __future__ import annotations

import gc
import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.utils import timezone

from maillage.directory.actions import duplicates
from maillage.directory.ingest import Feed, Record, Report
from maillage.directory.models import ImportRun, TermMapping
from maillage.directory.search.index import reindex
from maillage.directory.watching import Watch
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
MOST_OF_A_TRIAL = 20_000  # remarks that a trial keeps: they wait in memory until it is over
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


@dataclass(frozen=True)
class Job:
    """One import: what is read, how, and who asks. `run`: the line that waited for it (else a new one is made)."""

    path: Path
    format: str
    territory: Territory
    reading: Reading
    licence: str = ""
    is_trial: bool = False
    is_partial: bool = False
    take_over: bool = False
    by: User | str = "system:import"
    run: ImportRun | None = None


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
    partial: bool = False,
    by: User | str = "system:import",
    asked: ImportRun | None = None,
    progress: Progress = lambda phase, done, total: None,
) -> Outcome:
    """Import everything that can be read. Never aborts: what is wrong is in the report, with its row, field and reason.

    The same file again changes nothing. `dry_run` does all of it and takes it back. `partial`: what the file does not hold is
    not gone. `asked`: the run that waited for this.
    """
    source = source or path.name.split(".")[0] or format_name
    reading = Reading(source[:200], language or territory.default_language, with_names, territory.country)
    job = Job(path, format_name, territory, reading, licence[:400], dry_run, partial, take_over, by, asked)
    with spare():
        return _trial(job, progress) if dry_run else _real(job, progress)


def _real(job: Job, progress: Progress) -> Outcome:
    held = job.run or _line(job)
    feed = _run(job, held, Report(held), progress)
    feed.report.flush(force=True)
    _ended(held, feed.report)
    data = {"format": job.format, "source": job.reading.source, "counts": feed.report.counts}
    audit.record("imported", held, by=job.by, data=data)
    return Outcome(
        feed.report, job.territory, job.reading.source, index(job.territory, feed, progress), is_dry_run=False
    )


def _trial(job: Job, progress: Progress) -> Outcome:
    """Everything happens where nobody sees it. What was asked for by a page keeps its report; a command only prints it."""
    held = job.run or ImportRun(territory=job.territory, is_trial=True)
    report = Report(held if job.run else None, most=MOST_OF_A_TRIAL)
    report.keeps = True
    with apart():
        feed = _run(job, held, report, progress)
        assert isinstance(feed.watch, Watch)
        preview = feed.watch.preview(feed.gone)
    if job.run:
        with transaction.atomic():
            report.flush(force=True)
            ImportRun.objects.filter(pk=held.pk).update(preview=storable(preview))
            _ended(held, report)
    return Outcome(report, job.territory, job.reading.source, 0, is_dry_run=True)


def _line(job: Job) -> ImportRun:
    return ImportRun.objects.create(
        territory=job.territory, format=job.format, source=job.reading.source, licence=job.licence,
        started_at=timezone.now(), is_partial=job.is_partial,
    )  # fmt: skip


def _run(job: Job, held: ImportRun, report: Report, progress: Progress) -> Feed:
    started = timezone.now()
    watch = Watch(job.territory, job.reading.source, started, job.is_trial)
    salt = _salt(job.territory, job.format, job.reading)
    feed = Feed(job.territory, job.reading.source, report, job.licence, salt, job.take_over, started, watch)
    try:
        for chunk in chunks(FORMATS[job.format](job.path, job.reading, report, progress), CHUNK):
            feed.take(chunk)
            report.flush()
    except Refused as refusal:
        report.at("file", job.path.name)
        report.remark(refusal.code, value=refusal.value, rejected=True)
    feed.finish(is_whole=not job.is_partial and report.is_whole)
    return feed


def _ended(held: ImportRun, report: Report) -> None:
    held.counts, held.ended_at, held.state = report.counts, timezone.now(), ImportRun.State.DONE
    held.fill_rates = storable(report.fill_rates)  # the names of columns are whatever the file says
    held.save(update_fields=["counts", "fill_rates", "ended_at", "state"])


@contextmanager
def apart() -> Iterator[None]:
    """What is written inside is never seen outside, and hinders nobody.

    On PostgreSQL a transaction that is taken back. On SQLite, where a transaction that writes makes all other writers wait,
    a copy of the database, which is removed afterwards.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
        return
    connection.ensure_connection()
    original = connections[DEFAULT_DB_ALIAS]
    where = settings.VAR if settings.VAR.is_dir() else None  # the copy is as large as the database
    with tempfile.TemporaryDirectory(prefix="trial-", dir=where) as folder:
        copy = Path(folder) / "copy.sqlite3"
        with closing(sqlite3.connect(copy)) as target:
            original.connection.backup(target)
        fast = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY"
        options = original.settings_dict["OPTIONS"] | {"init_command": fast}
        elsewhere = type(original)(original.settings_dict | {"NAME": str(copy), "OPTIONS": options}, DEFAULT_DB_ALIAS)
        connections[DEFAULT_DB_ALIAS] = elsewhere
        try:
            yield
        finally:
            connections[DEFAULT_DB_ALIAS] = original
            elsewhere.close()


def index(territory: Territory, feed: Feed, progress: Progress) -> int:
    """Write the search documents of what has changed; returns how many changed. Merges that people decided hold again first."""
    services = sorted(feed.touched)
    duplicates.remember(territory, services, at=feed.at)
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
