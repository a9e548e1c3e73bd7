"""Accounts, members and organisations: who may, what is refused with which sentence, and the trace that stays."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.utils import timezone

from maillage.people import audit, rules
from maillage.people.actions import members as actions
from maillage.people.models import Membership, Organization, Role, Trace, User
from maillage.people.queries import standing
from maillage.territory.models import Territory

GOOD = "a sentence nobody knows"


def test_an_account_opens_with_a_vouched_address_and_a_trace(testland: Territory) -> None:
    user = actions.open_account(" Eve@Example.org ", by="system:test", password=GOOD)
    assert user.email == "eve@example.org"
    assert user.check_password(GOOD)
    assert EmailAddress.objects.get(user=user).verified
    assert Trace.objects.get().verb == "opened an account"
    assert GOOD not in str(list(audit.lines()))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("email", "password", "refusal", "sentence"),
    [
        ("not an address", GOOD, actions.NotAnAddress, "not an e-mail address"),
        ("taken@example.org", GOOD, actions.AlreadyThere, "has an account already"),
        ("new@example.org", "short", actions.WeakPassword, "too short"),
    ],
)
def test_a_refused_account_is_a_sentence_and_leaves_nothing(
    email: str, password: str, refusal: type[Exception], sentence: str
) -> None:
    User.objects.create_user("taken@example.org")
    with pytest.raises(refusal, match=sentence):
        actions.open_account(email, by="system:test", password=password)
    assert User.objects.count() == 1
    assert not Trace.objects.exists()


@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
def test_who_does_not_administer_gives_no_role(cast: Any, testland: Territory, who: str) -> None:
    with pytest.raises(rules.NotAllowed, match="Your own role does not let you"):
        actions.add_member(
            cast.charlie, Role.EDITOR, territory=testland, organization=cast.organization, by=getattr(cast, who)
        )
    assert not cast.charlie.memberships.exists()


def test_an_administrator_of_an_organisation_gives_its_roles_and_no_other(cast: Any, testland: Territory) -> None:
    here = {"territory": testland, "organization": cast.organization}
    actions.add_member(cast.alice, Role.ADMINISTRATOR, by=cast.dora, **here)
    assert actions.add_member(cast.charlie, Role.EDITOR, by=cast.alice, **here).role == Role.EDITOR
    with pytest.raises(rules.NotAllowed):
        actions.add_member(cast.charlie, Role.MODERATOR, territory=testland, by=cast.alice)
    elsewhere = Organization.objects.create(territory=testland, name="Elsewhere")
    with pytest.raises(rules.NotAllowed):
        actions.add_member(cast.charlie, Role.EDITOR, territory=testland, organization=elsewhere, by=cast.alice)


def test_an_editor_without_an_organisation_is_refused(cast: Any, testland: Territory) -> None:
    with pytest.raises(rules.NotAllowed, match="name it"):
        actions.add_member(cast.charlie, Role.EDITOR, territory=testland, by=cast.dora)


def test_a_role_is_given_once_ends_and_can_be_given_again(cast: Any, testland: Territory) -> None:
    at = timezone.now()
    here = {"territory": testland, "organization": cast.organization, "by": cast.dora}
    membership = actions.add_member(cast.charlie, Role.EDITOR, at=at, **here)
    with pytest.raises(actions.AlreadyThere, match="Service editor there already"):
        actions.add_member(cast.charlie, Role.EDITOR, at=at + timedelta(hours=1), **here)
    actions.end_membership(membership, by=cast.dora, at=at + timedelta(days=1))
    actions.end_membership(membership, by=cast.dora, at=at + timedelta(days=2))
    assert not Membership.objects.active(at=at + timedelta(days=1)).filter(user=cast.charlie).exists()
    actions.add_member(cast.charlie, Role.EDITOR, at=at + timedelta(days=3), **here)
    assert list(Trace.objects.order_by("sequence").values_list("verb", flat=True)) == [
        "added a member", "ended a membership", "added a member",
    ]  # fmt: skip


def test_bob_may_leave_and_charlie_may_not_throw_him_out(cast: Any) -> None:
    membership = cast.bob.memberships.get()
    later = membership.starts_at + timedelta(days=1)
    with pytest.raises(rules.NotAllowed):
        actions.end_membership(membership, by=cast.charlie, at=later)
    actions.end_membership(membership, by=cast.bob, at=later)
    assert membership.ends_at == later


def test_only_those_of_the_territory_create_an_organisation(cast: Any, testland: Territory) -> None:
    assert actions.create_organization(testland, " New house ", by=cast.dora).name == "New house"
    with pytest.raises(rules.NotAllowed, match="moderator or an administrator"):
        actions.create_organization(testland, "Mine", by=cast.alice)


def test_an_account_that_was_closed_stands_nowhere_and_a_superuser_everywhere(cast: Any, testland: Territory) -> None:
    at = timezone.now() + timedelta(minutes=1)
    assert standing(cast.dora, testland, at=at).administers
    cast.dora.is_active = False
    assert standing(cast.dora, testland, at=at) == rules.Standing()
    cast.charlie.is_superuser = True
    assert standing(cast.charlie, testland, at=at).administers


def test_the_command_opens_an_account_with_a_role(testland: Territory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(GOOD + "\n"))
    out = StringIO()
    call_command("user", "add", "head@example.org", "--role", "administrator", "--password-stdin", stdout=out)
    user = User.objects.get(email="head@example.org")
    assert user.check_password(GOOD)
    assert standing(user, testland, at=timezone.now()).administers
    assert "head@example.org is Administrator of Testland" in out.getvalue()


def test_the_command_asks_twice_and_prints_a_link_instead_when_told(
    testland: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([GOOD, GOOD, GOOD, "another sentence here"])
    monkeypatch.setattr("maillage.people.management.commands.user.getpass", lambda _: next(answers))
    call_command("user", "add", "a@example.org", "--role", "moderator", stdout=StringIO())
    with pytest.raises(CommandError, match="not the same"):
        call_command("user", "add", "b@example.org", "--role", "moderator", stdout=StringIO())
    out = StringIO()
    call_command("user", "add", "c@example.org", "--role", "moderator", "--link", stdout=out)
    assert "http://127.0.0.1:8000/welcome/" in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--territory", "atlantis", "--link"], "no territory 'atlantis' here .loaded: testland"),
        (["--organization", "not-a-uuid", "--link"], "no organisation not-a-uuid"),
    ],
)
def test_the_command_refuses_with_a_sentence(testland: Territory, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("user", "add", "x@example.org", "--role", "moderator", *arguments)
    assert not User.objects.exists()


def test_the_command_refuses_an_editor_without_an_organisation_and_opens_no_account(testland: Territory) -> None:
    with pytest.raises(CommandError, match="name it"):
        call_command("user", "add", "x@example.org", "--role", "editor", "--link")
    assert not User.objects.exists()


def test_the_command_finds_the_organisation(cast: Any) -> None:
    uuid = str(cast.organization.uuid)
    call_command(
        "user", "add", "x@example.org", "--role", "editor", "--organization", uuid, "--link", stdout=StringIO()
    )  # fmt: skip
    assert User.objects.get(email="x@example.org").memberships.get().organization == cast.organization


@pytest.mark.django_db
def test_who_runs_the_server_may_open_an_account_with_every_right() -> None:
    user = User.objects.create_superuser("root@example.org", GOOD)
    assert user.is_superuser
    assert str(user) == "root@example.org"
