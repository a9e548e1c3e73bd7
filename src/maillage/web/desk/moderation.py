"""Proposals: what waits, oldest first; one page for each, with what it changes; accept, return with a reason, or mend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext_lazy
from django.views.decorators.http import require_POST, require_safe

from maillage.directory import sheet
from maillage.directory.actions import decisions, editing
from maillage.directory.models import Change
from maillage.methods.text import typed
from maillage.territory.models import Territory
from maillage.web.desk import queries, services
from maillage.web.presenters import difference
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary
from maillage.web.seat import Seat, seat

PAGE = 30


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of a list of changes."""

    uuid: str
    service: str
    organization: str
    author: str
    age: str
    what: str
    state: str
    is_returned: bool
    reason: str


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    services.moderating(request)
    words, at = vocabulary(services.here(request)), timezone.now()
    waiting = queries.changes(seat(request), words.territory).filter(state=Change.State.PROPOSED)
    listed, following = page(waiting, after=services.cursor(request), newest_first=False)
    context = {"lines": [line(one, words, at=at) for one in listed], "following": following}
    return render(request, "desk/moderation.html", context)


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """What was proposed for my services, newest first, with the decision and its reason."""
    words, at = vocabulary(services.here(request)), timezone.now()
    known = queries.changes(seat(request), words.territory)
    listed, following = page(known, after=services.cursor(request), newest_first=True)
    context = {"lines": [line(one, words, at=at) for one in listed], "following": following}
    return render(request, "desk/changes.html", context)


def page(known: QuerySet[Change], *, after: UUID | None, newest_first: bool) -> tuple[list[Change], UUID | None]:
    """By the moment of the proposal; the cursor is the last one of the page before."""
    if after is not None:
        last = Change.objects.filter(uuid=after)
        moment, key = Subquery(last.values("proposed_at")[:1]), Subquery(last.values("pk")[:1])
        side = "lt" if newest_first else "gt"
        known = known.filter(Q(**{f"proposed_at__{side}": moment}) | Q(proposed_at=moment, **{f"pk__{side}": key}))
    ordered = known.order_by("-proposed_at", "-pk") if newest_first else known.order_by("proposed_at", "pk")
    listed = list(ordered[: PAGE + 1])
    return listed[:PAGE], listed[PAGE - 1].uuid if len(listed) > PAGE else None


def line(change: Change, words: Vocabulary, *, at: datetime) -> Waiting:
    service = change.service
    return Waiting(
        uuid=str(change.uuid),
        service=service.name,
        organization=service.organization.name if service.organization else "",
        author=author(change),
        age=gettext("%(age)s ago") % {"age": timesince(change.proposed_at, at, depth=1)},
        what=", ".join(difference.label(name, words) for name in change.fields),
        state=str(Change.State(change.state).label),
        is_returned=change.state == Change.State.RETURNED,
        reason=change.reason,
    )


def author(change: Change) -> str:
    return str(change.author) if change.author else gettext("somebody who has left")


@require_safe
def change(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return show(request, one_change(request, uuid))


def one_change(request: HttpRequest, uuid: UUID) -> Change:
    """One that this person may see; another one is not found."""
    known = queries.changes(seat(request), services.here(request)).select_related("service__territory")
    return get_object_or_404(known, uuid=uuid)


def show(request: HttpRequest, one: Change, *, refusal: str = "", reason: str = "", status: int = 200) -> HttpResponse:
    words, sits = vocabulary(one.service.territory), seat(request)
    waits = one.state == Change.State.PROPOSED
    fields = difference.hush(one.fields) if sheet.is_confidential(one.service) else one.fields
    lines = difference.lines(fields, words, now=sheet.read(one.service) if waits else None)
    context = {
        "change": one,
        "name": services.named(one.service, words),
        "line": line(one, words, at=timezone.now()),
        "lines": lines,
        "conflicts": any(shown.meanwhile for shown in lines),
        "waits": waits,
        "decides": waits and sits.moderates,
        "withdraws": waits and one.author_id == (sits.user.pk if sits.user else 0),
        "undoes": one.state == Change.State.ACCEPTED and sits.moderates,
        "mends": one.state == Change.State.RETURNED,
        "decided_by": str(one.decided_by or ""),
        "refusal": refusal,
        "reason": reason,
    }
    response = render(request, "desk/change.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def decide(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Accept, or return with a reason; then on to the next one."""
    one, by, at = one_change(request, uuid), services.member(request), timezone.now()
    reason = typed(request.POST.get("reason", ""), editing.LONGEST_NOTE)
    try:
        if request.POST.get("do") == "return":
            decisions.send_back(one, reason, by=by, at=at)
            sentence = gettext("Returned with your reason; its author is told.")
        else:
            decisions.accept(one, by=by, at=at, reason=reason, force=request.POST.get("do") == "force")
            sentence = gettext("Accepted; its author is told.")
    except (editing.Refusal, sheet.SheetError) as refusal:
        return show(request, one_change(request, uuid), refusal=str(refusal), reason=reason, status=409)
    messages.success(request, sentence)
    return next_one(request)


def next_one(request: HttpRequest) -> HttpResponse:
    waiting = queries.changes(seat(request), services.here(request)).filter(state=Change.State.PROPOSED)
    following = waiting.order_by("proposed_at", "pk").first()
    return redirect("desk-change", uuid=following.uuid) if following else redirect("desk-moderation")


@require_POST
def withdraw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    one = one_change(request, uuid)
    try:
        editing.withdraw(one, by=services.member(request), at=timezone.now())
    except editing.Refusal as refusal:
        return show(request, one_change(request, uuid), refusal=str(refusal), status=409)
    messages.success(request, gettext("You have taken your proposal back."))
    return redirect("desk-changes")


@require_POST
def undo(request: HttpRequest, uuid: UUID) -> HttpResponse:
    one = one_change(request, uuid)
    try:
        editing.undo(one, by=services.member(request), at=timezone.now())
    except (editing.Refusal, sheet.SheetError) as refusal:
        return show(request, one_change(request, uuid), refusal=str(refusal), status=409)
    messages.success(request, gettext("Undone: what stood there before stands again."))
    return redirect("desk-history", uuid=one.service.uuid)


def waiting(sits: Seat, territory: Territory) -> list[tuple[Promise, int, str]]:
    """What waits for a moderator, for the first page of the desk."""
    if not sits.moderates:
        return []
    count = Change.objects.filter(territory=territory, state=Change.State.PROPOSED).count()
    label = ngettext_lazy("change to decide on", "changes to decide on", count)
    return [(label, count, reverse("desk-moderation"))] if count else []
