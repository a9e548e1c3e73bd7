"""What the API and the export give: objects by their keys, basic or full, some at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from django.utils import timezone

from maillage.directory.models import Service, ServiceAtLocation, Taxonomy, TaxonomyTerm
from maillage.people.models import Organization
from maillage.standards.hsds import rows
from maillage.standards.hsds.writing import Object, Writer, compact, location_id, moment
from maillage.territory.models import Territory


@lru_cache(maxsize=16)
def region_code(territory: int, pack_hash: str) -> str:
    """The region that an address is given when it names none; kept, because the content of a pack is long."""
    return str(Territory.objects.get(pk=territory).content.get("region_code") or "")


@dataclass(frozen=True)
class Shelf:
    """Objects of one territory, in its default language. Keys come in the order wanted; what is gone meanwhile is left out."""

    territory: Territory
    now: datetime

    @classmethod
    def of(cls, territory: Territory) -> Shelf:
        return cls(territory, timezone.now())

    @cached_property
    def writer(self) -> Writer:
        region = region_code(self.territory.pk, self.territory.pack_hash)
        return Writer(self.territory.default_language, self.territory.country, region, self.now)

    def services(self, keys: list[int], *, full: bool) -> list[Object]:
        bundle = rows.Bundle(rows.service_rows(Service.objects.filter(pk__in=keys)), full=full)
        found = {row["id"]: self.writer.service(row, bundle, full=full) for row in bundle.services}
        return ordered(found, keys)

    def minimal(self, keys: list[int]) -> list[Object]:
        told = {
            pk: {"id": str(uuid), "last_modified": moment(at), "modified_date": moment(at)}
            for pk, uuid, at in Service.objects.filter(pk__in=keys).values_list("id", "uuid", "last_modified")
        }
        return ordered(told, keys)

    def placings(self, keys: list[int], *, full: bool) -> list[Object]:
        """Services at locations: each with its location, and its service without its other locations."""
        if not full:
            told = rows.placing_rows(ServiceAtLocation.objects.filter(pk__in=keys))
            services = {row["service_id"]: row["service"] for row in told}
            short = rows.Bundle(list(services.values()), full=False)
            return ordered({row["id"]: self._placing(row, short) for row in told}, keys)
        placed: list[rows.Row] = [dict(row) for row in ServiceAtLocation.objects.filter(pk__in=keys).values()]
        offered = Service.objects.filter(pk__in={row["service_id"] for row in placed})
        bundle = rows.Bundle(rows.service_rows(offered), full=True)
        services = {row["id"]: row for row in bundle.services}
        found = {
            row["id"]: self.writer.placing(row, bundle, service=str(services[row["service_id"]]["uuid"]))
            | {"service": self.writer.service(services[row["service_id"]], bundle, full=True, with_placings=False)}
            for row in placed
            if row["location_id"] in bundle.locations and row["service_id"] in services
        }
        return ordered(found, keys)

    def _placing(self, row: rows.Row, bundle: rows.Bundle) -> Object:
        """What is one to one: the service and the location, without what hangs on them."""
        place = row["location"]
        hidden = place["is_confidential"]
        location: Object = {"id": location_id(place), "location_type": place["location_type"]}
        if hidden:
            location["name"] = self.writer.area_name(place)
        else:
            names = (
                "name",
                "url",
                "transportation",
                "latitude",
                "longitude",
                "external_identifier",
                "external_identifier_type",
            )
            location |= {name: place[name] for name in names}
        service = self.writer.service(row["service"], bundle, full=False)
        return compact({
            "id": str(row["uuid"]), "service_id": service["id"], "location_id": location["id"],
            "description": "" if hidden else row["description"], "location": compact(location), "service": service,
        })  # fmt: skip

    def organizations(self, keys: list[int], *, full: bool, with_services: bool = False) -> list[Object]:
        told = rows.organization_rows(Organization.objects.filter(pk__in=keys))
        bundle = rows.OrganizationBundle([row["id"] for row in told], full=full)
        offered: dict[int, list[Object]] = {}
        if full or with_services:
            services = rows.service_rows(Service.objects.filter(organization_id__in=keys).visible().order_by("id"))
            nested = rows.Bundle(services, full=with_services)
            for row in services:
                one = self.writer.service(row, nested, full=with_services)
                one.pop("organization", None)
                offered.setdefault(row["organization_id"], []).append(one)
        found = {}
        for row in told:
            found[row["id"]] = self.writer.organization(row, bundle, full=full)
            if full:
                places = [self.writer.location(place, bundle) for place in bundle.located.get(row["id"], ())]
                found[row["id"]] |= compact({"locations": places})
            found[row["id"]] |= compact({"services": offered.get(row["id"], [])})
        return ordered(found, keys)

    def taxonomies(self, keys: list[int]) -> list[Object]:
        return ordered(
            {row["id"]: self.writer.taxonomy(dict(row)) for row in Taxonomy.objects.filter(pk__in=keys).values()}, keys
        )

    def terms(self, keys: list[int]) -> list[Object]:
        return ordered(
            {row["id"]: self.writer.term(row) for row in rows.term_rows(TaxonomyTerm.objects.filter(pk__in=keys))}, keys
        )


def ordered(found: dict[int, Any], keys: Iterable[int]) -> list[Any]:
    return [found[key] for key in keys if key in found]
