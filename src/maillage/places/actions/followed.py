"""What a list and a stay say to the referral that brought somebody: they wait, help has begun, it is over and what came of it is asked.

Who writes locks the referral before the audit trail (`lock`), as who answers a referral does: nobody waits in a circle.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from maillage.orientation import referring
from maillage.orientation.actions import referrals
from maillage.orientation.models import Referral
from maillage.orientation.rules import referrals as rules
from maillage.people.models import Organization, Person, User
from maillage.people.rules import NotAllowed
from maillage.places.models import Request, Stay
from maillage.places.rules import ENGINE

BY: Final = f"system:{ENGINE}"
TAKEN: Final = (rules.ACCEPTED, rules.WAITLISTED)
OVER: Final = (Stay.State.NO_SHOW, Stay.State.CANCELLED)  # what never was a stay


def brought(person: Person, organization: Organization | None) -> Referral | None:
    """The one open referral that brought this person to these members; none when there are several, or none."""
    states = (*rules.UNANSWERED, *TAKEN)
    rows = Referral.objects.filter(person=person, recipient=organization, state__in=states).order_by("pk")
    found = list(rows[:2]) if organization else []
    return found[0] if len(found) == 1 else None


def lock(referral: int | None) -> Referral | None:
    """As it is now, and nobody else writes it until this transaction ends."""
    return Referral.objects.select_for_update().filter(pk=referral).first() if referral else None


def listed(referral: Referral | None, *, by: User | str, at: datetime) -> None:
    """They wait for a place: who received the referral and puts them on the list has answered by that."""
    if referral is not None and referral.state in rules.UNANSWERED and _receives(referral, by, at):
        _try(referrals.waitlist, referral, by=by, at=at)


def begun(referral: Referral | None, *, by: User | str, at: datetime) -> None:
    """They came: help has begun. Whoever lets them in says so when the letter came to them; else the house, for the recipient."""
    if referral is None:
        return
    receives = _receives(referral, by, at)
    if referral.state in rules.UNANSWERED and receives:
        _try(referrals.accept, referral, by=by, at=at)
    if referral.state in TAKEN:
        _try(referrals.start, referral, by=by if receives else BY, at=at)


@dataclass(frozen=True, slots=True)
class Ended:
    """The stay that a referral asked for is over. `outcome`: what came of it, where leaving says it; "" the worker says it."""

    outcome: str


def ended(referral: Referral) -> Ended | None:
    """What is proposed to who may end it. None as long as somebody stays, or is expected; moving is staying."""
    if referral.state != rules.STARTED:
        return None
    rows = Stay.objects.filter(request__referral=referral).exclude(state__in=OVER)
    said = set(rows.exclude(state=Stay.State.OUT, exit=Stay.Exit.MOVED).values_list("state", "exit"))
    if not said or any(state != Stay.State.OUT for state, _exit in said):
        return None
    return Ended(rules.MET if said == {(Stay.State.OUT, Stay.Exit.HOUSED)} else "")


def of_stay(stay: Stay) -> Referral | None:
    """The referral by which they asked for this place."""
    rows = Request.objects.filter(pk=stay.request_id) if stay.request_id else Request.objects.none()
    request = rows.select_related("referral__territory").first()
    return request.referral if request else None


def _receives(referral: Referral, by: User | str, at: datetime) -> bool:
    return not isinstance(by, User) or rules.RECIPIENT in referring.sides(referral, by, at=at)


def _try(verb: object, referral: Referral, *, by: User | str, at: datetime) -> None:
    """Somebody who comes in is not sent away because a letter has expired: it stays as it is."""
    assert callable(verb)
    try:
        with transaction.atomic():
            verb(referral, by=by, at=at)
    except (rules.NotPossible, NotAllowed):
        referral.refresh_from_db()
