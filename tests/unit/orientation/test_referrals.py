"""A referral: sent with leave, answered by one side, read by three, counted when it comes to nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail

from maillage.directory.models import Service
from maillage.orientation import referring
from maillage.orientation.actions import deadlines, referrals
from maillage.orientation.actions.referrals import LINK, ConsentMissing, NotPossible
from maillage.orientation.models import Need, Referral, ReferralEvent, UnmetNeed
from maillage.orientation.rules import referrals as rules
from maillage.people import audit
from maillage.people.actions import persons
from maillage.people.models import CareLink, Message, Organization, Person
from maillage.people.rules import NotAllowed
from tests.referred import WORDS, agreed, refer
from tests.testland import NOW

if TYPE_CHECKING:
    from tests.beds import Beds

LATER = NOW + timedelta(hours=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def outside(beds: Beds) -> Service:
    """A service whose organisation has no account here, only an address."""
    there = Organization.objects.create(territory=beds.territory, code="practice", name="The practice")
    service = Service.objects.get(code="city-practice")
    Service.objects.filter(pk=service.pk).update(organization=there, email="practice@example.org")
    service.refresh_from_db()
    return service


def states(referral: Referral) -> list[tuple[str, str]]:
    return [(line.state or line.code, line.side) for line in referring.timeline(referral)]


# ---- from the first word to what came of it


def test_it_goes_from_sent_to_its_outcome_and_the_three_sides_read_the_same_lines(beds: Beds) -> None:
    sent, token = refer(beds)
    assert (sent.state, token) == ("sent", "")
    referrals.acknowledge(sent, by=beds.bob, at=LATER)
    referrals.accept(sent, text="From six on", by=beds.bob, at=LATER)
    referrals.remark(sent, "We come together", side="sender", by=beds.greta, at=LATER)
    referrals.start(sent, side="sender", by=beds.greta, at=LATER + timedelta(hours=2))
    referrals.close(sent, "met", by=beds.bob, at=LATER + timedelta(days=3))
    assert (sent.state, sent.outcome, sent.closed_at) == ("closed", "met", LATER + timedelta(days=3))
    assert states(sent) == [
        ("sent", "sender"), ("acknowledged", "recipient"), ("accepted", "recipient"), ("", "sender"), ("started", "sender"),
        ("closed", "recipient"),
    ]  # fmt: skip
    assert referring.by_person_token(beds.territory, referrals.person_token(sent), at=LATER + timedelta(days=4)) == sent
    assert not UnmetNeed.objects.exists()


@pytest.mark.parametrize("code", sorted(rules.REFUSALS))
def test_every_refusal_has_a_code_and_becomes_an_unmet_need_without_the_person(beds: Beds, code: str) -> None:
    sent, _token = refer(beds)
    referrals.refuse(sent, code, "Said on the phone", by=beds.bob, at=LATER)
    assert (sent.state, sent.code) == ("refused", code)
    counted = UnmetNeed.objects.get()
    assert (counted.need, counted.area, counted.cause) == ("emergency-shelter", "north", "refused")
    assert (counted.public, counted.filter, counted.count) == ("families", f"refused:{code}", 1)
    assert counted.day.isoformat() == "2026-11-20"


def test_a_refusal_without_a_known_code_or_without_the_words_that_it_needs_is_not_one(beds: Beds) -> None:
    sent, _token = refer(beds)
    for code, text in (("", "No"), ("because", "No"), ("other", " "), ("obstacles", "")):
        with pytest.raises(NotPossible):
            referrals.refuse(sent, code, text, by=beds.bob, at=LATER)
    sent.refresh_from_db()
    assert sent.state == "sent"
    assert not UnmetNeed.objects.exists()


def test_a_need_met_in_part_or_not_says_why(beds: Beds) -> None:
    sent, _token = refer(beds)
    referrals.accept(sent, by=beds.bob, at=LATER)
    for outcome, code in (("partly", ""), ("not", "bored"), ("perhaps", ""), ("not", "other")):
        with pytest.raises(NotPossible):
            referrals.close(sent, outcome, code, by=beds.bob, at=LATER)
    referrals.close(sent, "not", "no-funds", by=beds.bob, at=LATER)
    assert (sent.outcome, sent.outcome_code) == ("not", "no-funds")


@pytest.mark.parametrize("code", sorted(rules.OUTCOMES))
def test_ended_without_the_need_being_met_is_counted_when_the_need_is_still_there(beds: Beds, code: str) -> None:
    sent, _token = refer(beds)
    referrals.accept(sent, by=beds.bob, at=LATER)
    for _again in range(2):  # a button pressed twice counts once
        referrals.close(sent, "not", code, "In words", by=beds.bob, at=LATER)
    counted = list(UnmetNeed.objects.values_list("need", "area", "cause", "public", "filter", "count"))
    still = code not in {"did-not-come", "unreachable", "found-elsewhere"}
    assert counted == [("emergency-shelter", "north", "not_met", "families", f"not_met:{code}", 1)] * still


def test_met_in_part_is_help_and_is_not_counted_as_unmet(beds: Beds) -> None:
    sent, _token = refer(beds)
    referrals.accept(sent, by=beds.bob, at=LATER)
    referrals.close(sent, "partly", "partial-help", by=beds.bob, at=LATER)
    assert not UnmetNeed.objects.exists()


def test_waiting_has_no_end_of_its_own(beds: Beds) -> None:
    sent, _token = refer(beds)
    referrals.waitlist(sent, by=beds.bob, at=LATER)
    assert deadlines.expire(beds.territory, at=NOW + timedelta(days=400), by="system:test") == 0
    referrals.start(sent, by=beds.bob, at=LATER)
    assert sent.state == "started"


def test_a_hand_over_in_person_is_received_the_moment_it_is_sent_and_says_with_whom(beds: Beds) -> None:
    with pytest.raises(NotPossible, match="with whom"):
        refer(beds, kind="warm", message="")
    sent, _token = refer(beds, kind="warm")
    assert sent.state == "acknowledged"
    assert states(sent) == [("sent", "sender"), ("acknowledged", "sender")]


def test_somebody_asks_by_themselves(beds: Beds) -> None:
    with pytest.raises(NotPossible, match="organisation, or the person"):
        refer(beds, sender=None)
    with pytest.raises(NotPossible, match="organisation, or the person"):
        refer(beds, kind="self")
    sent, _token = refer(beds, sender=None, kind="self", by="system:ask")
    assert (sent.sender, sent.sent_by, states(sent)) == (None, None, [("sent", "person")])
    referrals.withdraw(sent, side="person", by=LINK, at=LATER)
    assert sent.state == "withdrawn"


# ---- who


def test_only_who_helps_the_person_sends_and_only_the_recipient_answers(beds: Beds, outside: Service) -> None:
    for by in (beds.hugo, beds.bob, beds.dave):
        with pytest.raises(NotAllowed):
            refer(beds, by=by)
    with pytest.raises(NotAllowed):
        refer(beds, sender=beds.dispatch, by=beds.dave)  # they help nobody here
    sent, _token = refer(beds)
    for by in (beds.hugo, beds.dave, beds.greta):
        with pytest.raises(NotAllowed):
            referrals.accept(sent, by=by, at=LATER)
    with pytest.raises(NotAllowed):
        referrals.accept(sent, side="sender", by=beds.greta, at=LATER)
    with pytest.raises(NotAllowed):
        referrals.withdraw(sent, by=beds.bob, at=LATER)
    with pytest.raises(NotAllowed):
        referrals.remark(sent, "Hello", side="recipient", by=beds.hugo, at=LATER)
    with pytest.raises(NotAllowed):
        referrals.relink(sent, by=beds.hugo, at=LATER)
    assert list(referring.visible(beds.hugo, beds.territory, at=NOW)) == []
    assert list(referring.visible(beds.bob, beds.territory, at=NOW)) == [sent]
    assert referring.sides(sent, beds.greta, at=NOW) == {"sender"}
    assert referring.carers(None, at=NOW) == []


def test_the_record_opens_when_they_accept_and_closes_with_the_last_referral(beds: Beds) -> None:
    sent, _token = refer(beds)
    open_now = lambda: list(Person.objects.of([beds.house.pk], at=LATER + timedelta(days=9)))  # noqa: E731
    assert open_now() == []
    referrals.accept(sent, by=beds.bob, at=LATER)
    assert open_now() == [beds.amina]
    referrals.withdraw(sent, by=beds.greta, at=LATER + timedelta(days=1))
    assert open_now() == []
    assert CareLink.objects.filter(person=beds.amina, organization=beds.street, until=None).exists()
    assert referring.carries(sent) == {}


def test_two_who_answer_at_once_never_both_win_and_the_same_answer_twice_is_one(beds: Beds) -> None:
    sent, _token = refer(beds)
    seen_before = Referral.objects.get(pk=sent.pk)
    referrals.accept(sent, by=beds.bob, at=LATER)
    referrals.accept(seen_before, by=beds.bob, at=LATER)
    assert [line for line in states(sent) if line[0] == "accepted"] == [("accepted", "recipient")]
    with pytest.raises(NotPossible):
        referrals.refuse(seen_before, "full", by=beds.bob, at=LATER)
    assert not UnmetNeed.objects.exists()
    referrals.close(sent, "met", by=beds.bob, at=LATER)
    with pytest.raises(NotPossible, match="has ended"):
        referrals.accept(seen_before, by=beds.bob, at=LATER)


def test_a_form_that_a_telephone_sends_twice_is_one_referral_and_one_remark(beds: Beds) -> None:
    consent = agreed(beds.amina, beds.house)
    first, _token = refer(beds, consent=consent, key="k1")
    again, _token = refer(beds, consent=consent, key="k1")
    assert first == again
    for _ in range(2):
        referrals.remark(first, "Hello", side="sender", key="k2", by=beds.greta, at=LATER)
    assert first.events.count() == 2
    with pytest.raises(NotPossible, match="already"):
        refer(beds, consent=consent, key="k3")
    with pytest.raises(NotPossible, match="Write"):
        referrals.remark(first, " ", side="sender", by=beds.greta, at=LATER)


# ---- what it carries, and with whose leave


def test_nothing_leaves_without_an_agreement_that_holds_for_this_recipient(beds: Beds) -> None:
    over = agreed(beds.amina, beds.house, at=NOW - timedelta(days=2), expires_at=NOW - timedelta(days=1))
    taken_back = agreed(beds.amina, beds.house)
    persons.withdraw(taken_back, by=beds.greta, at=NOW)
    for consent in (None, over, taken_back, agreed(beds.amina, beds.dispatch), agreed(beds.bruno, beds.house)):
        with pytest.raises(ConsentMissing, match="Ask the person first"):
            refer(beds, consent=consent)
    with pytest.raises(ConsentMissing, match="another message"):
        refer(beds, message="She owes us money")
    assert not Referral.objects.exists()


def test_beyond_the_minimum_only_what_the_person_agreed_to_by_name_travels(beds: Beds) -> None:
    what = {"called": "Amina", "language": "fr", "phone": "0470 00 00 00"}
    with pytest.raises(ConsentMissing, match="did not agree to send all"):
        refer(beds, what=what)
    sent, _token = refer(beds, what=what, agrees=("phone",))
    assert sent.what == what
    assert referring.carries(sent) == what
    with pytest.raises(NotPossible, match="nothing else"):
        refer(beds, beds.carla, what={"religion": "none"}, agrees=("religion",))


def test_leave_that_was_taken_back_closes_what_was_sent(beds: Beds) -> None:
    sent, _token = refer(beds)
    assert sent.consent is not None
    persons.withdraw(sent.consent, by=beds.greta, at=LATER)
    assert referring.carries(Referral.objects.get(pk=sent.pk)) == {}


def test_the_minimum_is_what_the_rules_of_the_service_ask_and_a_sensitive_fact_is_never_part_of_it(beds: Beds) -> None:
    haven = Service.objects.get(code="safe-house")
    beds.amina.facts = {"violence": True, "papers": "none", "children": True}
    found = referrals.what_for(haven, beds.amina, {"mobility": "walks"})
    assert set(found.minimum) == {"called", "language"}
    assert {"violence", "papers", "children", "mobility", "gender", "birth_year"} <= set(found.beyond)
    haven.minimum_age = 18
    asked = referrals.what_for(haven, beds.amina)
    assert asked.minimum["birth_year"] == 1990
    assert asked.missing == ()  # the year of birth says the age


def test_what_the_record_says_is_not_asked_again(beds: Beds) -> None:
    haven = Service.objects.get(code="safe-house")
    haven.rules.create(criterion="gender", op="eq", value="woman")
    beds.amina.gender, beds.amina.facts = Person.Gender.WOMAN, {}
    assert "gender" not in referrals.what_for(haven, beds.amina).missing
    beds.amina.gender = ""
    assert "gender" in referrals.what_for(haven, beds.amina).missing


def test_values_of_every_shape_are_kept_as_plain_text_numbers_and_lists(beds: Beds) -> None:
    what = {"called": "Ami\x00na", "spoken": ["fr", "ar\x00"], "children": True, "age": 36}
    sent, _token = refer(beds, what=what, agrees=("children", "age"))
    sent.refresh_from_db()
    assert sent.what == {"called": "Amina", "spoken": ["fr", "ar"], "children": True, "age": 36}


# ---- without an account


def test_a_recipient_without_an_account_answers_through_a_signed_link_that_ends(beds: Beds, outside: Service) -> None:
    sent, token = refer(beds, service=outside)
    assert re.fullmatch(r"[\w-]{43}", token)
    assert sent.email == "practice@example.org"
    assert token not in str(Referral.objects.values().get()) + str(list(audit.lines()))
    assert referrals.by_token(beds.territory, token, at=NOW + timedelta(days=29)) == sent
    assert referrals.by_token(beds.territory, token, at=NOW + timedelta(days=30)) is None
    assert referrals.by_token(beds.territory, sent.token, at=NOW) is None  # what is stored opens nothing
    assert referrals.by_token(beds.territory, "", at=NOW) is None
    referrals.accept(sent, by=LINK, at=LATER)
    assert referrals.by_token(beds.territory, token, at=LATER + timedelta(days=89)) == sent
    assert referrals.by_token(beds.territory, token, at=LATER + timedelta(days=90)) is None
    referrals.close(sent, "met", by=LINK, at=LATER + timedelta(days=2))
    assert referrals.by_token(beds.territory, token, at=LATER + timedelta(days=2)) is None


def test_another_link_ends_the_one_before_it(beds: Beds, outside: Service) -> None:
    sent, token = refer(beds, service=outside)
    other = referrals.relink(sent, email="dr@example.org", by=beds.greta, at=LATER)
    assert referrals.by_token(beds.territory, token, at=LATER) is None
    assert referrals.by_token(beds.territory, other, at=LATER) == sent
    mine = referrals.person_token(sent)
    again = referrals.relink(sent, side="person", by=beds.greta, at=LATER)
    assert mine != again == referrals.person_token(sent)
    assert referrals.by_person_token(beds.territory, mine, at=LATER) is None
    assert referrals.by_person_token(beds.territory, again, at=LATER) == sent
    referrals.withdraw(sent, by=beds.greta, at=LATER)
    with pytest.raises(NotPossible, match="taken back"):
        referrals.relink(sent, by=beds.greta, at=LATER)
    assert referrals.by_person_token(beds.territory, again, at=LATER + timedelta(days=29)) == sent
    assert referrals.by_person_token(beds.territory, again, at=LATER + timedelta(days=30)) is None


def test_a_service_that_nobody_answers_for_or_that_is_gone_takes_no_referral(beds: Beds, outside: Service) -> None:
    Service.objects.filter(pk=outside.pk).update(email="call us")
    outside.refresh_from_db()
    with pytest.raises(NotPossible, match="Nobody receives"):
        refer(beds, service=outside)
    with pytest.raises(NotPossible, match="not an e-mail"):
        refer(beds, service=outside, email="nowhere")
    Organization.objects.filter(pk=outside.organization_id).update(email="house@example.org")
    outside.refresh_from_db()
    assert refer(beds, service=outside)[0].email == "house@example.org"
    Service.objects.filter(pk=beds.shelter.pk).update(status="defunct")
    with pytest.raises(NotPossible, match="takes nobody"):
        refer(beds)
    nobody = refer(beds, beds.bruno, service=outside)[0]
    Referral.objects.filter(pk=nobody.pk).update(email="", service=None)
    nobody.refresh_from_db()
    with pytest.raises(NotPossible, match="Nobody receives"):
        referrals.relink(nobody, by=beds.greta, at=LATER)


# ---- time


def test_it_is_reminded_of_after_ten_days_and_expires_after_thirty(
    beds: Beds, django_capture_on_commit_callbacks: Any
) -> None:
    sent, _token = refer(beds)
    turn = lambda days: (  # noqa: E731
        deadlines.remind(beds.territory, at=NOW + timedelta(days=days), by="system:test"),
        deadlines.expire(beds.territory, at=NOW + timedelta(days=days), by="system:test"),
    )
    assert [turn(days) for days in (9, 10, 11, 29)] == [(0, 0), (1, 0), (0, 0), (0, 0)]
    with pytest.raises(NotPossible, match="expired"):  # the deadline counts even before the clock comes by
        referrals.accept(sent, by=beds.bob, at=NOW + timedelta(days=30))
    with django_capture_on_commit_callbacks(execute=True):
        assert [turn(days) for days in (30, 31)] == [(0, 1), (0, 0)]
    assert [letter.to for letter in mail.outbox] == [["greta@example.org"]]
    assert states(sent)[1:] == [("reminded", "clock"), ("expired", "clock")]
    counted = UnmetNeed.objects.get()
    assert (counted.cause, counted.need, counted.area, counted.public) == (
        "expired",
        "emergency-shelter",
        "north",
        "families",
    )
    with pytest.raises(NotPossible, match="expired"):
        referrals.accept(sent, by=beds.bob, at=NOW + timedelta(days=31))


def test_the_pack_says_how_many_days(beds: Beds) -> None:
    beds.territory.content["places"] = {"referral": {"remind_days": 2, "expire_days": 5}}
    beds.territory.save()
    sent, _token = refer(beds, beds.bruno)
    assert sent.expires_at == NOW + timedelta(days=5)
    assert deadlines.remind(beds.territory, at=NOW + timedelta(days=2), by="system:test") == 1


def test_the_reminder_of_a_recipient_without_an_account_holds_a_link_that_works(
    beds: Beds, outside: Service, django_capture_on_commit_callbacks: Any
) -> None:
    refer(beds, service=outside)
    with django_capture_on_commit_callbacks(execute=True):
        deadlines.remind(beds.territory, at=NOW + timedelta(days=10), by="system:test")
    (letter,) = mail.outbox
    (token,) = re.findall(r"[\w-]{43}", letter.body)
    assert referrals.by_token(beds.territory, token, at=NOW + timedelta(days=11))


def test_what_was_sent_is_erased_a_year_after_the_end_and_the_figures_stay(beds: Beds) -> None:
    ended, _token = refer(beds)
    referrals.refuse(ended, "full", by=beds.bob, at=LATER)
    going_on, _token = refer(beds, beds.bruno)
    assert deadlines.forget(beds.territory, at=LATER + timedelta(days=365)) == 0
    assert deadlines.forget(beds.territory, at=LATER + timedelta(days=366)) == 1
    assert deadlines.forget(beds.territory, at=LATER + timedelta(days=366)) == 0
    ended.refresh_from_db()
    going_on.refresh_from_db()
    assert (ended.what, ended.message, ended.person_token, ended.code) == ({}, "", "", "full")
    assert going_on.what


# ---- words to the person, letters to those who help


def test_the_person_is_told_by_the_way_that_is_safe_and_no_word_names_a_service_or_a_place(
    beds: Beds, django_capture_on_commit_callbacks: Any
) -> None:
    haven = Service.objects.get(code="safe-house")
    Service.objects.filter(pk=haven.pk).update(organization=beds.house)
    haven.refresh_from_db()
    persons.describe(beds.amina, email="amina@example.org", contact="email", language="en", by=beds.greta, at=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        sent, _token = refer(beds, service=haven)
        referrals.accept(sent, by=beds.bob, at=LATER)
    told = [letter for letter in mail.outbox if letter.to == ["amina@example.org"]]
    assert [one.subject for one in told] == ["News for you", "News for you"]
    everything = " ".join(f"{letter.subject} {letter.body}" for letter in mail.outbox)
    for secret in ("Quiet Street", haven.name, beds.house.name, "Amina", beds.street.name):
        assert secret not in everything
    assert referrals.person_token(sent) in told[1].body
    assert referring.told_service(sent) == ""
    assert list(Message.objects.values_list("template", "state").order_by("pk")) == [
        ("referral-sent", "sent"), ("referral-accepted", "sent")
    ]  # fmt: skip


def test_a_side_that_must_not_be_found_is_not_named_to_who_has_no_account(beds: Beds) -> None:
    haven = Service.objects.get(code="safe-house")
    hidden = Organization.objects.create(territory=beds.territory, name="The secret house")
    haven.at_locations.get().location.organization = hidden
    location = haven.at_locations.get().location
    type(location).objects.filter(pk=location.pk).update(organization=hidden)
    assert referring.told_organization(hidden) == ""
    assert referring.told_organization(None) == ""
    assert referring.told_organization(beds.street) == "The street team"
    assert referring.is_confidential(haven)
    sent, _token = refer(beds)
    assert referring.told_service(sent) == beds.shelter.name


def test_the_trail_says_what_was_done_and_never_what_was_carried(beds: Beds) -> None:
    sent, _token = refer(beds, what={"called": "Amina", "phone": "0470 12 34 56"}, agrees=("phone",))
    referrals.refuse(sent, "other", "She told us about her sister", by=beds.bob, at=LATER)
    told = str(list(audit.lines()))
    assert "refused a referral" in told
    for secret in ("0470", "sister", "Amina", WORDS):
        assert secret not in told


def test_an_area_is_counted_at_the_level_of_the_map(beds: Beds) -> None:
    assert [referrals.tile_area(beds.territory, code) for code in ("north", "testland", "", "moon")] == [
        "north",
        "",
        "",
        "",
    ]


def test_a_duplicate_record_is_referred_as_the_person_it_was_joined_to(beds: Beds) -> None:
    persons.join(beds.carla, beds.amina, by=beds.greta, at=NOW)
    beds.carla.refresh_from_db()
    sent, _token = refer(beds, beds.carla, consent=agreed(beds.amina, beds.house))
    assert sent.person == beds.amina
    assert ReferralEvent.objects.count() == 1
    assert Need.objects.filter(pk=sent.need_id).exists()
