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
from maillage.packs import bookshelf, content, housekeeping, offer, vocabulary
from maillage.packs.difference import Difference, compare
from maillage.packs.pack import Pack
from maillage.people import audit
from maillage.people.models import User
from maillage.territory import actions as territories
from maillage.territory.models import Territory


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
    _write_vocabularies(territory, pack)
    sections = difference.sections
    housed = housekeeping.withdraw(territory, pack, sections["sites"], sections["lists"])
    real = offer.keep(territory, pack, sections["organizations"], sections["services"], at=at)
    housekeeping.keep(territory, pack, sections["sites"], sections["lists"], at=at)
    bookshelf.keep_guides(territory, pack)
    bookshelf.keep_documents(territory, pack, at=at)
    kept = _drop_what_left(territory, pack)  # after the offer: it may have been the last to use it
    if real.deleted_services:
        mark_deleted(territory)
    reindex(territory, progress=progress)
    audit.record("loaded-pack", territory, by=by, data={"version": pack.version, "hash": pack.hash}, at=at)
    return Loaded(difference, territory, (*kept, *real.codes, *housed))


def _write_vocabularies(territory: Territory, pack: Pack) -> None:
    territories.keep_areas(territory, content.areas(pack))
    territories.keep_links(territory, content.links(pack))
    vocabulary.keep_needs(territory, content.needs(pack), territory.content["needs_version"])
    vocabulary.keep_publics(territory, content.publics(pack), pack.version)
    vocabulary.keep_obstacles(territory, content.obstacles(pack))


def _drop_what_left(territory: Territory, pack: Pack) -> list[str]:
    """Returns the codes that left the pack and stay, because something uses them."""
    return [
        *territories.drop_areas(territory, wanted=list(content.areas(pack)), used=_areas_in_use(territory)),
        *vocabulary.drop_terms(territory, content.NEEDS, content.needs(pack)),
        *vocabulary.drop_terms(territory, content.PUBLICS, content.publics(pack)),
        *vocabulary.drop_obstacles(territory, content.obstacles(pack)),
    ]


def _areas_in_use(territory: Territory) -> set[Any]:
    located = Location.objects.filter(territory=territory).exclude(area=None)
    served = ServiceArea.objects.filter(area__territory=territory)
    return {
        *located.order_by().values_list("area_id", flat=True).distinct(),
        *served.order_by().values_list("area_id", flat=True).distinct(),
    }
