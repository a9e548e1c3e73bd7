"""Runs of the allocation: what each decided and why, line by line; run now; replay, byte for byte."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from maillage.people import audit
from maillage.people.once import once
from maillage.people.rules import NotAllowed
from maillage.places import queries, waiting
from maillage.places.actions import runs as engine
from maillage.places.engine.frozen import Broken
from maillage.places.engine.replay import Replay, replay
from maillage.places.models import AllocationLine, AllocationRun, Draw, WaitingList
from maillage.web.desk.waiting_lists import kept, lists_kept, seen
from maillage.web.desk.who import member
from maillage.web.fields import key
from maillage.web.presenters import allocation as present

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def runs(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The runs of a list, the latest first. A press runs it now, once however often it is sent."""
    waiting_list = kept(request, uuid)
    if request.method == "POST":
        return run_now(request, waiting_list)
    before = key(request.GET.get("before", ""))
    rows = waiting_list.runs.select_related("rules", "started_by").defer("snapshot").order_by("-pk")
    page = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    context = {
        "list": waiting_list,
        "name": waiting_list.name(),
        "runs": present.runs(page[:PAGE]),
        "next": page[PAGE - 1].pk if len(page) > PAGE else 0,
        "can_run": can_run(waiting_list),
        "once": secrets.token_urlsafe(16),
    }
    return render(request, "desk/runs.html", context)


def can_run(waiting_list: WaitingList) -> bool:
    """A list that is drawn is run again only after the draw of the night: its lots decide."""
    tonight = queries.night(waiting_list.territory, timezone.now())
    is_drawn = Draw.objects.filter(waiting_list=waiting_list, night=tonight).exclude(run=None).exists()
    return waiting_list.kind == WaitingList.Kind.QUEUE or is_drawn


def run_now(request: HttpRequest, waiting_list: WaitingList) -> HttpResponse:
    if not can_run(waiting_list):
        raise Http404
    by, at = member(request), timezone.now()
    night = queries.night(waiting_list.territory, at) if waiting_list.kind == WaitingList.Kind.DRAW else None
    try:
        made = once(
            request.POST.get("once", ""), "run a list", by=by, at=at,
            do=lambda: engine.run(waiting_list, by=by, at=at, night=night).uuid,
        )  # fmt: skip
    except (waiting.Refused, NotAllowed) as refusal:
        messages.error(request, gettext(str(refusal)))
        return redirect("desk-runs", uuid=waiting_list.uuid)
    return redirect("desk-run", uuid=made)


@require_http_methods(["GET", "HEAD", "POST"])
def run(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One run: what it saw, what it decided, a page of its lines with their certificates."""
    rows = AllocationRun.objects.filter(waiting_list__in=lists_kept(request))
    one = get_object_or_404(rows.select_related("waiting_list__territory", "rules", "started_by"), uuid=uuid)
    replayed = again(one) if request.method == "POST" and request.POST.get("do") == "replay" else None
    after, outcome = key(request.GET.get("after", "")), request.GET.get("outcome", "")
    lines = AllocationLine.objects.filter(run=one, rank__gt=after)
    if outcome in AllocationLine.Outcome.values:
        lines = lines.filter(outcome=outcome)
    page = list(
        lines.select_related("group__site__service", "request__person", "run__rules").order_by("rank", "number")[
            : PAGE + 1
        ]
    )
    audit.record("read a run", one, by=member(request), at=timezone.now(), data={"n": len(page[:PAGE])})
    context = {
        "run": one,
        "name": present.run_name(one),
        "list_name": one.waiting_list.name(),
        "facts": present.facts(one),
        "counts": present.counts(one),
        "lines": present.full(page[:PAGE], readable(request, page[:PAGE])),
        "outcome": outcome,
        "replayed": replayed,
        "next": page[PAGE - 1].rank if len(page) > PAGE else 0,
    }
    return render(request, "desk/run.html", context)


def readable(request: HttpRequest, lines: Sequence[AllocationLine]) -> set[int]:
    """Keys of the requests that the reader may still open: of the others they read the number only."""
    return set(seen(request).filter(pk__in=[one.request_id for one in lines]).values_list("pk", flat=True))


def again(one: AllocationRun) -> present.Replayed:
    """Made again from what was kept, and read by the independent checker."""
    try:
        found: Replay = replay(one)
    except Broken:
        return present.Replayed(
            is_same=False, said=_("What was kept is not what was hashed: it was changed outside the software.")
        )
    return present.replayed(found)
