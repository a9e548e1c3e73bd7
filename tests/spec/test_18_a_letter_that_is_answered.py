"""A letter that is answered

Finding the right service is useless when the letter is never answered. A person is referred with their leave, and they see before what
exactly is sent. The other side answers, without an account if it has none; a no says why; silence ends. All three sides read the same
lines, and every no and every silence is counted, without the person, for those who plan.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from maillage.directory.models import Service
from maillage.orientation import referring
from maillage.orientation.actions import deadlines, referrals
from maillage.orientation.actions.referrals import LINK, ConsentMissing
from maillage.orientation.models import UnmetNeed
from maillage.people.actions import persons
from maillage.people.models import Organization, Person
from maillage.standards.fhir import rows
from maillage.standards.fhir.reading import from_bundle
from maillage.standards.fhir.writing import to_bundle
from tests.beds import Beds
from tests.referred import agreed, refer
from tests.testland import NOW

DAY = timedelta(days=1)


@pytest.fixture
def practice(beds: Beds) -> Service:
    """A doctor's practice in whose organisation nobody has an account."""
    there = Organization.objects.create(territory=beds.territory, name="The practice")
    Service.objects.filter(code="city-practice").update(organization=there, email="practice@example.org")
    return Service.objects.get(code="city-practice")


def test_nothing_is_sent_that_the_person_did_not_agree_to(beds: Beds) -> None:
    """The recipient gets what it needs to answer. A telephone number is more than that: the person says yes to it by name, or it stays."""
    with pytest.raises(ConsentMissing):
        refer(beds, consent=None)
    what = {"called": "Amina", "language": "fr", "phone": "0470 00 00 00"}
    with pytest.raises(ConsentMissing):
        refer(beds, what=what)
    sent, _link = refer(beds, what=what, agrees=("phone",))
    assert sent.what == what


def test_from_sent_to_what_came_of_it_three_sides_read_the_same(beds: Beds) -> None:
    sent, _link = refer(beds)
    referrals.acknowledge(sent, by=beds.bob, at=NOW + DAY)
    referrals.accept(sent, text="Come at six", by=beds.bob, at=NOW + DAY)
    assert beds.amina in Person.objects.of([beds.house.pk], at=NOW + DAY)  # from now on the house reads her record
    referrals.start(sent, side="sender", by=beds.greta, at=NOW + 2 * DAY)
    referrals.close(sent, "partly", "partial-help", by=beds.bob, at=NOW + 9 * DAY)
    hers = referrals.by_person_token(beds.territory, referrals.person_token(sent), at=NOW + 9 * DAY)
    assert hers == sent
    assert [line.state for line in referring.timeline(sent)] == [
        "sent",
        "acknowledged",
        "accepted",
        "started",
        "closed",
    ]
    assert beds.amina not in Person.objects.of([beds.house.pk], at=NOW + 10 * DAY)


def test_a_practice_without_an_account_answers_through_a_link_that_ends(
    beds: Beds, practice: Service, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        sent, link = refer(beds, service=practice)
    assert "Amina" not in mail.outbox[0].body + mail.outbox[0].subject  # a letter names nobody
    assert re.findall(r"[\w-]{43}", mail.outbox[0].body) == [link]
    referrals.waitlist(sent, by=LINK, at=NOW + DAY)
    assert referrals.by_token(beds.territory, link, at=NOW + 90 * DAY) == sent
    assert referrals.by_token(beds.territory, link, at=NOW + 91 * DAY) is None


def test_a_no_says_why_and_silence_ends_and_both_are_counted_without_the_person(beds: Beds) -> None:
    full, _link = refer(beds)
    referrals.refuse(full, "no-capacity", by=beds.bob, at=NOW + DAY)
    refer(beds, beds.bruno)
    assert deadlines.remind(beds.territory, at=NOW + 10 * DAY, by="system:work") == 1
    assert deadlines.expire(beds.territory, at=NOW + 30 * DAY, by="system:work") == 1
    counted = UnmetNeed.objects.order_by("day").values_list("need", "area", "public", "cause", "filter")
    assert list(counted) == [
        ("emergency-shelter", "north", "families", "refused", "refused:no-capacity"),
        ("emergency-shelter", "north", "", "expired", ""),
    ]


def test_she_is_told_by_the_way_that_is_safe_and_no_word_says_where(
    beds: Beds, django_capture_on_commit_callbacks: Any
) -> None:
    """Somebody else may read her telephone: no message names a service, an organisation or a place."""
    persons.describe(beds.amina, email="a@example.org", contact="email", language="en", by=beds.greta, at=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        sent, _link = refer(beds)
        referrals.accept(sent, by=beds.bob, at=NOW + DAY)
    hers = [letter for letter in mail.outbox if letter.to == ["a@example.org"]]
    assert [letter.subject for letter in hers] == ["News for you", "News for you"]
    assert hers[1].body.startswith("Good news: your request was accepted.")
    assert beds.shelter.name not in str([letter.body for letter in hers])


def test_it_goes_by_hand_or_by_oneself(beds: Beds) -> None:
    together, _link = refer(beds, kind="warm", message="need a bed from tonight on")
    assert together.state == "acknowledged"  # they stood there together
    own = agreed(beds.carla, beds.house)
    alone, _link = refer(beds, beds.carla, sender=None, kind="self", consent=own, by="system:ask")
    assert [line.side for line in referring.timeline(alone)] == ["person"]


def test_it_travels_between_systems_as_fhir_and_comes_back_with_the_answer(beds: Beds, practice: Service) -> None:
    sent, _link = refer(beds, service=practice)
    bundle = to_bundle(rows.said(sent))
    assert {one["resource"]["resourceType"] for one in bundle["entry"]} == {
        "Task", "ServiceRequest", "Patient", "Consent", "HealthcareService", "Organization"
    }  # fmt: skip
    bundle["entry"][0]["resource"] |= {"status": "accepted"}  # the Task, as the doctor's own system answers
    del bundle["entry"][0]["resource"]["businessStatus"]
    rows.take_in(from_bundle(json.dumps(bundle).encode()), beds.territory, by=beds.greta, at=NOW + DAY)
    sent.refresh_from_db()
    assert sent.state == "accepted"
