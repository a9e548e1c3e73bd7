"""Citations of the library, for one document or for all that a search found. The words of a search travel in the body."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from maillage.directory.models import LibraryDocument
from maillage.directory.search.library import Wish, library, search
from maillage.orientation.queries import vocabulary
from maillage.standards.citations import Work, to_bibtex, to_csl, to_ris
from maillage.territory.models import Territory

FORMATS: dict[str, tuple[Callable[[Iterable[Work]], str], str]] = {
    "bib": (to_bibtex, "application/x-bibtex; charset=utf-8"),
    "ris": (to_ris, "application/x-research-info-systems; charset=utf-8"),
    "json": (to_csl, "application/vnd.citationstyles.csl+json; charset=utf-8"),
}


def work(document: LibraryDocument) -> Work:
    return Work(
        document.code,
        document.kind,
        document.title,
        tuple(document.authors),
        document.year,
        document.publisher,
        document.language,
        document.url,
        document.identifier,
        document.abstract,
    )


@require_safe
def one(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    territory = Territory.objects.current()
    document = library(territory).by_code.get(code) if territory else None
    if document is None:
        raise Http404
    return answer([document], kind, code)


@csrf_exempt  # it changes nothing, and must work for a visitor who takes no cookie
@require_http_methods(["GET", "HEAD", "POST"])
def several(request: HttpRequest, kind: str) -> HttpResponse:
    territory = Territory.objects.current()
    if territory is None:
        raise Http404
    wish = Wish.read(request.POST.dict() if request.method == "POST" else {})
    language = (translation.get_language() or "en").split("-")[0]
    found = search(territory, wish, language=language, below=vocabulary(territory).below, limit=None)
    response = answer(found.documents, kind, "library")
    response["Cache-Control"] = "no-store"
    return response


def answer(documents: Iterable[LibraryDocument], kind: str, name: str) -> HttpResponse:
    write, content_type = FORMATS[kind]
    body = write(work(document) for document in documents)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return HttpResponse(body, content_type=content_type, headers=headers)


urlpatterns = [path(f"export.{kind}", several, {"kind": kind}, name=f"library-{kind}") for kind in FORMATS] + [
    path(f"<slug:code>/cite.{kind}", one, {"kind": kind}, name=f"document-{kind}") for kind in FORMATS
]
