"""The rows that hang on a thing, written in bulk: deleted and written anew for a thing that has changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from django.db import models
from django.utils import timezone

from maillage.directory.ingest import bulk
from maillage.directory.ingest.records import Child
from maillage.directory.models import (
    Accessibility,
    Activity,
    Address,
    Contact,
    CostOption,
    EligibilityRule,
    Funding,
    Language,
    Phone,
    Program,
    RequiredDocument,
    Schedule,
    ServiceCapacity,
)
from maillage.people.models import OrganizationIdentifier


@dataclass(frozen=True)
class Table:
    model: Any
    columns: dict[str, Any]  # column -> default (a callable is called)
    owners: tuple[str, ...]  # kinds of things that may own a row
    has_uuid: bool = True


_ANY = ("organization", "service", "location", "service_at_location")
TABLES: dict[str, Table] = {
    "phones": Table(Phone, {"number": "", "extension": "", "type": "", "description": "", "contact_id": None}, _ANY),
    "languages": Table(Language, {"code": "", "name": "", "note": "", "level": ""}, _ANY),
    "schedules": Table(
        Schedule, {"osm": "", "raw": "", "parse": "parsed", "valid_from": None, "valid_to": None, "description": ""}, _ANY
    ),
    "funding": Table(Funding, {"source": ""}, _ANY),
    "addresses": Table(
        Address,
        dict.fromkeys(
            ("attention", "address_1", "address_2", "city", "region", "state_province", "postal_code", "country"), ""
        ) | {"address_type": "physical"},
        ("location",),
    ),
    "accessibility": Table(Accessibility, {"description": "", "details": "", "url": ""}, ("location",)),
    "cost_options": Table(
        CostOption,
        {"valid_from": None, "valid_to": None, "option": "", "currency": "", "amount_cents": None, "amount_description": ""},
        ("service",),
    ),
    "required_documents": Table(RequiredDocument, {"document": "", "uri": ""}, ("service",)),
    "capacities": Table(
        ServiceCapacity,
        {"unit": "", "available": None, "maximum": None, "status": "", "population": "", "description": "",
         "updated_at": timezone.now, "expires_at": None, "is_derived": False},
        ("service",),
    ),
    "rules": Table(
        EligibilityRule,
        {"criterion": "", "op": "", "value": None, "effect": "require", "source_text": "", "checked_on": None},
        ("service",), has_uuid=False,
    ),
    "activities": Table(
        Activity,
        {"starts_at": None, "minutes": 0, "rrule": "", "until": None, "excluded": [], "is_cancelled": False},
        ("service",),
    ),
    "identifiers": Table(OrganizationIdentifier, {"scheme": "", "identifier": "", "is_valid": None}, ("organization",), has_uuid=False),
    "programs": Table(Program, {"name": "", "description": ""}, ("organization",)),
    "contacts": Table(Contact, {"name": "", "title": "", "department": "", "email": ""}, _ANY),
}  # fmt: skip


@dataclass(slots=True)
class Owned:
    """A row to write: its table, the kind and key of its owner, the owner's UUID (from which its own derives)."""

    table: str
    kind: str
    owner: int
    owner_uuid: UUID
    child: Child
    number: int


def delete(kind: str, owners: Iterable[int], names: Iterable[str]) -> None:
    """Every row of these tables that these things own."""
    ids = list(owners)
    for name in names if ids else ():
        table = TABLES.get(name)
        if table and kind in table.owners:
            rows = table.model.objects.filter(**{f"{kind}_id__in": ids})
            if table.model is ServiceCapacity:
                rows = rows.filter(is_derived=False)  # what is counted from places is nobody's to say
            rows.delete()


def write(rows: list[Owned]) -> int:
    """Write the rows; returns how many had a UUID that something else has (they get another, derived one)."""
    by_table: defaultdict[str, list[Owned]] = defaultdict(list)
    for row in rows:
        by_table[row.table].append(row)
    taken = 0
    for name in by_table:
        taken += _write(TABLES[name], by_table[name])
    return taken + _contact_phones(by_table.get("contacts", []))


def _write(table: Table, rows: list[Owned]) -> int:
    taken = _identify(table.model, rows) if table.has_uuid else 0
    owner_columns = [f"{kind}_id" for kind in table.owners]
    names = list(table.columns)
    columns = [*(["uuid"] if table.has_uuid else []), *owner_columns, *names]
    lines = []
    for row in rows:
        line: list[Any] = [row.child.uuid] if table.has_uuid else []
        line += [row.owner if row.kind == kind else None for kind in table.owners]
        values = row.child.values
        for name in names:
            default = table.columns[name]
            line.append(values[name] if name in values else default() if callable(default) else default)
        lines.append(line)
    bulk.insert(table.model, columns, lines)
    return taken


def _identify(model: type[models.Model], rows: list[Owned]) -> int:
    """Give every row a UUID that is its own: the given one when it is free, else one derived from its owner and number."""
    given = {row.child.uuid for row in rows if row.child.uuid}
    used = set(model._default_manager.filter(uuid__in=given).values_list("uuid", flat=True)) if given else set()
    taken = 0
    for row in rows:
        child = row.child
        if child.uuid is None or child.uuid in used:
            taken += child.uuid is not None
            child.uuid = uuid5(row.owner_uuid, f"{row.table}\n{row.number}\n{child.uuid or ''}")
        used.add(child.uuid)
    return taken


def _contact_phones(contacts: list[Owned]) -> int:
    phones = [(row, phone) for row in contacts for phone in row.child.phones]
    if not phones:
        return 0
    ids = dict(Contact.objects.filter(uuid__in={row.child.uuid for row, _ in phones}).values_list("uuid", "id"))
    rows = []
    for number, (row, phone) in enumerate(phones):
        assert row.child.uuid is not None
        phone.values["contact_id"] = ids[row.child.uuid]
        rows.append(Owned("phones", "contact", ids[row.child.uuid], row.child.uuid, phone, number))
    return _write(TABLES["phones"], rows)
