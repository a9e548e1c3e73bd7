"""What room there is now, where it is counted from places: read beside the documents, so that a bed that is given costs search nothing.

Some hundred services at most are counted so. A search asks, in the query that it makes anyway, whether their numbers have changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any

import msgspec
from django.db import connection

from maillage.directory.models import ServiceCapacity
from maillage.directory.search.documents import capacity_status
from maillage.directory.search.types import Card, CardCapacity
from maillage.territory.models import Territory

Mark = tuple[Any, ...]
# rooms of all territories together: a change elsewhere only means reading again;
# the sum is weighted by the row, so that a place given here and one freed there at the same moment is seen; a confidential place says
# no number, and the length of its word stands for it
STATE = """
SELECT d.sequence, d.deletions, r.many, r.latest, r.rooms FROM directory_directorystate d, (
    SELECT COUNT(*) AS many, MAX(c.updated_at) AS latest, SUM(COALESCE(c.available, LENGTH(c.status)) * (c.id %% 997 + 1)) AS rooms
    FROM directory_servicecapacity c WHERE c.is_derived
) r WHERE d.territory_id = %s
"""


def state(territory: Territory) -> tuple[int, int, Mark]:
    """The change number of the documents, that of the last deletion, and a mark that changes with the rooms; one query."""
    with connection.cursor() as cursor:
        cursor.execute(STATE, [territory.pk])
        row = cursor.fetchone()
    return (int(row[0]), int(row[1]), tuple(row[2:])) if row else (0, 0, ())


def live(territory: Territory) -> dict[int, CardCapacity]:
    """service -> what room it has."""
    return _read(ServiceCapacity.objects.filter(is_derived=True, service__territory=territory))


def of(services: Iterable[int]) -> dict[int, CardCapacity]:
    """The same of these services only, in one query."""
    return _read(ServiceCapacity.objects.filter(is_derived=True, service__in=list(services)))


def _read(rows: Iterable[ServiceCapacity]) -> dict[int, CardCapacity]:
    return {
        row.service_id: CardCapacity(
            unit=row.unit, updated_at=row.updated_at.astimezone(UTC), status=capacity_status(row), available=row.available,
            maximum=row.maximum, expires_at=row.expires_at.astimezone(UTC) if row.expires_at else None,
        )
        for row in rows
    }  # fmt: skip


def said(card: Card, room: CardCapacity | None) -> Card:
    """The card with that room, in the place of what was said of the same unit before."""
    if room is None:
        return card
    others = [one for one in card.capacities if one.unit != room.unit]
    return msgspec.structs.replace(card, capacities=[room, *others])
