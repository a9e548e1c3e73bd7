"""The draw of a night in words: when one registers, what was published before, what came out, and how anybody verifies it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from maillage.places import queries
from maillage.places.actions import registering
from maillage.places.actions import runs as engine
from maillage.places.engine import frozen
from maillage.places.models import AllocationLine, Draw, Request, WaitingList
from maillage.territory.models import Territory
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
class Result:
    """A mark of the list, and what came out for it. Numbers are not shown: they tell who stood beside whom."""

    mark: str
    rank: int
    outcome: str
    is_placed: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    mark: str
    rank: str
    outcome: str
    command: str


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


def open_tonight(territory: Territory, *, at: datetime) -> Window | None:
    """The window of tonight's draw while one may register, for the first pages; None where no list is drawn, or not now."""
    found = drawn(territory)
    seen = window(found, at=at) if found else None
    return seen if seen and seen.is_open else None


def drawn(territory: Territory) -> WaitingList | None:
    """The list that is drawn each night in this territory."""
    lists = WaitingList.objects.filter(territory=territory, kind=WaitingList.Kind.DRAW).exclude(keeper=None)
    return lists.select_related("territory", "keeper").order_by("code").first()


def state(draw: Draw, *, at: datetime) -> str:
    if draw.run_id:
        return gettext("drawn")
    if draw.list_hash:
        return gettext("list published, not drawn yet")
    return gettext("registration open") if registering.is_open(draw, at=at) else gettext("registration closed")


def drawn_after(draw: Draw | None) -> str:
    """The hour after which the answer stands on the receipt; "" once it is drawn."""
    return hour(draw.closes_at) if draw and not draw.run_id else ""


def line(draw: Draw) -> Line:
    return Line(str(draw.uuid), date_format(draw.night, "l j F Y"), state(draw, at=timezone.now()))


def doubles(pairs: Iterable[tuple[Request, Request]]) -> list[tuple[str, str, str]]:
    """Two requests that may be of one person: how they are called, and the later one's page."""
    return [(str(one.uuid), str(two.uuid), f"{two.person.called()} ({one.number}, {two.number})") for one, two in pairs]


def results(draw: Draw) -> list[Result]:
    """By rank; of a request that was erased since, no mark is left."""
    if not draw.run_id:
        return []
    rows = AllocationLine.objects.filter(run=draw.run_id).select_related("request").order_by("rank")[:SHOWN]
    return [
        Result(
            frozen.mark(str(one.request.uuid)) if one.request else "–", one.rank, one.get_outcome_display(),
            one.outcome == AllocationLine.Outcome.PLACED,
        )
        for one in rows
    ]  # fmt: skip


def receipt(request: Request, draw: Draw | None) -> Receipt | None:
    """What the person keeps: their mark, and once it is drawn their rank."""
    if draw is None:
        return None
    found = engine.receipt(draw, request)
    mark = frozen.mark(str(request.uuid))
    if found is None:
        return Receipt(mark, "", "", "")
    rank = gettext("%(rank)s of %(of)s") % {"rank": found.rank, "of": found.of}
    command = f"python3 verify.py list.txt {shlex.quote(found.beacon)} {mark} {found.rank}"
    return Receipt(mark, rank, str(dict(AllocationLine.Outcome.choices)[found.outcome]), command)


def public(draw: Draw, *, at: datetime) -> dict[str, Any]:
    found = results(draw)
    return {
        "draw": draw,
        "night": date_format(draw.night, "l j F Y"),
        "state": state(draw, at=at),
        "opens": hour(draw.opens_at),
        "closes": hour(draw.closes_at),
        "published": words.moment(draw.published_at),
        "run": draw.run,
        "results": found,
        "recipe": engine.RECIPE,
        "placed": sum(one.is_placed for one in found),
        "is_before": bool(draw.run and draw.published_at and draw.published_at <= draw.run.started_at),
    }
