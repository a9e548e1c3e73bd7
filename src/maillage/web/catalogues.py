"""Message catalogues without the gettext programs: extract from the sources, update, check, compile (all by Babel)."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PACKAGE = Path(__file__).resolve().parent.parent
LOCALE = PACKAGE / "locale"
LANGUAGES = ("fr", "nl", "en")
IDENTITY = "en"  # the msgid is the English text
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
Message = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One text of the interface, and where it stands (the first places only)."""

    id: Message
    context: str | None
    place: str
    is_python_format: bool


def sources(package: Path = PACKAGE) -> Iterator[Path]:
    yield from sorted(package.rglob("*.py"))
    yield from sorted((package / "web" / "templates").rglob("*.html"))
    yield from sorted((package / "web" / "templates").rglob("*.txt"))


def texts_of(path: Path) -> Iterator[tuple[int, Message, str | None]]:
    """(line, msgid, context) of one file. A template is first turned into calls of gettext, as Django does."""
    if path.suffix == ".py":
        method, code = "python", path.read_text("utf-8")
    else:
        method, code = "javascript", templatize(path.read_text("utf-8"), origin=str(path))
    for line, message, _comments, context in extract(method, io.BytesIO(code.encode()), KEYWORDS):
        kept = tuple(message) if isinstance(message, tuple | list) else message
        if kept:
            yield line, kept, context


def found(package: Path = PACKAGE) -> list[Found]:
    every: list[Found] = []
    for path in sources(package):
        for _line, message, context in texts_of(path):
            first = message if isinstance(message, str) else message[0]
            every.append(Found(message, context, path.relative_to(package).as_posix(), "%(" in first))
    return every


def catalogue(language: str, locale: Path = LOCALE) -> Catalog:
    """What is translated so far; empty when the language has no file yet."""
    path = locale / language / "LC_MESSAGES" / "django.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def identity(message: Message) -> Message:
    return message


def updated(language: str, texts: Iterable[Found], locale: Path = LOCALE) -> Catalog:
    """The catalogue with exactly the texts of the sources: new ones empty, old translations kept, obsolete ones gone."""
    old = catalogue(language, locale)
    new = Catalog(locale=language, project="Maillage", charset="utf-8", fuzzy=False, header_comment="# Maillage")
    for text in sorted(texts, key=lambda one: (str(one.id), one.context or "")):
        previous = old.get(text.id, text.context)
        string = previous.string if previous and not previous.fuzzy else ""
        if language == IDENTITY and not any(string if isinstance(string, tuple | list) else [string]):
            string = identity(text.id)
        flags = ("python-format",) if text.is_python_format else ()
        new.add(text.id, string, context=text.context, locations=[(text.place, 0)], flags=flags)
    return new


def save(new: Catalog, language: str, locale: Path = LOCALE) -> Path:
    path = locale / language / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    write_po(buffer, new, width=120, omit_header=False, sort_output=True, include_lineno=False)
    lines = [
        line
        for line in buffer.getvalue().decode().splitlines()
        if not line.startswith(
            ('"POT-Creation-Date', '"PO-Revision-Date', '"Last-Translator', '"Language-Team', '"Generated-By')
        )
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def problems(texts: list[Found] | None = None, locale: Path = LOCALE) -> list[str]:
    """What is missing, fuzzy, obsolete or broken in a catalogue; empty when all is well."""
    wanted = {(text.id if isinstance(text.id, str) else text.id[0], text.context) for text in texts or found()}
    wrong: list[str] = []
    for language in LANGUAGES:
        known = catalogue(language, locale)
        there = set()
        for message in known:
            if not message.id:
                continue
            first = message.id if isinstance(message.id, str) else message.id[0]
            there.add((first, message.context))
            strings = message.string if isinstance(message.string, tuple | list) else [message.string]
            if message.fuzzy:
                wrong.append(f"{language}: fuzzy: {first}")
            if not all(strings) or (isinstance(message.id, tuple | list) and len(strings) < 2):
                wrong.append(f"{language}: not translated: {first}")
            wrong += [f"{language}: {error}: {first}" for error in message.check()]
        wrong += [f"{language}: not in the catalogue: {first}" for first, _ in sorted(wanted - there, key=str)]
        wrong += [f"{language}: no longer used: {first}" for first, _ in sorted(there - wanted, key=str)]
        wrong += [f"{language}: obsolete: {message}" for message in known.obsolete]
    return wrong


def compile_stale(locale: Path = LOCALE) -> int:
    """Write the .mo of every .po that has none, or an older one; how many were written. A read-only install keeps what it has."""
    written = 0
    for po in sorted(locale.glob("*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        if not os.access(po.parent, os.W_OK):
            continue
        with po.open("rb") as source:
            parsed = read_po(source, locale=po.parts[-3])
        with tempfile.NamedTemporaryFile(dir=po.parent, suffix=".part", delete=False) as part:
            write_mo(part, parsed)
        Path(part.name).replace(mo)  # at once, so that another process never reads half a file
        written += 1
    return written
