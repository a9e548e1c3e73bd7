"""Generate the fictional offer of a demonstration, and keep what it says of tonight fresh."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from maillage.directory.models import Location, Obstacle, Service, ServiceCapacity
from maillage.directory.search.index import reindex
from maillage.packs.content import NEEDS, PUBLICS
from maillage.packs.difference import held_terms
from maillage.packs.fiction.draw import DrawnOrganization, organizations
from maillage.packs.fiction.material import gather
from maillage.packs.fiction.missing import missed
from maillage.packs.fiction.rows import Rows
from maillage.packs.pack import Pack
from maillage.people import audit
from maillage.people.models import Organization
from maillage.territory import actions as territories
from maillage.territory.models import Area, Territory

BATCH = 800  # organisations written together: some 2,300 services
FRESH_FOR = timedelta(hours=8)  # after that, the room that services say they have is said again

Progress = Callable[[int], None]


class NoMaterial(Exception):
    """The pack has no demo.yaml: no fictional offer can be made of it."""


class OtherSeed(Exception):
    """A fictional offer drawn with another seed is there already."""


def state(territory: Territory) -> dict[str, Any]:
    """What was generated: seed, services, day; empty when nothing was."""
    return dict(territory.content.get("fiction", {}))


@transaction.atomic
def generate(
    territory: Territory,
    pack: Pack,
    *,
    services: int,
    seed: int,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> int:
    """Write services until there are `services`; those that are there stay. Returns how many were written.

    The same pack, seed and moment give the same rows, UUIDs included. Search knows them after `index`.
    """
    before = state(territory)
    if not pack.demo:
        raise NoMaterial(pack.code)
    if before and before["seed"] != seed:
        raise OtherSeed(str(before["seed"]))
    start = int(before.get("services", 0))
    if services <= start:
        return 0
    at = datetime.fromisoformat(before["at"]) if before else (at or timezone.now()).replace(microsecond=0)
    material = gather(pack, _centres(territory))
    rows = Rows(territory.pk, material, seed, _ids(territory), at)
    drawn = organizations(material, seed=seed, start=start, count=services, on=at.date())
    while batch := list(islice(drawn, BATCH)):
        _write(rows, batch, start)
        if progress:
            progress(sum(len(organization.services) for organization in batch))
    told = {"seed": seed, "services": services, "at": at.isoformat(), "refreshed_at": at.isoformat(), "indexed": False}
    told |= {name: before[name] for name in ("refreshed_at", "places") if name in before}
    territories.note_fiction(territory, told)
    missed(territory, seed=seed, on=at.date())
    audit.record("generated-fiction", territory, by="system:demo", data={"seed": seed, "services": services})
    return services - start


def _write(rows: Rows, batch: list[DrawnOrganization], start: int) -> None:
    keys = iter(rows.services.take_ids(sum(len(organization.services) for organization in batch)))
    fresh = [organization for organization in batch if organization.first >= start]
    organization_keys = iter(rows.organizations.take_ids(len(fresh)))
    for drawn in batch:
        own = list(islice(keys, len(drawn.services)))
        if drawn.first >= start:
            rows.add(drawn, next(organization_keys), {}, own)
        else:  # cut in two by the end of the offer drawn before
            key, places = _written(rows.territory, drawn)
            rows.add(drawn, key, places, own)
    rows.write()


def _written(territory: int, drawn: DrawnOrganization) -> tuple[int, dict[int, int]]:
    code = f"fiction--organization-{drawn.number}"
    key = Organization.objects.filter(territory_id=territory, code=code).values_list("pk", flat=True).get()
    codes = {f"fiction--place-{drawn.number}-{index}": index for index in range(len(drawn.places))}
    held = Location.objects.filter(territory_id=territory, code__in=codes).values_list("code", "pk")
    return key, {codes[code]: pk for code, pk in held}


def _centres(territory: Territory) -> dict[str, tuple[float | None, float | None]]:
    rows = Area.objects.filter(territory=territory).values_list("code", "latitude", "longitude")
    return {code: (latitude, longitude) for code, latitude, longitude in rows}


def _ids(territory: Territory) -> dict[str, Any]:
    needs, publics = held_terms(territory, NEEDS), held_terms(territory, PUBLICS)
    return {
        "area": dict(Area.objects.filter(territory=territory).values_list("code", "pk")),
        "need": {code: term.pk for code, term in needs.items()},
        "public": {code: term.pk for code, term in publics.items()},
        "obstacle": dict(Obstacle.objects.filter(territory=territory).values_list("code", "pk")),
        "term_codes": {
            term.pk: f"{name}/{code}"
            for name, held in ((NEEDS, needs), (PUBLICS, publics))
            for code, term in held.items()
        },
    }


def index(territory: Territory, *, progress: Progress | None = None) -> None:
    """Let search know the offer: the services that have no document yet, so that it can be stopped and started again."""
    reindex(territory, list(_unknown_to_search(territory).values_list("pk", flat=True)), progress=progress)
    territories.note_fiction(territory, state(territory) | {"indexed": True})


def unindexed(territory: Territory) -> int:
    return _unknown_to_search(territory).count()


def _unknown_to_search(territory: Territory) -> QuerySet[Service]:
    return Service.objects.filter(territory=territory, search_documents=None).order_by("pk")


def is_stale(territory: Territory, *, at: datetime) -> bool:
    told = state(territory)
    return bool(told) and at - datetime.fromisoformat(told["refreshed_at"]) >= FRESH_FOR


def refresh(territory: Territory, *, at: datetime, progress: Progress | None = None) -> int:
    """Bring the room that fictional services say they have up to `at`, so that tonight is known again. Returns how many.

    Room that somebody has said since is theirs and stays.
    """
    told = state(territory)
    last = datetime.fromisoformat(told["refreshed_at"])
    stale = ServiceCapacity.objects.filter(
        service__territory=territory,
        service__is_fictional=True,
        updated_at__lte=last,
        expires_at__isnull=False,
        is_derived=False,
    )
    services = sorted(set(stale.values_list("service_id", flat=True)))
    with transaction.atomic():
        moved = stale.update(updated_at=F("updated_at") + (at - last), expires_at=F("expires_at") + (at - last))
        territories.note_fiction(territory, told | {"refreshed_at": at.isoformat()})
    reindex(territory, services, progress=progress)
    return moved
