"""Closed for a time: from when, until when, and what the public reads meanwhile."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from maillage.directory.actions import capacity
from maillage.directory.models import Closure
from maillage.territory.models import Territory
from maillage.web.desk import services
from maillage.web.fields import Typed
from maillage.web.presenters import desk as present
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary

LONGEST = 600  # characters of a message


def day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class ClosureForm(forms.Form):
    """`first` and `last` are whole days, both closed; no last day: until further notice. One message for each language."""

    first = forms.DateField(label=_("First day closed"), widget=day_input())
    last = forms.DateField(
        label=_("Last day closed"),
        required=False,
        widget=day_input(),
        help_text=_("Leave it empty: until further notice."),
    )

    def __init__(self, *args: Any, words: Vocabulary, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.today = today
        for code in languages(words.territory):
            self.fields[f"message_{code}"] = Typed(
                label=gettext("Message to the public (%(language)s)") % {"language": words.language_name(code)},
                required=False, shorten=LONGEST, widget=forms.Textarea(attrs={"rows": 2, "maxlength": LONGEST, "lang": code}),
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        first, last = said.get("first"), said.get("last")
        if first and last and last < first:
            self.add_error("last", gettext("The last day comes before the first."))
        elif last and last < self.today:
            self.add_error("last", gettext("This day is over."))
        return said

    def message(self) -> dict[str, str]:
        prefix = "message_"
        return {
            name.removeprefix(prefix): text
            for name, text in self.cleaned_data.items()
            if name.startswith(prefix) and text
        }


def languages(territory: Territory) -> list[str]:
    return [str(code) for code in territory.languages]


@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, uuid: UUID) -> HttpResponse:
    service = services.editable(request, uuid)
    words, at = vocabulary(service.territory), timezone.now()
    zone = ZoneInfo(service.territory.timezone)
    today = at.astimezone(zone).date()
    form = ClosureForm(request.POST or None, words=words, today=today, initial={"first": today})
    if form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        starts_at = at if first == today else datetime.combine(first, time(0), zone)
        ends_at = datetime.combine(last + timedelta(days=1), time(0), zone) if last else None
        try:
            capacity.close(service, starts_at, ends_at, form.message(), by=services.member(request), at=at)
        except capacity.Impossible as refusal:
            form.add_error("last", str(refusal))
        else:
            messages.success(request, present.closure(starts_at, ends_at, words, at=at))
            return services.back_to(service)
    context = {"form": form, "service": service, "name": services.named(service, words)}
    return render(request, "desk/closure.html", context, status=400 if form.is_bound else 200)


@require_POST
def reopen(request: HttpRequest, uuid: UUID, closure: UUID) -> HttpResponse:
    service = services.editable(request, uuid)
    ended = get_object_or_404(Closure, service=service, uuid=closure)
    capacity.reopen(ended, by=services.member(request), at=timezone.now())
    messages.success(request, gettext("The closure of “%(name)s” is over.") % {"name": service.name})
    return services.back_to(service)
