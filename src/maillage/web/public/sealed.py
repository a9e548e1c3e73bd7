"""A page whose address is a secret: kept by nobody, told to no site, found by no search engine, in the language of its reader."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from maillage.web.language import CODES, territory_of
from maillage.web.public import errors


def sealed(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def language_for(request: HttpRequest, preferred: str) -> str:
    """The one asked for in the address, else that of the person, else that of the reader."""
    territory = territory_of(request)
    asked = request.GET.get("language", "")
    usual = territory.default_language if territory else "en"
    return next(code for code in (asked, preferred, request.LANGUAGE_CODE, usual, "en") if code in CODES)


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, language: str, status: int = 200
) -> HttpResponse:
    """Rendered in that language, with the choice of another one."""
    with translation.override(language):
        choices = [(code, name, code == language) for code, name in settings.LANGUAGES]
        response = render(request, template, context | {"languages": choices, "spoken": language}, status=status)
    response["Content-Language"] = language
    return sealed(response)


def gone(request: HttpRequest, title: str, text: str) -> HttpResponse:
    return sealed(errors.error_page(request, 404, title, text))
