"""Who gets the place

People wait on one list, in an order that everybody can read. When places come free, nobody who could have one is passed over for
somebody after them, and whoever gets none is told why in a sentence, without a word about anybody else.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from maillage.people.actions import persons
from maillage.places.actions import runs, waiting
from maillage.places.engine.replay import replay
from maillage.places.engine.sentences import sentence
from maillage.places.models import AllocationRun, Place, Request
from tests.beds import Beds
from tests.testland import NOW


def asks(beds: Beds, name: str, *, days: int, **more: Any) -> Request:
    person = persons.register(
        beds.territory, beds.street, by=beds.greta, at=NOW, given_name=name, gender="woman", birth_year=1980
    )
    return waiting.ask(beds.queue, person, by="system:story", at=NOW - timedelta(days=days), **more)[0]


def result(run: AllocationRun, request: Request) -> tuple[str, str]:
    line = run.lines.select_related("run__rules", "group").get(request=request)
    return (line.group.code if line.group else "", sentence(line))


def test_urgency_then_waiting_and_no_bed_stays_empty(beds: Beds) -> None:
    """Rosa could take a family's room or a woman's bed; Lina only the bed. One of each is free: both are housed."""
    Place.objects.filter(label="W2").delete()
    rosa = asks(beds, "Rosa", days=60)
    lina = asks(beds, "Lina", days=10, facts={"children": False})
    nadia = asks(beds, "Nadia", days=5, facts={"children": False})

    run = runs.run(beds.queue, by=beds.dave, at=NOW)

    assert result(run, rosa)[0] == "families"
    assert result(run, lina)[0] == "women"
    assert result(run, nadia) == (
        "",
        "The only free place that this household could occupy went to somebody before them.",
    )


def test_whoever_is_in_danger_goes_first(beds: Beds) -> None:
    Place.objects.filter(label="W2").delete()
    long = asks(beds, "Ines", days=80, facts={"children": False})
    danger = asks(beds, "Mira", days=1, facts={"children": False})
    waiting.assess(danger, "a", ["violence"], by="system:story", at=NOW)

    run = runs.run(beds.queue, by=beds.dave, at=NOW)

    assert result(run, danger)[0] == "women"
    assert result(run, long)[0] == ""


def test_years_later_the_run_is_made_again_byte_for_byte(beds: Beds) -> None:
    asks(beds, "Rosa", days=60)
    run = runs.run(beds.queue, by=beds.dave, at=NOW)
    Request.objects.update(facts={"children": True}, evidence=[])
    Place.objects.filter(label="W2").delete()

    told = replay(AllocationRun.objects.get(pk=run.pk))

    assert told.is_same
    assert told.faults == ()
