"""Reads over several tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from maillage.directory.models import Address, Location, Service
from maillage.people import audit
from maillage.people.models import Membership, Role, User
from maillage.people.queries import standing
from maillage.people.rules import can_see_confidential_place
from maillage.territory.models import Territory


class PlaceHidden(PermissionError):
    """This person may not know where the place is."""


@dataclass(frozen=True, slots=True)
class ExactPlace:
    latitude: float | None
    longitude: float | None
    addresses: tuple[Address, ...]


def exact_place(location: Location, *, user: User | None, at: datetime) -> ExactPlace:
    """Where it is: told to anyone for an open place; for a confidential one, to a member of its organisation who was given
    that right, and every such read leaves a trace.

    Raises PlaceHidden.
    """
    if location.is_confidential:
        if user is None or location.organization is None:
            raise PlaceHidden(str(location.uuid))
        held = standing(user, location.territory, location.organization, at=at)
        if not can_see_confidential_place(held):
            raise PlaceHidden(str(location.uuid))
        audit.record("read-confidential-place", location, by=user)
    return ExactPlace(location.latitude, location.longitude, tuple(location.addresses.order_by("id")))


def editors(service: Service, *, at: datetime) -> QuerySet[User]:
    """Who keeps this service true: the editors and administrators of its organisation."""
    held = Membership.objects.active(at=at).filter(
        organization=service.organization_id, organization__isnull=False, role__in=(Role.EDITOR, Role.ADMINISTRATOR)
    )
    return User.objects.filter(is_active=True, pk__in=held.values("user")).order_by("pk")


def moderators(territory: Territory, *, at: datetime) -> QuerySet[User]:
    """Who decides about what is proposed in this territory: its moderators; its administrators where there is none."""
    held = Membership.objects.active(at=at).filter(territory=territory, organization=None)
    people = User.objects.filter(is_active=True).order_by("pk")
    found = people.filter(pk__in=held.filter(role=Role.MODERATOR).values("user"))
    return found if found.exists() else people.filter(pk__in=held.filter(role=Role.ADMINISTRATOR).values("user"))


def shown_as(service: Service) -> Service:
    """The service that stands for this one since they were merged, itself when it was not; along a chain of merges to its end."""
    seen = {service.pk}
    while service.merged_into is not None and service.merged_into.pk not in seen:
        service = service.merged_into
        seen.add(service.pk)
    return service
