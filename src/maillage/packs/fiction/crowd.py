"""A very large invented city, for benchmarks only: thousands of places in many groups, and ten thousands of people who wait."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log
from zoneinfo import ZoneInfo

from django.db import transaction

from maillage.directory.models import Service
from maillage.packs import content
from maillage.packs.bulk import Table
from maillage.packs.fiction.draw import Dice
from maillage.packs.fiction.ledger import Asked, Calendar, Ledger
from maillage.packs.fiction.nights import House, Night
from maillage.packs.fiction.people import MAN, WOMAN, Names, People
from maillage.packs.fiction.rows import Identity
from maillage.packs.housekeeping import adopt
from maillage.people.models import CareLink, Organization
from maillage.places import queries
from maillage.places.models import Place, PlaceGroup, Request, Site, WaitingList
from maillage.territory.models import Area, Territory

GROUPS_OF = 26  # places of a group, about
FULL = 0.97
SHARES = (0.05, 0.3, 1.0)
KINDS: tuple[tuple[str, list[str], int], ...] = (
    ("men", [MAN], 1),
    ("women", [WOMAN], 1),
    ("anyone", [], 1),
    ("families", [], 4),
    ("frail", [], 1),
)
RULES = {
    "version": "crowd",
    "tiers": [
        {"code": "a", "labels": {"en": "A"}, "reasons": [{"code": "danger", "labels": {"en": "Danger"}}]},
        {"code": "b", "labels": {"en": "B"}, "reasons": [{"code": "children", "labels": {"en": "Children"}}], "promote_after_days": 90},
        {"code": "c", "labels": {"en": "C"}, "reasons": [{"code": "street", "labels": {"en": "Street"}}], "promote_after_days": 60},
    ],
    "absolute": [{"code": "wronged", "labels": {"en": "Wronged before"}}],
    "order": ["absolute", "tier", "waited", "number"],
    "offer_minutes": 120,
    "hold_minutes": 30,
    "comfort": {"distance": 1, "language": 2, "care_over": 3, "move": 5},
}  # fmt: skip


@dataclass(frozen=True)
class Crowd:
    waiting_list: WaitingList
    keeper: Organization
    places: int
    requests: int


@transaction.atomic
def crowd(
    territory: Territory,
    *,
    places: int = 5000,
    requests: int = 20_000,
    seed: int = 1,
    at: datetime,
    free: int | None = None,
) -> Crowd:
    """One list over so many places in groups of some 26, nearly all taken tonight, with so many people waiting.

    `free`: places that nobody has; 3 in 100 when it is left out. The same arguments give the same rows.
    """
    at = at.replace(microsecond=0)
    identity, dice = Identity(f"{territory.code}/crowd/{seed}"), Dice(f"{territory.code}/crowd/{seed}")
    keeper = Organization.objects.create(
        territory=territory, code="fiction--crowd", name="Crowd (fictional)", is_fictional=True,
        uuid=content.stable(territory.code, "fiction--crowd"),
    )  # fmt: skip
    found = WaitingList.objects.create(
        territory=territory, code="crowd", labels={"en": "Crowd"}, keeper=keeper, is_fictional=True
    )
    adopt(found, RULES, at=at - timedelta(days=400))
    calendar = Calendar(queries.night(territory, at), ZoneInfo(territory.timezone), at)
    areas = list(Area.objects.filter(territory=territory).order_by("code").values_list("code", flat=True))
    people = People(territory.pk, _names(areas or [""]), identity, dice)
    ledger = Ledger(territory.pk, calendar, identity, dice, {found.pk: found.code}, ["en"])
    houses = _houses(territory, keeper, identity, dice, places)
    found.groups.set([house.group for house, _kind in houses])
    left = int(places * (1 - FULL)) if free is None else free
    _fill(houses, people, ledger, dice, places - left, keeper.pk, at)
    _wait(found, people, ledger, dice, requests, at)
    people.write()
    ledger.write({}, {})
    return Crowd(found, keeper, places, requests)


def _houses(
    territory: Territory, keeper: Organization, identity: Identity, dice: Dice, places: int
) -> list[tuple[House, str]]:
    """Sites of one group each; the last one takes the rest."""
    areas = list(Area.objects.filter(territory=territory).order_by("code").values_list("pk", flat=True))
    sites = Table(Site, "territory_id", "uuid", "service_id", "code", "name", "kind", "area_id", "is_fictional")
    groups = Table(
        PlaceGroup, "site_id", "uuid", "code", "labels", "kind", "public", "genders", "minimum_age", "care_level", "unit_size",
        "is_wheelchair_accessible", "rules",
    )  # fmt: skip
    rows = Table(Place, "group_id", "uuid", "label", "order")
    count = max(1, places // GROUPS_OF)
    site_keys, group_keys, keys = sites.take_ids(count), groups.take_ids(count), iter(rows.take_ids(places))
    found, left = [], places
    for n in range(count):
        code, (kind, genders, unit) = f"crowd-{n}", KINDS[n % len(KINDS)]
        service = Service.objects.create(
            territory=territory, organization=keeper, code=f"fiction--{code}", name=f"Crowd {n} (fictional)", is_fictional=True,
            uuid=content.stable(territory.code, f"fiction--{code}"),
        )  # fmt: skip
        area = dice.pick(areas) if areas else None
        sites.add(
            site_keys[n], territory.pk, identity(f"site/{n}"), service.pk, code, f"Crowd {n}", "shelter", area, True
        )
        rules = (
            [{"criterion": "children", "op": "eq", "value": True, "effect": "require"}] if kind == "families" else []
        )
        groups.add(
            group_keys[n], site_keys[n], identity(f"group/{n}"), code, json.dumps({"en": f"Crowd {n}"}), "places", "",
            json.dumps([str(gender) for gender in genders]), None if kind == "families" else 18, n % 4, unit, n % 3 == 0,
            json.dumps(rules),
        )  # fmt: skip
        size = left if n == count - 1 else GROUPS_OF
        own = [next(keys) for _ in range(size)]
        for order, key in enumerate(own):
            rows.add(key, group_keys[n], identity(f"place/{n}/{order}"), str(order + 1), order)
        left -= size
        found.append(
            (House(code, group_keys[n], keeper.pk, "shelter", "", unit, 0, tuple((key, "") for key in own)), kind)
        )
    for table in (sites, groups, rows):
        table.write()
    return found


def _fill(
    houses: list[tuple[House, str]], people: People, ledger: Ledger, dice: Dice, wanted: int, keeper: int, at: datetime
) -> None:
    taken = [(house, kind, key) for house, kind in houses for key, _room in house.places]
    free = len(taken) - wanted
    step = len(taken) / free if free > 0 else 0
    kept_free = {int(n * step) for n in range(max(0, free))}
    for n, (house, kind, key) in enumerate(taken):
        if n in kept_free:
            continue
        start = -dice.between(1, 60)
        party = people.party(kind, at=at, gender=str(MAN) if kind == "men" else "", most=house.unit_size)
        people.link(party, keeper, CareLink.Reason.HOUSED, ledger.calendar.at(start, 18), None)
        ledger.stay(Night(house, party, key, start, dice.between(1, 30)))


def _wait(found: WaitingList, people: People, ledger: Ledger, dice: Dice, requests: int, at: datetime) -> None:
    for _ in range(requests):
        kind, _genders, _unit = dice.pick(KINDS)
        asked_at = at - timedelta(hours=min(8000.0, 1 - log(1 - dice.roll()) * 700))
        party, key = people.party(kind, at=asked_at), ledger.request_key()
        people.link(party, found.keeper_id or 0, CareLink.Reason.LISTED, asked_at, None)
        ledger.ask(Asked(key, found.pk, party, asked_at, Request.State.WAITING))
        ledger.assess(key, RULES["tiers"], asked_at, SHARES)  # type: ignore[arg-type]


def _names(areas: list[str]) -> Names:
    given = {"woman": ["Ada", "Bea", "Cleo"], "man": ["Abe", "Ben", "Cem"], "other": ["Kit"]}
    criteria = frozenset(
        {"homeless", "alone", "gender", "age", "children", "couple", "mobility", "mental_health", "addiction"}
    )
    return Names(given, ["One", "Two", "Three", "Four"], [], ["en", "fr"], ["en", "fr", "ar"], areas, {}, criteria)
