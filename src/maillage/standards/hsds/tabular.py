"""HSDS packages of tables, 1.1 and 3.x: every row becomes part of an HSDS 3 object, then `reading` takes over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from maillage.directory.ingest import Record, Report, Thing
from maillage.standards.hsds import reading as hsds
from maillage.standards.hsds.reading import Reading
from maillage.standards.hsds.schedules import HOLIDAY
from maillage.standards.reading.files import Member, Tick, rows
from maillage.standards.reading.staging import Row, Staging
from maillage.standards.reading.values import storable

CHUNK = 500
# file (without .csv) -> our name. What HSDS 1.1 and 3.x call differently comes together here.
TABLES = {
    "organizations": "organizations", "organization": "organizations", "services": "services", "service": "services",
    "locations": "locations", "location": "locations", "services_at_location": "service_at_locations",
    "service_at_locations": "service_at_locations", "service_at_location": "service_at_locations", "phones": "phones", "phone": "phones",
    "contacts": "contacts", "contact": "contacts", "regular_schedules": "schedules", "schedules": "schedules", "schedule": "schedules",
    "holiday_schedules": "holidays", "holiday_schedule": "holidays",
    "languages": "languages", "language": "languages", "eligibility": "eligibility", "physical_addresses": "addresses",
    "postal_addresses": "postal_addresses", "addresses": "addresses", "address": "addresses",
    "accessibility_for_disabilities": "accessibility", "accessibility": "accessibility", "services_taxonomy": "service_terms",
    "service_taxonomy": "service_terms", "taxonomy": "taxonomy_terms", "taxonomy_terms": "taxonomy_terms",
    "taxonomy_term": "taxonomy_terms", "taxonomies": "taxonomies", "attributes": "attributes", "attribute": "attributes",
    "service_areas": "service_areas", "service_area": "service_areas", "required_documents": "required_documents",
    "required_document": "required_documents", "payments_accepted": "payments", "funding": "funding", "programs": "programs",
    "program": "programs", "cost_options": "cost_options", "cost_option": "cost_options",
    "organization_identifiers": "organization_identifiers", "organization_identifier": "organization_identifiers",
    "service_capacities": "capacities", "service_capacity": "capacities", "urls": "urls",
}  # fmt: skip
ROOTS = ("organizations", "locations", "services")
# Who owns a row, most precise first. "contact_id" alone: the phone of a contact.
OWNERS: dict[str, tuple[str, ...]] = {
    "service_at_locations": ("service_id",), "phones": ("contact_id", "service_id", "service_at_location_id", "location_id", "organization_id"),
    "contacts": ("service_id", "service_at_location_id", "location_id", "organization_id"),
    "schedules": ("service_at_location_id", "service_id", "location_id"),
    "holidays": ("service_at_location_id", "service_id", "location_id"), "languages": ("service_id", "location_id"),
    "eligibility": ("service_id",), "addresses": ("location_id",), "postal_addresses": ("location_id",), "accessibility": ("location_id",),
    "service_terms": ("service_id",), "attributes": ("link_id",), "service_areas": ("service_id",), "required_documents": ("service_id",),
    "payments": ("service_id",), "funding": ("service_id", "organization_id"), "programs": ("organization_id",),
    "cost_options": ("service_id",), "organization_identifiers": ("organization_id",), "capacities": ("service_id",),
    "urls": ("service_id", "organization_id"),
}  # fmt: skip
_OF = {
    "service_id": "services",
    "location_id": "locations",
    "organization_id": "organizations",
    "service_at_location_id": "sal",
    "contact_id": "contact",
}
CHILDREN: dict[str, tuple[str, ...]] = {
    "organizations": ("phones", "contacts", "funding", "programs", "organization_identifiers", "attributes", "urls"),
    "locations": ("phones", "contacts", "schedules", "holidays", "languages", "addresses", "postal_addresses", "accessibility", "attributes"),
    "services": (
        "phones", "contacts", "schedules", "holidays", "languages", "funding", "eligibility", "service_terms", "attributes", "service_areas",
        "required_documents", "payments", "cost_options", "capacities", "service_at_locations", "urls",
    ),
}  # fmt: skip
RENAMED = {
    "addresses": {}, "accessibility": {"accessibility": "description"}, "languages": {"language": "name"},
    "service_areas": {"service_area": "name"},
}  # fmt: skip


def stage(staging: Staging, members: list[Member], report: Report, tick: Tick) -> None:
    """Lay every known table in the staging file; count and remark on the way."""
    for member in members:
        name = TABLES.get(member.name.lower().removesuffix(".csv"))
        if name is None or not member.name.lower().endswith(".csv"):
            continue
        if name in ROOTS or name in ("taxonomies", "taxonomy_terms"):
            staging.add(name, _roots(member, name, report, tick))
        else:
            staging.add(name, _owned(member, name, report, tick))
    staging.ready()


def _roots(member: Member, name: str, report: Report, tick: Tick) -> Iterator[tuple[str, int, dict[str, str]]]:
    for line, row in rows(member, name, report, tick):
        identifier = row.get("id", "").strip()
        if identifier:
            yield identifier[:200], line, row | {"_file": member.name}
        else:
            report.fill(name, row)
            report.remark("id-missing", "id", " | ".join(row.values()), rejected=True)


def _owned(member: Member, name: str, report: Report, tick: Tick) -> Iterator[tuple[str, int, dict[str, str]]]:
    """The rows of a child table, under "services 12". A row without an owner is left out, with a remark."""
    for line, row in rows(member, name, report, tick):
        report.fill(name, row)
        owner = ""
        if name == "attributes":
            owner = f"{row.get('link_entity', '').strip().lower()}s {row.get('link_id', '').strip()}"
        else:
            for column in OWNERS[name]:
                if found := row.get(column, "").strip():
                    owner = f"{_OF[column]} {found[:200]}"
                    break
        if not owner or owner.endswith(" "):
            report.remark("owner-missing", OWNERS[name][0], " | ".join(filter(None, row.values())), rejected=True)
        else:
            report.count(name, "attached")
            yield owner, line, row


class Package:
    """The records of a staged package: organisations, then locations, then services with all that belongs to them."""

    def __init__(self, staging: Staging, reading: Reading, report: Report) -> None:
        self.staging, self.reading, self.report = staging, reading, report
        self.terms = {owner: row for chunk in staging.chunks("taxonomy_terms", 2_000) for owner, _, row in chunk}
        self.taxonomies = {owner: row for chunk in staging.chunks("taxonomies", 2_000) for owner, _, row in chunk}

    @property
    def total(self) -> int:
        return sum(self.staging.count(name) for name in ROOTS)

    def records(self) -> Iterator[Record]:
        makers: dict[str, tuple[str, Callable[..., list[Thing]]]] = {
            "organizations": ("organization", hsds.organization), "locations": ("location", hsds.location), "services": ("service", hsds.service),
        }  # fmt: skip
        self._orphans()
        for name, (entity, maker) in makers.items():
            for chunk in self.staging.chunks(name, CHUNK):
                children = self._children(name, [owner for owner, _, _ in chunk])
                for owner, line, row in chunk:
                    file = row.pop("_file", f"{name}.csv")
                    self.report.at(entity, f"{file} {line}")
                    self.report.fill(entity, row)
                    payload = {name: row} | {
                        child: [r for _, r in found[owner]] for child, found in children.items() if owner in found
                    }
                    make = partial(self._things, name, maker, payload, children.get("_placed", {}).get(owner, []))
                    yield Record(entity, owner, storable(payload), f"{file} {line}", make)

    def _orphans(self) -> None:
        """Rows of records that the package does not have."""
        known = {f"{name} {owner}" for name in ROOTS for owner in self.staging.owners(name)}
        for name in OWNERS:
            missing = [o for o in self.staging.owners(name) if o.split(" ")[0] in ROOTS and o not in known]
            for owner, found in self.staging.of(name, missing).items():
                for line, _row in found:
                    self.report.at(name, f"{name} {line}")
                    self.report.count(name, "attached", -1)
                    self.report.remark("owner-unknown", OWNERS[name][0], owner.split(" ", 1)[1], rejected=True)

    def _children(self, name: str, owners: list[str]) -> dict[str, dict[str, list[Row]]]:
        """Child table -> id of the record -> its rows."""
        result = {}
        for child in CHILDREN[name]:
            found = self.staging.of(child, [f"{name} {owner}" for owner in owners])
            result[child] = {owner.split(" ", 1)[1]: rows for owner, rows in found.items()}
        if name == "services":
            result["_placed"] = result["service_at_locations"]
            self._beneath(result)
        return {child: found for child, found in result.items() if found}

    def _beneath(self, result: dict[str, dict[str, list[Row]]]) -> None:
        """Phones, contacts and schedules of a service at a location go into its row."""
        keys = [
            f"sal {row.get('id', '')}"
            for found in result["service_at_locations"].values()
            for _, row in found
            if row.get("id")
        ]
        for child in ("phones", "contacts", "schedules", "holidays"):
            found = self.staging.of(child, keys)
            for placed in result["service_at_locations"].values() if found else ():
                for _, row in placed:
                    if below := found.get(f"sal {row.get('id', '')}"):
                        self._attach(row, child, [r for _, r in below])

    def _things(
        self, name: str, maker: Callable[..., list[Thing]], payload: dict[str, Any], placed: list[Row], report: Report
    ) -> list[Thing]:
        data: dict[str, Any] = dict(payload[name])
        for child in CHILDREN[name]:
            if child in payload:
                self._attach(data, child, payload[child])
        return maker(data, report, self.reading)

    def _attach(self, data: dict[str, Any], child: str, found: list[dict[str, Any]]) -> None:
        """Put the rows of a child table where HSDS 3 has them."""
        renamed = RENAMED.get(child, {})
        items = [{renamed.get(key, key): value for key, value in row.items()} for row in found] if renamed else found
        if child == "eligibility":
            texts = [text for row in found if (text := row.get("eligibility", "").strip())]
            data["eligibility_description"] = "\n\n".join(
                filter(None, [data.get("eligibility_description", ""), *texts])
            )
        elif child == "service_terms":
            terms = [self._term(row.get("taxonomy_id", "").strip(), row) for row in found]
            data.setdefault("attributes", []).extend({"id": "", "taxonomy_term": term} for term in terms if term)
        elif child == "attributes":
            for row in found:
                term = self._term(row.get("taxonomy_term_id", "").strip(), {})
                data.setdefault("attributes", []).append(row | ({"taxonomy_term": term} if term else {}))
        elif child == "holidays":
            data.setdefault("schedules", []).extend(row | {HOLIDAY: "yes"} for row in found)
        elif child == "postal_addresses":
            data.setdefault("addresses", []).extend(row | {"address_type": "postal"} for row in found)
        elif child == "payments":
            data.setdefault("cost_options", []).extend({"option": row.get("payment", "")} for row in found)
        elif child == "urls":
            data["additional_urls"] = items
        elif child == "capacities":
            data[child] = [row | {"unit": {"name": row.get("unit") or row.get("unit_id", "")}} for row in items]
        else:
            data.setdefault(child, []).extend(items)

    def _term(self, identifier: str, link: dict[str, str]) -> dict[str, Any] | None:
        """The term as HSDS 3 nests it; by its code alone when the package leaves its taxonomy out."""
        if not identifier:
            return None
        row = self.terms.get(identifier, {})
        scheme = row.get("taxonomy_id", "") or row.get("vocabulary", "")
        detail = self.taxonomies.get(
            scheme, {"name": row.get("vocabulary", "") or row.get("taxonomy", ""), "id": scheme}
        )
        named = {k: v for k, v in row.items() if k != "_file"}
        return (
            {"id": identifier, "code": row.get("code") or identifier, "name": row.get("name", "")}
            | named
            | {"taxonomy_detail": detail}
        )
