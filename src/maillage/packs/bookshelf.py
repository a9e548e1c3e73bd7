"""Keep the guides and the library of a territory as its pack says them."""

from __future__ import annotations

from datetime import date, datetime

from maillage.directory import shelf
from maillage.directory.models import Guide, LibraryDocument, SourceRecord
from maillage.directory.search import library
from maillage.directory.search.documents import vocabulary
from maillage.packs import content
from maillage.packs.content import NEEDS, Row
from maillage.packs.difference import held_terms, source_name
from maillage.packs.library import FOLDER
from maillage.packs.pack import Pack
from maillage.territory.models import Territory

TEXTS = ("kind", "title", "publisher", "language", "url", "file", "identifier", "abstract", "source")


def keep_guides(territory: Territory, pack: Pack) -> None:
    terms = held_terms(territory, NEEDS)
    wanted = content.guides(pack)
    Guide.objects.filter(territory=territory).exclude(code__in=list(wanted)).delete()
    for code, row in wanted.items():
        said = {name: row[name] for name in ("titles", "summaries", "steps", "sources", "order")}
        identity = content.stable(pack.code, f"guide/{code}")
        guide, _created = Guide.objects.update_or_create(
            territory=territory,
            code=code,
            defaults={"uuid": identity, "checked_on": date.fromisoformat(row["checked_on"]), **said},
        )
        guide.terms.set([terms[need] for need in row["needs"]])


def keep_documents(territory: Territory, pack: Pack, *, at: datetime) -> None:
    """Every document, with the stems that it is found by: they hold the words of the needs, which may have changed."""
    terms, words = held_terms(territory, NEEDS), vocabulary(territory)
    wanted = content.documents(pack)
    for gone in LibraryDocument.objects.filter(territory=territory).exclude(code__in=list(wanted)):
        shelf.drop(gone)
        gone.delete()
    records = SourceRecord.objects.filter(territory=territory, source=source_name(pack), entity="document")
    records.exclude(external_id__in=list(wanted)).delete()
    for code, row in wanted.items():
        document = _document(territory, pack, code, row)
        themes = [terms[need] for need in row["themes"]]
        document.a, document.b, document.c = library.stems_of(document, themes, words)
        document.save()
        document.themes.set(themes)
        if document.file:
            shelf.keep(document, pack.folder / FOLDER / document.file)
        records.update_or_create(
            territory=territory, source=source_name(pack), entity="document", external_id=code,
            defaults={"payload": row, "sha256": content.digest(row), "fetched_at": at},
        )  # fmt: skip


def _document(territory: Territory, pack: Pack, code: str, row: Row) -> LibraryDocument:
    held = LibraryDocument.objects.filter(territory=territory, code=code).first()
    document = held or LibraryDocument(
        territory=territory, code=code, uuid=content.stable(pack.code, f"document/{code}")
    )
    for name in TEXTS:
        setattr(document, name, row.get(name, ""))
    document.authors, document.year = row.get("authors", []), row.get("year")
    return document
