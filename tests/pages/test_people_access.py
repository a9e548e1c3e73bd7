"""Every address of people and referrals, from the map of addresses: whoever does not help somebody learns nothing of them, nowhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from maillage.directory.search.index import reindex
from maillage.orientation import links
from maillage.orientation.models import Referral
from maillage.people.models import Membership, Role, Trace, User
from maillage.web import addresses
from maillage.web.access import CARERS, allowed
from tests.beds import Beds
from tests.pages import desk as desks
from tests.pages.test_referrals_desk import sent

OURS = re.compile(r"desk-(people|person|refer)")
SECRETS = ("Amina", "Carla", "Bruno of the bridge", "Sami", "She sleeps in her car.", "0470 11 22 33")
NOBODY = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def beds(beds: Beds) -> Beds:
    reindex(beds.territory)
    beds.amina.phone = "0470 11 22 33"
    beds.amina.save()
    house = Membership.objects.get(user=beds.hugo).organization
    for name, role, place in (
        ("mona", Role.MODERATOR, None),
        ("cora", Role.COORDINATOR, None),
        ("eddy", Role.EDITOR, beds.street),
    ):
        user = User.objects.create_user(f"{name}@example.org", "a long enough sentence")
        Membership.objects.create(
            user=user, territory=beds.territory, organization=place, role=role, starts_at=desks.JANUARY
        )
    head = User.objects.create_user("head@example.org", "a long enough sentence")
    Membership.objects.create(
        user=head, territory=beds.territory, organization=house, role=Role.ADMINISTRATOR, starts_at=desks.JANUARY
    )
    return beds


@pytest.fixture
def letter(beds: Beds) -> Referral:
    return sent(desks.signed_in(beds.greta), beds)


def paths(beds: Beds, letter: Referral) -> dict[str, str]:
    """Every address of ours -> with whom or what it is opened. A new one has to say what lies behind it."""
    behind = {"desk-person": beds.amina.uuid, "desk-referral": letter.uuid, "desk-refer": beds.shelter.uuid}
    found = {}
    for one in addresses.addresses():
        if OURS.match(one.name):
            longest = max((name for name in behind if one.name.startswith(name)), key=len, default="")
            found[one.name] = reverse(one.name, args=[behind[longest]] if "<uuid" in one.path else [])
    return found


def learned(answer: Any) -> list[str]:
    body = b"".join(answer) if answer.streaming else answer.content
    return [word for word in SECRETS if word in body.decode() + str(answer.headers)]


def test_the_gate_knows_every_address_as_one_of_those_who_help(beds: Beds, letter: Referral) -> None:
    assert {allowed(name) for name in paths(beds, letter)} == {CARERS}
    assert len(paths(beds, letter)) >= 11


@pytest.mark.parametrize("who", ["hugo", "head", "dave", "bob", "mona", "cora", "eddy", "dora", "charlie"])
def test_whoever_does_not_help_somebody_learns_nothing_on_any_address(beds: Beds, letter: Referral, who: str) -> None:
    client = desks.signed_in(User.objects.get(email=f"{who}@example.org"))
    is_carer = who in {"hugo", "head", "dave", "bob"}
    said = {"person": beds.amina.uuid, "other": beds.carla.uuid, "words": "amina", "do": "accepted"}
    for name, path in paths(beds, letter).items():
        if who == "bob" and name.startswith("desk-referr"):
            continue  # it was sent to his house: he answers it
        for method, body in (("get", {}), ("post", said)):
            answer = getattr(client, method)(path, body)
            told = f"{who} {method} {name} -> {answer.status_code}"
            assert learned(answer) == [], told
            if not is_carer:
                assert answer.status_code == 403, told
            elif str(beds.amina.uuid) in path or str(letter.uuid) in path:
                assert answer.status_code in ({404} if method == "get" else {404, 405}), told
                elsewhere = path.replace(str(beds.amina.uuid), NOBODY).replace(str(letter.uuid), NOBODY)
                assert getattr(client, method)(elsewhere, body).status_code == answer.status_code, told
    letter.refresh_from_db()
    assert letter.state == "sent"
    assert not Trace.objects.filter(verb__in=["read", "read a referral"], actor__contains=str(who)).exists()


def test_a_visitor_is_asked_who_they_are_everywhere(beds: Beds, letter: Referral) -> None:
    for name, path in paths(beds, letter).items():
        answer = Client().get(path)
        assert (answer.status_code, learned(answer)) == (302, []), name


def test_the_recipient_reads_the_letter_and_not_the_record(beds: Beds, letter: Referral) -> None:
    bob = desks.signed_in(beds.bob)
    html = bob.get(reverse("desk-referral", args=[letter.uuid])).content.decode()
    assert "She sleeps in her car." in html
    assert "0470 11 22 33" not in html
    assert "0470 11 22 33" not in bob.get(reverse("desk-referral-fhir", args=[letter.uuid])).content.decode()


def test_a_membership_that_is_over_opens_nothing(beds: Beds, letter: Referral) -> None:
    greta = desks.signed_in(beds.greta)
    Membership.objects.filter(user=beds.greta).update(ends_at=desks.JANUARY.replace(month=2))
    for name, path in paths(beds, letter).items():
        answer = greta.get(path)
        assert (answer.status_code, learned(answer)) == (403, []), name


def test_one_link_opens_one_letter_and_never_the_other_side(beds: Beds, letter: Referral) -> None:
    other = sent(desks.signed_in(beds.greta), beds, beds.carla)
    page = Client().get(reverse("my-referral", args=[links.token(letter, "person")])).content.decode()
    assert "Carla" not in page
    assert str(other.uuid) not in page
    assert str(letter.uuid) not in page
    for name, side in (("my-referral", "recipient"), ("referral", "person")):
        assert Client().get(reverse(name, args=[links.token(letter, side)])).status_code == 404


def test_no_address_and_no_title_holds_a_name(beds: Beds, letter: Referral) -> None:
    greta = desks.signed_in(beds.greta)
    for path in paths(beds, letter).values():
        answer = greta.get(path)
        if "html" not in answer.headers.get("Content-Type", ""):
            continue
        html = answer.content.decode()
        outward = [*re.findall(r'(?:href|action|src)="([^"]*)"', html), *re.findall(r"<title>(.*?)</title>", html)]
        assert [one for one in outward if any(word.split()[0] in one for word in SECRETS)] == [], path
