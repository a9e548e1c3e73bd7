"""Taking a place and giving it back: the only writes of Stay, Occupant and the counters of dormitories.

Three walls, each enough alone: whoever claims waits for their turn; what is taken is looked at again after that; and the database
refuses what meets (migration 0002, GroupNight). A program that forgets the first two still gives no bed twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet

from maillage.directory.actions import capacity
from maillage.directory.queries import shown_as
from maillage.methods.text import typed
from maillage.people import audit
from maillage.people.actions import persons as people_actions
from maillage.people.models import CareLink, Household, Person, User
from maillage.people.rules import gettext_noop
from maillage.places import fitting, queries, rules
from maillage.places import waiting as words
from maillage.places.actions import waiting
from maillage.places.models import GroupNight, Occupant, Offer, Place, PlaceGroup, Request, Site, Stay
from maillage.places.rules import AlreadyHoused, Impossible, NoRoom, NotForThem, PlaceTaken
from maillage.territory.models import Territory

TRIES: Final = 3  # other places, after somebody was faster
_TURN: Final = 0x706C6163  # the advisory lock of places on PostgreSQL: "plac"
MEETING: Final = (Stay.State.HELD, Stay.State.IN, Stay.State.OUT)
NO_ROOM: Final = gettext_noop("No place of this group can be given to them for these nights. Choose another.")
FASTER: Final = gettext_noop("Somebody was faster: this place has just been taken. Choose another.")
STILL_THERE: Final = gettext_noop("Somebody is still in this place: note that they left first.")
CHANGED: Final = gettext_noop("Somebody did this in the meantime: look at it again.")
HOUSED: Final = gettext_noop("One of them has a place for these nights already: end that one, or choose other nights.")


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants what, for which nights."""

    group: PlaceGroup
    place: Place | None
    persons: tuple[Person, ...]  # the first one answers for it
    people: int
    from_on: date
    until_on: date | None
    at: datetime
    state: str = Stay.State.HELD
    elsewhere: frozenset[int] = frozenset()  # persons whose nights stay where they sleep, until they come
    more: dict[str, Any] = field(default_factory=dict)  # what else the stay says


def take_turn(territory: Territory) -> None:
    """One claim at a time in a territory, until its transaction ends. On SQLite the transaction (IMMEDIATE) holds the only pen.

    Before anything else is written: who waits for a turn while holding something that another needs would wait for ever.
    """
    if connection.vendor == "postgresql":  # pragma: no cover: what is covered is measured on SQLite
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_TURN, territory.pk])


def lock_requests(stays: QuerySet[Stay]) -> None:
    """The requests of these stays, before many of them are changed. Rows come before the audit trail, which everybody writes last:
    who holds the trail and wants a row that somebody else holds, who wants the trail, would wait for ever."""
    keys = list(stays.order_by("request").values_list("request", flat=True).distinct())
    list(Request.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))


def check_runs(by: User | str, group: PlaceGroup, *, at: datetime) -> None:
    """Raises NotAllowed."""
    house, keeper = queries.runs(by, group, at=at)
    rules.check_can_run(is_of_the_house=house, keeps_the_list=keeper)


@transaction.atomic
def hold(
    where: PlaceGroup | Place, person: Person, *, from_on: date, until_on: date | None, people: int = 1,
    household: Household | None = None, members: Sequence[Person] = (), request: Request | None = None, offer: Offer | None = None,
    minutes: float | None, despite: str = "", by: User | str, at: datetime,
) -> list[Stay]:  # fmt: skip
    """A place is kept for them until it runs out (`minutes`; None: until somebody says otherwise), or they come.

    A household larger than one place gets several, each a stay; in a dormitory one stay with so many beds. `members`: those with a
    record, beside `person`. `despite`: why a rule of the house is not followed; the trail keeps that there was a reason, and not the
    words, which may name somebody. A request without an offer is no longer waiting meanwhile. Raises NotAllowed, and Refused: NoRoom,
    PlaceTaken, AlreadyHoused, NotForThem, Impossible.
    """
    group = where.group if isinstance(where, Place) else where
    territory = group.site.territory
    take_turn(territory)
    if offer is None:  # of an offer the rules of the list say how long
        check_runs(by, group, at=at)
        rules.check_hold(minutes)
    until_on = check_nights(group, from_on, until_on, at=at)
    who = household_persons(person, members)
    check_people(people, who)
    despite = typed(despite, 400)
    if not despite:
        check_fits(group, who, request, on=from_on)
    stays = claim(
        Claim(
            group, where if isinstance(where, Place) else None, who, people, from_on, until_on, at,
            elsewhere=elsewhere(offer, group, who, from_on=from_on, until_on=until_on, at=at),
            more={
                "household": household or who[0].household, "request": request, "offer": offer,
                "hold_expires_at": None if minutes is None else at + timedelta(minutes=minutes),
                "held_by": by if isinstance(by, User) else None,
            },
        )
    )  # fmt: skip
    if offer is None:
        _is_offered(request)
        open_links(stays, by=by, at=at)
    if from_on <= queries.night(territory, at):  # else nothing is different tonight
        tell_room(group.site, at=at)
    said = {"group": str(group.uuid), "stays": len(stays), "people": people, "from": from_on, "until": until_on}
    audit.record("held a place", stays[0], by=by, at=at, data={**said, "despite": bool(despite)})
    return stays


def check_nights(group: PlaceGroup, from_on: date, until_on: date | None, *, at: datetime) -> date | None:
    """The day of leaving, when these nights can be given in this group at all. Raises Impossible."""
    site, by_night = group.site, group.kind == PlaceGroup.Kind.DORMITORY
    tonight = queries.night(site.territory, at)
    until_on = rules.last_day(until_on, from_on, site.closes_on, by_night=by_night)
    rules.check_dates(from_on, until_on, tonight=tonight, opens_on=site.opens_on, closes_on=site.closes_on)
    if not queries.is_in_season(group):
        raise Impossible(gettext_noop("These places are opened by a plan for cold weather, which is not open now."))
    return rules.check_dormitory(from_on, until_on) if by_night else until_on


def household_persons(person: Person, members: Iterable[Person]) -> tuple[Person, ...]:
    """Each once, under the record that is kept."""
    kept = (one.same_as or one for one in (person, *members))
    return tuple({one.pk: one for one in kept}.values())


def check_people(people: int, who: Sequence[Person]) -> None:
    words.check_people(people)
    if people < len(who):
        raise Impossible(gettext_noop("More people are named than places are asked for."))


def elsewhere(
    offer: Offer | None, group: PlaceGroup, who: Sequence[Person], *, from_on: date, until_on: date | None, at: datetime
) -> frozenset[int]:  # fmt: skip
    """Those whose nights are claimed only when they come: all, of a place that lasts, so that nobody sleeps outside until then.
    Raises AlreadyHoused: somebody sleeps where they may not be offered this."""
    tonight = queries.night(group.site.territory, at)
    keys = Q(person__in=[one.pk for one in who])
    if offer is None:
        return frozenset()
    beds = queries.beds_of(keys, from_on=from_on, until_on=until_on, tonight=tonight, at=at)
    waiting_list = offer.request.waiting_list
    takes = rules.takes_housed(waiting_list.kind, waiting.content_of(waiting_list, at=at))
    by_night = group.kind == PlaceGroup.Kind.DORMITORY
    if not all(rules.may_have(has, group.pk, by_night=by_night, takes_housed=takes) for has in beds.values()):
        raise AlreadyHoused(HOUSED)
    return frozenset() if by_night else frozenset(one.pk for one in who)


def check_fits(group: PlaceGroup, who: Sequence[Person], request: Request | None, *, on: date) -> None:
    """What is known of them does not go against the rules of the house. Raises NotForThem."""
    publics = fitting.public_facts(group.site.territory.content)
    facts = who[0].facts | (request.facts if request else {})
    known = [rules.Somebody.of(one) for one in who]
    them = fitting.household(known, request.public if request else "", facts, publics, on=on)
    code = fitting.against(fitting.of_group(group, publics), them)
    if code:
        raise NotForThem(code)


# ---- the claim itself: for those who have taken their turn


def claim(asked: Claim) -> list[Stay]:
    """Places for all of them, or a refusal that the caller's transaction does not survive. Raises NoRoom, PlaceTaken, AlreadyHoused."""
    end_lapsed(asked.group, asked.persons, at=asked.at)
    check_free(asked)
    site = asked.group.site
    if queries.are_apart(asked.persons, site, from_on=asked.from_on, until_on=asked.until_on, at=asked.at):
        raise NoRoom(NO_ROOM)  # whoever hears the reason would know that the other one sleeps there
    return [in_beds(asked)] if asked.group.kind == PlaceGroup.Kind.DORMITORY else _places(asked)


def end_lapsed(group: PlaceGroup, who: Sequence[Person], *, at: datetime) -> None:
    """Holds that have run out still stand in the way of the constraints: those of this group, and those of these people."""
    lapsed = Stay.objects.filter(state=Stay.State.HELD, hold_expires_at__lte=at)
    theirs = Occupant.objects.filter(person__in=[one.pk for one in who], state=Stay.State.HELD)
    mine = Q(group=group) | Q(pk__in=theirs.values("stay"))
    for stay in lapsed.filter(mine).select_related("group", "request").order_by("pk"):
        lapse(stay, at=at)


def lapse(stay: Stay, *, at: datetime) -> bool:
    """The hold ran out. Its request waits again, unless an open offer says what becomes of it."""
    if not end(stay, Stay.State.CANCELLED, at=at):
        return False
    waits_again(stay.request, by=f"system:{rules.ENGINE}", at=at)
    return True


def check_free(asked: Claim) -> None:
    """None of them has a place for these nights, nor is still noted as present anywhere; holds that ran out are ended by now.

    But for those who sleep elsewhere, and were judged before (`elsewhere`)."""
    tonight = queries.night(asked.group.site.territory, asked.at)
    theirs = Occupant.objects.filter(
        person__in=[one.pk for one in asked.persons if one.pk not in asked.elsewhere], state__in=MEETING
    )
    if theirs.filter(queries.meeting(asked.from_on, asked.until_on, tonight=tonight)).exists():
        raise AlreadyHoused(HOUSED)


def in_beds(asked: Claim) -> Stay:
    """Beds of a dormitory: the counter of each night, in the order of the nights, so that nobody waits in a circle."""
    assert asked.until_on is not None
    tonight = queries.night(asked.group.site.territory, asked.at)
    late = queries.lingering(asked.group, tonight=tonight)
    for night in rules.nights(asked.from_on, asked.until_on):
        over = late if night == tonight else 0
        count(asked.group, night, asked.people, over=over)
    return write(asked, None, asked.people, asked.persons)


def count(group: PlaceGroup, night: date, beds: int, *, over: int = 0) -> None:
    """So many more beds given on that night (fewer when negative). Raises NoRoom rather than one too many."""
    row = GroupNight.objects.filter(group=group, night=night)
    if beds > 0 and not row.exists():
        GroupNight.objects.get_or_create(group=group, night=night, defaults={"beds": queries.beds_open(group, night)})
    if beds > 0:
        row = row.filter(beds__gte=F("used") + beds + over)
    if not row.update(used=F("used") + beds) and beds > 0:
        raise NoRoom(NO_ROOM)


def _places(asked: Claim) -> list[Stay]:
    """As many places as they need, in one room when one has so many. A place that somebody just took is left for another."""
    sizes = rules.split(asked.people, asked.group.unit_size)
    if asked.place is not None and len(sizes) > 1:
        raise Impossible(gettext_noop("They are more than this place holds: choose several places, or another group."))
    candidates = _candidates(asked, len(sizes))
    stays: list[Stay] = []
    rest, faster = asked.persons, 0
    for place in candidates:
        size = sizes[len(stays)]
        try:
            stays.append(write(asked, place, size, rest[:size]))
        except PlaceTaken:
            faster += 1
            if faster > TRIES:
                break
            continue
        rest = rest[size:]
        if len(stays) == len(sizes):
            return stays
    raise PlaceTaken(FASTER) if faster or asked.place else NoRoom(NO_ROOM)


def _candidates(asked: Claim, wanted: int) -> list[Place]:
    """Free places that they may have, those of the room that fits best first."""
    nights = {"from_on": asked.from_on, "until_on": asked.until_on, "at": asked.at}
    free = queries.free_places(asked.group, place=asked.place, **nights)  # type: ignore[arg-type]
    if asked.group.rooms_of_one_gender:
        slept = queries.genders_by_room(asked.group, **nights)  # type: ignore[arg-type]
        mine = [one.gender for one in asked.persons] + [""] * (asked.people > len(asked.persons))
        free = [place for place in free if not place.room or rules.fits_room(mine, slept.get(place.room, ()))]
    if wanted == 1:
        return free
    by_room: dict[str, int] = {}
    for place in free:
        by_room[place.room] = by_room.get(place.room, 0) + 1
    best = (
        min((n, room) for room, n in by_room.items() if n >= wanted)[1]
        if max(by_room.values(), default=0) >= wanted
        else None
    )
    return sorted(free, key=lambda place: place.room != best) if best is not None else free


def write(asked: Claim, place: Place | None, people: int, who: Sequence[Person]) -> Stay:
    """One stay with those who are in it; the database has the last word. Raises PlaceTaken, AlreadyHoused."""
    nights = {"from_on": asked.from_on, "until_on": asked.until_on, "state": asked.state}
    try:
        with transaction.atomic():
            stay = Stay.objects.create(
                territory=asked.group.site.territory, group=asked.group, place=place, person=asked.persons[0], people=people,
                created_at=asked.at, **nights, **asked.more,
            )  # fmt: skip
            unclaimed = {**nights, "state": queries.UNCLAIMED}
            Occupant.objects.bulk_create(
                Occupant(stay=stay, person=one, **(unclaimed if one.pk in asked.elsewhere else nights)) for one in who
            )
    except IntegrityError as refusal:
        raise (AlreadyHoused(HOUSED) if is_of_a_person(refusal) else PlaceTaken(FASTER)) from None
    except OperationalError as failure:  # two that meet in two constraints at once: PostgreSQL lets one of them go on
        if "deadlock" not in str(failure):
            raise
        raise PlaceTaken(FASTER) from None
    return stay


def is_of_a_person(refusal: IntegrityError) -> bool:
    """SQLite names a table, or the trigger; PostgreSQL the constraint."""
    return any(name in str(refusal) for name in ("person_never_in_two", "one_place_for_a_person", "places_occupant"))


# ---- and giving it back


def change(stay: Stay, state: str, **more: Any) -> bool:
    """The stay and its people become `state`, if nobody changed it before. False: somebody did. IntegrityError: it would meet."""
    rules.check_next(rules.STAY_NEXT, stay.state, state)
    if not Stay.objects.filter(pk=stay.pk, state=stay.state).update(state=state, **more):
        return False
    told = {name: value for name, value in more.items() if name in {"from_on", "until_on"}}
    Occupant.objects.filter(stay=stay).update(state=state, **told)
    for name, value in {"state": state, **more}.items():
        setattr(stay, name, value)
    return True


def end(stay: Stay, state: str, *, at: datetime, **more: Any) -> bool:
    """Cancelled, never came, or gone: the nights that were not slept are given back. `left_at`: when it ended."""
    before, until_on = (stay.from_on, stay.until_on), stay.until_on
    if state == Stay.State.OUT:
        tonight = queries.night(stay.territory, at)
        until_on = max(stay.from_on, tonight if until_on is None else min(until_on, tonight))
        more["until_on"] = until_on
    if not change(stay, state, left_at=at, **more):
        return False
    if stay.place_id is None and before[1] is not None:
        first = until_on if state == Stay.State.OUT and until_on else before[0]
        for night in rules.nights(first, before[1]):
            count(stay.group, night, -stay.people)
    return True


def retime(stay: Stay, until_on: date | None) -> None:
    """Until another day, for the stay and its people. IntegrityError: it would meet another."""
    Stay.objects.filter(pk=stay.pk).update(until_on=until_on)
    Occupant.objects.filter(stay=stay).update(until_on=until_on)
    stay.until_on = until_on


def _is_offered(request: Request | None) -> None:
    """A place is held for them: the list offers them no other one meanwhile."""
    if request is not None:
        moved = Request.objects.filter(pk=request.pk, state=Request.State.WAITING).update(state=Request.State.OFFERED)
        request.state = Request.State.OFFERED if moved else request.state


def waits_again(request: Request | None, *, by: User | str, at: datetime) -> None:
    """The place fell through: they wait again, with all the time waited before; if no other place is theirs."""
    if request is None:
        return
    alive = Stay.objects.filter(queries.alive(at), request=request).exclude(state=Stay.State.OUT)
    if alive.exists() or Offer.objects.filter(request=request, state=Offer.State.OPEN).exists():
        return
    rows = Request.objects.filter(pk=request.pk)
    if rows.filter(state=Request.State.PLACED).update(state=Request.State.WAITING, ended_at=None):
        waiting.start(request, words.ASKED_FOR, by=by, at=at)
    else:
        rows.filter(state=Request.State.OFFERED).update(state=Request.State.WAITING)
    request.refresh_from_db(fields=["state", "ended_at"])


def is_placed(request: Request | None, *, by: User | str, at: datetime) -> None:
    """They have their place: the clock stops."""
    if request is None:
        return
    rows = Request.objects.filter(pk=request.pk, state__in=(Request.State.WAITING, Request.State.OFFERED))
    if rows.update(state=Request.State.PLACED, ended_at=at):
        request.state, request.ended_at = Request.State.PLACED, at
        waiting.stop(request, words.PLACED, by=by, at=at)


def open_links(stays: Iterable[Stay], *, by: User | str, at: datetime) -> None:
    """The house knows who comes."""
    for stay, person in _who(stays):
        organization = stay.group.site.service.organization
        if organization is not None:
            people_actions.link(person, organization, CareLink.Reason.HOUSED, by=by, at=at)


def close_links(stays: Iterable[Stay], *, by: User | str, at: datetime) -> None:
    """The house reads them no longer, unless another stay of theirs is there, or to come."""
    for stay, person in _who(stays):
        organization = stay.group.site.service.organization
        other = Stay.objects.filter(queries.alive(at), occupants__person=person).exclude(state=Stay.State.OUT)
        if organization is not None and not other.filter(group__site__service__organization=organization).exists():
            people_actions.unlink(person, organization, CareLink.Reason.HOUSED, by=by, at=at)


def _who(stays: Iterable[Stay]) -> Iterator[tuple[Stay, Person]]:
    for stay in stays:
        for occupant in stay.occupants.select_related("person"):
            yield stay, occupant.person


_LATER: ContextVar[dict[int, Site] | None] = ContextVar("houses whose room is told later", default=None)


@contextmanager
def told_once(*, at: datetime) -> Iterator[None]:
    """For many claims in one transaction: the room of each house is told at the end, once."""
    outer, later = _LATER.get(), dict[int, Site]()
    token = _LATER.set(later)
    try:
        yield
    finally:
        _LATER.reset(token)
    if outer is not None:
        outer.update(later)
    elif later:
        _derive(_together({shown_as(site.service).pk for site in later.values()}), at=at)


def tell_room(site: Site, *, at: datetime) -> None:
    """The directory says what room there is now."""
    if (later := _LATER.get()) is not None:
        later[site.pk] = site
        return
    _derive(_together({shown_as(site.service).pk}), at=at)


def _together(services: Collection[int]) -> QuerySet[Site]:
    """The houses of these services and of those that were merged into them."""
    merged = Q(service__merged_into__in=services) | Q(service__merged_into__merged_into__in=services)
    return Site.objects.filter(Q(service__in=services) | merged)


def _derive(sites: QuerySet[Site], *, at: datetime) -> None:
    found = queries.shown_room(queries.room(sites.values_list("pk", flat=True), at=at))
    capacity.derive({service: (room.free, room.open) for service, room in found.items()}, at=at)


def tell_all_rooms(territory: Territory, *, at: datetime) -> None:
    """The same of every house: what the clock alone changed (a night that came, a cleaning that ended, a hold that ran out)."""
    _derive(Site.objects.filter(territory=territory), at=at)
