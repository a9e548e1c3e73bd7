"""One page to print, from what was said and chosen. Everything comes in the body of the form; nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from maillage.directory.search.cards import cards
from maillage.directory.search.types import Card
from maillage.orientation import engine
from maillage.orientation import queries as orienting_words
from maillage.orientation import rights as claims
from maillage.orientation.queries import Vocabulary
from maillage.orientation.types import Orientation, RightSaid, Situation
from maillage.territory.models import Territory
from maillage.web import queries, state
from maillage.web.language import CODES, territory_of
from maillage.web.presenters import summary as present
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.public import orienting

MOST_TICKED = 20


@csrf_exempt  # it changes nothing, and must work for a visitor who takes no cookie
@require_http_methods(["GET", "HEAD", "POST"])
def summary(request: HttpRequest) -> HttpResponse:
    territory = territory_of(request)
    if territory is None:
        return render(request, "public/empty.html", status=503)
    if request.method != "POST":
        return redirect("results")  # a page of nobody: there is nothing to print
    wanted = request.POST.get("paper_language", "")
    with translation.override(wanted if wanted in CODES else translation.get_language()):
        response = answer(request, territory)
        response["Content-Language"] = translation.get_language() or "en"
    response["Cache-Control"] = "no-store"
    return response


def answer(request: HttpRequest, territory: Territory) -> HttpResponse:
    words, known, at = vocabulary(territory), orienting_words.vocabulary(territory), timezone.now()
    _pairs, situation, _refused = orienting.forgiving(state.read(request.POST), territory, words, limit=3)
    tells = request.POST.get("tell") == "on"
    understood = engine.ask(situation, known, at=at).situation
    asked = understood if tells else present.without_sensitive(understood, known)
    found = engine.orient(asked, at=at)
    if tells:  # the dangers were read in the words, which are no longer there
        found = replace(found, red_flags=engine.orient(situation, at=at).red_flags)
    page = present.summary(
        found,
        list(services(request, territory, found)),
        rights(request, understood, found, known),
        words,
        known,
        claims.facts_for(asked, known),
        tells=tells,
        at=at,
    )
    return render(request, "public/summary.html", {"summary": page})


def services(request: HttpRequest, territory: Territory, found: Orientation) -> Iterator[Card]:
    """Those that were ticked, in that order, if anyone may see them; else the first of the list."""
    ticked = list(dict.fromkeys(request.POST.getlist("service")[:MOST_TICKED]))
    if not ticked:
        yield from (one.card for one in found.suggestions)
    for text in ticked[: present.MOST_SERVICES]:
        try:
            uuid = UUID(text)
        except ValueError:
            continue
        if queries.shown(territory, uuid) and (of_one := cards(uuid)):
            yield of_one[0]


def rights(request: HttpRequest, understood: Situation, found: Orientation, known: Vocabulary) -> list[RightSaid]:
    """Those that were ticked, chosen knowing that they may say something; else those that no sensitive fact opened."""
    ticked = set(request.POST.getlist("right")[:MOST_TICKED])
    if not ticked:
        return list(found.rights)
    facts = claims.facts_for(understood, known)
    standing = claims.standing(understood, facts, known)[: claims.MOST]
    return [claims.said(one, facts, known, understood.language) for one in standing if one.right.code in ticked]
