"""Accounts to try the desk of a demonstration: on one machine, for one start, and nowhere else."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rich.console import Console

from maillage.packs.fiction import accounts
from maillage.packs.management.commands.demo import Command
from maillage.people.models import Membership, User
from maillage.territory.models import Territory


def test_one_account_for_each_role_with_a_password_of_this_start(testland: Territory) -> None:
    first, password = accounts.open_all(testland, at=timezone.now())
    again, another = accounts.open_all(testland, at=timezone.now())
    assert [one.email for one in first] == [one.email for one in again]
    assert {Membership.objects.get(user__email=one.email).role for one in first} == {
        "editor", "professional", "administrator", "moderator", "coordinator",
    }  # fmt: skip
    user = User.objects.get(email="editor@demo.invalid")
    assert user.check_password(another)
    assert not user.check_password(password)
    assert re.fullmatch(r"[a-z]{10}-[a-z]{10}", password)
    assert not Membership.objects.filter(sees_confidential_places=True).exists()


def test_without_an_organisation_the_roles_of_the_territory_remain(db: None) -> None:
    empty = Territory.objects.create(code="empty", country="XX", timezone="UTC", loaded_at=timezone.now())
    assert [one.email.partition("@")[0] for one in accounts.open_all(empty, at=timezone.now())[0]] == [
        "moderator", "coordinator", "administrator",
    ]  # fmt: skip


@pytest.mark.parametrize(("fiction", "local", "tls"), [(False, True, False), (True, False, False), (True, True, True)])
def test_they_are_offered_to_nobody_else(
    testland: Territory, settings: Any, fiction: bool, local: bool, tls: bool
) -> None:
    testland.has_fiction, settings.BEHIND_TLS = fiction, tls
    assert not accounts.offered(testland, is_local=local)


def test_on_postgresql_never(testland: Territory) -> None:
    assert accounts.offered(testland, is_local=True) == (connection.vendor == "sqlite")


def test_a_demonstration_that_others_can_reach_closes_them(testland: Territory) -> None:
    _, password = accounts.open_all(testland, at=timezone.now())
    command, out = Command(), StringIO()
    command.console = Console(file=out, width=200)
    command.open_desk(testland, is_local=False)
    user = User.objects.get(email="administrator@demo.invalid")
    assert not user.is_active
    assert not user.check_password(password)
    assert out.getvalue() == ""
    assert accounts.close_all() == 0


def test_the_screen_tells_who_and_with_which_password(testland: Territory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "offered", lambda *_, **__: True)
    command, out = Command(), StringIO()
    command.console = Console(file=out, width=200)
    command.open_desk(testland, is_local=True)
    said = out.getvalue()
    assert "coordinator@demo.invalid  Coordinator (Testland)" in said
    password = re.search(r"the password ([a-z-]+) ", said)
    assert password
    assert User.objects.get(email="editor@demo.invalid").check_password(password[1])
