"""The parameters of the five collections, all cumulative (AND), as querysets."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from math import asin, cos, radians, sin, sqrt
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import BeforeValidator, Field

from maillage.directory.models import (
    Address,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceTerm,
    Taxonomy,
    TaxonomyTerm,
    Text,
)
from maillage.directory.search.text import matching_ids
from maillage.people.models import Organization
from maillage.standards.reading.languages import folded
from maillage.territory.models import Area, Territory

MOST_PER_PAGE = 1_000
EARTH = 6_371_008.8  # metres, mean radius (IUGG)


class Refusal(Exception):
    """A parameter that cannot be answered; the sentence says why."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


def _none(value: Any) -> Any:
    """Nothing, for an empty text; a NUL, which no database compares with, is read as a space."""
    if isinstance(value, str):
        value = value.replace("\x00", " ")
    return None if isinstance(value, str) and not value.strip() else value


Maybe = BeforeValidator(_none)  # "?search=" asks nothing


class Paged(Schema):
    search: Annotated[str | None, Maybe] = Field(None, max_length=1_000, description="Words to look for.")
    page: Annotated[int | None, Maybe] = Field(None, ge=1, le=10**12, description="Number of the page, from 1.")
    per_page: Annotated[int | None, Maybe] = Field(
        None, ge=1, le=MOST_PER_PAGE, description="Objects on a page (50 unless told)."
    )
    format: Annotated[Literal["json", "ndjson"] | None, Maybe] = Field(
        None, description="`ndjson`: everything as a stream, one object a line."
    )


class ByTerm(Paged):
    taxonomy_term_id: Annotated[UUID | None, Maybe] = Field(None, description="Has this category.")
    taxonomy_id: Annotated[UUID | None, Maybe] = Field(None, description="Has a category of this taxonomy.")


class ServiceFilters(ByTerm):
    organization_id: Annotated[UUID | None, Maybe] = Field(None, description="Offered by this organisation.")
    modified_after: Annotated[datetime | None, Maybe] = Field(
        None, description="Modified at or after this moment (ISO 8601)."
    )
    minimal: Annotated[bool | None, Maybe] = Field(None, description="Only `id` and `last_modified`, all on one page.")
    full: Annotated[bool | None, Maybe] = Field(None, description="Everything, nested.")


class PlacingFilters(ByTerm):
    organization_id: Annotated[UUID | None, Maybe] = Field(None, description="Offered by this organisation.")
    modified_after: Annotated[datetime | None, Maybe] = Field(
        None, description="The service was modified at or after this moment."
    )
    full: Annotated[bool | None, Maybe] = Field(None, description="Everything, nested.")
    postcode: Annotated[str | None, Maybe] = Field(
        None, max_length=20, description="Serves this postal code, as far as anyone knows."
    )
    proximity: Annotated[int | None, Maybe] = Field(
        None, ge=0, le=30_000_000, description="Metres from the centre of `postcode`."
    )


class OrganizationFilters(ByTerm):
    full: Annotated[bool | None, Maybe] = Field(None, description="Everything, nested.")
    full_service: Annotated[bool | None, Maybe] = Field(None, description="The services too, with everything.")


class TermFilters(Paged):
    taxonomy_id: Annotated[UUID | None, Maybe] = Field(None, description="Of this taxonomy.")
    top_only: Annotated[bool | None, Maybe] = Field(None, description="Only those without a parent.")
    parent_id: Annotated[UUID | None, Maybe] = Field(None, description="Right below this one.")


def services(territory: Territory, told: Iterable[ServiceFilters | PlacingFilters]) -> QuerySet[Service]:
    queryset: QuerySet[Service] = Service.objects.filter(territory=territory).visible()
    for f in told:
        queryset = _by_term(queryset, f, "pk")
        if f.organization_id:
            queryset = queryset.filter(organization__uuid=f.organization_id)
        if f.modified_after:
            queryset = queryset.filter(last_modified__gte=aware(f.modified_after))
        if f.search:
            queryset = queryset.filter(
                pk__in=among(matching_ids(territory, f.search, territory.default_language).tolist())
            )
    return queryset


def _by_term(queryset: Any, f: ByTerm, service: str) -> Any:
    links = ServiceTerm.objects.filter(service=OuterRef(service))
    if f.taxonomy_term_id:
        queryset = queryset.filter(Exists(links.filter(term__uuid=f.taxonomy_term_id)))
    if f.taxonomy_id:
        queryset = queryset.filter(Exists(links.filter(term__taxonomy__uuid=f.taxonomy_id)))
    return queryset


def placings(territory: Territory, told: Iterable[PlacingFilters]) -> QuerySet[ServiceAtLocation]:
    told = list(told)
    queryset = ServiceAtLocation.objects.filter(service__in=services(territory, told))
    for f in told:
        if f.proximity is not None and not f.postcode:
            raise Refusal("proximity", _("Say from which postal code: proximity needs postcode."))
        if f.postcode and f.proximity is not None:
            queryset = queryset.filter(pk__in=among(_near(queryset, territory, f.postcode.strip(), f.proximity)))
        elif f.postcode:
            queryset = queryset.filter(_serves(territory, f.postcode.strip()))
    return queryset


def _near(queryset: QuerySet[ServiceAtLocation], territory: Territory, postcode: str, metres: int) -> list[int]:
    """Placings within the distance. A confidential place has no distance: it is not among them."""
    centre = centre_of(territory, postcode)
    if centre is None:
        raise Refusal("postcode", _("Nobody here knows where the postal code %(code)s is.") % {"code": postcode})
    latitude, longitude = centre
    span = metres / 111_000 + 0.001
    rows = queryset.filter(
        location__is_confidential=False, location__latitude__range=(latitude - span, latitude + span), location__longitude__isnull=False
    ).values_list("id", "location__latitude", "location__longitude")  # fmt: skip
    return [
        pk
        for pk, lat, lon in rows
        if lat is not None and lon is not None and distance(latitude, longitude, lat, lon) <= metres
    ]


def centre_of(territory: Territory, postcode: str) -> tuple[float, float] | None:
    """The middle of the areas with this postal code; else of the open places that have it in their address."""
    points: list[tuple[float | None, float | None]] = [
        (area.latitude, area.longitude)
        for area in Area.objects.filter(territory=territory).defer("boundary")
        if postcode in map(str, area.postal_codes) and area.latitude is not None
    ]
    if not points:
        points = list(
            Address.objects.filter(
                location__territory=territory, postal_code=postcode, location__is_confidential=False, location__latitude__isnull=False
            ).values_list("location__latitude", "location__longitude")[:2_000]
        )  # fmt: skip
    known = [(lat, lon) for lat, lon in points if lat is not None and lon is not None]
    return (sum(p[0] for p in known) / len(known), sum(p[1] for p in known) / len(known)) if known else None


def distance(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Metres along the great circle (haversine)."""
    rise, run = radians(other_latitude - latitude), radians(other_longitude - longitude)
    h = sin(rise / 2) ** 2 + cos(radians(latitude)) * cos(radians(other_latitude)) * sin(run / 2) ** 2
    return 2 * EARTH * asin(min(1.0, sqrt(h)))


def _serves(territory: Territory, postcode: str) -> Q:
    """Serves an area with this postal code, or one around it; or nobody said which area it serves."""
    areas = {area.pk: area for area in Area.objects.filter(territory=territory).defer("boundary")}
    around: set[int] = set()
    for area in areas.values():
        if postcode in map(str, area.postal_codes):
            here: Area | None = area
            while here is not None and here.pk not in around:
                around.add(here.pk)
                here = areas.get(here.parent_id or 0)
    served = ServiceArea.objects.filter(service=OuterRef("service"))
    return Q(Exists(served.filter(Q(area__in=around) | Q(area=None)))) | ~Q(Exists(served))


def organizations(territory: Territory, told: Iterable[OrganizationFilters]) -> QuerySet[Organization]:
    queryset = Organization.objects.filter(territory=territory)
    for f in told:
        if f.taxonomy_term_id or f.taxonomy_id:
            offers = _by_term(Service.objects.filter(territory=territory).visible(), f, "pk")
            queryset = queryset.filter(pk__in=offers.values("organization_id"))
        for word in (f.search or "").split()[:10]:
            texts = Text.objects.filter(kind="organization", object_id=OuterRef("pk"), value__icontains=word)
            queryset = queryset.filter(Q(name__icontains=word) | Exists(texts))
    return queryset


def taxonomies(territory: Territory, told: Iterable[Paged]) -> QuerySet[Taxonomy]:
    queryset = Taxonomy.objects.filter(territory=territory)
    for f in told:
        if f.search:
            queryset = queryset.filter(
                Q(name__icontains=f.search) | Q(description__icontains=f.search) | Q(code__icontains=f.search)
            )
    return queryset


def terms(territory: Territory, told: Iterable[TermFilters]) -> QuerySet[TaxonomyTerm]:
    queryset = TaxonomyTerm.objects.filter(taxonomy__territory=territory)
    for f in told:
        if f.taxonomy_id:
            queryset = queryset.filter(taxonomy__uuid=f.taxonomy_id)
        if f.top_only:
            queryset = queryset.filter(parent=None)
        if f.parent_id:
            queryset = queryset.filter(parent__uuid=f.parent_id)
        if f.search:
            queryset = queryset.filter(pk__in=among(_terms_named(queryset, f.search)))
    return queryset


def _terms_named(queryset: QuerySet[TaxonomyTerm], search: str) -> list[int]:
    """Terms whose names in any language hold every word; a few thousand rows, compared here so that accents count on no database."""
    words = folded(search).split()
    rows = queryset.values_list("id", "code", "labels", "synonyms")
    return [
        pk
        for pk, code, labels, synonyms in rows
        for text in [folded(" ".join([code, *labels.values(), *(w for found in synonyms.values() for w in found)]))]
        if all(word in text for word in words)
    ]


def among(keys: list[int]) -> RawSQL:
    """A set of primary keys as one parameter, however many there are."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [keys])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(keys)])


def aware(moment: datetime) -> datetime:
    """In UTC, which it is when it names no zone: PostgreSQL refuses zones of more than sixteen hours. The ends of time are its own."""
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return known.astimezone(UTC)
    except OverflowError:
        return known.replace(tzinfo=UTC)
