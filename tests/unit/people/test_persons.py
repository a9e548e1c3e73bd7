"""People who are helped: an alias is enough, an open link opens their record, two records can become one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from maillage.people import audit
from maillage.people.actions import persons
from maillage.people.models import CareLink, Consent, Membership, Once, Organization, Person, Role, Trace, User
from maillage.people.once import forget, once
from maillage.people.queries import carer_in, helps
from maillage.people.rules import NotAllowed
from maillage.territory.models import Territory
from tests.conftest import SINCE, Cast
from tests.testland import NOW

LATER = NOW + timedelta(days=1)


@pytest.fixture
def amina(cast: Cast) -> Person:
    return persons.register(
        cast.organization.territory, cast.organization, alias="the woman in red", by=cast.bob, at=NOW
    )


def test_an_alias_is_enough_to_be_helped(amina: Person, cast: Cast) -> None:
    assert amina.called() == "the woman in red"
    assert amina.contact == Person.Contact.WORKER
    assert helps(cast.bob, amina, at=NOW)
    trace = Trace.objects.get(verb="registered somebody")
    assert "red" not in str(trace.data) + trace.target


def test_who_does_not_help_reads_nothing_and_writes_nothing(amina: Person, cast: Cast) -> None:
    for user in (cast.alice, cast.charlie, cast.dora):  # an editor, nobody, the administrator of the territory
        assert not helps(user, amina, at=NOW)
        assert carer_in(user, amina.territory, at=NOW) == []
        assert not Person.objects.of(carer_in(user, amina.territory, at=NOW), at=NOW).exists()
        for verb in (
            lambda who=user: persons.describe(amina, by=who, at=NOW, alias="x"),
            lambda who=user: persons.register(amina.territory, cast.organization, alias="x", by=who, at=NOW),
            lambda who=user: persons.household_of([amina], by=who, at=NOW),
            lambda who=user: persons.leave_household(amina, by=who, at=NOW),
            lambda who=user: persons.join(amina, amina, by=who, at=NOW),
        ):
            with pytest.raises(NotAllowed, match="Only those who help"):
                verb()


def test_an_account_that_was_closed_helps_nobody(amina: Person, cast: Cast) -> None:
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    assert not helps(cast.bob, amina, at=NOW)
    assert not carer_in(cast.bob, amina.territory, at=NOW)


def test_a_link_opens_the_record_and_its_end_closes_it(amina: Person, cast: Cast) -> None:
    other = Organization.objects.create(territory=amina.territory, name="Another house")
    Membership.objects.create(
        user=cast.charlie, territory=amina.territory, organization=other, role=Role.PROFESSIONAL, starts_at=SINCE
    )
    persons.link(amina, other, CareLink.Reason.REFERRED, by="system:test", at=NOW)
    persons.link(amina, other, CareLink.Reason.REFERRED, by="system:test", at=NOW)
    persons.link(amina, other, CareLink.Reason.HOUSED, by="system:test", at=NOW)
    assert helps(cast.charlie, amina, at=NOW)
    assert list(Person.objects.of([other.pk], at=NOW)) == [amina]
    persons.unlink(amina, other, CareLink.Reason.REFERRED, by="system:test", at=LATER)
    assert helps(cast.charlie, amina, at=LATER)
    persons.unlink(amina, other, CareLink.Reason.HOUSED, by="system:test", at=LATER)
    persons.unlink(amina, other, CareLink.Reason.HOUSED, by="system:test", at=LATER)
    assert not helps(cast.charlie, amina, at=LATER)
    assert helps(cast.charlie, amina, at=NOW)
    assert (
        Trace.objects.filter(verb="began to help").count() == 2 == Trace.objects.filter(verb="ceased to help").count()
    )


@pytest.mark.parametrize(
    ("details", "sentence"),
    [
        ({"alias": " "}, "how they are called"),
        ({"email": "no address"}, "not an e-mail"),
        ({"birth_year": 1850}, "Nobody who lives"),
        ({"birth_year": 2030}, "Nobody who lives"),
        ({"gender": "x"}, "no such choice"),
        ({"contact": "pigeon"}, "no such choice"),
        ({"contact": "sms"}, "telephone number"),
        ({"contact": "email"}, "give an address"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    amina: Person, cast: Cast, details: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(persons.Impossible, match=sentence):
        persons.describe(amina, by=cast.bob, at=NOW, **details)


def test_a_record_is_described_little_by_little(amina: Person, cast: Cast) -> None:
    persons.describe(amina, by=cast.bob, at=NOW, given_name="Amina", birth_year=1990, facts={"children": True})
    amina.refresh_from_db()
    assert (amina.called(), amina.alias, amina.facts) == ("Amina", "the woman in red", {"children": True})
    with pytest.raises(TypeError, match="colour"):
        persons.describe(amina, by=cast.bob, at=NOW, colour="red")


def test_nobody_is_nameless_in_the_database_either(testland: Territory) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.create(territory=testland)


def test_a_household_wants_one_roof(amina: Person, cast: Cast) -> None:
    child = persons.register(amina.territory, cast.organization, alias="her son", by=cast.bob, at=NOW)
    household = persons.household_of([amina, child], by=cast.bob, at=NOW)
    assert {one.alias for one in household.persons.all()} == {"the woman in red", "her son"}
    assert persons.household_of([child], by=cast.bob, at=NOW) == household
    persons.leave_household(child, by=cast.bob, at=NOW)
    assert household.persons.count() == 1
    with pytest.raises(persons.Impossible, match="somebody in it"):
        persons.household_of([], by=cast.bob, at=NOW)


def test_two_records_of_one_person_become_one(amina: Person, cast: Cast) -> None:
    street = persons.register(
        amina.territory, cast.organization, alias="A.", phone="0400", facts={"papers": False}, spoken=["ar"],
        by=cast.bob, at=NOW,
    )  # fmt: skip
    agreed = persons.agree(
        street, Consent.Purpose.MESSAGES, shown="We write to you.", language="en", how="said", by=cast.bob, at=NOW
    )
    persons.join(street, amina, by=cast.bob, at=LATER)
    amina.refresh_from_db()
    agreed.refresh_from_db()
    assert (amina.phone, amina.facts, amina.spoken, amina.alias) == (
        "0400",
        {"papers": False},
        ["ar"],
        "the woman in red",
    )
    assert agreed.person == amina
    assert street.same_as == amina
    assert list(Person.objects.of([cast.organization.pk], at=LATER)) == [amina]
    with pytest.raises(NotAllowed):  # nobody helps the record that was left
        persons.join(street, amina, by=cast.bob, at=LATER)
    with pytest.raises(persons.Impossible, match="one record already"):
        persons.join(amina, amina, by="system:test", at=LATER)
    assert audit.verify().broken is None


def test_records_of_two_territories_stay_two(amina: Person) -> None:
    there = Territory.objects.create(code="there", country="XX", timezone="UTC", loaded_at=NOW)
    other = Person.objects.create(territory=there, alias="A.", created_at=NOW)
    with pytest.raises(persons.Impossible, match="two territories"):
        persons.join(other, amina, by="system:test", at=NOW)


def test_an_agreement_says_what_was_shown_and_can_be_taken_back(amina: Person, cast: Cast) -> None:
    agreed = persons.agree(
        amina, Consent.Purpose.REFERRAL, organization=cast.organization, what=["children"], shown="Your children.",
        language="en", how=Consent.How.SAID, by=cast.bob, at=NOW, expires_at=NOW + timedelta(days=30),
    )  # fmt: skip
    assert persons.holds(agreed, at=NOW)
    assert not persons.holds(agreed, at=NOW + timedelta(days=30))
    assert not persons.holds(agreed, at=NOW - timedelta(seconds=1))
    assert not persons.holds(None, at=NOW)
    persons.withdraw(agreed, by=cast.bob, at=LATER)
    persons.withdraw(agreed, by=cast.bob, at=LATER)
    assert not persons.holds(agreed, at=LATER)
    assert Trace.objects.filter(verb="withdrew an agreement").count() == 1


@pytest.mark.parametrize(
    ("shown", "days", "sentence"), [(" ", 1, "not shown"), ("Your name.", 0, "ends after it begins")]
)
def test_nothing_is_agreed_that_was_not_shown_or_is_over(amina: Person, shown: str, days: int, sentence: str) -> None:
    with pytest.raises(persons.Impossible, match=sentence):
        persons.agree(
            amina, "referral", shown=shown, language="en", how="said", by="system:test", at=NOW,
            expires_at=NOW + timedelta(days=days),
        )  # fmt: skip


@pytest.mark.django_db
def test_a_key_is_written_once_for_each_person_and_verb(cast: Cast) -> None:
    written: list[UUID] = []

    def do() -> UUID:
        written.append(uuid4())
        return written[-1]

    first = once("k", "book", by=cast.bob, at=NOW, do=do)
    assert once("k", "book", by=cast.bob, at=NOW, do=do) == first
    others = {once("k", "book", by="system:x", at=NOW, do=do), once("k", "refuse", by=cast.bob, at=NOW, do=do)}
    assert len(written) == 3
    assert first not in others
    assert once("", "book", by=cast.bob, at=NOW, do=do) != once("", "book", by=cast.bob, at=NOW, do=do)
    assert forget(NOW) == 0
    assert forget(NOW + timedelta(days=8)) == 3


@pytest.mark.django_db
def test_what_failed_may_be_tried_again_with_the_same_key(cast: Cast) -> None:
    def fail() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        once("k", "book", by=cast.bob, at=NOW, do=fail)
    assert not Once.objects.exists()
