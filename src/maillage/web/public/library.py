"""The library: documents to read or to cite. What is typed travels in the body, as for services."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from maillage.directory import shelf
from maillage.directory.models import LibraryDocument
from maillage.directory.search.library import Library, Wish, search
from maillage.directory.search.library import library as read
from maillage.territory.models import Territory
from maillage.web.language import territory_of
from maillage.web.presenters import library as present
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary

BROWSED = ("theme", "language", "kind")  # what may stand in an address: no word of a person


@csrf_exempt  # it changes nothing, and must work for a visitor who takes no cookie
@require_http_methods(["GET", "HEAD", "POST"])
def library(request: HttpRequest) -> HttpResponse:
    territory = territory_of(request)
    if territory is None:
        return render(request, "public/empty.html", status=503)
    words, here = vocabulary(territory), read(territory)
    form = request.POST if request.method == "POST" else request.GET
    said = {name: form.get(name, "") for name in (Wish.__slots__ if request.method == "POST" else BROWSED)}
    wish = Wish.read(said)
    language = (translation.get_language() or "en").split("-")[0]
    found = search(territory, wish, language=language, below=words.below)
    context = {
        "wish": wish,
        "documents": present.entries(found, here, words),
        "how_many": present.how_many(found.total),
        "corrected": found.corrected,
        "next": found.next,
        "carried": carried(wish),
        "everything": carried(wish),
        **filters(wish, here, words),
    }
    response = render(request, "public/library.html", context)
    if request.method == "POST":
        response["Cache-Control"] = "no-store"
    return response


def carried(wish: Wish) -> list[tuple[str, str]]:
    """The wish as fields of a form, without the place in the list."""
    names = [name for name in Wish.__slots__ if name != "after"]
    return [(name, str(getattr(wish, name))) for name in names if getattr(wish, name)]


def filters(wish: Wish, here: Library, words: Vocabulary) -> dict[str, object]:
    return {
        "themes": present.options(present.themes(here, words), wish.theme),
        "kinds": present.options(present.kinds(here), wish.kind),
        "languages": present.options(present.languages(here, words), wish.language),
    }


def one(territory: Territory | None, code: str) -> tuple[Territory, LibraryDocument]:
    document = read(territory).by_code.get(code) if territory else None
    if territory is None or document is None:
        raise Http404
    return territory, document


@require_safe
def document(request: HttpRequest, code: str) -> HttpResponse:
    territory, found = one(territory_of(request), code)
    words = vocabulary(territory)
    shown = present.entry(found, read(territory), words)
    return render(request, "public/document.html", {"document": shown, "authors": found.authors})


@require_safe
def file(request: HttpRequest, code: str) -> HttpResponseBase:
    """The file of a document that the pack holds: found by the document, never by a name in the address."""
    _territory, found = one(territory_of(request), code)
    there = shelf.place(found) if found.file else None
    if there is None or not there.is_file():
        raise Http404
    kind = shelf.TYPES[there.suffix]
    return FileResponse(there.open("rb"), as_attachment=True, filename=f"{code}{there.suffix}", content_type=kind)
