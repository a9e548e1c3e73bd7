"""A place offered to a household, until a deadline: made by a run or by hand, accepted, declined, taken back, not answered in time.

Two answers at one moment, or an answer and the deadline: the first one counts (a conditional update), the other is told so. An
offer that nobody answered costs nothing: the household waits on as before, with all the time waited.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from maillage.methods.text import typed
from maillage.people import audit, tokens
from maillage.people.models import Person, User
from maillage.people.once import once
from maillage.people.queries import helps
from maillage.people.rules import NotAllowed, gettext_noop
from maillage.places import links, queries, rules, standing, told
from maillage.places import waiting as words
from maillage.places.actions import claims, stays, waiting
from maillage.places.models import (
    AllocationLine,
    Offer,
    PassedOver,
    Place,
    PlaceGroup,
    Refusal,
    Request,
    Stay,
)
from maillage.places.nights import NOTHING_FOUND
from maillage.places.rules import Impossible, NotForThem
from maillage.places.waiting import Changed
from maillage.territory.models import Territory

LATE: Final = gettext_noop("This offer has been answered, taken back, or was not answered in time.")
MOST_JUDGED: Final = 500  # of those before them
MOST_PASSED_OVER: Final = 100  # of those before them, the first ones; the trail says how many there were


@transaction.atomic
def offer(
    request: Request, where: PlaceGroup | Place, *, line: AllocationLine | None = None, reason: str = "", from_on: date | None = None,
    until_on: date | None = None, minutes: float | None = None, despite: str = "", write: bool = True, by: User | str, at: datetime,
) -> tuple[Offer, str]:  # fmt: skip
    """The place is held for them until they answer, or the time of the list's rules is over. Gives back the secret of their link.

    `write`: they are written to, by the way that is safe for them, when there is one.
    By a run: its `line`. By hand: a written `reason`, unless nobody who could have the place stands before them; those who do are
    noted as passed over. Raises NotAllowed, and Refused: Changed, NoRoom, PlaceTaken, AlreadyHoused, NotForThem, Impossible.
    """
    group = where.group if isinstance(where, Place) else where
    claims.take_turn(group.site.territory)
    claims.check_runs(by, group, at=at)
    content = waiting.content_of(request.waiting_list, at=at)
    before = [] if line else passed_over(request, group, at=at)
    reason = typed(reason, 4000)
    if before:
        rules.check_manual(reason)
    _move(request, Request.State.WAITING, Request.State.OFFERED)
    expires_at = at + timedelta(minutes=minutes or content.get("offer_minutes") or rules.OFFER_MINUTES)
    key = uuid4()
    token = links.of_offer(Offer(uuid=key))
    made = Offer.objects.create(
        uuid=key, request=request, group=group, line=line, reason=reason or ("" if line else rules.FIRST), made_at=at,
        made_by=by if isinstance(by, User) else None, expires_at=expires_at, token=tokens.hashed(token),
    )  # fmt: skip
    PassedOver.objects.bulk_create(
        PassedOver(request_id=key, offer=made, reason=reason, at=at) for key in before[:MOST_PASSED_OVER]
    )
    stays.hold(
        where, request.person, from_on=from_on or request.night or queries.night(group.site.territory, at),
        until_on=until_on or (request.night and request.night + timedelta(days=1)), people=request.people,
        household=request.household, members=_members(request), request=request, offer=made,
        minutes=(expires_at - at).total_seconds() / 60, despite=despite, by=by, at=at,
    )  # fmt: skip
    if write:
        told.offered(made, by=by, at=at)
    said = {"group": str(group.uuid), "by_hand": line is None, "passed_over": len(before)}
    audit.record("offered a place", made, by=by, at=at, data=said)
    return made, token


@transaction.atomic
def give(
    request: Request, where: PlaceGroup | Place, *, reason: str = "", from_on: date | None = None, until_on: date | None = None,
    despite: str = "", by: User | str, at: datetime,
) -> Offer:  # fmt: skip
    """Offered and accepted in one breath: the household stands at the desk, or is on the telephone. Raises as `offer`."""
    made, _token = offer(
        request, where, reason=reason, from_on=from_on, until_on=until_on, despite=despite, write=False, by=by, at=at
    )
    return accept(made, by=by, at=at)


def _members(request: Request) -> Sequence[Person]:
    """The others of the household who have a record, as far as places were asked for."""
    if request.household is None:
        return ()
    others = request.household.persons.filter(same_as=None).exclude(pk=request.person_id).order_by("pk")
    return list(others[: request.people - 1])


@transaction.atomic
def accept(offer: Offer, *, by: User | str, at: datetime) -> Offer:
    """They take it. The place is kept until they come: for the time of the list's rules, or the first night when it is later.

    Raises NotAllowed, Changed.
    """
    _begin(offer, by=by, at=at)
    _answer(offer, Offer.State.ACCEPTED, at=at, in_time=True)
    minutes = waiting.content_of(offer.request.waiting_list, at=at).get("hold_minutes") or rules.OFFER_MINUTES
    held = list(offer.stays.filter(state=Stay.State.HELD).select_related("group__site__service__organization"))
    if not held:
        raise Changed(LATE)
    until = at + timedelta(minutes=minutes)
    zone = ZoneInfo(held[0].territory.timezone)
    if held[0].from_on > queries.night(held[0].territory, at):
        until = max(until, datetime.combine(held[0].from_on + timedelta(days=1), rules.NIGHT_ENDS, zone))
    offer.stays.filter(state=Stay.State.HELD).update(hold_expires_at=until)
    claims.open_links(held, by=by, at=at)
    told.placed(offer, by=by, at=at)
    audit.record("accepted an offer", offer, by=by, at=at)
    return offer


@transaction.atomic
def decline(offer: Offer, side: str, code: str, text: str = "", *, by: User | str, at: datetime) -> Offer:
    """Not this one: who says so, and why. They wait on; nobody is struck off. Counted as a refusal, with its hour.

    Where the rules of the list say so, the clock of somebody who declines pauses for some days. Raises NotAllowed, Refused.
    """
    rules.check_decline(side, code)
    _begin(offer, by=by, at=at)
    if side == Offer.Side.PROVIDER:
        claims.check_runs(by, offer.group, at=at)
    _answer(offer, Offer.State.DECLINED, at=at, in_time=True, side=side, code=code, text=typed(text, 4000))
    _give_back(offer, at=at)
    request = offer.request
    cause = Refusal.Cause.PERSON if side == Offer.Side.PERSON else Refusal.Cause.PROVIDER
    count_refused(request, cause, group=offer.group, code=code, at=at)
    days = waiting.content_of(request.waiting_list, at=at).get("decline_pause_days") or 0
    if side == Offer.Side.PERSON and days:
        waiting.pause(request, words.DECLINED, until=at + timedelta(days=days), by=f"system:{rules.ENGINE}", at=at)
    audit.record("declined an offer", offer, by=by, at=at, data={"side": side, "code": code})
    return offer


@transaction.atomic
def withdraw(offer: Offer, text: str, *, by: User | str, at: datetime) -> Offer:
    """Those who run the place, or keep the list, take it back, and say why. Raises NotAllowed, Refused."""
    _begin(offer, by=by, at=at)
    claims.check_runs(by, offer.group, at=at)
    if not (said := typed(text, 4000)):
        raise Impossible(gettext_noop("Say why the offer is taken back."))
    _answer(offer, Offer.State.WITHDRAWN, at=at, text=said)
    _give_back(offer, at=at)
    told.say(offer, "offer-withdrawn", by=by, at=at)
    audit.record("withdrew an offer", offer, by=by, at=at)
    return offer


def expire(territory: Territory, *, by: User | str, at: datetime) -> list[Offer]:
    """What was not answered in time is over; each in a transaction of its own. Those that were."""
    rows = Offer.objects.filter(state=Offer.State.OPEN, expires_at__lte=at, request__waiting_list__territory=territory)
    return [one for one in rows.select_related("request", "group__site").order_by("pk") if _expire(one, by=by, at=at)]


@transaction.atomic
def _expire(offer: Offer, *, by: User | str, at: datetime) -> bool:
    claims.take_turn(offer.group.site.territory)
    late = Offer.objects.filter(pk=offer.pk, state=Offer.State.OPEN, expires_at__lte=at)
    if not late.update(state=Offer.State.EXPIRED):
        return False  # accepted in the meantime
    offer.state = Offer.State.EXPIRED
    _give_back(offer, at=at)
    told.say(offer, "offer-expired", by=by, at=at)
    audit.record("an offer ran out", offer, by=by, at=at)
    return True


def by_token(territory: Territory, token: str, *, at: datetime) -> Offer | None:
    """The offer whose person holds this link; none some time after its deadline: an old link tells nothing."""
    if not 20 <= len(token) <= 100:
        return None
    found = Offer.objects.filter(token=tokens.hashed(token), request__waiting_list__territory=territory)
    found = found.filter(expires_at__gt=at - rules.LINK_LASTS)
    return found.select_related("request__waiting_list", "request__person", "group__site__service").first()


def _begin(offer: Offer, *, by: User | str, at: datetime) -> None:
    """Their turn; those who run the place or keep the list, those who help the person, and the person by their link."""
    territory = offer.group.site.territory
    claims.take_turn(territory)
    if (
        isinstance(by, User)
        and not queries.runs(by, offer.group, at=at)[1]
        and not helps(by, offer.request.person, at=at)
    ):
        raise NotAllowed(waiting.CANNOT)
    offer.refresh_from_db(fields=["state", "expires_at"])


def _answer(offer: Offer, state: str, *, at: datetime, in_time: bool = False, **said: Any) -> None:
    """Open becomes `state`, once. Raises Changed."""
    rows = Offer.objects.filter(pk=offer.pk, state=Offer.State.OPEN)
    if in_time:
        rows = rows.filter(expires_at__gt=at)
    if not rows.update(state=state, answered_at=at, **said):
        raise Changed(LATE)
    for name, value in {"state": state, "answered_at": at, **said}.items():
        setattr(offer, name, value)


def _give_back(offer: Offer, *, at: datetime) -> None:
    """What was held is free; they wait again."""
    for stay in offer.stays.filter(state=Stay.State.HELD).select_related("group", "territory"):
        claims.end(stay, Stay.State.CANCELLED, at=at)
    _move(offer.request, Request.State.OFFERED, Request.State.WAITING)
    claims.tell_room(offer.group.site, at=at)


def _move(request: Request, old: str, new: str) -> None:
    rules.check_next(rules.REQUEST_NEXT, old, new)
    if not Request.objects.filter(pk=request.pk, state=old).update(state=new):
        raise Changed(gettext_noop("Something else has been decided for them in the meantime: look at it again."))
    request.state = new


@transaction.atomic
def count_refused(request: Request, cause: str, *, group: PlaceGroup | None, code: str, at: datetime) -> None:
    """That nothing was found for them is counted once for a night, whoever says it, and how often. Nothing found after an offer
    that was declined, or the other way round: `AGAIN`, so that what was missing counts them once, and the houses know it all."""
    territory, need = request.waiting_list.territory, request.waiting_list.need
    key = f"{request.uuid}:{queries.night(territory, at)}"

    def do() -> None:
        again = "" if _is_first(key, at) else rules.AGAIN
        stays.count_refusal(
            territory, cause, group=group, need=need.code if need else "", area=request.area, public=request.public,
            people=request.people, code=again + code, at=at,
        )  # fmt: skip

    once(key if cause in NOTHING_FOUND else "", "find nothing", by=f"system:{rules.ENGINE}", at=at, do=do)


def _is_first(key: str, at: datetime) -> bool:
    """Nothing has been counted of this request for this night."""
    found: list[bool] = []
    once(key, "count a refusal", by=f"system:{rules.ENGINE}", at=at, do=lambda: found.append(True))
    return bool(found)


# ---- who was passed over


def passed_over(request: Request, group: PlaceGroup, *, at: datetime) -> list[int]:
    """Requests of the same list that stand before this one, wait, and could have had a place of this group; the first one first."""
    found = waiting.rules_of(request.waiting_list, at=at)
    if found is None:
        return []
    open_ = Request.objects.filter(waiting_list=request.waiting_list, state=Request.State.WAITING, night=request.night)
    columns = open_.annotate(said=Cast("evidence", TextField())).values_list("pk", "number", "public", "said")
    rows = list(columns.order_by("pk"))
    memory = standing.memory(request.waiting_list_id, found.hash, found.content)
    before = standing.ahead(memory, rows, lots=_lots(request), key=request.pk, at=at, most=MOST_JUDGED)
    others = Request.objects.filter(pk__in=before).select_related("person")
    housed = _housed(request, group, at=at)
    able = {one.pk for one in others if one.person_id not in housed and _could(one, group, at=at)}
    return [key for key in before if key in able]


def _housed(request: Request, group: PlaceGroup, *, at: datetime) -> set[int]:
    """Of the people of this list: those who sleep somewhere, and may not be offered a place of this group."""
    tonight = queries.night(group.site.territory, at)
    open_ = Request.objects.filter(waiting_list=request.waiting_list, state=Request.State.WAITING, night=request.night)
    until_on = None if request.night is None else request.night + timedelta(days=1)
    mine = Q(person__in=open_.values("person"))
    beds = queries.beds_of(mine, from_on=request.night or tonight, until_on=until_on, tonight=tonight, at=at)
    takes = rules.takes_housed(request.waiting_list.kind, waiting.content_of(request.waiting_list, at=at))
    by_night = group.kind == PlaceGroup.Kind.DORMITORY
    return {
        person
        for person, has in beds.items()
        if not rules.may_have(has, group.pk, by_night=by_night, takes_housed=takes)
    }


def _lots(request: Request) -> dict[int, int]:
    """The ranks of the draw of that night, when there was one."""
    if request.night is None:
        return {}
    lines = AllocationLine.objects.filter(run__draw__night=request.night, run__waiting_list=request.waiting_list_id)
    return {key: rank for key, rank in lines.values_list("request", "rank") if key is not None}


def _could(request: Request, group: PlaceGroup, *, at: datetime) -> bool:
    """As far as is known. Larger than one place: as for who gets it, several places are not looked for."""
    if group.kind == PlaceGroup.Kind.PLACES and request.people > group.unit_size:
        return False
    try:
        claims.check_fits(group, [request.person], request, on=queries.night(group.site.territory, at))
    except NotForThem:
        return False
    return True
