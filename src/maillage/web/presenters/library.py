"""Documents of the library in words, and as reference managers read them in a page (COinS, schema.org, citation_*)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext_lazy, ngettext

from maillage.directory import shelf
from maillage.directory.models import LibraryDocument
from maillage.directory.search.library import Library, Shelf
from maillage.web.presenters.filters import Option
from maillage.web.presenters.vocabulary import Vocabulary
from maillage.web.templatetags.page import web_address

KINDS = {
    "report": gettext_lazy("Report"),
    "article": gettext_lazy("Article"),
    "book": gettext_lazy("Book"),
    "leaflet": gettext_lazy("Leaflet"),
    "law": gettext_lazy("Law"),
    "web": gettext_lazy("Web page"),
}
TYPES = {"article": "ScholarlyArticle", "book": "Book", "report": "Report", "law": "Legislation", "web": "WebPage"}
GENRES = {"article": "article", "book": "book", "report": "report"}  # of OpenURL


@dataclass(frozen=True, slots=True)
class Entry:
    code: str
    title: str
    authors: str
    year: str
    publisher: str
    kind: str
    language_code: str  # when it is not the reader's
    language: str
    url: str
    file: str  # "PDF" when we hold it
    abstract: str
    themes: tuple[tuple[str, str], ...]
    identifier: str
    source: str
    schema: str  # type of schema.org
    coins: str


def entry(document: LibraryDocument, here: Library, words: Vocabulary) -> Entry:
    language = (get_language() or "en").split("-")[0]
    names = dict(settings.LANGUAGES)
    return Entry(
        document.code,
        document.title,
        " ; ".join(document.authors),
        str(document.year or ""),
        document.publisher,
        str(KINDS.get(document.kind, "")),
        document.language if document.language != language else "",
        str(names.get(document.language, words.language_name(document.language) if document.language else "")),
        web_address(document.url),
        Path(document.file).suffix[1:].upper() if document.file and shelf.place(document) else "",
        document.abstract,
        tuple((code, words.need_name(code)) for code in sorted(here.themes[document.code]) if code in words.needs),
        document.identifier,
        str(words.sources.get(document.source, {}).get("title") or ""),
        TYPES.get(document.kind, "CreativeWork"),
        coins(document),
    )


def entries(found: Shelf, here: Library, words: Vocabulary) -> list[Entry]:
    return [entry(document, here, words) for document in found.documents]


def coins(document: LibraryDocument) -> str:
    """ContextObject in span (OpenURL 1.0): Zotero and its like find the document in the page."""
    is_book = document.kind in {"book", "report", "leaflet"}
    shape = "book" if is_book else "journal" if document.kind == "article" else "dc"
    title = {"book": "rft.btitle", "journal": "rft.atitle", "dc": "rft.title"}[shape]
    pairs = [("ctx_ver", "Z39.88-2004"), ("rft_val_fmt", f"info:ofi/fmt:kev:mtx:{shape}"), (title, document.title)]
    if genre := GENRES.get(document.kind):
        pairs.append(("rft.genre", genre))
    pairs += [("rft.au", name) for name in document.authors]
    pairs += [
        ("rft.date", str(document.year or "")),
        ("rft.jtitle" if shape == "journal" else "rft.pub", document.publisher),
        ("rft.language", document.language),
        ("rft_id", web_address(document.url)),
    ]
    return urlencode([(name, value) for name, value in pairs if value])


def how_many(total: int) -> str:
    return ngettext("%(n)s document", "%(n)s documents", total) % {"n": number_format(total)}


def options(values: Iterable[tuple[str, str]], chosen: str) -> list[Option]:
    return [Option(code, label, code == chosen) for code, label in values]


def themes(here: Library, words: Vocabulary) -> list[tuple[str, str]]:
    """The needs that a document is about, with those above them, in the order of the tree."""
    used = {above for codes in here.themes.values() for code in codes for above in words.lineage(code)}
    return [
        (code, "– " * (len(words.lineage(code)) - 1) + need.name())
        for code, need in words.needs.items()
        if code in used
    ]


def kinds(here: Library) -> list[tuple[str, str]]:
    used = {document.kind for document in here.documents}
    return [(code, str(label)) for code, label in KINDS.items() if code in used]


def languages(here: Library, words: Vocabulary) -> list[tuple[str, str]]:
    names = dict(settings.LANGUAGES)
    used = sorted({document.language for document in here.documents if document.language})
    return [(code, str(names.get(code, words.language_name(code)))) for code in used]
