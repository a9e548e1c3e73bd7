"""Cells of a table that leaves for a spreadsheet, and comes back: what looks like a formula is shown and never run.

A spreadsheet runs a cell that begins with = + - @ or a control character, also behind spaces, whoever wrote it (OWASP, "CSV
injection"). An apostrophe in front makes it a text, which every spreadsheet hides or shows harmlessly. So that nothing is lost on
the way back, a text that begins with apostrophes before such a sign gets one more: `original` takes off exactly what
`harmless` put on.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import Final, TextIO

FORMULA: Final = re.compile("'*[ \u00a0]*[=+\\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20]")


def harmless(cell: object) -> str:
    """The cell as text that no spreadsheet runs. Numbers stay numbers: -5 is no formula."""
    text = "" if cell is None else str(cell)
    if isinstance(cell, int | float):
        return text
    return f"'{text}" if FORMULA.match(text) else text


def original(text: str) -> str:
    """What `harmless` made harmless: original(harmless(text)) == text, for every text."""
    return text[1:] if text[:1] == "'" and FORMULA.match(text, 1) else text


def write(file: TextIO, rows: Iterable[Sequence[object]]) -> None:
    """Rows as CSV, harmless."""
    csv.writer(file).writerows([harmless(cell) for cell in row] for row in rows)
