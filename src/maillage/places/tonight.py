"""What the dispatch sees at this moment: the places of tonight, the holds that run, and who comes next, in six queries.

Reads only. What is shown may be over a second later: whoever gives a place asks the database again (`actions.stays`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from maillage.directory.models import ServiceAtLocation
from maillage.places import fitting, queries, rules, standing
from maillage.places.models import (
    AllocationLine,
    GroupNight,
    Occupant,
    Offer,
    OutOfUse,
    Place,
    PlaceGroup,
    Request,
    RuleSet,
    Stay,
    SurgeActivation,
    WaitingList,
)
from maillage.territory.models import Labels, Territory, label_in

MOST: Final = 20  # people shown at once
State = Stay.State


@dataclass(frozen=True, slots=True)
class Kept:
    """A list that somebody keeps, with the rules that hold now."""

    pk: int
    uuid: UUID
    labels: Labels
    kind: str
    need: str
    keeper: int
    version: str
    content: Mapping[str, Any]

    def name(self) -> str:
        return label_in(self.labels)


def lists_kept(territory: Territory, organizations: Collection[int], *, at: datetime) -> list[Kept]:
    """The lists of these organisations (keys), each with the version of its rules adopted last; one query."""
    adopted = RuleSet.objects.filter(waiting_list=OuterRef("pk"), is_draft=False)
    adopted = adopted.filter(Q(adopted_at=None) | Q(adopted_at__lte=at))
    adopted = adopted.order_by(F("adopted_at").desc(nulls_last=True), "-pk")
    rows = WaitingList.objects.filter(territory=territory, keeper__in=organizations).annotate(
        rules_hash=Coalesce(Subquery(adopted.values("hash")[:1]), Value("")),
        content=Subquery(adopted.values("content")[:1], output_field=JSONField()),
        need_code=Coalesce("need__code", Value("")),
    )
    columns = ("pk", "uuid", "labels", "kind", "need_code", "keeper", "rules_hash", "content")
    listed: Iterable[Any] = rows.order_by("pk").values_list(*columns)
    return [Kept(*[*row[:-1], row[-1] or {}]) for row in listed]


@dataclass(frozen=True, slots=True)
class Group:
    """Places that are alike, tonight. `total` is what exists: free + held + occupied + out."""

    pk: int
    uuid: UUID
    said: str  # JSON of the labels
    public: str
    kind: str
    unit_size: int
    care_level: int
    of_genders: str  # JSON
    minimum_age: int | None
    maximum_age: int | None
    is_wheelchair_accessible: bool | None
    of_the_house: str  # JSON of the rules
    site: int
    site_name: str
    site_said: str  # JSON of the names in each language
    area: str
    organization: int
    is_confidential: bool
    is_surge: bool
    total: int
    held: int
    occupied: int
    out: int

    @property
    def free(self) -> int:
        return max(self.total - self.held - self.occupied - self.out, 0)

    @property
    def terms(self) -> tuple[Any, ...]:
        """All that it says of those for whom it is."""
        ages = self.minimum_age, self.maximum_age
        return self.public, self.of_genders, *ages, self.care_level, self.is_wheelchair_accessible, self.of_the_house

    def name(self) -> str:
        return label_in(_read(self.said))

    @property
    def genders(self) -> Sequence[str]:
        return _read(self.of_genders)  # type: ignore[no-any-return]

    @property
    def rules(self) -> Sequence[Mapping[str, Any]]:
        return _read(self.of_the_house)  # type: ignore[no-any-return]


@lru_cache(maxsize=4096)
def _read(text: str) -> Any:
    """Hundreds of groups say the same, and say it again every ten seconds. Nobody changes what comes from here."""
    return json.loads(text)


def groups_tonight(groups: QuerySet[PlaceGroup], *, on: date, at: datetime) -> list[Group]:
    """These groups as they stand, those of a cold-weather plan only while it is open; one query."""
    open_plan = SurgeActivation.objects.filter(groups=OuterRef("pk"), closed_at=None)
    open_sites = Q(site__opens_on=None) | Q(site__opens_on__lte=on)
    found = groups.filter(open_sites, Q(site__closes_on=None) | Q(site__closes_on__gt=on)).filter(
        Q(surge="") | Exists(open_plan)
    )
    by_night = Q(kind=PlaceGroup.Kind.DORMITORY)
    counted = found.annotate(
        total=Case(When(by_night, then=_beds(on)), default=_places(Place.objects.all())),
        occupied=Case(When(by_night, then=_people(Stay.objects.present())), default=_occupied()),
        held=Case(When(by_night, then=_people(Stay.objects.held(on=on, at=at))), default=_held(on, at)),
        out=Case(When(by_night, then=Value(0)), default=_out(on, at)),
        kept_secret=Exists(
            ServiceAtLocation.objects.filter(service=OuterRef("site__service"), location__is_confidential=True)
        ),
        area_code=Coalesce("site__area__code", Value("")),
        said=Cast("labels", TextField()),
        site_said=Cast("site__labels", TextField()),
        of_genders=Cast("genders", TextField()),
        of_the_house=Cast("rules", TextField()),
    )
    columns = (
        "pk", "uuid", "said", "public", "kind", "unit_size", "care_level", "of_genders", "minimum_age", "maximum_age",
        "is_wheelchair_accessible", "of_the_house", "site", "site__name", "site_said",
        "area_code", "site__service__organization", "kept_secret", "surge",
        "total", "held", "occupied", "out",
    )  # fmt: skip
    rows = counted.order_by("site__name", "site", "order", "pk").values_list(*columns)
    return [_group(row) for row in rows]


def _beds(on: date) -> Coalesce:
    """Beds of a dormitory tonight: what was said of this night, else what it has."""
    said = GroupNight.objects.filter(group=OuterRef("pk"), night=on).values("beds")[:1]
    return Coalesce(Subquery(said), F("beds"), output_field=IntegerField())


def _people(rows: QuerySet[Stay]) -> Coalesce:
    """Beds that these stays take in a dormitory."""
    taken = rows.filter(group=OuterRef("pk")).order_by().values(_empty=Value(0)).annotate(n=Sum("people")).values("n")
    return Coalesce(Subquery(taken, output_field=IntegerField()), 0)


def _group(row: Any) -> Group:
    *known, surge, total, held, occupied, out = row
    return Group(*[*known, bool(surge), total, held, occupied, out])


def _count(rows: QuerySet[Any], what: Count) -> Coalesce:
    """How many there are among these rows of a group, as a subquery."""
    counted = rows.order_by().values(_empty=Value(0)).annotate(n=what).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


ROWS: Final = Count("*")
PLACES: Final = Count("place", distinct=True)


def _places(rows: QuerySet[Place]) -> Coalesce:
    return _count(rows.filter(group=OuterRef("pk")), ROWS)


def _occupied() -> Coalesce:
    """One stay for each place: the database sees to it."""
    return _count(Stay.objects.present().filter(group=OuterRef("pk")), ROWS)


def _present() -> Exists:
    return Exists(Stay.objects.present().filter(place=OuterRef("place")))


def _held(on: date, at: datetime) -> Coalesce:
    return _count(Stay.objects.held(on=on, at=at).filter(~_present(), group=OuterRef("pk")), PLACES)


def _out(on: date, at: datetime) -> Coalesce:
    """Places that nobody can be put in, and that nobody has."""
    now = OutOfUse.objects.filter(place__group=OuterRef("pk"), starts_at__lte=at)
    taken = Exists(Stay.objects.held(on=on, at=at).filter(place=OuterRef("place")))
    return _count(now.filter(Q(ends_at=None) | Q(ends_at__gt=at)).filter(~_present(), ~taken), PLACES)


@dataclass(frozen=True, slots=True)
class Hold:
    """A place that is held for somebody who has not come yet. `until`: when it ends by itself."""

    uuid: UUID
    group: int
    place: str
    people: int
    until: datetime | None
    is_offered: bool  # they have not answered yet
    request: UUID | None
    number: int | None
    called: str


def holds_tonight(groups: Collection[int], *, kept: Kept | None = None, on: date, at: datetime) -> list[Hold]:
    """Those that run in these groups (keys), what ends first before; one query. Who keeps a list (`kept`) reads those of the lists
    that they keep: whom the house itself, or another list, expects there is not theirs to know."""
    rows = (
        Stay.objects.held(on=on, at=at)
        .filter(group__in=groups)
        .order_by(F("hold_expires_at").asc(nulls_last=True), "pk")
    )
    if kept is not None:
        keeper = WaitingList.objects.filter(pk=kept.pk).values("keeper")
        rows = rows.filter(request__waiting_list__keeper__in=keeper)
    columns = (
        "uuid", "group", "place__label", "people", "hold_expires_at", "offer__state", "request__uuid", "request__number",
        "person__given_name", "person__family_name", "person__alias",
    )  # fmt: skip
    listed: Iterable[Any] = rows.values_list(*columns)
    return [_hold(row) for row in listed]


def _hold(row: Any) -> Hold:
    uuid, group, label, people, until, offer, request, number, given, family, alias = row
    called = f"{given} {family}".strip() or alias
    return Hold(uuid, group, label or "", people, until, offer == Offer.State.OPEN, request, number, called)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits, why they stand there, and where they could go: `best` first, the groups with a free place."""

    standing: standing.Standing
    request: Request
    may: tuple[Group, ...] = ()

    @property
    def best(self) -> Group | None:
        return self.may[0] if self.may else None


@dataclass(frozen=True, slots=True)
class Queue:
    """The beginning of a list, and how many wait in all, for each public."""

    first: list[Waiting]
    total: int
    by_public: Mapping[str, int]


def waiting_tonight(
    territory: Territory, kept: Kept, groups: Sequence[Group], *, public: str = "", most: int = MOST, on: date, at: datetime
) -> Queue:  # fmt: skip
    """Who comes next, in the order of the list's rules; three queries, one more in a draw."""
    rows = open_requests(kept, on=on, at=at)
    lots = tonight_lots(kept, on=on) if kept.kind == WaitingList.Kind.DRAW else {}
    found = standing.standings(
        standing.memory(kept.pk, kept.version, kept.content), rows, lots=lots, at=at, most=most,
        wanted=lambda row: not public or row[2] == public,
    )  # fmt: skip
    requests = _with_beds(on, at).select_related("person").in_bulk([one.pk for one in found])
    takes = rules.takes_housed(kept.kind, kept.content)
    free, publics = [group for group in groups if group.free], fitting.public_facts(territory.content)
    first = [
        Waiting(
            one,
            requests[one.pk],
            tuple(places_for(requests[one.pk], _not_theirs(requests[one.pk], free, takes), publics, on=on)),
        )
        for one in found
        if one.pk in requests
    ]
    return Queue(first, len(rows), Counter(row[2] for row in rows))


def _with_beds(on: date, at: datetime) -> QuerySet[Request]:
    """Requests, and which bed their person has: where they sleep now, and where they are expected tonight."""
    theirs = Occupant.objects.filter(person=OuterRef("person"))
    expected = theirs.filter(stay__in=Stay.objects.held(on=on, at=at))
    held, kept = expected.filter(state=State.HELD), expected.filter(state=queries.UNCLAIMED)
    return Request.objects.annotate(
        sleeps_in=Subquery(theirs.filter(state=State.IN).values("stay__group")[:1]),
        expected_in=Subquery(held.values("stay__group")[:1]),
        expected_kind=Subquery(held.values("stay__group__kind")[:1]),
        kept_in=Subquery(kept.values("stay__group")[:1]),
    )


def open_to(request: Request, kept: Kept, groups: Iterable[Group], *, on: date, at: datetime) -> list[Group]:
    """Those of these groups of which a place may be offered to them: they may have a bed already."""
    takes = rules.takes_housed(kept.kind, kept.content)
    return _not_theirs(_with_beds(on, at).get(pk=request.pk), groups, takes)


def _not_theirs(request: Any, groups: Iterable[Group], takes_housed: bool) -> list[Group]:
    """Without the groups of which no place is offered to somebody who has a bed. `request`: one of `_with_beds`."""
    by_night = PlaceGroup.Kind.DORMITORY
    beds = [rules.Bed(request.sleeps_in, True, False)] if request.sleeps_in else []
    if request.expected_in:
        beds.append(rules.Bed(request.expected_in, False, request.expected_kind == by_night))
    if request.kept_in:
        beds.append(rules.Bed(request.kept_in, False, False, is_kept=True))
    return [
        one for one in groups
        if rules.may_have(beds, one.pk, by_night=one.kind == by_night, takes_housed=takes_housed)
    ]  # fmt: skip


def open_requests(kept: Kept, *, on: date, at: datetime) -> list[standing.Row]:
    """All who wait now: on a draw those of this night. What was held or offered and has run out: they wait again."""
    there = Stay.objects.filter(request=OuterRef("pk"), state__in=(State.HELD, State.IN))
    lives = there.exclude(state=State.HELD, hold_expires_at__lte=at)
    asked = Offer.objects.filter(request=OuterRef("pk"), state=Offer.State.OPEN, expires_at__gt=at)
    fell = Q(state=Request.State.OFFERED) & ~Exists(lives) & ~Exists(asked)
    rows = Request.objects.filter(waiting_list=kept.pk).filter(Q(state=Request.State.WAITING) | fell)
    if kept.kind == WaitingList.Kind.DRAW:
        rows = rows.filter(night=on)
    proofs = Cast("evidence", TextField()) if kept.content.get("absolute") else Value("[]", CharField())
    return list(rows.annotate(proofs=proofs).order_by("pk").values_list("pk", "number", "public", "proofs"))


def tonight_lots(kept: Kept, *, on: date) -> dict[int, int]:
    """request -> rank in the draw of this night; empty before it is drawn."""
    lines = AllocationLine.objects.filter(run__draw__waiting_list=kept.pk, run__draw__night=on, request__isnull=False)
    return dict(lines.values_list("request", "rank"))


def places_for(
    request: Request, groups: Iterable[Group], publics: Mapping[str, fitting.Facts], *, on: date
) -> list[Group]:
    """The groups with room for this household whose rules do not exclude them, the best first.

    Best: the house of their public; a household behind one door; the least care, so that beds with nurses stay for the ill; the
    smallest unit that holds them; where most is free. Known reasons exclude; what is not known does not.
    """
    found = []
    person = request.person
    them = fitting.household([rules.Somebody.of(person)], request.public, person.facts | request.facts, publics, on=on)
    against: dict[tuple[Any, ...], str] = {}  # of groups that say the same: hundreds do
    for group in groups:
        needed = units(request.people, group)
        if group.free < needed:
            continue
        if group.terms not in against:
            against[group.terms] = fitting.against(fitting.of_group(group, publics), them)
        if not against[group.terms]:
            by_bed = group.kind == PlaceGroup.Kind.DORMITORY
            doors, wasted = (1, 0) if by_bed else (needed, needed * group.unit_size - request.people)
            best = (group.public != request.public, doors, group.care_level, wasted, -group.free, group.pk)
            found.append((best, group))
    return [group for _, group in sorted(found, key=lambda pair: pair[0])]


def units(people: int, group: Group) -> int:
    """Beds of a dormitory, or places, that so many people take."""
    return people if group.kind == PlaceGroup.Kind.DORMITORY else -(-people // group.unit_size)


@dataclass(frozen=True, slots=True)
class Tonight:
    """The whole screen."""

    night: date
    at: datetime
    groups: list[Group]
    holds: list[Hold]
    queue: Queue | None = None
    kept: Kept | None = None
    lists: list[Kept] = field(default_factory=list)


def of_list(territory: Territory, kept: Kept, *, public: str = "", at: datetime) -> Tonight:
    """What the keeper of a list sees."""
    on = queries.night(territory, at)
    groups = groups_tonight(PlaceGroup.objects.filter(waiting_lists=kept.pk), on=on, at=at)
    holds = holds_tonight([group.pk for group in groups], kept=kept, on=on, at=at)
    return Tonight(on, at, groups, holds, waiting_tonight(territory, kept, groups, public=public, on=on, at=at), kept)


def of_houses(territory: Territory, organizations: Collection[int], *, at: datetime) -> Tonight:
    """What those who work in a centre see: their own places, and who is expected there."""
    on = queries.night(territory, at)
    own = PlaceGroup.objects.filter(site__territory=territory, site__service__organization__in=organizations)
    groups = groups_tonight(own, on=on, at=at)
    return Tonight(on, at, groups, holds_tonight([group.pk for group in groups], on=on, at=at))
