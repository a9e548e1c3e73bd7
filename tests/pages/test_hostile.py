"""Somebody who looks for somebody: with an old link, from another desk, by what a page counts, by what a refusal says, by a form sent again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.directory.models import Location, Service
from maillage.directory.search.index import reindex
from maillage.orientation.models import Referral
from maillage.people.actions import persons
from maillage.people.models import Membership, Organization, Person, Trace
from maillage.people.queries import helps
from maillage.places import queries, rules, standing
from maillage.places.actions import offers, runs, stays, waiting
from maillage.places.models import Offer, OutOfUse, Request, Stay, SurgeActivation, WaitingList
from maillage.territory.models import Territory
from maillage.web import addresses
from maillage.web.access import ACCESS
from maillage.web.presenters import surge
from tests.beds import QUEUE_RULES as RULES
from tests.beds import Beds, rule_set
from tests.pages import desk as desks
from tests.pages import housed
from tests.pages.desk import signed_in
from tests.pages.test_access import example
from tests.testland import NOW

PUBLIC = {"draw", "draw-list", "my-request", "offer", "my-referral", "referral"}  # opened by a secret, or for everybody
COUNTS = {one for one in ACCESS if one.startswith("desk-count")}  # of numbers: nobody is in them
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


# ---- every name that is read leaves a line


def reads() -> int:
    return Trace.objects.filter(verb__startswith="read").count()


def test_a_name_that_a_form_finds_leaves_a_line_as_one_that_a_list_shows(beds: Beds) -> None:
    request, _token = ask(beds, beds.amina)
    reindex(beds.territory)
    greta = signed_in(beds.greta)
    persons.link(beds.amina, beds.house, "registered", by="system:test", at=NOW)
    bob, refer = signed_in(beds.bob), reverse("desk-refer", args=[beds.shelter.uuid])
    amina = str(beds.amina.uuid)
    known = {"given_name": "Amina", "contact": "none"}
    asked: list[tuple[Client, str, dict[str, str]]] = [
        (bob, f"/desk/houses/{beds.site.uuid}/", {"do": "find", "words": "amina"}),
        (greta, f"/desk/requests/{request.uuid}/", {"do": "find", "words": "carla"}),
        (greta, reverse("desk-person-new"), known),
        (greta, reverse("desk-person-join", args=[beds.carla.uuid]), {"other": amina}),
        (greta, refer, {"person": amina, "do": "change"}),
        (greta, refer, {"person": amina, "do": "read"}),
        (greta, refer, {"person": amina, "do": "send"}),
    ]
    for client, path, said in asked:
        before = reads()
        html = text(client.post(path, said))
        assert "Amina" in html or "Carla" in html, (path, said)
        assert reads() > before, (path, said)


def test_a_refusal_shows_names_and_leaves_its_line(beds: Beds) -> None:
    request, _token = ask(beds, beds.amina)
    dave, before = signed_in(beds.dave), reads()
    answer = dave.post(reverse("desk-tonight"), {"list": str(beds.queue.uuid), "refuse": f"{request.uuid}:nonsense"})
    assert answer.status_code == 409
    assert "Amina" in text(answer)
    assert reads() == before + 1


# ---- kept apart: nobody learns it


def test_who_helps_one_of_two_learns_nowhere_that_they_are_kept_apart(beds: Beds) -> None:
    request, _token = ask(beds, beds.amina)
    persons.link(beds.amina, beds.house, "registered", by="system:test", at=NOW)
    pair = waiting.keep_apart(beds.amina, beds.bruno, "He hit her.", by=beds.greta, at=NOW)
    bob = signed_in(beds.bob)  # he helps Amina, and not Bruno
    pages = (f"/desk/requests/{request.uuid}/", f"/desk/people/{beds.amina.uuid}/")
    for page in pages:
        html = text(bob.get(page)).casefold()
        assert "bruno" not in html
        assert "kept two people apart" not in html
        assert "he hit her" not in html
    Membership.objects.filter(user=beds.greta).update(organization=beds.house)  # the colleague who wrote it down
    assert "apart" not in text(bob.get(pages[1])).casefold()
    answers = {
        bob.post(pages[0], {"do": "together", "apart": str(number)}).status_code for number in (pair.pk, pair.pk + 1)
    }
    assert answers == {404}, "that there is such a pair would be told by the answer"
    pair.refresh_from_db()
    assert pair.until is None


def test_a_bed_under_the_roof_of_the_other_is_refused_in_the_words_of_a_full_group(beds: Beds) -> None:
    waiting.keep_apart(beds.amina, beds.carla, "They fought.", by=beds.greta, at=NOW)
    night = queries.night(beds.territory, NOW)
    stays.hold(beds.families, beds.carla, from_on=night, until_on=None, minutes=60, by=beds.bob, at=NOW)
    with pytest.raises(rules.NoRoom) as apart:
        stays.hold(beds.women, beds.amina, from_on=night, until_on=None, minutes=60, by=beds.bob, at=NOW)
    stays.hold(
        beds.women, beds.son, from_on=night, until_on=None, despite="his mother", minutes=60, by=beds.bob, at=NOW
    )
    for place in beds.places:
        OutOfUse.objects.create(place=place, state="works", starts_at=NOW - timedelta(days=1))
    with pytest.raises(rules.NoRoom) as full:
        stays.hold(beds.women, beds.bruno, from_on=night, until_on=None, despite="x", minutes=60, by=beds.bob, at=NOW)
    assert str(apart.value) == str(full.value)
    assert not any("his mother" in str(one.data) for one in Trace.objects.all())


# ---- forms sent again


def test_the_key_of_somebody_elses_form_gives_nothing_of_theirs(beds: Beds) -> None:
    Service.objects.filter(pk=beds.shelter.pk).update(email="door@example.org")
    reindex(beds.territory)
    path = reverse("ask", args=[beds.shelter.uuid])
    hers = {"contact": "none", "alias": "M.", "message": "I must leave tonight.", "once": "the-same-key", "do": "send"}
    links = []
    for browser, said in (
        ("hers", hers),
        ("hers", hers),
        ("his", hers),
        ("hers", {**hers, "message": "Where is she?"}),
    ):
        client = Client(headers={"accept-language": "en"})
        client.cookies[settings.CSRF_COOKIE_NAME] = browser * 8
        cache.clear()
        found = re.search(r"http://testserver(/mine/[\w-]+/)", text(client.post(path, said)))
        assert found
        links.append(found[1])
    assert links[0] == links[1]
    assert len(set(links)) == 3


def test_the_trail_of_the_territory_does_not_say_with_whom_somebody_is(beds: Beds, cast: Any) -> None:
    persons.link(beds.amina, beds.house, "housed", by="system:test", at=NOW)
    html = text(signed_in(cast.dora).get("/desk/trail/", {"kind": "people.person", "target": str(beds.amina.uuid)}))
    assert "began to help" in html.casefold()
    assert "Alice&#x27;s house" not in html
    assert "The street team" not in html


def test_once_the_stay_is_over_those_who_keep_the_list_read_nobody_any_more(beds: Beds, clock: Clock) -> None:
    request, _token = ask(beds, beds.amina)
    made = runs.run(beds.queue, by=beds.dave, at=NOW)
    offers.accept(Offer.objects.get(), by="system:link", at=NOW)
    stay = stays.admit(Stay.objects.get(state="held"), by=beds.bob, at=NOW)
    dave, pages = signed_in(beds.dave), (f"/desk/requests/{request.uuid}/", f"/desk/runs/{made.uuid}/")
    assert [dave.get(page).status_code for page in pages] == [200, 200]
    assert "Amina" in text(dave.get(pages[1]))
    assert helps(beds.dave, beds.amina, at=NOW)
    stays.check_out(stay, "housed", by=beds.bob, at=NOW)
    clock.now = SOON + timedelta(minutes=1)
    assert not helps(beds.dave, beds.amina, at=clock.now)
    assert dave.get(pages[0]).status_code == 404
    html = text(dave.get(pages[1]))
    assert "Amina" not in html
    assert str(request.uuid) not in html
    assert signed_in(beds.greta).get(pages[0]).status_code == 200


# ---- every address, as a colleague of another house; and every secret link


@pytest.fixture
def inside(land: Any, cast: Any, clock: Clock) -> housed.Housed:
    found = housed.house(desks.build(land, cast))
    Membership.objects.update(accepted_at=NOW)
    return found


def test_whoever_works_elsewhere_finds_none_of_it_on_any_address(inside: housed.Housed) -> None:
    """Each key of a request, a stay, an offer, a referral, a run or a record, on each address that takes one: as if it were not there."""
    hugo, places, walked = signed_in(inside.beds.hugo), inside.places(), 0
    near = {str(key) for name, keys in places.items() if name not in PUBLIC | COUNTS for key in keys}
    near |= {str(one.uuid) for one in inside.offers} | {str(one.uuid) for one in (inside.there, inside.plan)}
    for one in addresses.addresses():
        if not one.name.startswith("desk") or "<uuid:" not in one.path or one.name in COUNTS:
            continue
        for method in ("get", "post"):
            nothing = getattr(hugo, method)(filled(one.path, str(UUID(int=1)))).status_code
            for key in near:
                answer = getattr(hugo, method)(filled(one.path, key), {"stay": key, "person": key, "do": "accept"})
                assert answer.status_code in {nothing, 404}, (method, one.name, answer.status_code)
                assert answer.status_code in {403, 404, 405}, (method, one.name, answer.status_code)
                assert housed.names(answer.content.decode()) == [], (method, one.name)
                walked += 1
    assert walked > 1000


def filled(path: str, key: str) -> str:
    return example(re.sub(r"<uuid:\w+>", key, path, count=1))


def test_a_secret_link_is_kept_nowhere_and_told_to_nobody(inside: housed.Housed) -> None:
    visitor, tokens = Client(headers={"accept-language": "en"}), [t for found in inside.links.values() for t in found]
    for name, found in inside.links.items():
        for token in found:
            for path in (
                reverse(name, args=[token]),
                reverse(name, args=["x" * 43]),
                reverse(name, args=[token[:-1] + "!"]),
            ):
                page = visitor.get(path)
                assert page.status_code == (200 if token in path else 404)
                assert page.headers["Cache-Control"] == "no-store", path
                assert page.headers["Referrer-Policy"] == "no-referrer", path
                assert "noindex" in page.headers["X-Robots-Tag"], path
                assert not page.cookies.get(settings.SESSION_COOKIE_NAME), path
                title = re.search(r"<title>(.*?)</title>", text(page), re.DOTALL)
                assert title
                assert token not in title[1]
                assert token not in str(page.headers)
    kept = [
        *Request.objects.values_list("token", flat=True),
        *Offer.objects.values_list("token", flat=True),
        *Referral.objects.values_list("token", "person_token"),
        *Trace.objects.values_list("data", "target", "verb"),
    ]
    assert not [token for token in tokens if token in str(kept)]


def test_a_link_of_another_territory_opens_nothing_here(inside: housed.Housed) -> None:
    other = Territory.objects.create(
        code="elsewhere", country="XX", timezone="UTC", loaded_at=NOW - timedelta(days=900)
    )
    WaitingList.objects.update(territory=other)
    Referral.objects.update(territory=other)
    for name, found in inside.links.items():
        assert {Client().get(reverse(name, args=[token])).status_code for token in found} == {404}, name


def test_a_form_that_another_site_forged_is_refused_where_no_secret_stands_in_the_address(
    inside: housed.Housed, clock: Clock
) -> None:
    clock.now = NOW.replace(hour=12)
    Service.objects.filter(pk=inside.beds.shelter.pk).update(email="door@example.org")
    reindex(inside.beds.territory)
    people = Person.objects.count()
    for path in (reverse("ask", args=[inside.beds.shelter.uuid]), reverse("night")):
        forged = Client(enforce_csrf_checks=True, headers={"origin": "https://elsewhere.example"})
        assert forged.get(path).status_code == 200
        assert forged.post(path, {"alias": "M.", "contact": "none", "people": "1", "do": "send"}).status_code == 403
    assert Person.objects.count() == people


# ---- what somebody types to break it


HOSTILE = (
    "\x00", "a\x00b", "<script>alert(1)</script>", "\u202egnp.exe\u2066", "x" * 70_000, "\U0001f600",
    "%(name)s {0} %s", "'; DROP TABLE people_person; --", "9" * 400, "-1", "1e400", "2026-02-30", "\u0661\u0662", "../../etc/passwd",
)  # fmt: skip
FIELDS = (
    "words", "alias", "given_name", "family_name", "phone", "email", "message", "reason", "text", "note", "once", "other", "person", "stay",
    "place", "group", "request", "people", "until", "on", "beds", "code", "tier", "line", "apart", "list", "birth_year", "born_on", "area",
    "areas", "languages", "send", "need", "contact", "how", "consent", "organization", "to", "exit", "refuse", "beacon", "initials", "zone",
    "category", "forecast", "source", "service", "valid_until", "channel", "outcome", "side", "key",
)  # fmt: skip
DOES = (
    "find", "take", "admit", "leave", "renew", "move", "out", "back", "beds", "close", "assess", "pause", "prove", "unprove", "wish", "give",
    "accept", "decline", "refuse", "withdraw", "apart", "together", "end", "withdrawn", "link", "remark", "refused", "closed", "send", "read",
    "register", "sure", "publish", "draw", "undo", "replay", "change", "",
)  # fmt: skip


@pytest.mark.parametrize("who", ["visitor", "greta", "bob", "dave"])
def test_whatever_is_typed_is_answered_with_a_sentence(
    who: str, inside: housed.Housed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No address breaks, and nothing typed becomes a part of the page: every field of every form, hostile, whatever the button says."""
    monkeypatch.setattr("maillage.web.rate.allow", lambda *args: True)
    client = Client(headers={"accept-language": "en"}, raise_request_exception=False)
    if who != "visitor":
        client.force_login(getattr(inside.beds, who))
    wrong, turn = [], 0
    paths = [(one, key) for one, keys in inside.places().items() for key in keys]
    paths += [
        (name, None)
        for name in ("night", "desk-people", "desk-person-new", "desk-street", "desk-tonight", "desk-referrals")
    ]
    paths += [("ask", inside.beds.shelter.uuid), ("desk-refer", inside.beds.shelter.uuid)]
    for number, (name, key) in enumerate(paths):
        line = next(one for one in addresses.addresses() if one.name == name)
        path = filled(line.path, str(key)) if "<uuid" in line.path else reverse(name, args=[key] if key else [])
        for does in DOES[number % 9 :: 9]:
            said = HOSTILE[turn % len(HOSTILE)]
            turn += 1
            with transaction.atomic():
                answer = client.post(path, {**dict.fromkeys(FIELDS, said), "do": does})
                if answer.status_code >= 500:
                    wrong.append(f"{who} POST {name} do={does!r} {said[:20]!r} -> {answer.status_code}")
                elif "<script>alert" in answer.content.decode():
                    wrong.append(f"{who} POST {name} do={does!r} echoes a script")
                transaction.set_rollback(True)
        for said in HOSTILE[number % 4 : 8 : 4]:
            query = client.get(
                path,
                dict.fromkeys(
                    ("group", "after", "before", "list", "public", "box", "shelf", "tier", "language"), said[:500]
                ),
            )
            if query.status_code >= 500:
                wrong.append(f"{who} GET {name} {said[:20]!r} -> {query.status_code}")
    assert not wrong, "\n".join(sorted(set(wrong)))
