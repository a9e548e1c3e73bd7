"""Every write about users, organisations and memberships."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from maillage.people import audit, letters, rules
from maillage.people.models import Membership, Organization, Role, User
from maillage.people.queries import administrators, standing, who_may_renew
from maillage.territory.models import Territory

ANEW = {
    "sees_confidential_places": False,
    "accepted_at": None,
    "reminded_at": None,
}  # of a membership that starts again


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
def change_account(user: User, *, name: str, language: str, by: User | str) -> None:
    """Their own name and language. Raises NotAllowed for anyone else's."""
    if by != user:
        raise rules.NotAllowed(rules.gettext_noop("Everyone changes their own account, and no other."))
    user.name, user.language = name.strip()[:150], language
    user.save(update_fields=["name", "language"])
    audit.record("changed an account", user, by=by)


@transaction.atomic
def sign_out_everywhere(user: User, *, by: User | str) -> None:
    """Every session of this account ends, on every machine."""
    User.objects.filter(pk=user.pk).update(sign_outs=F("sign_outs") + 1)
    user.refresh_from_db(fields=["sign_outs"])
    audit.record("signed out everywhere", user, by=by)


@transaction.atomic
def invite(
    email: str, role: Role | str, *, territory: Territory, organization: Organization | None = None, by: User | str,
    name: str = "", language: str = "", at: datetime | None = None,
) -> Membership:  # fmt: skip
    """Give the role to whoever has this address, and write to them. Invited twice, they are a member once.

    Who invites is refused before anything is looked up, and learns nothing of an account that may be there already: it shows
    its name only once its owner has come (`accepted_at`). Raises NotAllowed, NotAnAddress.
    """
    at = at or timezone.now()
    held = _standing(by, territory, organization, at)
    rules.check_can_give_role(held, role, in_organization=organization is not None)
    user = User.objects.filter(email=email.strip().lower()).first()
    user = user or open_account(email, by=by, name=name, language=language)
    there = Membership.objects.active(at=at).filter(
        user=user, role=role, territory=territory, organization=organization
    )  # fmt: skip
    membership = there.select_related("user", "organization", "territory").first()
    membership = membership or add_member(user, role, territory=territory, organization=organization, by=by, at=at)
    invite_again(membership, by=by, at=at)
    return membership


@transaction.atomic
def invite_again(membership: Membership, *, by: User | str, at: datetime) -> None:
    """Write once more to somebody who has not come yet, with a new link. Raises NotAllowed."""
    held = _standing(by, membership.territory, membership.organization, at)
    rules.check_can_give_role(held, membership.role, in_organization=membership.organization is not None)
    letters.invitation(membership, by=by)
    audit.record("invited", membership, by=by, at=at, data=_said(membership))


@transaction.atomic
def add_member(
    user: User, role: Role | str, *, territory: Territory, organization: Organization | None = None, by: User | str,
    at: datetime | None = None,
) -> Membership:  # fmt: skip
    """Give `user` a role from `at` on, in the organisation or, without one, in the whole territory, for as many months as the
    pack says. Given again after it ended, it starts again, without the rights it had. Raises NotAllowed, AlreadyThere."""
    at = at or timezone.now()
    held = _standing(by, territory, organization, at)
    rules.check_can_give_role(held, role, in_organization=organization is not None)
    role = Role(role)
    if Membership.objects.active(at=at).filter(
        user=user, role=role, territory=territory, organization=organization
    ).exists():  # fmt: skip
        raise AlreadyThere(f"{user} is {role.label} there already.")
    membership, _ = Membership.objects.update_or_create(
        user=user, role=role, territory=territory, organization=organization,
        defaults={"starts_at": at, "ends_at": rules.ends_at(at, months(territory)), **ANEW},
    )  # fmt: skip
    audit.record("added a member", membership, by=by, at=at, data=_said(membership))
    return membership


@transaction.atomic
def renew(membership: Membership, *, by: User | str, at: datetime) -> None:
    """For as many months as the pack says, from `at`. One that was over starts again, without the rights it had.

    Raises NotAllowed.
    """
    held = _standing(by, membership.territory, membership.organization, at)
    rules.check_can_give_role(held, membership.role, in_organization=membership.organization is not None)
    fields: dict[str, Any] = {"ends_at": rules.ends_at(at, months(membership.territory)), "reminded_at": None}
    if membership.ends_at and membership.ends_at <= at:
        fields |= {"starts_at": at, **ANEW}
    _set(membership, fields)
    audit.record("renewed a membership", membership, by=by, at=at, data=_said(membership))


@transaction.atomic
def end_membership(membership: Membership, *, by: User | str, at: datetime | None = None) -> None:
    """The role ends at `at`. Anyone may leave; who may give the role may end it; ending it twice changes nothing."""
    at = at or timezone.now()
    if membership.user != by:
        held = _standing(by, membership.territory, membership.organization, at)
        rules.check_can_give_role(held, membership.role, in_organization=membership.organization is not None)
    ended = Membership.objects.filter(pk=membership.pk, starts_at__lt=at).filter(Q(ends_at=None) | Q(ends_at__gt=at))
    if ended.update(ends_at=at, sees_confidential_places=False):
        membership.ends_at, membership.sees_confidential_places = at, False
        audit.record("ended a membership", membership, by=by, at=at, data=_said(membership))


@transaction.atomic
def open_confidential_places(membership: Membership, *, by: User | str, at: datetime) -> None:
    """This member sees the exact address of the organisation's confidential places; its administrators are told.

    Raises NotAllowed.
    """
    held = _standing(by, membership.territory, membership.organization, at)
    rules.check_can_open_confidential_places(held, to_oneself=membership.user == by)
    if membership.organization is None or (membership.ends_at and membership.ends_at <= at):
        raise rules.NotAllowed(rules.gettext_noop("This right is given to an active member of an organisation."))
    if not membership.sees_confidential_places:
        _set(membership, {"sees_confidential_places": True})
        told = {membership.user_id: membership.user}
        told |= {user.pk: user for user in administrators(membership.organization, at=at)}
        letters.right_given(membership, told.values(), by=by)
        audit.record("opened confidential places", membership, by=by, at=at, data=_said(membership))


@transaction.atomic
def close_confidential_places(membership: Membership, *, by: User | str, at: datetime) -> None:
    """They no longer see them. Anyone gives up their own right. Raises NotAllowed."""
    if membership.user != by:
        held = _standing(by, membership.territory, membership.organization, at)
        rules.check_can_open_confidential_places(held, to_oneself=False)
    if membership.sees_confidential_places:
        _set(membership, {"sees_confidential_places": False})
        audit.record("closed confidential places", membership, by=by, at=at, data=_said(membership))


@transaction.atomic
def come_in(user: User, territory: Territory, *, at: datetime) -> int:
    """The person has come to the desk: what they were given is theirs, and their name is shown to who gave it."""
    waiting = Membership.objects.active(at=at).filter(user=user, territory=territory, accepted_at=None)
    count = waiting.update(accepted_at=at)
    if count:
        audit.record("came in", user, by=user, at=at)
    return count


def remind_expiring(at: datetime) -> int:
    """Write, once, to each member whose access ends within 30 days, and to who may renew it. How many members it was.

    Two clocks at once write once: a membership is claimed before its letter leaves, and given back when no server took it.
    """
    ending = Membership.objects.expiring(at=at, days=rules.WARNING_DAYS).filter(reminded_at=None, user__is_active=True)
    to_tell: dict[User, list[Membership]] = {}
    reminded = 0
    for membership in ending.select_related("user", "organization", "territory").order_by("ends_at", "pk"):
        if not Membership.objects.filter(pk=membership.pk, reminded_at=None).update(reminded_at=at):
            continue
        renewers = who_may_renew(membership, at=at)
        if not letters.ending(membership, renewers):
            Membership.objects.filter(pk=membership.pk).update(reminded_at=None)
            continue
        reminded += 1
        for user in renewers:
            to_tell.setdefault(user, []).append(membership)
    for user, memberships in to_tell.items():
        letters.to_renew(user, memberships)
    return reminded


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


def months(territory: Territory) -> int:
    """How long a membership lasts there."""
    return int(territory.content.get("membership_months", rules.MEMBERSHIP_MONTHS))


def _set(membership: Membership, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(membership, name, value)
    membership.save(update_fields=list(fields))


def _said(membership: Membership) -> dict[str, object]:
    return {
        "user": membership.user.uuid,
        "role": membership.role,
        "territory": membership.territory.code,
        "organization": membership.organization and membership.organization.uuid,
    }
