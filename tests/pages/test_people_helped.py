"""The people at the desk: who may read them, what is written, and that no address says who they are."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from maillage.directory.models import Location
from maillage.people.actions import persons
from maillage.people.models import CareLink, Consent, Person, Role, Trace
from maillage.places.models import Request, Stay
from tests.beds import Beds
from tests.pages import desk as desks
from tests.testland import NOW

FORM = {"contact": "worker", "language": "fr"}


@pytest.fixture
def greta(beds: Beds) -> Client:
    return desks.signed_in(beds.greta)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def page(client: Client, person: Person, name: str = "desk-person") -> str:
    return text(client.get(reverse(name, args=[person.uuid])))


def test_the_list_shows_ones_own_people_and_nobody_else(greta: Client, beds: Beds) -> None:
    html = text(greta.get(reverse("desk-people")))
    assert all(name in html for name in ("Amina", "Bruno of the bridge", "Carla", "Sami"))
    elsewhere = text(desks.signed_in(beds.hugo).get(reverse("desk-people")))
    assert "Amina" not in elsewhere
    assert "Nobody yet." in elsewhere


def test_a_name_is_searched_in_the_body_and_found_despite_accents_and_slips(greta: Client, beds: Beds) -> None:
    for words, name in (
        ("amin", "Amina"),
        ("Àmina", "Amina"),
        ("amyna", "Amina"),
        ("BRIDGE bruno", "Bruno of the bridge"),
    ):
        html = text(greta.post(reverse("desk-people"), {"words": words, "do": "find"}))
        assert name in html, words
        assert "Carla" not in html
    assert "Nobody whom you help" in text(greta.post(reverse("desk-people"), {"words": "zzz"}))
    assert 'method="get"' not in html
    assert "Registered last" in text(greta.post(reverse("desk-people"), {"words": "\x00 "}))


def test_the_list_goes_on_by_a_key(greta: Client, beds: Beds, monkeypatch: pytest.MonkeyPatch) -> None:
    from maillage.people import finding

    monkeypatch.setattr(finding, "FEW", 2)
    first = text(greta.get(reverse("desk-people")))
    following = re.search(r"\?before=\d+", first)
    assert following
    assert "Amina" not in first
    assert "Amina" in text(greta.get(reverse("desk-people") + following[0]))


def test_each_reading_leaves_a_line(greta: Client, beds: Beds) -> None:
    greta.get(reverse("desk-people"))
    line = Trace.objects.get(verb="read a list of people")
    assert (line.target, line.data) == (str(beds.street.uuid), {"n": 4})
    page(greta, beds.amina)
    read = Trace.objects.get(verb="read")
    assert (read.target, read.actor) == (str(beds.amina.uuid), f"user:{beds.greta.uuid}")
    assert "read a record" in page(greta, beds.amina)
    assert not any("Amina" in str(one.data) for one in Trace.objects.all())


def test_a_record_says_what_is_known(greta: Client, beds: Beds) -> None:
    html = page(greta, beds.amina)
    assert "about 36 years old" in html
    assert "With children" in html
    assert "Sami" in html
    assert "registered by this organisation" in html
    assert "<title>A person’s record" in html
    assert 'name="fact.children" value="true"' in html


@pytest.mark.parametrize("who", ["hugo", "bob", "dave"])
@pytest.mark.parametrize("name", ["desk-person", "desk-person-edit", "desk-person-join", "desk-person-household"])
def test_whoever_does_not_help_them_finds_nothing(who: str, name: str, beds: Beds) -> None:
    client = desks.signed_in(getattr(beds, who))
    there, nowhere = (client.get(reverse(name, args=[key])) for key in (beds.amina.uuid, UUID(int=1)))
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert client.post(reverse(name, args=[beds.amina.uuid]), {"do": "end", **FORM}).status_code == 404
    assert "Amina" not in text(there)
    assert not Trace.objects.filter(verb="read").exists()


@pytest.mark.parametrize("role", [Role.EDITOR, Role.MODERATOR, Role.COORDINATOR, Role.ADMINISTRATOR])
def test_no_other_role_opens_a_page_of_people(role: Role, beds: Beds) -> None:
    from maillage.people.models import Membership, User

    user = User.objects.create_user("role@example.org", "a long enough sentence")
    house = beds.street if role == Role.EDITOR else None
    Membership.objects.create(
        user=user, territory=beds.territory, organization=house, role=role, starts_at=desks.JANUARY
    )
    assert desks.signed_in(user).get(reverse("desk-people")).status_code == 403
    assert desks.signed_in(user).get(reverse("desk-person", args=[beds.amina.uuid])).status_code == 403


def test_an_alias_is_enough_and_a_form_sent_twice_is_one_person(greta: Client, beds: Beds) -> None:
    html = text(greta.get(reverse("desk-person-new")))
    once = re.search(r'name="once" value="([^"]+)"', html)
    assert once
    form = {**FORM, "alias": "The man with the dog", "once": once[1]}
    answers = [greta.post(reverse("desk-person-new"), {**form, "sure": "yes"}) for _ in range(2)]
    made = Person.objects.get(alias="The man with the dog")
    assert {one.headers["Location"] for one in answers} == {reverse("desk-person", args=[made.uuid])}
    assert CareLink.objects.get(person=made).organization == beds.street


def test_everything_else_may_be_said(greta: Client, beds: Beds) -> None:
    said = {**FORM, "given_name": "Éva", "family_name": "Test", "gender": "woman", "birth_year": "1980", "spoken": ["ar", "fr"],
            "contact": "sms", "phone": "+32 470 00 00 00", "fact-children": "no", "fact-papers": "none", "fact-age": "46"}  # fmt: skip
    greta.post(reverse("desk-person-new"), said)
    made = Person.objects.get(given_name="Éva")
    assert made.facts == {"children": False, "papers": "none", "age": 46.0}
    assert made.spoken == ["fr", "ar"] or set(made.spoken) == {"fr", "ar"}
    assert "Age: 46" in page(greta, made)
    assert 'value="none" selected' in page(greta, made, "desk-person-edit")
    greta.post(
        reverse("desk-person-edit", args=[made.uuid]),
        {**said, "given_name": "Eva", "fact-papers": "", "birth_year": ""},
    )
    made.refresh_from_db()
    assert (made.given_name, made.birth_year) == ("Eva", None)
    assert "papers" not in made.facts


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "Say how they are called"),
        ({"alias": "X", "contact": "sms"}, "give a telephone number"),
        ({"alias": "X", "birth_year": "1890"}, "Nobody who lives was born in this year."),
    ],
)
def test_a_refusal_is_a_sentence_and_nothing_typed_is_lost(
    greta: Client, beds: Beds, said: dict[str, str], sentence: str
) -> None:
    answer = greta.post(
        reverse("desk-person-new"), {**FORM, "family_name": "", "email": "x@example.org", **said, "sure": "yes"}
    )
    assert answer.status_code == 400
    assert sentence in text(answer)
    assert "x@example.org" in text(answer)
    change = greta.post(reverse("desk-person-edit", args=[beds.carla.uuid]), {**FORM, **said})
    assert change.status_code == 400
    assert sentence in text(change)


def test_a_name_that_is_known_is_asked_about_before_a_second_record_is_made(greta: Client, beds: Beds) -> None:
    before = Person.objects.count()
    html = text(greta.post(reverse("desk-person-new"), {**FORM, "given_name": "Amina"}))
    assert "Is it one of these?" in html
    assert reverse("desk-person", args=[beds.amina.uuid]) in html
    assert Person.objects.count() == before
    greta.post(reverse("desk-person-new"), {**FORM, "given_name": "Amina", "sure": "yes"})
    assert Person.objects.count() == before + 1


def test_consent_is_withdrawn_with_one_button_and_only_theirs(greta: Client, beds: Beds) -> None:
    given = persons.agree(
        beds.amina, "referral", organization=beds.house, what=["called", "children"], shown="We send your name.",
        language="en", how="said", by=beds.greta, at=NOW - timedelta(days=1),
    )  # fmt: skip
    html = page(greta, beds.amina)
    assert "We send your name." in html
    assert "Name, With children" in html
    path = reverse("desk-person", args=[beds.carla.uuid])
    assert greta.post(path, {"do": "withdraw", "consent": given.uuid}).status_code == 404
    assert greta.post(path, {"do": "withdraw", "consent": "x"}).status_code == 404
    greta.post(reverse("desk-person", args=[beds.amina.uuid]), {"do": "withdraw", "consent": given.uuid})
    assert Consent.objects.get().withdrawn_at == NOW
    assert "withdrawn on" in page(greta, beds.amina)


def test_two_records_are_joined_after_a_look_at_both(greta: Client, beds: Beds) -> None:
    path = reverse("desk-person-join", args=[beds.carla.uuid])
    assert "Bruno of the bridge" in text(greta.post(path, {"words": "bruno"}))
    look = text(greta.post(path, {"other": beds.bruno.uuid}))
    assert "Yes, they are one person" in look
    assert Person.objects.get(pk=beds.bruno.pk).same_as is None
    assert greta.post(path, {"other": beds.bruno.uuid, "do": "sure"}).status_code == 302
    assert Person.objects.get(pk=beds.bruno.pk).same_as == beds.carla
    moved = greta.get(reverse("desk-person", args=[beds.bruno.uuid]))
    assert moved.headers["Location"] == reverse("desk-person", args=[beds.carla.uuid])
    assert desks.signed_in(beds.hugo).get(reverse("desk-person", args=[beds.bruno.uuid])).status_code == 404
    same = text(greta.post(path, {"other": beds.carla.uuid, "do": "sure"}))
    assert "These are one record already." in same


def test_a_household_grows_and_somebody_leaves_it(greta: Client, beds: Beds) -> None:
    path = reverse("desk-person-household", args=[beds.amina.uuid])
    assert greta.get(path).status_code == 200
    greta.post(path, {"other": beds.carla.uuid})
    beds.carla.refresh_from_db()
    assert beds.carla.household_id == beds.amina.household_id
    assert "Carla" in page(greta, beds.amina)
    CareLink.objects.filter(person=beds.carla).update(until=NOW)
    html = page(greta, beds.amina)
    assert "Carla" not in html
    assert "and 1 person whom you do not help" in html
    greta.post(reverse("desk-person", args=[beds.son.uuid]), {"do": "leave-household"})
    beds.son.refresh_from_db()
    assert beds.son.household is None
    assert greta.post(path, {"other": "x"}).status_code == 404


def test_help_that_ends_closes_the_record(greta: Client, beds: Beds) -> None:
    path = reverse("desk-person", args=[beds.carla.uuid])
    wrong = {"do": "end", "organization": beds.street.pk, "reason": "housed"}
    assert greta.post(path, wrong).status_code == 404
    assert greta.post(path, {**wrong, "organization": beds.house.pk}).status_code == 404
    answer = greta.post(path, {**wrong, "reason": "registered"})
    assert answer.headers["Location"] == reverse("desk-people")
    assert greta.get(path).status_code == 404
    assert greta.post(reverse("desk-person", args=[beds.amina.uuid]), {"do": "dance"}).status_code == 404


def test_a_stay_in_a_hidden_house_is_its_area_outside_that_house(greta: Client, beds: Beds) -> None:
    asked = Request.objects.create(
        waiting_list=beds.queue, number=1, person=beds.amina, asked_by=beds.street, asked_at=NOW, state="placed"
    )
    common = {"territory": beds.territory, "group": beds.families, "place": beds.places[2], "created_at": NOW}
    stay = Stay.objects.create(**common, person=beds.amina, request=asked, from_on=NOW.date(), state="in")
    stay.occupants.create(person=beds.amina, from_on=NOW.date(), state="in")
    html = page(greta, beds.amina)
    assert "Open Door" in html
    assert "queue" in html
    Location.objects.filter(services_here__service=beds.shelter).update(is_confidential=True)
    hidden = page(greta, beds.amina)
    assert "Confidential address, North End" in hidden
    assert "Open Door" not in hidden
    persons.link(beds.amina, beds.house, "housed", by=beds.bob, at=NOW)
    assert "Open Door" in page(desks.signed_in(beds.bob), beds.amina)
    stay.request = None
    stay.save()
    assert "Confidential address" not in page(greta, beds.amina)


def test_the_list_asks_the_database_little(greta: Client, beds: Beds, django_assert_max_num_queries: Any) -> None:
    greta.get(reverse("desk-people"))
    with django_assert_max_num_queries(12):  # session, user, seat, territory; people; the organisation and its line
        greta.get(reverse("desk-people"))


def test_who_else_helps_them_is_not_theirs_to_know(greta: Client, beds: Beds) -> None:
    persons.link(beds.amina, beds.house, "housed", by=beds.bob, at=NOW)
    persons.agree(
        beds.amina, "referral", organization=beds.house, shown="To the hidden house.", language="en", how="said", by=beds.bob, at=NOW
    )  # fmt: skip
    beds.bob.name = "Bob of the hidden house"
    beds.bob.save()
    page(desks.signed_in(beds.bob), beds.amina)
    html = page(greta, beds.amina)
    assert "Bob of the hidden house" not in html
    assert "Alice&#x27;s house" not in html
    assert "To the hidden house." not in html
    assert "Read 1 time by others who help this person." in html
    assert "To the hidden house." in page(desks.signed_in(beds.bob), beds.amina)


def test_a_fact_that_the_form_does_not_ask_for_is_not_lost(greta: Client, beds: Beds) -> None:
    beds.carla.facts = {"from-elsewhere": "yes", "papers": "none"}
    beds.carla.save()
    greta.post(
        reverse("desk-person-edit", args=[beds.carla.uuid]), {**FORM, "given_name": "Carla", "fact-papers": "asylum"}
    )
    beds.carla.refresh_from_db()
    assert beds.carla.facts == {"from-elsewhere": "yes", "papers": "asylum"}
