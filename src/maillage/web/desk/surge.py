"""Cold-weather plans: the forecast goes in, the rule says what it thinks, a person decides and writes why; what it changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from maillage.methods.text import typed
from maillage.people.once import once
from maillage.places import surges, winter
from maillage.places.actions import surge
from maillage.places.models import SurgeActivation
from maillage.places.rules import Refused
from maillage.web.desk.who import here, member
from maillage.web.fields import key
from maillage.web.presenters import surge as present

MOST_BYTES = 20_000  # of a forecast: sixty short lines
PAST = 50


@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """The plans of the pack, and what was opened."""
    territory = here(request)
    rows = list(SurgeActivation.objects.filter(territory=territory).order_by("-opened_at", "-pk")[:PAST])
    opened = {one.plan: str(one.uuid) for one in rows if one.closed_at is None}
    context = {
        "plans": [present.plan(one, opened) for one in surge.plans(territory)],
        "past": [present.line(one) for one in rows],
    }
    return render(request, "desk/surges.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest, code: str) -> HttpResponse:
    """The forecast of one plan: judged first; opened by whoever writes why."""
    territory = here(request)
    try:
        content = surge.plan_of(territory, code)
    except Refused:
        raise Http404 from None
    said, refusal, forecast = what_was_said(request)
    if request.method == "POST" and request.POST.get("do") == "open" and not refusal:
        try:
            return redirect("desk-surge", uuid=opened(request, code, forecast, said))
        except Refused as error:
            refusal = gettext(str(error))
    chosen = {key(one) for one in request.POST.getlist("groups")}
    rows = present.groups(surge.groups_of(territory, code))
    context = {
        "plan": present.plan(content, {}), "said": said, "refusal": refusal, "once": uuid4(),
        "judged": present.judged(content, forecast) if forecast else None,
        "groups": [(pk, name, not chosen or pk in chosen) for pk, name in rows],
    }  # fmt: skip
    return render(request, "desk/surge_open.html", context, status=409 if refusal else 200)


def what_was_said(request: HttpRequest) -> tuple[dict[str, str], str, list[winter.Day]]:
    """What was typed (the file's lines when there is one), why it cannot be read, and its days."""
    said = {name: typed(request.POST.get(name, ""), MOST_BYTES) for name in ("forecast", "source", "reason")}
    if given := request.FILES.get("file"):
        if (given.size or 0) > MOST_BYTES:
            return said, _("The file is too large for a forecast: one day on each line."), []
        said["forecast"] = typed(given.read().decode("utf-8-sig", errors="replace"), MOST_BYTES)
        said["source"] = said["source"] or typed(given.name or "", 200)
    if request.method != "POST" or (not said["forecast"].strip() and request.POST.get("do") == "open"):
        return said, "", []
    try:
        return said, "", winter.read_forecast(said["forecast"])
    except winter.Unreadable as error:
        return said, present.refusal(error), []


def opened(request: HttpRequest, code: str, forecast: list[winter.Day], said: dict[str, str]) -> UUID:
    by, at = member(request), timezone.now()
    groups = {key(one) for one in request.POST.getlist("groups")}

    def do() -> UUID:
        return surge.open_plan(
            here(request), code, forecast=forecast, source=said["source"], reason=said["reason"], groups=groups, by=by, at=at
        ).uuid  # fmt: skip

    found = once(request.POST.get("once", ""), f"open a plan:{code}", by=by, at=at, do=do)
    if found is None:
        raise Http404
    messages.success(request, _("The plan is open: the dispatch sees its places now."))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What was opened, on which forecast, and what it changed; closing it asks why."""
    rows = SurgeActivation.objects.select_related("territory", "opened_by", "closed_by")
    found = get_object_or_404(rows, territory=here(request), uuid=uuid)
    reason, refusal = typed(request.POST.get("reason", ""), 4000), ""
    if request.method == "POST":
        try:
            surge.close_plan(found, reason=reason, by=member(request), at=timezone.now())
            messages.success(request, _("The plan is closed: nobody new is placed there."))
            return redirect("desk-surge", uuid=uuid)
        except Refused as error:
            refusal = gettext(str(error))
            found.refresh_from_db()
    forecast = winter.days_of(found.forecast)
    context: dict[str, Any] = {
        "one": present.opened(found), "judged": present.judged(found.plan_content, forecast) if forecast else None,
        "effects": present.effects(surges.changed(found, at=timezone.now()), found.territory),
        "is_open": found.closed_at is None, "still_there": surges.still_there(found), "reason": reason, "refusal": refusal,
    }  # fmt: skip
    return render(request, "desk/surge.html", context, status=409 if refusal else 200)
