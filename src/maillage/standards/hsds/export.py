"""The published directory as HSDS 3.1, streamed: one JSON document, or one object a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any

import msgspec

from maillage.directory.models import Service
from maillage.people.models import Organization
from maillage.standards.hsds import filters, paging
from maillage.standards.hsds.shelf import Shelf
from maillage.territory.models import Territory

CHUNK = 500


def objects(territory: Territory, progress: Callable[[int, int], None]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(collection, object): taxonomies and categories, organisations that offer nothing, then full services."""
    shelf = Shelf.of(territory)
    published = Service.objects.filter(territory=territory).visible()
    silent = Organization.objects.filter(territory=territory).exclude(
        pk__in=published.exclude(organization=None).values("organization_id")
    )
    for some in paging.chunks(filters.taxonomies(territory, []), CHUNK):
        yield from (("taxonomies", one) for one in shelf.taxonomies(some))
    for some in paging.chunks(filters.terms(territory, []), CHUNK):
        yield from (("taxonomy_terms", one) for one in shelf.terms(some))
    for some in paging.chunks(silent, CHUNK):
        yield from (("organizations", one) for one in shelf.organizations(some, full=True))
    total, done = published.count(), 0
    for some in paging.chunks(published, CHUNK):
        found = shelf.services(some, full=True)
        yield from (("contents", one) for one in found)
        done += len(found)
        progress(done, total)


def write_lines(territory: Territory, file: IO[bytes], progress: Callable[[int, int], None]) -> dict[str, int]:
    """NDJSON; returns how many objects of each collection."""
    counts: dict[str, int] = {}
    for name, one in objects(territory, progress):
        file.write(msgspec.json.encode(one) + b"\n")
        counts[name] = counts.get(name, 0) + 1
    return counts


def write_document(territory: Territory, file: IO[bytes], progress: Callable[[int, int], None]) -> dict[str, int]:
    """A Page whose `contents` are the services; beside it the other collections."""
    counts: dict[str, int] = {}
    current = ""
    file.write(b"{")
    for name, one in objects(territory, progress):
        if name != current:
            file.write((b"\n]," if current else b"") + f'\n"{name}": [\n'.encode())
            current = name
        elif name in counts:
            file.write(b",\n")
        file.write(msgspec.json.encode(one))
        counts[name] = counts.get(name, 0) + 1
    if current and current != "contents":
        file.write(b"\n],")
    if current != "contents":
        file.write(b'\n"contents": [')
    total = counts.get("contents", 0)
    page = {k: v for k, v in paging.page(total, 1, max(total, 1), [None] * total).items() if k != "contents"}
    file.write(b"\n],\n" + msgspec.json.encode(page)[1:-1] + b"\n}\n")
    return counts
