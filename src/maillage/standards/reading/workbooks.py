"""Sheets of a workbook, row by row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from maillage.directory.ingest import Report
from maillage.methods.tables import original
from maillage.standards.reading.files import Member, Refused, check_zip

MOST_ROWS = 1_000_000
MOST_COLUMNS = 300


@contextmanager
def workbook(member: Member) -> Iterator[Any]:
    """The workbook, opened to be read through once; a bomb and what is no workbook are refused."""
    with member.open() as file:
        try:
            with zipfile.ZipFile(file) as package:
                check_zip(package.infolist())
            file.seek(0)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except (zipfile.BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as trouble:
            raise Refused("file-unreadable", f"{member.name}: {trouble}") from trouble
        try:
            yield book
        finally:
            book.close()


def rows(sheet: Any, entity: str, report: Report, wanted: frozenset[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, column -> value) for each row that is not empty. The first row names the columns; of two with one name the first filled counts."""
    names: list[str] = []
    for line, cells in enumerate(sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True), start=1):
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
