"""The reader's language: the one chosen (cookie), else the browser's, else the territory's."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header

from maillage.directory.queries import served
from maillage.territory.models import Territory

CODES = tuple(code for code, _ in settings.LANGUAGES)
ONE_YEAR = 365 * 24 * 3600


def territory_of(request: HttpRequest) -> Territory | None:
    """The territory that this site serves, read once for each request."""
    return served(request)


def reader_language(request: HttpRequest) -> str:
    """Cookie, then Accept-Language, then the territory's first language that the interface speaks, then English."""
    if (chosen := request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")) in CODES:
        return chosen
    for wanted, _quality in parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "")):
        if wanted == "*":
            break
        try:
            return get_supported_language_variant(wanted)
        except LookupError:
            continue
    try:
        territory = territory_of(request)
    except DatabaseError:  # what is wrong is said in some language
        territory = None
    spoken = territory.languages if territory else []
    return next((str(code) for code in spoken if code in CODES), "en")


def keep_language(response: HttpResponseBase, code: str) -> None:
    """Remember the choice: a cookie that says nothing but a language."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=ONE_YEAR,
        samesite="Lax",
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
    )


class LanguageMiddleware(LocaleMiddleware):
    """A form may carry `set_language`: the page it asks for is answered in that language, which is kept."""

    def process_request(self, request: HttpRequest) -> None:
        translation.activate(reader_language(request))
        request.LANGUAGE_CODE = translation.get_language() or "en"

    def process_view(self, request: HttpRequest, *args: object) -> None:
        chosen = request.POST.get("set_language", "") if request.method == "POST" else ""
        if chosen in CODES:
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
            request._set_language = chosen  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if chosen := getattr(request, "_set_language", ""):
            keep_language(response, chosen)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers.setdefault("Content-Language", translation.get_language() or "en")
        return response
