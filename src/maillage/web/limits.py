"""A question that is too long is refused with a sentence, before anything reads it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from maillage.web.public import errors

LONGEST_QUERY = 8_000  # characters after "?"; what is personal travels in the body anyway


class LimitsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if len(request.META.get("QUERY_STRING", "")) > LONGEST_QUERY:
            return errors.address_too_long(request)
        return self.get_response(request)
