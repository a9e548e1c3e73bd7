"""From where they sleep to the place that was kept for them: one step, when they come in. Until then their nights stay where they are.

The stay before ends as `moved`; whoever is not of the household that moves stays on in it; a bed of a dormitory that was kept for
tonight is given back. Somebody for whom two places were kept has the one where they came first: of the other the database says no.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maillage.people import audit
from maillage.people.models import User
from maillage.places import queries, rules
from maillage.places.actions import claims, waiting
from maillage.places.models import Occupant, OutOfUse, Place, Request, Stay, WaitingList

ENGINE = f"system:{rules.ENGINE}"  # the trail of the house that they leave does not tell who let them in elsewhere


@dataclass(frozen=True, slots=True)
class Left:
    """A stay that ended because its people moved, or the beds that were kept for them tonight."""

    stay: Stay
    stayed_on: Stay | None = None  # those who did not move


def coming(stay: Stay) -> list[int]:
    """Keys of those whose nights are claimed only when they come."""
    rows = Occupant.objects.filter(stay=stay, state=queries.UNCLAIMED).order_by("pk")
    return list(rows.values_list("person", flat=True))


def leave(stay: Stay, who: Collection[int], *, at: datetime) -> list[Left]:
    """Where they sleep now ends, for `who` come into `stay`. The caller's savepoint undoes it. Raises Refused."""
    tonight = queries.night(stay.territory, at)
    met = queries.meeting(max(stay.from_on, tonight), stay.until_on, tonight=tonight)
    theirs = Occupant.objects.filter(met, person__in=who, state__in=(Stay.State.HELD, Stay.State.IN)).exclude(stay=stay)
    rows = Stay.objects.filter(pk__in=theirs.values("stay")).order_by("pk")
    related = ("group__site__service__organization", "group__site__territory", "territory", "place", "request", "offer")
    found = []
    for one in rows.select_related(*related):
        others = list(one.occupants.exclude(person__in=who).select_related("person").order_by("pk"))
        if one.state == Stay.State.IN and not _came_since(one, stay):
            found.append(_moved(one, others, at=at))
        elif one.state == Stay.State.HELD and one.place_id is None and not others:
            found += [Left(one)] if claims.end(one, Stay.State.CANCELLED, at=at) else []
    return found


def _came_since(one: Stay, stay: Stay) -> bool:
    """By an offer of another list, after this place was kept for them: where they are is what they chose."""
    if one.offer is None or stay.offer is None or one.offer.request.waiting_list.kind != WaitingList.Kind.QUEUE:
        return False
    return not Stay.objects.filter(offer=one.offer, came_at__lte=stay.offer.made_at).exists()


def _moved(one: Stay, others: list[Occupant], *, at: datetime) -> Left:
    before, gone = one.until_on, one.occupants.count() - len(others)
    if not claims.end(one, Stay.State.OUT, at=at, exit=Stay.Exit.MOVED):
        raise rules.Refused(claims.CHANGED)
    if not others:
        return Left(one)
    tonight = queries.night(one.territory, at)
    until_on = before if before is None else max(before, tonight + timedelta(days=1))
    asked = claims.Claim(
        one.group, one.place, tuple(other.person for other in others), max(len(others), one.people - gone),
        max(one.from_on, tonight), until_on, at, state=Stay.State.IN,
        more={
            "household": one.household, "request": one.request, "offer": one.offer, "after": one, "came_at": one.came_at,
            "held_by": one.held_by,
        },
    )  # fmt: skip
    if one.place_id is not None:
        return Left(one, claims.write(asked, one.place, asked.people, asked.persons))
    return Left(one, claims.in_beds(replace(asked, place=None)))


def after(left: Collection[Left], *, at: datetime) -> None:
    """What follows of a house where they slept: it reads them no longer, cleans, has room again."""
    stays = [one.stay for one in left]
    for each in stays:
        if each.state == Stay.State.CANCELLED:
            claims.waits_again(each.request, by=ENGINE, at=at)
    claims.close_links(stays, by=ENGINE, at=at)
    for one in left:
        if one.stay.state == Stay.State.OUT:
            leave_list(one.stay, by=ENGINE, at=at)
        if one.stayed_on is None and one.stay.state == Stay.State.OUT:
            clean(one.stay, by=ENGINE, at=at)
    for site in {each.group.site for each in stays}:
        claims.tell_room(site, at=at)


def told(left: Collection[Left], *, at: datetime) -> None:
    """The trail, last. Where they went is not told to the house that they left."""
    for one in left:
        gone = one.stay.state == Stay.State.OUT
        data = {"exit": Stay.Exit.MOVED.value} if gone else None
        audit.record("checked out" if gone else "cancelled a hold", one.stay, by=ENGINE, at=at, data=data)


def leave_list(stay: Stay, *, by: User | str, at: datetime) -> None:
    """What they asked for has been: whoever keeps that list reads them no longer, but for another bed of it, or another request."""
    if stay.request is None or stay.request.state != Request.State.PLACED:
        return
    if not Stay.objects.filter(request=stay.request, state__in=(Stay.State.HELD, Stay.State.IN)).exists():
        waiting.let_go(stay.request, by=by, at=at)


def clean(stay: Stay, *, by: User | str, at: datetime) -> None:
    """As long as the rules of the house say."""
    minutes = rules.cleaning_minutes(stay.group.rules)
    if stay.place is not None and minutes:
        OutOfUse.objects.create(
            place=stay.place, state=Place.State.CLEANING, starts_at=at, ends_at=at + timedelta(minutes=minutes),
            by=by if isinstance(by, User) else None,
        )  # fmt: skip
