"""The records of an HSDS path: a package of tables (folder or zip), or JSON documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from maillage.directory.ingest import Record, Report
from maillage.standards.hsds.documents import Documents
from maillage.standards.hsds.reading import Reading
from maillage.standards.hsds.tabular import ROOTS, TABLES, Package, stage
from maillage.standards.reading.files import Member, Refused, members
from maillage.standards.reading.staging import Staging

if TYPE_CHECKING:
    from maillage.standards.imports import Progress

JSON = (".json", ".ndjson", ".jsonl")
ORDER = (
    "taxonomies",
    "taxonomy_terms",
    "organizations",
    "locations",
    "services",
)  # so that what is referred to comes first


def records(path: Path, reading: Reading, report: Report, progress: Progress) -> Iterator[Record]:
    found = [member for member in members(path) if not member.name.startswith((".", "datapackage"))]
    tables = [
        member for member in found if member.name.lower().endswith(".csv") and TABLES.get(member.name.lower()[:-4])
    ]
    if any(TABLES[member.name.lower()[:-4]] in ROOTS for member in tables):
        yield from _tables(tables, reading, report, progress)
        return
    documents = [member for member in found if member.name.lower().endswith(JSON)] or (found if len(found) == 1 else [])
    if not documents:
        raise Refused("file-unknown", path.name)
    yield from _documents(documents, reading, report, progress)


def _tables(tables: list[Member], reading: Reading, report: Report, progress: Progress) -> Iterator[Record]:
    size, done = sum(member.size for member in tables), 0

    def tick(number: int) -> None:
        nonlocal done
        done += number
        progress("read", done, size)

    with Staging() as staging:
        stage(staging, tables, report, tick)
        package = Package(staging, reading, report)
        total = package.total
        for number, record in enumerate(package.records(), start=1):
            yield record
            if number % 100 == 0 or number == total:
                progress("write", number, total)


def _documents(documents: list[Member], reading: Reading, report: Report, progress: Progress) -> Iterator[Record]:
    size, done = sum(member.size for member in documents), 0

    def tick(number: int) -> None:
        nonlocal done
        done += number
        progress("write", done, size)

    reader = Documents(reading, report)
    for member in sorted(
        documents, key=lambda m: next((i for i, n in enumerate(ORDER) if m.name.startswith(n)), len(ORDER))
    ):
        yield from reader.records(member, tick)
