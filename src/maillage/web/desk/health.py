"""The territory's health: what is fresh and what is not, what is missing, and the records behind each figure."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.directory import freshness, health
from maillage.directory.health import Selection
from maillage.territory.models import Territory
from maillage.web.access import allowed
from maillage.web.language import territory_of
from maillage.web.presenters import health as present
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary
from maillage.web.seat import seat
from maillage.web.sheets import csv_answer

MOST_ROWS = 100_000  # of a CSV: a spreadsheet opens no more with ease


def here(request: HttpRequest) -> tuple[Territory, Vocabulary, date]:
    territory = territory_of(request)
    if territory is None:
        raise Http404
    return territory, vocabulary(territory), timezone.now().astimezone(ZoneInfo(territory.timezone)).date()


def selection(request: HttpRequest, words: Vocabulary) -> Selection:
    """What the address asks for; what it does not know is everything."""
    need = request.GET.get("need", "")
    source = request.GET.get("source", "")[:200].replace("\x00", "")
    return Selection(need if need in words.needs else "", source)


def shown(request: HttpRequest, territory: Territory) -> str:
    """The figure whose records are asked for."""
    show = request.GET.get("show", "")
    known = {*freshness.STATES, *health.GAPS, *(health.NO_TEXT + code for code in territory.languages)}
    return show if show in known else ""


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    territory, words, today = here(request)
    chosen = selection(request, words)
    found = health.figures(territory, chosen, on=today)
    context = {
        "total": present.figure("", "", found.total, found.total, chosen),
        "states": present.states(found.states, chosen),
        "gaps": present.gaps(found, chosen, words),
        "duplicates": found.duplicates,
        "decides": bool(allowed("desk-duplicates") & seat(request).roles),
        "needs": present.by_need(found.needs, chosen, words),
        "sources": present.by_source(found.sources, chosen, words),
        "chosen": present.chosen_words(chosen, words),
    }
    return render(request, "desk/health.html", context)


@require_safe
def records(request: HttpRequest) -> HttpResponse:
    territory, words, today = here(request)
    chosen, show = selection(request, words), shown(request, territory)
    found = health.records(territory, chosen, show, on=today)
    rows = list(health.after(found, request.GET.get("after", ""))[: health.PAGE + 1])
    following = health.cursor(rows[health.PAGE - 1]) if len(rows) > health.PAGE else ""
    context = {
        "records": [present.record(row, words) for row in rows[: health.PAGE]],
        "title": present.label_of(show, words),
        "chosen": present.chosen_words(chosen, words),
        "back": present.address(chosen, name="desk-health"),
        "csv": present.address(chosen, show=show, name="desk-health-csv"),
        "following": present.address(chosen, show=show, after=following) if following else "",
        "edits": seat(request).moderates,
    }
    return render(request, "desk/health_records.html", context)


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """The records behind a figure as CSV."""
    territory, words, today = here(request)
    show = shown(request, territory)
    found = health.records(territory, selection(request, words), show, on=today)[:MOST_ROWS]
    rows = present.csv_rows(found.iterator(), words, settings.SITE_URL.rstrip("/"))
    return csv_answer(f"{territory.code}-{(show or 'all').replace(':', '-')}", rows)
