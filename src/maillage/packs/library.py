"""The library of a pack: `library.yaml` names documents, `library/` may hold those that one may hand on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from maillage.packs.reading import Mapped
from maillage.packs.shapes import code, language_code, list_of, matching, number_of_year, one_of, record, text, url

if TYPE_CHECKING:
    from maillage.packs.references import Checker

FOLDER = "library"
FILE = "library.yaml"
KINDS = ("report", "article", "book", "leaflet", "law", "web")
MOST_BYTES = 50_000_000
FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\.(pdf|epub|odt|txt)")

file_name = matching(
    FILE_NAME, lambda: _("“%(value)s” is not a file name such as report-2024.pdf (pdf, epub, odt, txt)")
)
document = record(
    {
        "code": code,
        "kind": one_of(*KINDS),
        "title": text(600),
        "language": language_code,
        "themes": list_of(code, least=1),
    },
    {
        "authors": list_of(text(200)),
        "year": number_of_year,
        "publisher": text(400),
        "url": url,
        "file": file_name,
        "identifier": text(200),
        "abstract": text(3000),
    },
)
documents = record({"documents": list_of(document)}, {"version": text(40)})


def files(folder: Path) -> list[Path]:
    """Documents that stand in the pack itself."""
    held = folder / FOLDER
    return sorted(path for path in held.iterdir() if FILE_NAME.fullmatch(path.name)) if held.is_dir() else []


def check(checker: Checker, found: list[tuple[str, Mapped]]) -> None:
    top = checker.pack.library
    checker.unique(FILE, found)
    checker.must_be_sourced(FILE, top, found)
    for path, entry in found:
        checker.known(FILE, entry, "themes", path, checker.needs, _("need"))
        if not (entry.get("source") or top.get("source")):
            checker.say(
                FILE, entry, "source", path, _("a document needs the source that names it: it is never assumed")
            )
        if entry.get("abstract") and entry.get("assume") is not True:
            checker.say(
                FILE, entry, "abstract", path, _("an abstract is written by you, never copied: say assume: true")
            )
        if not (entry.get("url") or entry.get("file") or entry.get("identifier")):
            checker.say(
                FILE, entry, "url", path, _("needs a web address, a file or an identifier: else nobody can read it")
            )
        if isinstance(entry.get("file"), str):
            _file(checker, path, entry)


def _file(checker: Checker, path: str, entry: Mapped) -> None:
    there = checker.pack.folder / FOLDER / entry["file"]
    if there.is_symlink() or not there.is_file():
        checker.say(FILE, entry, "file", path, _("there is no file “%(name)s” in library/"), name=entry["file"])
    elif there.stat().st_size > MOST_BYTES:
        checker.say(FILE, entry, "file", path, _("is larger than %(n)s MB"), n=MOST_BYTES // 1_000_000)
