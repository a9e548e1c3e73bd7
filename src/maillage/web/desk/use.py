"""How the places are used: capacity, occupancy, length of stay, waiting, refusals; by service, area and public. And as CSV."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.orientation import queries as orientation
from maillage.orientation.unmet import following
from maillage.places import queries as places
from maillage.places.figures import Asked, Use, use
from maillage.places.models import Site
from maillage.places.nights import Span
from maillage.territory.models import Territory
from maillage.web import queries
from maillage.web.desk.unmet import span
from maillage.web.desk.who import here
from maillage.web.presenters import use as present
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.sheets import csv_answer


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    _territory, found, names = _found(request)
    asked = found.asked
    context = {
        "all": present.row("", found.all, found.smallest, names),
        "tables": present.tables(found, names),
        "from": f"{asked.span.first:%Y-%m}",
        "to": f"{asked.span.last:%Y-%m}",
        "nights": asked.span.length,
        "kinds": Site.Kind.choices,
        "kind": asked.kind,
        "query": present.query(asked),
        "smallest": found.smallest,
    }
    return render(request, "desk/use.html", context)


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """The same figures as CSV, protected as the page is."""
    territory, found, names = _found(request)
    return csv_answer(f"use-of-places-{territory.code}", present.csv_rows(found, names))


def _found(request: HttpRequest) -> tuple[Territory, Use, present.Names]:
    territory = here(request)
    tonight = places.night(territory, timezone.now())
    kind = request.GET.get("kind", "")
    asked = Asked(_nights(request, tonight), kind if kind in Site.Kind.values else "")
    found = use(orientation.vocabulary(territory), asked)
    services = [UUID(line.code) for line in found.lines["service"] if line.code]
    return territory, found, present.Names(queries.cards_by_uuid(territory, services), vocabulary(territory))


def _nights(request: HttpRequest, tonight: date) -> Span:
    """Whole months, at most a year; the last one up to last night. Today's night moves while one watches: it is left out."""
    yesterday = tonight - timedelta(1)
    first, last = span(request.GET.get("from", ""), request.GET.get("to", ""), yesterday)
    end = min(date(*following(last), 1) - timedelta(1), yesterday)
    start = max(date(*first, 1), date(end.year - 1, end.month, 1)) if first <= last else date(*last, 1)
    return Span(min(start, end), end)
