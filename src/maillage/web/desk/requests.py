"""One request: where it stands and why, how urgent, what the clock did, an offer and its answer. Each page that is read leaves a line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from maillage.methods.text import typed
from maillage.people import audit, finding
from maillage.people.models import Person
from maillage.people.once import once
from maillage.people.rules import NotAllowed
from maillage.places import waiting as words_of
from maillage.places.actions import offers, waiting
from maillage.places.models import Apart, Offer, PlaceGroup, Request
from maillage.web.desk import request_forms as fill
from maillage.web.desk.people import helped, trace_list
from maillage.web.desk.waiting_lists import ordered, seen
from maillage.web.desk.who import here, member
from maillage.web.presenters import allocation as runs
from maillage.web.presenters import lists as draw
from maillage.web.presenters import waiting as present
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.seat import seat

WRITES = ("GET", "HEAD", "POST")
FEW = 5  # runs told on the page
Did = tuple[str, forms.Form | None]  # what was done, as a sentence; or a form with what is wrong


@require_http_methods(WRITES)
def request_page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = seen(request).select_related(
        "waiting_list__territory", "waiting_list__keeper", "person", "asked_by", "consent"
    )
    one = get_object_or_404(found.distinct(), uuid=uuid)
    wrong: dict[str, forms.Form] = {}
    shown: dict[str, Any] = {}
    if request.method == "POST":
        do = request.POST.get("do", "")
        answer = changed(request, one, do, wrong, shown)
        if answer is not None:
            return answer
    return render(request, "desk/request.html", context(request, one, wrong) | shown, status=400 if wrong else 200)


def context(request: HttpRequest, one: Request, wrong: dict[str, forms.Form]) -> dict[str, Any]:
    at, words = timezone.now(), vocabulary(here(request))
    zone = ZoneInfo(one.waiting_list.territory.timezone)
    is_open = one.state in waiting.OPEN
    found = ordered(one.waiting_list, at=at)
    mine = next((line for line in found.all() if line.pk == one.pk), None) if is_open else None
    offer = one.offers.filter(state=Offer.State.OPEN).select_related("group__site__service", "request").first()
    audit.record("read", one.person, by=member(request), at=at)
    keeps = one.waiting_list.keeper_id in seat(request).helps_in()
    return {
        "one": one,
        "row": present.row(one, found.rules, mine),
        "is_open": is_open,
        "can_end": one.state == Request.State.WAITING,
        "keeps": keeps,
        "ended": present.coded(words_of.ENDS, one.end_code) if one.end_code else "",
        "helps": Person.objects.of(seat(request).helps_in(), at=at).filter(pk=one.person_id).exists(),
        "why": present.why(mine, found.rules, total=found.total, before=present.ahead_of(mine, found.first(mine.rank)))
        if mine
        else [],
        "order": found.rules.order(),
        "offer": present.offered(offer, held=seat(request).helps_in(), at=at) if offer else None,
        "judged": present.judgements(
            list(one.assessments.select_related("by").order_by("made_at", "pk")), found.rules, at=at
        ),
        "clock": present.stretches(one.clock.order_by("at", "pk"), at=at, zone=zone),
        "needs": present.needs(one, words),
        "wishes": present.wished(one.wishes, words),
        "facts": present.known_facts(one.facts, words),
        "proofs": present.proofs(one.evidence, found.rules),
        "apart": apart_of(request, one.person, at),
        "lines": runs.told(one, most=FEW),
        "past": present.past_offers(one.offers.exclude(state=Offer.State.OPEN).order_by("-made_at", "-pk")[:FEW]),
        "passed": one.passed_over.count(),
        **forms_of(one, found.rules, wrong, request, keeps=keeps),
    }


def forms_of(
    one: Request, rules: present.Rules, wrong: dict[str, forms.Form], request: HttpRequest, *, keeps: bool
) -> dict[str, Any]:
    words = vocabulary(here(request))
    made: dict[str, Callable[[], forms.Form]] = {
        "assess": lambda: fill.AssessForm(rules),
        "pause": fill.PauseForm,
        "prove": lambda: fill.ProveForm(rules),
        "wish": lambda: fill.WishForm(one.waiting_list, words, initial=fill.first_said(one)),
        "give": lambda: fill.OfferForm(groups_of(one)) if keeps else forms.Form(),
        "decline": lambda: fill.DeclineForm("person"),
        "refuse": lambda: fill.DeclineForm("provider"),
        "end": fill.EndForm,
    }
    return {f"{name}_form": wrong.get(name) or make() for name, make in made.items()} | {
        f"{name}_wrong": name in wrong for name in made
    }


def groups_of(one: Request) -> list[PlaceGroup]:
    return list(one.waiting_list.groups.select_related("site").order_by("site__name", "order", "pk"))


def apart_of(request: HttpRequest, person: Person, at: datetime) -> list[tuple[int, str, str]]:
    """Those from whom they are kept apart, as far as the reader helps both; the others are only counted by the engine."""
    rows = Apart.objects.filter(Q(one=person) | Q(other=person)).filter(Q(until=None) | Q(until__gt=at))
    mine = set(Person.objects.of(seat(request).helps_in(), at=at).values_list("pk", flat=True)) if rows.exists() else ()
    found = []
    for row in rows.select_related("one", "other"):
        other = row.other if row.one_id == person.pk else row.one
        if other.pk in mine:
            found.append((row.pk, other.called(), row.reason))
    return found


# ---- what the buttons do


def changed(
    request: HttpRequest, one: Request, do: str, wrong: dict[str, forms.Form], shown: dict[str, Any]
) -> HttpResponse | None:
    """Do what the button says, then show the page again. What is refused stands beside what was typed."""
    verbs: dict[str, Callable[[HttpRequest, Request], Did]] = {
        "assess": assess, "pause": pause, "resume": resume, "prove": prove, "unprove": unprove, "wish": wish, "give": give,
        "accept": accept, "decline": decline, "refuse": refuse, "withdraw": withdraw, "apart": apart, "together": together,
        "end": end,
    }  # fmt: skip
    if do in {"link", "find"}:
        shown |= link(request, one) if do == "link" else find(request, one)
        return None
    if do not in verbs:
        raise Http404
    try:
        said, form = verbs[do](request, one)
    except (words_of.Refused, NotAllowed) as refusal:
        messages.error(request, gettext(str(refusal)))
        return redirect("desk-request", uuid=one.uuid)
    if form is not None:
        wrong[do] = form
        return None
    messages.success(request, said)
    return redirect("desk-waiting" if not seen(request).filter(pk=one.pk).exists() else one_url(one))


def one_url(one: Request) -> str:
    return reverse("desk-request", args=[one.uuid])


def tried(form: forms.Form, act: Callable[[], object], said: str) -> Did:
    """The verb, when the form is whole; a refusal is written in the form."""
    if form.is_valid():
        try:
            act()
            return said, None
        except words_of.Refused as refusal:
            form.add_error(None, gettext(str(refusal)))
    return "", form


def by_at(request: HttpRequest) -> dict[str, Any]:
    return {"by": member(request), "at": timezone.now()}


def rules_now(one: Request) -> present.Rules:
    return present.Rules(waiting.content_of(one.waiting_list, at=timezone.now()))


def zone_of(one: Request) -> ZoneInfo:
    return ZoneInfo(one.waiting_list.territory.timezone)


def assess(request: HttpRequest, one: Request) -> Did:
    form = fill.AssessForm(rules_now(one), request.POST)

    def act() -> None:
        said = form.cleaned_data
        until = fill.end_of(said["valid_until"], zone_of(one))
        waiting.assess(one, said["tier"], form.reasons_of_tier(), said["note"], until, **by_at(request))

    return tried(form, act, _("Written down, with your name."))


def pause(request: HttpRequest, one: Request) -> Did:
    form = fill.PauseForm(request.POST)

    def act() -> None:
        until = fill.end_of(form.cleaned_data["until"], zone_of(one))
        waiting.pause(one, form.cleaned_data["reason"], until=until, **by_at(request))

    return tried(form, act, _("The clock is paused. They stay on the list."))


def resume(request: HttpRequest, one: Request) -> Did:
    waiting.resume(one, **by_at(request))
    return _("The clock goes on."), None


def prove(request: HttpRequest, one: Request) -> Did:
    form = fill.ProveForm(rules_now(one), request.POST)
    return tried(
        form,
        lambda: waiting.prove(one, form.cleaned_data["code"], form.cleaned_data["text"], **by_at(request)),
        _("Written down, with your name."),
    )


def unprove(request: HttpRequest, one: Request) -> Did:
    number = request.POST.get("line", "")
    waiting.withdraw_proof(one, int(number) if number.isdecimal() and len(number) < 6 else -1, **by_at(request))
    return _("Taken back."), None


def wish(request: HttpRequest, one: Request) -> Did:
    form = fill.WishForm(one.waiting_list, vocabulary(here(request)), request.POST)
    return tried(form, lambda: waiting.describe(one, **form.said(), **by_at(request)), _("Kept."))


def give(request: HttpRequest, one: Request) -> Did:
    """By hand, around the list: whoever stood before is noted as passed over."""
    groups = groups_of(one)
    form = fill.OfferForm(groups, request.POST)

    def act() -> UUID:
        group = next(group for group in groups if str(group.uuid) == form.cleaned_data["group"])
        return offers.offer(one, group, reason=form.cleaned_data["reason"], **by_at(request))[0].uuid

    return tried(
        form,
        lambda: once(form.cleaned_data["once"], "offer by hand", do=act, **by_at(request)),
        _("The place is offered, and held until the answer."),
    )


def open_offer(one: Request) -> Offer:
    return get_object_or_404(one.offers.select_related("group__site", "request"), state=Offer.State.OPEN)


def accept(request: HttpRequest, one: Request) -> Did:
    """On their behalf. A second time says the same."""
    last = one.offers.order_by("-made_at", "-pk").first()
    if last is None or last.state != Offer.State.ACCEPTED:
        offers.accept(open_offer(one), **by_at(request))
    return _("Accepted: the place is theirs."), None


def decline(request: HttpRequest, one: Request) -> Did:
    return declined(request, one, "person", _("Declined. They stay on the list, with all the time waited."))


def refuse(request: HttpRequest, one: Request) -> Did:
    return declined(request, one, "provider", _("Refused by the house. They stay on the list, first as before."))


def declined(request: HttpRequest, one: Request, side: str, said: str) -> Did:
    form = fill.DeclineForm(side, request.POST)
    offer = open_offer(one)

    def act() -> None:
        offers.decline(
            offer, side=side, code=form.cleaned_data["code"], text=form.cleaned_data["text"], **by_at(request)
        )

    return tried(form, act, said)


def withdraw(request: HttpRequest, one: Request) -> Did:
    offers.withdraw(open_offer(one), request.POST.get("text", ""), **by_at(request))
    return _("Taken back. They wait as before."), None


def apart(request: HttpRequest, one: Request) -> Did:
    other = helped(request, request.POST.get("other", ""))
    waiting.keep_apart(one.person, other, request.POST.get("reason", ""), **by_at(request))
    return _("They will not be offered places under one roof."), None


def together(request: HttpRequest, one: Request) -> Did:
    key = request.POST.get("apart", "")
    mine = Person.objects.of(seat(request).helps_in(), at=timezone.now())  # any other pair does not exist for them
    rows = Apart.objects.filter(Q(one=one.person) | Q(other=one.person)).filter(one__in=mine, other__in=mine)
    row = get_object_or_404(
        rows.select_related("one", "other"), pk=int(key) if key.isdecimal() and len(key) < 19 else 0
    )
    waiting.apart_no_longer(row, **by_at(request))
    return _("Written down."), None


def end(request: HttpRequest, one: Request) -> Did:
    form = fill.EndForm(request.POST)
    return tried(
        form, lambda: waiting.end(one, form.cleaned_data["code"], **by_at(request)), _("The request has ended.")
    )


def link(request: HttpRequest, one: Request) -> dict[str, Any]:
    """A link for the person, shown on this page and never again."""
    token = waiting.renew_link(one, **by_at(request))
    address = request.build_absolute_uri(reverse("my-request", args=[token]))
    return {"link": address, "drawing": draw.drawing(address)}


def find(request: HttpRequest, one: Request) -> dict[str, Any]:
    """People from whom they could be kept apart: those whom the reader helps."""
    asked = typed(request.POST.get("words", ""), 80)
    found = finding.find(seat(request).helps_in(), asked, at=timezone.now()) if asked else []
    trace_list(request, found)
    return {"asked": asked, "candidates": [(str(p.uuid), p.called()) for p in found if p.pk != one.person_id]}
