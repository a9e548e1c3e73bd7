"""Tonight's draw from the inside: the window, who may come in, and the morning after."""

from __future__ import annotations

from datetime import timedelta

import pytest

from maillage.places import waiting
from maillage.places.actions import registering
from maillage.places.actions import waiting as act
from maillage.places.models import Draw, Request, WaitingList
from tests.beds import Beds, rule_set
from tests.testland import NOW

NOON = (NOW + timedelta(days=1)).replace(hour=12)
SAID = registering.Registration({"alias": "Somebody", "contact": "none"})


def test_by_telephone_a_worker_registers_somebody(beds: Beds) -> None:
    request, token = registering.register(beds.draw, SAID, by=beds.dave, at=NOON)
    assert (request.channel, request.consent, request.night) == ("telephone", None, NOON.date())
    assert act.by_token(token, territory=beds.territory.pk, at=NOW) == request
    assert Draw.objects.get().closes_at.isoformat() == "2026-11-21T15:00:00+00:00"


def test_a_published_list_takes_nobody_in(beds: Beds) -> None:
    registering.register(beds.draw, SAID, at=NOON)
    Draw.objects.update(list_hash="published")
    with pytest.raises(waiting.WindowClosed):
        registering.register(beds.draw, SAID, at=NOON)
    assert Request.objects.count() == 1


def test_a_list_that_nobody_keeps_is_not_drawn(beds: Beds) -> None:
    WaitingList.objects.filter(pk=beds.draw.pk).update(keeper=None)
    beds.draw.refresh_from_db()
    with pytest.raises(waiting.WindowClosed):
        registering.register(beds.draw, SAID, at=NOON)


def test_the_window_of_a_draw_stays_what_it_was_when_the_rules_change(beds: Beds) -> None:
    first = registering.draw_of(beds.draw, NOON.date(), at=NOON)
    rule_set(beds.draw, {"draw": {"opens": "08:00", "closes": "09:00"}}, version="2")
    assert registering.draw_of(beds.draw, NOON.date(), at=NOON) == first
    assert registering.window(beds.draw, NOON.date(), at=NOON)[1] < first.closes_at


def test_the_night_when_clocks_change_has_its_window(beds: Beds) -> None:
    for day, hour in (("2027-03-28", "08:00"), ("2027-10-31", "09:00")):  # summer and winter time, in UTC
        opens, _closes = registering.window(beds.draw, NOW.fromisoformat(day).date(), at=NOON)
        assert opens.astimezone(NOW.tzinfo).isoformat() == f"{day}T{hour}:00+00:00"


def test_a_request_that_is_placed_at_dawn_is_not_ended(beds: Beds, monkeypatch: pytest.MonkeyPatch) -> None:
    registering.register(beds.draw, SAID, at=NOON)

    def placed(*_args: object, **_more: object) -> None:
        raise waiting.Changed("placed")

    monkeypatch.setattr(act, "end", placed)
    assert registering.end_past_nights(beds.territory, by="system:test", at=NOON + timedelta(days=1)) == 0
