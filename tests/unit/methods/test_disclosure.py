"""No small count about people can be read, nor worked out from what is shown."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from maillage.methods.disclosure import floored, protect

tables = arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.integers(0, 60))


@given(tables, st.integers(1, 12))
def test_every_number_shown_is_zero_or_a_multiple_of_the_smallest_cell_and_never_too_much(counts, smallest):
    shown = protect(counts, smallest)
    for numbers, true in (
        (shown.cells, counts),
        (shown.rows, counts.sum(1)),
        (shown.columns, counts.sum(0)),
        (np.array([shown.total]), counts.sum()),
    ):
        assert (numbers % smallest == 0).all()
        assert (numbers <= true).all()
    assert (shown.rows >= shown.cells.sum(1)).all()
    assert shown.total >= shown.cells.sum()


@given(tables)
def test_a_smallest_cell_of_one_hides_nothing(counts):
    shown = protect(counts, 1)
    assert (shown.cells == counts).all()
    assert shown.total == counts.sum()


# (rows, columns), smallest cell, largest count: all tables there are, each with what is shown of it
@pytest.mark.parametrize(
    ("shape", "smallest", "most"), [((1, 4), 3, 5), ((2, 2), 3, 8), ((2, 3), 2, 3), ((1, 5), 2, 5)]
)
def test_a_hidden_cell_cannot_be_worked_out_by_anybody_who_knows_how_it_was_hidden(shape, smallest, most):
    alike = defaultdict(list)
    for values in product(range(most + 1), repeat=shape[0] * shape[1]):
        shown = protect(np.array(values).reshape(shape), smallest)
        alike[shown.cells.tobytes(), shown.rows.tobytes(), shown.columns.tobytes(), shown.total].append(values)
    for (cells, *_), possible in alike.items():
        for place, cell in enumerate(np.frombuffer(cells, np.int64)):
            if cell == 0:
                assert len({values[place] for values in possible}) > 1, possible[0]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (np.array([1, 2]), "counts: a table of two axes was expected, not the shape .2,."),
        (np.array([[1, -1]]), "counts: at least 0 was expected, not -1 at 0, 1"),
        (np.array([[1, 2.5]]), "counts: whole numbers were expected, not 2.5"),
        (np.array([[1, 1e20]]), "counts: at most 9007199254740992 was expected, not 1e.20 at 0, 1"),
        (np.array([[1, float("nan")]]), "counts: a known number was expected"),
    ],
)
def test_what_is_no_table_of_counts_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        protect(wrong, 5)


def test_counts_may_come_as_any_array_and_stay_as_they_were():
    counts = np.array([[3, 100], [7, 0]])
    counts.flags.writeable = False
    for same in (counts, counts.tolist(), counts.astype(np.int8), counts.astype(float), np.asfortranarray(counts)):
        assert repr(protect(same, 5)) == repr(protect(counts, 5))
    assert protect(np.zeros((0, 3)), 5).columns.tolist() == [0, 0, 0]


def test_a_smallest_cell_below_one_is_refused():
    with pytest.raises(ValueError, match="smallest: a whole number of at least 1 was expected, not 0"):
        floored(np.array([3]), 0)
