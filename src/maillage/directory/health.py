"""How healthy a directory is: what is fresh and what is not, what is missing, by kind of need and by source, and the records
behind each figure. Computed by the database, kept until the directory changes or the day ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from maillage.directory import contracts, freshness
from maillage.directory.models import (
    DirectoryState,
    DuplicatePair,
    EligibilityRule,
    FieldProvenance,
    LinkCheck,
    Schedule,
    Service,
    ServiceCapacity,
    ServiceTerm,
    Text,
)
from maillage.territory.models import Territory

DEAD_AFTER_DAYS = 3  # an address that fails for so long is dead
HERE = "desk"  # the provenance of what was typed here
NO_HOURS, UNREAD, PARTLY, NO_ROOM, NO_CONDITIONS, DEAD_LINK = (
    "no-hours", "hours-unread", "hours-partly", "no-room", "no-conditions", "dead-link",
)  # fmt: skip
GAPS = (NO_HOURS, UNREAD, PARTLY, NO_ROOM, NO_CONDITIONS, DEAD_LINK)
NO_TEXT = "no-text:"  # followed by a language of the territory
PAGE = 50


@dataclass(frozen=True, slots=True)
class Selection:
    """Of the whole directory, the services of one need (and those below it), of one source ("-": typed here)."""

    need: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One need, or one source: how many services are in each state."""

    code: str
    states: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class Health:
    states: dict[str, int]
    gaps: dict[str, int]  # code of GAPS -> services
    room_asked: int  # services that are asked how much room they have
    texts: dict[str, int]  # language -> services without a description in it
    duplicates: int = 0  # pairs to be decided, in the whole territory
    needs: list[Line] = field(default_factory=list)
    sources: list[Line] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.states.values())


def figures(territory: Territory, chosen: Selection, *, on: date) -> Health:
    """Seven queries the first time, one after that: what tells that something changed."""
    checks = LinkCheck.objects.filter(territory=OuterRef("territory")).order_by("-checked_at")
    pairs = DuplicatePair.objects.filter(territory=OuterRef("territory"), state=DuplicatePair.State.OPEN).order_by()
    known = DirectoryState.objects.filter(territory=territory).annotate(
        checked=Subquery(checks.values("checked_at")[:1]),
        pairs=Coalesce(Subquery(pairs.values("territory").annotate(n=Count("id")).values("n")), Value(0)),
    )
    sequence, checked, duplicates = known.values_list("sequence", "checked", "pairs").first() or (0, None, 0)
    return replace(_figures(territory, (territory.loaded_at, sequence, checked), chosen, on), duplicates=duplicates)


@lru_cache(maxsize=64)
def _figures(territory: Territory, version: tuple[object, ...], chosen: Selection, on: date) -> Health:
    here = _Here(territory, on)
    services = here.services(chosen)
    aged = services.annotate(freshness=here.state)
    counted = services.aggregate(
        **{code.replace("-", "_"): Count("id", filter=here.gap(code)) for code in GAPS},
        asked=Count("id", filter=here.asks_room),
    )
    texts = Text.objects.filter(
        territory=territory, kind="service", field="description", object_id__in=services.values("id")
    )
    written = dict(texts.exclude(value="").order_by().values_list("language").annotate(n=Count("id")))
    sources = _lines(aged.annotate(source=here.source), "source")
    states = {state: sum(line.states[state] for line in sources) for state in freshness.STATES}
    total = sum(states.values())
    return Health(
        states=states,
        gaps={code: counted[code.replace("-", "_")] for code in GAPS},
        room_asked=counted["asked"],
        texts={code: total - written.get(code, 0) for code in territory.languages},
        needs=here.by_need(aged, chosen.need),
        sources=sources,
    )


def records(territory: Territory, chosen: Selection, kind: str, *, on: date) -> QuerySet[Service]:
    """The services behind a figure (a state, a gap, "no-text:nl", or "" for all), the longest unconfirmed first. Each has
    `freshness`, `source` and `seen`, the key of the order."""
    here = _Here(territory, on)
    found = here.services(chosen).annotate(
        freshness=here.state, source=here.source, seen=Coalesce("confirmed_on", Value(date.min))
    )
    if kind in freshness.STATES:
        found = found.filter(freshness=kind)
    elif kind in GAPS:
        found = found.filter(here.gap(kind))
    elif kind.startswith(NO_TEXT):
        found = found.exclude(_has_text(kind.removeprefix(NO_TEXT)))
    return found.select_related("organization").order_by("seen", "id")


def after(found: QuerySet[Service], cursor: str) -> QuerySet[Service]:
    """What follows the service of this cursor; everything when it is none of ours."""
    day, _, key = cursor.partition(".")
    try:
        seen, pk = date.fromisoformat(day), int(key)
    except ValueError:
        return found
    return found.filter(Q(seen__gt=seen) | Q(seen=seen, pk__gt=pk)) if 0 <= pk < 2**63 else found


def cursor(service: Service) -> str:
    return f"{(service.confirmed_on or date.min).isoformat()}.{service.pk}"


def forget() -> None:
    _figures.cache_clear()


class _Here:
    """The expressions of one territory on one day, over services."""

    def __init__(self, territory: Territory, on: date) -> None:
        self.territory, self.on = territory, on
        self.terms = contracts.terms_of(territory)
        self.parents = {code: parent for _, code, parent in self.terms}
        self.state = contracts.state(territory, on=on, terms=self.terms)
        asked = self.keys(freshness.below(territory.content.get("capacity_needs", ()), self.parents))
        self.asks_room = Q(Exists(ServiceTerm.objects.filter(service=OuterRef("pk"), term__in=asked)))
        said = FieldProvenance.objects.filter(kind="service", object_id=OuterRef("pk")).exclude(record__source=HERE)
        self.source = Coalesce(Subquery(said.order_by("-id").values("record__source")[:1]), Value(""))

    def keys(self, codes: Iterable[str]) -> list[int]:
        wanted = set(codes)
        return [key for key, code, _ in self.terms if code in wanted]

    def services(self, chosen: Selection) -> QuerySet[Service]:
        found: QuerySet[Service] = Service.objects.visible().filter(territory=self.territory)
        if chosen.need:
            terms = self.keys(freshness.below([chosen.need], self.parents))
            found = found.filter(Exists(ServiceTerm.objects.filter(service=OuterRef("pk"), term__in=terms)))
        if chosen.source:
            found = found.alias(of=self.source).filter(of="" if chosen.source == "-" else chosen.source)
        return found

    def gap(self, code: str) -> Q:
        """Services to which something is missing."""
        if code == NO_HOURS:
            return ~_has_hours() & ~Q(Exists(Schedule.objects.filter(organization=OuterRef("organization"))))
        if code in (UNREAD, PARTLY):
            return _has_hours(parse=code.removeprefix("hours-"))
        if code == NO_ROOM:
            return self.asks_room & ~Q(Exists(ServiceCapacity.objects.filter(service=OuterRef("pk"))))
        if code == NO_CONDITIONS:
            rules = Exists(EligibilityRule.objects.filter(service=OuterRef("pk")))
            return Q(conditions_known=False, minimum_age=None, maximum_age=None) & ~Q(rules)
        return self._has_dead_link()

    def _has_dead_link(self) -> Q:
        dead = LinkCheck.objects.filter(
            territory=self.territory, failing_since__date__lte=self.on - timedelta(days=DEAD_AFTER_DAYS)
        )
        own = Q(Exists(dead.filter(url=OuterRef("url"))))
        return own | (Q(url="") & Q(Exists(dead.filter(url=OuterRef("organization__website")))))

    def by_need(self, aged: QuerySet[Service], need: str) -> list[Line]:
        """The needs directly below this one, in their order; a service that is of two kinds counts in both."""
        children = [code for _, code, parent in self.terms if parent == need]
        groups = [
            When(service_terms__term__in=self.keys(freshness.below([c], self.parents)), then=Value(c)) for c in children
        ]
        if not groups:
            return []
        kind = Case(*groups, default=Value(""), output_field=CharField())
        lines = {line.code: line for line in _lines(aged.annotate(kind=kind), "kind")}
        return [lines[code] for code in children if code in lines]


def _has_hours(**where: str) -> Q:
    """The service has hours itself, at its place, or there."""
    return (
        Q(Exists(Schedule.objects.filter(service=OuterRef("pk"), **where)))
        | Q(Exists(Schedule.objects.filter(service_at_location__service=OuterRef("pk"), **where)))
        | Q(Exists(Schedule.objects.filter(location__services_here__service=OuterRef("pk"), **where)))
    )


def _has_text(language: str) -> Q:
    said = Text.objects.filter(kind="service", object_id=OuterRef("pk"), field="description", language=language)
    return Q(Exists(said.exclude(value="")))


def _lines(aged: QuerySet[Service], name: str) -> list[Line]:
    found: dict[str, dict[str, int]] = {}
    rows = aged.order_by().values_list(name, "freshness").annotate(n=Count("id", distinct=True))
    for code, state, count in rows:
        found.setdefault(code, dict.fromkeys(freshness.STATES, 0))[state] = count
    return sorted((Line(code, states) for code, states in found.items()), key=lambda line: (-line.total, line.code))
