"""Accounts to try the desk of a demonstration: one for each role, with a password drawn at each start and kept nowhere in clear.

They are for one machine that nobody else reaches: opened only where `offered` says so, and closed again where it does not.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import Count
from django.utils.translation import gettext

from maillage.people import audit
from maillage.people.actions import members as actions
from maillage.people.models import Organization, Role, User
from maillage.territory.models import Territory

BY = "system:demo"
HOST = "demo.invalid"  # a name that no mail server will ever have (RFC 2606)
# the part before the @ -> the role, and whether it is held in one organisation
ACCOUNTS: dict[str, tuple[Role, bool]] = {
    "editor": (Role.EDITOR, True),
    "professional": (Role.PROFESSIONAL, True),
    "head": (Role.ADMINISTRATOR, True),
    "moderator": (Role.MODERATOR, False),
    "coordinator": (Role.COORDINATOR, False),
    "administrator": (Role.ADMINISTRATOR, False),
}


@dataclass(frozen=True, slots=True)
class Account:
    email: str
    role: str
    where: str


def offered(territory: Territory, *, is_local: bool) -> bool:
    """Only for a fictional offer, in the embedded database, on a machine that serves itself alone."""
    return territory.has_fiction and is_local and connection.vendor == "sqlite" and not settings.BEHIND_TLS


@transaction.atomic
def open_all(territory: Territory, *, at: datetime) -> tuple[list[Account], str]:
    """The accounts, and the password of this start, the same for all: whoever was signed in before is signed out."""
    password = drawn()
    kept = make_password(password)
    organization = _organization(territory)
    opened = []
    for name, (role, inside) in ACCOUNTS.items():
        if inside and organization is None:
            continue
        user = _user(f"{name}@{HOST}", role, kept)
        place = organization if inside else None
        with suppress(actions.AlreadyThere):
            actions.add_member(user, role, territory=territory, organization=place, by=BY, at=at)
        opened.append(Account(user.email, str(role.label), str(place or territory)))
    return [*opened, *_of_the_pack(territory, kept, at)], password


def _of_the_pack(territory: Territory, password: str, at: datetime) -> list[Account]:
    """Those that the demonstration of places asks for: a dispatcher, somebody of a house ... each in an organisation."""
    told = territory.content.get("fiction", {}).get("places", {}).get("accounts", ())
    places = Organization.objects.in_bulk([one["organization"] for one in told])
    opened = []
    for one in told:
        place, role = places.get(one["organization"]), Role(one["role"])
        if place is None:
            continue
        user = _user(f"{one['name']}@{HOST}", role, password)
        with suppress(actions.AlreadyThere):
            actions.add_member(user, role, territory=territory, organization=place, by=BY, at=at)
        opened.append(Account(user.email, str(role.label), str(place)))
    return opened


@transaction.atomic
def close_all() -> int:
    """Nobody signs in with them any more."""
    accounts = User.objects.filter(email__endswith=f"@{HOST}", is_active=True)
    for user in accounts:
        audit.record("closed a demonstration account", user, by=BY)
    return accounts.update(is_active=False, password=make_password(None))


def _user(email: str, role: Role, password: str) -> User:
    user = User.objects.filter(email=email).first() or actions.open_account(
        email, by=BY, name=gettext("Fictional: %(role)s") % {"role": role.label}
    )
    user.password, user.is_active = password, True
    user.save(update_fields=["password", "is_active"])
    return user


def _organization(territory: Territory) -> Organization | None:
    """One that offers several things, a confidential place among them where there is one; always the same."""
    rows = Organization.objects.filter(territory=territory, is_fictional=True)
    hidden = rows.filter(locations__is_confidential=True)
    several = (hidden if hidden.exists() else rows).annotate(n=Count("services", distinct=True))
    return several.order_by("-n", "pk").first()


def drawn() -> str:
    """Ten syllables that can be read aloud: 64 bits."""
    syllables = ["".join((secrets.choice("bcdfghjklmnprstvz"), secrets.choice("aeiou"))) for _ in range(10)]
    return "-".join("".join(syllables[start : start + 5]) for start in (0, 5))
