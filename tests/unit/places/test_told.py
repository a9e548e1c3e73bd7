"""What somebody is told of a place: in their language, by a safe way, once; of a house that must not be found, no word."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.urls import resolve
from hypothesis import given
from hypothesis import strategies as st

from maillage.directory.models import Address, Location, Phone, Service
from maillage.people import channels, messages, tokens
from maillage.people.models import Message, Person
from maillage.places import links, told
from maillage.places.actions import offers, registering, runs, waiting
from maillage.places.models import Draw, Offer, Request, Stay
from maillage.standards import work
from tests.beds import Beds
from tests.testland import NOW

NIGHT = NOW.date()
MORNING = NOW - timedelta(hours=8)  # registration is open
LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def commit(django_capture_on_commit_callbacks: Any) -> Any:
    return lambda: django_capture_on_commit_callbacks(execute=True)


def reach(person: Person, way: str = "email") -> Person:
    """They said that it is safe to write to them."""
    person.contact, person.email = way, f"p{person.pk}@example.org"
    person.save()
    return person


def letters() -> list[str]:
    return [str(one.body) for one in mail.outbox]


def offered(beds: Beds, person: Person, **more: Any) -> Offer:
    asked, _token = waiting.ask(beds.queue, person, by="system:test", at=NOW)
    return offers.offer(asked, beds.women, by=beds.dave, at=NOW, **more)[0]


def tell(beds: Beds, at: datetime = LATER) -> messages.Done:
    """As the clock does."""
    return messages.send_waiting(beds.territory, at=at, again=told.again)


def hide(beds: Beds) -> None:
    Location.objects.filter(services_here__service=beds.shelter).update(is_confidential=True)


def street(beds: Beds) -> Address:
    place = Location.objects.filter(services_here__service=beds.shelter).get()
    place.addresses.all().delete()
    return Address.objects.create(location=place, address_1="1 Long Street", postal_code="1000", city="Testtown")


# ---- an offer, and a place that is theirs


def test_who_accepts_is_told_where_and_until_when(beds: Beds, commit: Any) -> None:
    street(beds)
    one = offered(beds, reach(beds.carla))
    with commit():
        offers.accept(one, by=beds.dave, at=NOW)
    (said,) = [text for text in letters() if "You have a place" in text]
    assert "Open Door, 1 Long Street, 1000 Testtown. Come before" in said
    assert "Friday 20 November" in said


def test_of_a_confidential_house_neither_name_nor_street_nor_telephone(beds: Beds, commit: Any) -> None:
    place = street(beds).location
    Phone.objects.create(location=place, number="+32 2 999 99 99")
    hide(beds)
    with commit():
        offers.accept(offered(beds, reach(beds.carla)), by=beds.dave, at=NOW)
    everything = " ".join(letters() + [str(one.subject) for one in mail.outbox])
    assert "Ask the person who helps you where" in everything
    for word in ("Open Door", beds.shelter.name, beds.house.name, "Long Street", "Testtown", "999"):
        assert word not in everything


def test_a_house_that_the_directory_does_not_show_is_not_named_either(beds: Beds, commit: Any) -> None:
    Service.objects.filter(pk=beds.shelter.pk).exclude(visibility="").update(visibility="internal")
    with commit():
        offers.accept(offered(beds, reach(beds.carla)), by=beds.dave, at=NOW)
    assert not any("Open Door" in text for text in letters())


def test_who_has_nobody_else_to_ask_calls_those_who_keep_the_list_when_their_number_is_known(
    beds: Beds, commit: Any
) -> None:
    hide(beds)
    alone = reach(registered(beds, "sleeper", language="en").person)
    for number, expected in (("", "Ask the person who helps you where"), ("+32 2 000 00 01", "Call +32 2 000 00 01")):
        if number:
            Phone.objects.create(organization=beds.dispatch, number=number)
        mail.outbox.clear()
        asked, _token = waiting.ask(beds.queue, alone, by="system:test", at=NOW)
        one = offers.offer(asked, beds.women, despite="a test", by=beds.dave, at=NOW)[0]
        with commit():
            offers.accept(one, by=beds.dave, at=NOW)
        assert any(expected in text for text in letters())
        Stay.objects.all().delete()
        Request.objects.filter(pk=asked.pk).update(state="closed")


def test_given_at_the_desk_they_are_told_too_and_who_wants_no_message_is_left_alone(beds: Beds, commit: Any) -> None:
    asked = [waiting.ask(beds.queue, one, by="system:test", at=NOW)[0] for one in (beds.carla, beds.amina)]
    reach(beds.carla)
    Person.objects.filter(pk=beds.amina.pk).update(contact="none")
    with commit():
        for one in asked:
            one.refresh_from_db()
            offers.give(one, beds.women, reason="At the desk", by=beds.dave, at=NOW)
    assert [one.template for one in Message.objects.all()] == ["place"]
    assert len(mail.outbox) == 1


# ---- what could not leave is said again, with its link


def test_a_message_that_could_not_leave_keeps_its_link(
    beds: Beds, commit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_args: Any, **_kwargs: Any) -> int:
        raise ConnectionError

    with monkeypatch.context() as broken, commit():
        broken.setattr(channels, "send_mail", refuses)
        one = offered(beds, reach(beds.carla))
    assert tell(beds) == messages.Done(1, 0)
    found = re.search(r"https?://[^/]+(/\S+)", letters()[0])
    assert found is not None
    token = resolve(found[1]).kwargs["token"]
    assert offers.by_token(beds.territory, token, at=NOW) == one


def test_what_is_true_no_more_is_not_said_again(beds: Beds) -> None:
    one = offered(beds, reach(beds.carla))
    offers.accept(one, by=beds.dave, at=NOW)
    hide(beds)
    assert tell(beds).sent == 2  # the offer was answered, the house has become confidential
    assert all("There is news for you" in text for text in letters())


def test_a_place_offered_taken_back_and_run_out_is_said_again_in_its_own_words(beds: Beds) -> None:
    one = offered(beds, reach(beds.carla))
    offers.withdraw(one, "A leak", by=beds.dave, at=NOW)
    two = offers.offer(one.request, beds.women, by=beds.dave, at=NOW)[0]
    offers.expire(beds.territory, by="system:test", at=two.expires_at)
    tell(beds, NOW + timedelta(hours=3))
    assert sum("no longer free" in text for text in letters()) == 1
    assert sum("has gone to somebody else" in text for text in letters()) == 1


def test_of_nothing_that_is_known_nothing_is_said_again(beds: Beds) -> None:
    one = offered(beds, reach(beds.carla))
    for key in ("offer", "offer:x", f"else:{one.uuid}", f"offer:{beds.queue.uuid}", f"draw-nothing:{beds.queue.uuid}"):
        assert told.again(Message(key=key)) is None
    offers.accept(one, by=beds.dave, at=NOW)
    values = told.again(Message(key=f"place:{one.uuid}", template="place-secret"))
    assert values is not None
    assert told.again(Message(key=f"place:{one.uuid}", template="place-call")) is None  # no number is known
    Stay.objects.update(state="cancelled")
    assert told.again(Message(key=f"place:{one.uuid}", template="place")) is None


# ---- links


def test_a_link_is_told_again_until_another_one_is_made(beds: Beds) -> None:
    asked, first = waiting.ask(beds.queue, beds.carla, by="system:test", at=NOW)
    assert links.of_request(asked) == first
    second = waiting.renew_link(asked, by=beds.dave, at=NOW)
    third = waiting.renew_link(Request.objects.get(), by=beds.dave, at=NOW)
    assert len({first, second, third}) == 3
    assert links.of_request(Request.objects.get()) == third
    assert waiting.by_token(second, territory=beds.territory.pk, at=NOW) is None
    assert waiting.by_token(third, territory=beds.territory.pk, at=NOW) == asked


def test_a_link_that_cannot_be_told_again_is_never_followed_by_an_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Request(token="")
    assert links.of_request(one) == ""
    seen = set()
    monkeypatch.setattr(links, "MOST", 3)
    for _link in range(6):
        made = links.following(one)
        one.token = tokens.hashed(made)
        assert made not in seen
        seen.add(made)
    assert links.of_request(one) == ""


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["offer", "request", "referral"]))
def test_a_secret_is_always_the_same_and_no_other_one(one: str, two: str, kind: str) -> None:
    assert (tokens.token(kind, one) == tokens.token(kind, two)) == (one == two)
    assert re.fullmatch(r"[\w-]{43}", tokens.token(kind, one))


# ---- the draw of a night


def registered(beds: Beds, alias: str, **more: Any) -> Request:
    details = {"alias": alias, "gender": "woman", "birth_year": 1980, **more}
    return registering.register(beds.draw, registering.Registration(details), at=MORNING)[0]


def drawn(beds: Beds) -> Draw:
    draw = runs.publish(Draw.objects.get(), by=beds.dave, at=NOW)
    runs.draw(draw, "a public number", by=beds.dave, at=LATER)
    return draw


def test_whoever_registers_gets_the_link_of_their_receipt_in_their_language(beds: Beds, commit: Any) -> None:
    with commit():
        asked = registered(beds, "Ines", contact="email", email="i@example.org", language="en")
        registered(beds, "Jean", contact="none")
    (said,) = letters()
    assert said.startswith("You are registered for tonight's draw")
    assert links.of_request(asked) in said
    assert Message.objects.get().template == "draw-registered"


def test_after_the_draw_each_is_told_once_an_offer_or_that_nothing_was_left(beds: Beds, commit: Any) -> None:
    asked = [
        registered(beds, f"Sleeper {n}", contact="email", email=f"s{n}@example.org", language="en") for n in range(5)
    ]
    silent = registered(beds, "Nobody writes", contact="none")
    mail.outbox.clear()
    with commit():
        drawn(beds)
    served = set(Offer.objects.values_list("request", flat=True))
    for one in asked:
        (said,) = [letter.body for letter in mail.outbox if letter.to == [one.person.email]]
        assert ("A place is free for you" in said) == (one.pk in served)
        assert ("There was no place left for you tonight" in said) == (one.pk not in served)
    assert not Message.objects.filter(person=silent.person, template="draw-nothing").exists()
    before = Message.objects.count()
    assert told.results(beds.territory, by="system:test", at=LATER) == 0
    assert Message.objects.count() == before


def test_what_a_fallen_server_did_not_say_of_a_draw_is_said_by_the_clock(
    beds: Beds, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        registered(beds, f"Sleeper {n}", contact="email", email=f"s{n}@example.org")
    with monkeypatch.context() as fallen:
        fallen.setattr(told, "results", lambda *args, **kwargs: 0)
        drawn(beds)
    assert not Message.objects.filter(template="draw-nothing").exists()
    assert told.results(beds.territory, by="system:test", at=LATER, most=1) == 1
    work._messages(beds.territory, LATER + timedelta(minutes=10), lambda: False)
    assert Message.objects.filter(template="draw-nothing").count() == 2
    assert all(one.state == "sent" for one in Message.objects.filter(template="draw-registered"))
    assert not any("There is news for you" in text for text in letters())


def test_who_was_drawn_is_told_where_when_they_say_yes(beds: Beds, commit: Any) -> None:
    asked = registered(beds, "Ines", contact="email", email="i@example.org", language="en")
    drawn(beds)
    with commit():
        offers.accept(asked.offers.get(), by="system:link", at=LATER)
    assert any(text.startswith("You have a place tonight: Open Door") for text in letters())
