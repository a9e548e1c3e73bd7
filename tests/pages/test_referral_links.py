"""Behind a link: a recipient without an account answers, the person follows and takes back; somebody asks for help by themselves."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from maillage.directory.models import Location, Service
from maillage.directory.search.index import reindex
from maillage.orientation.actions import referrals
from maillage.orientation.models import Referral
from maillage.people.models import CareLink, Consent, Message, Person
from tests.beds import Beds
from tests.pages import desk as desks
from tests.pages.test_referrals_desk import sent
from tests.testland import NOW, SECRET_STREET

HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
VISITOR = {"accept-language": "en"}


@pytest.fixture
def beds(beds: Beds) -> Beds:
    beds.bob.memberships.all().delete()
    Service.objects.filter(pk=beds.shelter.pk).update(email="door@example.org")
    beds.shelter.refresh_from_db()
    reindex(beds.territory)
    return beds


@pytest.fixture
def one(beds: Beds) -> Referral:
    beds.amina.language = "en"
    beds.amina.save()
    return sent(desks.signed_in(beds.greta), beds, email="door@example.org")


@pytest.fixture
def visitor(beds: Beds) -> Client:
    return Client(headers=VISITOR, enforce_csrf_checks=True)


def text(answer: Any) -> str:
    return unescape(str(answer.content.decode()))


def theirs(one: Referral) -> str:
    from maillage.orientation import links

    return reverse("referral", args=[links.token(one, "recipient")])


def own(one: Referral) -> str:
    return reverse("my-referral", args=[referrals.person_token(one)])


# ---- who receives it, without an account


def test_the_link_of_the_letter_opens_what_was_sent_and_nothing_else(one: Referral, visitor: Client) -> None:
    page = visitor.get(theirs(one))
    assert page.status_code == 200
    assert {name: page.headers[name] for name in HEADERS} == HEADERS
    assert not page.cookies
    html = text(page)
    assert "Amina" in html
    assert "She sleeps in her car." in html
    assert "By The street team" in html
    assert "With children" not in html
    assert "/desk/" not in html
    assert one.events.count() == 1


def test_opening_changes_nothing_and_two_taps_answer(one: Referral, visitor: Client) -> None:
    visitor.get(theirs(one))
    one.refresh_from_db()
    assert one.state == "sent"
    assert visitor.post(theirs(one), {"do": "acknowledged"}).status_code == 302
    assert visitor.post(theirs(one), {"do": "accepted", "text": "Ring twice."}).status_code == 302
    assert "Ring twice." in text(visitor.get(theirs(one)))
    visitor.post(theirs(one), {"do": "remark", "text": "Bring a coat.", "once": "x"})
    visitor.post(theirs(one), {"do": "started"})
    done = visitor.post(theirs(one), {"do": "closed", "outcome": "met"})
    assert "Thank you" in text(done)
    assert "Amina" not in text(done)
    one.refresh_from_db()
    assert (one.state, one.outcome) == ("closed", "met")
    assert one.events.filter(by=None, side="recipient").count() == 5
    assert visitor.get(theirs(one)).status_code == 404


def test_a_refusal_needs_its_reason_and_ends_the_link(one: Referral, visitor: Client) -> None:
    wrong = visitor.post(theirs(one), {"do": "refused", "code": "other", "text": ""})
    assert wrong.status_code == 409
    assert "Say in a few words what the reason is." in text(wrong)
    assert "Thank you" in text(visitor.post(theirs(one), {"do": "refused", "code": "full"}))
    ended = visitor.get(theirs(one))
    assert (ended.status_code, ended.headers["Referrer-Policy"]) == (404, "no-referrer")
    assert "This link opens nothing any more" in text(ended)
    assert visitor.post(theirs(one), {"do": "accepted"}).status_code == 404


def test_one_may_wait_on_their_list(one: Referral, visitor: Client) -> None:
    visitor.post(theirs(one), {"do": "waitlisted"})
    assert "on the waiting list" in text(visitor.get(theirs(one)))
    assert visitor.post(theirs(one), {"do": "withdrawn"}).status_code == 404


def test_a_link_ends_with_its_deadline_and_a_forged_one_never_was(one: Referral, visitor: Client) -> None:
    path = theirs(one)
    Referral.objects.filter(pk=one.pk).update(expires_at=NOW)
    assert visitor.get(path).status_code == 404
    for forged in ("/answer/x/", "/mine/x/", path.replace("/answer/", "/mine/"), f"/answer/{'a' * 300}/"):
        assert visitor.get(forged).status_code == 404


def test_too_many_links_from_one_address_open_none(
    one: Referral, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maillage.web.public import referral

    monkeypatch.setattr(referral, "MOST", 1)
    assert visitor.get(theirs(one)).status_code == 200
    assert visitor.get(theirs(one)).status_code == 404


# ---- whom it is about


def test_the_person_reads_the_same_timeline_in_their_language(one: Referral, visitor: Client) -> None:
    visitor.post(theirs(one), {"do": "waitlisted", "text": "A week or two."})
    page = visitor.get(own(one))
    assert {name: page.headers[name] for name in HEADERS} == HEADERS
    html = text(page)
    assert "You are on their waiting list." in html
    assert "A week or two." in html
    assert 'id="leave"' in html
    assert "<title>Your request" in html
    assert "Amina" in html.split("What they know of you")[1]
    assert "Greta" not in html
    assert "Nothing about you is kept" not in html
    assert "erased a year after" in html
    Person.objects.update(language="nl")
    assert '<html lang="nl"' in text(visitor.get(own(one)))
    assert '<html lang="fr"' in text(visitor.get(own(one) + "?language=fr"))
    assert '<html lang="nl"' in text(visitor.get(own(one) + "?language=xx"))


def test_the_person_says_a_word_and_takes_it_back(one: Referral, visitor: Client) -> None:
    visitor.post(own(one), {"do": "remark", "text": "I can come today."})
    assert "I can come today." in text(visitor.get(theirs(one)))
    assert visitor.post(own(one), {"do": "remark", "text": " "}).status_code == 409
    assert visitor.post(own(one), {"do": "accepted"}).status_code == 404
    visitor.post(own(one), {"do": "withdrawn"})
    html = text(visitor.get(own(one)))
    assert "Your request was taken back." in html
    assert "See what else there is" in html
    assert "She sleeps in her car." not in html
    assert visitor.get(theirs(one)).status_code == 404


@pytest.mark.parametrize(
    ("state", "more", "sentence"),
    [
        ("acknowledged", {}, "Your request has arrived."), ("accepted", {}, "Your request is accepted."),
        ("started", {}, "The help has begun."), ("expired", {}, "That is not your fault."),
        ("refused", {"code": "full"}, "They cannot take your request."), ("closed", {"outcome": "met"}, "The help has ended."),
        ("sent", {"expires_at": NOW}, "Nobody answered in time."),
    ],
)  # fmt: skip
def test_it_says_how_it_stands(one: Referral, visitor: Client, state: str, more: dict[str, Any], sentence: str) -> None:
    Referral.objects.filter(pk=one.pk).update(state=state, **more)
    assert sentence in text(visitor.get(own(one)))


def test_a_hidden_house_is_named_nowhere_behind_a_link_or_in_a_letter(
    one: Referral, beds: Beds, visitor: Client
) -> None:
    assert "Open Door" in text(visitor.get(own(one)))
    Location.objects.filter(services_here__service=beds.shelter).update(is_confidential=True, organization=beds.street)
    html = text(visitor.get(own(one)))
    assert "Open Door" not in html
    assert "Alice's house" not in html
    assert "The street team" not in text(visitor.get(theirs(one)))
    assert SECRET_STREET not in html
    assert not any("Open Door" in letter.body + letter.subject for letter in mail.outbox)


# ---- by oneself


@pytest.fixture
def asking(beds: Beds) -> Client:
    return Client(headers=VISITOR)


def ask(beds: Beds) -> str:
    return reverse("ask", args=[beds.shelter.uuid])


def form(**more: str) -> dict[str, str]:
    return {"contact": "none", "alias": "M.", "message": "I sleep outside.", **more}


def test_a_service_that_somebody_reads_may_be_asked(beds: Beds, asking: Client) -> None:
    path = reverse("service", args=[beds.shelter.uuid])
    assert ask(beds) in text(asking.get(path))
    Service.objects.filter(pk=beds.shelter.pk).update(email="")
    reindex(beds.territory)
    assert ask(beds) not in text(asking.get(path))
    assert asking.get(ask(beds)).status_code == 404
    Service.objects.filter(pk=beds.shelter.pk).update(email="x@example.org", access=["referral"])
    reindex(beds.territory)
    assert asking.get(ask(beds)).status_code == 404


def test_safety_is_asked_first_and_the_minimum_then(beds: Beds, asking: Client) -> None:
    html = text(asking.get(ask(beds)))
    order = [html.index(f'name="{name}"') for name in ("contact", "phone", "email", "alias", "message")]
    assert order == sorted(order)
    assert "Say first whether it is safe to write to you." in text(asking.post(ask(beds), form(contact="")))
    assert "We need it to write to you" in text(asking.post(ask(beds), form(contact="sms")))
    assert "I sleep outside." in text(asking.post(ask(beds), form(alias="")))


def test_what_is_sent_is_agreed_to_on_the_screen_and_the_link_is_shown_once(beds: Beds, asking: Client) -> None:
    html = text(asking.post(ask(beds), form(contact="sms", phone="0470 00 00 00", do="read")))
    assert "You ask Open Door for help." in html
    assert "Telephone: 0470 00 00 00" in html
    assert not Person.objects.filter(alias="M.").exists()
    done = asking.post(ask(beds), form(contact="sms", phone="0470 00 00 00", do="send"))
    assert done.headers["Cache-Control"] == "no-store"
    link = re.search(r"http://testserver(/mine/[\w-]+/)", text(done))
    assert link
    one = Referral.objects.get(kind="self")
    assert one.what == {"called": "M.", "language": "en", "phone": "0470 00 00 00"}
    assert (one.sender, one.recipient) == (None, beds.house)
    agreed = Consent.objects.get()
    assert (agreed.how, agreed.recorded_by) == ("self", None)
    assert CareLink.objects.get(person=one.person).organization == beds.house
    assert "Your request was sent." in text(asking.get(link[1]))
    assert Message.objects.get().template == "referral-sent"


def test_not_to_write_means_not_to_write(beds: Beds, asking: Client) -> None:
    asking.post(ask(beds), form(do="send", email="shared@example.org"))
    person = Person.objects.get(alias="M.")
    assert (person.contact, person.email, person.phone) == ("none", "", "")
    assert Message.objects.get().state == "held"


def test_sent_twice_it_is_one_request_and_changed_it_is_none(beds: Beds, asking: Client) -> None:
    assert "I sleep outside." in text(asking.post(ask(beds), form(do="change")))
    assert not Referral.objects.exists()
    pages = [text(asking.post(ask(beds), form(do="send", once="k"))) for _ in range(2)]
    assert Referral.objects.count() == 1
    assert len({re.search(r"/mine/[\w-]+/", page)[0] for page in pages}) == 1  # type: ignore[index]


def test_a_flood_is_stopped_and_nothing_typed_is_lost(beds: Beds, asking: Client) -> None:
    for number in range(3):
        assert asking.post(ask(beds), form(do="send", alias=f"M{number}")).status_code == 200
    flood = asking.post(ask(beds), form(do="send", alias="M4"))
    assert flood.status_code == 429
    assert int(flood.headers["Retry-After"]) > 0
    assert "I sleep outside." in text(flood)
    assert "M4" in text(flood)


def test_one_service_is_not_flooded_from_many_places(
    beds: Beds, asking: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maillage.web.public import ask as view

    monkeypatch.setattr(view, "MOST_TO_ONE", 1)
    assert asking.post(ask(beds), form(do="send")).status_code == 200
    assert asking.post(ask(beds), form(do="send", alias="N.")).status_code == 429


def test_what_cannot_be_is_a_sentence(beds: Beds, asking: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from maillage.orientation.rules import referrals as rules

    def refuse(*args: Any, **more: Any) -> None:
        raise rules.NotPossible("This service takes nobody any more.")

    monkeypatch.setattr(referrals, "send", refuse)
    answer = asking.post(ask(beds), form(do="send"))
    assert answer.status_code == 409
    assert "This service takes nobody any more." in text(answer)
    assert not Person.objects.filter(alias="M.").exists()


def test_an_old_request_is_still_read_for_a_while(one: Referral, visitor: Client) -> None:
    path = own(one)
    visitor.post(path, {"do": "withdrawn"})
    one.events.update(at=NOW - timedelta(days=31))
    assert visitor.get(path).status_code == 404
