"""Sheets of a workbook, row by row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any
from xml.parsers import expat

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from maillage.directory.ingest import Report
from maillage.methods.tables import original
from maillage.standards.reading.packed import BROKEN, Member, Refused, check_zip

MOST_ROWS = 1_000_000
MOST_COLUMNS = 300
MOST_UNPACKED = 400 * 1024**2  # a workbook's texts are kept in memory
MOST_PROLOG = 16  # blocks before the first element
NO_XML = (expat.ExpatError, SyntaxError)  # ElementTree's ParseError is a SyntaxError


@contextmanager
def workbook(member: Member) -> Iterator[Any]:
    """The workbook, opened to be read through once; a bomb and what is no workbook are refused."""
    try:
        with member.open() as file:
            with zipfile.ZipFile(file) as package:
                check_zip(package.infolist(), MOST_UNPACKED)
                for info in package.infolist():
                    _check_entities(package, info)
            file.seek(0)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            try:
                yield book
            finally:
                book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, *BROKEN, *NO_XML) as trouble:
        raise Refused("file-unreadable", f"{member.name}: {trouble}") from trouble


def _check_entities(package: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Raise Refused when a part of the workbook has a document type: entities are declared there, inside each other or outside
    the file. Nothing that spreadsheets write has one. Read up to the first element."""
    if not info.filename.lower().endswith((".xml", ".rels", ".vml")):
        return

    def refuse(*_told: object) -> None:
        raise Refused("file-entities", info.filename)

    begun: list[str] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda name, _attributes: begun.append(name)
    with package.open(info) as part:
        for _ in range(MOST_PROLOG):
            block = part.read(65_536)
            try:
                parser.Parse(block, not block)
            except expat.ExpatError:
                if not begun:
                    raise
            if begun or not block:
                return
    refuse()


def rows(sheet: Any, entity: str, report: Report, wanted: frozenset[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, column -> value) for each row that is not empty. The first row names the columns; of two with one name the first filled counts."""
    names: list[str] = []
    line = 0
    try:
        for line, cells in enumerate(
            sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True), start=1
        ):
            if not names:
                names = [str(cell).strip().lower() if cell is not None else "" for cell in cells]
                _judge(names, f"{sheet.title} 1", entity, report, wanted)
                continue
            row: dict[str, Any] = {}
            for name, cell in zip(names, cells, strict=False):
                if name and row.get(name) is None:
                    row[name] = value(cell)
            if any(v is not None for v in row.values()):
                report.at(entity, f"{sheet.title} {line}")
                yield line, row
    except (AttributeError, IndexError, KeyError, TypeError, *BROKEN, *NO_XML) as trouble:
        report.at(entity, f"{sheet.title} {line + 1}")  # what openpyxl makes of a part that is broken
        report.remark("file-broken", value=f"{type(trouble).__name__}: {trouble}")


def _judge(names: list[str], row: str, entity: str, report: Report, wanted: frozenset[str]) -> None:
    report.at(entity, row)
    for name in dict.fromkeys(n for n in names if n):
        if names.count(name) > 1:
            report.remark("column-repeated", name)
        if name not in wanted and not name.startswith("__"):
            report.remark("column-unknown", name)
    report.expect(entity, sorted(wanted & set(names)))


def value(cell: Any) -> Any:
    """What a cell holds, as JSON has it: whole numbers without their ".0", dates as ISO text."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, str):
        return original(cell).strip() or None
    return cell if cell is None or isinstance(cell, (bool, int, float)) else str(cell)
