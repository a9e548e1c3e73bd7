"""The page of one service."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from maillage.directory.models import Service
from maillage.directory.queries import kept_instead
from maillage.directory.search.cards import cards
from maillage.directory.search.types import Card
from maillage.territory.models import Territory
from maillage.web import queries
from maillage.web.language import territory_of
from maillage.web.presenters import maps
from maillage.web.presenters import service as present
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary
from maillage.web.public.activities import upcoming
from maillage.web.public.ask import takes


@require_safe
def service(request: HttpRequest, uuid: UUID) -> HttpResponse:
    territory = territory_of(request)
    pk = queries.shown(territory, uuid) if territory else None
    if territory and pk is None and (kept := kept_instead(territory, uuid)):
        return moved(reverse("service", args=[kept]))
    found = cards(uuid) if pk else ()
    if territory is None or pk is None or not found:
        raise Http404
    words = vocabulary(territory)
    at = timezone.now()
    page = present.service_page(found, words, at=at)
    return render(
        request,
        "public/service.html",
        {
            "service": page,
            "map": drawing(found, page, territory, words),
            "dates": upcoming(territory, pk, at=at),
            "standing": present.standing(*queries.standing(territory, pk)),
            "asks": takes(Service.objects.select_related("organization").get(pk=pk), found[0]),
        },
    )


def moved(address: str) -> HttpResponse:
    """Merged into another: for good as far as anyone knows, but remembered for an hour only, because a merge can be undone."""
    answer = HttpResponsePermanentRedirect(address)
    patch_cache_control(answer, max_age=3600)
    return answer


def drawing(
    found: tuple[Card, ...], page: present.ServicePage, territory: Territory, words: Vocabulary
) -> maps.Map | None:
    points = [
        maps.Point(card.latitude, card.longitude, number, f"place-{number}", page.name.text, "fits")
        for number, card in enumerate(found, 1)
        if not card.is_confidential and card.latitude is not None and card.longitude is not None
    ]
    return maps.draw(points, words, maps.boundaries(territory, words.tile_level)) if points else None
