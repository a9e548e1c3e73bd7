"""Reads over users, organisations and memberships."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from maillage.people.models import CareLink, Membership, MembershipQuerySet, Organization, Person, Role, Trace, User
from maillage.people.rules import (
    ADMINISTRATOR,
    CARERS,
    COORDINATOR,
    GIVEN_BY,
    GIVEN_INSIDE_BY,
    SYSTEM,
    WARNING_DAYS,
    Standing,
)
from maillage.territory.models import Territory


def standing(
    by: User | str, territory: Territory, organization: Organization | None = None, *, at: datetime
) -> Standing:
    """What `by` holds at `at` in the territory and in the organisation, when one is given. A command holds everything."""
    if isinstance(by, str):
        return SYSTEM
    if not by.is_active:
        return Standing()
    memberships = list(
        Membership.objects.active(at=at)
        .filter(user=by, territory=territory)
        .filter(Q(organization=None) | Q(organization=organization))
        .values_list("role", "organization", "sees_confidential_places")
    )
    held = Standing(
        here=frozenset(role for role, place, _ in memberships if place is not None),
        territory=frozenset(role for role, place, _ in memberships if place is None),
        sees_confidential_places=any(sees for _, place, sees in memberships if place is not None),
    )
    return (
        Standing(held.here, held.territory | SYSTEM.territory, held.sees_confidential_places)
        if by.is_superuser
        else held
    )


def carer_in(user: User, territory: Territory, *, at: datetime) -> list[int]:
    """Keys of the organisations where they help people: as a professional, or as the administrator of that organisation."""
    held = Membership.objects.active(at=at).filter(user=user, territory=territory, user__is_active=True)
    inside = held.filter(role__in=CARERS).exclude(organization=None)
    return sorted({key for key in inside.values_list("organization_id", flat=True) if key is not None})


def helps(user: User, person: Person, *, at: datetime) -> bool:
    """One of their organisations helps this person now. No other role opens a person's record."""
    held = Membership.objects.active(at=at).filter(
        user=user, territory=person.territory_id, user__is_active=True, role__in=CARERS
    )
    links = CareLink.objects.open(at=at).filter(person=person)
    return links.filter(organization__in=held.values("organization")).exists()


def administrators(organization: Organization, *, at: datetime) -> QuerySet[User]:
    """Those of the organisation itself, now."""
    held = Membership.objects.active(at=at).filter(organization=organization, role=Role.ADMINISTRATOR)
    return User.objects.filter(pk__in=held.values("user"), is_active=True).order_by("pk")


def who_may_renew(membership: Membership, *, at: datetime) -> list[User]:
    """The nearest: other administrators of the organisation; else the coordinators; else the territory's administrators.

    Nobody is asked about themselves, unless there is nobody else.
    """
    rows = Membership.objects.active(at=at).filter(territory=membership.territory, user__is_active=True)
    here = Q(organization=membership.organization, role__in=_givers(GIVEN_INSIDE_BY, membership.role))
    steps = [rows.filter(here)] if membership.organization else []
    steps += [
        rows.filter(organization=None, role=giver)
        for giver in (COORDINATOR, ADMINISTRATOR)
        if giver in _givers(GIVEN_BY, membership.role)
    ]
    for step in steps:
        if found := _users(step.exclude(user=membership.user)):
            return found
    return _users(steps[-1])


def _givers(table: Mapping[str, frozenset[str]], role: str) -> list[str]:
    return [giver for giver, given in table.items() if role in given]


def _users(memberships: QuerySet[Membership]) -> list[User]:
    return list(User.objects.filter(pk__in=memberships.values("user")).order_by("pk"))


STATES = ("active", "expiring", "waiting", "ended")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose memberships somebody reads: everyone's, those held in any organisation, or those of some organisations."""

    everyone: bool = False
    inside: bool = False
    organizations: tuple[int, ...] = ()


def within(territory: Territory, scope: Scope) -> MembershipQuerySet:
    rows = Membership.objects.filter(territory=territory)
    if scope.everyone:
        return rows
    return rows.exclude(organization=None) if scope.inside else rows.filter(organization__in=scope.organizations)


def members(
    territory: Territory, scope: Scope, *, at: datetime, state: str = "active", words: str = "", after: int = 0
) -> QuerySet[Membership]:
    """Memberships by organisation, those of the whole territory first; the keyset goes on after a membership."""
    now = within(territory, scope)
    rows = {
        "ended": now.filter(ends_at__lte=at),
        "expiring": now.expiring(at=at, days=WARNING_DAYS),
        "waiting": now.active(at=at).filter(accepted_at=None),
    }.get(state, now.active(at=at))
    if words:
        rows = rows.filter(organization__name__icontains=words)
    placed = rows.annotate(place=Coalesce("organization__name", Value(""), output_field=CharField()))
    known = Membership.objects.filter(pk=after, territory=territory).select_related("organization")
    if after and (last := known.first()):
        name = last.organization.name if last.organization else ""
        placed = placed.filter(Q(place__gt=name) | Q(place=name, pk__gt=after))
    return placed.select_related("user", "organization").order_by("place", "pk")


def trail(*, before: int = 0, kind: str = "", target: str = "", actor: str = "") -> QuerySet[Trace]:
    """Lines of the audit trail, newest first; the keyset goes on before a sequence."""
    rows = Trace.objects.order_by("-sequence")
    wanted = {"sequence__lt": before, "target_kind": kind, "target": target, "actor": actor}
    return rows.filter(**{field: value for field, value in wanted.items() if value})
