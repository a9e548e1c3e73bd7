"""Somebody who looks for somebody: with an old link, from another desk, by what a page counts, by what a refusal says, by a form sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.directory.models import Location
from maillage.people.actions import persons
from maillage.people.models import Membership, Organization
from maillage.places import queries, rules, standing
from maillage.places.actions import offers, stays, waiting
from maillage.places.models import Offer, Request, Stay, SurgeActivation, WaitingList
from maillage.web.presenters import surge
from tests.beds import Beds, rule_set
from tests.beds import QUEUE_RULES as RULES
from tests.pages.desk import signed_in
from tests.testland import NOW

SOON = NOW + timedelta(minutes=5)


class Clock:
    """What time it is on every page."""

    now = SOON


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, _friday_evening: None) -> Clock:
    standing.forget()
    found = Clock()
    monkeypatch.setattr(timezone, "now", lambda: found.now)
    return found


@pytest.fixture
def beds(beds: Beds, clock: Clock) -> Beds:
    Membership.objects.update(accepted_at=NOW)
    return beds


def text(answer: Any) -> str:
    return str(answer.content.decode())


def ask(beds: Beds, person: Any, on: WaitingList | None = None, **more: Any) -> tuple[Request, str]:
    found = on or beds.queue
    leave = persons.agree(
        person, "waiting_list", organization=found.keeper, shown="They read it.", language="en", how="said", by=beds.greta, at=NOW
    )  # fmt: skip
    return waiting.ask(found, person, consent=leave, asked_by=beds.street, by=beds.greta, at=NOW, **more)


def hide(beds: Beds) -> None:
    Location.objects.filter(services_here__service=beds.shelter).update(is_confidential=True)


# ---- an old link, in a telephone that somebody else holds


def test_a_link_says_which_house_only_until_they_have_come(beds: Beds) -> None:
    request, mine = ask(beds, beds.amina)
    offer, token = offers.offer(request, beds.women, reason="first", by=beds.dave, at=NOW)
    visitor = Client(headers={"accept-language": "en"})
    pages = (f"/offer/{token}/?language=en", f"/my-request/{mine}/?language=en")
    assert all("Open Door" in text(visitor.get(page)) for page in pages)
    offers.accept(offer, by="system:link", at=NOW)
    assert "Open Door" in text(visitor.get(pages[0]))
    stays.admit(Stay.objects.get(state="held"), by=beds.bob, at=NOW)
    for page in pages:
        html = text(visitor.get(page))
        assert "Open Door" not in html
        assert str(beds.shelter.uuid) not in html
        assert "Women" not in html
        assert "It is kept for you" not in html
        assert "You are still on the list" not in html


def test_an_offer_that_was_declined_or_ran_out_says_no_house_any_more(beds: Beds, clock: Clock) -> None:
    request, _mine = ask(beds, beds.amina)
    offer, token = offers.offer(request, beds.women, reason="first", by=beds.dave, at=NOW)
    clock.now = offer.expires_at + timedelta(seconds=1)
    assert "Open Door" not in text(Client().get(f"/offer/{token}/?language=en"))


def test_links_end(beds: Beds, clock: Clock) -> None:
    request, mine = ask(beds, beds.amina)
    offer, token = offers.offer(request, beds.women, reason="first", by=beds.dave, at=NOW)
    offers.decline(offer, "person", "other", by="system:link", at=NOW)
    waiting.end(request, "no_longer", by=beds.greta, at=NOW)
    pages = (f"/offer/{token}/", f"/my-request/{mine}/")
    assert [Client().get(page).status_code for page in pages] == [200, 200]
    clock.now = offer.expires_at + rules.LINK_LASTS
    assert [Client().get(page).status_code for page in pages] == [404, 404]
    clock.now = NOW + timedelta(days=4_000)
    other, long = ask(beds, beds.carla)
    assert other.state == "waiting"
    assert Client().get(f"/my-request/{long}/").status_code == 200  # as long as they wait


def test_a_browser_that_tells_its_address_to_nobody_may_answer(beds: Beds) -> None:
    """Under `no-referrer` a browser sends `Origin: null` with a form: the secret of the address is the proof, not the origin."""
    request, mine = ask(beds, beds.amina)
    _offer, token = offers.offer(request, beds.women, reason="first", by=beds.dave, at=NOW)
    visitor = Client(headers={"origin": "null"}, enforce_csrf_checks=True)
    assert visitor.post(f"/offer/{token}/", {"do": "decline", "code": "other"}).status_code == 302
    assert Offer.objects.get().state == "declined"
    assert visitor.post(f"/my-request/{mine}/", {"do": "end"}).status_code == 302
    assert Request.objects.get().state == "closed"


# ---- who keeps a list, or works in a house, and knows more than they need


def test_a_dispatcher_reads_the_holds_of_their_own_lists_only(beds: Beds) -> None:
    """The house keeps a bed for Carla by itself, and another list sends Bruno there: the dispatch learns of neither."""
    other = Organization.objects.create(territory=beds.territory, code="other-dispatch", name="Another dispatch")
    quiet = WaitingList.objects.create(
        territory=beds.territory, code="quiet", labels={"en": "quiet"}, kind="queue", need=beds.queue.need, keeper=other
    )
    quiet.groups.set([beds.families])
    rule_set(quiet, RULES)
    bruno, _token = ask(beds, beds.bruno, quiet)
    offers.give(bruno, beds.families, by="system:test", at=NOW)
    night = queries.night(beds.territory, NOW)
    stays.hold(beds.women, beds.carla, from_on=night, until_on=None, minutes=60, by=beds.bob, at=NOW)
    amina, _token = ask(beds, beds.amina)
    offers.give(amina, beds.women, by="system:test", at=NOW)
    html = text(signed_in(beds.dave).get(reverse("desk-tonight"), {"list": beds.queue.uuid}))
    assert "Amina" in html
    assert "Carla" not in html
    assert "Bruno" not in html
    centre = text(signed_in(beds.bob).get(reverse("desk-tonight")))
    assert all(name in centre for name in ("Amina", "Carla", "Bruno"))


@pytest.mark.parametrize("group", ["women", "dormitory"])
def test_who_keeps_a_list_sees_that_a_place_is_taken_and_not_since_when_nor_by_how_many(beds: Beds, group: str) -> None:
    there, night = getattr(beds, group), queries.night(beds.territory, NOW)
    until = night + timedelta(days=2)
    for state, person in (("in", beds.carla), ("held", beds.bruno if group == "dormitory" else beds.amina)):
        stay = stays.hold(there, person, from_on=night, until_on=until, minutes=60, by=beds.bob, at=NOW)[0]
        if state == "in":
            stays.admit(stay, by=beds.bob, at=NOW)
    beds.site.closes_on = night + timedelta(days=9)
    beds.site.save()
    page = f"/desk/houses/{beds.site.uuid}/?group={there.uuid}"
    own, kept = text(signed_in(beds.bob).get(page)), text(signed_in(beds.dave).get(page))
    assert "Carla" in own
    assert "22 November" in own
    assert "Somebody" in kept
    assert "22 November" not in kept
    assert "1 person" not in kept
    for one in Stay.objects.all():
        assert str(one.uuid) in own
        assert str(one.uuid) not in kept
    assert "Carla" not in kept


def test_the_name_of_a_confidential_house_stays_inside_it(beds: Beds) -> None:
    hide(beds)
    request, _token = ask(beds, beds.amina)
    plan = SurgeActivation.objects.create(
        territory=beds.territory, plan="cold", opened_at=NOW, plan_content={}, forecast=[], is_triggered=False
    )
    plan.groups.set([beds.women])
    for who, page in ((beds.dave, f"/desk/requests/{request.uuid}/"), (beds.dave, f"/desk/houses/{beds.site.uuid}/")):
        html = text(signed_in(who).get(page))
        assert "Open Door" not in html, page
        assert "Confidential address, North End" in html, page
    assert [called for _key, called in surge.groups(plan.groups.select_related("site"))] == [
        "Confidential address, North End · Women"
    ]
