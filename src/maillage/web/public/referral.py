"""A referral behind a signed link: for a recipient without an account, and for the person it is about. Nothing else is opened.

Opening changes nothing, since mail scanners open every link; the tap does. The secret of the address is the proof: no session is
needed, and no forged form can know it; so browsers may be asked never to tell the address to another site (as still_true.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from maillage.orientation import referring
from maillage.orientation.actions import referrals
from maillage.orientation.models import Referral
from maillage.orientation.rules import referrals as rules
from maillage.people.rules import NotAllowed
from maillage.web import rate
from maillage.web.language import territory_of
from maillage.web.presenters import referrals as present
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.public import errors
from maillage.web.public.shared_list import sealed

AN_HOUR: Final = 3_600
MOST: Final = 120  # openings and answers an hour from one address
CODES: Final = frozenset(code for code, _name in settings.LANGUAGES)
Refused = (rules.NotPossible, rules.ConsentMissing, NotAllowed)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def recipient(request: HttpRequest, token: str) -> HttpResponse:
    """Who receives it, without an account: what was sent, the answer in two taps, later what came of it."""
    one = None if too_many(request) else opened(request, token, referring.by_token)
    if one is None:
        return ended(request)
    language = chosen(request, "", one)
    with translation.override(language):
        if request.method != "POST":
            return answer(request, one, language, "public/referral.html", rules.RECIPIENT)
        try:
            answered(request, one)
        except Refused as refusal:
            return answer(request, one, language, "public/referral.html", rules.RECIPIENT, gettext(str(refusal)))
        if one.state not in rules.OPEN:  # the link has just ended
            return answer(request, one, language, "public/referral_done.html", rules.RECIPIENT)
    return sealed(redirect(request.get_full_path()))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, token: str) -> HttpResponse:
    """The person: how it stands, what was sent, a word of theirs, and taking it back. No name of a place that must not be found."""
    one = None if too_many(request) else opened(request, token, referring.by_person_token)
    if one is None:
        return ended(request)
    language = chosen(request, one.person.language, one)
    with translation.override(language):
        if request.method != "POST":
            return answer(request, one, language, "public/my_referral.html", rules.PERSON)
        try:
            spoken(request, one)
        except Refused as refusal:
            return answer(request, one, language, "public/my_referral.html", rules.PERSON, gettext(str(refusal)))
    return sealed(redirect(request.get_full_path()))


def too_many(request: HttpRequest) -> bool:
    return not rate.allow(f"referral from {rate.visitor(request)}", MOST, AN_HOUR)


def opened(request: HttpRequest, token: str, of: Callable[..., Referral | None]) -> Referral | None:
    territory = territory_of(request)
    return of(territory, token[:100], at=timezone.now()) if territory else None


def ended(request: HttpRequest) -> HttpResponse:
    """The same page for a link that never was, one that has ended, and one too many: it tells nothing."""
    sentence = gettext(
        "It was answered, taken back, or its time is over; or part of the address was lost. Ask whoever gave it to you for another one."
    )
    return sealed(errors.error_page(request, 404, gettext("This link opens nothing any more"), sentence))


def chosen(request: HttpRequest, own: str, one: Referral) -> str:
    """The language asked for on the page, else one's own, else the browser's."""
    wanted = (request.GET.get("language", ""), own, request.LANGUAGE_CODE, one.territory.default_language)
    return next((code for code in wanted if code in CODES), settings.LANGUAGE_CODE)


def answer(
    request: HttpRequest, one: Referral, language: str, template: str, side: str, refusal: str = ""
) -> HttpResponse:
    response = render(request, template, shown(request, one, language, side, refusal), status=409 if refusal else 200)
    response["Content-Language"] = language
    return sealed(response)


def shown(request: HttpRequest, one: Referral, language: str, side: str, refusal: str) -> dict[str, Any]:
    at, words = timezone.now(), vocabulary(one.territory)
    may = present.may(one, side, at=at)
    code = request.POST.get("code", "")
    return {
        "called": present.called(one), "need": present.need_name(one, words), "area": words.area_name(one.area),
        "from": referring.told_organization(one.sender), "service": referring.told_service(one),
        "state": str(one.get_state_display()), "kind": present.KINDS.get(one.state, ""),
        "now": present.now(one, at=at), "deadline": present.deadline(one, at=at) if one.state in rules.UNANSWERED else "",
        "is_urgent": one.is_urgent, "is_open": one.state in rules.OPEN,
        "carried": present.carried(referring.carries(one), words, ()),
        "message": referring.message(one),
        "timeline": present.timeline(referring.timeline(one)), "may": may,
        "answers": may & {rules.ACCEPTED, rules.WAITLISTED, rules.REFUSED} if side == rules.RECIPIENT else frozenset(),
        "refusals": present.refusals(code), "outcomes": present.outcomes(code),
        "refusal": refusal, "typed": request.POST.get("text", "") if refusal else "",
        "opened": request.POST.get("do", "") if refusal else "", "once": secrets.token_urlsafe(16),
        "other": [("needs", one.need.code)] if one.need else [],
        "languages": [(code, name, code == language) for code, name in settings.LANGUAGES],
    }  # fmt: skip


def answered(request: HttpRequest, one: Referral) -> None:
    """The verbs of a recipient, said through the link."""
    verb, text, code = (request.POST.get(name, "") for name in ("do", "text", "code"))
    said: dict[str, Any] = {"side": rules.RECIPIENT, "by": referrals.LINK, "at": timezone.now()}
    match verb:
        case rules.ACKNOWLEDGED:
            referrals.acknowledge(one, **said)
        case rules.ACCEPTED:
            referrals.accept(one, text=text, **said)
        case rules.WAITLISTED:
            referrals.waitlist(one, text=text, **said)
        case rules.REFUSED:
            referrals.refuse(one, code, text, **said)
        case rules.STARTED:
            referrals.start(one, text=text, **said)
        case rules.CLOSED:
            outcome = request.POST.get("outcome", "")
            referrals.close(one, outcome, "" if outcome == rules.MET else code, text, **said)
        case "remark":
            referrals.remark(one, text, key=request.POST.get("once", ""), **said)
        case _:
            raise Http404


def spoken(request: HttpRequest, one: Referral) -> None:
    """The verbs of the person: a word, and taking it back."""
    said: dict[str, Any] = {"side": rules.PERSON, "by": referrals.LINK, "at": timezone.now()}
    match request.POST.get("do", ""):
        case "remark":
            referrals.remark(one, request.POST.get("text", ""), key=request.POST.get("once", ""), **said)
        case rules.WITHDRAWN:
            referrals.withdraw(one, request.POST.get("text", ""), **said)
        case _:
            raise Http404
