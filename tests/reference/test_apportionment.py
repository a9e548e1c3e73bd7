"""The largest remainder against published tables of seats."""

from __future__ import annotations

import pytest

from maillage.methods.apportionment import by_key


@pytest.mark.parametrize(
    ("seats", "votes", "found"),
    [
        (10, [47_000, 16_000, 15_900, 12_000, 6_100, 3_100], [5, 2, 1, 1, 1, 0]),
        (25, [1500, 1500, 900, 500, 500, 200], [7, 7, 4, 3, 3, 1]),
        (26, [1500, 1500, 900, 500, 500, 200], [8, 8, 5, 2, 2, 1]),  # one seat more, and two parties lose one
    ],
)
def test_the_largest_remainder_gives_the_seats_of_the_textbook(seats, votes, found):
    assert by_key(seats, votes).tolist() == found
