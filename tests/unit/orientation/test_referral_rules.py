"""Referrals at the same moment, their words written again, and what their rules promise."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from maillage.orientation import letters
from maillage.orientation.actions import deadlines, referrals
from maillage.orientation.actions.referrals import LINK, ConsentMissing, NotPossible
from maillage.orientation.models import Referral, UnmetNeed
from maillage.orientation.rules import referrals as rules
from maillage.people.models import CareLink, Message
from tests.referred import refer
from tests.testland import NOW

if TYPE_CHECKING:
    from tests.beds import Beds

LATER = NOW + timedelta(hours=1)
pytestmark = pytest.mark.django_db


# ---- at the same moment


def test_who_was_slower_by_a_moment_is_told_so(beds: Beds, monkeypatch: pytest.MonkeyPatch) -> None:
    sent, _token = refer(beds)
    checked = rules.check_can_become

    def meanwhile(*args: Any, **kwargs: Any) -> None:
        checked(*args, **kwargs)
        Referral.objects.filter(pk=sent.pk).update(state="withdrawn")

    monkeypatch.setattr(rules, "check_can_become", meanwhile)
    with pytest.raises(NotPossible, match="same moment"):
        referrals.accept(sent, by=beds.bob, at=LATER)
    assert sent.events.count() == 1


def test_the_clock_does_nothing_to_what_was_answered_a_moment_ago(beds: Beds) -> None:
    sent, _token = refer(beds)
    seen_before = Referral.objects.get(pk=sent.pk)
    referrals.accept(sent, by=beds.bob, at=LATER)
    assert not deadlines._remind(seen_before, LATER, "system:test")
    assert not deadlines._expire(seen_before, LATER, "system:test")
    referrals.withdraw(sent, by=beds.greta, at=LATER)
    referrals.withdraw(seen_before, by=beds.greta, at=LATER)
    assert sent.events.filter(state="withdrawn").count() == 1


@pytest.mark.django_db(transaction=True)
def test_six_who_answer_at_once_give_one_answer(beds: Beds) -> None:
    sent, _token = refer(beds)
    answers = ("accepted", "waitlisted", "refused") * 2
    start = threading.Barrier(len(answers))

    def answer(state: str) -> str:
        mine = Referral.objects.get(pk=sent.pk)
        start.wait()
        by = {"by": LINK, "at": LATER}
        try:
            if state == "accepted":
                referrals.accept(mine, **by)
            elif state == "waitlisted":
                referrals.waitlist(mine, **by)
            else:
                referrals.refuse(mine, "full", **by)
        except NotPossible:
            return "late"
        finally:
            connections.close_all()
        return state

    with ThreadPoolExecutor(len(answers)) as pool:
        got = set(pool.map(answer, answers))
    sent.refresh_from_db()
    assert got - {"late"} <= {sent.state, "waitlisted"}  # from the waiting list one may still be taken, or refused
    given = list(sent.events.exclude(state="sent").order_by("pk").values_list("state", flat=True))
    assert given in (["accepted"], ["refused"], ["waitlisted", "accepted"], ["waitlisted", "refused"])
    assert UnmetNeed.objects.count() == (sent.state == "refused")


# ---- words again


def test_a_message_that_could_not_leave_is_written_again_with_a_link_that_works(beds: Beds) -> None:
    sent, _token = refer(beds)
    told = Message.objects.get(key__startswith="referral:")
    values = letters.again(told)
    assert values is not None
    assert referrals.person_token(sent) in str(values["link"])
    for key in ("offer:1", f"offer:{sent.uuid}:x", "referral:not-a-uuid:sent", f"referral:{beds.amina.uuid}:sent"):
        told.key = key
        assert letters.again(told) is None


def test_a_recipient_whose_organisation_is_gone_opens_no_record(beds: Beds) -> None:
    sent, _token = refer(beds)
    Referral.objects.filter(pk=sent.pk).update(recipient=None)
    sent.refresh_from_db()
    referrals.accept(sent, by=LINK, at=LATER)
    referrals.close(sent, "met", by=LINK, at=LATER)
    referrals.close(sent, "met", by=LINK, at=LATER)
    assert CareLink.objects.filter(person=beds.amina).count() == 1


@pytest.mark.parametrize("said", [None, 0, -3, 731, "10", True, 9.5])
def test_a_pack_that_says_nonsense_gets_the_usual_days(said: Any) -> None:
    assert rules.days({"places": {"referral": {"remind_days": said, "expire_days": said}}}) == (10, 30)
    assert rules.days({"places": None}) == (10, 30)
    assert rules.days({"places": {"referral": {"remind_days": 40, "expire_days": 20}}}) == (40, 41)


def test_every_state_has_its_way_and_every_reason_its_source() -> None:
    assert set(rules.REFERRAL_NEXT) == set(Referral.State.values)
    assert set(rules.MAY) == set(Referral.State.values) - {"sent"}
    assert {following for states_after in rules.REFERRAL_NEXT.values() for following in states_after} == set(rules.MAY)
    assert sum(reason.source.startswith(rules.DORA) for reason in rules.REFUSALS.values()) == 11
    assert sum(reason.source.startswith(rules.GRAVITY) for reason in rules.REFUSALS.values()) == 4
    for reason in (*rules.REFUSALS.values(), *rules.OUTCOMES.values()):
        assert reason.label
        assert reason.source.removeprefix(rules.DORA).removeprefix(rules.GRAVITY)
        assert reason.about in {"service", "rules", "person", "sending"}


FACTS = st.dictionaries(
    st.sampled_from(["violence", "papers", "children", "age", "mobility"]), st.booleans() | st.integers(0, 9)
)


@given(
    FACTS,
    st.lists(st.sampled_from(["violence", "papers", "children", "age"]), unique=True),
    st.sets(st.sampled_from(["violence", "papers"])),
)
def test_the_minimum_and_what_is_beyond_it_are_all_that_is_known_and_never_the_same(
    facts: dict[str, Any], judged: list[str], secret: set[str]
) -> None:
    found = rules.carried({"called": "A.", "phone": "1", "birth_year": 1990}, facts, judged, sensitive=secret)
    assert not found.minimum.keys() & found.beyond.keys()
    assert {**found.minimum, **found.beyond} == {"called": "A.", "phone": "1", "birth_year": 1990, **facts}
    assert not found.minimum.keys() & secret
    assert "phone" in found.beyond
    assert set(found.missing) == set(judged) - set(facts) - {"age"}  # the year of birth says it
    rules.check_can_carry(found.minimum, found.minimum, ())
    if found.beyond:
        with pytest.raises(ConsentMissing):
            rules.check_can_carry(found.beyond, found.minimum, ())
    rules.check_can_carry({**found.minimum, **found.beyond}, found.minimum, found.beyond)


@given(FACTS)
def test_a_public_is_one_whose_facts_all_hold(facts: dict[str, Any]) -> None:
    publics = {
        "nobody": {},
        "families": {"children": True},
        "both": {"children": True, "papers": True},
        "also": {"children": True},
    }
    found = rules.public_of(facts, publics.items())
    holding = {
        code for code, said in publics.items() if said and all(facts.get(name) == value for name, value in said.items())
    }
    assert found in holding or (found == "" and not holding)
    assert found != "families"  # "also" says as many facts: the first by its code
