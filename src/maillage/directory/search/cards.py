"""Cards read alone: one service, or the list of an area or a category."""

from __future__ import annotations

from uuid import UUID

import numpy as np

from maillage.directory.models import SearchDocument
from maillage.directory.search import rooms
from maillage.directory.search.documents import decode_card
from maillage.directory.search.memory import Memory, Rows, memory, union
from maillage.directory.search.types import Card
from maillage.territory.models import Territory


def cards(service_uuid: UUID | str) -> tuple[Card, ...]:
    """The cards of a service, one for each of its places; none when it does not exist or is not shown."""
    found = list(
        SearchDocument.objects.filter(service__uuid=service_uuid).order_by("id").values_list("service", "card")
    )
    live = rooms.of({service for service, _blob in found}) if found else {}
    return tuple(rooms.said(decode_card(bytes(blob)), live.get(service)) for service, blob in found)


def card(service_uuid: UUID | str) -> Card | None:
    """The card of a service at its first place."""
    return next(iter(cards(service_uuid)), None)


def listing(
    territory: Territory, *, area: str = "", need: str = "", after: int = 0, limit: int = 50
) -> tuple[list[Card], int, int]:
    """Services that stand in an area, or serve it, and of a category: (cards, how many in all, cursor or 0).

    In the order of their documents, by keyset: `after` is the cursor of the page before.
    """
    here = memory(territory)
    rows = here.all
    if need:
        rows = here.rows_of_needs((need,))
    if area:
        rows = np.intersect1d(rows, _rows_of(here, area), assume_unique=True)
    ids = here.ids[rows]
    page = ids[ids > after][: limit + 1].tolist()
    blobs = dict(SearchDocument.objects.filter(pk__in=page[:limit]).values_list("id", "card"))
    live = {pk: here.rooms.get(here.records[pk].service) for pk in blobs}
    found = [rooms.said(decode_card(bytes(blobs[pk])), live[pk]) for pk in page[:limit] if pk in blobs]
    return found, int(ids.size), page[limit - 1] if len(page) > limit else 0


def counts_by_area(territory: Territory) -> dict[str, int]:
    """How many services stand in each area, those within it included."""
    here = memory(territory)
    return {code: int(union(here.by_area.get(one) for one in inside).size) for code, inside in here.below.items()}


def counts_by_need(territory: Territory, *, area: str = "") -> dict[str, int]:
    """How many services each category holds, those below it included; with `area`, those that stand there or serve it."""
    here = memory(territory)
    found = {code: here.rows_of_needs((code,)) for code in here.needs_below}
    if area:
        inside = _rows_of(here, area)
        found = {code: np.intersect1d(rows, inside, assume_unique=True) for code, rows in found.items()}
    return {code: int(rows.size) for code, rows in found.items()}


def _rows_of(here: Memory, area: str) -> Rows:
    """What stands in the area or within it, and what serves it."""
    inside = here.below.get(area, frozenset({area}))
    return union([*(here.by_area.get(code) for code in inside), here.by_served.get(area)])
