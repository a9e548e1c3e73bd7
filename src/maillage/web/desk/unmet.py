"""What was missing: by need, area, cause and month or week, beside the offer that there is. Places that were refused count too."""

from __future__ import annotations

import re
from datetime import date
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.orientation import queries
from maillage.orientation.models import UnmetNeed
from maillage.orientation.unmet import MONTHS, WEEKS, Asked, Month, Unmet, offers, unmet
from maillage.places.models import Refusal
from maillage.places.refused import refused
from maillage.territory.models import Territory
from maillage.web.language import territory_of
from maillage.web.presenters import maps
from maillage.web.presenters import offer as offer_map
from maillage.web.presenters import unmet as present
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary
from maillage.web.sheets import csv_answer

MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
A_YEAR = 11  # months before this one


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    territory, words, found = _found(request)
    at = timezone.now()
    needs = [line.code for line in found.lines["need"] if line.code in words.needs]
    beside = offers(queries.vocabulary(territory), needs, area=found.asked.area, at=at)
    counts = {line.code: line.total for line in found.lines["area"]}
    shapes = maps.boundaries(territory, words.tile_level)
    context = {
        "asked": found.asked,
        "total": present.at_least(found.total, found.smallest),
        "is_empty": not found.total,
        "smallest": found.smallest,
        "curve": present.curve(found),
        "tables": present.tables(found, words, beside),
        "map": offer_map.offer_map(words, counts, shapes, partial(present.on_map, found.smallest)),
        "query": present.query(found.asked),
        "from": f"{found.asked.first[0]}-{found.asked.first[1]:02d}",
        "to": f"{found.asked.last[0]}-{found.asked.last[1]:02d}",
        "needs": [(code, "— " * (len(words.lineage(code)) - 1) + need.name()) for code, need in words.needs.items()],
        "areas": sorted(((area.code, area.name()) for area in words.communes), key=lambda pair: pair[1].casefold()),
        "causes": [*UnmetNeed.Cause.choices, *Refusal.Cause.choices],
        "weeks": found.asked.by == WEEKS,
        "publics": [(code, words.public_name(code)) for code in words.publics],
    }
    return render(request, "desk/unmet.html", context)


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """The same figures as CSV, protected as the page is."""
    territory, words, found = _found(request)
    return csv_answer(f"unmet-needs-{territory.code}", present.csv_rows(found, words))


def _found(request: HttpRequest) -> tuple[Territory, Vocabulary, Unmet]:
    territory = territory_of(request)
    if territory is None:
        raise Http404
    words, today = vocabulary(territory), timezone.localdate()
    asked = Asked(
        *span(request.GET.get("from", ""), request.GET.get("to", ""), today),
        need=_known(request, "need", words.needs),
        area=_known(request, "area", words.areas),
        cause=_known(request, "cause", [*UnmetNeed.Cause.values, *Refusal.Cause.values]),
        public=_known(request, "public", words.publics),
        by=WEEKS if request.GET.get("by") == WEEKS else MONTHS,
    )
    known = queries.vocabulary(territory)
    more = refused(known, first=asked.steps(today)[0], today=today)
    return territory, words, unmet(known, asked, today=today, more=more)


def _known(request: HttpRequest, name: str, codes: object) -> str:
    code = request.GET.get(name, "")
    return code if code in codes else ""  # type: ignore[operator]


def span(first: str, last: str, today: date) -> tuple[Month, Month]:
    """The months asked, in order; else the last twelve."""
    this = (today.year, today.month)
    end = min(month_of(last) or this, this)
    number = end[0] * 12 + end[1] - 1 - A_YEAR
    start = month_of(first) or (number // 12, number % 12 + 1)
    return min(start, end), end


def month_of(text: str) -> Month | None:
    found = MONTH.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None
