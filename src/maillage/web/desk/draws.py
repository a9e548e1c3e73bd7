"""Tonight's draw, for those who keep the list: who registered, possible doubles, the list published, then the draw."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from maillage.people import audit
from maillage.people.rules import NotAllowed
from maillage.places import queries, waiting
from maillage.places.actions import registering
from maillage.places.actions import runs as engine
from maillage.places.models import Draw, Request, WaitingList
from maillage.web.desk.waiting_lists import kept
from maillage.web.desk.who import member
from maillage.web.presenters import draws as present


@require_http_methods(["GET", "HEAD", "POST"])
def draw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    waiting_list, at = kept(request, uuid), timezone.now()
    if waiting_list.kind != WaitingList.Kind.DRAW:
        raise Http404
    tonight = queries.night(waiting_list.territory, at)
    found = registering.draw_of(waiting_list, tonight, at=at)
    refusal = ""
    if request.method == "POST":
        refusal = done(request, found)
        if not refusal:
            return redirect(request.path)
    rows = Request.objects.filter(waiting_list=waiting_list, night=tonight)
    pairs = registering.doubles(waiting_list, tonight) if not found.list_hash else []
    if pairs:
        audit.record("read a waiting list", waiting_list, by=member(request), at=at, data={"n": len(pairs)})
    context = {
        "list": waiting_list,
        "name": waiting_list.name(),
        "window": present.window(waiting_list, at=at),
        "draw": found,
        "state": present.state(found, at=at),
        "registered": rows.exclude(state=Request.State.CLOSED).count(),
        "doubles": present.doubles(pairs),
        "can_publish": at >= found.closes_at and not found.list_hash,
        "can_draw": bool(found.list_hash) and not found.run_id,
        "refusal": refusal,
        "typed": request.POST.get("beacon", ""),
        "past": [present.line(one) for one in waiting_list.draws.filter(night__lt=tonight).order_by("-night")[:14]],
    }
    return render(request, "desk/draw.html", context, status=400 if refusal else 200)


def done(request: HttpRequest, found: Draw) -> str:
    """Publish the list, then draw; each once. "" or why it cannot be. Done already by a colleague: shown, not refused."""
    by, at, do = member(request), timezone.now(), request.POST.get("do")
    try:
        if do == "publish":
            engine.publish(found, by=by, at=at)
        elif do == "draw":
            engine.draw(found, request.POST.get("beacon", ""), by=by, at=at)
        else:
            raise Http404
    except waiting.Changed:
        return ""
    except (waiting.Refused, NotAllowed) as refusal:
        return gettext(str(refusal))
    return ""
