"""Add a service: the same form as to edit one. It is shown to nobody until a moderator has read it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from maillage.directory import sheet
from maillage.directory.actions import editing
from maillage.directory.models import Change
from maillage.methods.text import typed
from maillage.people.actions import members
from maillage.people.models import Organization
from maillage.web.desk import queries, services
from maillage.web.desk.service_edit import told, typed_form
from maillage.web.desk.sheet_form import SheetForm, sheet_field, typed_values
from maillage.web.fields import Typed
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.seat import seat


class WhoseForm(forms.Form):
    """One of the organisations where somebody edits; a moderator may also name any other, or a new one."""

    organization = forms.ModelChoiceField(
        Organization.objects.none(), to_field_name="uuid", required=False, label=gettext_lazy("Organisation")
    )
    name = Typed(
        max_length=400, required=False, label=gettext_lazy("Another organisation"),
        help_text=gettext_lazy("Its name. When none has this name, it is added."),
    )  # fmt: skip

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST or None)
        sits = seat(request)
        own = Organization.objects.filter(pk__in=queries.organizations(sits)).order_by("name")
        choice = self.fields["organization"]
        choice.queryset = own  # type: ignore[attr-defined]
        choice.initial = own.first()
        if not sits.moderates:
            del self.fields["name"]
        if not own:
            del self.fields["organization"]

    def clean(self) -> dict[str, object]:
        said = super().clean() or {}
        if not said.get("organization") and not said.get("name") and not self.errors:
            raise forms.ValidationError(gettext("Say whose service it is."))
        return said

    def whose(self, request: HttpRequest) -> Organization:
        """Raises NotAllowed when it is new, and who asks may not add one."""
        name, territory = self.cleaned_data.get("name"), services.here(request)
        if not name:
            return self.cleaned_data["organization"]  # type: ignore[no-any-return]
        known = Organization.objects.filter(territory=territory, name__iexact=name).order_by("pk").first()
        return known or members.create_organization(territory, name, by=services.member(request))


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    words = vocabulary(services.here(request))
    whose = WhoseForm(request)
    if request.method != "POST":
        return show(request, whose, SheetForm(words, {"status": "active"}, opened="what"))
    values = typed_values(request.POST, words)
    if "check" in request.POST or not whose.is_valid():
        return show(
            request, whose, typed_form(request, words, values, opened="hours" if "check" in request.POST else "what")
        )
    try:
        change = opened(request, whose, {name: said for name, said in values.items() if said})
    except sheet.SheetError as wrong:
        return show(request, whose, typed_form(request, words, values, wrong.errors), status=400)
    messages.success(request, told(change))
    return redirect("desk-change", uuid=change.uuid)


@transaction.atomic
def opened(request: HttpRequest, whose: WhoseForm, values: dict[str, object]) -> Change:
    """The organisation, when it is new, and the service: both or neither."""
    note = typed(request.POST.get("note", ""), editing.LONGEST_NOTE)
    return editing.open_service(
        services.here(request), whose.whose(request), values, by=services.member(request), note=note, at=timezone.now()
    )


def show(request: HttpRequest, whose: WhoseForm, form: SheetForm, *, status: int = 200) -> HttpResponse:
    context = {
        "whose": whose,
        "sections": form.sections(),
        "wrong": [(sheet_field(name), sentence) for name, sentence in form.errors.items()],
        "note": request.POST.get("note", ""),
    }
    return render(request, "desk/edit.html", context, status=status)
