"""The services of a territory as `methods.duplicates` compares them: a dozen queries, whatever their number.

A confidential location gives nothing: no address, no point, no telephone number of its own. What is not compared cannot be told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from maillage.directory.ingest.held import DESK
from maillage.directory.models import (
    Address,
    FieldProvenance,
    Phone,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceTerm,
    Text,
)
from maillage.methods.duplicates import Entry
from maillage.people.models import Organization, OrganizationIdentifier
from maillage.territory.models import Territory

COMPARED = ("name", "description")
BATCH = 20_000  # rows that the database hands over at a time


def entries(territory: Territory) -> tuple[list[UUID], list[Entry]]:
    """The identities of the services to compare, in order, and what is compared. Merged and defunct ones are left out."""
    compared = Service.objects.filter(territory=territory, merged_into=None).exclude(status=Service.Status.DEFUNCT)
    rows = list(
        compared.order_by("uuid").values_list(
            "id", "uuid", "organization_id", "name", "url", "email", "minimum_age", "maximum_age"
        )
    )
    texts = _texts(territory, "service", COMPARED)
    told = _texts(territory, "organization", ("name",))
    names = dict(Organization.objects.filter(territory=territory).values_list("id", "name"))
    numbers = _numbers(territory)
    places = _places(territory)
    phones = _phones(territory)
    terms, served = _terms(territory), _served(territory)
    sources = _sources(territory)
    default, no_texts = territory.default_language, dict[str, dict[str, str]]()
    found = []
    for pk, _uuid, organization, name, url, email, youngest, oldest in rows:
        said = texts.get(pk, no_texts)
        addresses, points, own = places.get(pk, ((), (), ()))
        found.append(
            Entry(
                names=said.get("name") or {default: name},
                source=sources.get(pk, ""),
                organization=organization or 0,
                organization_names=_organization_names(organization, told, names, default),
                enterprise=numbers.get(organization or 0, ()),
                phones=[*phones["service"].get(pk, ()), *own] or phones["organization"].get(organization or 0, []),
                email=email,
                url=url,
                addresses=addresses,
                points=points,
                terms=terms.get(pk, {}),
                served=served.get(pk, frozenset()),
                ages=(youngest, oldest),
                texts=said.get("description", {}),
            )
        )
    return [row[1] for row in rows], found


def _organization_names(
    pk: int | None, told: Mapping[int, Mapping[str, Mapping[str, str]]], names: Mapping[int, str], default: str
) -> Mapping[str, str]:
    if pk is None:
        return {}
    return told.get(pk, {}).get("name") or {default: names.get(pk, "")}


def _texts(territory: Territory, kind: str, fields: Iterable[str]) -> dict[int, dict[str, dict[str, str]]]:
    """object -> field -> language -> value; translations made from an older text are not evidence."""
    found: dict[int, dict[str, dict[str, str]]] = {}
    same: dict[str, str] = {}  # one string for each distinct text
    rows = Text.objects.filter(territory=territory, kind=kind, field__in=list(fields)).exclude(status=Text.Status.STALE)
    for pk, name, language, value in rows.values_list("object_id", "field", "language", "value").iterator(BATCH):
        found.setdefault(pk, {}).setdefault(name, {})[language] = same.setdefault(value, value)
    return found


def _sources(territory: Territory) -> dict[int, str]:
    """service -> the feed that told it, of those that one feed alone told (what the desk changed is told by the same still)."""
    found: dict[int, str] = {}
    rows = FieldProvenance.objects.filter(kind="service", record__territory=territory).exclude(record__source=DESK)
    for pk, source in rows.values_list("object_id", "record__source").iterator(BATCH):
        found[pk] = source if found.get(pk, source) == source else ""
    return found


def _numbers(territory: Territory) -> dict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    rows = OrganizationIdentifier.objects.filter(organization__territory=territory).exclude(is_valid=False)
    for pk, scheme, number in rows.order_by("id").values_list("organization_id", "scheme", "identifier"):
        found[pk].append(f"{scheme}:{number}")
    return found


Places = dict[int, tuple[list[tuple[str, str]], list[tuple[float, float]], list[str]]]


def _places(territory: Territory) -> Places:
    """service -> (addresses, points, telephone numbers) of its open places."""
    addresses: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    open_ones = Address.objects.filter(location__territory=territory, location__is_confidential=False)
    for pk, street, postal in (
        open_ones.order_by("id").values_list("location_id", "address_1", "postal_code").iterator(BATCH)
    ):
        addresses[pk].append((street, postal))
    phones = _phones(territory)["location"]
    found: Places = {}
    rows = ServiceAtLocation.objects.filter(location__territory=territory, location__is_confidential=False).order_by(
        "id"
    )
    columns = ("service_id", "location_id", "location__latitude", "location__longitude")
    for service, location, latitude, longitude in rows.values_list(*columns).iterator(BATCH):
        streets, points, numbers = found.setdefault(service, ([], [], []))
        streets += addresses.get(location, ())
        numbers += phones.get(location, ())
        if latitude is not None and longitude is not None:
            points.append((latitude, longitude))
    return found


def _phones(territory: Territory) -> dict[str, dict[int, list[str]]]:
    """Whose -> key -> numbers. Those of a confidential place, or of a service at one, are not read."""
    found: dict[str, dict[int, list[str]]] = {}
    queries: tuple[tuple[str, str, Any], ...] = (
        ("service", "service_id", Phone.objects.filter(service__territory=territory)),
        ("organization", "organization_id", Phone.objects.filter(organization__territory=territory)),
        (
            "location",
            "location_id",
            Phone.objects.filter(location__territory=territory, location__is_confidential=False),
        ),
    )
    for whose, column, rows in queries:
        numbers: defaultdict[int, list[str]] = defaultdict(list)
        for pk, number in rows.order_by("id").values_list(column, "number").iterator(BATCH):
            numbers[pk].append(number)
        found[whose] = numbers
    return found


def _terms(territory: Territory) -> dict[int, dict[int, frozenset[int]]]:
    """service -> taxonomy -> its terms."""
    found: defaultdict[int, defaultdict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    rows = ServiceTerm.objects.filter(service__territory=territory)
    for service, taxonomy, term in rows.values_list("service_id", "term__taxonomy_id", "term_id").iterator(BATCH):
        found[service][taxonomy].add(term)
    return {pk: {key: frozenset(terms) for key, terms in some.items()} for pk, some in found.items()}


def _served(territory: Territory) -> dict[int, frozenset[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    rows = ServiceArea.objects.filter(service__territory=territory, area__isnull=False)
    for service, area in rows.values_list("service_id", "area_id").iterator(BATCH):
        found[service].add(area)
    return {pk: frozenset(areas) for pk, areas in found.items()}
