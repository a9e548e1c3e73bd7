"""Referrals at the desk: what waits for an answer, oldest first; one referral with its timeline; every step in one or two taps."""

from __future__ import annotations

import secrets
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from maillage.directory.models import Service
from maillage.orientation import referring
from maillage.orientation.actions import referrals
from maillage.orientation.models import Referral
from maillage.orientation.rules import referrals as rules
from maillage.people import audit, queries
from maillage.people.models import Organization
from maillage.people.rules import NotAllowed
from maillage.places.actions import followed
from maillage.territory.models import Territory
from maillage.web import queries as reads
from maillage.web.desk.who import here, member
from maillage.web.fields import key
from maillage.web.presenters import lists
from maillage.web.presenters import referrals as present
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.seat import Seat, seat

A_PAGE: Final = 30
# what a box shows -> states; the first one is what waits
SHELVES: Final[dict[str, tuple[Promise, frozenset[str]]]] = {
    "answer": (_("To answer"), rules.UNANSWERED),
    "begun": (_("Under way"), frozenset({rules.ACCEPTED, rules.WAITLISTED, rules.STARTED})),
    "ended": (_("Ended"), frozenset({rules.REFUSED, rules.EXPIRED, rules.WITHDRAWN, rules.CLOSED})),
}
RELATED: Final = ("service", "person", "need", "sender", "recipient", "consent")


def waiting(held: Seat, territory: Territory) -> list[tuple[Promise, int, str]]:
    """For the first page of the desk: letters that wait for an answer of one's own houses."""
    if not held.helps_in():
        return []
    count = (
        box_of(territory, held.helps_in(), "in")
        .filter(state__in=rules.UNANSWERED, expires_at__gt=timezone.now())
        .count()
    )
    label = ngettext_lazy(
        "person referred to you waits for an answer", "people referred to you wait for an answer", count
    )
    return [(label, count, reverse("desk-referrals"))]


def box_of(territory: Territory, organizations: list[int], box: str) -> QuerySet[Referral]:
    side = "recipient" if box == "in" else "sender"
    return Referral.objects.filter(territory=territory, **{f"{side}__in": organizations})


@require_safe
def boxes(request: HttpRequest) -> HttpResponse:
    """Received or sent. What waits: oldest first; what has ended: the latest first."""
    territory, held, at = here(request), seat(request).helps_in(), timezone.now()
    box = "out" if request.GET.get("box") == "out" else "in"
    shelf = request.GET.get("shelf", "") if request.GET.get("shelf") in SHELVES else "answer"
    found, more = page_of(box_of(territory, held, box), shelf, key(request.GET.get("after", "")))
    words = vocabulary(territory)
    cards = reads.cards_by_uuid(territory, {one.service.uuid for one in found if one.service})
    for house in Organization.objects.filter(pk__in=held) if found else ():
        audit.record("read a list of referrals", house, by=member(request), at=at, data={"n": len(found), "box": box})
    context = {
        "box": box, "shelf": shelf, "rows": present.rows(found, words, at=at, box=box, cards=cards),
        "shelves": [(code, label, code == shelf) for code, (label, _states) in SHELVES.items()],
        "next": found[-1].pk if more else 0, "services": own_services(territory, held) if box == "in" else [],
    }  # fmt: skip
    return render(request, "desk/referrals.html", context)


def own_services(territory: Territory, held: list[int]) -> list[tuple[str, str]]:
    """For a letter of another system that does not say which service it is for."""
    mine = Service.objects.visible().filter(territory=territory, organization__in=held).order_by("name")[:200]
    return [(str(uuid), name) for uuid, name in mine.values_list("uuid", "name")]


def page_of(found: QuerySet[Referral], shelf: str, after: int) -> tuple[list[Referral], bool]:
    """The keyset goes on after a letter of this very box, by the moment when it was sent."""
    last = found.filter(pk=after).values_list("sent_at", flat=True).first() if after else None
    found = found.filter(state__in=SHELVES[shelf][1]).select_related(*RELATED)
    if last is not None and shelf == "ended":
        found = found.filter(Q(sent_at__lt=last) | Q(sent_at=last, pk__lt=after))
    elif last is not None:
        found = found.filter(Q(sent_at__gt=last) | Q(sent_at=last, pk__gt=after))
    rows = found.order_by("-sent_at", "-pk") if shelf == "ended" else found.order_by("sent_at", "pk")
    several = list(rows[: A_PAGE + 1])
    return several[:A_PAGE], len(several) > A_PAGE


def ours(request: HttpRequest, uuid: UUID) -> Referral:
    """One that the reader's organisations sent or received; any other does not exist for them."""
    mine = referring.of_organizations(here(request), seat(request).helps_in())
    return get_object_or_404(mine.select_related(*RELATED, "territory"), uuid=uuid)


@require_http_methods(["GET", "HEAD", "POST"])
def referral(request: HttpRequest, uuid: UUID) -> HttpResponse:
    one = ours(request, uuid)
    refusal, link = "", ""
    if request.method == "POST":
        try:
            link = said(request, one)
        except (rules.NotPossible, rules.ConsentMissing, NotAllowed) as refused:
            refusal = gettext(str(refused))
        if not refusal and not link:
            return redirect("desk-referral", uuid=one.uuid)
        one = ours(request, uuid)
    audit.record("read a referral", one, by=member(request), at=timezone.now())
    return render(request, "desk/referral.html", shown(request, one, refusal, link), status=409 if refusal else 200)


def sides_of(request: HttpRequest, one: Referral) -> frozenset[str]:
    held = seat(request).helps_in()
    here_is = {rules.SENDER: one.sender_id, rules.RECIPIENT: one.recipient_id}
    return frozenset(side for side, organization in here_is.items() if organization in held)


def shown(request: HttpRequest, one: Referral, refusal: str, link: str) -> dict[str, Any]:
    at, words, sides = timezone.now(), vocabulary(one.territory), sides_of(request, one)
    cards = reads.cards_by_uuid(one.territory, [one.service.uuid] if one.service else [])
    may = frozenset().union(*(present.may(one, side, at=at) for side in sides))
    answers = present.may(one, rules.RECIPIENT, at=at) if rules.RECIPIENT in sides else frozenset()
    is_sender = rules.SENDER in sides
    return {
        "referral": one, "row": present.row(one, words, at=at, box="of", cards=cards), "called": present.called(one),
        "from": one.sender.name if one.sender else str(Referral.Kind(one.kind).label),
        "need": present.need_name(one, words), "area": words.area_name(one.area),
        "carried": present.carried(referring.carries(one), words, ()),
        "message": referring.message(one),
        "timeline": present.timeline(referring.timeline(one), names=True), "ended": followed.ended(one),
        "answers": answers & {rules.ACCEPTED, rules.WAITLISTED, rules.REFUSED}, "may": may, "is_sender": is_sender,
        "refusals": present.refusals(request.POST.get("code", "")), "outcomes": present.outcomes(request.POST.get("code", "")),
        "typed": request.POST.get("text", "") if refusal else "", "refusal": refusal,
        "opened": request.POST.get("do", "") if refusal else "",
        "opens_record": queries.helps(member(request), one.person, at=at),
        "link": link, "drawing": lists.drawing(link) if link else "",
        "by_mail": bool(one.email), "once": secrets.token_urlsafe(16), "is_open": one.state in rules.OPEN,
    }  # fmt: skip


def said(request: HttpRequest, one: Referral) -> str:
    """Do what the button says. The whole address of a link that is to be handed over; else nothing."""
    verb, sides, by, at = request.POST.get("do", ""), sides_of(request, one), member(request), timezone.now()
    text = request.POST.get("text", "")
    match verb:
        case "link" | "new-link" if rules.SENDER in sides:
            token = (
                referrals.person_token(one)
                if verb == "link"
                else referrals.relink(one, side=rules.PERSON, by=by, at=at)
            )
            return request.build_absolute_uri(reverse("my-referral", args=[token]))
        case "again" if rules.SENDER in sides:
            referrals.relink(one, by=by, at=at)
            messages.success(
                request, gettext("A new link was sent to the service; the one before opens nothing any more.")
            )
        case "remark":
            side = rules.SENDER if rules.SENDER in sides else rules.RECIPIENT
            referrals.remark(one, text, side=side, key=request.POST.get("once", ""), by=by, at=at)
        case _:
            step(request, one, verb, sides)
    return ""


def step(request: HttpRequest, one: Referral, verb: str, sides: frozenset[str]) -> None:
    """One step of the table of states, for the side that may take it."""
    by, at, text, code = member(request), timezone.now(), request.POST.get("text", ""), request.POST.get("code", "")
    side = next(
        (side for side in (rules.RECIPIENT, rules.SENDER) if side in sides & rules.MAY.get(verb, frozenset())), ""
    )
    if not side:
        raise Http404
    match verb:
        case rules.ACKNOWLEDGED:
            referrals.acknowledge(one, side=side, by=by, at=at)
        case rules.ACCEPTED:
            referrals.accept(one, text=text, side=side, by=by, at=at)
        case rules.WAITLISTED:
            referrals.waitlist(one, text=text, side=side, by=by, at=at)
        case rules.REFUSED:
            referrals.refuse(one, code, text, side=side, by=by, at=at)
        case rules.WITHDRAWN:
            referrals.withdraw(one, text, side=side, by=by, at=at)
        case rules.STARTED:
            referrals.start(one, text=text, side=side, by=by, at=at)
        case rules.CLOSED:
            outcome = request.POST.get("outcome", "")
            referrals.close(one, outcome, "" if outcome == rules.MET else code, text, side=side, by=by, at=at)
    messages.success(request, gettext("Written down. The others read it in the timeline."))
