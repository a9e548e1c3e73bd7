"""The first page, and the one for when it is urgent."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maillage.web.language import territory_of
from maillage.web.presenters import draws, emergency
from maillage.web.presenters.vocabulary import vocabulary


def examples() -> list[str]:
    """Ways of saying it, so that nobody thinks that official words are needed."""
    return [
        _("a bed tonight, two children, she speaks Arabic"),
        _("a psychologist who takes people without papers"),
        _("company for my father who no longer goes out"),
    ]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    territory = territory_of(request)
    if territory is None:
        return render(request, "public/empty.html", status=503)
    words = vocabulary(territory)
    return render(
        request,
        "public/home.html",
        {
            "tiles": words.children.get("", []),
            "examples": examples(),
            "draw": draws.open_tonight(territory, at=timezone.now()),
        },
    )


@require_safe
def help_now(request: HttpRequest) -> HttpResponse:
    territory = territory_of(request)
    flags = emergency.flags(vocabulary(territory)) if territory else []
    shared = emergency.first_calls(flags)
    context = {
        "flags": emergency.besides(flags, shared),
        "shared": shared,
        "draw": draws.open_tonight(territory, at=timezone.now()) if territory else None,
        "has_numbers": any(contact.number for flag in flags for contact in flag.contacts),
    }
    return render(request, "public/help.html", context)
