"""What the API and the export give: the objects of a queryset, in its order, basic or full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from django.utils import timezone

from maillage.directory.models import Service
from maillage.standards.hsds import rows
from maillage.standards.hsds.writing import Object, Writer, compact, location_id, moment
from maillage.territory.models import Territory


@lru_cache(maxsize=16)
def region_code(territory: int, pack_hash: str) -> str:
    """The region that an address is given when it names none; kept, because the content of a pack is long."""
    return str(Territory.objects.get(pk=territory).content.get("region_code") or "")


@dataclass(frozen=True)
class Shelf:
    """Objects of one territory, in its default language. `some` is a queryset, a slice of a list at most: what is gone is left out."""

    territory: Territory
    now: datetime

    @classmethod
    def of(cls, territory: Territory) -> Shelf:
        return cls(territory, timezone.now())

    @cached_property
    def writer(self) -> Writer:
        region = region_code(self.territory.pk, self.territory.pack_hash)
        return Writer(self.territory.default_language, self.territory.country, region, self.now)

    def services(self, some: Any, *, full: bool) -> list[Object]:
        bundle = rows.Bundle(rows.service_rows(some), full=full)
        return [self.writer.service(row, bundle, full=full) for row in bundle.services]

    def minimal(self, some: Any) -> list[Object]:
        told = some.values_list("uuid", "last_modified")
        return [{"id": str(uuid), "last_modified": moment(at), "modified_date": moment(at)} for uuid, at in told]

    def placings(self, some: Any, *, full: bool) -> list[Object]:
        """Services at locations: each with its location, and its service without its other locations."""
        if not full:
            told = rows.placing_rows(some)
            services = {row["service_id"]: row["service"] for row in told}
            short = rows.Bundle(list(services.values()), full=False)
            return [self._placing(row, short) for row in told]
        placed: list[rows.Row] = [dict(row) for row in some.values()]
        offered = Service.objects.filter(pk__in={row["service_id"] for row in placed})
        bundle = rows.Bundle(rows.service_rows(offered), full=True)
        services = {row["id"]: row for row in bundle.services}
        return [
            self.writer.placing(row, bundle, service=str(services[row["service_id"]]["uuid"]))
            | {"service": self.writer.service(services[row["service_id"]], bundle, full=True, with_placings=False)}
            for row in placed
            if row["location_id"] in bundle.locations and row["service_id"] in services
        ]

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

    def organizations(self, some: Any, *, full: bool, with_services: bool = False) -> list[Object]:
        told = rows.organization_rows(some)
        keys = [row["id"] for row in told]
        bundle = rows.OrganizationBundle(keys, full=full)
        offered: dict[int, list[Object]] = {}
        if full or with_services:
            services = rows.service_rows(Service.objects.filter(organization_id__in=keys).visible().order_by("id"))
            nested = rows.Bundle(services, full=with_services)
            for row in services:
                one = self.writer.service(row, nested, full=with_services)
                one.pop("organization", None)
                offered.setdefault(row["organization_id"], []).append(one)
        found = []
        for row in told:
            one = self.writer.organization(row, bundle, full=full)
            if full:
                places = [self.writer.location(place, bundle) for place in bundle.located.get(row["id"], ())]
                one |= compact({"locations": places})
            found.append(one | compact({"services": offered.get(row["id"], [])}))
        return found

    def taxonomies(self, some: Any) -> list[Object]:
        return [self.writer.taxonomy(dict(row)) for row in some.values()]

    def terms(self, some: Any) -> list[Object]:
        return [self.writer.term(row) for row in rows.term_rows(some)]
