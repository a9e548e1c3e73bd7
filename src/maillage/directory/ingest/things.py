"""Organisations, locations, services, taxonomies and terms: found again by their identity, created, updated, or left alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from maillage.directory.ingest import bulk
from maillage.directory.ingest.held import withhold
from maillage.directory.ingest.records import Record, Thing, given_uuid, public_uuid, stable_uuid
from maillage.directory.models import FieldProvenance, Location, Program, Service, Taxonomy, TaxonomyTerm
from maillage.people.models import Organization

if TYPE_CHECKING:
    from maillage.directory.ingest.feed import Feed

MODELS: dict[str, Any] = {
    "organization": Organization, "location": Location, "service": Service, "taxonomy": Taxonomy, "term": TaxonomyTerm,
}  # fmt: skip
# Columns with the value that they have when nobody says anything. `parent` comes at the end of a feed.
COLUMNS: dict[str, dict[str, Any]] = {
    "organization": {
        "code": "", "name": "", "kind": "", "legal_status": "", "website": "", "email": "", "year_incorporated": None,
        "closed_on": None, "is_fictional": False, "last_modified": None,
    },
    "location": {
        "code": "", "organization_id": None, "location_type": "physical", "name": "", "area_id": None, "latitude": None,
        "longitude": None, "is_confidential": False, "is_wheelchair_accessible": None, "transportation": "", "url": "",
        "external_identifier": "", "external_identifier_type": "",
    },
    "service": {
        "code": "", "organization_id": None, "program_id": None, "name": "", "status": "active", "visibility": "public", "url": "",
        "email": "", "minimum_age": None, "maximum_age": None, "cost": "", "access": [], "delivery": [], "has_interpreter": None,
        "conditions_known": False,
        "confirmed_on": None, "confirmed_by": "", "update_months": None, "is_fictional": False, "last_modified": None,
    },
    "taxonomy": {"code": "", "name": "", "description": "", "uri": "", "version": ""},
    "term": {"taxonomy_id": None, "code": "", "labels": {}, "descriptions": {}, "synonyms": {}, "order": 0},
}  # fmt: skip
SHARED = ("taxonomy", "term")  # told again by every record that uses them
_CODES = {"organization": 200, "location": 200, "service": 200, "taxonomy": 80, "term": 120}


@dataclass(slots=True)
class Placed:
    """A thing with its row. `previous`: the fields that this source set the last time."""

    record: Record
    thing: Thing
    pk: int
    uuid: UUID
    is_new: bool
    previous: set[str] = field(default_factory=set)


def write(feed: Feed, kind: str, told: Sequence[tuple[Record, Thing]]) -> tuple[list[Placed], set[int]]:
    """Write the things of one kind. Returns those written, and the identities of the records whose thing belongs to others."""
    first: dict[str, tuple[Record, Thing]] = {}
    for record, thing in told:
        if (kind, thing.id) not in feed.keys:
            first.setdefault(thing.id, (record, thing))
    if not first:
        return [], set()
    _refer(feed, kind, [thing for _, thing in first.values()])
    existing = _existing(feed, kind, [thing for _, thing in first.values()])
    previous = provenance(feed, kind, [pk for pk, _ in existing.values()])
    new, again, held = [], [], set()
    for identifier, (record, thing) in first.items():
        if identifier not in existing:
            new.append((record, thing))
            continue
        pk, uuid = existing[identifier]
        feed.keys[kind, identifier] = pk
        if pk in previous or feed.take_over:
            again.append(Placed(record, thing, pk, uuid, False, previous.get(pk, set())))
            continue
        feed.held.add((kind, pk))
        if record.entity == kind:
            held.add(id(record))
        if kind not in SHARED:
            feed.report.at(record.entity, record.row, record.id)
            feed.report.remark("held", "id", identifier)
    withhold(feed, kind, again, MODELS[kind], COLUMNS[kind])
    if feed.watch and again and kind in ("service", "location"):
        feed.watch.before(kind, [one.pk for one in again])
    placed = [*_create(feed, kind, new), *again]
    _update(feed, kind, again)
    for one in placed:
        one.thing.provided |= set(one.thing.values) | {name for name, _ in one.thing.texts}
    return placed, held


def provenance(feed: Feed, kind: str, keys: Iterable[int]) -> dict[int, set[str]]:
    """The fields of each thing that this source set the last time."""
    found: dict[int, set[str]] = {}
    rows = FieldProvenance.objects.filter(kind=kind, object_id__in=list(keys), record__source=feed.source)
    for key, names in rows.values_list("object_id", "fields"):
        found.setdefault(key, set()).update(names)
    return found


def find(feed: Feed, kind: str, identifiers: Iterable[str]) -> dict[str, int]:
    """The rows that these ids of the source stand for, in this run or in an earlier one."""
    wanted = {i for i in identifiers if i}
    found = {i: feed.keys[kind, i] for i in wanted if (kind, i) in feed.keys}
    missing = wanted - found.keys()
    if missing and kind not in SHARED:
        for identifier, (pk, _) in _by_uuid(feed, kind, [(i, given_uuid(i)) for i in missing]).items():
            found[identifier] = feed.keys[kind, identifier] = pk
    return found


def _refer(feed: Feed, kind: str, things: list[Thing]) -> None:
    """Ids of the source become keys: the organisation of a service, the taxonomy of a term, the area of a location."""
    if kind == "term":
        for thing in things:  # the reader tells the taxonomy beside each of its terms
            thing.values["taxonomy_id"] = feed.keys["taxonomy", thing.taxonomy]
        return
    if kind in ("location", "service"):
        keys = find(feed, "organization", [thing.organization for thing in things])
        for thing in things:
            if thing.organization in keys:
                thing.values["organization_id"] = keys[thing.organization]
            elif thing.organization:
                feed.report.at(thing.kind, thing.id, thing.id)
                feed.report.remark("organization-unknown", "organization_id", thing.organization)
    if kind == "service":
        _programs(feed, things)
    if kind == "location":
        for thing in things:
            values = thing.values
            area = feed.areas.locate(values.get("latitude"), values.get("longitude"), thing.hints)
            if area is not None:
                values["area_id"] = area


def _programs(feed: Feed, things: list[Thing]) -> None:
    """Programs belong to organisations, written before; they are known by their UUID only."""
    wanted = {thing.program: uuid for thing in things if thing.program and (uuid := given_uuid(thing.program))}
    rows = (
        Program.objects.filter(uuid__in=wanted.values(), organization__territory=feed.territory)
        if wanted
        else Program.objects.none()
    )
    keys = dict(rows.values_list("uuid", "id"))
    for thing in things:
        if (uuid := wanted.get(thing.program)) in keys and uuid is not None:
            thing.values["program_id"] = keys[uuid]


def _existing(feed: Feed, kind: str, things: list[Thing]) -> dict[str, tuple[int, UUID]]:
    """Source's id -> (key, uuid) of what is already there. Taxonomies and terms are known by their code, the others by their UUID."""
    if kind == "taxonomy":
        codes = {t.values["code"]: t.id for t in things}
        rows = Taxonomy.objects.filter(territory=feed.territory, code__in=codes).values_list("code", "id", "uuid")
        return {codes[code]: (pk, uuid) for code, pk, uuid in rows}
    if kind == "term":
        pairs = {(t.values["taxonomy_id"], t.values["code"]): t.id for t in things}
        terms = TaxonomyTerm.objects.filter(taxonomy_id__in={t for t, _ in pairs}, code__in={c for _, c in pairs})
        return {
            pairs[taxonomy, code]: (pk, uuid)
            for taxonomy, code, pk, uuid in terms.values_list("taxonomy_id", "code", "id", "uuid")
            if (taxonomy, code) in pairs
        }
    found = _by_uuid(feed, kind, [(t.id, t.uuid) for t in things])
    if kind == "location" and any(thing.values.get("is_confidential") for thing in things):
        hidden = Location.objects.filter(territory=feed.territory, is_confidential=True).values_list("uuid", "id")
        told = {public_uuid(uuid): (pk, uuid) for uuid, pk in hidden}  # our own, back from an export
        found |= {thing.id: told[thing.uuid] for thing in things if thing.uuid in told}
    return found


def _by_uuid(feed: Feed, kind: str, wanted: list[tuple[str, UUID | None]]) -> dict[str, tuple[int, UUID]]:
    """Looked for under the UUID of the source, and under the one it gets when another territory has that one."""
    uuids = {identifier: uuid or stable_uuid(feed.source, kind, identifier) for identifier, uuid in wanted}
    both = {*uuids.values(), *(uuid5(u, feed.territory.code) for u in uuids.values())}
    rows = MODELS[kind].objects.filter(uuid__in=both).values_list("uuid", "id", "territory_id")
    there = {uuid: (pk, territory) for uuid, pk, territory in rows}
    result = {}
    for identifier, uuid in uuids.items():
        for candidate in (uuid, uuid5(uuid, feed.territory.code)):
            if candidate in there and there[candidate][1] == feed.territory.pk:
                result[identifier] = (there[candidate][0], candidate)
                break
    return result


def _create(feed: Feed, kind: str, new: list[tuple[Record, Thing]]) -> list[Placed]:
    if not new:
        return []
    model, defaults = MODELS[kind], COLUMNS[kind]
    wanted = [thing.uuid or stable_uuid(feed.source, kind, _name(thing)) for _, thing in new]
    taken = set(model.objects.filter(uuid__in=wanted).values_list("uuid", flat=True))
    uuids = []
    for (record, thing), uuid in zip(new, wanted, strict=True):
        if uuid in taken:
            uuid = uuid5(uuid, feed.territory.code)
            if kind not in SHARED:
                feed.report.at(record.entity, record.row, record.id)
                feed.report.remark("id-taken", "id", thing.id)
        taken.add(uuid)
        uuids.append(uuid)
    columns = ["uuid", *(["territory_id"] if kind != "term" else []), *defaults]
    fixed = [feed.territory.pk] if kind != "term" else []
    rows = [
        [uuid, *fixed, *(_value(feed, thing, name, defaults[name]) for name in defaults)]
        for (_, thing), uuid in zip(new, uuids, strict=True)
    ]
    bulk.insert(model, columns, rows)
    keys = dict(model.objects.filter(uuid__in=uuids).values_list("uuid", "id"))
    placed = []
    for (record, thing), uuid in zip(new, uuids, strict=True):
        feed.keys[kind, thing.id] = keys[uuid]
        placed.append(Placed(record, thing, keys[uuid], uuid, True))
    return placed


def _update(feed: Feed, kind: str, again: list[Placed]) -> None:
    """A column that the record tells, or told the last time, takes what it says now; the others stay as they are."""
    if not again:
        return
    model, defaults = MODELS[kind], COLUMNS[kind]
    now = {row["id"]: row for row in model.objects.filter(pk__in=[p.pk for p in again]).values("id", *defaults)}
    names = [name for name in defaults if name not in ("taxonomy_id", "code") or kind not in SHARED]
    fixed = [feed.territory.pk] if kind != "term" else []
    rows = []
    for one in again:
        line = [one.uuid, *fixed]
        for name in defaults:
            told = name in one.thing.values or name in one.previous or name == "last_modified"
            line.append(_value(feed, one.thing, name, defaults[name]) if told else now[one.pk][name])
        rows.append(line)
    bulk.upsert(
        model, ["uuid", *(["territory_id"] if kind != "term" else []), *defaults], rows, unique=["uuid"], update=names
    )


def _value(feed: Feed, thing: Thing, name: str, default: Any) -> Any:
    if name in thing.values:
        return thing.values[name]
    if name == "last_modified":
        return feed.at
    if name == "code":
        return f"{feed.source}--{thing.id}"[: _CODES[thing.kind]]
    return default


def _name(thing: Thing) -> str:
    return f"{thing.taxonomy}\n{thing.values['code']}" if thing.kind == "term" else thing.id


def write_parents(feed: Feed) -> None:
    """Set the parent of every organisation and term that told one; called when the whole feed is there."""
    for kind in ("organization", "term"):
        pending = [(pk, parent) for k, pk, parent in feed.pending_parents if k == kind]
        keys = find(feed, kind, [parent for _, parent in pending])
        rows = []
        for pk, parent in pending:
            if parent not in keys:
                feed.report.at(kind, parent)
                feed.report.remark("parent-unknown", "parent", parent)
            elif keys[parent] != pk:
                rows.append(MODELS[kind](pk=pk, parent_id=keys[parent]))
        MODELS[kind].objects.bulk_update(rows, ["parent"], batch_size=500)
    feed.pending_parents = []
