"""The houses and their places: what there is, what cannot be used and until when, and houses that are lent for a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from maillage.directory.models import Service
from maillage.methods.text import typed
from maillage.people import audit
from maillage.people.models import User
from maillage.people.queries import carer_in
from maillage.people.rules import gettext_noop
from maillage.places import queries, rules
from maillage.places.actions import claims
from maillage.places.models import GroupNight, OutOfUse, Place, PlaceGroup, Site, Stay
from maillage.places.rules import Impossible, PlaceTaken
from maillage.territory.models import Area, Territory

MOST_PLACES: Final = 5_000  # of a group
WHAT: Final = frozenset({  # that may be said of a group
    "labels", "public", "genders", "rooms_of_one_gender", "minimum_age", "maximum_age", "care_level", "languages",
    "is_wheelchair_accessible", "rules", "accredited", "surge", "order", "code",
})  # fmt: skip


def _check(by: User | str, service: Service, *, at: datetime) -> None:
    """Those who help people in the organisation of the service. Raises NotAllowed."""
    mine = not isinstance(by, User) or service.organization_id in carer_in(by, service.territory, at=at)
    rules.check_can_run(is_of_the_house=mine, keeps_the_list=False)


@transaction.atomic
def open_site(
    territory: Territory, service: Service, name: str, *, kind: str, area: Area | None = None, opens_on: date | None = None,
    closes_on: date | None = None, by: User | str, at: datetime,
) -> Site:  # fmt: skip
    """A house where people stay; what it offers, and where, is the service's. Raises NotAllowed, Impossible."""
    _check(by, service, at=at)
    if kind not in Site.Kind.values or not (name := typed(name, 200)):
        raise Impossible(gettext_noop("Give the house a name, and say what kind of house it is."))
    if opens_on and closes_on and closes_on <= opens_on:
        raise Impossible(gettext_noop("A house closes after it opens."))
    made = Site.objects.create(
        territory=territory, service=service, name=name, kind=kind, area=area, opens_on=opens_on, closes_on=closes_on
    )
    claims.tell_room(made, at=at)
    audit.record("described a house", made, by=by, at=at, data={"kind": kind, "opens": opens_on, "closes": closes_on})
    return made


@transaction.atomic
def open_group(
    site: Site, *, kind: str = PlaceGroup.Kind.PLACES, unit_size: int = 1, beds: int = 0, by: User | str, at: datetime, **what: Any
) -> PlaceGroup:  # fmt: skip
    """Places that are alike: for whom (`WHAT`), and how many people one holds. Raises NotAllowed, Impossible."""
    _check(by, site.service, at=at)
    if unknown := sorted(what.keys() - WHAT):
        raise TypeError(f"a group of places has no {', '.join(unknown)}")
    if unit_size < 1 or beds < 0 or beds > MOST_PLACES:
        raise Impossible(gettext_noop("A place holds at least one person."))
    made = PlaceGroup.objects.create(site=site, kind=kind, unit_size=unit_size, beds=beds, **what)
    claims.tell_room(site, at=at)
    audit.record("opened places", made, by=by, at=at, data={"site": str(site.uuid), "beds": beds})
    return made


@transaction.atomic
def open_place(
    group: PlaceGroup, label: str, *, room: str = "", order: int | None = None, by: User | str, at: datetime
) -> Place:
    """One more place. Raises NotAllowed, Impossible."""
    return open_places(group, [label], room=room, order=order, by=by, at=at)[0]


@transaction.atomic
def open_places(
    group: PlaceGroup, labels: Sequence[str], *, room: str = "", order: int | None = None, by: User | str, at: datetime
) -> list[Place]:
    """So many more, in the order of their labels, after those that there are. Raises NotAllowed, Impossible."""
    _check(by, group.site.service, at=at)
    if group.kind == PlaceGroup.Kind.DORMITORY:
        raise Impossible(gettext_noop("A dormitory has beds that are counted, not places with a name."))
    said = [typed(label, 40) for label in labels]
    there = group.places.count()
    if not said or not all(said) or there + len(said) > MOST_PLACES:
        raise Impossible(gettext_noop("Give each place a name."))
    first = there if order is None else order
    try:
        with transaction.atomic():
            made = [
                Place.objects.create(group=group, label=label, room=typed(room, 40), order=first + n)
                for n, label in enumerate(said)
            ]
    except IntegrityError:
        raise Impossible(gettext_noop("Another place of this group has this name.")) from None
    claims.tell_room(group.site, at=at)
    audit.record("opened places", group, by=by, at=at, data={"places": len(made)})
    return made


@transaction.atomic
def put_out(
    place: Place, state: str, *, starts_at: datetime | None = None, ends_at: datetime | None = None, reason: str = "",
    by: User | str, at: datetime,
) -> OutOfUse:  # fmt: skip
    """Nobody is put there from `starts_at` (now) to `ends_at` (until it is put back). Who is there, or expected, is moved before.

    Raises NotAllowed, PlaceTaken, Impossible.
    """
    site = place.group.site
    claims.take_turn(site.territory)
    _check(by, site.service, at=at)
    starts_at = max(starts_at or at, at)
    if state not in (Place.State.CLEANING, Place.State.WORKS, Place.State.CLOSED):
        raise Impossible(gettext_noop("Say why the place cannot be used."))
    if ends_at is not None and ends_at <= starts_at:
        raise Impossible(gettext_noop("It can be used again after it cannot: choose a later moment."))
    first = queries.night(site.territory, starts_at)
    last = None if ends_at is None else queries.night(site.territory, ends_at)
    tonight = queries.night(site.territory, at)
    met = (
        queries.meeting(first, last, tonight=tonight)
        if last is None or last > first
        else Q(state=Stay.State.IN, from_on__lte=first)
    )
    there = Stay.objects.filter(queries.alive(at), met, place=place).exclude(state=Stay.State.OUT)
    if there.exists():
        raise PlaceTaken(gettext_noop("Somebody is there, or expected there, by then: give them another place before."))
    made = OutOfUse.objects.create(
        place=place, state=state, starts_at=starts_at, ends_at=ends_at, reason=typed(reason, 200),
        by=by if isinstance(by, User) else None,
    )  # fmt: skip
    claims.tell_room(site, at=at)
    audit.record("put a place out of use", place, by=by, at=at, data={"state": state, "until": ends_at})
    return made


@transaction.atomic
def put_back(place: Place, *, by: User | str, at: datetime) -> bool:
    """It can be used from now on; what was planned for later stays. False: it could be used already. Raises NotAllowed."""
    site = place.group.site
    claims.take_turn(site.territory)
    _check(by, site.service, at=at)
    now = OutOfUse.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), place=place, starts_at__lte=at)
    ended = now.filter(starts_at__lt=at).update(ends_at=at) + now.filter(starts_at=at).delete()[0]
    if ended:
        claims.tell_room(site, at=at)
        audit.record("put a place back", place, by=by, at=at)
    return bool(ended)


@transaction.atomic
def say_beds(group: PlaceGroup, nights: Iterable[date], beds: int, *, by: User | str, at: datetime) -> None:
    """How many beds of a dormitory are open on these nights; never fewer than are given. Raises NotAllowed, Refused."""
    claims.take_turn(group.site.territory)
    claims.check_runs(by, group, at=at)
    if group.kind != PlaceGroup.Kind.DORMITORY or not 0 <= beds <= MOST_PLACES:
        raise Impossible(gettext_noop("Say how many beds of a dormitory are open: a number."))
    said = sorted(set(nights))
    for night in said:
        row = GroupNight.objects.filter(group=group, night=night)
        if row.filter(used__lte=beds).update(beds=beds):
            continue
        if row.exists():
            raise PlaceTaken(gettext_noop("More beds than that are given on one of these nights."))
        GroupNight.objects.create(group=group, night=night, beds=beds)
    claims.tell_room(group.site, at=at)
    audit.record("said the beds of a night", group, by=by, at=at, data={"beds": beds, "nights": len(said)})


@transaction.atomic
def reconcile(territory: Territory, *, at: datetime) -> int:
    """Counters of dormitories from tonight on are what the stays say. How many had to be mended: 0, or something wrote past us."""
    claims.take_turn(territory)
    mended = 0
    first = queries.night(territory, at)
    for row in GroupNight.objects.filter(group__site__territory=territory, night__gte=first).order_by("night", "group"):
        used = queries.beds_given(row.group_id, row.night)
        mended += GroupNight.objects.filter(pk=row.pk).exclude(used=used).filter(beds__gte=used).update(used=used)
    return mended


@transaction.atomic
def close_on(site: Site, closes_on: date | None, *, by: User | str, at: datetime) -> list[Stay]:
    """The house closes on that day (None: it does not). Nobody is promised a night beyond; gives back those to be rehoused by then.

    Raises NotAllowed, Impossible. Those whose stay had no end, or a later one, have that day as their last; holds that begin later
    are given back, and their requests wait again.
    """
    claims.take_turn(site.territory)
    _check(by, site.service, at=at)
    tonight = queries.night(site.territory, at)
    if closes_on is not None and (closes_on <= tonight or (site.opens_on is not None and closes_on <= site.opens_on)):
        raise Impossible(gettext_noop("A house closes on a day to come, after it opened."))
    Site.objects.filter(pk=site.pk).update(closes_on=closes_on)
    site.closes_on = closes_on
    if closes_on is not None:
        _shorten(site, closes_on, by=by, at=at)
    claims.tell_room(site, at=at)
    there = list(queries.to_rehouse(site))
    audit.record("closed a house", site, by=by, at=at, data={"on": closes_on, "stays": len(there)})
    return there


def _shorten(site: Site, closes_on: date, *, by: User | str, at: datetime) -> None:
    beyond = Stay.objects.filter(Q(until_on=None) | Q(until_on__gt=closes_on), group__site=site)
    beyond = beyond.filter(state__in=(Stay.State.HELD, Stay.State.IN)).select_related("group", "territory", "request")
    claims.lock_requests(beyond)
    for stay in beyond.order_by("pk"):
        if stay.from_on >= closes_on:
            claims.end(stay, Stay.State.CANCELLED, at=at)
            claims.close_links([stay], by=by, at=at)
            claims.waits_again(stay.request, by=by, at=at)
            continue
        if stay.place_id is None and stay.until_on is not None:
            GroupNight.objects.filter(group=stay.group, night__gte=closes_on, night__lt=stay.until_on).update(
                used=F("used") - stay.people
            )
        claims.retime(stay, closes_on)
