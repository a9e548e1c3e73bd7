"""Reads over several tables: what is free and when, what a house has room for, and what a member may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from maillage.directory.models import Location, Service, ServiceAtLocation
from maillage.directory.queries import shown_as
from maillage.people.models import Person, User
from maillage.people.queries import carer_in
from maillage.places import rules
from maillage.places.models import (
    Apart,
    GroupNight,
    Occupant,
    OutOfUse,
    Place,
    PlaceGroup,
    Request,
    Site,
    Stay,
    SurgeActivation,
)
from maillage.territory.models import Territory

DORMITORY = PlaceGroup.Kind.DORMITORY
UNCLAIMED = (
    Stay.State.CANCELLED
)  # of an Occupant of a place that is kept until they come: nothing that the database judges


@dataclass(frozen=True, slots=True)
class Room:
    """Of a service, now: places that are free, and all those that are open (what is accredited stands apart)."""

    free: int
    open: int


def night(territory: Territory, at: datetime) -> date:
    """The night that this moment belongs to, on the clock of the territory."""
    return rules.night_of(at.astimezone(ZoneInfo(territory.timezone)))


def cleared(territory: Territory, at: datetime) -> date:
    """The last morning after which whoever slept in a dormitory has left: today from noon on."""
    here = at.astimezone(ZoneInfo(territory.timezone))
    return here.date() if here.time() >= rules.CLEARED_AT else here.date() - timedelta(days=1)


def alive(at: datetime) -> Q:
    """Stays that keep a place from others: there, expected and not run out, or gone (their past nights stay theirs)."""
    lasting = Q(hold_expires_at=None) | Q(hold_expires_at__gt=at)
    return Q(state__in=(Stay.State.IN, Stay.State.OUT)) | (Q(state=Stay.State.HELD) & lasting)


def meeting(from_on: date, until_on: date | None, *, tonight: date) -> Q:
    """Stays whose nights meet these. Who is still there after their last night is in the way tonight."""
    before = Q() if until_on is None else Q(from_on__lt=until_on)
    met = before & (Q(until_on=None) | Q(until_on__gt=from_on))
    return met | Q(state=Stay.State.IN) if from_on <= tonight else met


def free_places(
    group: PlaceGroup, *, from_on: date, until_on: date | None, at: datetime, place: Place | None = None
) -> list[Place]:
    """The places of the group that nobody has, and that can be used, over these nights; in their order."""
    territory = group.site.territory
    tonight = night(territory, at)
    there = Stay.objects.filter(alive(at), meeting(from_on, until_on, tonight=tonight), place=OuterRef("pk"))
    out = OutOfUse.objects.filter(_out(territory, from_on, until_on, tonight, at), place=OuterRef("pk"))
    found = Place.objects.filter(~Exists(there), ~Exists(out), group=group)
    if place is not None:
        found = found.filter(pk=place.pk)
    return list(found.order_by("order", "label", "pk"))


def _out(territory: Territory, from_on: date, until_on: date | None, tonight: date, at: datetime) -> Q:
    """Times out of use that meet these nights; of an open end only those that hold at the beginning."""
    zone = ZoneInfo(territory.timezone)
    noon = datetime.combine(from_on, time(12), zone)
    first = at if from_on <= tonight else max(noon, at)
    last = datetime.combine(until_on, time(0), zone) if until_on else first
    return Q(starts_at__lte=max(first, last)) & (Q(ends_at=None) | Q(ends_at__gt=first))


def genders_by_room(
    group: PlaceGroup, *, from_on: date, until_on: date | None, at: datetime
) -> Mapping[str, frozenset[str]]:
    """Who sleeps in each room over these nights, by gender ("" unknown): for rooms of one gender."""
    tonight = night(group.site.territory, at)
    stays = Stay.objects.filter(alive(at), meeting(from_on, until_on, tonight=tonight), group=group)
    found: dict[str, set[str]] = {}
    rows = stays.exclude(place=None).values_list("place__room", "occupants__person__gender")
    for room, gender in rows:
        found.setdefault(room, set()).add(gender or "")
    return {room: frozenset(genders) for room, genders in found.items()}


def is_in_season(group: PlaceGroup) -> bool:
    """Always, but for a group of a cold-weather plan: while the plan is open with it."""
    return not group.surge or SurgeActivation.objects.filter(groups=group, closed_at=None).exists()


def beds_open(group: PlaceGroup, on: date) -> int:
    """Of a dormitory on a night: what was said of that night, else its beds."""
    said = GroupNight.objects.filter(group=group, night=on).values_list("beds", flat=True).first()
    return said if said is not None else group.beds if is_in_season(group) else 0


def lingering(group: PlaceGroup, *, tonight: date) -> int:
    """Beds of people who are still in a dormitory after their last night."""
    stays = Stay.objects.filter(group=group, state=Stay.State.IN, until_on__lte=tonight)
    return stays.aggregate(beds=Sum("people"))["beds"] or 0


def beds_given(group: int, on: date) -> int:
    """Of a dormitory on a night, as the stays say: what its counter must say too."""
    there = Stay.objects.filter(group=group, place=None, from_on__lte=on, until_on__gt=on)
    there = there.filter(state__in=(Stay.State.HELD, Stay.State.IN, Stay.State.OUT))
    return there.aggregate(beds=Sum("people"))["beds"] or 0


def to_rehouse(site: Site) -> QuerySet[Stay]:
    """Those who are in a house that closes, the first to leave first."""
    there = Stay.objects.filter(group__site=site, state=Stay.State.IN).select_related("person", "group", "place")
    return there.order_by(F("until_on").asc(nulls_last=True), "pk")


def rehoused(site: Site) -> dict[str, int]:
    """Where the people of a house went, by `Stay.Exit`: each of them once, at the end of their last stay there."""
    gone = Occupant.objects.filter(stay__group__site=site, state=Stay.State.OUT)
    later = Occupant.objects.filter(person=OuterRef("person"), stay__group__site=site, pk__gt=OuterRef("pk"))
    later = later.filter(state__in=(Stay.State.IN, Stay.State.OUT))
    rows = gone.filter(~Exists(later)).order_by().values_list("stay__exit").annotate(n=Count("pk"))
    return {exit: n for exit, n in rows if exit}


def are_apart(persons: Collection[Person], site: Site, *, from_on: date, until_on: date | None, at: datetime) -> bool:
    """Would somebody be under one roof with whom they are kept apart? Never say to anybody that this is why."""
    keys = [one.pk for one in persons]
    rows = Apart.objects.filter(Q(until=None) | Q(until__gt=at)).filter(Q(one__in=keys) | Q(other__in=keys))
    others = {key for pair in rows.values_list("one", "other") for key in pair}.difference(keys)
    if not others:
        return False
    tonight = night(site.territory, at)
    stays = Stay.objects.filter(alive(at), meeting(from_on, until_on, tonight=tonight), group__site=site)
    return Occupant.objects.filter(person__in=others, stay__in=stays).exists()


def beds_of(
    who: Q, *, from_on: date, until_on: date | None, tonight: date, at: datetime
) -> dict[int, list[rules.Bed]]:  # fmt: skip
    """person -> what they have over these nights, or sleep in now, or what is only kept for them (see Occupant); `who`: of Occupant."""
    there = Stay.objects.filter(alive(at), meeting(from_on, until_on, tonight=tonight) | Q(state=Stay.State.IN))
    rows = Occupant.objects.filter(who, stay__in=there, state__in=(Stay.State.HELD, Stay.State.IN, UNCLAIMED))
    found: dict[int, list[rules.Bed]] = {}
    for person, state, group, kind in rows.values_list("person", "state", "stay__group", "stay__group__kind"):
        bed = rules.Bed(group, state == Stay.State.IN, kind == DORMITORY, is_kept=state == UNCLAIMED)
        found.setdefault(person, []).append(bed)
    return found


def room(sites: Iterable[int], *, at: datetime) -> dict[int, Room]:
    """What each service has room for now, by its key; `sites`: keys of sites. Five queries at most, however many they are."""
    rows = list(PlaceGroup.objects.filter(site__in=list(sites)).select_related("site__territory"))
    found = {row.site.service_id: [0, 0] for row in rows}
    if not rows:
        return {}
    tonight = night(rows[0].site.territory, at)
    plans = any(row.surge for row in rows)
    seasons = set(SurgeActivation.objects.filter(closed_at=None).values_list("groups", flat=True)) if plans else set()
    usable = {row.pk: row for row in rows if _is_open(row, tonight) and (not row.surge or row.pk in seasons)}
    if named := [key for key, row in usable.items() if row.kind != DORMITORY]:
        for key, state, count in _by_state(named, at):
            free = count if state == Place.State.FREE else 0
            shown = 0 if state in (Place.State.WORKS, Place.State.CLOSED) else count
            _add(found, usable[key], free, shown)
    slept = [row for row in usable.values() if row.kind == DORMITORY]
    nights = {n.group_id: n for n in GroupNight.objects.filter(group__in=slept, night=tonight)} if slept else {}
    late = _late(slept, tonight, at) if slept else {}
    for row in slept:
        counted = nights.get(row.pk)
        beds, used = (counted.beds, counted.used) if counted else (row.beds, 0)
        _add(found, row, max(0, beds - used - late.get(row.pk, 0)), beds)
    return {service: Room(free, shown) for service, (free, shown) in found.items()}


def shown_room(rooms: dict[int, Room]) -> dict[int, Room]:
    """The same of the services that stand for these since they were merged: the houses of one count for the other. What must not
    be found is not counted where others are."""
    merged = Service.objects.filter(pk__in=rooms).exclude(merged_into=None).select_related("merged_into__merged_into")
    hidden = ServiceAtLocation.objects.filter(service=OuterRef("pk"), location__is_confidential=True)
    found = dict(rooms)
    for one in merged.exclude(Exists(hidden)):
        its, top = found.pop(one.pk), shown_as(one).pk
        mine = found.get(top, Room(0, 0))
        found[top] = Room(mine.free + its.free, mine.open + its.open)
    return found


def _is_open(group: PlaceGroup, tonight: date) -> bool:
    site = group.site
    return (site.opens_on is None or site.opens_on <= tonight) and (site.closes_on is None or site.closes_on > tonight)


def _by_state(groups: Collection[int], at: datetime) -> QuerySet[Place, tuple[int, str, int]]:
    rows = Place.objects.filter(group__in=groups).with_state(at=at).order_by()
    return rows.values("group", "now").annotate(n=Count("pk")).values_list("group", "now", "n")  # type: ignore[misc]  # annotated by with_state


def _late(groups: Collection[PlaceGroup], tonight: date, at: datetime) -> dict[int, int]:
    """Beds that the counter does not tell: still there after their last night; less the holds that have run out."""
    there = Q(state=Stay.State.IN, until_on__lte=tonight)
    lapsed = Q(state=Stay.State.HELD, hold_expires_at__lte=at, from_on__lte=tonight, until_on__gt=tonight)
    rows = Stay.objects.filter(there | lapsed, group__in=groups).order_by().values("group")
    told = rows.annotate(more=Sum("people", filter=there), less=Sum("people", filter=lapsed))
    return {row["group"]: (row["more"] or 0) - (row["less"] or 0) for row in told}


def _add(found: dict[int, list[int]], group: PlaceGroup, free: int, shown: int) -> None:
    counts = found[group.site.service_id]
    counts[0] += free
    counts[1] += shown


# ---- who sees what: members who help people, and whose organisation is concerned


def runs(user: User | str, group: PlaceGroup, *, at: datetime) -> tuple[bool, bool]:
    """(works in the house, keeps a list of its places); a command does both."""
    if not isinstance(user, User):
        return True, True
    mine = carer_in(user, group.site.territory, at=at)
    of_the_house = group.site.service.organization_id in mine
    return of_the_house, of_the_house or group.waiting_lists.filter(keeper__in=mine).exists()


def sites_for(user: User, territory: Territory, *, at: datetime) -> QuerySet[Site]:
    """The houses whose places they run, and those whose places are on a list that they keep."""
    mine = carer_in(user, territory, at=at)
    kept = PlaceGroup.objects.filter(waiting_lists__keeper__in=mine)
    return Site.objects.filter(Q(service__organization__in=mine) | Q(pk__in=kept.values("site")), territory=territory)


def stays_for(user: User, territory: Territory, *, at: datetime) -> QuerySet[Stay]:
    """Those of their house; those of a list that they keep; and of the people whom they help, but for a confidential house."""
    mine = carer_in(user, territory, at=at)
    hidden = Location.objects.filter(services_here__service=OuterRef("group__site__service"), is_confidential=True)
    helped = Q(person__in=Person.objects.of(mine, at=at)) & ~Exists(hidden)
    kept = Q(request__waiting_list__keeper__in=mine)
    return Stay.objects.filter(Q(group__site__service__organization__in=mine) | kept | helped, territory=territory)


def requests_for(user: User, territory: Territory, *, at: datetime) -> QuerySet[Request]:
    """Those of a list that they keep, and of the people whom they help."""
    mine = carer_in(user, territory, at=at)
    helped = Q(person__in=Person.objects.of(mine, at=at))
    return Request.objects.filter(helped | Q(waiting_list__keeper__in=mine), waiting_list__territory=territory)
