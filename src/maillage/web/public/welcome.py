"""The link of an invitation: it leads to the page where one chooses a password."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maillage.people import accounts
from maillage.web.public import errors


@require_safe
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """A program that reads mails for links may follow it: nothing is used up before a password is chosen."""
    user = accounts.invited(token)
    if user is None:
        return errors.error_page(
            request,
            410,
            _("This invitation no longer serves"),
            _(
                "It serves once, for seven days. If you have chosen a password already, sign in with it; else ask who invited you"
                " to send it again."
            ),
        )
    response = redirect(accounts.password_path(user))
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
