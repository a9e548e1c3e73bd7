"""Load a pack: the difference first, then everything in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from maillage.directory.models import Location, ServiceArea
from maillage.directory.search.index import mark_deleted, reindex
from maillage.packs import content, offer, vocabulary
from maillage.packs.difference import Difference, compare
from maillage.packs.pack import Pack
from maillage.people import audit
from maillage.people.models import User
from maillage.territory import actions as territories
from maillage.territory.models import IMPORTED, Area, Territory


@dataclass(frozen=True)
class Loaded:
    difference: Difference
    territory: Territory
    kept: tuple[str, ...] = ()  # codes that left the pack and stay, because something uses them


@transaction.atomic
def load(
    pack: Pack,
    *,
    by: User | str = "system:pack",
    at: datetime | None = None,
    progress: Callable[[int], None] | None = None,
) -> Loaded:
    """Make the territory what the pack says. Same version and same content: nothing is written.

    Rows of the directory that did not come from this pack are never deleted, and what others have set since stays.
    """
    difference = compare(pack)
    if difference.is_loaded:
        return Loaded(difference, Territory.objects.get(code=pack.code))
    at = at or timezone.now()
    territory = territories.keep_territory(
        pack.code,
        at=at,
        content=content.territory(pack),
        labels=content.plain(pack.head["names"]),
        pack_version=pack.version,
        pack_hash=pack.hash,
        languages=pack.languages,
        country=pack.head["country"],
        timezone=pack.head["timezone"],
    )
    kept = _vocabularies(territory, pack)
    sections = difference.sections
    real = offer.keep(territory, pack, sections["organizations"], sections["services"], at=at)
    if real.deleted_services:
        mark_deleted(territory)
    reindex(territory, progress=progress)
    audit.record("loaded-pack", territory, by=by, data={"version": pack.version, "hash": pack.hash}, at=at)
    return Loaded(difference, territory, (*kept, *real.codes))


def _vocabularies(territory: Territory, pack: Pack) -> list[str]:
    areas = content.areas(pack)
    here = Area.objects.filter(territory=territory).exclude(source__startswith=IMPORTED)
    kept = sorted(set(here.filter(pk__in=_areas_in_use(territory)).values_list("code", flat=True)) - set(areas))
    territories.keep_areas(territory, areas, keep=kept)
    territories.keep_links(territory, content.links(pack))
    kept += vocabulary.keep_needs(territory, content.needs(pack), territory.content["needs_version"])
    kept += vocabulary.keep_publics(territory, content.publics(pack), pack.version)
    kept += vocabulary.keep_obstacles(territory, content.obstacles(pack))
    return kept


def _areas_in_use(territory: Territory) -> set[Any]:
    return {
        *Location.objects.filter(territory=territory).exclude(area=None).values_list("area_id", flat=True),
        *ServiceArea.objects.filter(area__territory=territory).values_list("area_id", flat=True),
    }
