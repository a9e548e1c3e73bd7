"""Runs of a list: what they see, what they decide, how they are frozen, made again and checked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from maillage.people.actions import persons
from maillage.people.models import Person
from maillage.people.rules import NotAllowed
from maillage.places.actions import offers, runs, waiting
from maillage.places.engine.frozen import Broken, unpacked
from maillage.places.engine.replay import replay
from maillage.places.models import AllocationRun, Apart, Offer, PlaceGroup, Request, RuleSet
from maillage.places.waiting import Refused
from tests import beds as rows
from tests.beds import Beds
from tests.testland import NOW


def ask(beds: Beds, person: Person, **more: Any) -> Request:
    at = more.pop("at", NOW - timedelta(days=10))
    return waiting.ask(more.pop("waiting_list", beds.queue), person, by="system:tests", at=at, **more)[0]


def someone(beds: Beds, name: str, **details: Any) -> Person:
    return persons.register(beds.territory, beds.street, by=beds.greta, at=NOW, given_name=name, **details)


def outcomes(run: AllocationRun) -> dict[int, tuple[int, str, str]]:
    return {
        line.number: (line.rank, line.outcome, line.group.code if line.group else "")
        for line in run.lines.select_related("group")
    }


def test_the_longest_wait_goes_first_and_a_more_urgent_tier_before_that(beds: Beds) -> None:
    people = [someone(beds, name, gender="woman", birth_year=1980) for name in ("Ada", "Bea", "Cleo")]
    for days, one in zip((30, 20, 10), people, strict=True):
        ask(beds, one, at=NOW - timedelta(days=days), facts={"children": False})
    waiting.assess(Request.objects.get(number=3), "a", ["violence"], by="system:tests", at=NOW)
    made = runs.run(beds.queue, by=beds.dave, at=NOW)
    assert outcomes(made) == {3: (1, "placed", "women"), 1: (2, "placed", "women"), 2: (3, "not_served", "")}
    assert made.kind == AllocationRun.Kind.LIST
    assert Offer.objects.filter(line__run=made, state="open").count() == 2
    assert replay(made).is_same
    assert replay(made).faults == ()


def test_the_same_run_is_made_again_byte_for_byte_by_a_command(beds: Beds, capsys: Any) -> None:
    ask(beds, beds.amina, people=2, household=beds.amina.household)
    ask(beds, beds.bruno)
    made = runs.run(beds.queue, by=beds.dave, at=NOW)
    Request.objects.update(facts={"children": False})
    PlaceGroup.objects.update(genders=["man"])
    call_command("places", "replay", str(made.uuid))
    call_command("places", "replay", "last")
    said = capsys.readouterr().out
    assert said.count("the same, byte for byte") == 2
    assert said.count("the checker finds no fault") == 2
    for wrong in ("nothing", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(CommandError):
            call_command("places", "replay", wrong)
