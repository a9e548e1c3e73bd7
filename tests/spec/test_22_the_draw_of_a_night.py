"""The draw of a night

More people than beds, and nobody more urgent than another: a draw decides. The list is closed and its fingerprint published first;
then comes a number that nobody could know; both together make the order. Everyone keeps a receipt that anybody can verify.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from maillage.places.actions import registering, runs
from maillage.places.actions.registering import Registration
from maillage.places.models import Request
from tests.beds import Beds
from tests.testland import NOW

MORNING = NOW - timedelta(hours=7)
BEACON = "the first draw of the lottery this evening: 4 8 15 16 23 42"


def registers(beds: Beds, name: str) -> Request:
    return registering.register(beds.draw, Registration({"alias": name}), at=MORNING)[0]


def test_four_people_three_beds_and_a_receipt_that_anybody_can_verify(beds: Beds) -> None:
    asked = [registers(beds, name) for name in ("Fox", "Owl", "Hare", "Wren")]
    draw = registering.draw_of(beds.draw, NOW.date(), at=NOW)

    runs.publish(draw, by=beds.dave, at=NOW)
    fingerprint = draw.list_hash
    runs.draw(draw, BEACON, by=beds.dave, at=NOW + timedelta(minutes=5))

    receipts = [receipt for one in asked if (receipt := runs.receipt(draw, one))]
    assert sorted((one.rank, one.outcome) for one in receipts) == [
        (1, "placed"), (2, "placed"), (3, "placed"), (4, "not_served"),
    ]  # fmt: skip
    assert sha256(runs.text(draw).encode()).hexdigest() == fingerprint
    seed = sha256((BEACON + fingerprint).encode()).hexdigest()
    by_lot = sorted(receipts, key=lambda one: sha256((seed + one.mark).encode()).hexdigest())
    assert [one.rank for one in by_lot] == [1, 2, 3, 4]


def test_the_list_that_everybody_can_read_names_nobody(beds: Beds) -> None:
    registers(beds, "Fox")
    draw = registering.draw_of(beds.draw, NOW.date(), at=NOW)
    runs.publish(draw, by=beds.dave, at=NOW)

    assert "Fox" not in runs.text(draw)
    assert len(runs.text(draw).splitlines()) == 1
