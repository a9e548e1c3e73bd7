"""What ties things together: services at locations, categories, areas served, and other attributes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from maillage.directory.ingest import bulk, children
from maillage.directory.ingest.records import Placing, given_uuid, stable_uuid
from maillage.directory.ingest.things import Placed, find
from maillage.directory.models import Attribute, ServiceArea, ServiceAtLocation, ServiceTerm, TaxonomyTerm

if TYPE_CHECKING:
    from maillage.directory.ingest.feed import Feed

Pair = tuple[int, int]


def write(feed: Feed, kind: str, placed: list[Placed]) -> None:
    if kind == "service":
        _placings(feed, placed)
        _terms(feed, placed)
        _served(feed, placed)
    if kind in ("service", "organization", "location"):
        _extras(feed, kind, placed)


def _replaced(placed: list[Placed], name: str) -> list[int]:
    """Existing things whose `name` this source tells now, or told the last time: its rows are written anew."""
    return [one.pk for one in placed if not one.is_new and (name in one.previous or name in one.thing.provided)]


# --- services at locations ------------------------------------------------------------------------------------------------------------


def _placings(feed: Feed, placed: list[Placed]) -> None:
    wanted = _wanted(feed, placed)
    there: dict[Pair, tuple[int, UUID]] = {
        (service, location): (pk, uuid)
        for pk, uuid, service, location in ServiceAtLocation.objects.filter(
            service_id__in=[one.pk for one in placed if not one.is_new]
        ).values_list("id", "uuid", "service_id", "location_id")
    }
    owned = set(_replaced(placed, "placings"))
    gone = [pk for pair, (pk, _) in there.items() if pair not in wanted and pair[0] in owned]
    ServiceAtLocation.objects.filter(pk__in=gone).delete()
    new = {pair: told for pair, told in wanted.items() if pair not in there}
    uuids = _new_uuids(feed, new)
    bulk.insert(
        ServiceAtLocation,
        ("uuid", "service_id", "location_id", "description"),
        [(uuids[pair], *pair, placing.description) for pair, (_, placing) in new.items()],
    )
    with_children = {pair: told for pair, told in wanted.items() if told[1].children}
    keys = dict(
        ServiceAtLocation.objects.filter(uuid__in=[uuids[p] for p in with_children if p in uuids]).values_list(
            "uuid", "id"
        )
    )
    rows = []
    for pair, (_, placing) in with_children.items():
        pk, uuid = there[pair] if pair in there else (keys[uuids[pair]], uuids[pair])
        for name, given in placing.children.items():
            rows += [children.Owned(name, "service_at_location", pk, uuid, child, n) for n, child in enumerate(given)]
    children.delete("service_at_location", [pk for pair, (pk, _) in there.items() if pair[0] in owned], children.TABLES)
    children.write(rows)


def _wanted(feed: Feed, placed: list[Placed]) -> dict[Pair, tuple[Placed, Placing]]:
    keys = find(feed, "location", [placing.location for one in placed for placing in one.thing.placings])
    wanted: dict[Pair, tuple[Placed, Placing]] = {}
    for one in placed:
        for placing in one.thing.placings:
            one.thing.provided.add("placings")
            if placing.location in keys:
                wanted.setdefault((one.pk, keys[placing.location]), (one, placing))
            else:
                feed.report.at("service", one.record.row, one.record.id)
                feed.report.remark("location-unknown", "location_id", placing.location)
    return wanted


def _new_uuids(feed: Feed, new: dict[Pair, tuple[Placed, Placing]]) -> dict[Pair, UUID]:
    result = {
        pair: given_uuid(placing.id)
        or stable_uuid(feed.source, "service_at_location", f"{one.thing.id}@{placing.location}")
        for pair, (one, placing) in new.items()
    }
    used = set(ServiceAtLocation.objects.filter(uuid__in=result.values()).values_list("uuid", flat=True))
    for pair, uuid in result.items():
        if uuid in used:
            result[pair] = uuid5(uuid, f"{feed.territory.code}\n{new[pair][0].uuid}\n{pair[1]}")
        used.add(result[pair])
    return result


# --- categories -----------------------------------------------------------------------------------------------------------------------


def _terms(feed: Feed, placed: list[Placed]) -> None:
    """The categories of the source, and the needs that they are mapped to with certainty."""
    wanted: dict[Pair, UUID] = {}
    for one in placed:
        for identifier, uuid in one.thing.terms:
            term = feed.keys.get(("term", identifier))
            if term is None:
                continue
            one.thing.provided.add("terms")
            wanted.setdefault((one.pk, term), uuid or uuid5(one.uuid, f"term\n{identifier}"))
            for need in feed.needs_of(term):
                wanted.setdefault((one.pk, need), uuid5(one.uuid, f"need\n{need}"))
    changed = _replaced(placed, "terms")
    if changed:
        _drop_terms(feed, changed, set(wanted))
        there = set(ServiceTerm.objects.filter(service_id__in=changed).values_list("service_id", "term_id"))
        wanted = {pair: uuid for pair, uuid in wanted.items() if pair not in there}
    used = set(ServiceTerm.objects.filter(uuid__in=wanted.values()).values_list("uuid", flat=True))
    rows = []
    for (service, term), uuid in wanted.items():
        own = uuid if uuid not in used else uuid5(uuid, f"{service}\n{term}\n{feed.territory.code}")
        used.add(own)
        rows.append((own, service, term))
    bulk.insert(ServiceTerm, ("uuid", "service_id", "term_id"), rows)


def _drop_terms(feed: Feed, services: list[int], wanted: set[Pair]) -> None:
    """Categories that the source told no more; needs that someone else gave the service stay."""
    rows = list(ServiceTerm.objects.filter(service_id__in=services).values_list("id", "service_id", "term_id"))
    own = set(
        TaxonomyTerm.objects.filter(pk__in={term for _, _, term in rows})
        .exclude(taxonomy__code="needs")
        .values_list("id", flat=True)
    )
    foreign = [(pk, service, term) for pk, service, term in rows if term in own]
    gone = [(pk, service, term) for pk, service, term in foreign if (service, term) not in wanted]
    needs: defaultdict[int, set[int]] = defaultdict(set)
    for _, service, term in gone:
        needs[service] |= {need for need in feed.needs_of(term) if (service, need) not in wanted}
    mapped = [pk for pk, service, term in rows if term in needs[service]]
    ServiceTerm.objects.filter(pk__in=[*(pk for pk, _, _ in gone), *mapped]).delete()


# --- areas served ---------------------------------------------------------------------------------------------------------------------


def _served(feed: Feed, placed: list[Placed]) -> None:
    ServiceArea.objects.filter(service_id__in=_replaced(placed, "service_areas")).delete()
    rows: list[tuple[UUID, UUID, tuple[object, ...]]] = []
    given: list[UUID | None] = []
    areas: set[Pair] = set()
    for one in placed:
        for number, served in enumerate(one.thing.served):
            one.thing.provided.add("service_areas")
            area = next((found for code in served.codes if (found := feed.areas.named(code))), None)
            if area is None and served.codes:
                feed.report.at("service", one.record.row, one.record.id)
                feed.report.remark("area-unknown", "service_areas", served.name or served.codes[0])
            if area is not None and (one.pk, area) in areas:
                continue
            if area is not None:
                areas.add((one.pk, area))
            given.append(served.uuid)
            derived = uuid5(one.uuid, f"service_area\n{number}\n{served.uuid or ''}")
            told = (one.pk, area, served.name[:400], served.extent, served.extent_type[:40], served.uri[:400])
            rows.append((served.uuid or derived, derived, told))
    used = set(ServiceArea.objects.filter(uuid__in=[u for u in given if u]).values_list("uuid", flat=True))
    lines = []
    for uuid, derived, rest in rows:
        free = derived if uuid in used else uuid
        used.add(free)
        lines.append((free, *rest))
    bulk.insert(ServiceArea, ("uuid", "service_id", "area_id", "name", "extent", "extent_type", "uri"), lines)


# --- other attributes -----------------------------------------------------------------------------------------------------------------


def _extras(feed: Feed, kind: str, placed: list[Placed]) -> None:
    replaced = _replaced(placed, "extras") + [one.pk for one in placed if not one.is_new and one.thing.extras]
    Attribute.objects.filter(kind=kind, object_id__in=replaced).delete()
    given = [extra.uuid for one in placed for extra in one.thing.extras if extra.uuid]
    used = set(Attribute.objects.filter(uuid__in=given).values_list("uuid", flat=True))
    rows = []
    for one in placed:
        for number, extra in enumerate(one.thing.extras):
            one.thing.provided.add("extras")
            uuid = extra.uuid
            if uuid is None or uuid in used:
                uuid = uuid5(one.uuid, f"attribute\n{number}\n{extra.uuid or ''}")
            used.add(uuid)
            term = feed.keys.get(("term", extra.term)) if extra.term else None
            rows.append(
                (uuid, feed.territory.pk, kind, one.pk, term, extra.value, extra.label[:400], extra.link_type[:80])
            )
    bulk.insert(
        Attribute, ("uuid", "territory_id", "kind", "object_id", "term_id", "value", "label", "link_type"), rows
    )
