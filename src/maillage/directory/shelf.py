"""Files of the library that are handed on: copied beside the database when the pack is loaded, under a name made by us."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings

from maillage.directory.models import LibraryDocument

TYPES = {
    ".pdf": "application/pdf",
    ".epub": "application/epub+zip",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".txt": "text/plain; charset=utf-8",
}


def place(document: LibraryDocument) -> Path | None:
    """Where its file is kept, whether it is there or not: made of its identifier, never of a name that somebody gave."""
    kind = Path(document.file).suffix
    return Path(settings.VAR) / "library" / f"{document.uuid}{kind}" if kind in TYPES else None


def keep(document: LibraryDocument, path: Path) -> None:
    there = place(document)
    if there is not None:
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, there)


def drop(document: LibraryDocument) -> None:
    there = place(document)
    if there is not None:
        there.unlink(missing_ok=True)
