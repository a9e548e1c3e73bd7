"""The sheets of many services at once: what `reading.read` says of each, in thirteen queries for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from maillage.directory.models import (
    Accreditation,
    Address,
    Language,
    Phone,
    RequiredDocument,
    Schedule,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceTerm,
    Text,
)
from maillage.directory.sheet.fields import TEXTS, field_names
from maillage.directory.sheet.reading import LINES, LISTS, PLAIN, as_address, hours_of
from maillage.territory.models import Territory

BATCH = 1_000


@dataclass
class _Places:
    """Where the services of a batch are, as far as their sheets depend on it (see `reading.Own`)."""

    only: dict[int, tuple[int, int]] = field(default_factory=dict)  # service -> (placing, location), when it has one
    wheelchair: dict[int, bool | None] = field(default_factory=dict)  # location -> what is known
    confidential: set[int] = field(default_factory=set)
    hiding: set[int] = field(default_factory=set)  # services that are offered at a confidential place
    shared: set[int] = field(default_factory=set)  # locations where several services are
    by_placing: dict[int, int] = field(default_factory=dict)  # placing -> service
    by_location: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def owners(self, row: dict[str, Any], *, usual: bool = False) -> list[int]:
        """The services whose own this row is. `usual`: as hours, for which the place's count even when others share it."""
        found: set[int] = set()
        location = row["location_id"]
        if row["service_id"] is not None and (location is None or location not in self.confidential):
            found.add(row["service_id"])
        if row["service_at_location_id"] in self.by_placing:
            service = self.by_placing[row["service_at_location_id"]]
            if usual or self.only[service][1] not in self.confidential:
                found.add(service)
        if location is not None and (usual or (location not in self.shared and location not in self.confidential)):
            found.update(self.by_location.get(location, ()))
        return sorted(found)


def read_many(territory: Territory, keys: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Key of a service -> its sheet; keys that are no service of this territory are left out."""
    wanted = sorted(set(keys))
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(wanted), BATCH):
        found |= _batch(territory, wanted[start : start + BATCH])
    return found


def _batch(territory: Territory, keys: list[int]) -> dict[int, dict[str, Any]]:
    columns = ("pk", "name", *PLAIN, *LISTS.values())
    rows = Service.objects.filter(territory=territory, pk__in=keys).values(*columns)
    sheets = {row["pk"]: _plain(row) for row in rows}
    names = field_names(territory)
    told = _texts(territory, rows, list(sheets))
    places = _places(list(sheets))
    lists = _lists(list(sheets), places)
    hours = _hours(list(sheets), places)
    addresses = _addresses(places)
    for key, sheet in sheets.items():
        texts = told[key]
        sheet |= {name: texts.get(name, "") for name in names if ":" in name}
        only = places.only.get(key)
        sheet["hours"] = hours.get(key)
        sheet["wheelchair"] = places.wheelchair.get(only[1]) if only else None
        sheet["address"] = addresses.get(only[1]) if only else None
        sheet |= lists[key]
    return sheets


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in PLAIN} | {name: sorted(row[column]) for name, column in LISTS.items()}


def _texts(territory: Territory, services: Iterable[dict[str, Any]], keys: list[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {key: {} for key in keys}
    rows = Text.objects.filter(kind="service", object_id__in=keys, field__in=TEXTS)
    for key, name, language, value in rows.values_list("object_id", "field", "language", "value"):
        found[key][f"{name}:{language}"] = value
    for row in services:
        if not any(name.startswith("name:") for name in found[row["pk"]]):
            found[row["pk"]][f"name:{territory.default_language}"] = row["name"]
    return found


def _places(keys: list[int]) -> _Places:
    places, placed = _Places(), defaultdict(list)
    rows = ServiceAtLocation.objects.filter(service__in=keys).order_by("id")
    columns = ("id", "service_id", "location_id", "location__is_confidential", "location__is_wheelchair_accessible")
    for pk, service, location, is_confidential, wheelchair in rows.values_list(*columns):
        placed[service].append((pk, location))
        places.wheelchair[location] = wheelchair
        if is_confidential:
            places.confidential.add(location)
            places.hiding.add(service)
    places.only = {service: found[0] for service, found in placed.items() if len(found) == 1}
    for service, (placing, location) in places.only.items():
        places.by_placing[placing] = service
        places.by_location[location].append(service)
    there = defaultdict(set)
    others = ServiceAtLocation.objects.filter(location__in=places.by_location.keys())
    for location, service in others.values_list("location_id", "service_id"):
        there[location].add(service)
    places.shared = {location for location, services in there.items() if len(services) > 1}
    return places


def _owned(model: Any, keys: list[int], places: _Places, *columns: str) -> Iterator[dict[str, Any]]:
    """Rows that may be somebody's own, oldest first: of the services, of their only placing, of their only place."""
    wanted = Q(service__in=keys) | Q(service_at_location__in=places.by_placing) | Q(location__in=places.by_location)
    owner = ("service_id", "location_id", "service_at_location_id")
    yield from model.objects.filter(wanted).order_by("id").values("id", *owner, *columns)


def _lists(keys: list[int], places: _Places) -> dict[int, dict[str, Any]]:
    names = ("phones", "languages", "needs", "served", "documents", "accreditations")
    found: dict[int, dict[str, Any]] = {key: {name: [] for name in names} | {"served_words": []} for key in keys}
    for row in _owned(Phone, keys, places, "number", "description"):
        for key in places.owners(row):
            found[key]["phones"].append({"number": row["number"], "description": row["description"]})
    for row in _owned(Language, keys, places, "code"):
        for key in places.owners(row) if row["code"] else ():
            found[key]["languages"].append(row["code"])
    needs = ServiceTerm.objects.filter(service__in=keys, term__taxonomy__code="needs")
    for key, code in needs.values_list("service_id", "term__code"):
        found[key]["needs"].append(code)
    areas = ServiceArea.objects.filter(service__in=keys).order_by("id")
    for key, code, extent, name in areas.values_list("service_id", "area__code", "extent", "name"):
        found[key]["served" if code is not None else "served_words"].append(
            code if code is not None else extent or name
        )
    papers = RequiredDocument.objects.filter(service__in=keys).order_by("id")
    for key, document in papers.values_list("service_id", "document"):
        found[key]["documents"].append(document)
    days = ("valid_from", "valid_to")
    said = ("authority", "scheme", "number", "source", *days)
    for row in Accreditation.objects.told().filter(service__in=keys).order_by("id").values("service_id", *said):
        dates = {day: row[day].isoformat() if row[day] else "" for day in days}
        found[row["service_id"]]["accreditations"].append({name: row[name] for name in said} | dates)
    for one in found.values():
        one |= {name: sorted(set(one[name])) for name in ("needs", "served", "languages")}
        one["documents"] = list(dict.fromkeys(one["documents"]))
        one["served_words"] = "; ".join(filter(None, one["served_words"]))
    return found


def _addresses(places: _Places) -> dict[int, dict[str, Any] | None]:
    """Location -> its address, where it is the only place of a service and not confidential."""
    open_ones = set(places.by_location) - places.confidential
    found: dict[int, dict[str, Any] | None] = {}
    rows = Address.objects.filter(location__in=open_ones).order_by("id")
    for key, latitude, longitude, *lines in rows.values_list(
        "location_id", "location__latitude", "location__longitude", *LINES
    ):
        found.setdefault(key, as_address(lines, latitude, longitude))
    return found


def _hours(keys: list[int], places: _Places) -> dict[int, dict[str, str]]:
    """The usual hours: without dates before dated, the service's before those of its place, which others may share."""
    ranked: dict[int, tuple[tuple[bool, bool, bool], dict[str, str] | None]] = {}
    for row in _owned(Schedule, keys, places, "osm", "raw", "parse", "valid_from", "valid_to"):
        rank = (
            bool(row["valid_from"] or row["valid_to"]), row["service_at_location_id"] is None, row["service_id"] is None,
        )  # fmt: skip
        for key in places.owners(row, usual=True):
            if key not in ranked or rank < ranked[key][0]:
                said = hours_of(row["osm"], row["raw"], row["parse"], is_hidden=key in places.hiding)
                ranked[key] = (rank, said)
    return {key: said for key, (_, said) in ranked.items() if said}
