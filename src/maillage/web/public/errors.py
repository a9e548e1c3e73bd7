"""When something is wrong: a clear sentence in the reader's language, and a way on. These pages need no database."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from maillage.web.presenters import roles
from maillage.web.seat import seat


def error_page(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    body = render_to_string("public/error.html", {"title": title, "sentence": sentence, "status": status}, request)
    response = HttpResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    return error_page(
        request,
        400,
        _("We could not read that"),
        _("The page asked for something in a form that we do not understand."),
    )


def too_large(request: HttpRequest) -> HttpResponse:
    sentence = _("What you sent is larger than we can read. Write it shorter, please.")
    return error_page(request, 413, _("That is too much at once"), sentence)


def too_many(request: HttpRequest) -> HttpResponse:
    sentence = _("Too many questions came from the same place within a minute. Please try again in a minute.")
    return error_page(request, 429, _("That is too much at once"), sentence)


def too_often(request: HttpRequest) -> HttpResponse:
    """The library of accounts counts attempts itself; it asks for this page."""
    sentence = _("Too many attempts. For your safety, please wait a few minutes before you try again.")
    response = error_page(request, 429, _("That is too much at once"), sentence)
    response["Retry-After"] = "300"
    return response


def no_such_method(request: HttpRequest, methods: Iterable[str]) -> HttpResponse:
    sentence = _("The page asked for something in a form that we do not understand.")
    response = error_page(request, 405, _("We could not read that"), sentence)
    response["Allow"] = ", ".join(methods)
    return response


def address_too_long(request: HttpRequest) -> HttpResponse:
    return error_page(
        request,
        414,
        _("This address is too long"),
        _("Nobody needs such a long address here. Start from the home page."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Which role it takes, when the gate refused."""
    if (wanted := getattr(exception, "roles", None)) is not None:
        return refused(request, roles.needed(wanted, has_none=not seat(request).roles))
    return refused(request, _("You may not see this page with this account."))


def refused(request: HttpRequest, sentence: str) -> HttpResponse:
    return error_page(request, 403, _("This page is not for everyone"), sentence)


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_page(
        request,
        403,
        _("This form has grown too old"),
        _("For your safety we did not accept it. Go back, load the page again and send it once more."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(
        request, 404, _("This page does not exist"), _("It may have moved, or the service no longer exists.")
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Written without the database or the territory: they may be what is broken."""
    try:
        return error_page(
            request, 500, _("Something went wrong on our side"), _("It is not your fault. Try again in a minute.")
        )
    except Exception:  # noqa: BLE001  # the last resort must answer, whatever broke the page
        return HttpResponse(_("Something went wrong on our side"), status=500, content_type="text/plain; charset=utf-8")
