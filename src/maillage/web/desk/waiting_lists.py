"""Shared waiting lists: who of mine waits, and, for those who keep a list, everybody on it in order with why they stand there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_safe

from maillage.people import audit
from maillage.people.models import Organization, Person, Role
from maillage.places import queries, standing
from maillage.places.actions import waiting
from maillage.places.models import AllocationLine, Draw, Offer, Request, Stay, WaitingList
from maillage.places.standing import Open, Standing
from maillage.territory.models import Territory
from maillage.web.desk.who import here, member
from maillage.web.fields import key
from maillage.web.presenters import waiting as present
from maillage.web.seat import Seat, seat

PAGE = 50
OFFERS = 30  # the first to run out
MINE = 100  # of one's own people, shown at once


@dataclass(frozen=True, slots=True)
class Ordered:
    """A list in its order at a moment, with the words of its rules. `first`: the first so many."""

    rules: present.Rules
    total: int
    first: Callable[[int], list[Standing]]

    def all(self) -> list[Standing]:
        return self.first(self.total)


def lists_kept(request: HttpRequest) -> QuerySet[WaitingList]:
    """The lists that one of the reader's organisations keeps."""
    return WaitingList.objects.filter(territory=here(request), keeper__in=seat(request).helps_in())


def kept(request: HttpRequest, uuid: UUID) -> WaitingList:
    """A list that the reader keeps; another's does not exist for them."""
    return get_object_or_404(lists_kept(request).select_related("keeper", "territory", "need"), uuid=uuid)


def seen(request: HttpRequest) -> QuerySet[Request]:
    """Requests of people whom the reader helps, and of lists that they keep; once it has ended, or the stay is over that it led
    to, only the first."""
    at = timezone.now()
    found = queries.requests_for(member(request), here(request), at=at)
    helped = Q(person__in=Person.objects.of(seat(request).helps_in(), at=at))
    there = Stay.objects.filter(request=OuterRef("pk"), state__in=(Stay.State.HELD, Stay.State.IN))
    placed = Q(state=Request.State.PLACED) & Exists(there)
    return found.filter(Q(state__in=waiting.OPEN) | placed | helped)


def ordered(waiting_list: WaitingList, *, at: datetime) -> Ordered:
    """Everybody who waits on it now, in order. Of a draw: those of tonight."""
    found = waiting.rules_of(waiting_list, at=at)
    content = found.content if found else {}
    version = found.hash if found else ""
    rows = Request.objects.filter(waiting_list=waiting_list, state__in=waiting.OPEN)
    if waiting_list.kind == WaitingList.Kind.DRAW:
        rows = rows.filter(night=queries.night(waiting_list.territory, at))
    light = [
        Open(*one)
        for one in rows.order_by("pk").annotate(proof=Cast("evidence", TextField())).values_list(
            "pk", "number", "public", "proof"
        )
    ]  # fmt: skip
    first = standing.order_now(
        standing.memory(waiting_list.pk, version, content), light, lots=lots(waiting_list, at), at=at
    )
    return Ordered(present.Rules(content), len(light), first)


def lots(waiting_list: WaitingList, at: datetime) -> dict[int, int]:
    """Ranks of tonight's draw, when it was drawn."""
    if waiting_list.kind != WaitingList.Kind.DRAW:
        return {}
    drawn = Draw.objects.filter(waiting_list=waiting_list, night=queries.night(waiting_list.territory, at))
    run = drawn.values_list("run", flat=True).first()
    if run is None:
        return {}
    lines = AllocationLine.objects.filter(run=run).exclude(request=None)
    return {request: rank for request, rank in lines.values_list("request", "rank") if request is not None}


@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """Lists that one keeps, with how many wait; and the people whom one helps, wherever they wait."""
    at, held = timezone.now(), seat(request).helps_in()
    waits = Count("requests", filter=Q(requests__state__in=waiting.OPEN))
    offered = Count("requests", filter=Q(requests__state=Request.State.OFFERED))
    own = Request.objects.filter(
        person__in=Person.objects.of(held, at=at), waiting_list__territory=here(request), state__in=waiting.OPEN
    )
    rows = list(own.exclude(waiting_list__keeper__in=held).select_related("person", "waiting_list")[: MINE + 1])
    context: dict[str, Any] = {
        "kept": [
            (one, one.name(), present.heads_waiting(one.waits), one.offered)
            for one in lists_kept(request).annotate(waits=waits, offered=offered).order_by("code")
        ],
        "mine": [present.row(one, present.Rules({}), None) for one in rows[:MINE]],
        "is_cut": len(rows) > MINE,
        "offers": [
            present.answer_line(offer, at=at)
            for offer in to_answer(here(request), held, at).select_related(
                "request__person", "request__waiting_list", "group"
            )[:OFFERS]
        ],
        "helps": bool(held),
        "plans": [(one, one.name()) for one in lists_planned(request)],
    }
    if told := len(context["mine"]) + len(context["offers"]):
        traced(request, told)
    return render(request, "desk/waiting_lists.html", context)


def to_answer(territory: Territory, held: list[int], at: datetime) -> QuerySet[Offer]:
    """Offers that run, for people whom these organisations help, or on lists that they keep; the first to run out first."""
    mine = Q(request__person__in=Person.objects.of(held, at=at)) | Q(request__waiting_list__keeper__in=held)
    found = Offer.objects.filter(
        mine, state=Offer.State.OPEN, expires_at__gt=at, request__waiting_list__territory=territory
    )
    return found.order_by("expires_at", "pk")


def waiting_offers(held: Seat, territory: Territory) -> list[tuple[Promise, int, str]]:
    """For the first page of the desk."""
    houses = held.helps_in()
    if not houses:
        return []
    count = to_answer(territory, houses, timezone.now()).count()
    return [(ngettext_lazy("offer to answer", "offers to answer", count), count, reverse("desk-waiting"))]


def lists_planned(request: HttpRequest) -> list[WaitingList]:
    """For those who coordinate the territory: every list, to try other rules on it. No person, no number."""
    if not {Role.COORDINATOR.value, Role.ADMINISTRATOR.value} & seat(request).territory_roles:
        return []
    return list(WaitingList.objects.filter(territory=here(request)).order_by("code"))


def traced(request: HttpRequest, number: int) -> None:
    """One line: names on a list were read, under the reader's first organisation."""
    house = Organization.objects.filter(pk__in=seat(request).helps_in()).order_by("pk").first()
    if house is not None:
        audit.record("read a list of people", house, by=member(request), at=timezone.now(), data={"n": number})


@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One list in its order. The rank is said on each line, and the rules above it in sentences."""
    waiting_list, at = kept(request, uuid), timezone.now()
    found = ordered(waiting_list, at=at)
    tier = request.GET.get("tier", "")
    after = key(request.GET.get("after", "0"))
    chosen = [one for one in found.all() if one.tier.code == tier] if tier else found.first(after + PAGE + 1)
    page = [one for one in chosen if one.rank > after][: PAGE + 1]
    more, page = len(page) > PAGE, page[:PAGE]
    rows = Request.objects.select_related("person", "waiting_list").in_bulk([one.pk for one in page])
    audit.record("read a waiting list", waiting_list, by=member(request), at=at, data={"n": len(page)})
    context = {
        "list": waiting_list,
        "name": waiting_list.name(),
        "rows": [present.row(rows[one.pk], found.rules, one) for one in page if one.pk in rows],
        "total": present.heads_waiting(found.total),
        "order": found.rules.order(),
        "ageing": found.rules.ageing(),
        "tiers": [(code, name) for code, name, _reasons in found.rules.choices()],
        "tier": tier,
        "next": page[-1].rank if more and page else 0,
        "is_draw": waiting_list.kind == WaitingList.Kind.DRAW,
    }
    return render(request, "desk/waiting_list.html", context)
