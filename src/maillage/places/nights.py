"""Past nights counted: what was open, what was used, who asked and got nothing. Numbers of nights and places; no person is named.

What was open is derived, as what is open now: places that existed and could be used late that evening, beds of a dormitory as that
night said, in the season of the house and of a cold-weather plan. Accredited is what the authority recognised: it is not that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Count, Min, Q, QuerySet
from numpy.typing import NDArray

from maillage.places import rules
from maillage.places.models import GroupNight, OutOfUse, PlaceGroup, Refusal, Stay, SurgeActivation
from maillage.territory.models import Territory

Counts = NDArray[np.int64]
LATE = time(22)  # a place counts for a night when it could be used then
# Who was refused a place that night. A house or a person who declines one offer leaves the request alive: it is counted again
# when it gets nothing, and here once only.
NOTHING_FOUND = (Refusal.Cause.NO_PLACE, Refusal.Cause.RULE)


@dataclass(frozen=True, slots=True)
class Span:
    """The nights from `first` to `last`, both counted, each named by its evening."""

    first: date
    last: date

    @property
    def length(self) -> int:
        return max((self.last - self.first).days + 1, 0)

    def place(self, day: date) -> int:
        """Where a night stands; before the first: 0; after the last: `length`."""
        return min(max((day - self.first).days, 0), self.length)


@dataclass(frozen=True, slots=True)
class Slept:
    """One stay that meets the span. `until`: the day they left or leave; None: nobody knows yet, they are there."""

    key: int
    group: int
    request: int | None
    since: date
    until: date | None
    people: int
    public: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class GroupNights:
    """One group of places over the span: `open` and `used`, places (beds of a dormitory) each night. `since`: the first night on
    record; before it nobody wrote down who slept there, so nothing is said to have been open."""

    pk: int
    service: UUID
    service_key: int
    area: str
    public: str
    accredited: int | None
    open: Counts
    used: Counts
    since: date | None
    is_seasonal: bool  # of a cold-weather plan, or of a house that opened in the span
    on_record: int  # nights of the span


def stays(territory: Territory, span: Span) -> list[Slept]:
    """Those who slept somewhere in the span; who is still there after their last night is there until they leave."""
    rows = Stay.objects.filter(territory=territory, state__in=(Stay.State.IN, Stay.State.OUT), from_on__lte=span.last)
    rows = rows.filter(Q(until_on=None) | Q(until_on__gt=span.first) | Q(state=Stay.State.IN))
    fields = (
        "pk",
        "group",
        "request",
        "from_on",
        "until_on",
        "left_at",
        "people",
        "request__public",
        "group__public",
        "state",
    )
    zone, found = ZoneInfo(territory.timezone), []
    for pk, group, request, since, planned, left_at, people, asked, public, state in rows.values_list(*fields):
        over = state == Stay.State.OUT
        ends = [day for day in (planned, left_at.astimezone(zone).date() if left_at else None) if day] if over else []
        until = max(min(ends), since) if ends else None
        if not over or until is None or until > span.first:
            found.append(Slept(pk, group, request, since, until, people, asked or public, over))
    return found


def groups(territory: Territory, span: Span, slept: Iterable[Slept], *, kind: str = "") -> list[GroupNights]:
    """Each group of places of the territory (of a kind of site, when one is asked), night by night. Six queries."""
    rows = list(
        PlaceGroup.objects.filter(site__territory=territory, **({"site__kind": kind} if kind else {}))
        .select_related("site__service", "site__area")
        .annotate(existing=Count("places"))
        .order_by("site__name", "order", "pk")
    )
    used = _used(span, slept, {row.pk: row.kind for row in rows})
    opened, seasons, first = _open(territory, span, rows), _seasons(territory, span), _first(territory)
    found = []
    for row in rows:
        site, now = row.site, opened[row.pk]
        mask = np.zeros(span.length, bool)
        since = max(site.opens_on or span.first, first.get(row.pk, span.first))
        opens, closes = span.place(since), span.place(site.closes_on or span.last + timedelta(1))
        mask[opens:closes] = True
        if row.surge:
            mask &= seasons.get(row.pk, np.zeros(span.length, bool))
        area = site.area.code if site.area else ""
        kept = np.where(mask, now, 0)
        began = first.get(row.pk)
        found.append(
            GroupNights(
                pk=row.pk,
                service=site.service.uuid,
                service_key=site.service_id,
                area=area,
                public=row.public,
                accredited=row.accredited,
                open=kept,
                used=used[row.pk],
                since=began,
                is_seasonal=bool(row.surge) or (site.opens_on is not None and site.opens_on > span.first),
                on_record=span.length - (span.place(began) if began else 0),
            )
        )
    return found


def _first(territory: Territory) -> dict[int, date]:
    """group -> the first night of which a stay is on record."""
    rows = Stay.objects.filter(territory=territory, state__in=(Stay.State.IN, Stay.State.OUT))
    return dict(rows.values_list("group").annotate(first=Min("from_on")).order_by())


def _used(span: Span, slept: Iterable[Slept], kinds: Mapping[int, str]) -> dict[int, Counts]:
    """group -> places, or beds of a dormitory, used each night."""
    steps = {pk: np.zeros(span.length + 1, np.int64) for pk in kinds}
    for one in slept:
        if one.group in steps:
            size = one.people if kinds[one.group] == PlaceGroup.Kind.DORMITORY else 1
            steps[one.group][span.place(one.since)] += size
            steps[one.group][span.place(one.until) if one.until else span.length] -= size
    return {pk: np.cumsum(step)[:-1] for pk, step in steps.items()}


def _open(territory: Territory, span: Span, rows: Iterable[PlaceGroup]) -> dict[int, Counts]:
    """group -> places that could be used each night, the seasons left aside."""
    found: dict[int, Counts] = {}
    for row in rows:
        beds = row.beds if row.kind == PlaceGroup.Kind.DORMITORY else row.existing  # type: ignore[attr-defined]
        found[row.pk] = np.full(span.length, beds, np.int64)
    nights = GroupNight.objects.filter(group__in=list(found), night__gte=span.first, night__lte=span.last)
    for group, night, beds in nights.values_list("group", "night", "beds"):
        found[group][span.place(night)] = beds
    for group, starts, ends in _times_out(territory, span):
        if group in found:
            found[group][span.place(starts) : span.place(ends)] -= 1
    return {pk: np.maximum(counts, 0) for pk, counts in found.items()}


def _times_out(territory: Territory, span: Span) -> Iterable[tuple[int, date, date]]:
    """group, first night out of use, first night in use again. Two reasons at once for one place take it out once."""
    zone = ZoneInfo(territory.timezone)
    rows = OutOfUse.objects.filter(place__group__site__territory=territory)
    rows = rows.filter(starts_at__lt=datetime.combine(span.last + timedelta(1), time(12), zone))
    rows = rows.filter(Q(ends_at=None) | Q(ends_at__gt=datetime.combine(span.first, time(12), zone)))
    covered: dict[int, date] = {}
    for place, group, starts_at, ends_at in rows.order_by("place", "starts_at", "pk").values_list(
        "place", "place__group", "starts_at", "ends_at"
    ):
        starts = max(_first_late(starts_at.astimezone(zone)), covered.get(place, span.first))
        ends = _first_late(ends_at.astimezone(zone)) if ends_at else span.last + timedelta(1)
        if ends > starts:
            covered[place] = ends
            yield group, starts, ends


def _first_late(moment: datetime) -> date:
    """The first night whose late evening is not before this moment."""
    return moment.date() if moment.time() <= LATE else moment.date() + timedelta(1)


def _seasons(territory: Territory, span: Span) -> dict[int, NDArray[np.bool_]]:
    """group of a cold-weather plan -> the nights on which the plan was open with it."""
    zone = ZoneInfo(territory.timezone)
    found: dict[int, NDArray[np.bool_]] = {}
    rows = SurgeActivation.objects.filter(territory=territory).exclude(groups=None)
    for group, opened_at, closed_at in rows.values_list("groups", "opened_at", "closed_at"):
        mask = found.setdefault(group, np.zeros(span.length, bool))
        ends = span.place(_first_late(closed_at.astimezone(zone))) if closed_at else span.length
        mask[span.place(_first_late(opened_at.astimezone(zone))) : ends] = True
    return found


def refusals(territory: Territory, span: Span) -> QuerySet[Refusal]:
    """Refusals of the nights of the span."""
    zone = ZoneInfo(territory.timezone)
    start, end = (datetime.combine(day, rules.NIGHT_ENDS, zone) for day in (span.first, span.last + timedelta(1)))
    return Refusal.objects.filter(territory=territory, at__gte=start, at__lt=end)


def refused_people(territory: Territory, span: Span) -> dict[str, Counts]:
    """public -> people who asked each night and for whom nothing was found."""
    zone = ZoneInfo(territory.timezone)
    found: dict[str, Counts] = {}
    rows = refusals(territory, span).filter(cause__in=NOTHING_FOUND).values_list("public", "at", "people")
    for public, at, people in rows:
        counts = found.setdefault(public, np.zeros(span.length, np.int64))
        counts[span.place(rules.night_of(at.astimezone(zone)))] += people
    return found


def housed_people(span: Span, slept: Iterable[Slept]) -> dict[str, Counts]:
    """public (of the request, else of the place) -> people who slept somewhere each night."""
    steps: dict[str, Counts] = {}
    for one in slept:
        step = steps.setdefault(one.public, np.zeros(span.length + 1, np.int64))
        step[span.place(one.since)] += one.people
        step[span.place(one.until) if one.until else span.length] -= one.people
    return {public: np.cumsum(step)[:-1] for public, step in steps.items()}
