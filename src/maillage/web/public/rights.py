"""The rights of the territory, for anyone to read: all of them by theme, and one in full. They ask nothing."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.orientation import queries
from maillage.orientation import rights as orienting
from maillage.web.language import territory_of
from maillage.web.presenters import rights as present
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import vocabulary


@require_safe
def rights(request: HttpRequest) -> HttpResponse:
    territory = territory_of(request)
    if territory is None:
        return render(request, "public/empty.html", status=503)
    words, known = vocabulary(territory), queries.vocabulary(territory)
    return render(
        request, "public/rights.html", {"themes": present.themes(orienting.rights_of(known), words, say.reader())}
    )


@require_safe
def right(request: HttpRequest, code: str) -> HttpResponse:
    territory = territory_of(request)
    known = queries.vocabulary(territory) if territory else None
    found = known and next((one for one in orienting.rights_of(known) if one.code == code), None)
    if territory is None or known is None or not found:
        raise Http404
    words, language = vocabulary(territory), say.reader()
    offices = orienting.offices(found, known, language, at=timezone.now())
    return render(request, "public/right.html", {"right": present.page(found, offices, words, known, language)})
