"""A winter that is over and a count that is closed, both invented, so that their pages have something to show."""

from __future__ import annotations

import secrets
from datetime import date, timedelta

from maillage.packs.fiction.world import World
from maillage.places.actions.counts import areas_of
from maillage.places.models import Count, CountLine, PlaceGroup, SurgeActivation

COUNTED_DAYS_AGO = 380
LAST_WINTER = (1, 9, 24)  # month, first day, nights


def write(world: World) -> None:
    _winter(world)
    _count(world)


def _winter(world: World) -> None:
    """Last January: a cold spell was forecast, people decided, and closed it again."""
    plans = {plan["code"]: plan for plan in world.territory.content["places"]["surge_plans"]}
    month, day, nights = LAST_WINTER
    first = date(world.calendar.tonight.year, month, day)
    if first + timedelta(days=nights) > world.calendar.tonight:
        first = first.replace(year=first.year - 1)
    begins = (first - world.calendar.tonight).days
    for code in world.pack.demo_places.get("winters", ()):
        forecast = [
            {"on": (first + timedelta(days=n)).isoformat(), "low": -9.0 + n % 3, "high": -3.0 - (n % 4)}
            for n in range(6)
        ]
        made = SurgeActivation.objects.create(
            territory=world.territory, plan=code, plan_content=plans[code], forecast=forecast, forecast_source="Fiction",
            is_triggered=False, reason="Fiction", opened_at=world.calendar.at(begins - 1, 15), close_reason="Fiction",
            closed_at=world.calendar.at(begins + nights, 10),
        )  # fmt: skip
        made.groups.set(PlaceGroup.objects.filter(site__territory=world.territory, surge=code))


def _count(world: World) -> None:
    """One night of last autumn, by the first method of the pack."""
    methods = world.territory.content["places"]["count_methods"]
    if not methods:
        return
    method, dice = methods[0], world.dice
    zones = areas_of(world.territory, str(method.get("zone_level") or ""))
    held_on = world.calendar.day(-COUNTED_DAYS_AGO)
    count = Count.objects.create(
        territory=world.territory, held_on=held_on, method=method["code"], method_content=method, zones=zones, is_closed=True,
        salt=secrets.token_hex(32),
    )  # fmt: skip
    at = world.calendar.at(-COUNTED_DAYS_AGO, 23, 30)
    CountLine.objects.bulk_create(
        CountLine(
            count=count, zone=zone["code"], source=source, category=category["code"], people=dice.between(1, 6), at=at
        )
        for zone in zones
        for category in method["categories"]
        for source in (("street", "service") if category.get("where") == "both" else (category.get("where", "street"),))
        for _ in range(dice.between(0, 4))
    )  # fmt: skip
