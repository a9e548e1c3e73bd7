"""A place that came free goes down the list by itself: the engine is asked about that place, and the next one gets an offer.

Whoever answers no, or not in time, frees it again, and it goes further down. Nothing waits for a hand, and nothing is asked twice:
a list is run again only when something came free after its last run.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, Max, OuterRef

from maillage.people.models import User
from maillage.places import queries
from maillage.places.actions import runs, waiting
from maillage.places.models import AllocationRun, OutOfUse, PlaceGroup, Request, Stay, WaitingList
from maillage.places.waiting import Refused
from maillage.territory.models import Territory

log = logging.getLogger(__name__)
SINCE: Final = timedelta(days=1)  # what came free before was seen by people


def pass_on(territory: Territory, *, by: User | str, at: datetime) -> list[AllocationRun]:
    """For each list that is not drawn, and whose rules know how long an offer lasts: the groups where something came free."""
    lists = WaitingList.objects.filter(territory=territory, kind=WaitingList.Kind.QUEUE).order_by("pk")
    asked = Request.objects.filter(waiting_list=OuterRef("pk"), state=Request.State.WAITING)
    made = []
    for one in lists.filter(Exists(asked)):
        if not waiting.content_of(one, at=at).get("offer_minutes"):
            continue
        last = AllocationRun.objects.filter(waiting_list=one).aggregate(last=Max("started_at"))["last"]
        since = max(at - SINCE, last or at - SINCE)
        for group in one.groups.select_related("site__service", "site__territory").order_by("pk"):
            if came_free(group, since=since, at=at):
                made += _run(one, group, by=by, at=at)
    return made


def _run(waiting_list: WaitingList, group: PlaceGroup, *, by: User | str, at: datetime) -> list[AllocationRun]:
    try:
        return [runs.run(waiting_list, group=group, by=by, at=at)]
    except Refused as refusal:
        log.warning("a free place was offered to nobody: %s", type(refusal).__name__)
        return []


def came_free(group: PlaceGroup, *, since: datetime, at: datetime) -> bool:
    """Somebody left, a hold fell through, or a place can be used again, after `since`; and something is free now."""
    ended = Stay.objects.filter(group=group, left_at__gt=since, left_at__lte=at)
    usable = OutOfUse.objects.filter(place__group=group, ends_at__gt=since, ends_at__lte=at)
    if not (ended.exists() or usable.exists()):
        return False
    tonight = queries.night(group.site.territory, at)
    if group.kind == PlaceGroup.Kind.DORMITORY:
        return queries.beds_open(group, tonight) > queries.beds_given(group.pk, tonight)
    return bool(queries.free_places(group, from_on=tonight, until_on=None, at=at))
