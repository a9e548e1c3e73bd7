"""Every write about territories, areas, their links and their boundaries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from shapely.geometry import shape

from maillage.territory import rules
from maillage.territory.boundaries import Finder, Index, Order, Refused, Report
from maillage.territory.models import IMPORTED, Area, AreaLink, Territory
from maillage.territory.queries import comparable

LinkKey = tuple[str, str, str, str]  # origin code, target code, kind, vintage
AREA_FIELDS = (
    "level", "labels", "alternative_names", "postal_codes", "latitude", "longitude", "tile_x", "tile_y", "vintage", "source",
    "is_assumed", "note",
)  # fmt: skip


def keep_territory(code: str, *, at: datetime, content: Mapping[str, Any], **columns: Any) -> Territory:
    """Create the territory, or give it what the pack now says. What others wrote in `content` under keys of their own stays."""
    territory = Territory.objects.select_for_update().filter(code=code).first() or Territory(code=code)
    for name, value in columns.items():
        setattr(territory, name, value)
    own = {"fiction": territory.content["fiction"]} if "fiction" in territory.content else {}
    territory.content = {**content, **own}
    territory.loaded_at = at
    territory.save()
    return territory


def note_fiction(territory: Territory, fiction: Mapping[str, Any]) -> None:
    """Say that a fictional offer was generated, and how: from now on every page says so."""
    territory.content = {**territory.content, "fiction": dict(fiction)}
    territory.has_fiction = True
    territory.save(update_fields=["content", "has_fiction"])


@transaction.atomic
def keep_areas(territory: Territory, wanted: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the areas of `wanted` (code -> fields, `parent` a code). Those that left go with `drop_areas`.

    Boundaries stay; so does a centre that came with a boundary, when `wanted` gives none.
    """
    held = {area.code: area for area in Area.objects.filter(territory=territory).defer("boundary")}
    new = [Area(territory=territory, code=code, **_fields(row)) for code, row in wanted.items() if code not in held]
    Area.objects.bulk_create(new, batch_size=500)
    areas = held | {area.code: area for area in new}
    changed = []
    for code, row in wanted.items():
        area = areas[code]
        fields = _fields(row)
        if fields["latitude"] is None:
            fields |= {"latitude": area.latitude, "longitude": area.longitude}
        parent = areas[row["parent"]].pk if row["parent"] else None
        if area.parent_id != parent or any(getattr(area, name) != value for name, value in fields.items()):
            area.parent_id = parent
            for name, value in fields.items():
                setattr(area, name, value)
            changed.append(area)
    Area.objects.bulk_update(changed, [*AREA_FIELDS, "parent"], batch_size=200)


def drop_areas(territory: Territory, *, wanted: Collection[str], used: Collection[int]) -> list[str]:
    """Remove the areas that are not in `wanted`, except those that something uses (`used`: keys) and those that came with an
    import of boundaries. Returns the codes of those that stay because they are used."""
    gone = Area.objects.filter(territory=territory).exclude(code__in=wanted).exclude(source__startswith=IMPORTED)
    kept = sorted(gone.filter(pk__in=used).values_list("code", flat=True))
    gone.exclude(pk__in=used).delete()
    return kept


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in AREA_FIELDS}


@transaction.atomic
def keep_links(territory: Territory, wanted: Mapping[LinkKey, Mapping[str, Any]]) -> None:
    """Make the links between areas those of `wanted`."""
    areas = dict(Area.objects.filter(territory=territory).values_list("code", "pk"))
    held = {
        (link.origin.code, link.target.code, link.kind, link.vintage): link
        for link in AreaLink.objects.filter(origin__territory=territory).select_related("origin", "target")
    }
    new, changed = [], []
    for key, row in wanted.items():
        origin, target, kind, vintage = key
        if key not in held:
            new.append(AreaLink(origin_id=areas[origin], target_id=areas[target], kind=kind, vintage=vintage, **row))
        elif any(getattr(held[key], name) != value for name, value in row.items()):
            for name, value in row.items():
                setattr(held[key], name, value)
            changed.append(held[key])
    AreaLink.objects.bulk_create(new, batch_size=500)
    AreaLink.objects.bulk_update(changed, ["weight", "source", "is_assumed", "note"], batch_size=200)
    gone = [link.pk for key, link in held.items() if key not in wanted]
    AreaLink.objects.filter(pk__in=gone).delete()


@transaction.atomic
def import_boundaries(territory: Territory, features: Iterable[Any], order: Order) -> Report:
    """Give areas of a level their boundary, bounds, and a centre when they have none. Importing again changes nothing."""
    report = Report()
    areas = {area.code: area for area in Area.objects.filter(territory=territory, level=order.level)}
    index = Index(areas.values())
    taken: dict[str, int] = {}
    for number, feature in enumerate(features, start=1):
        report.read += 1
        properties = feature.get("properties") if isinstance(feature, Mapping) else None
        properties = properties if isinstance(properties, Mapping) else {}
        typed = [rules.code_text(properties.get(name)) for name in (order.code_field, order.name_field) if name]
        shown = " / ".join(text for text in typed if text)[:120]
        try:
            boundary = rules.read_boundary(
                feature.get("geometry") if isinstance(feature, Mapping) else None, simplify_metres=order.simplify_metres
            )
        except rules.BoundaryInvalid as error:
            report.refused.append(Refused(number, shown, error.reason, error.detail))
            continue
        found = index.find(typed)
        if len(found) > 1:
            report.refused.append(Refused(number, shown, "ambiguous", ", ".join(sorted(found))))
        elif found and (code := next(iter(found))) in taken:
            report.refused.append(Refused(number, shown, "twice", f"{code}: {taken[code]}"))
        elif found:
            taken[code] = number
            _store(areas[code], boundary, report)
        elif order.create and (made := _create(territory, properties, typed, order)):
            areas[made.code] = made
            index.add(made)
            taken[made.code] = number
            report.created.append(made.code)
            _store(made, boundary, report)
        else:
            report.refused.append(Refused(number, shown, "unmatched"))
    if report.created:
        _find_parents(territory, [areas[code] for code in report.created])
    report.without = sorted(code for code, area in areas.items() if area.boundary is None)
    return report


def _store(area: Area, boundary: rules.Boundary, report: Report) -> None:
    if boundary.repaired:
        report.repaired.append((area.code, boundary.repaired))
    if area.boundary == boundary.geometry and area.latitude is not None:
        report.unchanged.append(area.code)
        return
    area.boundary, area.bounds = boundary.geometry, boundary.bounds
    if area.latitude is None or area.longitude is None:
        area.latitude, area.longitude = boundary.latitude, boundary.longitude
    area.save(update_fields=["boundary", "bounds", "latitude", "longitude"])
    report.stored.append(area.code)


def _create(territory: Territory, properties: Mapping[str, Any], typed: list[str], order: Order) -> Area | None:
    """An area for a feature that means none we know: its code is free, its name is the feature's."""
    labels = rules.in_every_language(properties, order.name_field, territory.languages) if order.name_field else {}
    named = next(iter(labels.values()), "") or next((text for text in typed if text), "")
    code = rules.slug(comparable(named))
    if Area.objects.filter(territory=territory, code=code).exists() and typed[0]:
        code = rules.slug(f"{order.level} {comparable(named)} {typed[0]}")
    if not code or Area.objects.filter(territory=territory, code=code).exists():
        return None
    return Area.objects.create(
        territory=territory, code=code, level=order.level, labels=labels or {territory.default_language: named},
        alternative_names=[typed[0]] if order.code_field and typed[0] else [], source=f"{IMPORTED}{order.source}", vintage=order.vintage,
    )  # fmt: skip


def _find_parents(territory: Territory, made: list[Area]) -> None:
    """The smallest other area that holds a point of it; the root area when boundaries tell nothing."""
    holders = Finder(territory)
    root = Area.objects.filter(territory=territory, code=territory.content.get("root_area", "")).first()
    own = {area.pk for area in made}
    for area in made:
        inside = shape(area.boundary).representative_point()
        held = [pk for pk in holders.all_at(inside.x, inside.y) if pk not in own]
        area.parent_id = held[0] if held else root.pk if root and root.pk != area.pk else None
        area.save(update_fields=["parent"])
