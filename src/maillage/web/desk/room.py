"""How much room there is, in two taps: what (on the card), then for how long (here). Links and buttons, no JavaScript."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from maillage.directory.actions import capacity
from maillage.directory.models import Service, ServiceCapacity
from maillage.web.desk import services
from maillage.web.fields import Typed
from maillage.web.presenters import desk as present
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary

MOST = 100_000


@dataclass(frozen=True, slots=True)
class Said:
    """What the first tap said: full, has room, or a number. `status` empty: it was "other", the form asks."""

    status: str = ""
    available: int | None = None

    @property
    def words(self) -> str:
        if self.available is not None and self.status == present.ROOM:
            return gettext("%(n)s free") % {"n": self.available}
        return str(say.ROOM[self.status]) if self.status else ""


def tapped(text: str) -> Said:
    """The first tap, from the address: "full", "room" or a number; anything else opens the whole form."""
    if text == "full":
        return Said(present.FULL, 0)
    if text == "room":
        return Said(present.ROOM)
    if text.isdecimal() and text.isascii() and 0 < int(text[:6]) <= MOST:
        return Said(present.ROOM, int(text[:6]))
    return Said(present.FULL, 0) if text == "0" else Said()


class RoomForm(forms.Form):
    status = forms.ChoiceField(
        label=_("How much room is there?"), choices=[(code, say.ROOM[code]) for code in ServiceCapacity.Status.values],
        widget=forms.RadioSelect,
    )  # fmt: skip
    available = forms.IntegerField(
        label=_("How many places are free, if you know"), required=False, min_value=0, max_value=MOST,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    unit = Typed(required=False, shorten=60, widget=forms.HiddenInput)
    holds = forms.ChoiceField(choices=list(present.HOLDS.items()))

    def clean(self) -> dict[str, object]:
        said = dict(super().clean() or {})
        if said.get("status") == present.FULL:
            if said.get("available"):
                self.add_error(
                    "available",
                    gettext("Full means that no place is free: empty the number, or say that there is room."),
                )
            said["available"] = 0
        elif said.get("status") == present.ROOM and said.get("available") == 0:
            self.add_error("available", gettext("No place is free: say that it is full."))
        return said


@require_http_methods(["GET", "HEAD", "POST"])
def room(request: HttpRequest, uuid: UUID) -> HttpResponse:
    service = services.editable(request, uuid)
    words, at = vocabulary(service.territory), timezone.now()
    said = tapped(request.GET.get("say", ""))
    unit = request.GET.get("unit", "")[:60].replace("\x00", "") or present.DEFAULT_UNIT
    form = RoomForm(request.POST or None, initial={"unit": unit, "status": said.status, "available": said.available})
    if form.is_valid() and say_it(request, service, form, words, at=at):
        return services.back_to(service)
    context = {
        "form": form,
        "said": Said() if form.is_bound else said,
        "holds": present.holds(words, at=at),
        "service": service,
        "name": services.named(service, words),
    }
    return render(request, "desk/room.html", context, status=400 if form.is_bound else 200)


def say_it(request: HttpRequest, service: Service, form: RoomForm, words: Vocabulary, *, at: datetime) -> bool:
    """Whether it was said; else the form has the sentence that tells why."""
    told = form.cleaned_data
    until = present.expiry(told["holds"], words, at=at)
    try:
        capacity.say(
            service, available=told["available"], status=told["status"], unit=told["unit"], expires_at=until,
            by=services.member(request), at=at,
        )  # fmt: skip
    except capacity.Impossible as refusal:
        form.add_error("available", str(refusal))
        return False
    sentence = gettext("%(room)s. It holds until %(until)s; after that, nobody is told anything about room.")
    said = Said(told["status"], told["available"]).words
    messages.success(request, sentence % {"room": said, "until": present.moment(until, words)})
    return True
