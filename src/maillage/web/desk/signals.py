"""Needs that rise against their own past, and, one click further, the services that exist for them."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.orientation import queries as orientation
from maillage.orientation.existing import existing
from maillage.orientation.signals import WATCHED, signals
from maillage.places.refused import refused
from maillage.web import queries
from maillage.web.desk.who import here
from maillage.web.presenters import signals as present
from maillage.web.presenters.vocabulary import vocabulary

MOST = 60  # services shown


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    territory, today = here(request), timezone.localdate()
    words = orientation.vocabulary(territory)
    more = refused(words, first=today - timedelta(weeks=WATCHED), today=today)
    found = signals(words, today=today, more=more)
    return render(request, "desk/signals.html", {"signals": present.lines(found, vocabulary(territory))})


@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """The services that exist for a need, with their distance and their room."""
    territory, at = here(request), timezone.now()
    words, need = vocabulary(territory), request.GET.get("need", "")
    if need not in words.needs:
        raise Http404
    area = request.GET.get("area", "")
    area = area if area in words.areas else ""
    there = existing(orientation.vocabulary(territory), need, area=area, at=at)
    cards = queries.live_cards([one.service for one in there[:MOST]])
    context = {
        "need": words.need_name(need),
        "area": words.area_name(area),
        "count": len(there),
        "more": max(len(there) - MOST, 0),
        "services": present.services(there[:MOST], cards, words, at=at),
        "missing": f"?need={need}" + (f"&area={area}" if area else "") + "&by=week",
    }
    return render(request, "desk/existing.html", context)
