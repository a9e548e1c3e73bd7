"""From a service's page to an answer: who, what exactly is sent, the words read aloud, the inbox, two taps, the outcome."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from maillage.directory.search.index import reindex
from maillage.orientation.models import Referral, UnmetNeed
from maillage.people.actions import persons
from maillage.people.models import CareLink, Consent, Once, Person, Trace
from tests.beds import Beds
from tests.pages import desk as desks
from tests.testland import NOW


@pytest.fixture
def beds(beds: Beds) -> Beds:
    reindex(beds.territory)
    return beds


@pytest.fixture
def greta(beds: Beds) -> Client:
    return desks.signed_in(beds.greta)


@pytest.fixture
def bob(beds: Beds) -> Client:
    return desks.signed_in(beds.bob)


def text(answer: Any) -> str:
    return unescape(str(answer.content.decode()))


def to(beds: Beds) -> str:
    return reverse("desk-refer", args=[beds.shelter.uuid])


def letter(beds: Beds, person: Person | None = None, **more: Any) -> dict[str, Any]:
    return {
        "person": (person or beds.amina).uuid, "send": ["called", "language"], "message": "She sleeps in her car.", "language": "fr",
        "kind": "letter", "need": "emergency-shelter", "area": "north", "do": "send", "how": "said", **more,
    }  # fmt: skip


def sent(client: Client, beds: Beds, person: Person | None = None, **more: Any) -> Referral:
    answer = client.post(to(beds), letter(beds, person, **more))
    assert answer.status_code == 302, text(answer)
    return Referral.objects.latest("pk")


def page(client: Client, one: Referral) -> str:
    return text(client.get(reverse("desk-referral", args=[one.uuid])))


def do(client: Client, one: Referral, verb: str, **more: Any) -> Any:
    return client.post(reverse("desk-referral", args=[one.uuid]), {"do": verb, **more})


# ---- who, what, agreed


def test_a_service_offers_to_refer_somebody_to_those_who_help_and_to_nobody_else(beds: Beds, greta: Client) -> None:
    path = reverse("service", args=[beds.shelter.uuid])
    assert to(beds) in text(greta.get(path))
    assert to(beds) in text(greta.get("/results/?needs=emergency-shelter"))
    for client in (Client(), desks.signed_in(User_dora(beds))):
        assert to(beds) not in text(client.get(path))
        assert to(beds) not in text(client.get("/results/?needs=emergency-shelter"))


def User_dora(beds: Beds) -> Any:
    from maillage.people.models import User

    return User.objects.get(email="dora@example.org")


def test_who_is_found_without_a_name_in_any_address(beds: Beds, greta: Client) -> None:
    html = text(greta.get(to(beds)))
    assert f'value="{beds.amina.uuid}"' in html
    html = text(greta.post(to(beds), {"words": "carl", "do": "find"}))
    assert "Carla" in html
    assert "Amina" not in html
    assert greta.post(to(beds), {"person": UUID(int=1)}).status_code == 404
    assert desks.signed_in(beds.hugo).post(to(beds), {"person": beds.amina.uuid}).status_code == 404


def test_an_alias_is_enough_to_begin(beds: Beds, greta: Client) -> None:
    html = text(greta.post(to(beds), {"do": "register", "alias": "Z.", "language": "nl", "once": "k"}))
    assert "Refer Z." in html
    again = text(greta.post(to(beds), {"do": "register", "alias": "Z.", "language": "nl", "once": "k"}))
    assert "Refer Z." in again
    assert Person.objects.filter(alias="Z.").count() == 1
    assert "Who is it?" in text(greta.post(to(beds), {"do": "register", "alias": ""}))


def test_what_is_sent_is_shown_and_what_is_beyond_stays_unticked(beds: Beds, greta: Client) -> None:
    beds.carla.facts = {"papers": "none", "children": True}
    beds.carla.phone = "+32 470"
    beds.carla.save()
    html = text(greta.post(to(beds), {"person": beds.carla.uuid}))
    needed, beyond = html.split("Beyond what they need")
    assert re.search(r'value="called" checked disabled', needed)
    assert 'value="papers"> ' in beyond
    assert 'value="phone"> ' in beyond
    assert "checked" not in re.search(r'value="papers"[^>]*>', beyond)[0]  # type: ignore[index]
    assert Trace.objects.filter(verb="read", target=str(beds.carla.uuid)).count() == 1


def test_the_words_are_read_in_the_persons_language_as_exactly_as_they_are_sent(beds: Beds, greta: Client) -> None:
    html = text(greta.post(to(beds), letter(beds, beds.carla, do="read", language="en", send=["called", "gender"])))
    aloud = html.split('class="aloud" lang="en"')[1].split("</blockquote>")[0]
    assert "The street team wants to ask Open Door to help you." in aloud
    assert "Name: Carla" in aloud
    assert "Gender: a woman" in aloud
    assert "“She sleeps in her car.”" in aloud
    assert "30 days to answer" in aloud
    assert "Do you agree?" in aloud
    french = text(greta.post(to(beds), letter(beds, beds.carla, do="read", language="fr", send=["gender"])))
    assert 'lang="fr"' in french
    assert "Genre: une femme" in french
    assert not Referral.objects.exists()


def test_a_pack_may_give_the_words_in_another_language(beds: Beds, greta: Client) -> None:
    beds.territory.content = {**beds.territory.content, "places": {"messages": {"consent": {
        "ar": "AR %(service)s %(what)s %(message)s", "tr": "no words for what is sent", "so": "%(nothing)s %(what)s %(message)s"}}}}  # fmt: skip
    beds.territory.pack_hash = "1" * 64
    beds.territory.save()
    html = text(greta.post(to(beds), letter(beds, do="read", language="ar")))
    assert 'lang="ar" dir="auto"' in html
    assert "AR Porte Ouverte" in html or "AR Open Door" in html or "AR " in html
    form = text(greta.post(to(beds), {"person": beds.amina.uuid}))
    assert 'value="ar"' in form
    assert 'value="tr"' not in form.split('name="language"')[1].split("</select>")[0]


def test_nothing_leaves_without_an_agreement(beds: Beds, greta: Client) -> None:
    answer = greta.post(to(beds), letter(beds, how=""))
    assert answer.status_code == 400
    assert "Say how they agreed" in text(answer)
    changed = text(greta.post(to(beds), letter(beds, do="change")))
    assert "She sleeps in her car." in changed
    assert not Referral.objects.exists()
    assert not Consent.objects.exists()


def test_a_letter_that_is_sent_carries_what_was_agreed_and_nothing_else(beds: Beds, greta: Client) -> None:
    one = sent(greta, beds, send=["children"], how="signed", is_urgent="on")
    assert one.what == {"called": "Amina", "children": True}
    assert (one.sender, one.recipient, one.sent_by) == (beds.street, beds.house, beds.greta)
    assert (one.need.code, one.area, one.is_urgent) == ("emergency-shelter", "north", True)  # type: ignore[union-attr]
    agreed = one.consent
    assert agreed is not None
    assert (agreed.how, agreed.language, agreed.what) == ("signed", "fr", ["called", "children"])
    assert "She sleeps in her car." in agreed.shown
    assert "Amina" not in "".join(letter.body + letter.subject for letter in mail.outbox)


def test_a_form_sent_twice_is_one_letter_and_a_second_letter_is_refused_with_all_that_was_typed(
    beds: Beds, greta: Client
) -> None:
    first = greta.post(to(beds), letter(beds, once="a key"))
    assert greta.post(to(beds), letter(beds, once="a key")).headers["Location"] == first.headers["Location"]
    assert Referral.objects.count() == Consent.objects.count() == Once.objects.count() == 1
    again = greta.post(to(beds), letter(beds, once="another key"))
    assert again.status_code == 400
    assert "the answer is still open" in text(again)
    assert "She sleeps in her car." in text(again)
    assert Consent.objects.count() == 1


def test_a_hand_over_in_person_says_with_whom(beds: Beds, greta: Client) -> None:
    answer = greta.post(to(beds), letter(beds, kind="warm", message=""))
    assert "Say with whom it was agreed." in text(answer)
    assert sent(greta, beds, kind="warm").state == "acknowledged"


def test_a_house_without_an_account_is_written_to(beds: Beds, greta: Client) -> None:
    beds.bob.memberships.all().delete()
    beds.shelter.email = ""
    beds.shelter.save()
    reindex(beds.territory)
    answer = greta.post(to(beds), letter(beds, email=""))
    assert "Say to which address it is sent" in text(answer)
    one = sent(greta, beds, email="door@example.org")
    assert one.email == "door@example.org"


# ---- the boxes


def test_the_inbox_shows_what_waits_oldest_first_and_what_it_says(beds: Beds, greta: Client, bob: Client) -> None:
    first, second = sent(greta, beds), sent(greta, beds, beds.carla)
    Referral.objects.filter(pk=first.pk).update(expires_at=NOW + timedelta(days=2))
    html = text(bob.get(reverse("desk-referrals")))
    assert html.index("Amina") < html.index("Carla")
    assert 'class="late"' in html.split("Amina")[0]
    assert "Emergency shelter · The street team" in html
    assert "to answer before" in html
    assert "people referred to you wait for an answer" in text(bob.get("/desk/"))
    out = text(greta.get(reverse("desk-referrals") + "?box=out"))
    assert "Open Door" in out
    do(bob, second, "refused", code="full")
    assert "Carla" not in text(bob.get(reverse("desk-referrals")))
    assert "refused" in text(bob.get(reverse("desk-referrals") + "?shelf=ended"))
    assert Trace.objects.filter(verb="read a list of referrals").exists()
    assert "Nothing waits" in text(desks.signed_in(beds.hugo).get(reverse("desk-referrals") + "?shelf=x&after=x"))


def test_the_boxes_go_on_by_a_key(beds: Beds, greta: Client, bob: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from maillage.web.desk import referrals

    monkeypatch.setattr(referrals, "A_PAGE", 1)
    first, second = sent(greta, beds), sent(greta, beds, beds.carla)
    assert f"after={first.pk}" in text(bob.get(reverse("desk-referrals")))
    assert "Carla" in text(bob.get(reverse("desk-referrals") + f"?after={first.pk}"))
    for one in (first, second):
        do(bob, one, "refused", code="full")
    ended = text(bob.get(reverse("desk-referrals") + "?shelf=ended"))
    assert f"after={second.pk}" in ended
    assert str(first.uuid) in text(bob.get(reverse("desk-referrals") + f"?shelf=ended&after={second.pk}"))


def test_the_boxes_ask_the_database_little(
    beds: Beds, greta: Client, bob: Client, django_assert_max_num_queries: Any
) -> None:
    for person in (beds.amina, beds.bruno, beds.carla):
        sent(greta, beds, person)
    bob.get(reverse("desk-referrals"))
    with django_assert_max_num_queries(
        14
    ):  # session, user, seat, territory; letters, cards; the house and its line of the trail, in turn on PostgreSQL
        bob.get(reverse("desk-referrals"))


# ---- one referral


@pytest.mark.parametrize("who", ["hugo", "dave"])
def test_whoever_neither_sent_nor_received_it_finds_nothing(beds: Beds, greta: Client, who: str) -> None:
    one = sent(greta, beds)
    client = desks.signed_in(getattr(beds, who))
    there = client.get(reverse("desk-referral", args=[one.uuid]))
    assert there.status_code == client.get(reverse("desk-referral", args=[UUID(int=1)])).status_code == 404
    assert "Amina" not in text(there)
    assert do(client, one, "accepted").status_code == 404
    assert "Amina" not in text(client.get(reverse("desk-referrals")))


def test_accepted_in_two_taps_and_the_record_opens(beds: Beds, greta: Client, bob: Client) -> None:
    one = sent(greta, beds)
    html = page(bob, one)
    assert "With children" not in html
    assert "She sleeps in her car." in html
    assert bob.get(reverse("desk-person", args=[beds.amina.uuid])).status_code == 404
    assert do(bob, one, "accepted", text="Come at six.").status_code == 302
    assert bob.get(reverse("desk-person", args=[beds.amina.uuid])).status_code == 200
    assert "Come at six." in page(greta, one)
    assert "accepted" in page(greta, one)
    do(bob, one, "started")
    do(bob, one, "closed", outcome="partly", code="partial-help")
    one.refresh_from_db()
    assert (one.state, one.outcome, one.outcome_code) == ("closed", "partly", "partial-help")
    html = page(greta, one)
    assert "Only a part of it is offered here" in html
    assert "what was sent is no longer shown" in html
    assert not CareLink.objects.filter(person=beds.amina, organization=beds.house, until=None).exists()


def test_refused_with_a_code_which_is_counted(beds: Beds, greta: Client, bob: Client) -> None:
    one = sent(greta, beds)
    refused = do(bob, one, "refused", code="", text="sorry")
    assert refused.status_code == 409
    assert "Choose why" in text(refused)
    assert ">sorry</textarea>" in text(refused)
    do(bob, one, "refused", code="no-capacity")
    assert "No capacity, and no waiting list" in page(greta, one)
    assert UnmetNeed.objects.get(cause="refused").need == "emergency-shelter"
    late = do(bob, one, "accepted")
    assert late.status_code == 409
    assert "This referral was refused." in text(late)


def test_received_listed_remarked_and_taken_back(beds: Beds, greta: Client, bob: Client) -> None:
    one = sent(greta, beds)
    do(bob, one, "acknowledged")
    do(bob, one, "waitlisted")
    do(greta, one, "remark", text="She found a friend's sofa.", once="r")
    do(greta, one, "remark", text="She found a friend's sofa.", once="r")
    assert page(bob, one).count("friend's sofa") == 1
    assert "Write what you want to say." in text(do(bob, one, "remark", text=" "))
    assert do(bob, one, "withdrawn").status_code == 404
    assert do(bob, one, "link").status_code == 404
    assert do(bob, one, "dance").status_code == 404
    do(greta, one, "withdrawn", text="No longer needed")
    assert "taken back" in page(bob, one)
    assert "She sleeps in her car." not in page(bob, one)


def test_the_person_is_handed_a_page_of_their_own(beds: Beds, greta: Client) -> None:
    one = sent(greta, beds)
    html = text(do(greta, one, "link"))
    link = re.search(r"http://testserver(/[\w/-]+/)", html)
    assert link
    assert "<svg" in html
    assert " style=" not in html
    assert Client().get(link[1]).status_code == 200
    newer = re.search(r"http://testserver(/[\w/-]+/)", text(do(greta, one, "new-link")))
    assert newer
    assert Client().get(link[1]).status_code == 404
    assert Client().get(newer[1]).status_code == 200


def test_somebody_is_faster(beds: Beds, greta: Client, bob: Client) -> None:
    one = sent(greta, beds)
    Referral.objects.filter(pk=one.pk).update(expires_at=NOW)
    html = page(bob, one)
    assert "the time to answer is over" in html
    assert 'value="accepted"' not in html
    assert "expired without an answer" in text(do(bob, one, "accepted"))


def test_a_service_that_left_is_told(beds: Beds, greta: Client) -> None:
    one = sent(greta, beds)
    Referral.objects.filter(pk=one.pk).update(service=None)
    assert "This service has left the directory." in page(greta, one)
    assert "This service has left the directory." in text(greta.get(reverse("desk-person", args=[beds.amina.uuid])))


def test_a_referral_leaves_as_a_file_for_its_two_sides_and_a_file_is_taken_in(
    beds: Beds, greta: Client, bob: Client
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    one = sent(greta, beds)
    path = reverse("desk-referral-fhir", args=[one.uuid])
    assert path in page(bob, one)
    assert bob.get(path).json()["resourceType"] == "Bundle"
    assert desks.signed_in(beds.hugo).get(path).status_code == 404
    html = text(bob.get(reverse("desk-referrals")))
    assert f'value="{beds.shelter.uuid}"' in html
    odd = bob.post(reverse("desk-referral-fhir-in"), {"file": SimpleUploadedFile("x.json", b"{}")}, follow=True)
    assert 'class="messages"' in text(odd)
    assert Referral.objects.count() == 1


def test_of_two_houses_the_one_that_helps_the_person_sends(beds: Beds, greta: Client) -> None:
    from maillage.people.models import Membership, Organization, Role

    other = Organization.objects.create(territory=beds.territory, name="A first house")
    Membership.objects.create(
        user=beds.greta, territory=beds.territory, organization=other, role=Role.PROFESSIONAL, starts_at=desks.JANUARY
    )
    assert sent(greta, beds).sender == beds.street


def test_once_the_leave_is_taken_back_nothing_of_the_letter_is_read_any_more(
    beds: Beds, greta: Client, bob: Client
) -> None:
    one = sent(greta, beds, message="She sleeps in her car.")
    assert "Amina" in page(bob, one)
    assert "She sleeps in her car." in page(bob, one)
    assert one.consent is not None
    persons.withdraw(one.consent, by=beds.greta, at=NOW)
    for shown in (page(bob, one), text(bob.get(reverse("desk-referrals")))):
        assert "Amina" not in shown
        assert "She sleeps in her car." not in shown
