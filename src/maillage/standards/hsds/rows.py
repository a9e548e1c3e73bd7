"""Everything that hangs on a set of objects, one query a table, grouped by owner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from maillage.directory.models import (
    Accessibility,
    Accreditation,
    Activity,
    Address,
    Attribute,
    Closure,
    Contact,
    CostOption,
    EligibilityRule,
    Funding,
    Language,
    Location,
    Phone,
    Program,
    RequiredDocument,
    Schedule,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceCapacity,
    ServiceTerm,
    TaxonomyTerm,
    Text,
)
from maillage.people.models import Organization, OrganizationIdentifier

Row = dict[str, Any]
Grouped = dict[int, list[Row]]
EMPTY: Grouped = {}


def grouped(rows: Iterable[Any], key: str) -> Grouped:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


class Texts:
    """The texts of objects: (kind, id) -> field -> language -> (value, status)."""

    def __init__(self, wanted: dict[str, Collection[int]]) -> None:
        self._found: dict[tuple[str, int], dict[str, dict[str, tuple[str, str]]]] = {}
        condition = Q()
        for kind, ids in wanted.items():
            if ids:
                condition |= Q(kind=kind, object_id__in=ids)
        if condition:
            rows = Text.objects.filter(condition).order_by("id")
            for kind, key, field, language, value, status in rows.values_list(
                "kind", "object_id", "field", "language", "value", "status"
            ):
                self._found.setdefault((kind, key), {}).setdefault(field, {})[language] = (value, status)

    def of(self, kind: str, key: int) -> dict[str, dict[str, tuple[str, str]]]:
        return self._found.get((kind, key), {})


class Owned:
    """Rows of the tables that an organisation, a service, a location or a placing may own."""

    def __init__(self, owners: dict[str, Collection[int]], tables: Sequence[str]) -> None:
        self._found: dict[tuple[str, str], Grouped] = {}
        for name in tables:
            self._load(name, owners)
        contacts = [
            row["id"]
            for (name, _), found in self._found.items()
            if name == "contacts"
            for rows in found.values()
            for row in rows
        ]
        self.contact_phones = (
            grouped(Phone.objects.filter(contact_id__in=contacts).order_by("id").values(), "contact_id")
            if contacts
            else EMPTY
        )

    def _load(self, name: str, owners: dict[str, Collection[int]]) -> None:
        model = OWNED[name]
        condition = Q()
        for kind, ids in owners.items():
            if ids:
                condition |= Q(**{f"{kind}_id__in": ids})
        if name in WORDLESS:
            rows = list(hushed(model, condition, WORDLESS[name])) if condition else []
        else:
            rows = list(model.objects.told().filter(condition).order_by("id").values()) if condition else []
        for kind, ids in owners.items():
            wanted = set(ids)
            self._found[name, kind] = grouped((row for row in rows if row[f"{kind}_id"] in wanted), f"{kind}_id")

    def of(self, name: str, kind: str, key: int) -> list[Row]:
        return self._found.get((name, kind), EMPTY).get(key, [])


def _columns(model: Any) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


ORGANIZATION = [*_columns(Organization), "parent__uuid"]
OWNED: dict[str, Any] = {
    "phones": Phone,
    "contacts": Contact,
    "schedules": Schedule,
    "languages": Language,
    "funding": Funding,
}
# hours and languages are told of a confidential place too, without the words that were written beside them
WORDLESS: dict[str, tuple[str, ...]] = {"schedules": ("raw", "description"), "languages": ("note",)}
_SERVICE_TABLES: dict[str, Any] = {
    "cost_options": CostOption, "required_documents": RequiredDocument, "capacities": ServiceCapacity, "rules": EligibilityRule,
    "activities": Activity, "accreditations": Accreditation,
}  # fmt: skip


def hushed(model: Any, condition: Q, words: tuple[str, ...]) -> Iterator[Row]:
    """Rows without `words` where they may speak of a confidential place: of one, or of a service that is offered at one."""
    there = ServiceAtLocation.objects.filter(service=OuterRef("service"), location__is_confidential=True)
    marks = ("location__is_confidential", "service_at_location__location__is_confidential", "is_offered_there")
    rows = model.objects.filter(condition).annotate(is_offered_there=Exists(there)).order_by("id")
    for row in rows.values(*_columns(model), *marks):
        hidden = [row.pop(mark) for mark in marks]
        yield row | dict.fromkeys(words, "") if any(hidden) else row


class Bundle:
    """Services with all that belongs to them; `load` says how much of it is wanted."""

    def __init__(self, services: list[Row], *, full: bool, with_placings: bool = True) -> None:
        self.services = services
        ids = [row["id"] for row in services]
        organizations = {row["organization_id"] for row in services if row["organization_id"]}
        self.organizations = {
            row["organization_id"]: row["organization"] for row in services if row.get("organization")
        }
        self.placings: Grouped = EMPTY
        self.locations: dict[int, Row] = {}
        self.programs: dict[int, Row] = {}
        if full:
            self._placings(ids, with_placings)
        self.texts = Texts({"service": ids, "organization": organizations, "location": self.locations})
        if full:
            self._full(ids, organizations)

    def _placings(self, ids: list[int], with_placings: bool) -> None:
        if not with_placings:
            return
        self.placings = grouped(
            ServiceAtLocation.objects.filter(service_id__in=ids).order_by("id").values(), "service_id"
        )
        places = {row["location_id"] for rows in self.placings.values() for row in rows}
        self.locations = {row["id"]: row for row in location_rows(Location.objects.filter(pk__in=places))}

    def _full(self, ids: list[int], organizations: set[int]) -> None:
        sals = [row["id"] for rows in self.placings.values() for row in rows]
        owners: dict[str, Collection[int]] = {
            "service": ids,
            "organization": organizations,
            "location": self.locations,
            "service_at_location": sals,
        }
        self.owned = Owned(owners, tuple(OWNED))
        self.tables = {
            name: grouped(_told(model).filter(service_id__in=ids).order_by("id").values(), "service_id")
            for name, model in _SERVICE_TABLES.items()
        }
        self.areas = grouped(
            ServiceArea.objects.filter(service_id__in=ids).order_by("id").values(
                "id", "uuid", "service_id", "name", "extent", "extent_type", "uri", "area__code", "area__labels"
            ),
            "service_id",
        )  # fmt: skip
        self.terms = grouped(
            ServiceTerm.objects.filter(service_id__in=ids).order_by("id").values("uuid", "service_id", "term_id"),
            "service_id",
        )
        self.places = Places(self.locations)
        self.about = About(organizations)
        programs = {row["program_id"] for row in self.services if row["program_id"]}
        self.programs = (
            {row["id"]: dict(row) for row in Program.objects.filter(pk__in=programs).values()} if programs else {}
        )
        self.attributes = attributes({"service": ids, "organization": organizations, "location": self.locations})
        wanted = {row["term_id"] for rows in self.terms.values() for row in rows}
        wanted |= {row["term_id"] for rows in self.attributes.values() for row in rows if row["term_id"]}
        self.vocabulary = {row["id"]: row for row in term_rows(TaxonomyTerm.objects.filter(pk__in=wanted))}


class Places:
    """What hangs on locations only."""

    def __init__(self, locations: Collection[int]) -> None:
        self.addresses = grouped(
            Address.objects.filter(location_id__in=locations).order_by("id").values(), "location_id"
        )
        self.accessibility = grouped(
            Accessibility.objects.filter(location_id__in=locations).order_by("id").values(), "location_id"
        )


class About:
    """What hangs on organisations only."""

    def __init__(self, organizations: Collection[int]) -> None:
        self.identifiers = grouped(
            OrganizationIdentifier.objects.filter(organization_id__in=organizations).order_by("id").values(),
            "organization_id",
        )
        self.programs = grouped(
            Program.objects.filter(organization_id__in=organizations).order_by("id").values(), "organization_id"
        )


def _told(model: Any) -> Any:
    return Accreditation.objects.told() if model is Accreditation else model.objects.all()


def attributes(owners: dict[str, Collection[int]]) -> dict[tuple[str, int], list[Row]]:
    condition = Q()
    for kind, ids in owners.items():
        if ids:
            condition |= Q(kind=kind, object_id__in=ids)
    found: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in Attribute.objects.filter(condition).order_by("id").values() if condition else ():
        found[row["kind"], row["object_id"]].append(dict(row))
    return found


def organization_rows(queryset: Any) -> list[Row]:
    return list(queryset.values(*ORGANIZATION))


def location_rows(queryset: Any) -> list[Row]:
    return list(queryset.values(*_columns(Location), "area__code", "area__labels", "organization__uuid"))


def service_rows(queryset: Any) -> list[Row]:
    """Services, each with the columns of its organisation under "organization" (None when it has none): two queries."""
    return _while_closed(_parted(queryset, _columns(Service), organization=ORGANIZATION))


def placing_rows(queryset: Any) -> list[Row]:
    """Services at locations, each with the columns of both under "service" and "location": two queries."""
    place = [*_columns(Location), "area__code", "area__labels", "organization__uuid"]
    told = _parted(queryset, _columns(ServiceAtLocation), service=_columns(Service), location=place)
    _while_closed([row["service"] for row in told])
    return told


def _while_closed(services: list[Row]) -> list[Row]:
    """An active service is "temporarily closed" in the words of the standard, as long as a closure holds."""
    now = timezone.now()
    active = [row for row in services if row["status"] == Service.Status.ACTIVE]
    going = Closure.objects.filter(service_id__in={row["id"] for row in active}, starts_at__lte=now)
    closed = set(going.exclude(ends_at__lte=now).values_list("service_id", flat=True))
    for row in active:
        if row["id"] in closed:
            row["status"] = Service.Status.CLOSED.value
    return services


def _parted(queryset: Any, own: list[str], **others: list[str]) -> list[Row]:
    """Rows of one query, with the columns of what they lead to, `id` first, under its name (None when it leads nowhere)."""
    found = []
    for values in queryset.values_list(*own, *(f"{name}__{column}" for name in others for column in others[name])):
        row, start = dict(zip(own, values, strict=False)), len(own)
        for name, columns in others.items():
            inner = zip(columns, values[start : start + len(columns)], strict=True)
            row[name] = dict(inner) if values[start] is not None else None
            start += len(columns)
        found.append(row)
    return found


def term_rows(queryset: Any) -> list[Row]:
    return list(
        queryset.values(
            "id", "uuid", "code", "labels", "descriptions", "synonyms", "parent__uuid", "taxonomy__uuid", "taxonomy__code", "taxonomy__name",
            "taxonomy__description", "taxonomy__uri", "taxonomy__version",
        )
    )  # fmt: skip


class OrganizationBundle:
    """Organisations with all that belongs to them, their locations included; their services apart."""

    def __init__(self, keys: list[int], *, full: bool) -> None:
        locations = location_rows(Location.objects.filter(organization_id__in=keys).order_by("id")) if full else []
        self.located = grouped(locations, "organization_id")
        self.locations = {row["id"]: row for row in locations}
        self.texts = Texts({"organization": keys, "location": self.locations})
        if not full:
            return
        owners: dict[str, Collection[int]] = {"organization": keys, "location": self.locations}
        self.owned = Owned(owners, tuple(OWNED))
        self.places = Places(self.locations)
        self.about = About(keys)
        self.attributes = attributes(owners)
        wanted = {row["term_id"] for rows in self.attributes.values() for row in rows if row["term_id"]}
        self.vocabulary = {row["id"]: row for row in term_rows(TaxonomyTerm.objects.filter(pk__in=wanted))}
        self.terms: Grouped = EMPTY
