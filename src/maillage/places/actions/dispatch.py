"""What those who keep a list do at night beside giving places (`offers.give`): say no and count it, take back what was held."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from maillage.people import audit
from maillage.people.models import User
from maillage.people.queries import carer_in
from maillage.people.rules import NotAllowed, gettext_noop
from maillage.places import rules
from maillage.places.actions import claims, offers, stays
from maillage.places.models import PlaceGroup, Refusal, Request, Stay
from maillage.territory.models import Territory

KEEPERS: Final = gettext_noop("Only those who keep the list do this.")
CAUSES: Final = frozenset(Refusal.Cause.values)


@transaction.atomic
def refuse(request: Request, cause: str, *, group: PlaceGroup | None = None, by: User | str, at: datetime) -> None:
    """No place for them now, and why: counted with its hour. They wait on, nothing of their request changes.

    Raises NotAllowed, Impossible.
    """
    waiting_list = request.waiting_list
    if isinstance(by, User) and waiting_list.keeper_id not in carer_in(by, waiting_list.territory, at=at):
        raise NotAllowed(KEEPERS)
    if cause not in CAUSES:
        raise rules.Impossible(gettext_noop("Say why there is no place for them."))
    offers.count_refused(request, cause, group=group, code="", at=at)
    audit.record("refused a place", request, by=by, at=at, data={"cause": cause})


@transaction.atomic
def take_back(stay: Stay, *, by: User | str, at: datetime) -> None:
    """What was held is free again, all the places of the household at once; they wait as before. Raises NotAllowed, Refused."""
    claims.take_turn(stay.territory)
    together = Stay.objects.filter(state=Stay.State.HELD, territory=stay.territory).select_related(
        "group__site__service__organization", "request__waiting_list", "territory"
    )
    mine = together.filter(request=stay.request_id) if stay.request_id else together.filter(pk=stay.pk)
    held = list(mine.order_by("pk"))
    if not held:
        raise rules.Refused(stays.CHANGED)
    for one in held:
        stays.cancel(one, by=by, at=at)


def tidy(territory: Territory, *, at: datetime) -> None:
    """What time has ended is written down before something is decided: offers nobody answered, holds that ran out."""
    by = f"system:{rules.ENGINE}"
    offers.expire(territory, by=by, at=at)
    stays.sweep(territory, by=by, at=at)
