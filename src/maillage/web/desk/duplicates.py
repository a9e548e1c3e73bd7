"""Two records that may be one: the queue, a pair side by side, the decision, and merges that can be undone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext_lazy
from django.views.decorators.http import require_POST, require_safe

from maillage.directory import sheet
from maillage.directory.actions import duplicates
from maillage.directory.models import Address, DuplicatePair, Location, Merge, Service
from maillage.methods.text import typed
from maillage.people.models import OrganizationIdentifier
from maillage.territory.models import Territory
from maillage.web.desk import services
from maillage.web.presenters import desk as say
from maillage.web.presenters import duplicates as present
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary
from maillage.web.seat import Seat

PAGE = 30
State = DuplicatePair.State


@dataclass(frozen=True, slots=True)
class Line:
    """A pair in the queue."""

    uuid: UUID
    left: str
    right: str
    likely: str
    reasons: str
    has_veto: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two."""

    service: Service
    code: str  # left, right
    letter: str
    fills: list[tuple[str, str]]
    is_chosen: bool


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    services.moderating(request)
    listed = list(_after(_open(services.here(request)), services.cursor(request))[: PAGE + 1])
    context = {"lines": lines(listed[:PAGE]), "following": listed[PAGE - 1].uuid if len(listed) > PAGE else None}
    return render(request, "desk/duplicates.html", context)


def _open(territory: Territory) -> QuerySet[DuplicatePair]:
    return DuplicatePair.objects.filter(territory=territory, state=State.OPEN).order_by("-score", "pk")


def _after(pairs: QuerySet[DuplicatePair], after: UUID | None) -> QuerySet[DuplicatePair]:
    if after is None:
        return pairs
    last = DuplicatePair.objects.filter(uuid=after)
    score, key = Subquery(last.values("score")[:1]), Subquery(last.values("pk")[:1])
    return pairs.filter(Q(score__lt=score) | Q(score=score, pk__gt=key))


def lines(pairs: list[DuplicatePair]) -> list[Line]:
    """Two queries, whatever their number."""
    uuids = {uuid for pair in pairs for uuid in (pair.left, pair.right)}
    known = {one.uuid: one for one in Service.objects.filter(uuid__in=uuids).select_related("organization")}
    hidden = confidential(known.values())
    return [
        Line(
            pair.uuid, _title(known[pair.left]), _title(known[pair.right]), present.likely(pair.score),
            ", ".join(present.reasons(pair.reasons, is_confidential=bool(hidden & {known[pair.left].pk, known[pair.right].pk}))),
            bool(pair.vetoes),
        )
        for pair in pairs if pair.left in known and pair.right in known
    ]  # fmt: skip


def _title(service: Service) -> str:
    return f"{service.name} – {service.organization.name}" if service.organization else service.name


def confidential(found: Iterable[Service]) -> set[int]:
    """Keys of those that are offered at a confidential place."""
    rows = Service.objects.filter(pk__in=[one.pk for one in found], at_locations__location__is_confidential=True)
    return set(rows.values_list("pk", flat=True))


@require_safe
def pair(request: HttpRequest, uuid: UUID) -> HttpResponse:
    services.moderating(request)
    return show(request, _one(request, uuid))


def _one(request: HttpRequest, uuid: UUID) -> DuplicatePair:
    return get_object_or_404(
        DuplicatePair.objects.select_related("decided_by", "territory"), territory=services.here(request), uuid=uuid
    )


def show(request: HttpRequest, one: DuplicatePair, *, refusal: str = "", status: int = 200) -> HttpResponse:
    words = vocabulary(one.territory)
    two = Service.objects.filter(uuid__in=[one.left, one.right]).select_related("organization", "territory")
    known = {service.uuid: service for service in two}
    found = [known[uuid] for uuid in (one.left, one.right) if uuid in known]
    following = _after(_open(one.territory), one.uuid).first()
    context = {
        "pair": one,
        "likely": present.likely(one.score),
        "is_open": one.state == State.OPEN,
        "following": following.uuid if following else None,
        "refusal": refusal,
        "note": request.POST.get("note", ""),
    }
    if len(found) == 2:
        left, right = found
        is_confidential = bool(confidential(found))
        compared = _compared(left, right, words)
        context |= {
            "reasons": present.reasons(one.reasons, is_confidential=is_confidential),
            "vetoes": present.vetoes(one.vetoes),
            "rows": [row for row in compared if row.kind != "same"],
            "same": [row for row in compared if row.kind == "same"],
            "sides": sides(left, right, words, chosen=request.POST.get("keep", "")),
        }
    return render(request, "desk/duplicate.html", context, status=status)


def sides(left: Service, right: Service, words: Vocabulary, *, chosen: str) -> list[Side]:
    """Chosen at first: the one that was confirmed last, so that nothing newer is lost."""
    if chosen not in ("left", "right"):
        chosen = "right" if str(right.confirmed_on or "") > str(left.confirmed_on or "") else "left"
    return [
        Side(
            mine,
            code,
            "A" if code == "left" else "B",
            present.fills(duplicates.would_fill(mine, other), words),
            code == chosen,
        )
        for mine, other, code in ((left, right, "left"), (right, left, "right"))
    ]


def _compared(left: Service, right: Service, words: Vocabulary) -> list[present.Row]:
    outside = [
        present.row(label, read(left), read(right))
        for label, read in (
            (gettext("Organisation"), _organization),
            (gettext("Enterprise number"), _numbers),
            (gettext("Place"), partial(_places, words=words)),
            (gettext("Confirmed on"), _confirmed),
        )
    ]
    return present.ordered(
        [*(row for row in outside if row.left or row.right), *present.rows(sheet.read(left), sheet.read(right), words)]
    )


def _organization(service: Service) -> tuple[str, ...]:
    return (service.organization.name,) if service.organization else ()


def _confirmed(service: Service) -> tuple[str, ...]:
    return (say.day(service.confirmed_on),) if service.confirmed_on else ()


def _numbers(service: Service) -> tuple[str, ...]:
    rows = OrganizationIdentifier.objects.filter(organization=service.organization_id or 0).order_by("id")
    return tuple(rows.values_list("identifier", flat=True))


def _places(service: Service, *, words: Vocabulary) -> tuple[str, ...]:
    """Addresses as anyone may read them: of a confidential place, its area alone."""
    said = []
    for place in Location.objects.filter(services_here__service=service).select_related("area").order_by("id"):
        if place.is_confidential:
            area = words.area_name(place.area.code) if place.area else ""
            said.append(
                gettext("Confidential place: %(area)s") % {"area": area} if area else gettext("Confidential place")
            )
            continue
        address = Address.objects.filter(location=place).order_by("id").first()
        town = f"{address.postal_code} {address.city}".strip() if address else ""
        said.append(", ".join(filter(None, (address.address_1, town))) if address else place.name)
    return tuple(sorted(filter(None, said)))


@require_POST
def decide(request: HttpRequest, uuid: UUID) -> HttpResponse:
    services.moderating(request)
    one = _one(request, uuid)
    is_same = request.POST.get("do") == "same"
    if not is_same and request.POST.get("do") != "different":
        return show(
            request, one, refusal=gettext("Say whether they are the same or two different services."), status=422
        )
    keep = one.right if request.POST.get("keep") == "right" else one.left
    kept = Service.objects.filter(territory=one.territory, uuid=keep).first() if is_same else None
    by, at, note = (
        services.member(request),
        timezone.now(),
        typed(request.POST.get("note", ""), duplicates.LONGEST_NOTE),
    )
    following = _after(_open(one.territory), one.uuid).first()
    try:
        duplicates.decide(one, same=is_same, keep=kept, by=by, at=at, note=note)
    except duplicates.Refusal as refusal:
        return show(request, _one(request, uuid), refusal=str(refusal), status=409)
    messages.success(
        request,
        gettext("Merged; it can be undone.")
        if is_same
        else gettext("Noted: two different services. Nobody is asked again."),
    )
    still_there = following and DuplicatePair.objects.filter(pk=following.pk, state=State.OPEN).exists()
    return redirect("desk-duplicate", uuid=following.uuid) if following and still_there else redirect("desk-duplicates")


@require_safe
def merges(request: HttpRequest) -> HttpResponse:
    services.moderating(request)
    territory = services.here(request)
    known = Merge.objects.filter(territory=territory).select_related("kept", "merged", "by", "undone_by")
    if (after := services.cursor(request)) is not None:
        last = Merge.objects.filter(uuid=after)
        known = known.filter(pk__lt=Subquery(last.values("pk")[:1]))
    listed = list(known.order_by("-pk")[: PAGE + 1])
    words = vocabulary(territory)
    shown = [(one, say.moment(one.at, words), present.field_names(one.filled, words)) for one in listed[:PAGE]]
    following = listed[PAGE - 1].uuid if len(listed) > PAGE else None
    return render(request, "desk/merges.html", {"merges": shown, "following": following})


@require_POST
def undo(request: HttpRequest, uuid: UUID) -> HttpResponse:
    services.moderating(request)
    territory = services.here(request)
    done = get_object_or_404(Merge.objects.select_related("territory"), territory=territory, uuid=uuid)
    try:
        stayed = duplicates.undo(done, by=services.member(request), at=timezone.now())
    except duplicates.Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("desk-merges")
    messages.success(request, gettext("Undone: they are two services again."))
    if stayed:
        named = present.field_names(stayed, vocabulary(territory))
        messages.warning(request, gettext("Changed since, and left as it is: %(fields)s.") % {"fields": named})
    return redirect("desk-merges")


def waiting(sits: Seat, territory: Territory) -> list[tuple[Promise, int, str]]:
    """What waits for a moderator, for the first page of the desk."""
    count = _open(territory).count() if sits.moderates else 0
    label = ngettext_lazy("pair that may be one service", "pairs that may be one service", count)
    return [(label, count, reverse("desk-duplicates"))] if count else []
