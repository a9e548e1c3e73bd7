"""Every address below /hsds/: open to every site's pages (CORS *), errors as JSON, questions that are too long refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, include, path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from maillage.standards.hsds.api import api, refuse
from maillage.standards.hsds.profile import patch, profile

LONGEST_QUERY = 8_000
View = Callable[..., HttpResponseBase]


def opened(view: View) -> View:
    """Open to all, without cookies: the answer depends on the address and the body only."""

    @csrf_exempt
    @wraps(view)
    def open_to_all(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "OPTIONS":
            response: HttpResponseBase = HttpResponse(status=204)
            response["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
            response["Access-Control-Allow-Headers"] = "Content-Type, Accept, Accept-Language"
            response["Access-Control-Max-Age"] = "86400"
        elif len(request.META.get("QUERY_STRING", "")) > LONGEST_QUERY:
            response = refuse(414, ("", _("The address is too long: send the question in the body (POST).")))
        else:
            try:
                response = view(request, *args, **kwargs)
            except Http404:
                response = refuse(404, ("", _("There is nothing at this address.")))
        response["Access-Control-Allow-Origin"] = "*"
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return open_to_all


def _nothing(request: HttpRequest, rest: str = "") -> HttpResponse:
    return refuse(404, ("", _("There is nothing at this address.")))


patterns: list[URLPattern] = [
    path("profile/", profile, name="profile"),
    path("profile/<slug:name>.json", patch, name="patch"),
    *(pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern)),
]
for pattern in patterns:
    pattern.callback = opened(pattern.callback)
patterns.append(path("<path:rest>", opened(_nothing)))

urlpatterns = [path("", include((patterns, "hsds"), namespace="hsds"))]
