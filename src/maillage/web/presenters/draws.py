"""The draw of a night in words: when one registers, what was published before, what came out, and how anybody verifies it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format, time_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from maillage.places import queries
from maillage.places.actions import registering
from maillage.places.models import AllocationLine, Draw, Request, WaitingList
from maillage.web.presenters import waiting as words

SHOWN = 3000  # numbers on a public page


@dataclass(frozen=True, slots=True)
class Window:
    """When one registers for tonight. `is_over`: closed, or published already."""

    is_open: bool
    is_over: bool
    opens: str
    closes: str
    night: str


@dataclass(frozen=True, slots=True)
class Line:
    uuid: str
    night: str
    state: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the list, and what came out for it."""

    number: int
    rank: int
    outcome: str
    is_placed: bool


def hour(at: datetime) -> str:
    return time_format(localtime(at), "H:i")


def window(waiting_list: WaitingList, *, at: datetime) -> Window:
    """Read only: the row of the draw is made when somebody registers."""
    night = queries.night(waiting_list.territory, at)
    found = Draw.objects.filter(waiting_list=waiting_list, night=night).first()
    opens, closes = (found.opens_at, found.closes_at) if found else registering.window(waiting_list, night, at=at)
    published = bool(found and found.list_hash)
    return Window(
        opens <= at < closes and not published,
        at >= closes or published,
        hour(opens),
        hour(closes),
        date_format(night, "l j F"),
    )


def state(draw: Draw, *, at: datetime) -> str:
    if draw.run_id:
        return gettext("drawn")
    if draw.list_hash:
        return gettext("list published, not drawn yet")
    return gettext("registration open") if registering.is_open(draw, at=at) else gettext("registration closed")


def line(draw: Draw) -> Line:
    from django.utils import timezone

    return Line(str(draw.uuid), date_format(draw.night, "l j F Y"), state(draw, at=timezone.now()))


def doubles(pairs: Iterable[tuple[Request, Request]]) -> list[tuple[str, str, str]]:
    """Two requests that may be of one person: how they are called, and the later one's page."""
    return [(str(one.uuid), str(two.uuid), f"{two.person.called()} ({one.number}, {two.number})") for one, two in pairs]


def numbers(draw: Draw) -> list[Number]:
    if not draw.run_id:
        return []
    rows = AllocationLine.objects.filter(run=draw.run_id).order_by("number")[:SHOWN]
    return [
        Number(one.number, one.rank, one.get_outcome_display(), one.outcome == AllocationLine.Outcome.PLACED)
        for one in rows
    ]


def public(draw: Draw, *, at: datetime) -> dict[str, Any]:
    found = numbers(draw)
    return {
        "draw": draw,
        "night": date_format(draw.night, "l j F Y"),
        "state": state(draw, at=at),
        "opens": hour(draw.opens_at),
        "closes": hour(draw.closes_at),
        "published": words.moment(draw.published_at),
        "run": draw.run,
        "numbers": found,
        "placed": sum(one.is_placed for one in found),
        "is_before": bool(draw.run and draw.published_at and draw.published_at <= draw.run.started_at),
    }
