"""Guides: what to do, step by step, with what is offered near the reader now. The place travels in the form, nowhere else."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from maillage.directory import guides as directory
from maillage.directory.guides import GuideNode
from maillage.orientation.engine import Offer, offers
from maillage.orientation.types import Situation
from maillage.territory.models import Territory
from maillage.web import queries
from maillage.web.language import territory_of
from maillage.web.presenters import guides as present
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary

BESIDE_A_STEP = 3


@require_safe
def guides(request: HttpRequest) -> HttpResponse:
    territory = territory_of(request)
    if territory is None:
        return render(request, "public/empty.html", status=503)
    found = [present.link(guide) for guide in directory.guides(territory).values()]
    return render(request, "public/guides.html", {"guides": found})


@csrf_exempt  # it changes nothing, and must work for a visitor who takes no cookie
@require_http_methods(["GET", "HEAD", "POST"])
def guide(request: HttpRequest, code: str) -> HttpResponse:
    territory = territory_of(request)
    known = directory.guides(territory) if territory else {}
    if territory is None or code not in known:
        raise Http404
    words = vocabulary(territory)
    area = request.POST.get("area", "")
    area = area if area in words.areas else ""
    services = queries.shown_by_code(territory, present.services_named(known[code]))
    page = present.guide_page(known[code], known, near(known[code], territory, words, area), services, words)
    places = sorted(((one.code, one.name()) for one in words.communes), key=lambda pair: pair[1].casefold())
    context = {
        "guide": page,
        "area": area,
        "area_name": words.area_name(area),
        "places": places,
        "everything": [("area", area)] if area else [],
    }
    response = render(request, "public/guide.html", context)
    if request.method == "POST":
        response["Cache-Control"] = "no-store"
    return response


def near(guide: GuideNode, territory: Territory, words: Vocabulary, area: str) -> dict[str, Offer]:
    """What is offered for the needs of each step: the best now, from one directory read once."""
    language = (translation.get_language() or "en").split("-")[0]
    asked = {
        step.code: Situation(
            territory.code,
            language,
            needs=tuple(need for need in step.needs if need in words.needs),
            area=area,
            limit=BESIDE_A_STEP,
        )
        for step in guide.steps
        if any(need in words.needs for need in step.needs)
    }
    found = offers(list(asked.values()), territory, at=timezone.now())
    return dict(zip(asked, found, strict=True))
