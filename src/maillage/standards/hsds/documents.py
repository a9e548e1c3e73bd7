"""HSDS 3.x JSON: one object, a list, a Page, collections by name, or one object a line; organisations or services on top."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import ijson
import msgspec

from maillage.directory.ingest import Record, Report, Thing
from maillage.standards.hsds import reading as hsds
from maillage.standards.hsds.reading import Reading, identifier
from maillage.standards.reading.files import NOT_JSON, Member, Tick, lines, open_bytes, open_json
from maillage.standards.reading.values import Fields, storable

LISTS = {
    "contents": "", "content": "", "items": "", "data": "", "services": "service", "organizations": "organization", "locations": "location",
    "service_at_locations": "service_at_location", "taxonomies": "taxonomy", "taxonomy_terms": "term",
}  # fmt: skip
EXPECTED = {
    "service": (
        "id", "name", "description", "url", "email", "status", "application_process", "fees_description", "eligibility_description",
        "minimum_age", "maximum_age", "assured_date", "phones", "schedules", "service_areas", "service_at_locations", "languages",
        "organization", "cost_options", "required_documents", "capacities", "attributes",
    ),
    "organization": ("id", "name", "description", "email", "website", "organization_identifiers"),
    "location": ("id", "location_type", "name", "latitude", "longitude", "addresses", "accessibility"),
}  # fmt: skip


class Documents:
    """The records of JSON files. Nested organisations and locations come out once, before the services that name them."""

    def __init__(self, reading: Reading, report: Report) -> None:
        self.reading, self.report = reading, report
        self._emitted: set[int] = set()
        for entity, fields in EXPECTED.items():
            report.expect(entity, fields)

    def records(self, member: Member, tick: Tick) -> Iterator[Record]:
        """Streamed; where the file is broken a remark is left, and all before it is kept."""
        hint = LISTS.get(member.name.split(".")[0].lower(), "")
        for number, (path, item) in enumerate(self._items(member, tick), start=1):
            row = f"{member.name} {path} {number}" if path else f"{member.name} {number}"
            if isinstance(item, dict):
                yield from self.explode(item, row, hint or LISTS.get(path, ""))
            elif isinstance(item, list):
                yield from (
                    r
                    for n, one in enumerate(item)
                    if isinstance(one, dict)
                    for r in self.explode(one, f"{row}/{n}", hint)
                )
            else:
                self.report.at("record", row)
                self.report.count("record", "read")
                self.report.remark("record-not-an-object", value=str(item)[:200], rejected=True)

    def _items(self, member: Member, tick: Tick) -> Iterator[tuple[str, Any]]:
        """(where in the document, item) for each record."""
        shape = _shape(member)
        if shape == "lines":
            yield from self._lines(member, tick)
            return
        paths = {"list": ["item"], "": [""]}.get(shape) or [f"{key}.item" for key in shape.split()]
        count = 0
        for path in paths:
            try:
                with open_json(member, tick) as file:
                    for item in ijson.items(file, path, use_float=True):
                        count += 1
                        yield path.removesuffix("item").strip("."), item
            except NOT_JSON as trouble:
                self.report.at("file", f"{member.name}, after record {count}")
                self.report.remark("file-broken", value=str(trouble), rejected=count == 0)
                return

    def _lines(self, member: Member, tick: Tick) -> Iterator[tuple[str, Any]]:
        try:
            for number, line in lines(member, tick, self.report):
                if text := line.strip(b" \t\r\n\xef\xbb\xbf"):
                    try:
                        yield "", msgspec.json.decode(text)
                    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as trouble:
                        self.report.at("record", f"{member.name} line {number}")
                        self.report.count("record", "read")
                        self.report.remark("line-broken", value=str(trouble), rejected=True)
        except OSError as trouble:
            self.report.at("file", member.name)
            self.report.remark("file-broken", value=str(trouble))

    # --- one object -------------------------------------------------------------------------------------------------------------------

    def explode(self, item: dict[str, Any], row: str, hint: str = "") -> Iterator[Record]:
        """The records of one object: what is nested in it and stands on its own, then itself."""
        entity = hint or entity_of(item)
        if entity == "organization":
            yield from self._organization(item, row)
        elif entity == "service":
            yield from self._service(item, row)
        elif entity == "location":
            yield from self._record("location", item, row)
        elif entity == "service_at_location" and isinstance(item.get("service"), dict):
            service = dict(item["service"])
            service["service_at_locations"] = [{k: v for k, v in item.items() if k != "service"}]
            yield from self._service(service, row)
        elif entity in ("taxonomy", "term"):
            yield from self._term(entity, item, row)
        else:
            self.report.at("record", row)
            self.report.count("record", "read")
            self.report.remark("record-unknown", value=", ".join(list(item)[:20]), rejected=True)

    def _organization(self, item: dict[str, Any], row: str) -> Iterator[Record]:
        own = {k: v for k, v in item.items() if k not in ("services", "locations")}
        yield from self._record("organization", own, row)
        for n, place in enumerate(_dicts(item.get("locations"))):
            yield from self._record("location", {"organization_id": item.get("id")} | place, f"{row}/locations/{n}")
        for n, service in enumerate(_dicts(item.get("services"))):
            if service.get("name"):
                yield from self._service({"organization_id": item.get("id")} | service, f"{row}/services/{n}")

    def _service(self, item: dict[str, Any], row: str) -> Iterator[Record]:
        own = dict(item)
        organization = own.get("organization")
        if isinstance(organization, dict) and identifier(organization):
            if organization.get("name"):
                organization = self._with_program(organization, own.get("program"))
                yield from self._organization(
                    {k: v for k, v in organization.items() if k != "services"}, f"{row}/organization"
                )
            own["organization_id"] = organization["id"]
            own.pop("organization")
        places = []
        for n, placing in enumerate(_dicts(own.get("service_at_locations"))):
            place = placing.get("location")
            if isinstance(place, dict) and identifier(place):
                yield from self._record(
                    "location",
                    {"organization_id": own.get("organization_id")} | place,
                    f"{row}/service_at_locations/{n}/location",
                )
                placing = {k: v for k, v in placing.items() if k != "location"} | {"location_id": place["id"]}
            places.append(placing)
        if "service_at_locations" in own and isinstance(own["service_at_locations"], list):
            own["service_at_locations"] = places
        yield from self._record("service", own, row, once=False)

    def _with_program(self, organization: dict[str, Any], program: Any) -> dict[str, Any]:
        """The program of a service is its organisation's, even when only the service tells it."""
        if not isinstance(program, dict) or not identifier(program):
            return organization
        told = _dicts(organization.get("programs"))
        known = any(identifier(one) == identifier(program) for one in told)
        return organization if known else organization | {"programs": [*told, program]}

    def _record(self, entity: str, item: dict[str, Any], row: str, *, once: bool = True) -> Iterator[Record]:
        known = identifier(item)
        self.report.at(entity, row)
        if not known:
            self.report.fill(entity, item)
            self.report.remark("id-missing", "id", item.get("name"), rejected=True)
            return
        key = hash((entity, known))
        if once and key in self._emitted:
            return  # told again by another service: the first telling counts
        self._emitted.add(key)
        self.report.fill(entity, item)
        payload = storable(item, without=None if self.reading.with_names else without_persons)
        yield Record(entity, known, payload, row, partial(_read, entity, item, self.reading))

    def _term(self, entity: str, item: dict[str, Any], row: str) -> Iterator[Record]:
        known = identifier(item)
        self.report.at(entity, row)
        self.report.fill(entity, item)
        if not known:
            self.report.remark("id-missing", "id", rejected=True)
            return
        yield Record(entity, known, storable(item), row, partial(_read_term, entity, item, self.reading))


def _read(entity: str, item: dict[str, Any], reading: Reading, report: Report) -> list[Thing]:
    return {"organization": hsds.organization, "location": hsds.location, "service": hsds.service}[entity](
        item, report, reading
    )


def _read_term(entity: str, item: dict[str, Any], reading: Reading, report: Report) -> list[Thing]:
    fields = Fields(item, report)
    if entity == "taxonomy":
        return [hsds.taxonomy_thing(fields, Fields({}, report), reading)]
    return hsds.term_things(fields, reading)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def without_persons(item: Any) -> Any:
    """The raw record without the names of contacts, which nobody gave leave to keep."""
    if isinstance(item, list):
        return [without_persons(one) for one in item]
    if isinstance(item, dict):
        return {
            key: [
                {k: without_persons(v) for k, v in one.items() if k != "name"} if isinstance(one, dict) else one
                for one in value
            ]
            if key == "contacts" and isinstance(value, list)
            else without_persons(value)
            if isinstance(value, (dict, list))
            else value
            for key, value in item.items()
        }
    return item


SIGNS: tuple[tuple[str, frozenset[str]], ...] = (
    ("location", frozenset({"location_type"})),
    ("service_at_location", frozenset({"service_id", "location_id", "location", "service"})),
    ("service", frozenset({"status", "service_at_locations", "application_process", "eligibility_description", "fees_description",
                           "organization_id", "organization"})),
    ("term", frozenset({"taxonomy_id", "taxonomy_detail", "taxonomy", "term_uri", "parent_id"})),
    ("organization", frozenset({"website", "services", "organization_identifiers", "legal_status", "year_incorporated", "locations",
                                "tax_status", "email", "phones"})),
    ("taxonomy", frozenset({"uri", "version"})),
)  # fmt: skip


def entity_of(item: dict[str, Any]) -> str:
    """What an object is, from the fields that only it has; empty when nothing tells."""
    keys = item.keys()
    found = next((entity for entity, signs in SIGNS if keys & signs), "")
    if not found and {"name", "description"} <= keys:
        return "service" if "url" in keys else "taxonomy"
    return found


def _shape(member: Member) -> str:
    """ "lines", "list", "" for one object, or the names of the lists that hold the records."""
    if member.name.lower().endswith((".ndjson", ".jsonl")):
        return "lines"
    with open_bytes(member, lambda n: None) as file:
        start = file.read(65_536).lstrip(b" \t\r\n\xef\xbb\xbf")
    if start.startswith(b"["):
        return "list"
    first, _, rest = start.partition(b"\n")
    if first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{"):
        return "lines"
    return " ".join(_lists(member))


def _lists(member: Member) -> list[str]:
    """Keys of the top object that hold lists of records; only when the object is no record itself."""
    found, keys = [], set()
    try:
        with open_json(member, lambda n: None) as file:
            for prefix, event, value in ijson.parse(file):
                if prefix == "" and event == "map_key":
                    keys.add(value)
                elif event == "start_array" and prefix in LISTS:
                    found.append(prefix)
                    if prefix in ("contents", "content"):
                        return [prefix]
                if "name" in keys and "id" in keys:
                    return []
    except NOT_JSON:
        pass
    return found
