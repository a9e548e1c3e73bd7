"""People who are helped

Nobody needs papers, or a name, to be helped tonight. What is known of somebody is read by those who help them, and by nobody else;
each reading leaves a line; what a person agreed to, they can take back.
"""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from maillage.people import finding
from maillage.people.actions import persons
from maillage.people.models import Person, Trace
from tests.beds import Beds
from tests.testland import NOW


def record(person: Person) -> str:
    return reverse("desk-person", args=[person.uuid])


def test_an_alias_is_enough(beds: Beds) -> None:
    met = persons.register(beds.territory, beds.street, by=beds.greta, at=NOW, alias="The man with the dog")
    assert met.called() == "The man with the dog"
    assert finding.find([beds.street.pk], "dog", at=NOW) == [met]


@pytest.mark.parametrize(("who", "status"), [("greta", 200), ("bob", 404), ("hugo", 404), ("dora", 403)])
def test_a_record_opens_to_those_who_help_and_does_not_exist_for_others(beds: Beds, who: str, status: int) -> None:
    from maillage.people.models import User

    client = Client()
    client.force_login(User.objects.get(email=f"{who}@example.org"))
    assert client.get(record(beds.amina)).status_code == status
    assert Trace.objects.filter(verb="read", target=str(beds.amina.uuid)).count() == (1 if status == 200 else 0)


def test_when_help_ends_the_record_closes(beds: Beds) -> None:
    persons.unlink(beds.amina, beds.street, "registered", by=beds.greta, at=NOW)
    assert not Person.objects.of([beds.street.pk], at=NOW).filter(pk=beds.amina.pk).exists()


def test_two_records_of_one_person_become_one(beds: Beds) -> None:
    met = persons.register(beds.territory, beds.street, by=beds.greta, at=NOW, alias="C.", facts={"children": True})
    persons.join(met, beds.carla, by=beds.greta, at=NOW)
    assert (beds.carla.called(), beds.carla.facts) == ("Carla", {"children": True})
    client = Client()
    client.force_login(beds.greta)
    assert client.get(record(met)).headers["Location"] == record(beds.carla)


def test_what_was_agreed_is_kept_in_its_own_words_and_can_be_taken_back(beds: Beds) -> None:
    agreed = persons.agree(
        beds.amina, "referral", organization=beds.house, what=["called"], shown="We tell the house your name. Do you agree?",
        language="en", how="said", by=beds.greta, at=NOW,
    )  # fmt: skip
    assert persons.holds(agreed, at=NOW)
    persons.withdraw(agreed, by=beds.greta, at=NOW)
    assert not persons.holds(agreed, at=NOW)
    assert agreed.shown == "We tell the house your name. Do you agree?"
