"""Every write about territories, areas, their links and their boundaries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from maillage.territory.models import Area, AreaLink, Territory

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
def keep_areas(territory: Territory, wanted: Mapping[str, Mapping[str, Any]], *, keep: Collection[str] = ()) -> None:
    """Make the areas those of `wanted` (code -> fields, `parent` a code). Areas that left go, except those in `keep`.

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
    Area.objects.filter(territory=territory).exclude(code__in=[*wanted, *keep]).delete()


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
