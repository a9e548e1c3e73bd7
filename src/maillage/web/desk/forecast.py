"""How many people will ask for a place in the next 7 and 30 days, for each public: with a band, and how often that band held."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.places import queries
from maillage.places.demand import demand
from maillage.web.desk.who import here
from maillage.web.presenters import outlook as present
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.sheets import csv_answer


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    territory = here(request)
    found = demand(territory, tonight=queries.night(territory, timezone.now()))
    context = {
        "outlooks": present.outlooks(found, vocabulary(territory)),
        "nights": found.span.length,
        "smallest": found.smallest,
    }
    return render(request, "desk/forecast.html", context)


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """The same as CSV: past nights, and the days to come with their band."""
    territory = here(request)
    found = demand(territory, tonight=queries.night(territory, timezone.now()))
    return csv_answer(f"demand-{territory.code}", present.csv_rows(found, vocabulary(territory)))
