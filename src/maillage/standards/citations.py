"""Documents of the library as BibTeX, RIS and CSL-JSON: what reference managers read.

BibTeX has no list of its own for institutions and places: an author that is an organisation is put between braces, so that no
program takes its last word for a family name. RIS: Research Information Systems, tags of two letters. CSL-JSON: schema 1.0.2.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

BIBTEX = {"report": "techreport", "article": "article", "book": "book", "leaflet": "misc", "law": "misc", "web": "misc"}
RIS = {"report": "RPRT", "article": "JOUR", "book": "BOOK", "leaflet": "PAMP", "law": "STAT", "web": "ELEC"}
CSL = {
    "report": "report",
    "article": "article-journal",
    "book": "book",
    "leaflet": "pamphlet",
    "law": "legislation",
    "web": "webpage",
}
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
_DOI = re.compile(r"(?:doi:|https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_ISBN = re.compile(r"(?:isbn:? ?)?((?:97[89][- ]?)?(?:\d[- ]?){9}[\dXx])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Work:
    """What a citation says. `authors`: "Family, Given" for a person, else the name of an organisation."""

    code: str
    kind: str
    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    publisher: str = ""
    language: str = ""
    url: str = ""
    identifier: str = ""
    abstract: str = ""

    @property
    def doi(self) -> str:
        found = _DOI.fullmatch(self.identifier)
        return found[1] if found else ""

    @property
    def isbn(self) -> str:
        found = _ISBN.fullmatch(self.identifier)
        return found[1] if found else ""


def to_bibtex(works: Iterable[Work]) -> str:
    return "\n".join(_bibtex(work) for work in works)


def _bibtex(work: Work) -> str:
    home = {"techreport": "institution", "article": "journal", "book": "publisher"}.get(
        BIBTEX[work.kind], "howpublished"
    )
    fields = {
        "title": "{" + _tex(work.title) + "}" if work.title else "",  # the inner braces keep its capitals
        "author": " and ".join(_author(name) for name in work.authors),
        "year": str(work.year or ""),
        home: _tex(work.publisher),
        "language": work.language,
        "doi": work.doi,
        "isbn": work.isbn,
        "number": "" if work.doi or work.isbn else _tex(work.identifier),
        "url": _address(work.url),
        "abstract": _tex(work.abstract),
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@{BIBTEX[work.kind]}{{{_key(work.code)},\n{lines}}}\n"


def _tex(text: str) -> str:
    return "".join(_SPECIAL.get(c, c) for c in _line(text))


def _author(name: str) -> str:
    parts = _line(name).split(",")
    if len(parts) == 2 and all(part.strip() for part in parts):
        return _tex(_line(name))
    return "{" + _tex(_line(name)) + "}"


def _address(url: str) -> str:
    """Kept as it is, but for what would end the field."""
    return _line(url).replace("\\", "%5C").replace("{", "%7B").replace("}", "%7D").replace(" ", "%20")


def _key(code: str) -> str:
    return re.sub(r"[^A-Za-z0-9:_-]", "-", code)


def to_ris(works: Iterable[Work]) -> str:
    """Lines end with CR LF, as the format asks."""
    return "\r\n".join(line for work in works for line in (*_ris(work), "ER  - ", "")) + "\r\n"


def _ris(work: Work) -> list[str]:
    pairs = [("TY", RIS[work.kind]), ("ID", work.code), ("TI", work.title)]
    pairs += [("AU", name) for name in work.authors]
    pairs += [
        ("PY", str(work.year or "")), ("PB", work.publisher), ("LA", work.language), ("DO", work.doi),
        ("SN", work.isbn), ("M1", "" if work.doi or work.isbn else work.identifier), ("UR", work.url), ("AB", work.abstract),
    ]  # fmt: skip
    return [f"{tag}  - {_line(value)}" for tag, value in pairs if _line(value)]


def to_csl(works: Iterable[Work]) -> str:
    return json.dumps([_csl(work) for work in works], ensure_ascii=False, indent=1) + "\n"


def _csl(work: Work) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": work.code,
        "type": CSL[work.kind],
        "title": _line(work.title),
        "author": [_person(name) for name in work.authors],
        "issued": {"date-parts": [[work.year]]} if work.year else None,
        "publisher": _line(work.publisher),
        "language": work.language,
        "DOI": work.doi,
        "ISBN": work.isbn,
        "number": "" if work.doi or work.isbn else _line(work.identifier),
        "URL": _line(work.url),
        "abstract": _line(work.abstract),
    }
    return {name: value for name, value in said.items() if value}


def _person(name: str) -> dict[str, str]:
    family, _, given = _line(name).partition(",")
    if family.strip() and given.strip() and "," not in given:
        return {"family": family.strip(), "given": given.strip()}
    return {"literal": _line(name)}


def _line(text: str) -> str:
    """One line, without control characters."""
    kept = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text)
    return " ".join(kept.split())
