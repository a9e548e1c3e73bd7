"""Met at night, without papers: a name to call them by, who they are, how many; and they stand on the list. From a telephone."""

from __future__ import annotations

from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from maillage.people.actions import persons
from maillage.people.models import Consent, Person
from maillage.people.once import once
from maillage.people.rules import NotAllowed
from maillage.places import waiting as words
from maillage.places.actions import waiting
from maillage.places.models import Request, Site, WaitingList
from maillage.web.desk.people import own_house
from maillage.web.desk.who import here, member
from maillage.web.fields import Typed
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.seat import seat

TONIGHT = (Site.Kind.SHELTER, Site.Kind.SURGE)
SHOWN = gettext_lazy(
    "You ask for a place on the list “%(list)s”. %(keeper)s keeps it and reads the name that you gave, whether you are a man or a "
    "woman, how many you are and where you are now. A house that has a place for you reads the same. You may say no to a place."
)


class StreetForm(forms.Form):
    """Three fields; where they are, and the list, when there are several."""

    alias = Typed(
        max_length=80, shorten=80, label=gettext_lazy("What shall we call them?"),
        help_text=gettext_lazy("Any name that they answer to. No papers are needed."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    gender = forms.ChoiceField(
        choices=[*Person.Gender.choices, ("", gettext_lazy("not said"))], required=False, widget=forms.RadioSelect,
        label=gettext_lazy("Who are they?"),
    )  # fmt: skip
    people = forms.IntegerField(
        min_value=1, max_value=words.MOST_PEOPLE, initial=1, label=gettext_lazy("How many people?"),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip

    def __init__(self, lists: list[WaitingList], areas: list[tuple[str, str]], *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.fields["area"] = forms.ChoiceField(
            choices=[("", gettext("not said")), *areas], required=False, label=gettext("Where are they now?")
        )
        self.fields["list"] = forms.ChoiceField(
            choices=[(str(one.uuid), one.name()) for one in lists], label=gettext("List"),
            initial=str(lists[0].uuid) if lists else "", widget=forms.HiddenInput if len(lists) == 1 else forms.RadioSelect,
        )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def street(request: HttpRequest) -> HttpResponse:
    lists = lists_of(request)
    areas = sorted(((one.code, one.name()) for one in vocabulary(here(request)).communes), key=lambda one: one[1])
    form = StreetForm(lists, areas, request.POST or None)
    if form.is_valid():
        chosen = next(one for one in lists if str(one.uuid) == form.cleaned_data["list"])
        if needs_leave(request, chosen) and not request.POST.get("agrees"):
            form.add_error(None, _("Read it to them first: without their yes nothing is sent."))
        elif person := registered(request, form, chosen):
            return redirect("desk-person", uuid=person)
    context = {
        "form": form, "lists": lists, "once": request.POST.get("once") or uuid4(), "agrees": bool(request.POST.get("agrees")),
        "shown": [shown(one) for one in lists if needs_leave(request, one)],
    }  # fmt: skip
    return render(request, "desk/street.html", context, status=400 if form.errors else 200)


def lists_of(request: HttpRequest) -> list[WaitingList]:
    """Lists of beds for tonight, else all on which one waits; those of a nightly draw have their own window and page."""
    rows = WaitingList.objects.filter(territory=here(request), kind=WaitingList.Kind.QUEUE)
    rows = rows.select_related("keeper", "territory").order_by("pk")
    return list(rows.filter(groups__site__kind__in=TONIGHT).distinct()) or list(rows)


def needs_leave(request: HttpRequest, waiting_list: WaitingList) -> bool:
    return waiting_list.keeper_id is not None and waiting_list.keeper_id not in seat(request).helps_in()


def shown(waiting_list: WaitingList) -> str:
    """What is read to them, and kept as it was read."""
    keeper = waiting_list.keeper.name if waiting_list.keeper else ""
    return str(SHOWN) % {"list": waiting_list.name(), "keeper": keeper}


def registered(request: HttpRequest, form: StreetForm, waiting_list: WaitingList) -> UUID | None:
    """The record, their yes, the request: all of it or nothing, and once however often the telephone sends it."""
    by, at, said = member(request), timezone.now(), form.cleaned_data
    house = own_house(request)

    def do() -> UUID:
        person = persons.register(
            here(request),
            house,
            by=by,
            at=at,
            alias=said["alias"],
            gender=said["gender"],
            contact=Person.Contact.WORKER,
        )
        leave = None
        if needs_leave(request, waiting_list):
            leave = persons.agree(
                person, Consent.Purpose.WAITING_LIST, organization=waiting_list.keeper, what=["alias", "gender", "people", "area"],
                shown=shown(waiting_list), language=request.LANGUAGE_CODE or "", how=Consent.How.SAID, by=by, at=at,
            )  # fmt: skip
        made, _token = waiting.ask(
            waiting_list, person, people=said["people"], area=said["area"], consent=leave, asked_by=house,
            channel=Request.Channel.STREET, by=by, at=at,
        )  # fmt: skip
        return made.person.uuid

    try:
        found = once(request.POST.get("once", ""), "met in the street", by=by, at=at, do=do)
    except (words.Refused, NotAllowed, persons.Impossible) as refusal:
        form.add_error(None, gettext(str(refusal)))
        return None
    messages.success(
        request,
        _("They stand on the list “%(list)s” now: those who keep it see them within seconds.")
        % {"list": waiting_list.name()},
    )
    return found
