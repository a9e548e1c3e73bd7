"""What a person decided at the desk is held: a feed that says otherwise is told so, and changes nothing.

The desk is a source like another: a SourceRecord of the source "desk" for each service, with the provenance of its fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from maillage.directory.models import FieldProvenance, Phone, Service, ServiceCapacity, SourceRecord

if TYPE_CHECKING:
    from maillage.directory.ingest.feed import Feed
    from maillage.directory.ingest.things import Placed

DESK: Final = "desk"
CONFIRMATION: Final = ("confirmed_by", "confirmed_on")
# field of the sheet -> what feeds and packs call it
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "phones": ("phones", "phone"),
    "hours": ("hours", "schedules"),
    "needs": ("needs", "terms"),
    "served": ("served", "service_areas"),
    "served_words": ("service_areas",),
    "access_modes": ("access",),
    "documents": ("required_documents",),
    "capacity": ("capacities", "capacity"),
    "confirmed": CONFIRMATION,
}
_TEXTS: Final = ("name", "description")  # which packs and columns know without a language
ADDRESS: Final = ("addresses", "latitude", "longitude", "area_id")  # what feeds tell of a place's address
_PLACE: Final = ("phones", "schedules", "languages")  # that a feed may tell of the place instead of the service


def names_of(field: str) -> set[str]:
    """Every name that a field of the sheet has in the provenance: "description:fr" holds the pack's "description" too."""
    base, _, language = field.partition(":")
    if language:
        return {field, base} if base in _TEXTS else {field}
    return {*NAMES.get(field, (field,))}


def hold(
    service: Service, fields: Iterable[str], *, at: datetime, own: int | None = None, only: int | None = None
) -> None:
    """From now on these fields of the sheet are the desk's. `only`: the key of the service's only place, `own` when no other
    service stands there: a feed may tell of the place what the sheet says of the service."""
    names = {name for field in fields for name in names_of(field)}
    if not names:
        return
    record, _ = SourceRecord.objects.update_or_create(
        territory_id=service.territory_id, source=DESK, entity="service", external_id=str(service.uuid),
        defaults={"payload": {}, "sha256": "", "fetched_at": at},
    )  # fmt: skip
    _add("service", service.pk, record, names)
    if only and "wheelchair" in names:
        _add("location", only, record, {"is_wheelchair_accessible"})
    if only and "address" in names:
        _add("location", only, record, set(ADDRESS))
    if own and (of_place := names.intersection(_PLACE)):
        _add("location", own, record, of_place)


def _add(kind: str, pk: int, record: SourceRecord, names: set[str]) -> None:
    found = FieldProvenance.objects.filter(kind=kind, object_id=pk, record=record).first()
    fields = sorted(names.union(found.fields if found else ()))
    FieldProvenance.objects.update_or_create(kind=kind, object_id=pk, record=record, defaults={"fields": fields})


def release(service: Service, fields: Iterable[str], *, kept: Iterable[str] = ()) -> None:
    """The desk no longer says anything of these fields: feeds may again. `kept`: fields that it still does."""
    names = {name for field in fields for name in names_of(field)} - {n for field in kept for n in names_of(field)}
    rows = FieldProvenance.objects.filter(record__source=DESK, record__external_id=str(service.uuid))
    for row in rows.filter(record__territory=service.territory_id):
        left = [name for name in row.fields if name not in names]
        if row.kind == "location" and "wheelchair" in names:
            left = [name for name in left if name != "is_wheelchair_accessible"]
        if row.kind == "location" and "address" in names:
            left = [name for name in left if name not in ADDRESS]
        if left:
            FieldProvenance.objects.filter(pk=row.pk).update(fields=left)
        else:
            row.delete()


def fields_of(kind: str, keys: Iterable[int]) -> dict[int, set[str]]:
    """What the desk holds of each thing, by its key."""
    found: dict[int, set[str]] = {}
    rows = FieldProvenance.objects.filter(kind=kind, object_id__in=list(keys), record__source=DESK)
    for key, names in rows.values_list("object_id", "fields"):
        found.setdefault(key, set()).update(names)
    return found


def withhold(feed: Feed, kind: str, again: list[Placed], model: Any, columns: Iterable[str]) -> None:
    """Take out of these things what the desk holds, with a remark for each field where the feed says something else.

    A capacity is held until it expires, a confirmation until the feed has a later one. Who lets the feed take over has
    decided against the desk.
    """
    held = fields_of(kind, [one.pk for one in again]) if kind in ("service", "location") and feed.source != DESK else {}
    if not held:
        return
    if feed.take_over:
        FieldProvenance.objects.filter(kind=kind, object_id__in=held, record__source=DESK).delete()
        return
    timely = ServiceCapacity.objects.filter(service__in=held if kind == "service" else (), expires_at__gt=feed.at)
    fresh = set(timely.values_list("service_id", flat=True))
    wanted = sorted({name for names in held.values() for name in names}.intersection(columns))
    now = {row["id"]: row for row in model.objects.filter(pk__in=held).values("id", *wanted)}
    for one in again:
        names = held.get(one.pk, set())
        if one.pk not in fresh:
            names = names.difference(NAMES["capacity"])
        if names:
            _take_out(feed, one, names, now[one.pk])


def _take_out(feed: Feed, one: Placed, names: set[str], now: dict[str, Any]) -> None:
    thing = one.thing
    if (told := thing.values.get("confirmed_on")) and now.get("confirmed_on") and told > now["confirmed_on"]:
        names = names.difference(CONFIRMATION)
    feed.report.at(one.record.entity, one.record.row, one.record.id)
    for name in sorted(names):
        if name in thing.values and (said := thing.values.pop(name)) != now.get(name) and name not in CONFIRMATION:
            feed.report.remark("held-desk", name, "" if thing.values.get("is_confidential") else said)
        if name in thing.children:
            rows = thing.children.pop(name)
            if name != "phones" or {row.values.get("number") for row in rows} != _numbers(one):
                feed.report.remark("held-desk", name, ", ".join(_said(row.values) for row in rows))
        for placing in thing.placings:
            placing.children.pop(name, None)
        field, _, language = name.partition(":")
        if language and (text := thing.texts.pop((field, language), None)) is not None:
            feed.report.remark("held-desk", name, text)
    if "service_areas" in names:
        thing.served = []
    if "terms" in names:
        thing.terms = []
    one.previous -= {part for name in names for part in (name, name.partition(":")[0])}


def _numbers(one: Placed) -> set[str]:
    owner = {f"{one.thing.kind}_id": one.pk}
    return set(Phone.objects.filter(**owner).values_list("number", flat=True))


def _said(values: dict[str, Any]) -> str:
    return str(
        values.get("number")
        or values.get("raw")
        or values.get("osm")
        or values.get("code")
        or values.get("document")
        or ""
    )
