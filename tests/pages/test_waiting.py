"""Waiting lists at the desk: the order and why, urgency with a name, the clock, offers and their answers, and who must see nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from maillage.people.actions import persons
from maillage.people.models import Membership, Trace, User
from maillage.places import standing
from maillage.places.actions import offers, waiting
from maillage.places.models import Apart, Offer, Request
from tests.beds import Beds
from tests.referred import refer
from tests.testland import NOW

ENGLISH = {"accept-language": "en"}


@pytest.fixture(autouse=True)
def _a_little_later(monkeypatch: pytest.MonkeyPatch, _friday_evening: None) -> None:
    """What happened in the tests happened just before."""
    standing.forget()
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(minutes=5))


@pytest.fixture
def beds(beds: Beds) -> Beds:
    Membership.objects.update(accepted_at=NOW)
    return beds


def at_desk(user: User) -> Client:
    client = Client(headers=ENGLISH)
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def ask(beds: Beds, person: Any, **more: Any) -> tuple[Request, str]:
    leave = persons.agree(
        person, "waiting_list", organization=beds.dispatch, shown="They read it.", language="en", how="said", by=beds.greta, at=NOW
    )  # fmt: skip
    given = {"consent": leave, "asked_by": beds.street, "by": beds.greta, "at": NOW, **more}
    return waiting.ask(beds.queue, person, **given)


def page_of(request: Request) -> str:
    return f"/desk/requests/{request.uuid}/"


def once_of(html: str) -> str:
    found = re.search(r'name="once" value="([^"]+)"', html)
    assert found
    return found[1]


# ---- asking


def test_from_a_record_to_the_list_with_the_words_that_were_shown(beds: Beds) -> None:
    greta = at_desk(beds.greta)
    record = text(greta.get(f"/desk/people/{beds.amina.uuid}/"))
    address = f"/desk/people/{beds.amina.uuid}/ask/"
    assert address in record
    html = text(greta.get(address))
    assert "The dispatch" in html
    assert "Vous demandez" in html or "You ask for a place" in html
    form = {
        "list": str(beds.queue.uuid), "once": once_of(html), "people": "2", "areas": ["north"], "languages": ["fr"], "channel": "street",
        "how": "said",
    }  # fmt: skip
    answer = greta.post(address, form)
    request = Request.objects.get()
    assert answer.headers["Location"] == page_of(request)
    assert greta.post(address, form).headers["Location"] == page_of(request)  # the telephone sent it twice
    assert (request.people, request.channel, request.household) == (2, "street", beds.amina.household)
    assert request.wishes == {"areas": ["north"], "languages": ["fr"]}
    assert request.consent is not None
    assert "dispatch" in request.consent.shown
    assert Request.objects.count() == 1


def test_asked_for_by_who_received_a_letter_the_letter_waits_and_the_request_knows_it(beds: Beds) -> None:
    sent, _token = refer(beds)
    persons.link(beds.amina, beds.house, "registered", by="system:test", at=NOW)
    bob, address = at_desk(beds.bob), f"/desk/people/{beds.amina.uuid}/ask/"
    form = {
        "list": str(beds.queue.uuid),
        "once": once_of(text(bob.get(address))),
        "people": "2",
        "channel": "desk",
        "how": "said",
    }
    assert bob.post(address, form).status_code == 302
    sent.refresh_from_db()
    assert (Request.objects.get().referral, sent.state) == (sent, "waitlisted")


def test_without_their_leave_nothing_is_sent_and_nothing_typed_is_lost(beds: Beds) -> None:
    greta, address = at_desk(beds.greta), f"/desk/people/{beds.amina.uuid}/ask/"
    html = greta.post(address, {"list": str(beds.queue.uuid), "people": "3", "channel": "desk"})
    assert html.status_code == 400
    assert 'value="3"' in text(html)
    assert "Read it to them" in text(html)
    assert not Request.objects.exists()


def test_twice_on_a_list_is_told_before_it_is_refused(beds: Beds) -> None:
    request, _ = ask(beds, beds.amina)
    greta, address = at_desk(beds.greta), f"/desk/people/{beds.amina.uuid}/ask/"
    html = text(greta.get(address + f"?list={beds.queue.uuid}"))
    assert page_of(request) in html
    again = greta.post(address, {"list": str(beds.queue.uuid), "people": "1", "channel": "desk", "how": "said"})
    assert again.status_code == 400
    assert "They stand on this list already" in text(again)


# ---- the order, and why


def test_the_list_says_the_order_and_each_one_why(beds: Beds) -> None:
    first, _ = ask(beds, beds.bruno)
    second, _ = ask(beds, beds.amina, at=NOW + timedelta(minutes=1))
    waiting.assess(second, "a", ["violence"], "seen", None, by=beds.greta, at=NOW + timedelta(minutes=2))
    dave = at_desk(beds.dave)
    html = text(dave.get(f"/desk/waiting/{beds.queue.uuid}/"))
    assert html.index("Amina") < html.index("Bruno of the bridge")
    assert "Danger" in html
    assert "Then by urgency" in html
    assert "score" not in html.lower().replace("never by a score", "")
    assert "Bruno" not in text(dave.get(f"/desk/waiting/{beds.queue.uuid}/?tier=a"))
    assert Trace.objects.filter(verb="read a waiting list").exists()
    why = text(dave.get(page_of(first)))
    assert "Number 2 of 2 in the order at this moment." in why
    assert "1 is more urgent" in why
    assert "Nobody has judged how urgent it is" in why
    assert "After 60 days of waiting, the urgency rises by itself." in why
    assert "Nobody stands before them." in text(dave.get(page_of(second)))
    lists = text(dave.get("/desk/waiting/"))
    assert "2 requests wait" in lists


def test_own_people_on_the_list_of_others(beds: Beds) -> None:
    request, _ = ask(beds, beds.amina)
    html = text(at_desk(beds.greta).get("/desk/waiting/"))
    assert page_of(request) in html
    assert str(beds.queue.uuid) not in html
    assert at_desk(beds.greta).get(f"/desk/waiting/{beds.queue.uuid}/").status_code == 404


# ---- urgency, clock, wishes, priorities


def test_urgency_is_written_with_reasons_and_a_name(beds: Beds) -> None:
    request, _ = ask(beds, beds.amina)
    greta = at_desk(beds.greta)
    bare = greta.post(page_of(request), {"do": "assess", "tier": "a", "note": "seen at the station"})
    assert bare.status_code == 400
    assert "choose at least one reason" in text(bare)
    assert "seen at the station" in text(bare)
    greta.post(
        page_of(request),
        {
            "do": "assess",
            "tier": "a",
            "reasons": ["a:violence", "b:children"],
            "note": "x",
            "valid_until": "2026-12-01",
        },
    )
    made = request.assessments.get()
    assert (made.tier, made.reasons, made.by) == ("a", ["violence"], beds.greta)
    assert made.valid_until is not None
    assert made.valid_until.isoformat() == "2026-12-01T23:00:00+00:00"
    html = text(greta.get(page_of(request)))
    assert "holds now" in html
    assert "Greta" in html


def test_the_clock_pauses_and_goes_on_from_the_page(beds: Beds) -> None:
    request, _ = ask(beds, beds.amina)
    greta = at_desk(beds.greta)
    assert greta.post(page_of(request), {"do": "pause", "reason": ""}).status_code == 400
    greta.post(page_of(request), {"do": "pause", "reason": "hospital"})
    html = text(greta.get(page_of(request)))
    assert "clock paused: in hospital" in html
    greta.post(page_of(request), {"do": "resume"})
    assert "clock paused" not in text(greta.get(page_of(request)))
    assert request.clock.count() == 3


def test_wishes_priorities_and_people_kept_apart(beds: Beds) -> None:
    request, _ = ask(beds, beds.amina)
    greta = at_desk(beds.greta)
    greta.post(page_of(request), {"do": "wish", "people": "2", "areas": ["south"]})
    assert Request.objects.get(pk=request.pk).wishes == {"areas": ["south"]}
    assert greta.post(page_of(request), {"do": "wish", "people": "0"}).status_code == 400
    greta.post(page_of(request), {"do": "prove", "code": "wronged", "text": "the decision of May"})
    html = text(greta.get(page_of(request)))
    assert "the decision of May" in html
    assert "The rules give priority: Wronged before." in html
    greta.post(page_of(request), {"do": "unprove", "line": "0"})
    assert Request.objects.get(pk=request.pk).evidence == []
    found = text(greta.post(page_of(request), {"do": "find", "words": "bruno"}))
    assert str(beds.bruno.uuid) in found
    greta.post(page_of(request), {"do": "apart", "other": str(beds.bruno.uuid), "reason": "a former partner"})
    assert "a former partner" in text(greta.get(page_of(request)))
    greta.post(page_of(request), {"do": "together", "apart": str(Apart.objects.get().pk)})
    assert "a former partner" not in text(greta.get(page_of(request)))


def test_what_cannot_be_is_a_sentence_never_an_error(beds: Beds) -> None:
    request, _ = ask(beds, beds.amina)
    greta = at_desk(beds.greta)
    for post in (
        {"do": "unprove", "line": "99999999"}, {"do": "end", "code": ""}, {"do": "end", "code": "\x00"}, {"do": "prove"},
        {"do": "assess", "tier": "\x00"}, {"do": "pause", "reason": "x", "until": "31-31-31"}, {"do": "find", "words": "\x00"},
        {"do": "apart", "other": str(beds.son.uuid), "reason": ""}, {"do": "wish", "people": "many"},
    ):  # fmt: skip
        assert greta.post(page_of(request), post).status_code in {200, 302, 400}, post
    for post in (
        {"do": "nothing"}, {}, {"do": "accept"}, {"do": "apart", "other": "x"}, {"do": "together", "apart": "x"},
        {"do": "decline", "code": "other"},
    ):  # fmt: skip
        assert greta.post(page_of(request), post).status_code == 404, post


# ---- offers


def test_an_offer_by_hand_names_who_was_passed_over_and_is_answered_on_their_behalf(beds: Beds) -> None:
    before, _ = ask(beds, beds.carla)
    request, _ = ask(beds, beds.amina, at=NOW + timedelta(minutes=1))
    dave, greta = at_desk(beds.dave), at_desk(beds.greta)
    html = text(dave.get(page_of(request)))
    give = {"do": "give", "group": str(beds.women.uuid), "reason": "danger tonight", "once": once_of(html)}
    dave.post(page_of(request), give)
    dave.post(page_of(request), give)
    offer = Offer.objects.get()
    assert offer.made_by == beds.dave
    assert "Passed over 1 time" in text(dave.get(page_of(before)))
    assert greta.post(page_of(request), {"do": "give", **give}).status_code == 404 or Offer.objects.count() == 1
    assert "A place is offered" in text(greta.get(page_of(request)))
    assert greta.post(page_of(request), {"do": "decline", "code": ""}).status_code == 400
    greta.post(page_of(request), {"do": "accept"})
    greta.post(page_of(request), {"do": "accept"})
    offer.refresh_from_db()
    assert offer.state == "accepted"


def test_an_offer_that_runs_stands_on_the_first_page(beds: Beds) -> None:
    request, _ = ask(beds, beds.amina)
    offers.offer(request, beds.women, reason="first", by=beds.dave, at=NOW)
    for user in (beds.greta, beds.dave):
        assert "offer to answer" in text(at_desk(user).get("/desk/"))
        html = text(at_desk(user).get("/desk/waiting/"))
        assert "Offers that wait for an answer" in html
        assert "before today at" in html
    assert "offer to answer" not in text(at_desk(beds.hugo).get("/desk/"))
    assert "Amina" not in text(at_desk(beds.hugo).get("/desk/waiting/"))


def test_a_list_is_read_in_few_queries(beds: Beds, django_assert_max_num_queries: Any) -> None:
    for person in (beds.amina, beds.bruno, beds.carla):
        ask(beds, person)
    dave = at_desk(beds.dave)
    dave.get("/desk/waiting/")
    with django_assert_max_num_queries(16):  # session, user, seat, territory, five, and the line of the trail
        dave.get(f"/desk/waiting/{beds.queue.uuid}/")


def test_declining_strikes_nobody_off(beds: Beds) -> None:
    request, _ = ask(beds, beds.amina)
    offers.offer(request, beds.women, reason="first", by=beds.dave, at=NOW)
    greta = at_desk(beds.greta)
    greta.post(page_of(request), {"do": "decline", "code": "too_far", "text": "her school is in the south"})
    request.refresh_from_db()
    assert request.state == "waiting"
    html = text(greta.get(page_of(request)))
    assert "too far" in html
    offers.offer(request, beds.women, reason="first", by=beds.dave, at=NOW + timedelta(minutes=1))
    at_desk(beds.dave).post(page_of(request), {"do": "withdraw", "text": "the pipe burst"})
    assert Offer.objects.filter(state="withdrawn").count() == 1
    offers.offer(request, beds.women, reason="first", by=beds.dave, at=NOW + timedelta(minutes=2))
    at_desk(beds.dave).post(page_of(request), {"do": "refuse", "code": "safety"})
    request.refresh_from_db()
    assert request.state == "waiting"


def test_a_request_ends_only_by_a_reason(beds: Beds) -> None:
    request, _ = ask(beds, beds.amina)
    dave = at_desk(beds.dave)
    answer = dave.post(page_of(request), {"do": "end", "code": "found"})
    assert answer.headers["Location"] == "/desk/waiting/"  # who keeps the list reads them no longer
    assert dave.get(page_of(request)).status_code == 404
    html = text(at_desk(beds.greta).get(page_of(request)))
    assert "ended" in html


# ---- the person's own links


def test_the_person_answers_by_their_link_once(beds: Beds) -> None:
    request, _token = ask(beds, beds.amina)
    _offer, token = offers.offer(request, beds.women, reason="first", by=beds.dave, at=NOW)
    visitor = Client(headers=ENGLISH)
    page = visitor.get(f"/offer/{token}/?language=en")
    html = text(page)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "Open Door" in html
    assert "Amina" not in html
    assert 'lang="fr"' in text(visitor.get(f"/offer/{token}/"))[:60]  # their language
    assert visitor.post(f"/offer/{token}/?language=en", {"do": "decline"}).status_code == 400
    assert Offer.objects.get().state == "open"
    assert visitor.post(f"/offer/{token}/", {"do": "accept"}).status_code == 302
    assert visitor.post(f"/offer/{token}/", {"do": "accept"}).status_code == 302  # the telephone sent it twice
    assert Offer.objects.get().state == "accepted"
    late = visitor.post(f"/offer/{token}/?language=en", {"do": "decline", "code": "other"})
    assert late.status_code == 400
    assert "answered" in text(late)
    assert visitor.get("/offer/xxxxxxxxxxxxxxxxxxxxxxxxxx/").status_code == 404


def test_an_offer_not_answered_in_time_costs_nothing(beds: Beds, monkeypatch: pytest.MonkeyPatch) -> None:
    request, _token = ask(beds, beds.amina)
    offer, token = offers.offer(request, beds.women, reason="first", by=beds.dave, at=NOW)
    monkeypatch.setattr(timezone, "now", lambda: offer.expires_at + timedelta(seconds=1))
    visitor = Client(headers=ENGLISH)
    html = text(visitor.get(f"/offer/{token}/?language=en"))
    assert "The time to answer is over" in html
    assert "Yes, I take this place" not in html
    assert "You lost nothing" in html
    assert visitor.post(f"/offer/{token}/", {"do": "accept"}).status_code == 400


def test_a_confidential_house_is_only_its_area(beds: Beds) -> None:
    from maillage.directory.models import Location

    Location.objects.filter(services_here__service=beds.shelter).update(is_confidential=True)
    request, token = ask(beds, beds.amina)
    _offer, other = offers.offer(request, beds.women, reason="first", by=beds.dave, at=NOW)
    visitor = Client(headers=ENGLISH)
    for address in (f"/offer/{other}/?language=en", f"/my-request/{token}/?language=en"):
        html = text(visitor.get(address))
        assert "Open Door" not in html
        assert str(beds.shelter.uuid) not in html
        assert "The address is not written here" in html
    for user in (beds.dave, beds.greta):
        assert "Open Door" not in text(at_desk(user).get(page_of(request))).replace("Open Door: ", "Open Door: ")


def test_the_person_sees_where_they_stand_without_a_name(beds: Beds) -> None:
    request, token = ask(beds, beds.amina)
    visitor = Client(headers=ENGLISH)
    html = text(visitor.get(f"/my-request/{token}/?language=en"))
    assert "You are on the list." in html
    assert "Amina" not in html
    assert "<svg" in html
    assert visitor.post(f"/my-request/{token}/", {"do": "end"}).status_code == 302
    request.refresh_from_db()
    assert (request.state, request.end_code) == ("closed", "no_longer")
    assert visitor.post(f"/my-request/{token}/", {"do": "end"}).status_code == 302
    shown = text(at_desk(beds.greta).get(page_of(request)))
    assert "no longer wants a place here" in shown
    other = Client(headers=ENGLISH).get("/my-request/" + "x" * 43 + "/")
    assert other.status_code == 404


def test_after_a_yes_their_own_page_says_that_it_is_theirs_and_where(beds: Beds) -> None:
    request, token = ask(beds, beds.amina)
    offers.offer(request, beds.women, reason="first", by=beds.dave, at=NOW)
    visitor = Client(headers=ENGLISH)
    assert visitor.post(f"/my-request/{token}/", {"do": "accept"}).status_code == 302
    html = text(visitor.get(f"/my-request/{token}/?language=en"))
    assert "You said yes: a place is kept for you." in html
    assert "Open Door" in html
    assert "A place is offered to you" not in html


def test_what_the_record_says_is_not_asked_twice(beds: Beds) -> None:
    html = text(at_desk(beds.greta).get(f"/desk/people/{beds.amina.uuid}/ask/?list={beds.queue.uuid}"))
    assert '<option value="woman" selected>' in html or 'name="fact-gender"' not in html


def test_a_new_link_is_shown_once(beds: Beds) -> None:
    request, token = ask(beds, beds.amina)
    html = text(at_desk(beds.greta).post(page_of(request), {"do": "link"}))
    found = re.search(r"http://testserver(/my-request/[\w-]+/)", html)
    assert found
    assert Client().get(found[1]).status_code == 200
    assert Client().get(f"/my-request/{token}/").status_code == 404
    assert found[1] not in text(at_desk(beds.greta).get(page_of(request)))
