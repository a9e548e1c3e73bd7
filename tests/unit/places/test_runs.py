"""Runs of a list: what they see, what they decide, how they are frozen, made again and checked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import Error, connection, transaction

from maillage.directory.models import Service
from maillage.people.actions import persons
from maillage.people.models import Person
from maillage.people.rules import NotAllowed
from maillage.places.actions import offers, runs, stays, waiting
from maillage.places.engine import decide, frozen
from maillage.places.engine import replay as again
from maillage.places.engine.decide import verify
from maillage.places.engine.frozen import Broken, unpacked
from maillage.places.engine.replay import kept_lines, replay
from maillage.places.engine.sentences import sentence
from maillage.places.models import AllocationRun, Offer, Place, PlaceGroup, Request, Site, Stay, WaitingList
from maillage.places.waiting import Refused
from tests import beds as made_of
from tests.beds import QUEUE_RULES, Beds
from tests.testland import NOW

ALONE = {"children": False}


def ask(beds: Beds, person: Person, **more: Any) -> Request:
    at = more.pop("at", NOW - timedelta(days=10))
    return waiting.ask(more.pop("waiting_list", beds.queue), person, by="system:tests", at=at, **more)[0]


def someone(beds: Beds, name: str = "Ada", **details: Any) -> Person:
    details = {"gender": "woman", "birth_year": 1980, **details}
    return persons.register(beds.territory, beds.street, by=beds.greta, at=NOW, given_name=name, **details)


def women(beds: Beds, count: int, **more: Any) -> list[Request]:
    """The first one has waited longest."""
    return [
        ask(beds, someone(beds, f"W{n}"), **{"facts": ALONE, "at": NOW - timedelta(days=50 - n)} | more) for n in range(count)
    ]  # fmt: skip


def list_of(beds: Beds, *groups: PlaceGroup, **content: Any) -> WaitingList:
    """Another list, with these groups and rules."""
    found = WaitingList.objects.create(
        territory=beds.territory, code=f"list-{WaitingList.objects.count()}", keeper=beds.dispatch, need=beds.queue.need
    )
    found.groups.set(groups)
    made_of.rule_set(found, QUEUE_RULES | content)
    return found


def outcomes(run: AllocationRun) -> dict[int, tuple[int, str, str]]:
    rows = run.lines.select_related("group")
    return {line.number: (line.rank, line.outcome, line.group.code if line.group else "") for line in rows}


def said(run: AllocationRun, number: int) -> str:
    return sentence(run.lines.select_related("run__rules").get(number=number))


def checked(run: AllocationRun) -> AllocationRun:
    run.refresh_from_db()
    told = replay(run)
    assert (told.is_same, told.is_same_engine, told.faults) == (True, True, ())
    return run


# ---- who, where


def test_the_longest_wait_goes_first_and_a_more_urgent_tier_before_that(beds: Beds) -> None:
    _, _, last = women(beds, 3)
    waiting.assess(last, "a", ["violence"], by="system:tests", at=NOW)
    run = checked(runs.run(beds.queue, by=beds.dave, at=NOW))
    assert outcomes(run) == {3: (1, "placed", "women"), 1: (2, "placed", "women"), 2: (3, "not_served", "")}
    assert run.kind == AllocationRun.Kind.LIST
    assert Offer.objects.filter(line__run=run, state="open").count() == 2
    assert said(run, 3) == "A place is proposed."
    assert said(run, 2) == "All 2 free places that this household could occupy went to people before them."


def test_a_tier_of_an_absolute_priority_goes_before_all(beds: Beds) -> None:
    first, *_, last = women(beds, 3)
    waiting.assess(first, "a", ["violence"], by="system:tests", at=NOW)
    waiting.prove(last, "wronged", "A letter of the tribunal", by="system:tests", at=NOW)
    assert outcomes(runs.run(beds.queue, by=beds.dave, at=NOW))[3][0] == 1


def test_of_many_the_last_one_is_described_of_few_nobody(beds: Beds) -> None:
    for label in range(3, 7):
        Place.objects.create(group=beds.women, label=f"W{label}")
    women(beds, 7)
    run = checked(runs.run(beds.queue, by=beds.dave, at=NOW))
    assert said(run, 7) == (
        "All 6 free places that this household could occupy went to people before them. "
        "The last of them had the degree of urgency “Others” and had waited 45 days."
    )
    certificate = run.lines.get(number=7).certificate
    assert certificate["before"] == 6
    assert "last" not in str(
        runs.run(beds.queue, by=beds.dave, at=NOW).lines.get(number=7).certificate
    )  # nothing is free now


def test_nothing_free_nothing_that_fits_and_something_to_ask_are_said(beds: Beds) -> None:
    women(beds, 2)
    ask(beds, beds.bruno, facts=ALONE)
    ask(beds, someone(beds, "Grown", birth_year=2012), facts=ALONE)
    run = checked(runs.run(beds.queue, by=beds.dave, at=NOW))
    assert outcomes(run)[3][1] == outcomes(run)[4][1] == "no_option"
    assert "for another public (2)" in said(run, 3)
    assert "for another age (1)" in said(run, 4)
    ask(beds, someone(beds), facts=ALONE)
    assert said(runs.run(beds.queue, by=beds.dave, at=NOW), 5) == (
        "None of the places that this household could occupy is free now."
    )
    unknown = list_of(beds, beds.families)
    ask(beds, beds.carla, waiting_list=unknown)
    assert "is not known yet" in said(runs.run(unknown, by=beds.dave, at=NOW), 1)


def test_somebody_is_moved_on_paper_so_that_one_more_is_housed(beds: Beds) -> None:
    """Ada could have either; Bea, after her, only what Ada would have taken."""
    Place.objects.filter(label="W2").delete()
    either, only = someone(beds, "Ada"), someone(beds, "Bea", birth_year=1985)
    ask(beds, either, at=NOW - timedelta(days=50))  # nobody knows whether she has children
    ask(beds, only, facts=ALONE)
    run = checked(runs.run(beds.queue, by=beds.dave, at=NOW))
    assert outcomes(run) == {1: (1, "placed", "families"), 2: (2, "placed", "women")}


def test_paused_clocks_people_who_sleep_somewhere_and_declined_groups_are_left_aside(beds: Beds) -> None:
    paused, housed, *_ = women(beds, 4)
    waiting.pause(paused, "hospital", by="system:tests", at=NOW)
    stays.hold(beds.families, housed.person, from_on=NOW.date(), until_on=None, minutes=None, by="system:tests", at=NOW)
    run = runs.run(beds.queue, by=beds.dave, at=NOW)
    assert set(outcomes(run)) == {3, 4}
    assert unpacked(run.snapshot, run.snapshot_hash)["left_out"] == {"paused": 1, "housed": 1}
    one, _ = Offer.objects.filter(line__run=run).order_by("request__number")
    offers.decline(one, "person", "too_far", by="system:tests", at=NOW)
    later = NOW + timedelta(hours=3)
    offers.expire(beds.territory, by="system:tests", at=later)
    again = checked(runs.run(beds.queue, by=beds.dave, at=later))
    assert {outcome for _, outcome, _ in outcomes(again).values()} == {"no_option"}
    assert "declined before, or not answered in time" in said(again, 3)
    next_day = runs.run(beds.queue, by=beds.dave, at=NOW + timedelta(days=2))
    assert (outcomes(next_day)[3][1], outcomes(next_day)[4][1]) == ("no_option", "placed")


def test_a_house_that_is_shut_and_places_of_a_plan_that_is_not_open_give_nothing(beds: Beds) -> None:
    women(beds, 1)
    PlaceGroup.objects.filter(pk=beds.women.pk).update(surge="cold")
    assert outcomes(runs.run(beds.queue, by=beds.dave, at=NOW))[1][1] == "not_served"
    PlaceGroup.objects.update(surge="")
    Site.objects.update(opens_on=NOW.date() + timedelta(days=3))
    assert outcomes(runs.run(beds.queue, by=beds.dave, at=NOW))[1][1] == "not_served"


# ---- restrictions


def test_a_family_gets_several_beds_of_a_dormitory_or_an_honest_reason(beds: Beds) -> None:
    beds_only = list_of(beds, beds.dormitory)
    ask(beds, beds.carla, waiting_list=beds_only, at=NOW - timedelta(days=30))
    ask(beds, beds.amina, waiting_list=beds_only, people=3)
    run = checked(runs.run(beds_only, by=beds.dave, at=NOW))
    assert outcomes(run)[2] == (2, "not_served", "")
    assert said(run, 2) == (
        "They need several places together: nowhere could so many be freed without taking one from people before them."
    )
    other = list_of(beds, beds.dormitory)
    ask(beds, beds.bruno, waiting_list=other, people=2)
    assert outcomes(checked(runs.run(other, by=beds.dave, at=NOW)))[1] == (1, "placed", "dormitory")


def test_two_who_are_kept_apart_are_never_in_one_house_and_nobody_reads_why(beds: Beds) -> None:
    beds_only = list_of(beds, beds.dormitory)
    ask(beds, beds.carla, waiting_list=beds_only, at=NOW - timedelta(days=30))
    ask(beds, beds.bruno, waiting_list=beds_only)
    waiting.keep_apart(beds.carla, beds.bruno, "violence", by=beds.greta, at=NOW)
    run = checked(runs.run(beds_only, by=beds.dave, at=NOW))
    assert [row[1] for row in outcomes(run).values()] == ["placed", "not_served"]
    assert said(run, 2) == "The rules of the houses left out some places."
    again = checked(runs.run(beds_only, by=beds.dave, at=NOW))  # she is expected there now
    assert outcomes(again)[2][1] == "no_option"
    assert "excluded by a rule of the house (1)" in said(again, 2)


def test_a_room_of_one_gender_takes_that_of_who_is_in_it(beds: Beds) -> None:
    room = PlaceGroup.objects.create(site=beds.site, code="rooms", labels={"en": "Rooms"}, rooms_of_one_gender=True)
    for label, where in (("R1", "a"), ("R2", "a"), ("R3", "b")):
        Place.objects.create(group=room, label=label, room=where)
    rooms = list_of(beds, room)
    for n, one in enumerate(
        (beds.carla, beds.bruno, someone(beds, "Bo", gender="man"), someone(beds, "Dee", gender=""))
    ):
        ask(beds, one, waiting_list=rooms, at=NOW - timedelta(days=40 - n))
    run = checked(runs.run(rooms, by=beds.dave, at=NOW))
    assert [row[1] for row in outcomes(run).values()] == ["placed", "placed", "placed", "not_served"]
    assert said(run, 4) == "Rooms of one gender had people of another gender, placed before them."
    rows = Offer.objects.filter(line__run=run).values_list("request__person__gender", "stays__place__room")
    by_room: dict[str, set[str]] = {}
    for gender, where in rows:
        by_room.setdefault(where or f"alone {gender}", set()).add(gender)
    assert all(len(genders) == 1 for genders in by_room.values())
    Place.objects.create(group=room, label="R4", room="b")  # beside Carla
    ask(beds, someone(beds, "Flo"), waiting_list=rooms)
    ask(beds, someone(beds, "Gus", gender="man"), waiting_list=rooms, people=2)
    later = checked(runs.run(rooms, by=beds.dave, at=NOW + timedelta(minutes=1)))
    assert outcomes(later)[5][1] == "placed"


def test_a_quota_of_a_house_counts_those_who_are_there_and_stops_the_rest(beds: Beds) -> None:
    quota = {"site": "open-door", "public": "without-papers", "most": 1}
    beds_only = list_of(beds, beds.dormitory, quotas=[quota, {"group": "dormitory", "care_level": 2, "most": 5}])
    for one in (beds.carla, beds.bruno):
        ask(beds, one, waiting_list=beds_only, public="without-papers")
    run = checked(runs.run(beds_only, by=beds.dave, at=NOW))
    assert [row[1] for row in outcomes(run).values()] == ["placed", "not_served"]
    assert said(run, 2) == "A house had given all the places that it keeps for people like them."
    again = checked(runs.run(beds_only, by=beds.dave, at=NOW))
    assert unpacked(again.snapshot, again.snapshot_hash)["used"] == [1, 0]
    assert outcomes(again)[2][1] == "not_served"


# ---- frozen, made again, by whom


def test_the_same_run_is_made_again_byte_for_byte_by_a_command(beds: Beds, capsys: Any) -> None:
    ask(beds, beds.amina, people=2, household=beds.amina.household)
    ask(beds, beds.bruno)
    run = runs.run(beds.queue, by=beds.dave, at=NOW)
    Request.objects.update(facts={"children": False})
    PlaceGroup.objects.update(genders=["man"])
    call_command("places", "replay", str(run.uuid))
    call_command("places", "replay", "last")
    told = capsys.readouterr().out
    assert told.count("the same, byte for byte") == 2
    assert told.count("the checker finds no fault") == 2
    for wrong in ("nothing", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(CommandError):
            call_command("places", "replay", wrong)


def test_whoever_changes_a_run_around_the_database_is_seen(beds: Beds) -> None:
    women(beds, 3)
    run = runs.run(beds.queue, by=beds.dave, at=NOW)
    with pytest.raises(Error, match="what was decided is not changed"), transaction.atomic():
        run.lines.update(rank=1)
    for change in (
        {"snapshot_hash": "0" * 64},
        {"result_hash": "0" * 64},
        {"rules_hash": "0" * 64},
        {"snapshot": b"nothing"},
    ):
        forged = AllocationRun.objects.get(pk=run.pk)
        for name, value in change.items():
            setattr(forged, name, value)
        with pytest.raises(Broken):
            replay(forged)


def test_the_checker_sees_lines_that_the_rules_do_not_give(beds: Beds) -> None:
    women(beds, 3)
    run = runs.run(beds.queue, by=beds.dave, at=NOW)
    snapshot, lines = unpacked(run.snapshot, run.snapshot_hash), kept_lines(run)
    content = run.rules.content
    assert verify(snapshot, content, "", lines) == []
    assert verify(snapshot, content, "", lines[::-1]) == ["the ranks are not those that the rules give"]
    lines[0].certificate.pop("cell")
    assert (
        len(verify(snapshot, content, "", lines)) == 3
    )  # not served without a reason; the wrong outcome; the last one's proof


def test_a_command_says_that_a_run_is_not_the_same(beds: Beds, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    women(beds, 1)
    runs.run(beds.queue, by=beds.dave, at=NOW)
    monkeypatch.setattr(decide, "PLACED", "given")
    with pytest.raises(SystemExit):
        call_command("places", "replay", "last")
    assert "NOT the same" in capsys.readouterr().out
    monkeypatch.undo()
    monkeypatch.setattr(frozen, "unpacked", lambda *_: {"rules": ""})
    monkeypatch.setattr(again, "unpacked", frozen.unpacked)
    with pytest.raises(CommandError, match="the rules are not the ones"):
        call_command("places", "replay", "last")


def test_who_neither_keeps_the_list_nor_works_in_the_house_runs_nothing(beds: Beds) -> None:
    for one in (beds.hugo, beds.greta, beds.bob):
        with pytest.raises(NotAllowed):
            runs.run(beds.queue, by=one, at=NOW)
    assert runs.run(beds.queue, group=beds.women, by=beds.bob, at=NOW).kind == AllocationRun.Kind.FREED
    bare = WaitingList.objects.create(territory=beds.territory, code="bare", keeper=beds.dispatch)
    with pytest.raises(Refused, match="no rules"):
        runs.run(bare, by=beds.dave, at=NOW)


# ---- a place that came free; somebody who was faster


def test_of_a_place_that_came_free_only_those_down_to_whoever_gets_it_are_kept(beds: Beds) -> None:
    women(beds, 4)
    Place.objects.filter(label="W2").delete()
    run = checked(runs.run(beds.queue, group=beds.women, by="system:tests", at=NOW))
    assert outcomes(run) == {1: (1, "placed", "women")}
    assert unpacked(run.snapshot, run.snapshot_hash)["left_out"]["after"] == 3
    nobody = checked(runs.run(beds.queue, group=beds.women, by="system:tests", at=NOW))
    assert {row[1] for row in outcomes(nobody).values()} == {"not_served"}


def test_somebody_was_faster_their_line_is_decided_again_and_nothing_is_overwritten(
    beds: Beds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between what the run saw and its offers, the first one finds a bed elsewhere."""
    first, *_ = women(beds, 3)
    really = runs.decide
    seen = []

    def late(*args: Any) -> Any:
        if not seen:
            stays.hold(
                beds.families, first.person, from_on=NOW.date(), until_on=None, minutes=60, by="system:tests", at=NOW
            )
        seen.append(args)
        return really(*args)

    monkeypatch.setattr(runs, "decide", late)
    run = runs.run(beds.queue, by=beds.dave, at=NOW)
    assert outcomes(run) == {1: (1, "placed", "women"), 2: (2, "placed", "women"), 3: (3, "not_served", "")}
    second = AllocationRun.objects.exclude(pk=run.pk).get()
    assert outcomes(second) == {3: (1, "placed", "women")}
    assert set(Offer.objects.filter(state="open").values_list("request__number", flat=True)) == {2, 3}
    first.refresh_from_db()
    assert first.state == Request.State.WAITING
    for each in (run, second):
        checked(each)


def test_a_list_of_nobody_and_a_list_of_nothing_are_runs_too(beds: Beds) -> None:
    assert outcomes(checked(runs.run(beds.queue, by=beds.dave, at=NOW))) == {}
    empty = list_of(beds)
    ask(beds, beds.carla, waiting_list=empty)
    run = checked(runs.run(empty, by=beds.dave, at=NOW))
    assert outcomes(run) == {1: (1, "no_option", "")}
    assert said(run, 1) == "No place of this list is for this household."


def test_a_list_by_lot_outside_a_draw_has_a_seed_of_its_own(beds: Beds) -> None:
    lots = list_of(beds, beds.women, order=["tier", "lot"])
    ask(beds, beds.carla, waiting_list=lots)
    run = checked(runs.run(lots, by=beds.dave, at=NOW))
    assert len(run.seed) == 64
    assert connection.vendor in {"sqlite", "postgresql"}


def test_an_offer_stands_as_long_as_the_rules_of_the_list_say_also_longer_than_a_hold_by_hand(beds: Beds) -> None:
    slow = list_of(beds, beds.women, offer_minutes=10_080)
    ask(beds, beds.carla, waiting_list=slow)
    run = checked(runs.run(slow, by=beds.dave, at=NOW))
    assert Offer.objects.get(line__run=run).expires_at == NOW + timedelta(days=7)


def test_wishes_language_and_distance_choose_among_places_for_the_same_people(beds: Beds) -> None:
    other = PlaceGroup.objects.create(site=beds.site, code="far", labels={"en": "Far"}, languages=["nl"], care_level=2)
    Place.objects.create(group=other, label="X1")
    near = PlaceGroup.objects.create(
        site=beds.site, code="near", labels={"en": "Near"}, languages=["en"], minimum_age=30
    )
    Place.objects.create(group=near, label="Y1")
    both = list_of(beds, other, near)
    ask(beds, beds.carla, waiting_list=both, area="south", wishes={"areas": ["north"]})
    ask(beds, beds.bruno, waiting_list=both, area="north", wishes={"groups": ["far"]}, facts={"care_level": 1})
    run = checked(runs.run(both, by=beds.dave, at=NOW))
    assert outcomes(run) == {1: (1, "placed", "near"), 2: (2, "placed", "far")}


def test_needs_that_a_house_cannot_meet_and_rules_that_exclude_are_counted_by_reason(beds: Beds) -> None:
    PlaceGroup.objects.filter(pk=beds.women.pk).update(
        rules=[{"criterion": "papers", "op": "eq", "value": "resident", "effect": "require"}], is_wheelchair_accessible=False
    )  # fmt: skip
    for facts in ({"care_level": 3}, {"mobility": "wheelchair"}, {"papers": "none"}):
        ask(beds, someone(beds), facts={**ALONE, **facts})
    run = checked(runs.run(beds.queue, by=beds.dave, at=NOW))
    assert {row[1] for row in outcomes(run).values()} == {"no_option"}
    for number, words in ((1, "less care"), (2, "wheelchair"), (3, "excluded by a rule of the house")):
        assert f"{words}" in said(run, number)


def test_by_lot_the_last_of_many_is_told_by_rank(beds: Beds) -> None:
    for label in range(3, 7):
        Place.objects.create(group=beds.women, label=f"W{label}")
    lots = list_of(beds, beds.women, order=["tier", "lot"])
    women(beds, 8, waiting_list=lots)
    run = checked(runs.run(lots, by=beds.dave, at=NOW))
    last = run.lines.get(rank=8)
    assert said(run, last.number).endswith("The last of them had rank 6 of the draw, degree of urgency “Others”.")


def test_what_the_wall_below_refuses_each_time_is_given_up_after_three_runs(
    beds: Beds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three runs are kept, nobody was promised anything, and the next run begins afresh."""
    wide = list_of(beds, beds.women, beds.families, beds.dormitory)
    ask(beds, beds.carla, waiting_list=wide)

    def never(*args: Any, **more: Any) -> Any:
        raise Refused("no")

    monkeypatch.setattr(offers, "offer", never)
    run = runs.run(wide, by=beds.dave, at=NOW)
    assert outcomes(run)[1][1] == "placed"
    given = {line.group_id for each in AllocationRun.objects.all() for line in each.lines.all()}
    assert given == {beds.women.pk, beds.families.pk, beds.dormitory.pk}  # another one each time
    assert not Offer.objects.exists()


def test_a_run_is_made_again_after_everything_it_read_was_renamed_or_has_gone(beds: Beds) -> None:
    first, *_others = women(beds, 3)
    run = checked(runs.run(beds.queue, by=beds.dave, at=NOW))
    before = outcomes(run)
    Offer.objects.all().delete()
    PlaceGroup.objects.filter(pk=beds.women.pk).update(code="renamed", genders=["man"], care_level=3, public="men")
    Site.objects.update(code="elsewhere", name="Another name", closes_on=date(2026, 11, 21))
    Service.objects.filter(pk=beds.shelter.pk).update(code="merged-away")
    beds.territory.content = {}
    beds.territory.save()
    Stay.objects.all().delete()
    Person.objects.filter(pk=first.person_id).delete()
    PlaceGroup.objects.filter(pk=beds.women.pk).delete()
    assert outcomes(checked(run)) == {number: (rank, outcome, "") for number, (rank, outcome, _group) in before.items()}
