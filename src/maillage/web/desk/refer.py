"""Refer somebody to a service, in three screens: who; what exactly is sent; the same words read aloud, agreed to, sent.

Everything travels in the body of the form: no address names a person. Nothing is sent before the last screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from maillage.directory.models import Service
from maillage.directory.search.types import Card
from maillage.orientation import referring
from maillage.orientation.actions import referrals
from maillage.orientation.models import Referral
from maillage.orientation.rules import referrals as rules
from maillage.people import audit
from maillage.people.actions import persons
from maillage.people.models import Consent, Person
from maillage.people.once import once
from maillage.people.rules import NotAllowed
from maillage.web import queries as reads
from maillage.web.desk import people
from maillage.web.desk.who import here, member
from maillage.web.fields import Once, Typed, TypedEmail
from maillage.web.presenters import consent
from maillage.web.presenters import referrals as present
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary

RECENT: Final = 8  # people shown before anything is typed


class QuickForm(forms.Form):
    """Somebody met for the first time: an alias, and in which language we talk."""

    alias = Typed(label=_("What they want to be called"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))  # fmt: skip
    language = forms.ChoiceField(label=_("Language"), required=False)
    once = Once()

    def __init__(self, words: Vocabulary, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.auto_id = "quick_%s"  # a search field stands on the same page
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"), choices=consent.languages(words.territory), required=False
        )


class LetterForm(forms.Form):
    """What is sent. `send`: the details and facts that travel; those beyond the minimum only when they are ticked."""

    send = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    need = forms.ChoiceField(label=_("For what"), required=False)
    area = forms.ChoiceField(label=_("Where they live or stay, if it matters"), required=False)
    message = Typed(
        label=_("A word to the service"), required=False, shorten=rules.LONGEST, help_text=_("The person hears it before it is sent."),
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": rules.LONGEST}),
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_("How"), widget=forms.RadioSelect, initial=Referral.Kind.LETTER, required=False,
        choices=[(Referral.Kind.LETTER, _("We send it, they answer")), (Referral.Kind.WARM, _("We go there together, or call together"))],
    )  # fmt: skip
    is_urgent = forms.BooleanField(label=_("It is urgent: an answer is needed within a day"), required=False)
    email = TypedEmail(
        label=_("E-mail address to which it is sent"), required=False,
        help_text=_("Nobody of this service has an account here: they answer through a link that ends by itself."),
    )  # fmt: skip
    language = forms.ChoiceField(label=_("Language in which the person hears it"), required=False)
    once = Once()

    def __init__(self, draft: Draft, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        words = draft.words
        carried = {**draft.carried.minimum, **draft.carried.beyond}
        self.fields["send"] = forms.MultipleChoiceField(choices=[(code, code) for code in carried], required=False)
        self._choose("need", [("", _("not said")), *draft.needs()])
        self._choose("area", [("", _("not said")), *((area.code, area.name()) for area in words.communes)])
        self._choose("language", consent.languages(words.territory))
        if not draft.by_mail:
            del self.fields["email"]

    def _choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        self.fields[name] = forms.ChoiceField(label=self.fields[name].label, required=False, choices=choices)

    def clean(self) -> dict[str, Any]:
        said = dict(super().clean() or {})
        if "email" in self.fields and not said.get("email") and not self.errors.get("email"):
            self.add_error("email", gettext("Say to which address it is sent: nobody would read it otherwise."))
        if said.get("kind") == Referral.Kind.WARM and not said.get("message"):
            self.add_error("message", gettext("Say with whom it was agreed."))
        return said


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter before it is sent: from whom, about whom, to which service, and what it may carry."""

    service: Service
    card: Card | None
    person: Person
    words: Vocabulary
    carried: rules.Carried
    by_mail: bool  # nobody of the service has an account here

    @property
    def name(self) -> str:
        return say.said(self.card, "name", self.words).text if self.card else self.service.name

    def needs(self) -> list[tuple[str, str]]:
        codes = list(self.card.needs) if self.card else []
        return [(code, self.words.need_name(code)) for code in codes or self.words.needs]

    def first(self) -> dict[str, Any]:
        """What the form shows before anybody has chosen: the minimum, and no more."""
        needs = self.needs()
        wanted = [self.person.language, *self.person.spoken]
        return {
            "send": list(self.carried.minimum), "kind": Referral.Kind.LETTER, "need": needs[0][0] if len(needs) == 1 else "",
            "language": consent.best(self.words.territory, wanted),
            "email": self.card.email if self.card else "",
        }  # fmt: skip

    def what(self, chosen: list[str]) -> dict[str, Any]:
        """Exactly what travels: what was chosen, in a steady order; how they are called is always in it."""
        known = {**self.carried.minimum, **self.carried.beyond}
        return {code: value for code, value in known.items() if code in chosen or code == "called"}


@require_http_methods(["GET", "HEAD", "POST"])
def refer(request: HttpRequest, uuid: UUID) -> HttpResponse:
    service = get_object_or_404(
        Service.objects.visible().select_related("organization", "territory"), territory=here(request), uuid=uuid
    )
    typed = request.POST if request.POST.get("do") == "register" else None
    quick = QuickForm(vocabulary(service.territory), typed, initial={"language": request.LANGUAGE_CODE})
    if request.POST.get("person"):
        return letter(request, drafted(request, service, people.helped(request, request.POST["person"])))
    if quick.is_bound and quick.is_valid() and (person := registered(request, quick)):
        return letter(request, drafted(request, service, person))
    return who(request, service, quick)


def who(request: HttpRequest, service: Service, quick: QuickForm) -> HttpResponse:
    """The first screen: somebody known, or an alias."""
    asked, found, _more = people.looked_for(request)
    found = found if asked else found[:RECENT]
    people.trace_list(request, found)
    context = {
        "service": service, "name": named(service), "asked": asked, "people": people.lines(request, found), "quick": quick,
    }  # fmt: skip
    return render(request, "desk/refer_who.html", context)


def named(service: Service) -> str:
    cards = reads.cards_by_uuid(service.territory, [service.uuid]).get(service.uuid, ())
    return say.said(cards[0], "name", vocabulary(service.territory)).text if cards else service.name


def registered(request: HttpRequest, quick: QuickForm) -> Person | None:
    by, at, house, territory = member(request), timezone.now(), people.own_house(request), here(request)
    said = quick.cleaned_data

    def do() -> UUID:
        return persons.register(territory, house, by=by, at=at, alias=said["alias"], language=said["language"]).uuid

    try:
        made = once(said["once"], "register somebody", by=by, at=at, do=do)
    except persons.Impossible as refusal:
        quick.add_error("alias", gettext(str(refusal)))
        return None
    return people.helped(request, made) if made else None


def drafted(request: HttpRequest, service: Service, person: Person) -> Draft:
    words = vocabulary(service.territory)
    cards = reads.cards_by_uuid(service.territory, [service.uuid]).get(service.uuid, ())
    carried = referring.what_for(service, person)
    by_mail = not referring.carers(service.organization, at=timezone.now())
    return Draft(service, cards[0] if cards else None, person, words, carried, by_mail)


def letter(request: HttpRequest, draft: Draft) -> HttpResponse:
    """The second screen, and from there the third."""
    verb = request.POST.get("do", "")
    if verb != "send":  # each screen shows what is known of them; what is sent leaves a line of its own
        audit.record("read", draft.person, by=member(request), at=timezone.now())
    if verb not in {"read", "send", "change"}:
        return write(request, draft, LetterForm(draft, initial=draft.first()))
    form = LetterForm(draft, request.POST, initial=draft.first())
    is_agreed = verb == "send" and request.POST.get("how") in {Consent.How.SAID, Consent.How.SIGNED}
    if is_agreed and form.is_valid() and (sent := send(request, draft, form)):
        return redirect("desk-referral", uuid=sent)
    if verb == "send":
        audit.record("read", draft.person, by=member(request), at=timezone.now())
    if not form.is_valid() or is_agreed or verb == "change":
        return write(request, draft, form)
    return read_aloud(request, draft, form, unsaid=verb == "send")


def write(request: HttpRequest, draft: Draft, form: LetterForm) -> HttpResponse:
    chosen = set(form["send"].value() or ())
    context = {
        "service": draft.service, "name": draft.name, "person": draft.person, "form": form,
        "minimum": present.carried(draft.carried.minimum, draft.words, chosen),
        "beyond": present.carried(draft.carried.beyond, draft.words, chosen),
        "missing": [draft.words.criterion_name(code) for code in draft.carried.missing],
    }  # fmt: skip
    return render(request, "desk/refer_letter.html", context, status=400 if form.errors else 200)


def asked(request: HttpRequest, draft: Draft, form: LetterForm) -> consent.Asked:
    said, sender = form.cleaned_data, people.house_helping(request, draft.person)
    days = consent.days_of(draft.words.territory)
    return consent.Asked(draft.name, sender.name, draft.what(said["send"]), said["message"], days)


def read_aloud(request: HttpRequest, draft: Draft, form: LetterForm, *, unsaid: bool) -> HttpResponse:
    language = form.cleaned_data["language"] or consent.best(draft.words.territory, [])
    context = {
        "service": draft.service, "name": draft.name, "person": draft.person, "form": form, "language": language,
        "shown": consent.shown(asked(request, draft, form), draft.words, language),
        "everything": [(name, value) for name, values in request.POST.lists() for value in values
                       if name not in {"csrfmiddlewaretoken", "do", "how"}],
        "unsaid": unsaid,
    }  # fmt: skip
    return render(request, "desk/refer_consent.html", context, status=400 if unsaid else 200)


def send(request: HttpRequest, draft: Draft, form: LetterForm) -> UUID | None:
    """The person agreed: their agreement is written, and the letter leaves. A form sent twice is one letter."""
    by, at, said, person = member(request), timezone.now(), form.cleaned_data, draft.person
    house, letter_of = people.house_helping(request, person), asked(request, draft, form)
    language = said["language"] or consent.best(draft.words.territory, [])
    need = draft.words.territory.needs.filter(code=said["need"]).first() if said["need"] else None

    def do() -> UUID:
        agreed = persons.agree(
            person, Consent.Purpose.REFERRAL, organization=draft.service.organization, what=list(letter_of.what),
            shown=consent.shown(letter_of, draft.words, language), language=language, how=request.POST["how"], by=by, at=at,
        )  # fmt: skip
        made, _token = referrals.send(
            person, draft.service, sender=house, need=need, area=said["area"], kind=said["kind"] or Referral.Kind.LETTER,
            what=letter_of.what, message=said["message"], consent=agreed, is_urgent=said["is_urgent"],
            email=said.get("email", ""), by=by, at=at,
        )  # fmt: skip
        return made.uuid

    try:
        return once(said["once"], "send a referral", by=by, at=at, do=do)
    except (rules.NotPossible, rules.ConsentMissing, NotAllowed, persons.Impossible) as refusal:
        form.add_error(None, gettext(str(refusal)))
    return None
