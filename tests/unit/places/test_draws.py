"""The draw of a night: the list is published before anybody can know the seed, and anybody can verify a receipt."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from maillage.people.actions import persons
from maillage.people.rules import NotAllowed
from maillage.places.actions import registering, runs, stays, waiting
from maillage.places.engine.frozen import Broken, order, packed
from maillage.places.engine.replay import replay
from maillage.places.models import AllocationRun, Draw, Offer, Refusal, Request
from maillage.places.waiting import Changed, Refused
from tests.beds import Beds
from tests.testland import NOW

NIGHT = NOW.date()
BEACON = "round 5123456: 3f1c"


def registered(beds: Beds, count: int, **more: Any) -> list[Request]:
    found = []
    for n in range(count):
        person = persons.register(beds.territory, beds.dispatch, by=beds.dave, at=NOW, alias=f"Sleeper {n}")
        request, _ = waiting.ask(beds.draw, person, night=NIGHT, by="system:tests", at=NOW - timedelta(hours=6), **more)
        found.append(request)
    return found


def closed(beds: Beds) -> Draw:
    draw = registering.draw_of(beds.draw, NIGHT, at=NOW)
    assert draw.closes_at < NOW
    return draw


def drawn(beds: Beds, at: datetime = NOW) -> tuple[Draw, AllocationRun]:
    draw = runs.publish(closed(beds), by=beds.dave, at=at)
    return draw, runs.draw(draw, BEACON, by=beds.dave, at=at + timedelta(minutes=10))


def test_three_beds_for_five_people_with_a_receipt_for_each(beds: Beds) -> None:
    asked = registered(beds, 5)
    draw, run = drawn(beds)
    assert (run.kind, run.night, draw.run, draw.beacon) == (AllocationRun.Kind.DRAW, NIGHT, run, BEACON)
    receipts = [runs.receipt(draw, one) for one in asked]
    assert sorted(one.rank for one in receipts if one) == [1, 2, 3, 4, 5]
    assert {one.outcome for one in receipts if one and one.rank <= 3} == {"placed"}
    assert {one.outcome for one in receipts if one and one.rank > 3} == {"not_served"}
    assert Offer.objects.filter(line__run=run).count() == 3
    assert list(Refusal.objects.values_list("cause", "people")) == [("no_place", 1)] * 2
    told = replay(run)
    assert (told.is_same, told.faults) == (True, ())


def test_anybody_verifies_a_receipt_with_ten_lines_and_no_word_of_ours(beds: Beds, tmp_path: Path) -> None:
    asked = registered(beds, 8)
    draw, _ = drawn(beds)
    (tmp_path / "list.txt").write_text(runs.text(draw), encoding="utf-8", newline="")
    (tmp_path / "verify.py").write_text(runs.RECIPE, encoding="utf-8")
    assert len([line for line in runs.RECIPE.splitlines() if line]) == 10
    for one in asked[:3]:
        receipt = runs.receipt(draw, one)
        assert receipt is not None
        command = [sys.executable, "verify.py", "list.txt", BEACON, receipt.mark, str(receipt.rank)]
        said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()
        assert said == [receipt.list_hash, receipt.seed, str(receipt.rank), "same"]


def test_the_recipe_in_the_documentation_is_the_one_that_is_tested() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "allocation.md"
    assert runs.RECIPE in page.read_text(encoding="utf-8")


def test_the_published_list_names_nobody_and_tells_no_order_of_coming(beds: Beds) -> None:
    asked = registered(beds, 5)
    draw = runs.publish(closed(beds), by=beds.dave, at=NOW)
    lines = runs.text(draw).splitlines()
    assert lines == sorted(lines)
    assert all(len(line.split()) == 3 for line in lines)
    assert not any(str(one.uuid) in runs.text(draw) or one.person.alias in runs.text(draw) for one in asked)
    assert runs.receipt(draw, asked[0]) is None
    assert runs.text(Draw(waiting_list=beds.draw)) == ""


def test_nothing_is_published_while_one_registers_nor_twice_nor_drawn_before_or_twice(beds: Beds) -> None:
    registered(beds, 2)
    draw = closed(beds)
    with pytest.raises(Refused, match="still open"):
        runs.publish(draw, by=beds.dave, at=draw.closes_at - timedelta(minutes=1))
    with pytest.raises(Refused, match="Publish the list first"):
        runs.draw(draw, BEACON, by=beds.dave, at=NOW)
    runs.publish(draw, by=beds.dave, at=NOW)
    with pytest.raises(Changed):
        runs.publish(draw, by=beds.dave, at=NOW)
    with pytest.raises(Refused, match="Publish the list first"):
        runs.draw(draw, BEACON, by=beds.dave, at=NOW)  # at that very moment
    later = NOW + timedelta(minutes=1)
    with pytest.raises(Refused, match="public number"):
        runs.draw(draw, "  ", by=beds.dave, at=later)
    runs.draw(draw, BEACON, by=beds.dave, at=later)
    for beacon in (BEACON, "another"):
        with pytest.raises(Changed):
            runs.draw(draw, beacon, by=beds.dave, at=later + timedelta(minutes=1))
    assert AllocationRun.objects.count() == 1


def test_only_those_who_keep_the_list_draw(beds: Beds) -> None:
    draw = closed(beds)
    for one in (beds.hugo, beds.bob, beds.greta):
        with pytest.raises(NotAllowed):
            runs.publish(draw, by=one, at=NOW)
        with pytest.raises(NotAllowed):
            runs.draw(draw, BEACON, by=one, at=NOW)


def test_whoever_withdraws_after_the_list_keeps_their_line_and_takes_no_bed(beds: Beds) -> None:
    asked = registered(beds, 4)
    draw = runs.publish(closed(beds), by=beds.dave, at=NOW)
    waiting.end(asked[0], "found", by="system:tests", at=NOW)
    run = runs.draw(draw, BEACON, by=beds.dave, at=NOW + timedelta(minutes=10))
    outcome = dict(run.lines.values_list("number", "outcome"))
    assert outcome.pop(asked[0].number) == "no_option"
    assert set(outcome.values()) == {"placed"}
    assert not Refusal.objects.exists()  # nobody who still asked got nothing
    assert replay(run).faults == ()


def test_what_is_said_after_the_list_was_published_changes_no_rank(beds: Beds) -> None:
    asked = registered(beds, 6)
    draw = runs.publish(closed(beds), by=beds.dave, at=NOW)
    waiting.assess(asked[5], "a", ["violence"], by="system:tests", at=NOW)
    Request.objects.filter(pk=asked[4].pk).update(facts={"children": True})
    assert runs.text(draw) == runs.text(Draw.objects.get(pk=draw.pk))
    run = runs.draw(draw, BEACON, by=beds.dave, at=NOW + timedelta(minutes=10))
    marks = {runs.receipt(draw, one).mark: one.number for one in asked}  # type: ignore[union-attr]
    lines = [line.split() for line in runs.text(draw).splitlines()]
    assert len({kind for _, kind, _ in lines}) == 1
    lines.sort(key=lambda line: sha256((run.seed + line[0]).encode()).hexdigest())
    assert [marks[line[0]] for line in lines] == list(run.lines.order_by("rank").values_list("number", flat=True))


def test_a_list_that_was_changed_in_the_database_is_not_drawn(beds: Beds) -> None:
    registered(beds, 2)
    draw = runs.publish(closed(beds), by=beds.dave, at=NOW)
    Draw.objects.filter(pk=draw.pk).update(
        listed=packed({"requests": [], "rules": beds.rules.pk, "order": ["lot"], "salt": ""})
    )
    with pytest.raises(Broken, match="not the one that was published"):
        runs.draw(Draw.objects.get(pk=draw.pk), BEACON, by=beds.dave, at=NOW + timedelta(minutes=10))


def test_a_bed_that_comes_free_later_goes_by_the_ranks_of_the_draw(beds: Beds) -> None:
    asked = registered(beds, 5)
    draw, run = drawn(beds)
    ranks = dict(run.lines.values_list("number", "rank"))
    beds.dormitory.nights.update(beds=4)
    later = runs.run(beds.draw, night=NIGHT, by=beds.dave, at=NOW + timedelta(hours=1))
    assert later.seed == run.seed
    placed = later.lines.get(outcome="placed")
    assert ranks[placed.number] == 4
    assert runs.receipt(draw, asked[0]) is not None


def test_whoever_was_not_on_the_list_has_no_receipt_of_it(beds: Beds) -> None:
    registered(beds, 1)
    draw, _ = drawn(beds)
    assert runs.receipt(draw, Request(number=99, waiting_list=beds.draw)) is None


def test_every_order_is_as_likely_as_another(beds: Beds) -> None:
    """6,000 seeds for three people: each of the six orders comes up about a sixth of the time."""
    rows = [{"number": n, "mark": f"{n:016x}", "absolute": False, "tier": 0, "waited": 0} for n in range(3)]
    draw = random.Random(1)
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(6_000):
        found = tuple(order(rows, ["tier", "lot"], f"{draw.getrandbits(256):064x}"))
        counts[found] = counts.get(found, 0) + 1
    assert len(counts) == 6
    assert max(abs(n - 1_000) for n in counts.values()) < 150


def test_a_bed_that_was_taken_during_the_draw_goes_to_the_next_rank(
    beds: Beds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one finds a bed elsewhere while the engine thinks: a run beside the draw gives theirs to the fourth."""
    registered(beds, 5)
    draw = runs.publish(closed(beds), by=beds.dave, at=NOW)
    really, seen = runs.decide, []

    def late(*args: Any) -> Any:
        found = really(*args)
        if not seen:
            first = Request.objects.get(number=found.lines[0].number)
            stays.hold(
                beds.women,
                first.person,
                from_on=NIGHT,
                until_on=None,
                minutes=None,
                despite="test",
                by="system:tests",
                at=NOW,
            )
        seen.append(found)
        return found

    monkeypatch.setattr(runs, "decide", late)
    run = runs.draw(draw, BEACON, by=beds.dave, at=NOW + timedelta(minutes=10))
    ranks = dict(run.lines.values_list("number", "rank"))
    assert sorted(ranks[number] for number in Offer.objects.values_list("request__number", flat=True)) == [2, 3, 4]
    assert Refusal.objects.count() == 1  # the fifth: the first sleeps elsewhere
    beside = AllocationRun.objects.exclude(pk=run.pk).get()
    assert (beside.kind, beside.seed) == (AllocationRun.Kind.LIST, run.seed)
    assert replay(beside).faults == replay(run).faults == ()


def test_two_who_draw_at_one_moment_make_one_draw(beds: Beds, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both typed the same number; the second to finish is told so, and leaves nothing behind."""
    registered(beds, 5)
    draw = runs.publish(closed(beds), by=beds.dave, at=NOW)
    really, seen, later = runs.decide, [], NOW + timedelta(minutes=10)

    def meanwhile(*args: Any) -> Any:
        seen.append(1)
        if len(seen) == 1:
            runs.draw(Draw.objects.get(pk=draw.pk), BEACON, by=beds.dave, at=later)
        return really(*args)

    monkeypatch.setattr(runs, "decide", meanwhile)
    with pytest.raises(Changed):
        runs.draw(draw, BEACON, by=beds.dave, at=later)
    assert AllocationRun.objects.count() == 1
    assert Offer.objects.count() == 3
