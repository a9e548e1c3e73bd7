"""Tonight's draw, for those who keep the list: who registered, possible doubles, the list published, then the draw."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from maillage.places import queries
from maillage.places.actions import registering
from maillage.places.models import Request, WaitingList
from maillage.web.desk.waiting_lists import kept
from maillage.web.presenters import draws as present


@require_http_methods(["GET", "HEAD", "POST"])
def draw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    waiting_list, at = kept(request, uuid), timezone.now()
    if waiting_list.kind != WaitingList.Kind.DRAW:
        raise Http404
    tonight = queries.night(waiting_list.territory, at)
    found = registering.draw_of(waiting_list, tonight, at=at)
    rows = Request.objects.filter(waiting_list=waiting_list, night=tonight)
    context = {
        "list": waiting_list,
        "name": waiting_list.name(),
        "window": present.window(waiting_list, at=at),
        "draw": found,
        "state": present.state(found, at=at),
        "registered": rows.exclude(state=Request.State.CLOSED).count(),
        "doubles": present.doubles(registering.doubles(waiting_list, tonight)) if not found.list_hash else [],
        "past": [present.line(one) for one in waiting_list.draws.filter(night__lt=tonight).order_by("-night")[:14]],
    }
    return render(request, "desk/draw.html", context)
