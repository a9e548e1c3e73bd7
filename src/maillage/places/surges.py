"""What a cold-weather plan changed: nights and people in its places, and how many were told no before it and during it.

Figures only, with the cells of the pack protected by whoever shows them: nothing here names anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum

from maillage.places import queries
from maillage.places.models import Occupant, PlaceGroup, Refusal, Stay, SurgeActivation
from maillage.territory.models import Territory

LONGEST: Final = 60  # nights that are compared


@dataclass(frozen=True, slots=True)
class Changed:
    """`nights`: how many the plan was open. `slept`: beds x nights that were used; `people`: how many different ones.

    `refused_before` and `refused_during`: people who were told that no place was free, in the `compared` nights before and since;
    of the publics that the plan takes.
    """

    nights: int
    opened: int
    slept: int
    people: int
    refused_before: int
    refused_during: int
    compared: int


def changed(activation: SurgeActivation, *, at: datetime) -> Changed:
    """Until this morning: tonight is not counted yet, because numbers that move while one watches say who came."""
    territory = activation.territory
    first, tonight = queries.night(territory, activation.opened_at), queries.night(territory, at)
    end = queries.night(territory, activation.closed_at) if activation.closed_at else tonight
    after = max(min(end, tonight), first)  # the first night that is not counted
    groups = list(activation.groups.all())
    keys = [group.pk for group in groups]
    stays = Stay.objects.filter(group__in=keys, state__in=(Stay.State.IN, Stay.State.OUT), from_on__lt=after)
    met = stays.filter(Q(until_on=None) | Q(until_on__gt=first))
    slept = sum(
        people * _nights(first, after, from_on, until_on)
        for people, from_on, until_on in met.values_list("people", "from_on", "until_on")
    )
    compared = min((after - first).days, LONGEST)
    publics = {group.public for group in groups}
    told = Refusal.objects.filter(territory=territory, cause=Refusal.Cause.NO_PLACE)
    told = told if "" in publics else told.filter(public__in=publics)
    return Changed(
        (after - first).days, places_of(groups), slept, Occupant.objects.filter(stay__in=met).values("person").distinct().count(),
        _refused(told, territory, first - timedelta(days=compared), first),
        _refused(told, territory, first, first + timedelta(days=compared)), compared,
    )  # fmt: skip


def still_there(activation: SurgeActivation) -> bool:
    """Does anybody sleep in its places now? Yes or no: how many is not told."""
    return Stay.objects.present().filter(group__surges=activation).exists()


def _nights(first: date, after: date, from_on: date, until_on: date | None) -> int:
    """Nights of a stay from `first` up to, not with, `after`."""
    begin, end = max(first, from_on), min(after, until_on) if until_on else after
    return max((end - begin).days, 0)


def _refused(told: QuerySet[Refusal], territory: Territory, first: date, after: date) -> int:
    """People of the refusals of these nights, by the day on the clock of the territory."""
    zone = ZoneInfo(territory.timezone)
    since, until = (datetime.combine(day, time(0), zone) for day in (first, after))
    return told.filter(at__gte=since, at__lt=until).aggregate(n=Sum("people"))["n"] or 0


def places_of(groups: list[PlaceGroup]) -> int:
    """Beds and places that these groups have."""
    named = [group.pk for group in groups if group.kind != PlaceGroup.Kind.DORMITORY]
    beds = sum(group.beds for group in groups if group.kind == PlaceGroup.Kind.DORMITORY)
    places = PlaceGroup.objects.filter(pk__in=named).values_list("places__pk", "unit_size")
    return beds + sum(size for place, size in places if place is not None)
