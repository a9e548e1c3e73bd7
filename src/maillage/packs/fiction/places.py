"""A demonstration's houses with the people in them: written once, kept fresh, or made large for benchmarks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from maillage.directory.actions import capacity
from maillage.packs.fiction import houses, seasons, tonight
from maillage.packs.fiction.crowd import Crowd as Crowd
from maillage.packs.fiction.crowd import crowd as crowd
from maillage.packs.fiction.world import BY, World
from maillage.packs.pack import Pack
from maillage.people import audit
from maillage.places import queries
from maillage.places.models import Site
from maillage.territory import actions as territories
from maillage.territory.models import Territory

FRESH_FOR = timedelta(hours=8)


def state(territory: Territory) -> dict[str, Any]:
    """What was generated: seed, moment, accounts; empty when nothing was."""
    return dict(territory.content.get("fiction", {}).get("places", {}))


@transaction.atomic
def generate(territory: Territory, pack: Pack, *, seed: int, at: datetime) -> int:
    """Write the houses of the pack's demo_places.yaml and their past, once. Returns how many people were invented.

    The same pack, seed and moment give the same rows. Nothing when the pack has no such file, or when it is done.
    """
    if not pack.demo_places or state(territory):
        return 0
    at = at.replace(microsecond=0)
    night = queries.night(territory, at)
    houses.build(territory, pack, on=night, at=at)
    Site.objects.filter(territory=territory).update(
        is_fictional=True
    )  # the house may exist; who stays in it is invented
    territory.waiting_lists.update(is_fictional=True)
    world = World(territory, pack, seed=seed, at=at, tonight=night)
    world.past()
    tonight.draws(world)
    tonight.send(world)
    world.write()
    seasons.write(world)
    tonight.out_of_use(world)
    tonight.run_lists(territory, at=at)
    tell_room(territory, at=at)
    accounts = houses.accounts(territory, pack)
    told = {"seed": seed, "at": at.isoformat(), "refreshed_at": at.isoformat(), "accounts": accounts}
    _note(territory, told, indexed=False)
    audit.record("generated-fiction", territory, by=BY, at=at, data={"seed": seed, "people": world.people.drawn})
    return world.people.drawn


def is_stale(territory: Territory, *, at: datetime) -> bool:
    told = state(territory)
    return bool(told) and at - datetime.fromisoformat(told["refreshed_at"]) >= FRESH_FOR


@transaction.atomic
def refresh(territory: Territory, pack: Pack, *, at: datetime) -> int:
    """Bring the nights up to `at`: who left has left, others came, tonight's draw has people. Returns how many were invented.

    What somebody wrote in the demonstration since stays: it is only added to.
    """
    told = state(territory)
    if not told:
        return 0
    at = at.replace(microsecond=0)
    night, last = queries.night(territory, at), datetime.fromisoformat(told["refreshed_at"])
    world = World(territory, pack, seed=told["seed"], at=at, tonight=night, again=last)
    days = (night - queries.night(territory, last)).days
    there = tonight.there(world, days)
    tonight.tidy(territory, at=at)
    tonight.since(world, days, there)
    if days:
        tonight.draws(world, past=False)
    world.write()
    tell_room(territory, at=at)
    _note(territory, told | {"refreshed_at": at.isoformat()})
    return world.people.drawn


@transaction.atomic
def begin(territory: Territory, *, at: datetime) -> int:
    """At each start of the demonstration: some people are on their way. Returns how many places are held."""
    return tonight.telephone(territory, at=at) if state(territory) else 0


def tell_room(territory: Territory, *, at: datetime) -> None:
    """The directory says what room there is, counted from the places."""
    found = queries.shown_room(
        queries.room(Site.objects.filter(territory=territory).values_list("pk", flat=True), at=at)
    )
    capacity.derive({service: (room.free, room.open) for service, room in found.items()}, at=at)


def _note(territory: Territory, told: dict[str, Any], **more: Any) -> None:
    territories.note_fiction(territory, {**territory.content.get("fiction", {}), **more, "places": told})
