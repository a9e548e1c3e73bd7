"""The desk's people pages: what waits, members, my account, the trail, and the readings of confidential places."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from maillage.directory import queries as directory
from maillage.directory.models import ImportRun, Location, Service
from maillage.people import audit
from maillage.people.actions import members as actions
from maillage.people.models import Membership, Organization, Role, Trace, User
from maillage.territory.models import Territory
from maillage.web.presenters.verbs import VERBS
from tests.testland import NOW, SECRET_STREET

ENGLISH = {"accept-language": "en"}


@pytest.fixture
def land(land: Territory, cast: Any) -> Territory:
    cache.clear()
    Membership.objects.update(starts_at=NOW - timedelta(days=30), accepted_at=NOW)
    return land


def at_desk(user: User) -> Client:
    client = Client(headers=ENGLISH)
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def give(user: User, role: Role, land: Territory, place: Organization | None = None, **more: Any) -> Membership:
    fields = {"starts_at": NOW - timedelta(days=30), "accepted_at": NOW} | more
    return Membership.objects.create(user=user, territory=land, organization=place, role=role, **fields)


@pytest.mark.parametrize("who", ["alice", "bob", "dora"])
def test_the_first_page_says_what_waits_and_leads_on(land: Territory, cast: Any, who: str) -> None:
    html = text(at_desk(getattr(cast, who)).get("/desk/"))
    assert f"Hello {who.title()}" in html
    assert "Nothing waits for you." in html
    assert ("/desk/members/" in html) == (who == "dora")
    assert 'action="/accounts/logout/"' in html


def test_what_ends_soon_waits_for_who_may_renew_and_for_its_member(land: Territory, cast: Any) -> None:
    Membership.objects.filter(organization=cast.organization).update(ends_at=NOW + timedelta(days=9))
    assert "2</b><span>members whose access ends soon" in text(at_desk(cast.dora).get("/desk/"))
    assert "1</b><span>role of yours that ends soon" in text(at_desk(cast.bob).get("/desk/"))


def test_services_to_confirm_and_imports_that_failed_wait_for_their_people(land: Territory, cast: Any) -> None:
    service = Service.objects.get(code="tea-hour")
    service.organization, service.confirmed_on = cast.organization, NOW.date() - timedelta(days=800)
    service.save()
    run = {"territory": land, "format": "hsds", "source": "a feed", "state": "failed"}
    ImportRun.objects.create(started_at=NOW - timedelta(days=2), **run)
    ImportRun.objects.create(started_at=NOW - timedelta(days=9), **run)
    assert "1</b><span>service of yours to confirm" in text(at_desk(cast.alice).get("/desk/"))
    assert "service of yours" not in text(at_desk(cast.bob).get("/desk/"))
    assert "1</b><span>import failed this week" in text(at_desk(cast.dora).get("/desk/"))


def test_coming_for_the_first_time_is_written_down_once(land: Territory, cast: Any) -> None:
    Membership.objects.update(accepted_at=None)
    client = at_desk(cast.alice)
    assert "Welcome." in text(client.get("/desk/"))
    assert "Welcome." not in text(client.get("/desk/"))
    assert cast.alice.memberships.get().accepted_at == NOW


def test_an_administrator_invites_and_nobody_learns_of_an_account(
    land: Territory, cast: Any, django_capture_on_commit_callbacks: Any
) -> None:
    client = at_desk(cast.dora)
    for email in ("charlie@example.org", "new@example.org"):
        asked = {"email": email, "role": "editor", "organization": "alice's house", "language": "en"}
        with django_capture_on_commit_callbacks(execute=True):
            html = text(client.post("/desk/members/invite/", asked, follow=True))
        assert f"The invitation was sent to {email}." in html
    assert len(mail.outbox) == 2
    assert "Charlie" not in html  # a name is shown once its owner has come
    assert html.count("invited, not come yet") == 2


def test_what_is_refused_is_said_beside_what_was_typed(land: Territory, cast: Any) -> None:
    Organization.objects.create(territory=land, name="Alice's other house")
    client = at_desk(cast.dora)

    def send(**more: str) -> str:
        return text(
            client.post("/desk/members/invite/", {"email": "x@example.org", "role": "editor", "language": "en"} | more)
        )

    assert "This role is held in an organisation: name it." in send()
    assert "No organisation has this name." in send(organization="Nowhere")
    several = send(organization="alice")
    assert "Several organisations fit: choose one." in several
    assert several.count('type="radio" name="organization"') == 2
    assert 'value="x@example.org"' in several
    assert "held in the whole territory" in send(role="moderator", organization="Alice's house")
    assert "Enter a valid email address" in send(email="nobody", organization=str(cast.organization.uuid))
    assert not User.objects.filter(email="x@example.org").exists()
    assert client.post("/desk/members/invite/", {"email": "x@example.org", "role": "head", "language": "en",
        "organization": str(cast.organization.uuid)}).status_code == 302  # fmt: skip
    assert User.objects.get(email="x@example.org").memberships.get().organization == cast.organization


def test_the_administrator_of_the_territory_is_never_made_by_forgetting_the_organisation(
    land: Territory, cast: Any
) -> None:
    html = text(
        at_desk(cast.dora).post("/desk/members/invite/", {"email": "x@example.org", "role": "head", "language": "en"})
    )
    assert "name it" in html
    assert not User.objects.filter(email="x@example.org").exists()


def test_an_administrator_of_an_organisation_reads_and_invites_in_it_only(land: Territory, cast: Any) -> None:
    give(cast.charlie, Role.ADMINISTRATOR, land, cast.organization)
    client = at_desk(cast.charlie)
    html = text(client.get("/desk/members/"))
    assert "alice@example.org" in html
    assert "dora@example.org" not in html
    form = text(client.get("/desk/members/invite/"))
    assert 'value="moderator"' not in form
    assert f'<option value="{cast.organization.uuid}"' in form
    other = Organization.objects.create(territory=land, name="Elsewhere")
    asked = {"email": "x@example.org", "role": "editor", "organization": str(other.uuid), "language": "en"}
    assert "Select a valid choice" in text(client.post("/desk/members/invite/", asked))
    doras = cast.dora.memberships.get()
    assert client.post("/desk/members/", {"do": "end", "member": doras.pk}).status_code == 404


def test_a_coordinator_does_not_read_who_holds_the_territory(land: Territory, cast: Any) -> None:
    give(cast.charlie, Role.COORDINATOR, land)
    html = text(at_desk(cast.charlie).get("/desk/members/"))
    assert "alice@example.org" in html
    assert "dora@example.org" not in html


def test_members_are_renewed_ended_written_to_again_and_given_the_right(land: Territory, cast: Any) -> None:
    client = at_desk(cast.dora)
    alices, bobs = cast.alice.memberships.get(), cast.bob.memberships.get()

    def press(verb: str, one: Membership) -> str:
        return text(client.post("/desk/members/", {"do": verb, "member": one.pk}, follow=True))

    assert "Renewed: Alice." in press("renew", alices)
    assert "Alice now sees the exact address" in press("open", alices)
    assert "Alice no longer sees confidential addresses." in press("close", alices)
    Membership.objects.filter(pk=bobs.pk).update(accepted_at=None)
    assert "The invitation was sent again to bob@example.org." in press("again", bobs)
    assert "Ended: bob@example.org." in press("end", bobs)
    assert "bob@example.org" not in text(client.get("/desk/members/"))
    assert "bob@example.org" in text(client.get("/desk/members/?state=ended"))
    assert "Nobody gives this right to themselves" in press(
        "open", give(cast.dora, Role.ADMINISTRATOR, land, cast.organization)
    )
    assert client.post("/desk/members/", {"do": "dance", "member": alices.pk}).status_code == 404
    assert client.post("/desk/members/", {"do": "end", "member": "x"}).status_code == 404


def test_invitations_are_few_in_an_hour(land: Territory, cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maillage.web.desk.members.MOST_LETTERS", 1)
    client = at_desk(cast.dora)
    asked = {"email": "x@example.org", "role": "moderator", "language": "en"}
    assert client.post("/desk/members/invite/", asked).status_code == 302
    assert "many invitations in one hour" in text(client.post("/desk/members/invite/", asked))
    one = cast.alice.memberships.get()
    assert "many invitations in one hour" in text(
        client.post("/desk/members/", {"do": "again", "member": one.pk}, follow=True)
    )


def test_pages_of_members_and_of_the_trail_ask_the_database_little(
    land: Territory, cast: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(65):
        give(
            User.objects.create_user(f"m{number}@example.org", name=f"M{number}"), Role.EDITOR, land, cast.organization
        )
        audit.record("kept", land, by=cast.alice)
    client = at_desk(cast.dora)
    client.get("/desk/trail/")  # the words of the territory are read once
    frame = 4  # session, account, territory, roles
    with django_assert_max_num_queries(frame + 5):
        html = text(client.get("/desk/members/?q=house"))
    seen = html.count('class="member"')
    while following := re.search(r'href="\?(state[^"]+after=\d+)"', html):
        html = text(client.get(f"/desk/members/?{following[1].replace('&amp;', '&')}"))
        seen += html.count('class="member"')
    assert seen == 67
    with django_assert_max_num_queries(frame + 5 + 4):  # and its own line: savepoint, last line, line, savepoint
        html = text(client.get("/desk/trail/"))
    assert html.count("kept a verdict") == 49  # above them, the first reading
    older = re.search(r'href="\?([^"]+before=\d+)"', html)
    assert older
    assert text(client.get(f"/desk/trail/?{older[1].replace('&amp;', '&')}")).count("kept a verdict") == 16
    with django_assert_max_num_queries(frame + 11):
        client.get("/desk/")


def test_my_account_says_what_i_may_do_and_until_when(land: Territory, cast: Any) -> None:
    Membership.objects.filter(user=cast.alice).update(ends_at=NOW + timedelta(days=40), sees_confidential_places=True)
    client = at_desk(cast.alice)
    html = text(client.get("/desk/account/"))
    assert "until Dec. 30, 2026" in html
    assert "sees confidential addresses" in html
    for path in ("/accounts/2fa/", "/accounts/password/change/"):
        assert f'href="{path}"' in html
    answer = client.post("/desk/account/", {"name": "Alice A.", "language": "nl"})
    assert answer.cookies["language"].value == "nl"
    cast.alice.refresh_from_db()
    assert (cast.alice.name, cast.alice.language) == ("Alice A.", "nl")
    assert client.post("/desk/account/", {"name": "x", "language": "xx"}).status_code == 200
    one = cast.alice.memberships.get()
    assert client.post("/desk/account/", {"do": "leave", "member": cast.bob.memberships.get().pk}).status_code == 404
    client.post("/desk/account/", {"do": "leave", "member": one.pk})
    assert client.get("/desk/").status_code == 403
    assert cast.bob.memberships.get().ends_at is None


def test_the_trail_tells_who_did_what_and_that_it_was_read(land: Territory, cast: Any) -> None:
    actions.create_organization(land, "New house", by=cast.dora)
    client = at_desk(cast.dora)
    html = text(client.get("/desk/trail/"))
    assert "created an organisation" in html
    assert "New house" in html
    assert Trace.objects.latest("sequence").verb == "read the trail"
    answer = client.post("/desk/trail/", {"email": "Dora@example.org"})
    assert answer.headers["Location"] == f"/desk/trail/?actor=user%3A{cast.dora.uuid}"
    assert "What Dora did" in text(client.get(answer.headers["Location"]))
    assert "Nobody here has this e-mail address." in text(client.post("/desk/trail/", {"email": "x"}, follow=True))
    narrowed = text(
        client.get(f"/desk/trail/?kind=people.organization&target={Organization.objects.get(name='New house').uuid}")
    )
    assert "What was done to one thing" in narrowed
    assert narrowed.count("created an organisation") == 1
    for odd in ("actor=user:x", "actor=system:demo", "before=x", f"actor=user:{UUID(int=7)}", "kind=x&target=y"):
        assert client.get(f"/desk/trail/?{odd}").status_code == 200


def test_the_chain_is_verified_from_the_page(land: Territory, cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = at_desk(cast.dora)
    client.get("/desk/trail/")
    html = text(client.post("/desk/trail/", {"do": "verify"}))
    assert "The trail holds" in html
    assert "1 line was read" in html
    html = text(client.post("/desk/trail/", {"do": "verify", "head": "0" * 64}))
    assert "The trail is broken" in html


def test_lines_of_what_is_gone_are_still_told(land: Territory, cast: Any) -> None:
    audit.record(
        "kept", land, by="system:demo", data={"user": "nobody", "many": [1], "role": "editor", "note": "short"}
    )
    audit.record("something new", cast.charlie, by=cast.charlie)
    cast.charlie.delete()
    html = text(at_desk(cast.dora).get("/desk/trail/"))
    for said in ("the command demo", "Service editor", "note: short", "something new", "an account that is gone"):
        assert said in html


def test_members_of_an_organisation_read_who_saw_its_places(land: Territory, cast: Any) -> None:
    place = Location.objects.get(is_confidential=True)
    place.organization = cast.organization
    place.save()
    Membership.objects.filter(user=cast.alice).update(sees_confidential_places=True)
    directory.exact_place(place, user=cast.alice, at=NOW)
    html = text(at_desk(cast.bob).get("/desk/readings/"))
    assert "Alice" in html
    assert "read a confidential address" in html
    assert SECRET_STREET not in html
    assert "Your organisations have no confidential place." in text(at_desk(cast.dora).get("/desk/readings/"))
    assert Trace.objects.filter(verb="read the readings").count() == 1


def test_every_verb_that_the_code_records_has_words() -> None:
    source = Path(__file__).resolve().parents[2] / "src" / "maillage"
    found = set()
    for path in source.rglob("*.py"):
        found |= set(re.findall(r'audit\.record\(\s*"([^"]+)"', path.read_text("utf-8")))
    assert found - set(VERBS) == set()


def test_a_refusal_that_no_page_caught_is_a_page_with_its_sentence(
    land: Territory, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maillage.people.rules import NotAllowed

    def refuse(*_: Any, **__: Any) -> int:
        raise NotAllowed("Nobody does that.")

    monkeypatch.setattr(actions, "come_in", refuse)
    answer = at_desk(cast.alice).get("/desk/")
    assert answer.status_code == 403
    assert "Nobody does that." in text(answer)


def test_a_member_signs_out_from_any_page_and_a_visitor_gets_no_cookie(land: Territory, cast: Any) -> None:
    assert 'action="/accounts/logout/"' in text(at_desk(cast.alice).get("/"))
    visitor = Client(headers=ENGLISH).get("/")
    assert 'action="/accounts/logout/"' not in text(visitor)
    assert not visitor.cookies
