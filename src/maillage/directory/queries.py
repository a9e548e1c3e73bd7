"""Reads over several tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Max, QuerySet

from maillage.directory import sheet
from maillage.directory.ingest import held
from maillage.directory.models import (
    Address,
    DirectoryState,
    FieldProvenance,
    Location,
    Revision,
    Service,
    SourceRecord,
)
from maillage.people import audit
from maillage.people.models import Membership, Role, User
from maillage.people.queries import standing
from maillage.people.rules import can_see_confidential_place
from maillage.territory.models import Territory

MOST_MERGES: Final = 20  # one after the other


def served(request: Any) -> Territory | None:
    """The territory that this site serves, with the change number of its directory; read once for each request, which keeps it."""
    if not hasattr(request, "_territory"):
        request._territory = Territory.objects.select_related("directory_state").current()
    found: Territory | None = request._territory
    return found


def change_number(territory: Territory) -> int:
    """Of the directory, when the territory was read."""
    try:
        return territory.directory_state.sequence
    except DirectoryState.DoesNotExist:
        return 0


def kept_instead(territory: Territory, service: UUID | str) -> UUID | None:
    """The service that everybody sees in the place of this one, which was merged into it; None when it was not, or is hidden."""
    try:
        uuid = service if isinstance(service, UUID) else UUID(service)
    except ValueError:
        return None
    shown: dict[UUID, UUID | None] = {}
    while uuid not in shown and len(shown) < MOST_MERGES:
        row = Service.objects.filter(territory=territory, uuid=uuid).values_list("merged_into__uuid", flat=True)
        shown[uuid] = row.first()
        if (following := shown[uuid]) is None:
            break
        uuid = following
    visible = len(shown) > 1 and Service.objects.visible().filter(territory=territory, uuid=uuid).exists()
    return uuid if visible else None


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


def own_address(service: Service) -> str:
    """Where the service itself reads mail, or "". Nothing leaves to what was invented for a demonstration."""
    own = service.email or (service.organization.email if service.organization else "")
    try:
        validate_email(own)
    except ValidationError:
        return ""
    return "" if service.is_fictional else own


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


HISTORY: Final = 50  # lines of one page


def history(service: Service, *, field: str | None = None, after: int = 0, limit: int = HISTORY) -> list[Revision]:
    """What changed, the newest first: of one field, or of all. `after`: the key of the last line of the page before."""
    rows = Revision.objects.filter(service=service).select_related("by", "change")
    if field:
        rows = rows.filter(field=field)
    if after:
        rows = rows.filter(pk__lt=after)
    return list(rows.order_by("-pk")[:limit])


@dataclass(frozen=True, slots=True)
class FieldSource:
    """Who said last what a field holds. `source`: "desk", "link", "undo", "merge", or the name of a feed or a pack."""

    source: str
    at: datetime
    by: User | None = None
    record: SourceRecord | None = None  # of a feed: where the raw record is read


def field_sources(service: Service) -> dict[str, FieldSource]:
    """Field of the sheet -> its last source, where one is known. The later of the history and of the feeds; a field that the
    desk holds is the history's, whatever a feed has said since. Three queries."""
    rows = FieldProvenance.objects.filter(kind="service", object_id=service.pk).select_related("record")
    rows = rows.defer("record__payload")
    told: dict[str, FieldSource] = {}
    desk: set[str] = set()
    for row in sorted(rows, key=lambda one: one.record.fetched_at):
        if row.record.source == held.DESK:
            desk.update(row.fields)
            continue
        told |= dict.fromkeys(row.fields, FieldSource(row.record.source, row.record.fetched_at, record=row.record))
    found = {name: said for name in _fields(service) if (said := _told(told, name))}
    last = Revision.objects.filter(service=service).order_by().values("field").annotate(last=Max("pk"))
    for line in Revision.objects.filter(pk__in=last.values("last")).select_related("by"):
        is_held = bool(desk & held.names_of(line.field))
        if line.field not in found or is_held or line.at >= found[line.field].at:
            found[line.field] = FieldSource(line.source, line.at, line.by)
    return found


def _fields(service: Service) -> list[str]:
    return [*sheet.field_names(service.territory), "capacity"]


def _told(told: Mapping[str, FieldSource], field: str) -> FieldSource | None:
    """Under any of the names that feeds and packs give the field; the text of one language also under its bare name."""
    names = (*sorted(held.names_of(field)), sheet.base_of(field))
    return max((told[name] for name in names if name in told), key=lambda one: one.at, default=None)
