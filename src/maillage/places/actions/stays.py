"""Coming, staying and leaving: each verb about a stay that is held or lived in. Taking and giving back is in `claims`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from maillage.people import audit
from maillage.people.models import User
from maillage.people.rules import gettext_noop
from maillage.places import queries, rules
from maillage.places.actions import claims, followed, moving
from maillage.places.actions.claims import hold
from maillage.places.models import Offer, Place, PlaceGroup, Refusal, Stay
from maillage.places.rules import AlreadyHoused, Impossible, PlaceTaken, Refused
from maillage.territory.models import Territory

__all__ = ["admit", "cancel", "check_out", "count_refusal", "hold", "move", "no_show", "renew", "sweep"]

CHANGED = claims.CHANGED


def _begin(stay: Stay, *, by: User | str, at: datetime) -> None:
    """Their turn, and the stay as it is now. Raises NotAllowed."""
    claims.take_turn(stay.territory)
    claims.check_runs(by, stay.group, at=at)
    stay.refresh_from_db(fields=["state", "from_on", "until_on", "place", "group", "hold_expires_at"])


def _check_answered(stay: Stay) -> None:
    if stay.offer_id is not None and Offer.objects.filter(pk=stay.offer_id, state=Offer.State.OPEN).exists():
        raise Impossible(gettext_noop("This place is offered, and not accepted yet: note the answer first."))


def _end(stay: Stay, state: str, *, at: datetime, **more: Any) -> None:
    if not claims.end(stay, state, at=at, **more):
        raise Refused(CHANGED)


@transaction.atomic
def admit(stay: Stay, *, by: User | str, at: datetime) -> Stay:
    """They are there. A hold that ran out still counts as long as nobody else took the place. Where they slept until now ends as
    moved, in the same transaction (`moving`). Raises NotAllowed, Refused; then nothing has changed."""
    _begin(stay, by=by, at=at)
    letter = followed.lock(stay.request.referral_id if stay.request else None)
    tonight = queries.night(stay.territory, at)
    if stay.from_on > tonight:
        raise Impossible(gettext_noop("This place is kept for them from a later day on."))
    if stay.until_on is not None and stay.until_on <= tonight:
        raise Impossible(gettext_noop("The nights that this place was kept for are over."))
    _check_answered(stay)
    left = _come(stay, at=at)
    claims.is_placed(stay.request, by=by, at=at)
    claims.open_links([stay], by=by, at=at)
    followed.begun(letter, by=by, at=at)
    moving.after(left, at=at)
    claims.tell_room(stay.group.site, at=at)
    moving.told(left, at=at)
    audit.record("admitted", stay, by=by, at=at)
    return stay


def _come(stay: Stay, *, at: datetime) -> list[moving.Left]:
    """In, from tonight on for those who slept elsewhere; what they left. The database has the last word."""
    who = moving.coming(stay)
    try:
        with transaction.atomic():
            left = moving.leave(stay, who, at=at) if who else []
            more: dict[str, Any] = {"from_on": max(stay.from_on, queries.night(stay.territory, at))} if who else {}
            if before := [one.stay for one in left if one.stay.state == Stay.State.OUT]:
                more["after"] = next((one for one in before if one.person_id == stay.person_id), before[0])
            if not claims.change(stay, Stay.State.IN, came_at=at, hold_expires_at=None, **more):
                raise Refused(CHANGED)
    except IntegrityError as refusal:
        raise (
            AlreadyHoused(claims.HOUSED) if claims.is_of_a_person(refusal) else PlaceTaken(claims.STILL_THERE)
        ) from None
    return left


@transaction.atomic
def check_out(stay: Stay, exit: str, *, by: User | str, at: datetime) -> Stay:
    """They left, where to (`Stay.Exit`). Tonight's place is free, after the cleaning that the house asks for."""
    if exit not in Stay.Exit.values:
        raise Impossible(gettext_noop("Choose where they went; that nobody knows is an answer too."))
    _begin(stay, by=by, at=at)
    _end(stay, Stay.State.OUT, at=at, exit=exit)
    claims.close_links([stay], by=by, at=at)
    moving.leave_list(stay, by=by, at=at)
    moving.clean(stay, at=at, by=by)
    claims.tell_room(stay.group.site, at=at)
    audit.record("checked out", stay, by=by, at=at, data={"exit": exit})
    return stay


@transaction.atomic
def no_show(stay: Stay, *, by: User | str, at: datetime) -> Stay:
    """They did not come: the place is free, and they wait again as before. Nobody is struck off. Raises NotAllowed, Refused."""
    _begin(stay, by=by, at=at)
    if stay.from_on > queries.night(stay.territory, at):
        raise Impossible(gettext_noop("This place is kept for them from a later day on."))
    return _falls_through(stay, Stay.State.NO_SHOW, "noted a no-show", by=by, at=at)


@transaction.atomic
def cancel(stay: Stay, *, by: User | str, at: datetime) -> Stay:
    """What was held is given back. Raises NotAllowed, Refused."""
    _begin(stay, by=by, at=at)
    _check_answered(stay)
    return _falls_through(stay, Stay.State.CANCELLED, "cancelled a hold", by=by, at=at)


def _falls_through(stay: Stay, state: str, verb: str, *, by: User | str, at: datetime) -> Stay:
    _end(stay, state, at=at)
    claims.waits_again(stay.request, by=by, at=at)
    claims.close_links([stay], by=by, at=at)
    claims.tell_room(stay.group.site, at=at)
    audit.record(verb, stay, by=by, at=at)
    return stay


@transaction.atomic
def renew(stay: Stay, until_on: date | None, *, by: User | str, at: datetime) -> Stay:
    """They stay until another day, later or sooner. Raises NotAllowed, Refused: somebody else has the place by then."""
    _begin(stay, by=by, at=at)
    rules.check_next(rules.STAY_NEXT, stay.state, Stay.State.OUT if stay.state == Stay.State.IN else Stay.State.IN)
    site, by_night = stay.group.site, stay.place_id is None
    tonight = queries.night(stay.territory, at)
    until_on = rules.last_day(until_on, max(stay.from_on, tonight), site.closes_on, by_night=by_night)
    first = max(stay.from_on, tonight) if until_on is None or until_on > tonight else stay.from_on
    rules.check_dates(first, until_on, tonight=min(first, tonight), opens_on=None, closes_on=site.closes_on)
    before = stay.until_on
    if by_night:
        rules.check_dormitory(first, until_on)
        _recount(stay, until_on)
    claims.end_lapsed(stay.group, [stay.person], at=at)
    if not _is_free_until(stay, until_on, at=at):
        raise PlaceTaken(gettext_noop("Somebody else has this place by then: choose an earlier day, or another place."))
    try:
        with transaction.atomic():
            claims.retime(stay, until_on)
    except IntegrityError:
        raise AlreadyHoused(claims.HOUSED) from None
    claims.tell_room(site, at=at)
    audit.record("renewed a stay", stay, by=by, at=at, data={"before": before, "until": until_on})
    return stay


def _is_free_until(stay: Stay, until_on: date | None, *, at: datetime) -> bool:
    if stay.place_id is None:
        return True
    met = queries.meeting(stay.from_on, until_on, tonight=date.min)
    return not Stay.objects.filter(queries.alive(at), met, place=stay.place_id).exclude(pk=stay.pk).exists()


def _recount(stay: Stay, until_on: date | None) -> None:
    """Of a dormitory: the nights that are added are counted, those that are dropped are given back."""
    before = stay.until_on
    assert before is not None
    assert until_on is not None
    for night in rules.nights(before, until_on):
        claims.count(stay.group, night, stay.people)
    for night in rules.nights(until_on, before):
        claims.count(stay.group, night, -stay.people)


@transaction.atomic
def move(stay: Stay, where: Place | PlaceGroup, *, despite: str = "", by: User | str, at: datetime) -> Stay:
    """To another place, from tonight on; the stay before says `moved`, the new one what it comes `after`.

    Of somebody who has not come yet, what was held is held elsewhere. Raises NotAllowed, Refused; then nothing has changed.
    """
    _begin(stay, by=by, at=at)
    group = where.group if isinstance(where, Place) else where
    claims.check_runs(by, group, at=at)
    was_in, until_on, expires_at = stay.state == Stay.State.IN, stay.until_on, stay.hold_expires_at
    who = tuple(one.person for one in stay.occupants.select_related("person").order_by("pk")) or (stay.person,)
    tonight = queries.night(stay.territory, at)
    from_on = tonight if was_in else max(stay.from_on, tonight)
    if not despite:
        claims.check_fits(group, who, stay.request, on=from_on)
    _end(stay, Stay.State.OUT if was_in else Stay.State.CANCELLED, at=at, exit=Stay.Exit.MOVED)
    until_on = None if until_on is not None and until_on <= from_on else until_on
    until_on = claims.check_nights(group, from_on, until_on, at=at)
    offer = None if was_in else stay.offer
    elsewhere = claims.elsewhere(offer, group, who, from_on=from_on, until_on=until_on, at=at)
    more = {
        "household": stay.household, "request": stay.request, "offer": stay.offer, "after": stay,
        "held_by": by if isinstance(by, User) else None,
        **({"came_at": at} if was_in else {"hold_expires_at": expires_at}),
    }  # fmt: skip
    made = claims.claim(
        claims.Claim(
            group, where if isinstance(where, Place) else None, who, stay.people, from_on, until_on, at,
            state=Stay.State.IN if was_in else Stay.State.HELD, elsewhere=elsewhere, more=more,
        )
    )[0]  # fmt: skip
    if was_in:
        moving.clean(stay, by=by, at=at)
    claims.close_links([stay], by=by, at=at)
    claims.open_links([made], by=by, at=at)
    for site in {stay.group.site, group.site}:
        claims.tell_room(site, at=at)
    audit.record("moved a stay", made, by=by, at=at, data={"from": str(stay.uuid), "despite": bool(despite)})
    return made


def count_refusal(
    territory: Territory, cause: str, *, group: PlaceGroup | None = None, need: str = "", area: str = "", public: str = "",
    people: int = 1, code: str = "", at: datetime,
) -> None:  # fmt: skip
    """Somebody asked for a place and did not get it: counted with its hour, without a person. No trace: nobody acted."""
    Refusal.objects.create(
        territory=territory, group=group, need=need, area=area, public=public or (group.public if group else ""),
        people=people, cause=cause, code=code, at=at,
    )  # fmt: skip


def sweep(territory: Territory, *, by: User | str, at: datetime) -> int:
    """What time ended is written down: holds that ran out, mornings in dormitories. How many. Nothing waits for it to be true."""
    return _lapsed(territory, by=by, at=at) + _mornings(territory, by=by, at=at)


@transaction.atomic
def _lapsed(territory: Territory, *, by: User | str, at: datetime) -> int:
    claims.take_turn(territory)
    rows = Stay.objects.filter(territory=territory, state=Stay.State.HELD, hold_expires_at__lte=at)
    rows = rows.exclude(offer__state=Offer.State.OPEN)  # `offers.expire` ends those with their offer
    claims.lock_requests(rows)
    lapsed = [
        stay
        for stay in rows.select_related("group__site__service__organization", "request")
        if claims.lapse(stay, at=at)
    ]
    _after(lapsed, "let holds run out", territory, by=by, at=at)
    return len(lapsed)


@transaction.atomic
def _mornings(territory: Territory, *, by: User | str, at: datetime) -> int:
    """Whoever slept in a dormitory until a morning that is past noon has left, as far as anybody knows."""
    claims.take_turn(territory)
    last = queries.cleared(territory, at)
    rows = Stay.objects.filter(territory=territory, state=Stay.State.IN, place=None, until_on__lte=last)
    rows = rows.select_related("group__site__service__organization", "request")
    gone = [stay for stay in rows if claims.end(stay, Stay.State.OUT, at=at, exit=Stay.Exit.UNKNOWN)]
    for stay in gone:
        moving.leave_list(stay, by=by, at=at)
    _after(gone, "ended nights", territory, by=by, at=at)
    return len(gone)


def _after(stays: list[Stay], verb: str, territory: Territory, *, by: User | str, at: datetime) -> None:
    claims.close_links(stays, by=by, at=at)
    for site in {stay.group.site for stay in stays}:
        claims.tell_room(site, at=at)
    if stays:
        audit.record(verb, territory, by=by, at=at, data={"stays": len(stays)})
