"""What fits, why, what is in the way: the answer to a need. A POST, so that no word of it stands in an address."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from maillage.directory.guides import answering
from maillage.orientation.types import Orientation, Situation
from maillage.territory.models import Territory
from maillage.web import state
from maillage.web.language import territory_of
from maillage.web.presenters import emergency, guides, maps, rights
from maillage.web.presenters import results as present
from maillage.web.presenters.filters import Filters
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary
from maillage.web.public import missing, orienting

A_PAGE = 20
PERSONAL_NEVER = ("needs", "area")  # the only fields that may come in an address: browsing, not a person


@dataclass(frozen=True, slots=True)
class Asked:
    """One visit: what was sent, as far as it can be read, and where the list stands."""

    pairs: state.Pairs
    after: str
    start: int


def asked(request: HttpRequest, words: Vocabulary) -> Asked:
    if request.method == "POST":
        number = request.POST.get("start", "1")
        start = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
        pairs = state.after(state.read(request.POST), request.POST, words)
        return Asked(pairs, request.POST.get("after", "")[:400], max(start, 1))
    browse = QueryDict(mutable=True)
    for name in PERSONAL_NEVER:
        browse.setlist(name, request.GET.getlist(name)[:5])
    return Asked(state.read(browse), "", 1)


@csrf_exempt  # it changes nothing, and must work for a visitor who takes no cookie
@require_http_methods(["GET", "HEAD", "POST"])
def results(request: HttpRequest) -> HttpResponse:
    territory = territory_of(request)
    if territory is None:
        return render(request, "public/empty.html", status=503)
    return answer(request, territory, asked(request, vocabulary(territory)))


def answer(request: HttpRequest, territory: Territory, wanted: Asked) -> HttpResponse:
    """The page of results for what was asked; an empty question gives the form alone."""
    words = vocabulary(territory)
    pairs, situation, refused = orienting.forgiving(wanted.pairs, territory, words, limit=A_PAGE, after=wanted.after)
    if request.method == "POST" and len(request.POST.get("text", "")) > state.TEXT_LIMIT:
        refused.append(_("Your text is long: we read its first thousand characters."))
    context = page(pairs, situation, territory, words, wanted.start) if pairs else {"pairs": pairs}
    if request.method == "POST" and wanted.start == 1 and isinstance(found := context.get("found"), Orientation):
        missing.note(request, found, territory, words)
    context |= {"filters": Filters(pairs, words), "refused": refused, "text": state.first(pairs, "text")}
    context["carried"] = state.hidden_of(pairs, ("text", *Filters.FIELDS))
    context["everything"] = state.hidden_of(pairs)
    response = render(request, "public/results.html", context)
    response["Cache-Control"] = "no-store"
    return response


def page(
    pairs: state.Pairs, situation: Situation, territory: Territory, words: Vocabulary, start: int
) -> dict[str, object]:
    found = orienting.orient(situation)
    cards = present.results(found.suggestions, words, start)
    near = present.results(found.near_misses, words, start + len(cards))
    return {
        "pairs": pairs,
        "found": found,
        "flags": emergency.raised(found.red_flags, words),
        "chips": present.chips(pairs, found, words),
        "summary": present.summary(found),
        "groups": present.groups(cards),
        "near": near,
        "map": drawing(found, cards, situation, territory, words),
        "question": present.ask(found.question),
        "guides": about(found.situation.needs, territory, words),
        "relaxations": present.relaxations(found),
        "rights": rights.cards(found.rights, words),
        "corrected": found.corrected,
        "next": found.next,
        "next_start": start + len(cards),
        "is_first": start == 1,
    }


def about(needs: tuple[str, ...], territory: Territory, words: Vocabulary) -> list[guides.GuideLink]:
    """The guides that are written for one of these needs."""
    lines = {need: words.lineage(need) for need in needs}
    return [guides.link(guide) for guide in answering(territory, needs, lines)]


def drawing(
    found: Orientation, cards: list[present.ResultCard], situation: Situation, territory: Territory, words: Vocabulary
) -> maps.Map | None:
    """The map of this page of results, with where the person is when they said it."""
    points = present.points(found.suggestions, cards)
    here = None
    where = found.situation.point or situation.point
    if where:
        here = maps.Point(where[0], where[1], name=_("You are here"))
    area = words.areas.get(found.situation.area)
    if here is None and area and area.point:
        here = maps.Point(*area.point, name=area.name())
    return maps.draw(points, words, maps.boundaries(territory, words.tile_level), here) if points else None
