"""Tonight in words: what is free, what is held and for how long, who comes next and why. Short: it is read at ten at night."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext

from maillage.places.models import Request
from maillage.places.tonight import Group, Hold, Kept, Tonight, Waiting
from maillage.territory.models import label_in
from maillage.web.presenters.vocabulary import Vocabulary
from maillage.web.presenters.waiting import Rules, days, heads, paused_words
from maillage.web.presenters.words import confidential

KEYS = 4  # places that a number gives; all the others are one press further


@dataclass(frozen=True, slots=True)
class Line:
    """Places that are alike: of one public, or of one group of a house."""

    name: str
    public: str
    free: int
    held: int
    occupied: int
    out: int
    total: int

    @property
    def level(self) -> str:
        return "some" if self.free else "none"


@dataclass(frozen=True, slots=True)
class House:
    name: str
    free: str
    lines: list[Line]  # where something is free or held
    full: str  # how many others there are


@dataclass(frozen=True, slots=True)
class Where:
    """A place that somebody may have. `key`: the number that gives it."""

    key: str
    value: str  # what the button sends
    name: str
    free: str


@dataclass(frozen=True, slots=True)
class Next:
    """Somebody who waits."""

    uuid: str
    rank: int
    number: int
    called: str
    tier: str
    level: int
    first: str  # the priority of the rules that puts them before every tier
    why: str
    about: str
    paused: str
    where: list[Where]
    more: int  # other places that they may have


@dataclass(frozen=True, slots=True)
class Held:
    url: str
    called: str
    where: str
    about: str
    until: str
    iso: str
    minutes: str
    is_offered: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A list, a public: what can be chosen, with how many."""

    code: str
    name: str
    count: int | None
    is_chosen: bool


class Say:
    """The words of one screen, for those who keep a list or work in these organisations."""

    def __init__(self, seen: Tonight, words: Vocabulary, own: Iterable[int]) -> None:
        self.seen, self.words, self.own = seen, words, frozenset(own)
        self.by_key = {group.pk: group for group in seen.groups}
        self.rules = Rules(seen.kept.content if seen.kept else {})

    def house(self, group: Group) -> str:
        """A confidential house is only its area, but for its own people."""
        if not group.is_confidential or group.organization in self.own:
            return label_in(json.loads(group.site_said), None, fallback=group.site_name)
        return confidential(self.words.area_name(group.area))

    def group(self, group: Group) -> str:
        if group.is_confidential and group.organization not in self.own:
            return self.public(group.public)
        return group.name() or self.public(group.public)

    def public(self, code: str) -> str:
        return self.words.public_name(code) if code else gettext("Everyone")

    def where(self, group: Group) -> str:
        house, name = self.house(group), self.group(group)
        return house if house == name or not name else f"{house} · {name}"

    def houses(self) -> list[House]:
        """Those where something is free or held."""
        return [house for house in self._houses if house.lines]

    def full(self) -> str:
        """The others, by name."""
        return ", ".join(house.name for house in self._houses if not house.lines)

    @cached_property
    def _houses(self) -> list[House]:
        found = []
        for _site, some in groupby(self.seen.groups, key=lambda group: group.site):
            groups = list(some)
            alive = [one for one in groups if one.free or one.held]
            lines = [self._line(self.group(one), [one]) for one in alive]
            free = free_of(sum(one.free for one in groups))
            found.append(House(self.house(groups[0]), free, lines, full_of(len(groups) - len(alive))))
        return sorted(found, key=lambda house: not any(line.free for line in house.lines))  # what is free comes first

    def publics(self) -> list[Line]:
        """By public, as the pack orders them; places for everyone last."""
        order = [*self.words.publics, ""]
        codes = sorted(
            {one.public for one in self.seen.groups}, key=lambda code: order.index(code) if code in order else 0
        )
        return [
            self._line(self.public(code), [one for one in self.seen.groups if one.public == code]) for code in codes
        ]

    def all_places(self) -> Line:
        return self._line(gettext("All places"), self.seen.groups)

    def _line(self, name: str, groups: Sequence[Group]) -> Line:
        public = groups[0].public if groups else ""
        free, held, occupied, out, total = (
            sum(getattr(one, what) for one in groups) for what in ("free", "held", "occupied", "out", "total")
        )
        return Line(name, public, free, held, occupied, out, total)

    def held(self) -> list[Held]:
        return [self._held(one) for one in self.seen.holds if one.group in self.by_key]

    def _held(self, one: Hold) -> Held:
        where = self.where(self.by_key[one.group])
        place = where if not one.place or self.by_key[one.group].is_confidential else f"{where} · {one.place}"
        left = max(int((one.until - self.seen.at).total_seconds() + 59) // 60, 0) if one.until else 0
        minutes = ngettext("%(n)s minute left", "%(n)s minutes left", left) % {"n": left} if one.until else ""
        return Held(
            reverse("desk-tonight-hold", args=[one.uuid]), one.called, place, heads(one.people), clock(one.until) if one.until else "",
            one.until.isoformat() if one.until else "", minutes, one.is_offered,
        )  # fmt: skip

    def following(self) -> list[Next]:
        return [self._next(one) for one in (self.seen.queue.first if self.seen.queue else ())]

    def _next(self, one: Waiting) -> Next:
        stands, request = one.standing, one.request
        reasons = self.rules.reasons(stands.tier.assessed, stands.reasons)
        first = ", ".join(self.rules.first(code) for code in stands.absolute)
        why = " · ".join(part for part in (reasons, waits(stands.days, request)) if part)
        return Next(
            str(request.uuid), stands.rank, request.number, request.person.called(), self.rules.tier(stands.tier.code),
            self.rules.level(stands.tier.code), first, why, self._about(request), paused_words(stands.paused),
            self.places(request, one.may), max(len(one.may) - KEYS, 0),
        )  # fmt: skip

    def places(self, request: Request, may: Sequence[Group], most: int = KEYS) -> list[Where]:
        return [
            Where(str(n) if n <= KEYS else "", f"{request.uuid}:{group.uuid}", self.where(group), free_of(group.free))
            for n, group in enumerate(may[:most], 1)
        ]

    def _about(self, request: Request) -> str:
        public = self.public(request.public) if request.public else ""
        area = self.words.area_name(request.area)
        channel = str(request.get_channel_display()) if request.channel != Request.Channel.DESK else ""
        return " · ".join(part for part in (heads(request.people), public, area, channel) if part)

    def filters(self, chosen: str) -> list[Choice]:
        """Publics of those who wait, with how many of each."""
        counts = self.seen.queue.by_public if self.seen.queue else {}
        found = [
            Choice(code, self.public(code), n, code == chosen)
            for code, n in sorted(counts.items(), key=lambda pair: self.public(pair[0]).casefold())
            if code
        ]
        total = self.seen.queue.total if self.seen.queue else 0
        return [Choice("", gettext("All"), total, not chosen), *found] if found else []


def waits(number: int, request: Request) -> str:
    return gettext("asked today") if number < 1 else gettext("waits %(days)s") % {"days": days(number)}


def free_of(number: int) -> str:
    return ngettext("%(n)s place free", "%(n)s places free", number) % {"n": number}


def full_of(number: int) -> str:
    return (
        ngettext("and %(n)s group that is full", "and %(n)s groups that are full", number) % {"n": number}
        if number
        else ""
    )


def clock(at: datetime) -> str:
    return date_format(localtime(at), "H:i")


def second(at: datetime) -> str:
    return date_format(localtime(at), "H:i:s")


def lists(kept: Iterable[Kept], chosen: Kept | None) -> list[Choice]:
    return [Choice(str(one.uuid), one.name(), None, chosen is not None and one.pk == chosen.pk) for one in kept]
