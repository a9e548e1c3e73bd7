"""Tables that leave as CSV: cells that a spreadsheet would run as a formula are made harmless."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from maillage.methods import tables


def csv_answer(name: str, rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A file that spreadsheets open as UTF-8."""
    sheet = io.StringIO(newline="")
    tables.write(sheet, rows)
    answer = HttpResponse("\ufeff" + sheet.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
