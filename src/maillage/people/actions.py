"""Every write about users, organisations and memberships."""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from maillage.people import audit, rules
from maillage.people.models import Membership, Organization, Role, User
from maillage.people.queries import standing
from maillage.territory.models import Territory


class AlreadyThere(Exception):
    """There is an account, or a membership, like this one already."""


class NotAnAddress(Exception):
    """What was given is not an e-mail address."""


class WeakPassword(Exception):
    """The password is refused; the message says why."""


@transaction.atomic
def open_account(
    email: str, *, by: User | str, name: str = "", language: str = "", password: str | None = None
) -> User:
    """An account that can be used at once: who opens it vouches for the address. No password: it is set by a link."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise NotAnAddress(f"{email!r} is not an e-mail address.") from None
    if User.objects.filter(email=email).exists():
        raise AlreadyThere(f"{email} has an account already.")
    user = User(email=email, name=name, language=language)
    if password is not None:
        try:
            validate_password(password, user)
        except ValidationError as refused:
            raise WeakPassword(" ".join(refused.messages)) from None
    user.set_password(password)
    user.save()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    audit.record("opened an account", user, by=by)
    return user


@transaction.atomic
def invite(
    email: str, role: Role | str, *, territory: Territory, organization: Organization | None = None, by: User | str,
    name: str = "", language: str = "", at: datetime | None = None,
) -> User:  # fmt: skip
    """Open an account where there is none, and give it the role. `accounts.send_invitation` then mails the link."""
    rules.check_can_give_role(
        _standing(by, territory, organization, at), role, in_organization=organization is not None
    )
    user = User.objects.filter(email=email.strip().lower()).first()
    user = user or open_account(email, by=by, name=name, language=language)
    add_member(user, role, territory=territory, organization=organization, by=by, at=at)
    return user


@transaction.atomic
def add_member(
    user: User, role: Role | str, *, territory: Territory, organization: Organization | None = None, by: User | str,
    at: datetime | None = None, sees_confidential_places: bool = False,
) -> Membership:  # fmt: skip
    """Give `user` a role from `at` on, in the organisation or, without one, in the whole territory. Twice is refused."""
    at = at or timezone.now()
    rules.check_can_give_role(
        _standing(by, territory, organization, at), role, in_organization=organization is not None
    )
    role = Role(role)
    if Membership.objects.active(at=at).filter(
        user=user, role=role, territory=territory, organization=organization
    ).exists():  # fmt: skip
        raise AlreadyThere(f"{user} is {role.label} there already.")
    membership, _ = Membership.objects.update_or_create(
        user=user, role=role, territory=territory, organization=organization,
        defaults={"starts_at": at, "ends_at": None, "sees_confidential_places": sees_confidential_places},
    )  # fmt: skip
    audit.record("added a member", membership, by=by, at=at, data=_said(membership))
    return membership


@transaction.atomic
def end_membership(membership: Membership, *, by: User | str, at: datetime | None = None) -> None:
    """The role ends at `at`. Anyone may leave; an administrator may end it; ending it twice changes nothing."""
    at = at or timezone.now()
    if membership.user != by:
        held = _standing(by, membership.territory, membership.organization, at)
        rules.check_can_give_role(held, membership.role, in_organization=membership.organization is not None)
    ended = Membership.objects.filter(pk=membership.pk, starts_at__lt=at).filter(Q(ends_at=None) | Q(ends_at__gt=at))
    if ended.update(ends_at=at):
        membership.ends_at = at
        audit.record("ended a membership", membership, by=by, at=at, data=_said(membership))


@transaction.atomic
def create_organization(
    territory: Territory, name: str, *, by: User | str, kind: str = "", code: str = ""
) -> Organization:
    rules.check_can_create_organization(_standing(by, territory, None, None))
    organization = Organization.objects.create(territory=territory, name=name.strip(), kind=kind, code=code)
    audit.record("created an organisation", organization, by=by, data={"name": organization.name})
    return organization


def _standing(
    by: User | str, territory: Territory, organization: Organization | None, at: datetime | None
) -> rules.Standing:
    return standing(by, territory, organization, at=at or timezone.now())


def _said(membership: Membership) -> dict[str, object]:
    return {
        "user": membership.user.uuid,
        "role": membership.role,
        "territory": membership.territory.code,
        "organization": membership.organization and membership.organization.uuid,
    }
