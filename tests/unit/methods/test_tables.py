"""A table that leaves runs nothing in a spreadsheet, and loses nothing on its way back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.methods import tables

CELLS = st.text() | st.text(alphabet="'=+-@\t\r\n |%a\u00a0＝＋－＠", max_size=8)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\u00a0+", "|", "%", "＝", "'="])
def test_what_looks_like_a_formula_is_a_text(start: str) -> None:
    assert tables.harmless(f'{start}HYPERLINK("x")')[0] == "'"


@pytest.mark.parametrize(
    ("cell", "text"), [(None, ""), (-5, "-5"), (-0.5, "-0.5"), ("a=b", "a=b"), ("'t Huis", "'t Huis"), (True, "True")]
)
def test_what_is_harmless_stays_as_it_is(cell: object, text: str) -> None:
    assert tables.harmless(cell) == text


@given(CELLS)
def test_what_comes_back_is_what_left(text: str) -> None:
    assert tables.original(tables.harmless(text)) == text


@given(CELLS)
def test_no_text_begins_like_a_formula(text: str) -> None:
    assert tables.harmless(text).lstrip(" \u00a0")[:1] not in set("=+-@\t\r\n|%＝＋－＠")


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=4))
def test_a_whole_table_comes_back(rows: list[list[str]]) -> None:
    file = io.StringIO(newline="")
    tables.write(file, rows)
    back = [[tables.original(cell) for cell in row] for row in csv.reader(io.StringIO(file.getvalue(), newline=""))]
    assert back == rows
