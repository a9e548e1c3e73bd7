"""Asking for a place, the clock, urgency with its author, people kept apart, and that nothing but a verb ends a request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.people.actions import persons
from maillage.people.models import CareLink, Person, Trace
from maillage.people.queries import helps
from maillage.people.rules import NotAllowed
from maillage.places import clock, waiting
from maillage.places.actions import waiting as act
from maillage.places.models import Apart, Assessment, Request, RuleSet, WaitingList
from tests.beds import Beds, rule_set
from tests.testland import NOW

LATER = NOW + timedelta(days=3)


def agreed(beds: Beds, person: Person) -> Any:
    return persons.agree(
        person, "waiting_list", organization=beds.dispatch, shown="Who keeps the list reads this.", language="en",
        how="said", by=beds.greta, at=NOW,
    )  # fmt: skip


def asked(beds: Beds, person: Person | None = None, waiting_list: WaitingList | None = None, **more: Any) -> Request:
    person = person or beds.amina
    given = {"consent": agreed(beds, person), "asked_by": beds.street, "by": beds.greta, "at": NOW, **more}
    return act.ask(waiting_list or beds.queue, person, **given)[0]


def waited(request: Request, at: Any = LATER) -> timedelta:
    return clock.waited(request.clock.all(), at=at)


def test_whoever_asks_waits_from_then_on(beds: Beds) -> None:
    request, token = act.ask(
        beds.queue, beds.amina, people=2, facts={"children": True}, wishes={"areas": ["north"]}, consent=agreed(beds, beds.amina),
        asked_by=beds.street, by=beds.greta, at=NOW,
    )  # fmt: skip
    assert (request.number, request.state, request.household) == (1, "waiting", beds.amina.household)
    assert waited(request) == timedelta(days=3)
    assert helps(beds.dave, beds.amina, at=LATER)  # who keeps the list
    assert token not in request.token
    assert act.by_token(token, territory=beds.territory.pk, at=NOW) == request
    assert act.by_token("x" * 43, territory=beds.territory.pk, at=NOW) is None
    assert act.by_token("", territory=beds.territory.pk, at=NOW) is None
    assert act.by_token(token, territory=beds.territory.pk + 1, at=NOW) is None
    assert asked(beds, beds.bruno).number == 2
    said = Trace.objects.get(verb="asked for a place", target=str(request.uuid))
    assert "Amina" not in str(said.data)


def test_one_person_stands_once_on_a_list(beds: Beds) -> None:
    request = asked(beds)
    with pytest.raises(waiting.AlreadyWaiting):
        asked(beds)
    act.end(request, "no_longer", by=beds.greta, at=LATER)
    assert asked(beds, at=LATER).number == 2


def test_a_list_of_others_reads_nobody_who_did_not_agree(beds: Beds) -> None:
    for consent in (None, agreed(beds, beds.bruno)):
        with pytest.raises(waiting.ConsentMissing):
            asked(beds, consent=consent)
    consent = agreed(beds, beds.amina)
    persons.withdraw(consent, by=beds.greta, at=NOW)
    with pytest.raises(waiting.ConsentMissing):
        asked(beds, consent=consent)
    assert asked(beds, consent=None, waiting_list=beds.draw, night=NOW.date()).night  # a bed tonight


def test_who_does_not_help_them_asks_nothing(beds: Beds) -> None:
    with pytest.raises(NotAllowed):
        asked(beds, by=beds.hugo)
    request = asked(beds)
    for verb in (
        lambda: act.describe(request, people=3, by=beds.hugo, at=LATER),
        lambda: act.prove(request, "wronged", "a letter", by=beds.hugo, at=LATER),
        lambda: act.withdraw_proof(request, 0, by=beds.hugo, at=LATER),
        lambda: act.pause(request, "away", by=beds.hugo, at=LATER),
        lambda: act.resume(request, by=beds.hugo, at=LATER),
        lambda: act.assess(request, "c", [], by=beds.hugo, at=LATER),
        lambda: act.end(request, "left", by=beds.hugo, at=LATER),
        lambda: act.renew_link(request, by=beds.hugo, at=LATER),
        lambda: act.keep_apart(beds.amina, beds.bruno, "a threat", by=beds.hugo, at=LATER),
    ):
        with pytest.raises(NotAllowed):
            verb()
    assert act.may_touch(beds.dave, request, at=LATER)
    assert act.may_touch("system:test", request, at=LATER)


def test_the_clock_pauses_goes_on_and_stops(beds: Beds) -> None:
    request = asked(beds)
    act.pause(request, "hospital", by=beds.dave, at=NOW + timedelta(days=1))
    act.pause(request, "declined", until=NOW + timedelta(days=5), by=beds.dave, at=NOW + timedelta(days=1))
    assert waited(request) == timedelta(days=1)
    act.resume(request, "hospital", by=beds.greta, at=NOW + timedelta(days=2))
    assert clock.now(request.clock.all(), at=LATER) == ("paused", ("declined",))
    assert waited(request, NOW + timedelta(days=6)) == timedelta(days=2)
    act.resume(request, by=beds.greta, at=LATER)
    act.resume(request, by=beds.greta, at=LATER)
    assert waited(request, NOW + timedelta(days=4)) == timedelta(days=2)
    act.stop(request, waiting.PLACED, by=beds.dave, at=NOW + timedelta(days=4))
    act.start(request, waiting.MISTAKE, by=beds.dave, at=NOW + timedelta(days=5))
    assert waited(request, NOW + timedelta(days=6)) == timedelta(days=3)


def test_a_pause_that_cannot_be_is_a_sentence(beds: Beds) -> None:
    request = asked(beds)
    with pytest.raises(waiting.Refused):
        act.pause(request, "silence", by=beds.dave, at=LATER)
    with pytest.raises(waiting.Refused):
        act.pause(request, "away", until=NOW, by=beds.dave, at=LATER)


def test_urgency_has_reasons_an_author_and_an_end(beds: Beds) -> None:
    request = asked(beds)
    made = act.assess(request, "a", ["violence"], "seen tonight", LATER, by=beds.greta, at=NOW)
    assert (made.by, made.reasons) == (beds.greta, ["violence"])
    tiers = act.content_of(beds.queue, at=NOW)["tiers"]
    found = clock.tier_now(request.assessments.all(), tiers, waited=timedelta(), at=NOW)
    assert found.code == "a"
    assert clock.tier_now(request.assessments.all(), tiers, waited=timedelta(), at=LATER).code == "c"
    for tier, reasons, until in (("z", [], None), ("a", [], None), ("a", ["children"], None), ("c", [], NOW)):
        with pytest.raises(waiting.Refused):
            act.assess(request, tier, reasons, "", until, by=beds.greta, at=NOW)
    assert Assessment.objects.count() == 1


def test_the_rules_adopted_last_hold_and_drafts_never(beds: Beds) -> None:
    newer = rule_set(beds.queue, {"tiers": []}, version="2")
    RuleSet.objects.filter(pk=newer.pk).update(adopted_at=LATER)
    draft = rule_set(beds.queue, {"tiers": []}, version="3")
    RuleSet.objects.filter(pk=draft.pk).update(is_draft=True)
    assert act.rules_of(beds.queue, at=NOW) == beds.rules
    assert act.rules_of(beds.queue, at=LATER) == newer
    bare = WaitingList.objects.create(territory=beds.territory, code="bare")
    assert act.content_of(bare, at=NOW) == {}


def test_evidence_says_what_was_seen_by_whom(beds: Beds) -> None:
    request = asked(beds)
    act.prove(request, "wronged", "decision of 3 May", by=beds.dave, at=LATER)
    assert request.evidence[0]["by"] == str(beds.dave.uuid)
    for code, text in (("unknown", "a letter"), ("wronged", "  ")):
        with pytest.raises(waiting.Refused):
            act.prove(request, code, text, by=beds.dave, at=LATER)
    act.withdraw_proof(request, 0, by=beds.dave, at=LATER)
    assert Request.objects.get(pk=request.pk).evidence == []
    with pytest.raises(waiting.Changed):
        act.withdraw_proof(request, 0, by=beds.dave, at=LATER)
    assert "decision of 3 May" not in str(list(Trace.objects.values_list("data", flat=True)))


def test_what_is_wished_can_be_told_again(beds: Beds) -> None:
    request = asked(beds)
    act.describe(request, people=2, wishes={"areas": ["south"]}, by=beds.greta, at=LATER)
    again = Request.objects.get(pk=request.pk)
    assert (again.people, again.wishes, again.facts) == (2, {"areas": ["south"]}, {})
    act.describe(request, area="north", by=beds.greta, at=LATER)
    assert Request.objects.get(pk=request.pk).people == 2
    with pytest.raises(waiting.Refused):
        act.describe(request, people=0, by=beds.greta, at=LATER)
    act.end(request, "left", by=beds.greta, at=LATER)
    with pytest.raises(waiting.Changed):
        act.describe(request, people=1, by=beds.greta, at=LATER)


def test_two_people_are_kept_apart_once_whoever_says_it_first(beds: Beds) -> None:
    made = act.keep_apart(beds.bruno, beds.amina, "a former partner", by=beds.greta, at=NOW)
    again = act.keep_apart(beds.amina, beds.bruno, "a threat", by=beds.greta, at=LATER)
    assert made.pk == again.pk
    assert Apart.objects.get().reason == "a threat"
    for other, reason in ((beds.amina, "x"), (beds.bruno, " ")):
        with pytest.raises(waiting.Refused):
            act.keep_apart(beds.amina, other, reason, by=beds.greta, at=LATER)
    with pytest.raises(NotAllowed):
        act.apart_no_longer(again, by=beds.hugo, at=LATER)
    act.apart_no_longer(again, by=beds.greta, at=LATER)
    act.apart_no_longer(again, by=beds.greta, at=LATER)
    assert Trace.objects.filter(verb="no longer kept apart").count() == 1


def test_a_request_ends_once_and_who_keeps_the_list_reads_them_no_longer(beds: Beds) -> None:
    request, other = asked(beds), asked(beds, waiting_list=beds.draw, night=NOW.date())
    with pytest.raises(waiting.Refused):
        act.end(request, "silence", by=beds.greta, at=LATER)
    act.end(request, "found", by=beds.greta, at=LATER)
    assert helps(beds.dave, beds.amina, at=LATER)  # still on the other list
    act.end(other, "night_over", by=beds.dave, at=LATER)
    assert not helps(beds.dave, beds.amina, at=LATER)
    with pytest.raises(waiting.Changed):
        act.end(request, "found", by=beds.greta, at=LATER)
    for verb in (lambda: act.pause(request, "away", by=beds.greta, at=LATER), lambda: act.resume(request, by=beds.greta, at=LATER)):  # fmt: skip
        with pytest.raises(waiting.Changed):
            verb()
    assert clock.now(request.clock.all(), at=LATER) == ("stopped", ("found",))
    assert CareLink.objects.filter(person=beds.amina, organization=beds.dispatch, until=None).count() == 0


def test_a_new_link_closes_the_one_before(beds: Beds) -> None:
    request = asked(beds)
    first = act.renew_link(request, by=beds.greta, at=NOW)
    second = act.renew_link(request, by=beds.dave, at=NOW)
    assert act.by_token(first, territory=beds.territory.pk, at=NOW) is None
    assert act.by_token(second, territory=beds.territory.pk, at=NOW) == request


def test_a_list_without_a_keeper_is_read_by_those_who_help(beds: Beds) -> None:
    alone = WaitingList.objects.create(territory=beds.territory, code="alone")
    request = asked(beds, waiting_list=alone, consent=None)
    act.end(request, "found", by=beds.greta, at=LATER)
    assert not act.may_touch(beds.dave, request, at=LATER)


@given(st.integers(-5, 40))
def test_a_household_is_of_one_to_twenty(people: int) -> None:
    if 1 <= people <= waiting.MOST_PEOPLE:
        waiting.check_people(people)
    else:
        with pytest.raises(waiting.Refused):
            waiting.check_people(people)
