"""What people report as wrong: read it, mend the record, answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maillage.directory.actions import reports as verbs
from maillage.directory.models import ErrorReport, ServiceAtLocation
from maillage.methods.text import typed
from maillage.people import rules
from maillage.people.queries import standing
from maillage.territory.models import Territory
from maillage.web.desk import queries, services
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.seat import Seat, seat

PAGE = 30
State = ErrorReport.State


@dataclass(frozen=True, slots=True)
class Told:
    uuid: str
    service: str
    kind: str
    age: str
    is_open: bool
    wants_answer: bool


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """Those that wait, oldest first; or those that were answered, newest first."""
    words, at = vocabulary(services.here(request)), timezone.now()
    answered = "answered" in request.GET
    known = queries.reports(seat(request), words.territory).filter(state=State.ANSWERED if answered else State.OPEN)
    listed, following = page(known, after=services.cursor(request), newest_first=answered)
    context = {"lines": [told(one, at=at) for one in listed], "following": following, "answered": answered}
    return render(request, "desk/reports.html", context)


def page(
    known: QuerySet[ErrorReport], *, after: UUID | None, newest_first: bool
) -> tuple[list[ErrorReport], UUID | None]:
    if after is not None:
        last = ErrorReport.objects.filter(uuid=after)
        moment, key = Subquery(last.values("reported_at")[:1]), Subquery(last.values("pk")[:1])
        side = "lt" if newest_first else "gt"
        known = known.filter(Q(**{f"reported_at__{side}": moment}) | Q(reported_at=moment, **{f"pk__{side}": key}))
    ordered = known.order_by("-reported_at", "-pk") if newest_first else known.order_by("reported_at", "pk")
    listed = list(ordered[: PAGE + 1])
    return listed[:PAGE], listed[PAGE - 1].uuid if len(listed) > PAGE else None


def told(one: ErrorReport, *, at: datetime) -> Told:
    return Told(
        uuid=str(one.uuid),
        service=one.service.name,
        kind=str(ErrorReport.Kind(one.kind).label),
        age=gettext("%(age)s ago") % {"age": timesince(one.reported_at, at, depth=1)},
        is_open=one.state == State.OPEN,
        wants_answer=bool(one.email),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, uuid: UUID) -> HttpResponse:
    hidden = ServiceAtLocation.objects.filter(service=OuterRef("service"), location__is_confidential=True)
    known = queries.reports(seat(request), services.here(request)).annotate(is_hidden=Exists(hidden))
    one = get_object_or_404(known, uuid=uuid)
    if request.method != "POST":
        return show(request, one)
    answer = typed(request.POST.get("answer", ""), verbs.LONGEST)
    closes = request.POST.get("do") == "close"
    if not closes and not answer:
        return show(request, one, refusal=gettext("Write an answer, or close the report without one."), status=400)
    try:
        verbs.answer(one, "" if closes else answer, by=services.member(request), at=timezone.now())
    except verbs.AnsweredAlready:
        one.refresh_from_db()
        return show(
            request, one, answer=answer, refusal=gettext("Somebody has already answered this report."), status=409
        )
    messages.success(request, gettext("The report is closed.") if closes else gettext("Answered."))
    return redirect("desk-reports")


@require_POST
def again(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The mail server did not take the answer: try once more."""
    one = get_object_or_404(queries.reports(seat(request), services.here(request)), uuid=uuid, state=State.ANSWERED)
    left = verbs.deliver(one)
    messages.success(request, gettext("The answer has left.") if left else gettext("The answer could not be mailed."))
    return redirect("desk-report", uuid=one.uuid)


def show(
    request: HttpRequest, one: ErrorReport, *, answer: str = "", refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "report": one,
        "told": told(one, at=timezone.now()),
        "name": services.named(one.service, vocabulary(one.territory)),
        "readable": readable(request, one),
        "waits_for_mail": one.state == State.ANSWERED and bool(one.email),
        "answer": answer,
        "answered_by": str(one.answered_by or ""),
        "refusal": refusal,
    }
    response = render(request, "desk/report.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def readable(request: HttpRequest, one: ErrorReport) -> bool:
    """What somebody wrote about a confidential place may say where it is: it is read by who may know."""
    if not getattr(one, "is_hidden", False):
        return True
    held = standing(services.member(request), one.territory, one.service.organization, at=timezone.now())
    return rules.can_see_confidential_place(held)


def waiting(sits: Seat, territory: Territory) -> list[tuple[Promise, int, str]]:
    """Reports that wait for an answer of this person, for the first page of the desk."""
    if not (sits.moderates or queries.organizations(sits)):
        return []
    count = queries.reports(sits, territory).filter(state=State.OPEN).count()
    label = ngettext_lazy("report of an error to answer", "reports of errors to answer", count)
    return [(label, count, reverse("desk-reports"))] if count else []
