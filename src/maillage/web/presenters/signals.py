"""A signal in a sentence, and the services that exist for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from maillage.directory.search.types import Card
from maillage.orientation.existing import There
from maillage.orientation.signals import Signal
from maillage.web.presenters import service as present
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import Vocabulary

WIDTH, HEIGHT = 120.0, 30.0


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    need: str
    area: str
    sentence: str
    bars: tuple[Bar, ...]
    said: str  # the bars, read out
    services: str  # address of what exists
    missing: str  # address of the counts


@dataclass(frozen=True, slots=True)
class Existing:
    uuid: str
    name: say.Said
    place: str
    far: str
    room: tuple[str, ...]


def lines(found: Sequence[Signal], words: Vocabulary) -> list[Line]:
    return [line(one, words) for one in found]


def line(one: Signal, words: Vocabulary) -> Line:
    where = {"need": one.need, "area": one.area}
    asked = urlencode({name: value for name, value in where.items() if value})
    return Line(
        words.need_name(one.need),
        words.area_name(one.area) or (_("in the whole territory") if not one.area else one.area),
        sentence(one),
        bars(one.weeks),
        _("Weeks, the oldest first: %(counts)s")
        % {"counts": ", ".join(number_format(n) if n else "–" for n in one.weeks)},
        f"{reverse('desk-existing')}?{asked}",
        f"{reverse('desk-unmet')}?{asked}&by=week",
    )


def sentence(one: Signal) -> str:
    """Why this is a signal, for somebody who knows no statistics."""
    said = {"day": date_format(one.week, "j F"), "n": number_format(one.count), "usual": number_format(one.usual)}
    if one.is_running and one.usual:
        return (
            _(
                "%(n)s or more already in the week of %(day)s, which is not over; it was about %(usual)s in the weeks before."
            )
            % said
        )
    if one.is_running:
        return (
            _("%(n)s or more already in the week of %(day)s, which is not over; it was hardly any in the weeks before.")
            % said
        )
    if one.usual:
        return _("%(n)s or more in the week of %(day)s; it was about %(usual)s in the weeks before.") % said
    return _("%(n)s or more in the week of %(day)s; it was hardly any in the weeks before.") % said


def bars(weeks: Sequence[int]) -> tuple[Bar, ...]:
    most, step = max([*weeks, 1]), WIDTH / max(len(weeks), 1)
    found = []
    for n, count in enumerate(weeks):
        tall = round(count / most * HEIGHT, 1)
        found.append(Bar(round(n * step, 1), HEIGHT - tall, round(step * 0.8, 1), tall))
    return tuple(found)


def services(found: Iterable[There], cards: Mapping[int, Card], words: Vocabulary, *, at: datetime) -> list[Existing]:
    """The nearest first; how far a confidential place is, is not said, and says nothing: it stands last."""
    there = [(one, card) for one in found if (card := cards.get(one.service))]
    return [
        Existing(
            card.service,
            say.said(card, "name", words),
            say.place(card, words),
            "" if one.km is None or card.is_confidential else _("%(km)s km") % {"km": number_format(one.km)},
            tuple(present.room(room, at=at) for room in card.capacities) or (str(say.ROOM[""]),),
        )
        for one, card in sorted(there, key=lambda pair: pair[1].is_confidential)
    ]
