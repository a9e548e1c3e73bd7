"""Choose a language without JavaScript, and stay on the page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST


@csrf_exempt  # it changes a language, nothing else; a visitor without cookies must be able to
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """The middleware has read `set_language` and keeps it; here we only go back to where the reader was."""
    target = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(target if safe else "/")
