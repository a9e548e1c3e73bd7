"""What there is near home: every area on a map and in a table, then its services by need."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from maillage.directory.search import cards
from maillage.directory.search.types import Card
from maillage.territory.models import Territory
from maillage.web.language import territory_of
from maillage.web.presenters import maps, offer
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary

A_PAGE = 50


@require_safe
def areas(request: HttpRequest) -> HttpResponse:
    territory = territory_of(request)
    if territory is None:
        return render(request, "public/empty.html", status=503)
    words = vocabulary(territory)
    counts = cards.counts_by_area(territory)
    shapes = maps.boundaries(territory, words.tile_level)
    return render(
        request,
        "public/areas.html",
        {"map": offer.offer_map(words, counts, shapes), "rows": offer.rows(words, counts)},
    )


@dataclass(frozen=True, slots=True)
class Branch:
    code: str
    name: str
    icon: str
    count: int
    children: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Row:
    uuid: str
    name: say.Said
    organization: str
    place: str
    needs: str
    cost: str
    told: str
    is_fictional: bool


def branches(territory: Territory, words: Vocabulary, area: str) -> list[Branch]:
    """How many services of each need work here; needs without any are left out."""

    counts = cards.counts_by_need(territory, area=area)

    def counted(parent: str, depth: int) -> tuple[Branch, ...]:
        return tuple(
            Branch(
                need.code, need.name(), need.icon, counts[need.code], counted(need.code, depth + 1) if depth < 1 else ()
            )
            for need in words.children.get(parent, [])
            if counts.get(need.code)
        )

    return list(counted("", 0))


def row(card: Card, words: Vocabulary) -> Row:
    return Row(
        card.service,
        say.said(card, "name", words),
        card.organization_name,
        say.place(card, words),
        ", ".join(words.need_name(code) for code in card.needs[:3] if code in words.needs),
        str(say.COSTS.get(card.cost, "")) if card.cost else "",
        say.told(card, words),
        card.is_fictional,
    )


@require_safe
def area(request: HttpRequest, code: str) -> HttpResponse:
    territory = territory_of(request)
    words = vocabulary(territory) if territory else None
    if territory is None or words is None or code not in words.areas:
        raise Http404
    need = request.GET.get("need", "")
    need = need if need in words.needs else ""
    cursor = request.GET.get("after", "")
    after = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 12 else 0
    found, total, following = cards.listing(territory, area=code, need=need, after=after, limit=A_PAGE)
    return render(
        request,
        "public/area.html",
        {
            "area": words.areas[code],
            "above": [words.areas[line] for line in words.area_line(code)[1:]],
            "inside": [node for node in words.areas.values() if node.parent == code],
            "need": words.needs.get(need),
            "branches": [] if need else branches(territory, words, code),
            "rows": [row(card, words) for card in found],
            "how_many": offer.how_many(total),
            "next": following,
        },
    )
