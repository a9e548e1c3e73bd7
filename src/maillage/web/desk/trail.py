"""The trail: who read and did what. Reading it leaves a line in it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from maillage.directory.models import Location
from maillage.methods.text import typed
from maillage.people import audit, queries
from maillage.people.models import User
from maillage.web.desk.who import here, member
from maillage.web.presenters import trail as present
from maillage.web.seat import seat

A_PAGE = 50
READ = "read-confidential-place"


@require_http_methods(["GET", "HEAD", "POST"])
def trail(request: HttpRequest) -> HttpResponse:
    """Everything, for an administrator of the territory. Filters in the address are identifiers, never a name or an e-mail."""
    user, territory = member(request), here(request)
    if not seat(request).administers:
        raise PermissionDenied
    if request.method == "POST":
        return verify(request, user) if request.POST.get("do") == "verify" else person(request)
    wanted = {name: typed(request.GET.get(name, ""), 80) for name in ("kind", "target", "actor")}
    before = request.GET.get("before", "")
    number = int(before) if before.isdecimal() and len(before) < 19 else 0
    rows = list(queries.trail(before=number, **wanted)[: A_PAGE + 1])
    lines = present.lines(rows[:A_PAGE])
    audit.record("read the trail", territory, by=user, at=timezone.now(), data=wanted | {"before": number})
    following = urlencode(wanted | {"before": rows[A_PAGE - 1].sequence}) if len(rows) > A_PAGE else ""
    context = {"lines": lines, "next": following, "wanted": present.wanted(wanted), "is_narrowed": any(wanted.values())}
    return render(request, "desk/trail.html", context)


def verify(request: HttpRequest, user: User) -> HttpResponse:
    """Read the whole chain, now."""
    result = audit.verify(head=typed(request.POST.get("head", ""), 64))
    audit.record("verified the trail", here(request), by=user, data={"lines": result.lines, "head": result.head})
    return render(request, "desk/trail_verified.html", {"result": result})


def person(request: HttpRequest) -> HttpResponse:
    """What somebody did, by their e-mail address: it is sent in the body, and only their identifier stands in the address."""
    email = typed(request.POST.get("email", ""), 320).lower()
    user = User.objects.filter(email=email).first()
    if user is None:
        messages.error(request, _("Nobody here has this e-mail address."))
        return redirect("desk-trail")
    return redirect(f"{reverse('desk-trail')}?{urlencode({'actor': audit.actor(user)})}")


@require_safe
def readings(request: HttpRequest) -> HttpResponse:
    """Who read the confidential places of the organisations that this person belongs to. Looking is traced too."""
    user, territory, held = member(request), here(request), seat(request)
    places = Location.objects.filter(territory=territory, organization__in=held.organizations, is_confidential=True)
    before = request.GET.get("before", "")
    number = int(before) if before.isdecimal() and len(before) < 19 else 0
    wanted = [str(uuid) for uuid in places.values_list("uuid", flat=True)]
    found = queries.trail(before=number, kind="directory.location").filter(verb=READ, target__in=wanted)
    rows = list(found[: A_PAGE + 1])
    if wanted:
        audit.record("read the readings", territory, by=user, data={"places": len(wanted)})
    context = {
        "lines": present.lines(rows[:A_PAGE]),
        "next": rows[A_PAGE - 1].sequence if len(rows) > A_PAGE else 0,
        "has_places": bool(wanted),
    }
    return render(request, "desk/readings.html", context)
