"""The page of one service."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.directory.search.cards import cards
from maillage.directory.search.types import Card
from maillage.territory.models import Territory
from maillage.web import queries
from maillage.web.language import territory_of
from maillage.web.presenters import maps
from maillage.web.presenters import service as present
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary
from maillage.web.public.activities import upcoming


@require_safe
def service(request: HttpRequest, uuid: UUID) -> HttpResponse:
    territory = territory_of(request)
    pk = queries.shown(territory, uuid) if territory else None
    found = cards(uuid) if pk else ()
    if territory is None or pk is None or not found:
        raise Http404
    words = vocabulary(territory)
    at = timezone.now()
    page = present.service_page(found, words, at=at)
    return render(
        request,
        "public/service.html",
        {"service": page, "map": drawing(found, page, territory, words), "dates": upcoming(territory, pk, at=at)},
    )


def drawing(
    found: tuple[Card, ...], page: present.ServicePage, territory: Territory, words: Vocabulary
) -> maps.Map | None:
    points = [
        maps.Point(card.latitude, card.longitude, number, f"place-{number}", page.name.text, "fits")
        for number, card in enumerate(found, 1)
        if not card.is_confidential and card.latitude is not None and card.longitude is not None
    ]
    return maps.draw(points, words, maps.boundaries(territory, words.tile_level)) if points else None
