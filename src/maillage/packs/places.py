"""Locations that have coordinates and no area: once boundaries are known, each finds the area it stands in."""

from __future__ import annotations

from django.db import transaction

from maillage.directory.models import Location, ServiceAtLocation
from maillage.territory.boundaries import Finder
from maillage.territory.models import Territory

BATCH = 2_000


@transaction.atomic
def fill_areas(territory: Territory) -> tuple[int, list[int]]:
    """Give locations without an area the smallest one that holds them. Returns how many found one, and their services."""
    finder = Finder(territory)
    waiting = Location.objects.filter(
        territory=territory, area=None, latitude__isnull=False, longitude__isnull=False
    ).order_by("pk")
    placed = []
    for location in waiting.iterator(BATCH):
        found = finder.all_at(float(location.longitude or 0), float(location.latitude or 0))
        if found:
            location.area_id = found[0]
            placed.append(location)
    Location.objects.bulk_update(placed, ["area"], batch_size=500)
    services: set[int] = set()
    for start in range(0, len(placed), BATCH):
        part = placed[start : start + BATCH]
        services |= set(ServiceAtLocation.objects.filter(location__in=part).values_list("service_id", flat=True))
    return len(placed), sorted(services)
