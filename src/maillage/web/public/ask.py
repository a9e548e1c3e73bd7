"""Ask a service for help oneself, without an account: as few questions as it takes, and first whether it is safe to write back.

Two screens: the form, then the very words that are sent, to agree to. The page that follows shows the link once, under an address
that says nothing: a browser keeps the addresses that it has seen.
"""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from maillage.directory.models import Service
from maillage.directory.search.types import Card
from maillage.orientation import referring
from maillage.orientation.actions import referrals
from maillage.orientation.models import Referral
from maillage.orientation.rules import referrals as rules
from maillage.people.actions import persons
from maillage.people.models import Consent, Person
from maillage.people.once import once
from maillage.people.rules import NotAllowed
from maillage.web import queries as reads
from maillage.web import rate
from maillage.web.fields import Once, Typed, TypedEmail
from maillage.web.presenters import consent, lists
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary
from maillage.web.public.report import shown

BY: Final = "system:ask"  # somebody without an account
AN_HOUR, A_DAY = 3_600, 86_400
MOST_OF_ONE: Final = 3  # requests an hour from one address
MOST_TO_ONE: Final = 40  # requests a day to one service


class AskForm(forms.Form):
    contact = forms.ChoiceField(
        label=_("Is it safe to write to you?"), widget=forms.RadioSelect,
        help_text=_("Think of who reads your telephone or your mail. What we write names no service, but it is a message."),
        choices=[(Person.Contact.NONE, _("No. I come back to a page that you show me.")),
                 (Person.Contact.SMS, _("Yes, by text message")), (Person.Contact.EMAIL, _("Yes, by e-mail"))],
        error_messages={"required": _("Say first whether it is safe to write to you.")},
    )  # fmt: skip
    phone = Typed(
        label=_("Your telephone number"), required=False, max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    email = TypedEmail(label=_("Your e-mail address"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"}))  # fmt: skip
    alias = Typed(
        label=_("How may they call you?"), max_length=80, help_text=_("Any name: it need not be your own."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}), error_messages={"required": _("Any name will do.")},
    )  # fmt: skip
    message = Typed(
        label=_("What do you need?"), required=False, shorten=rules.LONGEST, widget=forms.Textarea(attrs={"rows": 4, "maxlength": rules.LONGEST}),
    )  # fmt: skip
    once = Once()

    def clean(self) -> dict[str, Any]:
        said = dict(super().clean() or {})
        needed = {Person.Contact.SMS: "phone", Person.Contact.EMAIL: "email"}.get(said.get("contact", ""))
        if needed and not said.get(needed) and needed not in self.errors:
            self.add_error(needed, gettext("We need it to write to you; or say above not to write."))
        return said


def takes(service: Service, card: Card | None) -> bool:
    """Somebody there would read it: a member with an account, or an address of the directory; and one may come by oneself."""
    if service.organization is None or (card and card.access == ["referral"]):
        return False
    known = service.email or service.organization.email or (card.email if card else "")
    return bool(known) or bool(referring.carers(service.organization, at=timezone.now()))


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, uuid: UUID) -> HttpResponse:
    service = shown(request, uuid)
    words = vocabulary(service.territory)
    cards = reads.cards_by_uuid(service.territory, [uuid]).get(uuid, ())
    if not cards or not takes(service, cards[0]):
        raise Http404
    form = AskForm(request.POST or None)
    context = {"form": form, "service": service, "name": say.said(cards[0], "name", words).text, "shown": "", "wait": 0}
    template, status = "public/ask.html", 400 if form.errors else 200
    if form.is_valid() and request.POST.get("do") != "change":
        language = consent.best(service.territory, [say.reader()])
        letter = consent.Asked(
            str(context["name"]), "", what(form, language), form.cleaned_data["message"], consent.days_of(service.territory)
        )  # fmt: skip
        context |= {"shown": consent.shown(letter, words, language), "language": language}
        template = "public/ask_agree.html"
        if request.POST.get("do") == "send":
            context["wait"] = seconds_to_wait(request, uuid)
            link = (
                "" if context["wait"] else sent(request, service, form, letter, str(context["shown"]), cards[0], words)
            )
            if link:
                context |= {"link": link, "drawing": lists.drawing(link)}
            template = "public/ask_sent.html" if link else "public/ask.html"
            status = 200 if link else 429 if context["wait"] else 409
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    if context["wait"]:
        response["Retry-After"] = str(context["wait"])
    return response


def seconds_to_wait(request: HttpRequest, uuid: UUID) -> int:
    """0: it may be sent."""
    if not rate.allow(f"ask from {rate.visitor(request)}", MOST_OF_ONE, AN_HOUR):
        return rate.wait(AN_HOUR)
    return 0 if rate.allow(f"ask {uuid}", MOST_TO_ONE, A_DAY) else rate.wait(A_DAY)


def what(form: AskForm, language: str) -> dict[str, str]:
    """What they read: how to call the person, in which language, and the one way that is safe."""
    said = form.cleaned_data
    way = {Person.Contact.SMS: "phone", Person.Contact.EMAIL: "email"}.get(said["contact"], "")
    return {"called": said["alias"], "language": language, **({way: said[way]} if way else {})}


def key_of(typed: str, request: HttpRequest, letter: consent.Asked) -> str:
    """Everybody without an account is one and the same to `once`: the key of somebody else, sent again from another browser or with
    other words, is another key, and gives no answer of theirs."""
    browser = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")
    whole = json.dumps([typed, browser, letter.what, letter.message], sort_keys=True)
    return salted_hmac("maillage.ask", whole, algorithm="sha256").hexdigest() if typed else ""


def sent(
    request: HttpRequest,
    service: Service,
    form: AskForm,
    letter: consent.Asked,
    words_shown: str,
    card: Card,
    words: Vocabulary,
) -> str:
    """The whole address of the person's own page; empty when it was refused: the form says why."""
    at, said, house = timezone.now(), form.cleaned_data, service.organization
    assert house is not None  # `takes` said so
    needs = list(service.territory.needs.filter(code__in=card.needs)[:2])

    def do() -> UUID:
        reached = {name: letter.what.get(name, "") for name in ("phone", "email")}
        person = persons.register(
            service.territory, house, by=BY, at=at, alias=said["alias"], language=letter.what["language"],
            contact=said["contact"], **reached,
        )  # fmt: skip
        agreed = persons.agree(
            person, Consent.Purpose.REFERRAL, organization=house, what=list(letter.what), shown=words_shown,
            language=letter.what["language"], how=Consent.How.SELF, by=BY, at=at,
        )  # fmt: skip
        made, _token = referrals.send(
            person, service, sender=None, need=needs[0] if len(needs) == 1 else None, kind=Referral.Kind.SELF,
            what=letter.what, message=letter.message, consent=agreed, by=BY, at=at,
        )  # fmt: skip
        return made.uuid

    try:
        uuid = once(key_of(said["once"], request, letter), f"ask for help:{service.uuid}", by=BY, at=at, do=do)
    except (rules.NotPossible, rules.ConsentMissing, persons.Impossible, NotAllowed) as refusal:
        form.add_error(None, gettext(str(refusal)))
        return ""
    token = referrals.person_token(Referral.objects.get(uuid=uuid or ""))
    return request.build_absolute_uri(reverse("my-referral", args=[token]))
