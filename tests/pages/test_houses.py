"""A house on the screen of whoever works there: places and their states, coming, leaving, moving, beds of a night, closing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from maillage.people.actions import persons
from maillage.people.models import Membership, User
from maillage.places import queries
from maillage.places.actions import offers, stays, waiting
from maillage.places.models import GroupNight, OutOfUse, Stay
from tests.beds import Beds
from tests.referred import refer
from tests.testland import NOW

ENGLISH = {"accept-language": "en"}


@pytest.fixture(autouse=True)
def _a_little_later(monkeypatch: pytest.MonkeyPatch, _friday_evening: None) -> None:
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


def page_of(beds: Beds) -> str:
    return f"/desk/houses/{beds.site.uuid}/"


def held(beds: Beds, person: Any = None, group: Any = None) -> Stay:
    group = group or beds.women
    until = queries.night(beds.territory, NOW) + timedelta(days=2) if group.kind == "dormitory" else None
    return stays.hold(
        group, person or beds.carla, from_on=queries.night(beds.territory, NOW), until_on=until, minutes=60, by=beds.bob, at=NOW
    )[0]  # fmt: skip


def test_a_night_from_coming_to_leaving(beds: Beds) -> None:
    stay, bob = held(beds), at_desk(beds.bob)
    html = text(bob.get(page_of(beds)))
    assert "They are here" in html
    assert "1 free of 2" in html
    key = {"stay": str(stay.uuid)}
    bob.post(page_of(beds), {"do": "admit", **key})
    assert "Carla" in text(bob.get(page_of(beds)))
    bob.post(page_of(beds), {"do": "renew", "until": "2026-12-24", **key})
    stay.refresh_from_db()
    assert (stay.state, str(stay.until_on)) == ("in", "2026-12-24")
    bob.post(page_of(beds), {"do": "move", "to": f"place:{beds.places[1].uuid}", **key})
    moved = Stay.objects.get(state="in")
    assert moved.place == beds.places[1]
    html = text(bob.post(page_of(beds), {"do": "leave", "exit": "", "stay": str(moved.uuid)}, follow=True))
    assert "Choose where they went" in html
    bob.post(page_of(beds), {"do": "leave", "exit": "housed", "stay": str(moved.uuid)})
    assert Stay.objects.filter(state="out", exit="housed").count() == 1


def test_who_does_not_come_and_what_is_given_back(beds: Beds) -> None:
    bob = at_desk(beds.bob)
    bob.post(page_of(beds), {"do": "no-show", "stay": str(held(beds).uuid)})
    bob.post(page_of(beds), {"do": "cancel", "stay": str(held(beds).uuid)})
    assert sorted(Stay.objects.values_list("state", flat=True)) == ["cancelled", "no_show"]


def test_a_place_that_cannot_be_used(beds: Beds) -> None:
    bob, place = at_desk(beds.bob), {"place": str(beds.places[0].uuid)}
    bob.post(page_of(beds), {"do": "out", "state": "works", "reason": "the pipe", "until": "2026-11-24", **place})
    html = text(bob.get(page_of(beds)))
    assert "the pipe" in html
    assert "Can be used again" in html
    bob.post(page_of(beds), {"do": "back", **place})
    assert "the pipe" not in text(bob.get(page_of(beds)))
    refused = bob.post(page_of(beds), {"do": "out", "state": "free", **place}, follow=True)
    assert "Say why the place cannot be used." in text(refused)


def test_beds_of_a_dormitory_tonight(beds: Beds) -> None:
    bob, address = at_desk(beds.bob), page_of(beds) + f"?group={beds.dormitory.uuid}"
    held(beds, beds.bruno, beds.dormitory)
    html = text(bob.get(address))
    assert "2 free of 3" in html
    assert "kept until" in html
    answer = bob.post(address, {"do": "beds", "group": str(beds.dormitory.uuid), "beds": "5"})
    assert answer.headers["Location"] == address
    assert GroupNight.objects.get(night=queries.night(beds.territory, NOW)).beds == 5
    html = text(bob.post(address, {"do": "beds", "group": str(beds.dormitory.uuid), "beds": "many"}, follow=True))
    assert "a number" in html


def test_somebody_who_was_not_announced_comes_in_once(beds: Beds) -> None:
    persons.link(beds.amina, beds.house, "referred", by="system:test", at=NOW)
    bob = at_desk(beds.bob)
    html = text(bob.post(page_of(beds), {"do": "find", "words": "amina"}))
    key = re.search(r'name="once" value="([^"]+)"', html)
    assert key
    take = {"do": "take", "person": str(beds.amina.uuid), "group": str(beds.women.uuid), "people": "1", "once": key[1]}
    bob.post(page_of(beds), take)
    bob.post(page_of(beds), take)
    assert Stay.objects.filter(state="in", person=beds.amina).count() == 1
    assert bob.post(page_of(beds), take | {"person": str(beds.bruno.uuid), "once": "x"}).status_code == 404


def test_a_house_that_is_lent_for_a_time_says_whom_to_rehouse(beds: Beds) -> None:
    bob = at_desk(beds.bob)
    stay = stays.admit(held(beds), by=beds.bob, at=NOW)
    html = text(bob.post(page_of(beds), {"do": "close", "on": "2026-12-01"}, follow=True))
    assert "Where people went" not in html
    assert "To rehouse before it closes" in html
    assert "1 household to rehouse by then" in text(bob.get("/desk/houses/"))
    assert 'value="2026-12-01"' in html
    stays.check_out(stay, Stay.Exit.HOUSED, by=beds.bob, at=timezone.now())
    html = text(bob.get(page_of(beds)))
    assert "To rehouse" not in html
    assert re.search(r"to a home of their own\s*(<b>)?1", html)
    bob.post(page_of(beds), {"do": "close", "on": ""})
    assert "To rehouse" not in text(bob.get(page_of(beds)))


def test_who_keeps_the_list_sees_places_and_not_who_stays(beds: Beds) -> None:
    stays.admit(held(beds), by=beds.bob, at=NOW)
    dave = at_desk(beds.dave)
    html = text(dave.get(page_of(beds)))
    assert "Carla" not in html
    assert "Somebody" in html
    assert "Cannot be used" not in html
    assert (
        dave.post(
            page_of(beds), {"do": "out", "place": str(beds.places[1].uuid), "state": "works"}, follow=True
        ).status_code
        == 200
    )
    assert not OutOfUse.objects.exists()


def test_another_house_does_not_exist(beds: Beds) -> None:
    stay = held(beds)
    for user in (beds.hugo, beds.greta):
        client = at_desk(user)
        assert client.get(page_of(beds)).status_code == 404
        assert "Open Door" not in text(client.get("/desk/houses/"))
        assert client.post(page_of(beds), {"do": "admit", "stay": str(stay.uuid)}).status_code == 404


def test_a_confidential_house_is_its_area_for_who_keeps_the_list(beds: Beds) -> None:
    from maillage.directory.models import Location

    Location.objects.filter(services_here__service=beds.shelter).update(is_confidential=True)
    for address in ("/desk/houses/", page_of(beds)):
        assert "Open Door" not in text(at_desk(beds.dave).get(address))
        assert "Open Door" in text(at_desk(beds.bob).get(address))


def test_what_is_typed_wrongly_is_no_error(beds: Beds) -> None:
    bob = at_desk(beds.bob)
    for post in (
        {"do": "leave", "stay": "x"}, {"do": "move", "stay": str(held(beds).uuid), "to": "place:x"}, {"do": "nothing"}, {},
        {"do": "out", "place": "x"}, {"do": "beds", "group": "x"}, {"do": "take", "person": "x", "group": "x"},
    ):  # fmt: skip
        assert bob.post(page_of(beds), post).status_code == 404, post
    for post in ({"do": "close", "on": "99-99"}, {"do": "close", "on": "2026-02-31"}, {"do": "find", "words": "\x00"}):
        assert bob.post(page_of(beds), post, follow=True).status_code == 200
    assert bob.get(page_of(beds) + "?group=x&after=y").status_code == 200


@pytest.mark.parametrize(("exit", "is_met"), [("housed", True), ("family", False)])
def test_who_leaves_was_brought_by_a_letter_and_what_came_of_it_is_asked(beds: Beds, exit: str, is_met: bool) -> None:
    sent, _token = refer(beds, beds.carla, message="")
    bob = at_desk(beds.bob)
    asked, _link = waiting.ask(beds.queue, beds.carla, referral=sent, by="system:test", at=NOW)
    offers.give(asked, beds.women, by=beds.bob, at=NOW)
    key = {"stay": str(asked.stays.get().uuid)}
    bob.post(page_of(beds), {"do": "admit", **key})
    sent.refresh_from_db()
    assert sent.state == "started"
    page = f"/desk/referrals/{sent.uuid}/"
    assert "The stay that this referral asked for is over" not in text(bob.get(page))
    answer = bob.post(page_of(beds), {"do": "leave", "exit": exit, **key})
    assert answer["Location"] == page
    html = text(bob.get(page))
    assert "The stay that this referral asked for is over" in html
    assert ('value="met" required checked' in html) == is_met


def test_leaving_a_house_that_no_letter_asked_for_leads_back_to_the_house(beds: Beds) -> None:
    stay, bob = held(beds), at_desk(beds.bob)
    for do in ("admit", "leave"):
        answer = bob.post(page_of(beds), {"do": do, "exit": "family", "stay": str(stay.uuid)})
        assert answer["Location"] == page_of(beds)
