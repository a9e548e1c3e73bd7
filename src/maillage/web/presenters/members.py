"""Memberships as the desk says them. The name of somebody invited is shown once they have come themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from maillage.people import rules
from maillage.people.models import Membership, Role
from maillage.territory.models import Territory
from maillage.web.presenters import roles
from maillage.web.seat import AT_THE_GATE, HEAD, Seat

STATES = {
    "active": _("Active"),
    "expiring": _("Ending within 30 days"),
    "waiting": _("Invited, not come yet"),
    "ended": _("Ended"),
}
DUTIES = {  # what a role does, for whoever chooses it
    Role.PROFESSIONAL.value: _("finds services and hands over lists"),
    Role.EDITOR.value: _("keeps the services of the organisation true"),
    HEAD: _("invites colleagues, and gives the right to see its confidential places"),
    Role.MODERATOR.value: _("decides on changes, answers reports"),
    Role.COORDINATOR.value: _("brings organisations in, follows what is missing"),
    Role.ADMINISTRATOR.value: _("everything, in the whole territory"),
}


@dataclass(frozen=True, slots=True)
class Member:
    pk: int
    who: str
    email: str
    role: str
    until: str
    is_waiting: bool
    is_over: bool
    ends_soon: bool
    sees: bool
    verbs: tuple[str, ...]  # renew, end, again, open, close: what this reader may do


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    uuid: str  # of the organisation; empty for the whole territory
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class State:
    code: str
    label: str
    is_here: bool


def states(chosen: str) -> list[State]:
    return [State(code, str(label), code == chosen) for code, label in STATES.items()]


def who(membership: Membership) -> str:
    """The name only of somebody who has come: until then, nobody learns whether there was an account."""
    return (membership.user.name if membership.accepted_at else "") or membership.user.email


def standing_of(held: Seat, organization: int | None) -> rules.Standing:
    """What the reader holds there, for the rules."""
    return rules.Standing(
        here=held.organizations.get(organization or 0, frozenset()), territory=held.territory_roles
    )  # fmt: skip


def groups(rows: Iterable[Membership], territory: Territory, held: Seat, *, at: datetime) -> list[Group]:
    """In the order of the rows, which is by organisation."""
    found = []
    for key, members in groupby(rows, key=lambda one: one.organization_id):
        some = list(members)
        first = some[0].organization
        name = first.name if first else gettext("%(territory)s, as a whole") % {"territory": territory}
        place = standing_of(held, key)
        said = tuple(member(one, place, is_me=held.user == one.user, at=at) for one in some)
        found.append(Group(name, str(first.uuid) if first else "", said))
    return found


def member(one: Membership, place: rules.Standing, *, is_me: bool, at: datetime) -> Member:
    is_over = one.ends_at is not None and one.ends_at <= at
    return Member(
        pk=one.pk,
        who=who(one),
        email=one.user.email,
        role=str(one.get_role_display()),
        until=roles.until(one.ends_at),
        is_waiting=one.accepted_at is None and not is_over,
        is_over=is_over,
        ends_soon=not is_over and one.ends_at is not None and one.ends_at <= at + timedelta(days=rules.WARNING_DAYS),
        sees=one.sees_confidential_places,
        verbs=tuple(_verbs(one, place, is_over=is_over, is_me=is_me)),
    )


def _verbs(one: Membership, place: rules.Standing, *, is_over: bool, is_me: bool) -> Iterable[str]:
    inside = one.organization_id is not None
    if rules.can_give_role(place, one.role, in_organization=inside):
        yield "renew"
        if not is_over:
            yield "end"
            if one.accepted_at is None:
                yield "again"
    if inside and not is_over and rules.can_open_confidential_places(place, to_oneself=is_me):
        yield "close" if one.sees_confidential_places else "open"


def role_choices(held: Seat) -> list[tuple[str, str]]:
    """What this person may give somewhere, with what it is for; as the gate knows them, so that the administrator of one
    organisation is never taken for that of the territory."""
    whole = rules.roles_to_give(standing_of(held, None), in_organization=False)
    inside = frozenset[str]().union(
        *(rules.roles_to_give(standing_of(held, key), in_organization=True) for key in (*held.organizations, None))
    )
    given = whole | {name for role, name in AT_THE_GATE.items() if role in inside}
    return [(role, f"{roles.NAMES[role]}: {duty}") for role, duty in DUTIES.items() if role in given]
