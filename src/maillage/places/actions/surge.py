"""A cold-weather plan is opened and closed by a person, who says why: the rule of the pack only advises."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction

from maillage.methods.text import typed
from maillage.people import audit
from maillage.people.models import Membership, Role, User
from maillage.people.rules import NotAllowed, gettext_noop
from maillage.places import winter
from maillage.places.actions import claims
from maillage.places.models import PlaceGroup, Site, SurgeActivation
from maillage.places.rules import Impossible
from maillage.places.waiting import Changed
from maillage.territory.models import Territory

DECIDERS: Final = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR})
NOT_ALLOWED: Final = gettext_noop("Only the coordinators and administrators of the territory open or close a plan.")
NO_PLAN: Final = gettext_noop("This territory has no such plan.")
WHY: Final = gettext_noop("Write why: the decision is kept with its reason.")
NO_GROUP: Final = gettext_noop("Choose at least one group of places of this plan.")
OPEN_ALREADY: Final = gettext_noop("Somebody has opened this plan in the meantime.")
CLOSED_ALREADY: Final = gettext_noop("Somebody has closed this plan in the meantime.")


def plans(territory: Territory) -> list[Mapping[str, Any]]:
    """The plans of the pack."""
    return list((territory.content.get("places") or {}).get("surge_plans") or ())


def plan_of(territory: Territory, code: str) -> Mapping[str, Any]:
    """Raises Impossible."""
    found = next((one for one in plans(territory) if one.get("code") == code), None)
    if found is None:
        raise Impossible(NO_PLAN)
    return found


def groups_of(territory: Territory, code: str) -> list[PlaceGroup]:
    """What this plan may open."""
    rows = PlaceGroup.objects.filter(site__territory=territory, surge=code).select_related("site")
    return list(rows.order_by("site__name", "order", "pk"))


@transaction.atomic
def open_plan(
    territory: Territory, code: str, *, forecast: Sequence[winter.Day], source: str, reason: str, groups: Collection[int],
    by: User | str, at: datetime,
) -> SurgeActivation:  # fmt: skip
    """These groups of the plan take people from now on. What the rule said of the forecast is kept, also when it said no.

    Raises NotAllowed, Impossible (no reason, no group), Changed (it is open).
    """
    _check_decides(by, territory, at)
    plan = plan_of(territory, code)
    why = _why(reason)
    chosen = [one for one in groups_of(territory, code) if one.pk in groups]
    if not chosen:
        raise Impossible(NO_GROUP)
    claims.take_turn(territory)
    try:
        with transaction.atomic():
            made = SurgeActivation.objects.create(
                territory=territory, plan=code, plan_content=dict(plan), forecast=[day.content() for day in forecast],
                forecast_source=typed(source, 200), is_triggered=winter.verdict(plan, forecast).is_triggered, reason=why,
                opened_at=at, opened_by=by if isinstance(by, User) else None,
            )  # fmt: skip
    except IntegrityError:
        raise Changed(OPEN_ALREADY) from None
    made.groups.set(chosen)
    _tell(made, at=at)
    said = {"plan": code, "triggered": made.is_triggered, "groups": [str(one.uuid) for one in chosen]}
    audit.record("opened a cold plan", made, by=by, at=at, data=said)
    return made


@transaction.atomic
def close_plan(activation: SurgeActivation, *, reason: str, by: User | str, at: datetime) -> SurgeActivation:
    """No new people there from now on. Who sleeps there stays until they leave or are moved: nobody is put in the street.

    Raises NotAllowed, Impossible, Changed.
    """
    _check_decides(by, activation.territory, at)
    why = _why(reason)
    claims.take_turn(activation.territory)
    said = {"closed_at": at, "closed_by": by if isinstance(by, User) else None, "close_reason": why}
    if not SurgeActivation.objects.filter(pk=activation.pk, closed_at=None).update(**said):
        raise Changed(CLOSED_ALREADY)
    activation.refresh_from_db()
    _tell(activation, at=at)
    audit.record("closed a cold plan", activation, by=by, at=at, data={"plan": activation.plan})
    return activation


def _why(reason: str) -> str:
    why = typed(reason, 4000).strip()
    if not why:
        raise Impossible(WHY)
    return why


def _tell(activation: SurgeActivation, *, at: datetime) -> None:
    """The directory says what room there is now."""
    for site in Site.objects.filter(groups__surges=activation).distinct().order_by("pk"):
        claims.tell_room(site, at=at)


def _check_decides(by: User | str, territory: Territory, at: datetime) -> None:
    if isinstance(by, User) and not decides(by, territory, at=at):
        raise NotAllowed(NOT_ALLOWED)


def decides(user: User, territory: Territory, *, at: datetime) -> bool:
    mine = Membership.objects.active(at=at).filter(user=user, territory=territory, organization=None)
    return user.is_superuser or mine.filter(role__in=DECIDERS).exists()
