"""What the person reads of their own request and of an offer, in plain words and without a name on the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from maillage.places import clock, waiting
from maillage.places.actions import waiting as act
from maillage.places.engine.sentences import sentence
from maillage.places.models import AllocationLine, Draw, Offer, Request, Stay, WaitingList
from maillage.web.presenters import draws, lists
from maillage.web.presenters import waiting as words


@dataclass(frozen=True, slots=True)
class ToAnswer:
    """An offer as its person reads it. A confidential house: only its area; who helps them knows the address.

    Which house it is stands there while they may say yes, and until they have come: whoever finds an old link in a telephone
    must not learn where somebody sleeps, nor where they might have.
    """

    state: str
    title: str
    where: str
    service: str  # its page in the directory, when it has one that anybody may read
    is_confidential: bool
    group: str
    people: str
    nights: str
    until: str
    is_open: bool


def offer(one: Offer, *, at: datetime) -> ToAnswer:
    site = one.group.site
    is_open = one.state == Offer.State.OPEN and one.expires_at > at
    stay = one.stays.filter(state=Stay.State.HELD).order_by("pk").first()
    is_told = is_open or (one.state == Offer.State.ACCEPTED and stay is not None)
    hidden = is_told and words.is_confidential(site)
    return ToAnswer(
        state=one.state,
        title=title(one, is_open=is_open),
        where=words.where(site) if is_told else "",
        service=str(site.service.uuid) if is_told and not hidden and site.service.visibility == "public" else "",
        is_confidential=hidden,
        group="" if hidden or not is_told else one.group.name(),
        people=words.heads(one.request.people),
        nights=nights(stay.from_on, stay.until_on) if stay and is_told else "",
        until=words.soon(one.expires_at, at=at),
        is_open=is_open,
    )


def title(one: Offer, *, is_open: bool) -> str:
    if is_open:
        return gettext("A place is offered to you")
    if one.state == Offer.State.ACCEPTED:
        return gettext("This place is yours")
    if one.state == Offer.State.DECLINED:
        return (
            gettext("You declined this place")
            if one.side == Offer.Side.PERSON
            else gettext("This place is not possible")
        )
    if one.state == Offer.State.WITHDRAWN:
        return gettext("This place was taken back")
    return gettext("The time to answer is over")


def nights(from_on: Any, until_on: Any) -> str:
    first = date_format(from_on, "l j F")
    if until_on is None:
        return gettext("from %(first)s on") % {"first": first}
    number = (until_on - from_on).days
    count = ngettext("%(n)s night", "%(n)s nights", number) % {"n": number}
    return gettext("from %(first)s, %(count)s") % {"first": first, "count": count}


def request(one: Request, open_: Offer | None, *, link: str, at: datetime) -> dict[str, Any]:
    """The whole page: number, state, where they stand and why, the open offer, the receipt of a draw."""
    is_open = one.state in act.OPEN
    is_draw = one.waiting_list.kind == WaitingList.Kind.DRAW
    state, reasons = clock.now(one.clock.order_by("at", "pk"), at=at)
    paused = words.paused_words(reasons) if state == clock.PAUSED else ""
    last = (
        one.offers.exclude(state=Offer.State.OPEN)
        .select_related("group__site__service", "request")
        .order_by("-pk")
        .first()
    )
    receipt = draws.receipt(one, draw(one)) if is_draw else None
    is_taken = one.state == Request.State.OFFERED and last is not None and last.state == Offer.State.ACCEPTED
    return {
        "number": one.number,
        "list": one.waiting_list.name(),
        "people": words.heads(one.people),
        "is_open": is_open,
        "can_end": one.state == Request.State.WAITING,
        "is_draw": is_draw,
        "night": date_format(one.night, "l j F Y") if one.night else "",
        "state": state_words(one, is_draw=is_draw, is_taken=is_taken, is_drawn=bool(receipt and receipt.rank)),
        "paused": paused,
        "waited": words.days(clock.days(one.clock.all(), at=at, zone=zone(one))) if not is_draw else "",
        "offer": offer(open_, at=at) if open_ else None,
        "last": offer(last, at=at) if last and (is_taken or one.state == Request.State.PLACED) else None,
        "ended": words.coded(waiting.ENDS, one.end_code) if one.end_code else "",
        "told": "" if is_taken else told(one),
        "draw": draw(one),
        "drawn_after": draws.drawn_after(draw(one)) if is_draw and is_open else "",
        "receipt": receipt,
        "link": link,
        "drawing": lists.drawing(link),
    }


def zone(one: Request) -> ZoneInfo:
    return ZoneInfo(one.waiting_list.territory.timezone)


def state_words(one: Request, *, is_draw: bool, is_taken: bool, is_drawn: bool) -> str:
    """`is_taken`: they said yes, and nobody has seen them come yet. `is_drawn`: the draw is over, whatever it gave."""
    if is_drawn and one.state == Request.State.WAITING:
        return gettext(
            "The draw is over, and there was no bed for you. You may take part again tomorrow. "
            "If you are outside and in danger, press “Help now”."
        )
    if is_taken:
        return gettext("You said yes: a place is kept for you.")
    said = {
        "waiting": gettext("You take part in the draw of this night.") if is_draw else gettext("You are on the list."),
        "offered": gettext("A place is offered to you."),
        "placed": gettext("You have a place."),
        "closed": gettext("This request has ended."),
    }
    return said[one.state]


def told(one: Request) -> str:
    """What the last run said, in one sentence."""
    line = (
        AllocationLine.objects.filter(request=one)
        .select_related("run__waiting_list", "run__rules", "group")
        .order_by("-pk")
        .first()
    )
    return sentence(line) if line else ""


def draw(one: Request) -> Draw | None:
    return Draw.objects.filter(waiting_list=one.waiting_list, night=one.night).first() if one.night else None
