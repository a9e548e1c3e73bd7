"""Why am I here in the order?

The list answers in sentences: urgency with a name under it, days that are counted from what was written down, and no score.
"""

from __future__ import annotations

from datetime import timedelta

from maillage.places import clock
from maillage.places.actions import waiting
from maillage.places.models import Request
from maillage.web.desk.waiting_lists import ordered
from maillage.web.presenters.waiting import ahead_of, why
from tests.beds import Beds
from tests.testland import NOW

DAY = timedelta(days=1)


def asks(beds: Beds, person: object, day: int) -> Request:
    return waiting.ask(beds.queue, person, by="system:story", at=NOW + day * DAY)[0]  # type: ignore[arg-type]


def said(beds: Beds, request: Request, day: int) -> str:
    """What the page says of them on that day."""
    found = ordered(beds.queue, at=NOW + day * DAY)
    mine = next(one for one in found.all() if one.pk == request.pk)
    return " ".join(why(mine, found.rules, total=found.total, before=ahead_of(mine, found.first(mine.rank))))


def test_a_list_says_why(beds: Beds) -> None:
    bruno = asks(beds, beds.bruno, 0)
    amina = asks(beds, beds.amina, 10)
    assert "Number 1 of 2" in said(beds, bruno, 20)
    assert "Nobody has judged how urgent it is" in said(beds, bruno, 20)

    waiting.assess(amina, "b", ["children"], by=beds.greta, at=NOW + 20 * DAY)
    assert "Number 1 of 2" in said(beds, amina, 21)
    assert "1 is more urgent" in said(beds, bruno, 21)

    waiting.pause(bruno, "hospital", until=NOW + 40 * DAY, by=beds.greta, at=NOW + 30 * DAY)
    assert "Their clock is paused: in hospital." in said(beds, bruno, 35)
    assert "Waited 50 days." in said(beds, bruno, 60)  # ten of them in hospital; they stay on the list

    assert "They rose there by waiting" in said(beds, bruno, 70)  # sixty days of waiting lift to the degree above
    assert "Number 1 of 2" in said(beds, bruno, 70)  # of the same urgency, whoever has waited longer

    waiting.prove(amina, "wronged", "a decision of the ombudsman", by=beds.greta, at=NOW + 71 * DAY)
    assert "1 stands before by priority" in said(beds, bruno, 72)

    assert not hasattr(bruno, "score")
    assert (
        clock.waited(bruno.clock.all(), at=NOW + 72 * DAY) == 62 * DAY
    )  # derived from what was written down, never stored
