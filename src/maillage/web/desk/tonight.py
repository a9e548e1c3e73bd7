"""Tonight: one screen for who gives the beds. It looks again by itself, works by plain forms, and decides nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.signing import BadSignature, TimestampSigner
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maillage.methods.text import typed
from maillage.people import audit
from maillage.people.models import Organization
from maillage.people.once import once
from maillage.people.rules import NotAllowed
from maillage.places import fitting, queries, tonight
from maillage.places.actions import dispatch, offers, stays
from maillage.places.models import PlaceGroup, Request, Stay, WaitingList
from maillage.places.rules import Refused
from maillage.web.desk.who import here, member
from maillage.web.presenters import tonight as present
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.seat import seat

AGAIN = 900  # seconds: a screen that looks again by itself leaves one line in the trail each quarter of an hour
HOUSE = "house"  # the view of those who work in a centre


@dataclass(frozen=True, slots=True)
class Asked:
    """What the screen shows: a list that the reader keeps, or their own houses; and for whom."""

    kept: tonight.Kept | None
    lists: list[tonight.Kept] = field(default_factory=list)
    public: str = ""

    @property
    def query(self) -> str:
        """For an address: which list and which public, never who."""
        which = str(self.kept.uuid) if self.kept else HOUSE
        return urlencode({"list": which, **({"public": self.public} if self.public else {})})

    @property
    def url(self) -> str:
        return f"{reverse('desk-tonight')}?{self.query}"


def asked(request: HttpRequest) -> Asked:
    """The list that was chosen, else the first one that the reader keeps, else their houses."""
    said = request.POST if request.method == "POST" else request.GET
    lists = tonight.lists_kept(here(request), seat(request).helps_in(), at=timezone.now())
    chosen = said.get("list", "")
    kept = next((one for one in lists if str(one.uuid) == chosen), None)
    if kept is None and chosen and chosen != HOUSE:
        raise Http404
    if kept is None and chosen != HOUSE and lists:
        kept = lists[0]
    public = said.get("public", "")
    return Asked(kept, lists, public if public in vocabulary(here(request)).publics else "")


def seen(request: HttpRequest, what: Asked) -> tonight.Tonight:
    territory, at = here(request), timezone.now()
    if what.kept is not None:
        return tonight.of_list(territory, what.kept, public=what.public, at=at)
    return tonight.of_houses(territory, seat(request).helps_in(), at=at)


def context_of(request: HttpRequest, what: Asked, **more: Any) -> dict[str, Any]:
    found = seen(request, what)
    say = present.Say(found, vocabulary(here(request)), seat(request).helps_in())
    return {
        "asked": what, "list": str(what.kept.uuid) if what.kept else HOUSE, "public": what.public,
        "lists": present.lists(what.lists, what.kept), "filters": say.filters(what.public),
        "houses": say.houses(), "full": say.full(), "publics": say.publics(), "all_places": say.all_places(),
        "holds": say.held(), "next": say.following(), "total": found.queue.total if found.queue else 0,
        "is_dispatch": what.kept is not None, "as_of": present.second(found.at), "as_of_iso": found.at.isoformat(),
        "once": uuid4(), "read": signer(request, what).sign("read"), "has_plan": any(group.is_surge for group in found.groups), **more,
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    what = asked(request)
    if request.method == "POST":
        return act(request, what)
    context = context_of(request, what)
    traced(request, what, len(context["next"]) + len(context["holds"]))
    return render(request, "desk/tonight.html", context)


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The part that looks again. The trail has one line each quarter of an hour, not one every ten seconds."""
    what = asked(request)
    context = context_of(request, what)
    try:
        signer(request, what).unsign(request.GET.get("read", ""), max_age=AGAIN)
        context["read"] = request.GET["read"]
    except BadSignature:  # none, another's, or an old one
        traced(request, what, len(context["next"]) + len(context["holds"]))
    return render(request, "parts/tonight_live.html", context)


def signer(request: HttpRequest, what: Asked) -> TimestampSigner:
    """Signs that this reader's look at this screen stands in the trail, and when."""
    return TimestampSigner(salt=f"maillage.tonight:{member(request).pk}:{what.query}")


def traced(request: HttpRequest, what: Asked, number: int) -> None:
    """One line: names were read, under the list or the house."""
    by, at = member(request), timezone.now()
    if not number:
        return
    if what.kept is not None:
        target = WaitingList.objects.get(pk=what.kept.pk)
        audit.record("read a waiting list", target, by=by, at=at, data={"n": number})
    elif house := Organization.objects.filter(pk__in=seat(request).helps_in()).order_by("pk").first():
        audit.record("read a list of people", house, by=by, at=at, data={"n": number})


# ---- what a button does


def act(request: HttpRequest, what: Asked) -> HttpResponse:
    """Place somebody, or say no. `place` and `refuse` carry who and what; the return key sends `do` with who is chosen."""
    if what.kept is None:
        raise Http404
    if request.POST.get("refuse"):
        return refused(request, what)
    who, _colon, where = request.POST.get("place", "").partition(":")
    waiting = waiting_of(what.kept, who or request.POST.get("request", ""))
    group = group_of(what.kept, where) if where else best(request, what, waiting)
    if group is None:
        return again(request, what, _("No place that this person may have is free. Choose another person, or refuse."))
    return placed(request, what, waiting, group)


def placed(request: HttpRequest, what: Asked, waiting: Request, group: PlaceGroup, reason: str = "") -> HttpResponse:
    """Give the place, once however often the telephone sends it. What is refused is said, with what was typed kept."""
    by, at = member(request), timezone.now()

    def do() -> UUID:
        return offers.give(waiting, group, reason=reason, by=by, at=at).uuid

    dispatch.tidy(group.site.territory, at=at)
    waiting.refresh_from_db(fields=["state"])
    try:
        once(request.POST.get("once", ""), f"place:{waiting.uuid}", by=by, at=at, do=do)
    except (Refused, NotAllowed) as refusal:
        waiting.refresh_from_db(fields=["state"])
        if waiting.state != Request.State.WAITING:
            said = _(
                "%(name)s: somebody else was quicker, and nothing was done twice. What is held stands under “Held”."
            )
            return again(request, what, said % {"name": waiting.person.called()})
        return choose(request, what, waiting, chosen=group, reason=reason, refusal=gettext(str(refusal)))
    say = present.Say(
        tonight.Tonight(timezone.localdate(), at, [], []), vocabulary(here(request)), seat(request).helps_in()
    )
    shown = tonight.groups_tonight(PlaceGroup.objects.filter(pk=group.pk), on=queries.night(here(request), at), at=at)
    messages.success(
        request,
        _("A place is held for %(name)s: %(where)s.")
        % {"name": waiting.person.called(), "where": say.where(shown[0]) if shown else ""},
    )
    return redirect(what.url)


def refused(request: HttpRequest, what: Asked) -> HttpResponse:
    assert what.kept is not None
    who, _colon, cause = request.POST["refuse"].partition(":")
    waiting, by, at = waiting_of(what.kept, who), member(request), timezone.now()

    def do() -> UUID:
        dispatch.refuse(waiting, cause, by=by, at=at)
        return waiting.uuid

    try:
        once(request.POST.get("once", ""), f"refuse:{waiting.uuid}:{cause}", by=by, at=at, do=do)
    except Refused as refusal:
        return again(request, what, gettext(str(refusal)))
    messages.success(
        request, _("Counted: no place for %(name)s. They wait on as before.") % {"name": waiting.person.called()}
    )
    return redirect(what.url)


def best(request: HttpRequest, what: Asked, waiting: Request) -> PlaceGroup | None:
    assert what.kept is not None
    territory, at = here(request), timezone.now()
    on = queries.night(territory, at)
    groups = tonight.groups_tonight(PlaceGroup.objects.filter(waiting_lists=what.kept.pk), on=on, at=at)
    groups = tonight.open_to(waiting, what.kept, groups, on=on, at=at)
    found = tonight.places_for(waiting, groups, fitting.public_facts(territory.content), on=on)
    return group_of(what.kept, str(found[0].uuid)) if found else None


def again(request: HttpRequest, what: Asked, refusal: str, status: int = 409) -> HttpResponse:
    context = context_of(request, what, refusal=refusal)
    traced(request, what, len(context["next"]) + len(context["holds"]))
    return render(request, "desk/tonight.html", context, status=status)


# ---- another place than the best, or with a reason


@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Every place that somebody may have, and the reason when it passes over others."""
    what = asked(request)
    if what.kept is None:
        raise Http404
    waiting = waiting_of(what.kept, str(uuid))
    reason = typed(request.POST.get("reason", ""), 4000)
    if request.method == "POST" and request.POST.get("group"):
        return placed(request, what, waiting, group_of(what.kept, request.POST["group"]), reason)
    refusal = _("Choose a place.") if request.method == "POST" else ""
    return choose(request, what, waiting, reason=reason, refusal=refusal)


def choose(
    request: HttpRequest, what: Asked, waiting: Request, *, chosen: PlaceGroup | None = None, reason: str = "", refusal: str = ""
) -> HttpResponse:  # fmt: skip
    """The form for one person, as it was filled in; those who are passed over are named."""
    assert what.kept is not None
    territory, at = here(request), timezone.now()
    on = queries.night(territory, at)
    groups = tonight.groups_tonight(PlaceGroup.objects.filter(waiting_lists=what.kept.pk), on=on, at=at)
    theirs = tonight.open_to(waiting, what.kept, groups, on=on, at=at)
    may = tonight.places_for(waiting, theirs, fitting.public_facts(territory.content), on=on)
    say = present.Say(
        tonight.Tonight(on, at, groups, [], None, what.kept), vocabulary(territory), seat(request).helps_in()
    )
    picked = next((one for one in may if chosen is not None and one.pk == chosen.pk), None)
    before = offers.passed_over(waiting, chosen, at=at) if chosen is not None and picked else []
    audit.record("read", waiting.person, by=member(request), at=at)
    names = Request.objects.select_related("person").in_bulk(before[:FEW])
    context = {
        "asked": what, "waiting": waiting, "called": waiting.person.called(), "list": str(what.kept.uuid), "public": what.public,
        "where": say.places(waiting, may, most=len(may)), "chosen": f"{waiting.uuid}:{picked.uuid}" if picked else "",
        "is_taken": chosen is not None and picked is None, "reason": reason, "refusal": refusal,
        "before": [names[key].person.called() for key in before[:FEW] if key in names],
        "more_before": max(len(before) - FEW, 0), "once": uuid4(),
    }  # fmt: skip
    return render(request, "desk/tonight_place.html", context, status=409 if refusal else 200)


FEW = 5  # names of those who are passed over


# ---- a place that is held


@require_POST
def hold(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """They have come, they did not come, or it is given back."""
    what, by, at, verb = asked(request), member(request), timezone.now(), request.POST.get("do", "")
    mine = queries.stays_for(by, here(request), at=at).select_related(
        "group__site__territory", "person", "request", "territory"
    )
    stay = get_object_or_404(mine.distinct(), uuid=uuid)
    if not queries.runs(by, stay.group, at=at)[1]:
        raise Http404
    try:
        once(
            request.POST.get("once", ""),
            f"hold:{verb}:{stay.uuid}",
            by=by,
            at=at,
            do=lambda: changed(stay, verb, request),
        )
    except Refused as refusal:
        return again(request, what, gettext(str(refusal)))
    messages.success(request, DONE[verb]() % {"name": stay.person.called()})
    return redirect(what.url)


DONE = {
    "undo": lambda: _("Given back: %(name)s waits again, as before."),
    "came": lambda: _("%(name)s is there."),
    "no-show": lambda: _("Noted: %(name)s did not come. They wait again, as before."),
}


def changed(stay: Stay, verb: str, request: HttpRequest) -> UUID:
    by, at = member(request), timezone.now()
    match verb:
        case "undo":
            dispatch.take_back(stay, by=by, at=at)
        case "came":
            stays.admit(stay, by=by, at=at)
        case "no-show":
            stays.no_show(stay, by=by, at=at)
        case _:
            raise Http404
    return stay.uuid


# ---- who and what, of a list that the reader keeps


def waiting_of(kept: tonight.Kept, uuid: str) -> Request:
    mine = Request.objects.filter(waiting_list=kept.pk).select_related(
        "person", "waiting_list__territory", "waiting_list__need", "household"
    )
    return get_object_or_404(mine, uuid=a_uuid(uuid))


def group_of(kept: tonight.Kept, uuid: str) -> PlaceGroup:
    groups = PlaceGroup.objects.filter(waiting_lists=kept.pk).select_related("site__territory", "site__service")
    return get_object_or_404(groups, uuid=a_uuid(uuid.rpartition(":")[2]))


def a_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
