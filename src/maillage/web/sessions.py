"""How long one stays signed in: so many hours in all, and not longer than so many minutes without doing anything.

NIST SP 800-63B-4, section 2.2.3, for accounts with a second factor: at most 24 hours in all, one hour of inactivity.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from maillage.people.accounts import BEGAN, SEEN

EVERY = 300  # seconds between two writings of the last use: the hour without activity may be five minutes shorter


class SessionsMiddleware:
    """Before the gate. A session that nobody signed in to (it has no beginning) ends with its cookie."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = int(timezone.now().timestamp())
        began, seen = request.session.get(BEGAN), request.session.get(SEEN, 0)
        if began is not None:
            if is_over(now, began, seen):
                logout(request)
                request._session_is_over = True  # type: ignore[attr-defined]
            elif now - seen >= EVERY and "X-Polls" not in request.headers:  # a screen that polls is nobody's activity
                request.session[SEEN] = now
        return self.get_response(request)


def is_over(now: int, began: int, seen: int) -> bool:
    """Too long ago, or too long without anything; a clock that was set back ends nothing."""
    return now - began >= settings.SESSION_HOURS * 3600 or now - seen >= settings.SESSION_IDLE_MINUTES * 60
