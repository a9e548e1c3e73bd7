"""A visit that found nothing leaves a count behind, and nothing else (orientation/unmet.py)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from maillage.orientation import rules
from maillage.orientation.actions import unmet
from maillage.orientation.models import UnmetNeed
from maillage.orientation.types import Orientation
from maillage.territory.models import Territory
from maillage.web import rate, state
from maillage.web.language import territory_of
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary

A_DAY = 24 * 3600
MOST_NEEDS = 3


def note(request: HttpRequest, found: Orientation, territory: Territory, words: Vocabulary) -> None:
    """Count the first page of an answer when it leaves the need unmet."""
    asked = found.situation
    if not (asked.needs or asked.text):
        return
    cause = rules.unmet_cause(
        total=found.total,
        fits=found.fits,
        room=[one.room_status for one in found.suggestions],
        openness=[one.is_open for one in found.suggestions],
        has_window=bool(asked.window),
        declined=any(code in words.criteria for code in asked.declined),
    )
    if cause:
        without = found.relaxations[0][0].code if found.relaxations else ""
        count(request, territory, words, cause, asked.needs, asked.area, next(iter(asked.publics), ""), without)


def count(
    request: HttpRequest,
    territory: Territory,
    words: Vocabulary,
    cause: str,
    needs: tuple[str, ...],
    area: str,
    public: str = "",
    without: str = "",
) -> None:
    """Once a day for one visitor, need and area: a list refined ten times is one need, and a robot is one visitor."""
    area = next((code for code in words.area_line(area) if words.areas[code].level == words.tile_level), "")
    new = [
        need
        for need in needs[:MOST_NEEDS] or ("",)
        if rate.allow(f"unmet:{rate.visitor(request)}:{need}:{area}", 1, A_DAY)
    ]
    if new:
        today = timezone.localdate()
        unmet.count_unmet(territory, cause, needs=new, area=area, public=public, without=without[:60], on=today)


@csrf_exempt  # sent by a page that is being left: it takes no cookie, and adds one to a count
@require_POST
def left(request: HttpRequest) -> HttpResponse:
    """The questions were left before any list was seen."""
    territory = territory_of(request)
    if territory is not None:
        words = vocabulary(territory)
        pairs = state.read(request.POST)
        chosen = state.deepest(state.every(pairs, "needs"), words)
        needs = tuple(code for code in chosen if code in words.needs)
        area = state.first(pairs, "area")
        if needs:
            count(request, territory, words, UnmetNeed.Cause.ABANDONED, needs[-1:], area if area in words.areas else "")
    return HttpResponse(status=204)
