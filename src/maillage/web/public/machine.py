"""What machines read: robots.txt, the sitemap, the web app manifest, whether we are well."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maillage.directory.guides import guides
from maillage.directory.search.library import library
from maillage.web import queries
from maillage.web.language import territory_of
from maillage.web.presenters.vocabulary import vocabulary

MOST_SERVICES = 45_000  # a sitemap holds at most 50,000 addresses
PAGES = ("home", "help", "activities", "areas", "guides", "library", "rights", "about", "accessibility", "privacy")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """A fictional offer is kept out of search engines: somebody in need must not find it there."""
    territory = territory_of(request)
    if territory is None or territory.has_fiction:
        body = "User-agent: *\nDisallow: /\n"
    else:
        sitemap = request.build_absolute_uri(reverse("sitemap"))
        body = f"User-agent: *\nDisallow: /accounts/\nDisallow: /results/\nDisallow: /questions/\nDisallow: /summary/\nSitemap: {sitemap}\n"
    return HttpResponse(body, content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Pages that anyone may see; addresses of services are their identifiers, never a place."""
    lines = "".join(f"<url><loc>{escape(request.build_absolute_uri(path))}</loc></url>" for path in addresses(request))
    body = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{lines}</urlset>'
    return HttpResponse(body, content_type="application/xml; charset=utf-8")


def addresses(request: HttpRequest) -> Iterator[str]:
    yield from (reverse(name) for name in PAGES)
    territory = territory_of(request)
    if territory is None or territory.has_fiction:
        return
    yield from (reverse("guide", args=[code]) for code in guides(territory))
    yield from (reverse("document", args=[code]) for code in library(territory).by_code)
    yield from (reverse("right", args=[code]) for code in vocabulary(territory).rights)
    for code in vocabulary(territory).areas:
        yield reverse("area", args=[code])
    for uuid, _modified in queries.public_services(territory, limit=MOST_SERVICES):
        yield reverse("service", args=[uuid])


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it where a page names no icon."""
    return HttpResponseRedirect(static("maillage/mark.svg"))


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    territory = territory_of(request)
    name = f"Maillage – {territory}" if territory else "Maillage"
    return JsonResponse(
        {
            "name": name,
            "short_name": "Maillage",
            "description": _("From a need to the services that fit"),
            "start_url": reverse("home"),
            "display": "browser",
            "background_color": "#0c3f45",
            "theme_color": "#0c3f45",
            "icons": [{"src": static("maillage/mark.svg"), "sizes": "any", "type": "image/svg+xml"}],
        },
        content_type="application/manifest+json",
    )


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, holds a territory, and has all its tables; else 503 and which of them is missing."""
    wrong = ""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            wrong = "migrations"
        elif territory_of(request) is None:
            wrong = "territory"
    except DatabaseError:
        wrong = "database"
    answer = JsonResponse({"status": wrong or "ok"}, status=503 if wrong else 200)
    answer["Cache-Control"] = "no-store"
    return answer
