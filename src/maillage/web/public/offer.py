"""A place is offered: the person answers by their own link, once; what they wait for, and where they stand, on another one.

The secret of the address is the proof: no session is needed, and no forged form can know it. A page that tells its address to no site
sends its form without an origin, which the usual check of forms refuses (as public/referral.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from maillage.places import rules, waiting
from maillage.places.actions import offers
from maillage.places.actions import waiting as act
from maillage.places.models import Offer, Request
from maillage.web.fields import Typed
from maillage.web.language import territory_of
from maillage.web.presenters import offered as present
from maillage.web.public import sealed

WRITES = ("GET", "HEAD", "POST")
BY_LINK = "system:link"  # who answers without an account: the holder of the secret


class NoForm(forms.Form):
    """Why not; in their own words when they wish."""

    code = forms.ChoiceField(label=gettext_lazy("Why not this place?"), widget=forms.RadioSelect)
    text = Typed(
        label=gettext_lazy("Something to add, if you wish"), required=False, shorten=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        reasons = rules.DECLINES[rules.PERSON]
        self.fields["code"].choices = [(code, gettext(word)) for code, word in reasons.items()]  # type: ignore[attr-defined]


@csrf_exempt
@require_http_methods(WRITES)
def offer(request: HttpRequest, token: str) -> HttpResponse:
    territory = territory_of(request)
    found = offers.by_token(territory, token, at=timezone.now()) if territory else None
    if found is None:
        return sealed.gone(
            request,
            _("This link opens nothing any more"),
            _("Ask whoever helps you, or call the service that you know."),
        )
    language = sealed.language_for(request, found.request.person.language)
    with translation.override(language):
        form, refusal = NoForm(request.POST if request.POST.get("do") == "decline" else None), ""
        if request.method == "POST":
            refusal = answered(request, found, form)
            if not refusal and not form.errors:
                return sealed.sealed(redirect(f"{request.path}?language={language}"))
        context = {"offer": present.offer(found, at=timezone.now()), "form": form, "refusal": refusal}
    return sealed.page(
        request, "public/offer.html", context, language=language, status=400 if form.errors or refusal else 200
    )


def answered(request: HttpRequest, found: Offer, form: NoForm) -> str:
    """Their answer, the first time; the same answer again says the same. What cannot be is a sentence."""
    at = timezone.now()
    wanted = {"accept": Offer.State.ACCEPTED, "decline": Offer.State.DECLINED}.get(request.POST.get("do", ""))
    if wanted is None or found.state == wanted:
        return ""
    if wanted == Offer.State.DECLINED and not form.is_valid():
        return ""
    act_: Callable[[], object] = lambda: offers.accept(found, by=BY_LINK, at=at)  # noqa: E731
    if wanted == Offer.State.DECLINED:
        said = form.cleaned_data
        act_ = lambda: offers.decline(found, rules.PERSON, said["code"], said["text"], by=BY_LINK, at=at)  # noqa: E731
    try:
        act_()
    except waiting.Refused as refusal:
        found.refresh_from_db()
        return gettext(str(refusal))
    return ""


@csrf_exempt
@require_http_methods(WRITES)
def my_request(request: HttpRequest, token: str) -> HttpResponse:
    """Where they stand and why, without a name: whoever looks over a shoulder reads a number."""
    territory = territory_of(request)
    found = act.by_token(token, territory=territory.pk, at=timezone.now()) if territory else None
    if found is None:
        return sealed.gone(
            request,
            _("This link opens nothing any more"),
            _("Ask whoever helps you, or call the service that you know."),
        )
    language = sealed.language_for(request, found.person.language)
    with translation.override(language):
        form, refusal = NoForm(request.POST if request.POST.get("do") == "decline" else None), ""
        open_ = found.offers.filter(state=Offer.State.OPEN).select_related("group__site__service", "request").first()
        if request.method == "POST":
            refusal = done(request, found, open_, form)
            if not refusal and not form.errors:
                return sealed.sealed(redirect(f"{request.path}?language={language}"))
        context = present.request(found, open_, link=request.build_absolute_uri(request.path), at=timezone.now())
        context |= {"form": form, "refusal": refusal}
    return sealed.page(
        request, "public/my_request.html", context, language=language, status=400 if form.errors or refusal else 200
    )


def done(request: HttpRequest, found: Request, open_: Offer | None, form: NoForm) -> str:
    """An answer to the open offer, or the end of the request by the person."""
    if request.POST.get("do") == "end":
        if found.state == Request.State.CLOSED:
            return ""
        try:
            act.end(found, "no_longer", by=BY_LINK, at=timezone.now())
        except waiting.Refused as refusal:
            return gettext(str(refusal))
        return ""
    if open_ is not None:
        return answered(request, open_, form)
    return ""
