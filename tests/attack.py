"""Processes that book the same forty places, each as fast as it can: as our actions do, and as a careless program would.

The careless one looks whether a place is free, and writes afterwards: what the database refuses of it is what the constraints are
worth; without them it must sell a place twice, else the attack proves nothing.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from itertools import combinations
from typing import Any

from tests.testland import NOW

TONIGHT = date(2026, 11, 20)
NIGHTS = 3
PLACES = 40
BEDS = 10
PEOPLE = 160
BY = "system:attack"


@dataclass(frozen=True)
class Ground:
    """Keys only: every process has connections of its own."""

    group: int
    dormitory: int
    persons: tuple[int, ...]


def ground(territory: Any, service: Any) -> Ground:
    from maillage.people.models import Person
    from maillage.places.models import Place, PlaceGroup, Site

    site = Site.objects.create(territory=territory, service=service, name="Attacked", kind="shelter")
    group = PlaceGroup.objects.create(site=site, code="places")
    Place.objects.bulk_create(Place(group=group, label=str(n), order=n) for n in range(PLACES))
    dormitory = PlaceGroup.objects.create(site=site, code="beds", kind="dormitory", beds=BEDS)
    persons = Person.objects.bulk_create(
        Person(territory=territory, alias=f"Nobody {n}", created_at=NOW) for n in range(PEOPLE)
    )
    return Ground(group.pk, dormitory.pk, tuple(person.pk for person in persons))


def storm(how: str, here: Ground, *, processes: int = 6, seconds: float = 1.0) -> Counter[str]:
    """What happened in all: booked, conflict, full, given back; `failed` is anything that is no refusal in a sentence."""
    from django.db import connections

    import maillage.places.actions.stays  # noqa: F401  # once, before the processes part

    connections.close_all()  # a connection that two processes share is nobody's
    fork = multiprocessing.get_context("fork")
    told = fork.SimpleQueue()
    start = fork.Barrier(processes)
    workers = [
        fork.Process(target=_work, args=(how, here, number, seconds, start, told)) for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    found: Counter[str] = Counter()
    for _ in workers:
        found.update(told.get())
    for worker in workers:
        worker.join()
    return found


def _work(how: str, here: Ground, number: int, seconds: float, start: Any, told: Any) -> None:
    book = {"ours": _ours, "careless": _careless}[how]
    rng, counts = random.Random(number), Counter[str]()
    mine: list[Any] = []
    _connect()
    start.wait()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            counts[book(here, rng, mine)] += 1
        except Exception as failure:  # noqa: BLE001  # whatever it is, it is told
            counts["failed"] += 1
            counts[f"failed: {type(failure).__name__} {failure}"[:200]] += 1
    told.put(dict(counts))


def _connect() -> None:
    from maillage.people.models import Person

    Person.objects.first()


def _nights(rng: random.Random) -> dict[str, date]:
    first = TONIGHT + timedelta(days=rng.randrange(NIGHTS))
    return {"from_on": first, "until_on": first + timedelta(days=rng.choice((1, 1, 2)))}


def _ours(here: Ground, rng: random.Random, mine: list[Any]) -> str:
    from maillage.people.models import Person
    from maillage.places import rules
    from maillage.places.actions import stays
    from maillage.places.models import PlaceGroup

    if mine and rng.random() < 0.2:
        stays.cancel(mine.pop(rng.randrange(len(mine))), by=BY, at=NOW)
        return "given back"
    where = here.dormitory if rng.random() < 0.2 else here.group
    group = PlaceGroup.objects.select_related("site__service__organization", "site__territory").get(pk=where)
    person = Person.objects.get(pk=rng.choice(here.persons))
    try:
        mine += stays.hold(group, person, minutes=None, by=BY, at=NOW, **_nights(rng))
    except rules.NoRoom:
        return "full"
    except (rules.PlaceTaken, rules.AlreadyHoused):
        return "conflict"
    return "booked"


def _careless(here: Ground, rng: random.Random, mine: list[Any]) -> str:
    from django.db import IntegrityError, OperationalError, transaction

    from maillage.places.models import Occupant, Place, PlaceGroup, Stay

    if mine and rng.random() < 0.2:
        Stay.objects.filter(pk=mine.pop(rng.randrange(len(mine)))).delete()
        return "given back"
    nights = _nights(rng)
    taken = Stay.objects.filter(state="held", from_on__lt=nights["until_on"], until_on__gt=nights["from_on"])
    group = PlaceGroup.objects.select_related("site").get(pk=here.group)
    place = Place.objects.filter(group=group).exclude(pk__in=taken.values("place")).order_by("order").first()
    if place is None:
        return "full"
    person = rng.choice(here.persons)
    try:
        with transaction.atomic():
            stay = Stay.objects.create(
                territory_id=group.site.territory_id,
                group=group,
                place=place,
                person_id=person,
                created_at=NOW,
                **nights,
            )
            Occupant.objects.create(stay=stay, person_id=person, state="held", **nights)
    except IntegrityError:
        return "conflict"
    except OperationalError as failure:  # two that meet in two constraints at once: PostgreSQL lets one of them go on
        if "deadlock" not in str(failure):
            raise
        return "conflict"
    mine.append(stay.pk)
    return "booked"


def doubles() -> int:
    """Pairs of stays that meet in a place or for a person, and nights of a dormitory that are overfull or counted wrong."""
    from maillage.places.models import GroupNight, Occupant, Stay

    meeting = {"state__in": ("held", "in", "out")}
    of_place = Stay.objects.filter(**meeting).exclude(place=None).values_list("place", "from_on", "until_on")
    of_person = Occupant.objects.filter(**meeting).values_list("person", "from_on", "until_on")
    found = sum(_pairs(rows) for rows in (of_place, of_person))
    for night in GroupNight.objects.all():
        there = Stay.objects.filter(
            group=night.group_id, from_on__lte=night.night, until_on__gt=night.night, **meeting
        ).values_list("people", flat=True)
        found += sum(there) > night.beds or sum(there) != night.used
    return found


def _pairs(rows: Any) -> int:
    by: dict[int, list[tuple[date, date]]] = {}
    for key, first, last in rows:
        by.setdefault(key, []).append((first, last or date.max))
    return sum(a[0] < b[1] and b[0] < a[1] for stays in by.values() for a, b in combinations(stays, 2))


@contextmanager
def constraints_off() -> Iterator[None]:
    """The database forgets what it refuses of stays; what was written meanwhile goes before it remembers."""
    from django.db import connection

    from maillage.places.models import Stay

    refusals = import_module("maillage.places.migrations.0002_what_the_database_refuses")
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        for table, _column, name in refusals.NEVER_TWICE:
            if sqlite:
                cursor.execute(f"DROP TRIGGER {name}_insert")
                cursor.execute(f"DROP TRIGGER {name}_update")
            else:
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        Stay.objects.all().delete()
        with connection.cursor() as cursor:
            for statement in refusals.sqlite() if sqlite else refusals.postgresql():
                if "stay_never_meets" in statement or "person_never_in" in statement:
                    cursor.execute(statement)


def clear() -> None:
    """Nobody stays anywhere."""
    from maillage.places.models import GroupNight, Stay

    Stay.objects.all().delete()
    GroupNight.objects.update(used=0)


def at_once(*acts: Any) -> list[Counter[str]]:
    """Each act in a process of its own, all begun at the same moment; what each one counted."""
    from django.db import connections

    connections.close_all()
    fork = multiprocessing.get_context("fork")
    told, start = fork.SimpleQueue(), fork.Barrier(len(acts))
    workers = [fork.Process(target=_alone, args=(act, number, start, told)) for number, act in enumerate(acts)]
    for worker in workers:
        worker.start()
    found = dict(told.get() for _ in workers)
    for worker in workers:
        worker.join()
    return [found[number] for number in range(len(acts))]


def _alone(act: Any, number: int, start: Any, told: Any) -> None:
    _connect()
    start.wait()
    try:
        told.put((number, Counter(act())))
    except Exception as failure:  # noqa: BLE001  # told, so that nobody waits for ever
        told.put((number, Counter({f"failed: {type(failure).__name__} {failure}"[:200]: 1})))
