"""Reads over several tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from maillage.directory.models import Address, Location
from maillage.people import audit
from maillage.people.models import User
from maillage.people.queries import standing
from maillage.people.rules import can_see_confidential_place


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
