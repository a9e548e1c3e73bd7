"""Reads over users, organisations and memberships."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from maillage.people.models import Membership, Organization, User
from maillage.people.rules import SYSTEM, Standing
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
