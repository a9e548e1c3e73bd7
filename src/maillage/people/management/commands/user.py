"""`maillage user add EMAIL --role ROLE [--territory CODE] [--organization UUID]`, and `maillage user renew EMAIL`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from maillage.people import rules
from maillage.people.accounts import welcome_link
from maillage.people.actions import members as actions
from maillage.people.models import Membership, Organization, Role, User
from maillage.territory.models import Territory

BY = "system:user"


class Command(BaseCommand):
    help = "Opens an account and gives it a role, or renews one whose time is over."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        renew = verbs.add_parser(
            "renew", help="every role of an account, when nobody is left who may do it at the desk"
        )
        renew.add_argument("email")
        renew.add_argument("--territory", default="", help="code; the one that this site serves when it is left out")
        add = verbs.add_parser("add", help="open an account")
        add.add_argument("email")
        add.add_argument("--role", choices=[role.value for role in Role], required=True)
        add.add_argument("--territory", default="", help="code; the one that this site serves when it is left out")
        add.add_argument("--organization", default="", help="uuid; needed for editors and professionals")
        add.add_argument("--name", default="")
        add.add_argument("--language", default="", choices=["", "fr", "nl", "en"])
        how = add.add_mutually_exclusive_group()
        how.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
        how.add_argument("--link", action="store_true", help="print a link where the person chooses the password")

    def handle(self, *args: Any, **options: Any) -> None:
        territory = _territory(options["territory"])
        if options["verb"] == "renew":
            self.renew(options["email"], territory)
            return
        organization = _organization(options["organization"], territory)
        try:
            user = self._add(territory, organization, options)
        except (actions.AlreadyThere, actions.NotAnAddress, actions.WeakPassword, rules.NotAllowed) as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{user.email} is {Role(options['role']).label} of {organization or territory}")
        if options["link"]:
            self.stdout.write(welcome_link(user))

    @transaction.atomic
    def renew(self, email: str, territory: Territory) -> None:
        held = Membership.objects.filter(user__email=email.strip().lower(), territory=territory)
        for membership in held.select_related("user", "organization", "territory").order_by("pk"):
            actions.renew(membership, by=BY, at=timezone.now())
            where = membership.organization or territory
            self.stdout.write(
                f"{membership.user.email} is {membership.get_role_display()} of {where} until {membership.ends_at:%Y-%m-%d}"
            )
        if not held:
            raise CommandError(f"{email} holds no role in {territory}: maillage user add gives one")

    @transaction.atomic
    def _add(self, territory: Territory, organization: Organization | None, options: dict[str, Any]) -> User:
        password = None if options["link"] else _password(options["password_stdin"])
        names = {"name": options["name"], "language": options["language"]}
        user = actions.open_account(options["email"], by=BY, password=password, **names)
        actions.add_member(user, options["role"], territory=territory, organization=organization, by=BY)
        return user


def _territory(code: str) -> Territory:
    territory = Territory.objects.filter(code=code).first() if code else Territory.objects.current()
    if territory is None:
        known = ", ".join(Territory.objects.values_list("code", flat=True)) or "none: maillage pack load NAME loads one"
        raise CommandError(f"there is no territory {code!r} here (loaded: {known})")
    return territory


def _organization(uuid: str, territory: Territory) -> Organization | None:
    if not uuid:
        return None
    try:
        return Organization.objects.get(territory=territory, uuid=uuid)
    except (Organization.DoesNotExist, ValidationError):
        raise CommandError(f"there is no organisation {uuid} in {territory}") from None


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    password = getpass("Password: ")
    if password != getpass("Once more: "):
        raise CommandError("the two passwords are not the same")
    return password
