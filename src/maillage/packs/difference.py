"""What loading a pack would change, said before anything is written."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from maillage.directory.models import Guide, Obstacle, SourceRecord, TaxonomyTerm
from maillage.orientation.models import Need
from maillage.packs import content
from maillage.packs.pack import Pack
from maillage.territory.models import IMPORTED, Area, AreaLink, Territory

PLACE = frozenset({"order"})  # a line that only moved is written again, and is not news
LISTED = (
    "criteria",
    "publics",
    "red_flags",
    "rights",
    "spoken_languages",
    "sources",
)  # lists of the content, compared item by item


@dataclass(frozen=True)
class Section:
    """Codes of one kind of line. `moved` changed in nothing but their place."""

    name: str
    added: tuple[Any, ...] = ()
    changed: tuple[Any, ...] = ()
    removed: tuple[Any, ...] = ()
    moved: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True)
class Difference:
    pack: str
    version: str
    loaded_version: str = ""  # "": nothing of this territory is loaded
    is_loaded: bool = False  # the same version with the same content: nothing to do
    same_version: bool = False  # the content changed, the version did not
    sections: dict[str, Section] = field(default_factory=dict)

    @property
    def is_first(self) -> bool:
        return not self.loaded_version


def section(name: str, held: Mapping[Any, Any], wanted: Mapping[Any, Any]) -> Section:
    """Compare what is held with what is wanted, by code."""
    both = [
        code for code in wanted if code in held and content.canonical(held[code]) != content.canonical(wanted[code])
    ]
    moved = [code for code in both if _same_but_for_place(held[code], wanted[code])]
    return Section(
        name,
        tuple(code for code in wanted if code not in held),
        tuple(code for code in both if code not in moved),
        tuple(code for code in held if code not in wanted),
        tuple(moved),
    )


def _same_but_for_place(held: Any, wanted: Any) -> bool:
    if not (isinstance(held, dict) and isinstance(wanted, dict)):
        return False
    kept = [{key: value for key, value in row.items() if key not in PLACE} for row in (held, wanted)]
    return content.canonical(kept[0]) == content.canonical(kept[1])


def compare(pack: Pack) -> Difference:
    """What the database holds of this territory against what the pack says."""
    territory = Territory.objects.filter(code=pack.code).first()
    loaded = territory.pack_version if territory else ""
    same = bool(territory and loaded == pack.version)
    if territory and same and territory.pack_hash == pack.hash:
        return Difference(pack.code, pack.version, loaded, is_loaded=True)
    sections = {
        "settings": _settings(territory, pack),
        **{name: _listed(territory, pack, name) for name in LISTED},
        "areas": section("areas", held_areas(territory), _with_held_centres(territory, content.areas(pack))),
        "links": section("links", held_links(territory), content.links(pack)),
        "needs": section("needs", held_needs(territory), content.needs(pack)),
        "obstacles": section("obstacles", held_obstacles(territory), content.obstacles(pack)),
        "organizations": section(
            "organizations", held_records(territory, pack, "organization"), content.organizations(pack)
        ),
        "services": section("services", held_records(territory, pack, "service"), content.services(pack)),
        "guides": section("guides", held_guides(territory), content.guides(pack)),
        "sites": section("sites", held_records(territory, pack, "site"), content.sites(pack)),
        "lists": section("lists", held_records(territory, pack, "list"), content.waiting_lists(pack)),
        "library": section("library", held_records(territory, pack, "document"), content.documents(pack)),
    }
    return Difference(pack.code, pack.version, loaded, same_version=same, sections=sections)


def _settings(territory: Territory | None, pack: Pack) -> Section:
    names = {*pack.head, "places"} - content.IN_COLUMNS - set(LISTED)
    wanted = {key: value for key, value in content.territory(pack).items() if key in names}
    wanted |= {
        "names": content.plain(pack.head["names"]),
        "country": pack.head["country"],
        "timezone": pack.head["timezone"],
    }
    if territory is None:
        return Section("settings", tuple(sorted(wanted)))
    kept = (*LISTED, "obstacles", "needs_version", "fiction")
    held = {key: value for key, value in territory.content.items() if key not in kept}
    held |= {"names": territory.labels, "country": territory.country, "timezone": territory.timezone}
    return section("settings", held, wanted)


def _listed(territory: Territory | None, pack: Pack, name: str) -> Section:
    def by_code(rows: Any) -> dict[Hashable, Any]:
        return {row.get("code", row.get("id")): row for row in rows}

    held = territory.content.get(name, []) if territory else []
    return section(name, by_code(held), by_code(content.territory(pack)[name]))


def held_areas(territory: Territory | None) -> dict[str, content.Row]:
    rows = (
        Area.objects.filter(territory=territory)
        .exclude(source__startswith=IMPORTED)
        .select_related("parent")
        .defer("boundary")
        .order_by("id")
        if territory
        else ()
    )
    return {
        area.code: {
            "level": area.level,
            "parent": area.parent.code if area.parent else "",
            "labels": area.labels,
            "alternative_names": area.alternative_names,
            "postal_codes": area.postal_codes,
            "latitude": area.latitude,
            "longitude": area.longitude,
            "tile_x": area.tile_x,
            "tile_y": area.tile_y,
            "vintage": area.vintage,
            "source": area.source,
            "is_assumed": area.is_assumed,
            "note": area.note,
        }
        for area in rows
    }


def _with_held_centres(territory: Territory | None, wanted: dict[str, content.Row]) -> dict[str, content.Row]:
    """A centre that the pack does not give stays as an imported boundary gave it."""
    held = held_areas(territory)
    for code, row in wanted.items():
        if row["latitude"] is None and code in held:
            row |= {key: held[code][key] for key in ("latitude", "longitude")}
    return wanted


def held_links(territory: Territory | None) -> dict[tuple[str, str, str, str], content.Row]:
    rows = AreaLink.objects.filter(origin__territory=territory).order_by("id") if territory else AreaLink.objects.none()
    return {
        (origin, target, kind, vintage): {"weight": weight, "source": source, "is_assumed": assumed, "note": note}
        for origin, target, kind, vintage, weight, source, assumed, note in rows.values_list(
            "origin__code", "target__code", "kind", "vintage", "weight", "source", "is_assumed", "note"
        )
    }


def held_needs(territory: Territory | None) -> dict[str, content.Row]:
    if territory is None:
        return {}
    rows = Need.objects.filter(territory=territory).select_related("parent", "term").order_by("order", "id")
    return {
        need.code: {
            "parent": need.parent.code if need.parent else "",
            "also": sorted(term.code for term in need.also.all()),
            "mappings": sorted([m.scheme, m.code, m.relation] for m in need.term.mappings.all()),
            **{
                name: getattr(need, name)
                for name in ("labels", "hints", "question", "synonyms", "ask", "icon", "window", "red_flag", "order")
            },
        }
        for need in rows.prefetch_related("also", "term__mappings")
    }


def held_terms(territory: Territory, taxonomy: str) -> dict[str, TaxonomyTerm]:
    return {
        term.code: term for term in TaxonomyTerm.objects.filter(taxonomy__territory=territory, taxonomy__code=taxonomy)
    }


def held_obstacles(territory: Territory | None) -> dict[str, content.Row]:
    rows = Obstacle.objects.filter(territory=territory).order_by("order") if territory else ()
    return {row.code: {"labels": row.labels, "definition": row.definition, "order": row.order} for row in rows}


def held_records(territory: Territory | None, pack: Pack, entity: str) -> dict[str, Any]:
    """What the last load read of each organisation or service."""
    rows = (
        SourceRecord.objects.filter(territory=territory, source=source_name(pack), entity=entity) if territory else ()
    )
    return {row.external_id: row.payload for row in rows}


def held_guides(territory: Territory | None) -> dict[str, content.Row]:
    rows = Guide.objects.filter(territory=territory).prefetch_related("terms") if territory else ()
    return {
        row.code: {
            "titles": row.titles,
            "summaries": row.summaries,
            "steps": row.steps,
            "sources": row.sources,
            "checked_on": row.checked_on.isoformat() if row.checked_on else "",
            "needs": sorted(term.code for term in row.terms.all()),
            "order": row.order,
        }
        for row in rows
    }


def source_name(pack: Pack) -> str:
    return f"pack:{pack.code}"


def in_words(name: str) -> str:
    """The heading of a section."""
    return {
        "settings": _("settings"), "criteria": _("criteria"), "publics": _("publics"), "red_flags": _("red flags"),
        "rights": _("rights"),
        "spoken_languages": _("spoken languages"), "sources": _("sources"), "areas": _("areas"), "links": _("links between areas"),
        "needs": _("needs"), "obstacles": _("obstacles"), "organizations": _("organisations"), "services": _("services"),
        "guides": _("guides"), "library": _("documents of the library"),
        "sites": _("sites"), "lists": _("shared lists"),
    }[name]  # fmt: skip
