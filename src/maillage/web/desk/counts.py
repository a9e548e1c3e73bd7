"""The count of a night: opened at a desk, told in the street on a telephone or by a service, its totals, its end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maillage.directory.models import Service
from maillage.methods.text import typed
from maillage.people.models import Person
from maillage.people.once import once
from maillage.people.rules import NotAllowed
from maillage.places import counting
from maillage.places import queries as places
from maillage.places.actions import counts as actions
from maillage.places.models import Count, CountLine, Site
from maillage.web.access import COORDINATORS
from maillage.web.desk.who import here, member
from maillage.web.fields import Once, Typed, key
from maillage.web.presenters import counts as present
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.seat import seat
from maillage.web.sheets import csv_answer

MOST = 50  # counts listed


class OpenForm(forms.Form):
    method = forms.ChoiceField(label=_("Way of counting"))
    held_on = forms.DateField(label=_("Night of the count"), widget=forms.DateInput(attrs={"type": "date"}))
    zones = Typed(
        label=_("Zones"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line. Empty: the areas of the territory."),
    )  # fmt: skip

    def __init__(self, methods: list[tuple[str, str]], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["method"].choices = methods  # type: ignore[attr-defined]


class SeenForm(forms.Form):
    """One person, or people who are alike. What they say of themselves leaves a mark and no word."""

    category = forms.ChoiceField(label=_("Where are they?"), widget=forms.RadioSelect)
    people = forms.IntegerField(
        label=_("How many people?"),
        initial=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "number"}),
    )
    public = forms.ChoiceField(label=_("Who are they?"), required=False)
    initials = Typed(
        label=_("Initials"), required=False, shorten=12,
        help_text=_("First letter of the first name, first letter of the family name."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )  # fmt: skip
    birth_year = forms.IntegerField(
        label=_("Year of birth"), required=False, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
    )
    gender = forms.ChoiceField(
        label=_("Gender"),
        required=False,
        choices=[("", _("not said")), *Person.Gender.choices],
        widget=forms.RadioSelect,
    )
    once = Once()

    def __init__(
        self, categories: list[tuple[str, str]], publics: list[tuple[str, str]], *args: Any, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.fields["category"].choices = categories  # type: ignore[attr-defined]
        self.fields["public"].choices = [("", _("not said")), *publics]  # type: ignore[attr-defined]
        if len(categories) == 1:
            self.fields["category"].initial = categories[0][0]


def one_of(request: HttpRequest, uuid: UUID) -> Count:
    return get_object_or_404(Count, territory=here(request), uuid=uuid)


def leads(request: HttpRequest) -> bool:
    return bool(seat(request).territory_roles & COORDINATORS)


@require_http_methods(["GET", "HEAD", "POST"])
def counts(request: HttpRequest) -> HttpResponse:
    """The counts of this territory; who leads them opens one."""
    territory = here(request)
    methods = present.methods(territory.content)
    may_open = leads(request) and bool(methods)
    form = OpenForm(methods, request.POST or None, initial={"held_on": places.night(territory, timezone.now())})
    if request.method == "POST":
        if not may_open:
            raise Http404
        if form.is_valid() and (opened := opened_by(request, form)):
            return redirect("desk-count", uuid=opened.uuid)
    rows = Count.objects.filter(territory=territory).order_by("-held_on", "-pk")[:MOST]
    context = {
        "counts": [present.count(row) for row in rows],
        "form": form if may_open else None,
        "leads": leads(request),
    }
    return render(request, "desk/counts.html", context)


def opened_by(request: HttpRequest, form: OpenForm) -> Count | None:
    said = form.cleaned_data
    try:
        return actions.open_count(
            here(request), said["method"], held_on=said["held_on"],
            zones=counting.zones_typed(said["zones"].splitlines()), by=member(request), at=timezone.now(),
        )  # fmt: skip
    except (counting.NotCounted, NotAllowed) as refusal:
        form.add_error(None, gettext(str(refusal)))
    return None


@require_safe
def count(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Where do you count? A zone of the street, or a service of yours."""
    one = one_of(request, uuid)
    mine = present.people_by_zone(one.lines.filter(by=member(request)))
    context = {
        "count": present.count(one),
        "zones": present.zones(one, mine),
        "services": present.services(services_of(request), one, mine),
        "leads": leads(request),
    }
    return render(request, "desk/count.html", context)


def services_of(request: HttpRequest) -> list[Service]:
    """Those with places where whoever asks works; for who leads, all of them."""
    held = seat(request)
    rows = Service.objects.visible().filter(pk__in=Site.objects.filter(territory=here(request)).values("service"))
    if not leads(request):
        carer = [key for key, roles in held.organizations.items() if roles & {"professional", "administrator"}]
        rows = rows.filter(organization__in=carer)
    return list(rows.order_by("name", "pk"))


@require_http_methods(["GET", "HEAD", "POST"])
def zone(request: HttpRequest, uuid: UUID, zone: str) -> HttpResponse:
    """The form of a zone, used in the street at eleven at night; below it, what this telephone has told there."""
    one = one_of(request, uuid)
    found = next((each["label"] for each in one.zones if each["code"] == zone), None)
    if found is None:
        raise Http404
    return form_of(request, one, title=found, zone=zone)


@require_http_methods(["GET", "HEAD", "POST"])
def service(request: HttpRequest, uuid: UUID, service: UUID) -> HttpResponse:
    """How many people are with a service that night, told by those who work there."""
    one = one_of(request, uuid)
    there = next((each for each in services_of(request) if each.uuid == service), None)
    if there is None:
        raise Http404
    name = present.service_name(there)
    return form_of(request, one, title=name, zone=f"{counting.SERVICE_ZONE}{service}", service=there)


def form_of(request: HttpRequest, one: Count, *, title: str, zone: str, service: Service | None = None) -> HttpResponse:
    words = vocabulary(one.territory)
    source = counting.SERVICE if service else counting.STREET
    categories = present.categories(one, source)
    publics = [(code, words.public_name(code)) for code in words.publics]
    form = SeenForm(categories, publics, request.POST or None)
    if form.is_valid() and told(request, one, form, zone, service):
        return redirect(request.path)
    mine = list(one.lines.filter(zone=zone, by=member(request)).order_by("-at", "-pk")[:MOST])
    context = {
        "count": present.count(one), "title": title, "form": form, "lines": present.lines(mine, one, words),
        "total": sum(line.people for line in mine), "has_mark": any(form[name].value() for name in ("initials", "birth_year")),
    }  # fmt: skip
    return render(request, "desk/count_zone.html", context, status=400 if form.is_bound else 200)


def told(request: HttpRequest, one: Count, form: SeenForm, zone: str, service: Service | None) -> bool:
    """Whether it was written; else the form has the sentence that tells why."""
    said, by, at = form.cleaned_data, member(request), timezone.now()

    def write() -> UUID:
        line = actions.tell(
            one, category=said["category"], people=said["people"], zone=zone, service=service, public=said["public"],
            initials=said["initials"], birth_year=said["birth_year"], gender=said["gender"], by=by, at=at,
        )  # fmt: skip
        return line.uuid

    try:
        once(said["once"], "count", by=by, at=at, do=write)
    except (counting.NotCounted, NotAllowed) as refusal:
        form.add_error(None, gettext(str(refusal)))
        return False
    messages.success(request, present.written(said["people"]))
    return True


@require_POST
def take_back(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A line that was a mistake, taken back by who wrote it."""
    one = one_of(request, uuid)
    line = get_object_or_404(CountLine, count=one, by=member(request), pk=key(typed(request.POST.get("line", ""), 20)))
    try:
        actions.take_back(line, by=member(request), at=timezone.now())
        messages.success(request, gettext("Taken back."))
    except (counting.NotCounted, NotAllowed) as refusal:
        messages.error(request, gettext(str(refusal)))
    return redirect(present.address(one, line.zone))


@require_http_methods(["GET", "HEAD", "POST"])
def totals(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """With and without double counting, by category, source and zone; small numbers protected. Here it is closed."""
    one = one_of(request, uuid)
    if request.method == "POST":
        try:
            actions.close(one, by=member(request), at=timezone.now())
            messages.success(request, gettext("The count is closed: nothing changes in it any more."))
        except (counting.NotCounted, NotAllowed) as refusal:
            messages.error(request, gettext(str(refusal)))
        return redirect(request.path)
    found = present.totals(one, counting.total(actions.lines(one)), vocabulary(one.territory))
    return render(request, "desk/count_total.html", {"count": present.count(one), "found": found})


@require_safe
def table(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The totals as CSV, protected as the page is."""
    one = one_of(request, uuid)
    found = present.totals(one, counting.total(actions.lines(one)), vocabulary(one.territory))
    return csv_answer(f"count-{one.method}-{one.held_on}", present.csv_rows(found, one))
