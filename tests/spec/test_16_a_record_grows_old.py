"""A record grows old

What is said of a service stays true for a time, which depends on its kind: a shelter is not a hospital. When that time is over, those
who keep the record are asked; when they do not answer, somebody else has to. Meanwhile readers are told how old it is.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail

from maillage.directory import contracts, freshness
from maillage.directory.actions import freshness as reminders
from maillage.directory.models import Reminder, Service
from maillage.directory.search.index import reindex
from maillage.territory.models import Territory
from tests.spec.conftest import Tell, of
from tests.testland import NOW

MONTH = timedelta(days=31)


@pytest.fixture
def open_door(cast: Any, testland: Territory) -> Service:
    """The night shelter of Alice's house; in this territory a shelter is confirmed every month."""
    testland.content["freshness_months"] = {"default": 12, "emergency-shelter": 1}
    testland.save()
    Service.objects.update(confirmed_on=NOW.date() + timedelta(days=90))
    service = Service.objects.get(code="open-door")
    service.organization, service.confirmed_on = cast.organization, NOW.date()
    service.save()
    return service


def state(service: Service, on: date) -> str:
    known = Service.objects.annotate(freshness=contracts.state(service.territory, on=on))
    return str(known.values_list("freshness", flat=True).get(pk=service.pk))


def test_a_shelter_is_asked_after_a_month_an_advice_desk_after_a_year(open_door: Service, testland: Territory) -> None:
    contract = contracts.contract_of(testland)
    assert contract.months(["emergency-shelter"]) == 1
    assert contract.months(["housing-advice"]) == 12
    assert state(open_door, NOW.date()) == freshness.FRESH
    assert state(open_door, (NOW + MONTH).date()) == freshness.DUE


def test_its_editor_gets_a_letter_and_one_tap_is_enough(open_door: Service, testland: Territory) -> None:
    """The letter holds a link. No password: the link is signed, for this record and this person, and ends after thirty days."""
    reminders.remind(testland, at=NOW + MONTH)
    assert mail.outbox[0].to == ["alice@example.org"]

    link = reminders.token(Reminder.objects.get())
    reminders.still_true(reminders.opened(link, at=NOW + MONTH), at=NOW + MONTH)

    assert state(open_door, (NOW + MONTH).date()) == freshness.FRESH
    with pytest.raises(reminders.LinkRefused):
        reminders.opened(link, at=NOW + MONTH)


def test_without_an_answer_she_is_asked_again_and_then_a_moderator_calls(
    open_door: Service, testland: Territory
) -> None:
    for days in range(60):
        reminders.remind(testland, at=NOW + MONTH + timedelta(days=days))
    assert [letter.to[0] for letter in mail.outbox] == ["alice@example.org", "alice@example.org", "dora@example.org"]
    assert state(open_door, (NOW + MONTH + timedelta(days=28)).date()) == freshness.STALE


def test_readers_are_told_and_what_is_older_stands_lower(open_door: Service, tell: Tell) -> None:
    def freshness_of() -> float:
        reindex(open_door.territory, [open_door.pk])
        found = of(tell("a bed tonight, North End"), "Open Door")
        return next(part.value for part in found.parts if part.code == "freshness")

    assert freshness_of() == 1.0
    Service.objects.filter(pk=open_door.pk).update(confirmed_on=NOW.date() - timedelta(days=45))
    assert 0 < freshness_of() < 1  # a month and a half: half of the way down
    Service.objects.filter(pk=open_door.pk).update(confirmed_on=NOW.date() - timedelta(days=70))
    assert freshness_of() == 0.0
    assert of(tell("a bed tonight, North End"), "Open Door").freshness == "Confirmed 2 months ago"
