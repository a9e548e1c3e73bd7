"""Reads over several tables that only pages need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from maillage.directory.models import (
    Accreditation,
    Activity,
    Attribute,
    DirectoryState,
    Funding,
    ImportRun,
    LiftingResource,
    Location,
    SearchDocument,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceTerm,
    Text,
)
from maillage.directory.search import rooms
from maillage.directory.search.documents import decode_card
from maillage.directory.search.types import Card
from maillage.people.models import Organization
from maillage.territory.models import Territory


def activities(
    territory: Territory,
    *,
    starts_before: datetime,
    until: date,
    terms: Iterable[int] | None = None,
    areas: Iterable[str] | None = None,
    free: bool = False,
    service: int | None = None,
) -> QuerySet[Activity]:
    """Activities of services that anyone may see, that may take place before one moment and on or after `until`."""
    seen = Service.objects.visible().filter(territory=territory)
    which = Q(service__in=seen) if service is None else Q(service=service)
    found = Activity.objects.filter(which, starts_at__lt=starts_before).filter(
        Q(until=None, rrule__gt="") | Q(until__gte=until) | Q(starts_at__date__gte=until)
    )
    if terms is not None:
        found = found.filter(service__in=ServiceTerm.objects.filter(term__in=list(terms)).values("service"))
    if areas is not None:
        there = Location.objects.filter(area__code__in=list(areas), territory=territory)
        found = found.filter(
            Q(location__in=there)
            | Q(location=None, service__in=ServiceAtLocation.objects.filter(location__in=there).values("service"))
            | Q(location=None, service__in=ServiceArea.objects.filter(area__code__in=list(areas)).values("service"))
        )
    if free:
        found = found.filter(service__cost=Service.Cost.FREE)
    return found.order_by("starts_at", "id")


class Timing(NamedTuple):
    """When an activity takes place: all that is needed to put thousands of them in order."""

    pk: int
    uuid: UUID
    starts_at: datetime
    minutes: int
    rrule: str
    until: date | None
    excluded: list[str]
    is_cancelled: bool


def timings(found: QuerySet[Activity]) -> list[Timing]:
    return [Timing(*row) for row in found.values_list(*(("id", *Timing._fields[1:])))]


def with_places(ids: Iterable[int]) -> dict[int, Activity]:
    """Those activities, with their services and places, in one query."""
    return Activity.objects.select_related("service", "location", "location__area").in_bulk(list(ids))


def cards_of(ids: Sequence[int]) -> dict[int, Card]:
    """service id -> its card (at its first place), in one query."""
    rows = SearchDocument.objects.filter(service_id__in=ids).order_by("-id").values_list("service_id", "card")
    return {pk: decode_card(bytes(blob)) for pk, blob in rows}


def live_cards(ids: Sequence[int]) -> dict[int, Card]:
    """service id -> its card as its places stand now; those that anyone may see, in two queries."""
    seen = set(Service.objects.visible().filter(pk__in=ids).values_list("pk", flat=True))
    live = rooms.of(seen)
    return {pk: rooms.said(card, live.get(pk)) for pk, card in cards_of(list(seen)).items()}


def cards_by_uuid(territory: Territory, services: Iterable[UUID]) -> dict[UUID, tuple[Card, ...]]:
    """uuid of a service -> its cards, one for each of its places; those that anyone may see, in two queries."""
    rows = SearchDocument.objects.filter(
        service__in=Service.objects.visible().filter(territory=territory, uuid__in=list(services))
    )
    found: dict[UUID, tuple[Card, ...]] = {}
    blobs = list(rows.order_by("id").values_list("service__uuid", "service", "card"))
    live = rooms.of({service for _uuid, service, _blob in blobs})
    for uuid, service, blob in blobs:
        found[uuid] = (*found.get(uuid, ()), rooms.said(decode_card(bytes(blob)), live.get(service)))
    return found


def shown(territory: Territory, service: UUID) -> int | None:
    """The key of a service that anyone may see."""
    return Service.objects.visible().filter(territory=territory, uuid=service).values_list("pk", flat=True).first()


def lifting_services(territory: Territory, obstacles: Sequence[str], *, limit: int = 12) -> list[LiftingResource]:
    """Services that lift one of these obstacles."""
    return list(
        LiftingResource.objects.filter(
            obstacle__territory=territory,
            obstacle__code__in=obstacles,
            service__in=Service.objects.visible().filter(territory=territory),
        )
        .select_related("service", "obstacle")
        .order_by("obstacle__order", "service__name", "id")[:limit]
    )


def sequence(territory: Territory) -> int:
    """The change number of the directory."""
    return DirectoryState.objects.filter(territory=territory).values_list("sequence", flat=True).first() or 0


def figures(territory: Territory) -> dict[str, Any]:
    """Counts about the whole directory, kept until it changes."""
    return _figures(territory.pk, sequence(territory), territory.loaded_at.isoformat())


@lru_cache(maxsize=8)
def _figures(territory: int, sequence: int, loaded: str) -> dict[str, Any]:
    services = Service.objects.visible().filter(territory_id=territory)
    counted = services.aggregate(
        services=Count("id"),
        fictional=Count("id", filter=Q(is_fictional=True)),
        oldest=Min("confirmed_on"),
        newest=Max("confirmed_on"),
    )
    counted["organizations"] = Organization.objects.filter(territory_id=territory).count()
    counted["languages"] = dict(
        Text.objects.filter(territory_id=territory, kind="service", field="name")
        .values_list("language")
        .annotate(n=Count("id"))
        .order_by("language")
    )
    return counted


def imports(territory: Territory) -> list[ImportRun]:
    return list(ImportRun.objects.filter(territory=territory, ended_at__isnull=False).order_by("-started_at")[:20])


def public_services(territory: Territory, *, limit: int) -> Iterable[tuple[UUID, datetime]]:
    """For the sitemap: what has a page."""
    rows = Service.objects.visible().filter(territory=territory).order_by("uuid")
    return rows.values_list("uuid", "last_modified")[:limit].iterator()


def shown_by_code(territory: Territory, codes: Sequence[str]) -> dict[str, str]:
    """Code in the pack -> identifier, of the services of the pack that anyone may see."""
    if not codes:
        return {}
    prefix = f"pack:{territory.code}--"
    rows = Service.objects.visible().filter(territory=territory, code__in=[prefix + code for code in codes])
    return {code.removeprefix(prefix): str(uuid) for code, uuid in rows.values_list("code", "uuid")}


class Standing(NamedTuple):
    """Who recognises a service, who pays for it, and figures of its source."""

    recognitions: list[Accreditation]
    funding: list[str]
    figures: list[tuple[str, str]]  # code of the indicator and year, value


def standing(territory: Territory, service: int) -> Standing:
    """Three short queries."""
    figures = Attribute.objects.filter(
        territory=territory, kind="service", object_id=service, link_type="indicator"
    ).order_by("id")
    return Standing(
        list(Accreditation.objects.told().filter(service=service).order_by("id")),
        list(Funding.objects.told().filter(service=service).order_by("id").values_list("source", flat=True)),
        list(figures.values_list("label", "value")),
    )
