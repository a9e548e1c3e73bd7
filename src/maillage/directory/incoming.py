"""Files that were handed in for an import: kept below MAILLAGE_VAR/imports under a name that nobody can guess, for some days."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# what `standards` can read, as a person chooses it (a test compares the two)
FORMATS: Final[dict[str, Promise]] = {
    "hsds": _("HSDS: tables (1.1) or JSON (3)"),
    "data-inclusion": _("data.inclusion: workbook, JSON or CSV"),
    "social-brussels": _("social.brussels: JSON"),
}
ENDINGS: Final = (".json", ".ndjson", ".jsonl", ".csv", ".zip", ".xlsx", ".xlsm", ".gz")
LONGEST_NAME: Final = 80


class TooLarge(Exception):
    """More bytes than an import takes in."""


def folder() -> Path:
    return Path(settings.VAR) / "imports"


def most_bytes() -> int:
    return int(settings.IMPORT_MOST_MB) * 1_000_000


def plain_name(name: str) -> str:
    """The last part of a name that somebody gave, as one that every file system takes: no folder, no dot in front."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip(".-")[-LONGEST_NAME:].strip(".-") or "feed"


def has_known_ending(name: str) -> bool:
    return plain_name(name).lower().endswith(ENDINGS)


def place(name: str) -> tuple[str, Path]:
    """Room for a new file: what is kept of it ("3f9c.../services.csv"), and its path."""
    kept = f"{secrets.token_urlsafe(16)}/{plain_name(name)}"
    path = folder() / kept
    path.parent.mkdir(parents=True, mode=0o700)
    return kept, path


def keep(name: str, blocks: Iterable[bytes]) -> str:
    """Write the file; returns what `path_of` finds it by. Raises TooLarge, and leaves nothing behind."""
    kept, path = place(name)
    size = 0
    try:
        with path.open("xb") as file:
            for block in blocks:
                size += len(block)
                if size > most_bytes():
                    raise TooLarge
                file.write(block)
    except BaseException:
        forget(kept)
        raise
    return kept


def path_of(kept: str) -> Path | None:
    """The file, when it is still there and really below our folder."""
    if not kept:
        return None
    path = (folder() / kept).resolve()
    return path if path.is_relative_to(folder().resolve()) and path.is_file() else None


def forget(kept: str) -> None:
    path = (folder() / kept).resolve()
    if kept and path.parent.parent == folder().resolve():
        shutil.rmtree(path.parent, ignore_errors=True)


def allowed_file(location: str) -> Path | None:
    """A file that the operator put below IMPORT_FOLDER; None for any other, wherever links and dots lead."""
    if not settings.IMPORT_FOLDER:
        return None
    root = Path(settings.IMPORT_FOLDER).resolve()
    path = (root / location).resolve()
    return path if path.is_relative_to(root) and path.exists() and path != root else None
