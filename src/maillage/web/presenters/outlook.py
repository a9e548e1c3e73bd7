"""Demand of the coming days in words, and as a curve: past nights, what is expected, the band, the places that are open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maillage.places.demand import AHEAD, EVERYONE, LEVEL, Demand, Expected, Outlook
from maillage.web.presenters.vocabulary import Vocabulary

WIDTH, HEIGHT, TOP, FLOOR, LEFT = 640.0, 220.0, 20.0, 190.0, 44.0
SHOWN = 90  # past nights of the curve


@dataclass(frozen=True, slots=True)
class Ahead:
    title: str  # "In 7 days, 26 November"
    people: str
    band: str
    held: str


@dataclass(frozen=True, slots=True)
class Picture:
    past: str  # points of a polyline
    ahead: str
    band: str  # points of a polygon; "" without one
    open: float | None  # height of the line of open places
    top: str
    today: float
    width: float = WIDTH
    height: float = HEIGHT
    floor: float = FLOOR
    left: float = LEFT


@dataclass(frozen=True, slots=True)
class Shown:
    code: str
    title: str
    last_night: str
    open: str
    ahead: tuple[Ahead, ...]
    warning: str
    missing: str
    picture: Picture | None


def name(outlook: Outlook, words: Vocabulary) -> str:
    if outlook.public == EVERYONE:
        return _("Everyone")
    return words.public_name(outlook.public) if outlook.public else _("Public not said")


def outlooks(found: Demand, words: Vocabulary) -> list[Shown]:
    return [shown(one, found, words) for one in found.outlooks]


def shown(one: Outlook, found: Demand, words: Vocabulary) -> Shown:
    said, turned = int(one.past[-1]), int(one.refused[-1])
    last = ngettext("last night: %(n)s person or more", "last night: %(n)s people or more", said) % {
        "n": number_format(said)
    }
    if turned:
        last += ", " + _("%(n)s of them without a place") % {"n": number_format(turned)}
    missing = ""
    if one.missing:
        missing = ngettext(
            "Too little history: %(n)s night more makes a first forecast.",
            "Too little history: %(n)s nights more make a first forecast.",
            one.missing,
        ) % {"n": one.missing}
    return Shown(
        "everyone" if one.public == EVERYONE else one.public or "unsaid",
        name(one, words),
        last,
        ngettext("%(n)s place is open for them", "%(n)s places are open for them", one.open)
        % {"n": number_format(one.open)},
        tuple(ahead(each) for each in one.expected),
        warning(one),
        missing,
        picture(one) if one.expected else None,
    )


def ahead(each: Expected) -> Ahead:
    title = _("In %(n)s days, %(day)s") % {"n": each.days, "day": date_format(each.on, "j F")}
    people = _("about %(n)s people") % {"n": number_format(each.people)}
    if each.low is None or each.high is None:
        return Ahead(title, people, _("too little history for a band"), "")
    band = _("between %(low)s and %(high)s, nine times in ten if it holds") % {
        "low": number_format(each.low), "high": number_format(each.high),
    }  # fmt: skip
    return Ahead(title, people, band, held(each))


def held(each: Expected) -> str:
    """What the band was worth so far, whatever it is."""
    if each.coverage is None:
        return _("the band has not been put to the test yet (%(n)s nights)") % {"n": each.judged}
    told = _("measured: the band held %(percent)s %% of the last %(n)s nights (it aims at %(aim)s %%)")
    return told % {"percent": round(100 * each.coverage), "n": number_format(each.judged), "aim": round(100 * LEVEL)}


def warning(one: Outlook) -> str:
    """When more people may come than there are places."""
    for each in one.expected:
        if each.people > one.open:
            return _("More people than open places are expected within %(n)s days.") % {"n": each.days}
    if any(each.high is not None and each.high > one.open for each in one.expected):
        return _("More people than open places are possible.")
    return ""


def picture(one: Outlook) -> Picture:
    past = one.past[-SHOWN:]
    days = len(past) + len(one.ahead)
    known = np.isfinite(one.high)
    most = max(float(past.max(initial=1)), float(one.ahead.max(initial=1)), one.open, *one.high[known].tolist())
    across = (WIDTH - LEFT) / max(days - 1, 1)

    def points(start: int, values: Sequence[float]) -> list[str]:
        return [
            f"{LEFT + (start + n) * across:.1f},{FLOOR - value / most * (FLOOR - TOP):.1f}"
            for n, value in enumerate(values)
        ]

    last = len(past) - 1
    band = ""
    if known.all():
        edges = points(last + 1, one.high.tolist()), points(last + 1, one.low.tolist())
        band = " ".join([*edges[0], *reversed(edges[1])])
    return Picture(
        " ".join(points(0, past.tolist())),
        " ".join(points(last, [float(past[-1]), *one.ahead.tolist()])),
        band,
        round(FLOOR - one.open / most * (FLOOR - TOP), 1) if one.open else None,
        number_format(round(most)),
        round(LEFT + last * across, 1),
    )


def csv_rows(found: Demand, words: Vocabulary) -> Iterator[tuple[object, ...]]:
    """Past nights ("at least" counts), then the days to come; a band is empty while too little is known."""
    yield (
        "public",
        "name",
        "night",
        "people_at_least",
        "refused_at_least",
        "expected",
        "low",
        "high",
        "coverage",
        "judged_on_nights",
    )
    for one in found.outlooks:
        code = "" if one.public == EVERYONE else one.public or "unsaid"
        first = found.span.last - timedelta(len(one.past) - 1)
        for n, (people, refused) in enumerate(zip(one.past.tolist(), one.refused.tolist(), strict=True)):
            yield (
                code,
                name(one, words),
                first + timedelta(n),
                people or "",
                refused or "",
                "",
                "",
                "",
                "",
                "",
            )
        said = {each.days: each for each in one.expected}
        for days in AHEAD:
            if each := said.get(days):
                coverage = "" if each.coverage is None else round(each.coverage, 3)
                low, high = ("" if edge is None else edge for edge in (each.low, each.high))
                yield (code, name(one, words), each.on, "", "", each.people, low, high, coverage, each.judged)
