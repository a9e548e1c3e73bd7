"""A bed tonight: registering for the draw without an account, the receipt, and the draw that anybody can verify."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from maillage.people.actions import persons
from maillage.people.models import Person
from maillage.places import queries, waiting
from maillage.places.actions import registering
from maillage.places.actions import runs as engine
from maillage.places.models import Draw, WaitingList
from maillage.web import rate
from maillage.web.desk.person_form import FACT, fact_field, plain
from maillage.web.desk.request_forms import facts_asked
from maillage.web.fields import Typed, TypedEmail
from maillage.web.language import territory_of
from maillage.web.presenters import draws as present
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary

AN_HOUR = 3_600
MOST_OF_ONE = 60  # an hour from one address: a day centre has one address and many people
UNKNOWN: Final = ("", _("I prefer not to say"))
# by which way they may be written to, as they would say it themselves
SAFE: Final = (
    (Person.Contact.NONE.value, _("Nobody writes to me: I look at my receipt")),
    (Person.Contact.SMS.value, _("A text message")),
    (Person.Contact.EMAIL.value, _("An e-mail")),
)


class NightForm(forms.Form):
    """Few questions, and only the first must be answered."""

    contact = forms.ChoiceField(
        label=_("How may we tell you the answer?"), choices=SAFE, widget=forms.RadioSelect, initial=Person.Contact.NONE.value,
        help_text=_(
            "If somebody else reads your telephone or your letters, choose the first. When you have a place, the message says where, "
            "unless that house must not be found."
        ),
    )  # fmt: skip
    phone = Typed(
        label=_("Telephone, for a text message"), required=False, max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )  # fmt: skip
    email = TypedEmail(
        label=_("E-mail address, for an e-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )  # fmt: skip
    alias = Typed(
        label=_("What shall we call you?"), max_length=80,
        help_text=_("A first name, or any name that you choose. No papers are needed."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    people = forms.IntegerField(
        label=_("How many are you?"), min_value=1, max_value=waiting.MOST_PEOPLE, initial=1,
        help_text=_("You, and those who sleep where you sleep."), widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    gender = forms.ChoiceField(
        label=_("You are"), required=False, choices=[UNKNOWN, *Person.Gender.choices],
        help_text=_("Some houses are for women, or for men. Not said: those for everybody only."),
    )  # fmt: skip
    birth_year = forms.IntegerField(
        label=_("Year of your birth"), required=False, min_value=1900, max_value=2100,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    # for machines that fill in everything: people do not see it
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))

    def __init__(self, waiting_list: WaitingList, words: Vocabulary, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        known = {"gender"}
        self.asked = [code for code in facts_asked(waiting_list.groups.all(), words) if code not in known]
        for code in self.asked:
            self.fields[FACT + code] = fact_field(words.criteria[code])

    def contacted(self) -> list[forms.BoundField]:
        return [self[name] for name in ("contact", "phone", "email")]

    def about(self) -> list[forms.BoundField]:
        return [
            self[name] for name in ("alias", "people", "gender", "birth_year", *(FACT + code for code in self.asked))
        ]

    def registration(self, *, shown: str, language: str) -> registering.Registration:
        said = self.cleaned_data
        facts = {code: plain(said[FACT + code]) for code in self.asked if said.get(FACT + code) not in (None, "")}
        reached = {"sms": {"phone": said["phone"]}, "email": {"email": said["email"]}}.get(said["contact"], {})
        details = {name: said[name] for name in ("alias", "gender", "birth_year", "contact")}
        details |= reached | {"language": language, "facts": facts}
        return registering.Registration(details, said["people"], facts=facts, shown=shown, language=language)


def drawn_here(request: HttpRequest) -> WaitingList:
    """The list that is drawn each night here; 404 where there is none."""
    territory = territory_of(request)
    found = present.drawn(territory) if territory else None
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def night(request: HttpRequest) -> HttpResponse:
    """The form while the window is open; else when it opens. Sent: the receipt, under an address that is a secret."""
    waiting_list, at = drawn_here(request), timezone.now()
    form = NightForm(waiting_list, vocabulary(waiting_list.territory), request.POST or None)
    status = 200
    if request.method == "POST":
        token = registered(request, waiting_list, form, at)
        if token:
            return redirect(reverse("my-request", args=[token]) + f"?language={here_language()}")
        status = 429 if form.has_error("__all__", "rate") else 400
    context = {
        "form": form,
        "window": present.window(waiting_list, at=at),
        "shown": shown(waiting_list),
        "languages_known": settings.LANGUAGES,
    }
    response = render(request, "public/night.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def here_language() -> str:
    return (get_language() or "en").split("-")[0]


def shown(waiting_list: WaitingList) -> str:
    """What they agree to by registering."""
    return gettext(
        "You take part in the draw of this night. %(keeper)s, who draws, and the house that receives you read what you write here. "
        "Nobody else does. You may leave the draw at any time."
    ) % {"keeper": waiting_list.keeper.name if waiting_list.keeper else ""}


def registered(request: HttpRequest, waiting_list: WaitingList, form: NightForm, at: datetime) -> str:
    """The secret of the receipt; "" when something is to be mended. A machine that fills in everything gets nothing, politely."""
    if not form.is_valid():
        return ""
    if form.cleaned_data["website"]:
        form.add_error(None, gettext("Please leave the last field empty."))
        return ""
    if not rate.allow(f"night from {rate.visitor(request)}", MOST_OF_ONE, AN_HOUR):
        text = gettext("Many people registered from here at once. Please try again in some minutes, or call.")
        form.add_error(None, forms.ValidationError(text, code="rate"))
        return ""
    try:
        said = form.registration(shown=shown(waiting_list), language=here_language())
        return registering.register(waiting_list, said, at=at)[1]
    except (waiting.Refused, persons.Impossible) as refusal:
        form.add_error(None, gettext(str(refusal)))
    return ""


@require_safe
def draw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A draw, for anybody: when, the hash of the list that was published before, the number that nobody could know, the results
    by number, and how to verify all of it. No name."""
    territory = territory_of(request)
    found = get_object_or_404(
        Draw.objects.select_related("waiting_list__territory", "run__rules"),
        uuid=uuid,
        waiting_list__territory=territory,
    )
    return render(request, "public/draw.html", present.public(found, at=timezone.now()))


@require_safe
def draws(request: HttpRequest) -> HttpResponse:
    """The draws of the last nights."""
    waiting_list = drawn_here(request)
    tonight = queries.night(waiting_list.territory, timezone.now())
    rows = Draw.objects.filter(waiting_list=waiting_list, night__lte=tonight).order_by("-night")[:30]
    return render(request, "public/draws.html", {"draws": [present.line(one) for one in rows]})


@require_safe
def draw_list(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The published list of a draw, byte for byte: its SHA-256 is the fingerprint."""
    found = get_object_or_404(
        Draw.objects.exclude(list_hash=""), uuid=uuid, waiting_list__territory=territory_of(request)
    )
    response = HttpResponse(engine.text(found).encode(), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="draw-{found.night.isoformat()}.txt"'
    response["X-Robots-Tag"] = "noindex"
    return response
