"""Tables that leave as CSV: cells that a spreadsheet would run as a formula are made harmless."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse


def harmless(cell: object) -> str:
    """A spreadsheet runs what begins like a formula, also behind spaces: an apostrophe makes it a text. Numbers stay numbers."""
    text = "" if cell is None else str(cell)
    if isinstance(cell, int | float):
        return text
    return f"'{text}" if text.lstrip(" \u00a0")[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%") else text


def csv_answer(name: str, rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A file that spreadsheets open as UTF-8."""
    sheet = io.StringIO()
    csv.writer(sheet).writerows([harmless(cell) for cell in row] for row in rows)
    answer = HttpResponse("\ufeff" + sheet.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
