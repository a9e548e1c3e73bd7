"""What is refused with a sentence before anything reads it: methods that no page has, questions that are too long or too many."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from maillage.web import rate
from maillage.web.public import errors

LONGEST_QUERY = 8_000  # characters after "?"; what is personal travels in the body anyway
METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")
MACHINES: Final = ("/api/", "/hsds/")  # refuse in their own form
A_MINUTE: Final = 60
FORM: Final = "application/x-www-form-urlencoded"
# what costs a search, or could be guessed by trying
COUNTED: Final = frozenset({
    "results", "questions", "service", "library", "guide", "summary", "activities", "area", "list", "welcome", "api:orientation",
    "referral", "my-referral", "ask",
})  # fmt: skip


class LimitsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(MACHINES):
            return self.get_response(request)
        if request.method not in METHODS:
            return errors.no_such_method(request, METHODS)
        if len(request.META.get("QUERY_STRING", "")) > LONGEST_QUERY:
            return errors.address_too_long(request)
        if request.content_type == FORM and _length(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return errors.too_large(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name not in COUNTED or request.method == "OPTIONS" or COUNTS.allow(rate.visitor(request)):
            return None
        if name.startswith("api:"):
            problem = {"field": "", "sentence": gettext("Too many questions from one place: please wait a minute.")}
            response: HttpResponse = JsonResponse({"problems": [problem]}, status=429)
            response["Access-Control-Allow-Origin"], response["Cache-Control"] = "*", "no-store"
        else:
            response = errors.too_many(request)
        response["Retry-After"] = str(rate.wait(A_MINUTE))
        return response


class Counts:
    """Searches of this minute, in the memory of this process: a search must not wait for a counter in the database, so that each
    process counts on its own. Under a keyed hash that is forgotten with the minute."""

    def __init__(self) -> None:
        self._lock, self._window = Lock(), 0
        self._seen: Counter[str] = Counter()

    def allow(self, visitor: str) -> bool:
        if not settings.SEARCHES_A_MINUTE:
            return True
        key, window = salted_hmac("maillage.limits", visitor).hexdigest(), int(time.time()) // A_MINUTE
        with self._lock:
            if window != self._window:
                self._window = window
                self._seen.clear()
            self._seen[key] += 1
            return self._seen[key] <= settings.SEARCHES_A_MINUTE


COUNTS: Final = Counts()


def _length(request: HttpRequest) -> int:
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isascii() and said.isdigit() else 0
