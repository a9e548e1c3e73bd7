"""Rows as HSDS 3.1 objects. Pure: rows in, plain dictionaries out. What HSDS has no word for goes into our own property.

A confidential place has neither coordinates nor address nor name here, in no form: its area, and the attribute that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

from maillage.directory.ingest import public_uuid
from maillage.standards.hsds import schedules
from maillage.standards.hsds.rows import Bundle, Row
from maillage.standards.hsds.words import (
    KEPT,
    LOCATION_TEXTS,
    ORGANIZATION_KEPT,
    ORGANIZATION_TEXTS,
    PROFILE,
    SERVICE_KEPT,
    SERVICE_TEXTS,
)
from maillage.territory.models import label_in

Object = dict[str, Any]
Told = Mapping[str, Mapping[str, tuple[str, str]]]  # field -> language -> (value, status)
ORIGINAL = "original"
UNKNOWN: tuple[Any, ...] = (None, "", [], {})
UNIT = UUID("5d0b3b0e-5f1c-5d53-9a53-6d61696c6c61")


@dataclass(frozen=True)
class Writer:
    """`language`: the one in which a text is given, when it exists. `now`: after which a capacity that expired is not told as current."""

    language: str
    country: str
    region: str
    now: datetime

    # --- texts ------------------------------------------------------------------------------------------------------------------------

    def _texts(self, told: Told, names: Iterable[str], own: Object) -> Object:
        """The fields in one language; every other language, and every status, in our own property."""
        shown: Object = {}
        others: dict[str, dict[str, Any]] = {}
        exceptions: dict[str, str] = {}
        for name, by_language in told.items():
            language = self.language if self.language in by_language else next(
                (code for code, (_, status) in by_language.items() if status == ORIGINAL), next(iter(by_language))
            )  # fmt: skip
            for code, (value, status) in by_language.items():
                if name in names and code == language:
                    shown[name] = value
                    if code != self.language:
                        exceptions[name] = code
                    if status == ORIGINAL:
                        continue
                others.setdefault(name, {})[code] = {"value": value, "status": status}
        if others:
            own["texts"] = others
        if exceptions:
            own["languages"] = exceptions
        own["language"] = self.language
        return shown

    # --- services ---------------------------------------------------------------------------------------------------------------------

    def service(self, row: Row, bundle: Bundle, *, full: bool, with_placings: bool = True) -> Object:
        own: Object = {
            "code": row["code"], "cost": row["cost"], "access": row["access"], "delivery": row["delivery"], "has_interpreter": row["has_interpreter"],
            "conditions_known": row["conditions_known"] or None,
            "confirmed_by": row["confirmed_by"], "update_months": row["update_months"], "is_fictional": row["is_fictional"] or None,
        }  # fmt: skip
        texts = self._texts(bundle.texts.of("service", row["id"]), SERVICE_TEXTS, own)
        found: Object = {
            "id": str(row["uuid"]), "name": row["name"], **texts, "status": row["status"], "url": row["url"], "email": row["email"],
            "minimum_age": _number(row["minimum_age"]), "maximum_age": _number(row["maximum_age"]), "assured_date": _day(row["confirmed_on"]),
            "assurer_email": row["confirmed_by"] if "@" in row["confirmed_by"] else None, "last_modified": moment(row["last_modified"]),
        }  # fmt: skip
        if organization := bundle.organizations.get(row["organization_id"]):
            found["organization_id"] = str(organization["uuid"])
            found["organization"] = self.organization(organization, bundle, full=full)
        if full:
            self._service_full(found, own, row, bundle, with_placings)
        found[PROFILE] = own
        return compact(found)

    def _service_full(self, found: Object, own: Object, row: Row, bundle: Bundle, with_placings: bool) -> None:
        key, uuid = row["id"], str(row["uuid"])
        self._owned(found, "service", key, bundle)
        found |= self._kept(bundle.attributes.get(("service", key), ()), (*SERVICE_KEPT, "additional_urls"))
        found["service_areas"] = [self._service_area(area) for area in bundle.areas.get(key, ())]
        found["cost_options"] = [self._cost(cost) for cost in bundle.tables["cost_options"].get(key, ())]
        found["required_documents"] = [
            {"id": str(d["uuid"]), "document": d["document"], "uri": d["uri"]}
            for d in bundle.tables["required_documents"].get(key, ())
        ]
        if program := bundle.programs.get(row["program_id"]):
            found["program"] = _program(program)
            found["program_id"] = str(program["uuid"])
        rooms = [self._capacity(room) for room in bundle.tables["capacities"].get(key, ())]
        found["capacities"] = [room for room in rooms if "available" in room and not self._is_over(room)]
        own["capacities"] = [room for room in rooms if "available" not in room or self._is_over(room)]
        own["rules"] = [_rule(rule) for rule in bundle.tables["rules"].get(key, ())]
        own["activities"] = [_activity(activity) for activity in bundle.tables["activities"].get(key, ())]
        own["needs"] = [
            t["code"]
            for r in bundle.terms.get(key, ())
            if (t := bundle.vocabulary[r["term_id"]])["taxonomy__code"] == "needs"
        ]
        if known := [_recognition(one) for one in bundle.tables["accreditations"].get(key, ())]:
            found.setdefault("accreditations", "; ".join(known))
        found["attributes"] = self._attributes("service", uuid, key, bundle)
        if with_placings:
            found["service_at_locations"] = [
                self.placing(p, bundle, service=uuid) for p in bundle.placings.get(key, ())
            ]

    def placing(self, row: Row, bundle: Bundle, *, service: str) -> Object:
        """A service at a location, the location inside."""
        location = bundle.locations[row["location_id"]]
        hidden = location["is_confidential"]
        found: Object = {
            "id": str(row["uuid"]), "service_id": service, "location_id": location_id(location), "description": "" if hidden else row["description"],
        }  # fmt: skip
        self._owned(
            found,
            "service_at_location",
            row["id"],
            bundle,
            only=("schedules",) if hidden else ("phones", "contacts", "schedules"),
        )
        found["location"] = self.location(location, bundle)
        return compact(found)

    # --- organisations ----------------------------------------------------------------------------------------------------------------

    def organization(self, row: Row, bundle: Any, *, full: bool) -> Object:
        own: Object = {
            "code": row["code"], "kind": row["kind"], "closed_on": _day(row["closed_on"]), "is_fictional": row["is_fictional"] or None,
            "last_modified": moment(row["last_modified"]),
        }  # fmt: skip
        texts = self._texts(bundle.texts.of("organization", row["id"]), ORGANIZATION_TEXTS, own)
        found: Object = {
            "id": str(row["uuid"]), "name": row["name"], "description": "", **texts, "email": row["email"], "website": row["website"],
            "year_incorporated": row["year_incorporated"], "legal_status": row["legal_status"],
            "parent_organization_id": str(row["parent__uuid"]) if row["parent__uuid"] else None,
        }  # fmt: skip
        if full:
            self._owned(found, "organization", row["id"], bundle, only=("phones", "contacts", "funding"))
            found |= self._kept(
                bundle.attributes.get(("organization", row["id"]), ()), (*ORGANIZATION_KEPT, "additional_websites")
            )
            found["organization_identifiers"] = [
                _identifier(i, row["uuid"]) for i in bundle.about.identifiers.get(row["id"], ())
            ]
            found["programs"] = [_program(p) for p in bundle.about.programs.get(row["id"], ())]
            found["attributes"] = self._attributes("organization", str(row["uuid"]), row["id"], bundle)
        found[PROFILE] = own
        return compact(found, keep=("description",))

    # --- locations --------------------------------------------------------------------------------------------------------------------

    def location(self, row: Row, bundle: Any) -> Object:
        """A place. Of a confidential one only its area is told."""
        if row["is_confidential"]:
            return self._confidential(row, bundle)
        own: Object = {
            "code": row["code"],
            "area": row["area__code"],
            "is_wheelchair_accessible": row["is_wheelchair_accessible"],
        }
        texts = self._texts(bundle.texts.of("location", row["id"]), LOCATION_TEXTS, own)
        found: Object = {
            "id": str(row["uuid"]), "location_type": row["location_type"], "name": row["name"], **texts, "url": row["url"],
            "organization_id": str(row["organization__uuid"]) if row["organization__uuid"] else None, "transportation": row["transportation"],
            "latitude": row["latitude"], "longitude": row["longitude"], "external_identifier": row["external_identifier"],
            "external_identifier_type": row["external_identifier_type"],
        }  # fmt: skip
        self._owned(found, "location", row["id"], bundle, only=("phones", "contacts", "schedules", "languages"))
        found["addresses"] = [self._address(a) for a in bundle.places.addresses.get(row["id"], ())]
        found["accessibility"] = [
            {"id": str(a["uuid"]), "description": a["description"], "details": a["details"], "url": a["url"]}
            for a in bundle.places.accessibility.get(row["id"], ())
        ]
        found["attributes"] = self._attributes("location", str(row["uuid"]), row["id"], bundle)
        found[PROFILE] = own
        return compact(found)

    def _confidential(self, row: Row, bundle: Any) -> Object:
        uuid = location_id(row)
        found: Object = {
            "id": uuid, "location_type": row["location_type"], "name": self.area_name(row),
            "attributes": [
                {"id": str(uuid5(UUID(uuid), "attribute")), "link_id": uuid, "link_entity": "location", "link_type": "confidentiality",
                 "label": "confidential", "value": "true"}
            ],
            PROFILE: {
                "is_confidential": True, "area": row["area__code"], "is_wheelchair_accessible": row["is_wheelchair_accessible"],
            },
        }  # fmt: skip
        self._owned(found, "location", row["id"], bundle, only=("schedules", "languages"))
        return compact(found)

    def area_name(self, row: Row) -> str:
        """All that is told of where a confidential place is."""
        return label_in(row["area__labels"] or {}, self.language)

    def _address(self, row: Row) -> Object:
        names = (
            "attention",
            "address_1",
            "address_2",
            "city",
            "region",
            "state_province",
            "postal_code",
            "country",
            "address_type",
        )
        found = {"id": str(row["uuid"])} | {name: row[name] for name in names}
        found["country"] = found["country"] or self.country
        found["state_province"] = found["state_province"] or self.region  # compulsory in HSDS, unused in many countries
        return compact(found, keep=("address_1", "city", "state_province", "postal_code", "country", "address_type"))

    # --- what hangs on them -----------------------------------------------------------------------------------------------------------

    def _owned(
        self, found: Object, kind: str, key: int, bundle: Any,
        only: Iterable[str] = ("phones", "contacts", "schedules", "languages", "funding"),
    ) -> None:  # fmt: skip
        for name in only:
            rows = bundle.owned.of(name, kind, key)
            if name == "phones":
                found[name] = [_phone(p) for p in rows if p["contact_id"] is None]
            elif name == "contacts":
                found[name] = [_contact(c, bundle.owned.contact_phones.get(c["id"], ())) for c in rows]
            elif name == "schedules":
                found[name] = [one for row in rows for one in schedule(row)]
            elif name == "languages":
                found[name] = [_language(row) for row in rows]
            else:
                found[name] = [{"id": str(row["uuid"]), "source": row["source"]} for row in rows]

    def _kept(self, rows: Iterable[Row], names: Iterable[str]) -> Object:
        """Fields that are kept as attributes, back in their place."""
        found: Object = {}
        for row in rows:
            name = row["link_type"].removeprefix(KEPT)
            if row["link_type"].startswith(KEPT) and name in names:
                if name.startswith("additional"):
                    found.setdefault(name, []).append(
                        compact({"id": str(row["uuid"]), "url": row["value"], "label": row["label"]})
                    )
                else:
                    found[name] = row["value"]
        return found

    def _attributes(self, kind: str, uuid: str, key: int, bundle: Any) -> list[Object]:
        rows = [row for row in bundle.attributes.get((kind, key), ()) if not row["link_type"].startswith(KEPT)]
        told = {row["term_id"] for row in rows}
        found = [
            {"id": str(row["uuid"]), "link_id": uuid, "link_entity": kind, "link_type": row["link_type"], "value": row["value"],
             "label": row["label"],
             **self._term_link(row["term_id"], bundle)}
            for row in rows
        ]  # fmt: skip
        if kind == "service":
            found += [
                {
                    "id": str(row["uuid"]),
                    "link_id": uuid,
                    "link_entity": "service",
                    "link_type": "taxonomy",
                    **self._term_link(row["term_id"], bundle),
                }
                for row in bundle.terms.get(key, ())
                if row["term_id"] not in told
            ]
        return [compact(row) for row in found]

    def _term_link(self, key: int | None, bundle: Any) -> Object:
        term = bundle.vocabulary.get(key) if key else None
        return {"taxonomy_term_id": str(term["uuid"]), "taxonomy_term": self.term(term)} if term else {}

    def _service_area(self, row: Row) -> Object:
        name = row["name"] or label_in(row["area__labels"] or {}, self.language)
        return compact({
            "id": str(row["uuid"]), "name": name, "extent": row["extent"], "extent_type": row["extent_type"], "uri": row["uri"],
            PROFILE: {"area": row["area__code"]},
        })  # fmt: skip

    def _cost(self, row: Row) -> Object:
        cents = row["amount_cents"]
        return compact({
            "id": str(row["uuid"]), "valid_from": _day(row["valid_from"]), "valid_to": _day(row["valid_to"]), "option": row["option"],
            "currency": row["currency"], "amount": None if cents is None else cents / 100, "amount_description": row["amount_description"],
        })  # fmt: skip

    def _capacity(self, row: Row) -> Object:
        unit = {"id": str(uuid5(UNIT, row["unit"])), "name": row["unit"]}
        return compact({
            "id": str(row["uuid"]), "unit": unit, "available": row["available"], "maximum": row["maximum"], "description": row["description"],
            "updated": moment(row["updated_at"]),
            PROFILE: {"status": row["status"], "population": row["population"], "expires": moment(row["expires_at"])},
        })  # fmt: skip

    def _is_over(self, room: Object) -> bool:
        expires = room.get(PROFILE, {}).get("expires")
        return bool(expires) and datetime.fromisoformat(expires) <= self.now

    # --- taxonomies -------------------------------------------------------------------------------------------------------------------

    def term(self, row: Row) -> Object:
        language = (
            self.language
            if row["labels"].get(self.language)
            else next((c for c, text in row["labels"].items() if text), self.language)
        )
        taxonomy = {
            name.removeprefix("taxonomy__"): value for name, value in row.items() if name.startswith("taxonomy__")
        }
        own = {"labels": row["labels"], "descriptions": row["descriptions"], "synonyms": row["synonyms"]}
        return compact({
            "id": str(row["uuid"]), "code": row["code"], "name": label_in(row["labels"], self.language, fallback=row["code"]),
            "description": label_in(row["descriptions"], self.language), "parent_id": str(row["parent__uuid"]) if row["parent__uuid"] else None,
            "taxonomy": taxonomy["name"], "taxonomy_id": str(taxonomy["uuid"]), "taxonomy_detail": self.taxonomy(taxonomy), "language": language,
            PROFILE: own,
        }, keep=("description",))  # fmt: skip

    def taxonomy(self, row: Row) -> Object:
        return compact({
            "id": str(row["uuid"]), "name": row["name"] or row["code"], "description": row["description"], "uri": row["uri"],
            "version": row["version"], PROFILE: {"code": row["code"]},
        }, keep=("description",))  # fmt: skip


def location_id(row: Row) -> str:
    """The id of a location; of a confidential one another, so that nothing elsewhere says which place it is."""
    return str(public_uuid(row["uuid"]) if row["is_confidential"] else row["uuid"])


def schedule(row: Row) -> list[Object]:
    """The HSDS rows of one schedule; the first carries the OpenStreetMap string, which says all of it."""
    rows, _ = schedules.write(row["osm"]) if row["osm"] else ([], True)
    own = {"osm": row["osm"], "parse": row["parse"], "raw": row["raw"]}
    common = {"valid_from": _day(row["valid_from"]), "valid_to": _day(row["valid_to"])}
    uuid = row["uuid"]
    found = [
        compact({"id": str(uuid if number == 0 else uuid5(uuid, str(number))), **common, **one})
        for number, one in enumerate(rows or [{}])
    ]
    found[0] |= compact({"description": row["description"] or row["raw"], PROFILE: own})
    if row["description"]:
        found[0][PROFILE]["description"] = row["description"]
    return found


def _phone(row: Row) -> Object:
    extension = int(row["extension"]) if row["extension"].isascii() and row["extension"].isdigit() else None
    return compact(
        {
            "id": str(row["uuid"]),
            "number": row["number"],
            "extension": extension,
            "type": row["type"],
            "description": row["description"],
        }
    )


def _contact(row: Row, phones: Iterable[Row]) -> Object:
    names = ("name", "title", "department", "email")
    return compact(
        {"id": str(row["uuid"]), **{name: row[name] for name in names}, "phones": [_phone(p) for p in phones]}
    )


def _language(row: Row) -> Object:
    return compact(
        {
            "id": str(row["uuid"]),
            "name": row["name"],
            "code": row["code"],
            "note": row["note"],
            PROFILE: {"level": row["level"]},
        }
    )


def _recognition(row: Row) -> str:
    """HSDS has one text for all recognitions: by whom, for what, under which number, until when."""
    until = f"→ {row['valid_to'].isoformat()}" if row["valid_to"] else ""
    return ", ".join(part for part in (row["authority"], row["scheme"], row["number"], until) if part)


def _program(row: Row) -> Object:
    return {"id": str(row["uuid"]), "name": row["name"], "description": row["description"]}


def _identifier(row: Row, owner: UUID) -> Object:
    uuid = uuid5(owner, f"{row['scheme']}\n{row['identifier']}")
    return {
        "id": str(uuid),
        "identifier_scheme": row["scheme"],
        "identifier_type": row["scheme"],
        "identifier": row["identifier"],
    }


def _rule(row: Row) -> Object:
    return compact({
        "criterion": row["criterion"], "op": row["op"], "effect": row["effect"], "text": row["source_text"], "checked_on": _day(row["checked_on"]),
    }) | {"value": row["value"]}  # fmt: skip


def _activity(row: Row) -> Object:
    return compact({
        "id": str(row["uuid"]), "starts_at": moment(row["starts_at"]), "minutes": row["minutes"], "rrule": row["rrule"], "until": _day(row["until"]),
        "excluded": row["excluded"], "is_cancelled": row["is_cancelled"] or None,
    })  # fmt: skip


def compact(found: Object, keep: Iterable[str] = ()) -> Object:
    """Without what is not known, in our own property too: HSDS knows no null. False and zero stay."""
    if own := found.get(PROFILE):
        found[PROFILE] = compact(own)
    return {key: value for key, value in found.items() if value not in UNKNOWN or key in keep}


def moment(value: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds, as HSDS 3.1 wants it."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if value else None


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _number(value: float | None) -> float | int | None:
    return int(value) if value is not None and value.is_integer() else value
