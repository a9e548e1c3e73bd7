"""Runs of the allocation: what each decided and why, line by line; run now; replay, byte for byte."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from maillage.people import audit
from maillage.places.models import AllocationLine, AllocationRun
from maillage.web.desk.waiting_lists import kept, lists_kept
from maillage.web.desk.who import member
from maillage.web.fields import key
from maillage.web.presenters import allocation as present

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def runs(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The runs of a list, the latest first."""
    waiting_list = kept(request, uuid)
    before = key(request.GET.get("before", ""))
    rows = waiting_list.runs.select_related("rules", "started_by").defer("snapshot").order_by("-pk")
    page = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    context = {
        "list": waiting_list,
        "name": waiting_list.name(),
        "runs": present.runs(page[:PAGE]),
        "next": page[PAGE - 1].pk if len(page) > PAGE else 0,
    }
    return render(request, "desk/runs.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def run(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One run: what it saw, what it decided, a page of its lines with their certificates."""
    rows = AllocationRun.objects.filter(waiting_list__in=lists_kept(request)).defer("snapshot")
    one = get_object_or_404(rows.select_related("waiting_list__territory", "rules", "started_by"), uuid=uuid)
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
        "lines": present.full(page[:PAGE]),
        "outcome": outcome,
        "next": page[PAGE - 1].rank if len(page) > PAGE else 0,
    }
    return render(request, "desk/run.html", context)
