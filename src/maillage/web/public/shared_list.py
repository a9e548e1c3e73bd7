"""A list that somebody was handed: who has the link reads it, without an account, in its language, as things stand now."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maillage.orientation.actions import lists
from maillage.web import queries
from maillage.web.language import CODES, territory_of
from maillage.web.presenters import lists as present
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.public import errors


@require_safe
def shared_list(request: HttpRequest, token: str) -> HttpResponse:
    territory, at = territory_of(request), timezone.now()
    shared = lists.handed_over(territory, token, at=at) if territory else None
    if territory is None or shared is None:
        response = errors.error_page(
            request,
            404,
            _("This list has ended"),
            _(
                "A list lives for some weeks, or until whoever made it ends it. Ask them for a new one, or search here yourself."
            ),
        )
        return sealed(response)
    asked = request.GET.get("language", "")
    language = next(code for code in (asked, shared.language, territory.default_language, "en") if code in CODES)
    with translation.override(language):
        items = list(shared.items.order_by("order", "pk"))
        cards = queries.cards_by_uuid(territory, [item.service_uuid for item in items])
        context = {
            "shared": shared,
            "until": present.until(shared),
            "items": present.items(items, cards, vocabulary(territory), at=at),
            "languages": [(code, name, code == language) for code, name in settings.LANGUAGES],
        }
        response = render(request, "public/list.html", context)
        response["Content-Language"] = language
    return sealed(response)


def sealed(response: HttpResponse) -> HttpResponse:
    """Its address is a secret: kept by nobody, told to no site, found by no search engine."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
