"""HSDS 3.1 over HTTP: open, without a key, read only. POST asks the same as GET, with what is personal in the body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Query, Schema
from ninja.errors import ValidationError
from pydantic import ValidationError as Invalid

from maillage.directory.queries import change_number, kept_instead, served
from maillage.standards.hsds import filters, paging
from maillage.standards.hsds.docs import Docs
from maillage.standards.hsds.filters import (
    OrganizationFilters,
    Paged,
    PlacingFilters,
    Refusal,
    ServiceFilters,
    TermFilters,
)
from maillage.standards.hsds.shelf import Shelf
from maillage.standards.hsds.words import VERSION
from maillage.territory.models import Territory

MOST_BYTES = 64_000
PER_PAGE = 50
# what lays out the answer, and does not decide which objects are found
LAYOUT = frozenset({"page", "per_page", "format", "full", "minimal", "full_service"})
F = TypeVar("F", bound=Paged)
Find = Callable[[Territory, list[Any]], Any]  # a territory and filters -> a queryset: see filters.py
Asks = Callable[[str], bool]  # whether a parameter is asked for
Give = Callable[[Shelf, Any, Asks], list[Any]]  # objects, in the order of the queryset


class RootOut(Schema):
    version: str
    profile: str
    openapi_url: str


class PageOut(Schema):
    """A page of objects; `contents` are objects of HSDS 3.1 with the property `maillage` of our profile."""

    total_items: int
    total_pages: int
    page_number: int
    size: int
    first_page: bool
    last_page: bool
    empty: bool
    contents: list[dict[str, Any]]


class ErrorOut(Schema):
    field: str
    sentence: str


class ErrorsOut(Schema):
    errors: list[ErrorOut]


api = NinjaAPI(
    title="Maillage, HSDS 3.1",
    version=VERSION,
    urls_namespace="hsds",
    docs=Docs(),
    docs_url="/docs",
    description="The directory in the Human Services Data Specification 3.1. Open to all, without a key; filters are cumulative.",
)
REFUSALS = {401: ErrorsOut, 403: ErrorsOut, 404: ErrorsOut, 414: ErrorsOut, 422: ErrorsOut, 503: ErrorsOut}
LIST: dict[Any, Any] = {200: PageOut, **REFUSALS}
LINES = {"responses": {200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}}}  # format=ndjson
ONE: dict[Any, Any] = {200: dict[str, Any], **REFUSALS}


# --- answers --------------------------------------------------------------------------------------------------------------------------


def answer(found: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(found), content_type="application/json", status=status)


def refuse(status: int, *errors: tuple[str, str]) -> HttpResponse:
    return answer({"errors": [{"field": field, "sentence": sentence} for field, sentence in errors]}, status)


def sentences(errors: Sequence[Any]) -> list[tuple[str, str]]:
    """What is wrong with each parameter, as a sentence."""
    told = {
        "page": _("page is a whole number, from 1."),
        "per_page": _("per_page is a whole number, from 1 to %(most)s.") % {"most": filters.MOST_PER_PAGE},
        "format": _("format is json or ndjson."),
        "modified_after": _("modified_after is a moment in ISO 8601, as 2026-01-31T12:00:00Z."),
        "proximity": _("proximity is a whole number of metres."),
        "search": _("search is at most 1,000 characters."),
        "postcode": _("postcode is at most 20 characters."),
    }
    found: dict[str, str] = {}
    for error in errors:
        name = str(error["loc"][-1]) if error.get("loc") else ""
        if name.endswith("_id"):
            found[name] = _("%(name)s is a UUID.") % {"name": name}
        else:
            found[name] = told.get(name) or _("%(name)s is true or false.") % {"name": name}
    return list(found.items())


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return refuse(422, *sentences(error.errors))


@api.exception_handler(Refusal)
def _refused(request: HttpRequest, error: Refusal) -> HttpResponse:
    return refuse(422, (error.field, error.sentence))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return refuse(404, ("id", _("There is no such object here.")))


class NothingLoaded(Exception):
    """No territory is loaded."""


@api.exception_handler(NothingLoaded)
def _nothing(request: HttpRequest, error: NothingLoaded) -> HttpResponse:
    return refuse(503, ("", _("No territory is loaded here yet.")))


def current(request: HttpRequest) -> tuple[Territory, int]:
    """The territory that this site serves, and the change number of its directory; what the middleware read is not read again."""
    territory = served(request)
    if territory is None:
        raise NothingLoaded
    return territory, change_number(territory)


def sent(request: HttpRequest, model: type[F], query: F) -> list[F]:
    """The parameters of the address, and those of the body: all count."""
    if request.method != "POST":
        return [query]
    length = request.META.get("CONTENT_LENGTH") or "0"
    raw = request.read(MOST_BYTES + 1) if length.isdigit() and int(length) <= MOST_BYTES else b" " * (MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise Refusal("", _("This is too long: at most %(n)s bytes.") % {"n": MOST_BYTES})
    try:
        body = msgspec.json.decode(raw or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal("", _("This is not JSON in UTF-8.")) from None
    if not isinstance(body, dict):
        raise Refusal("", _("Send an object: field and value."))
    try:
        return [query, model.model_validate(body)]
    except Invalid as error:
        raise ValidationError([dict(one) for one in error.errors()]) from None


def listed(request: HttpRequest, find: Find, query: F, give: Give) -> HttpResponseBase:
    """A Page of what `find` finds, or a stream of everything."""
    told = sent(request, type(query), query)
    territory, sequence = current(request)
    queryset, shelf = find(territory, told), Shelf.of(territory)

    def first(name: str) -> Any:
        return next((value for f in reversed(told) if (value := getattr(f, name)) is not None), None)

    def asks(name: str) -> bool:
        return any(getattr(f, name) for f in told)

    if first("format") == "ndjson":
        parts = (give(shelf, some, asks) for some in paging.chunks(queryset))
        stream = (b"".join(msgspec.json.encode(one) + b"\n" for one in part) for part in parts)
        return StreamingHttpResponse(stream, content_type="application/x-ndjson")
    found = paging.marks(queryset, (territory.pk, sequence, find.__name__, str([_filters(f) for f in told])))
    everything = first("per_page") is None and any(getattr(f, "minimal", None) for f in told)
    size = max(found.total, 1) if everything else first("per_page") or PER_PAGE
    number = first("page") or 1
    begin = (number - 1) * size
    contents = give(shelf, paging.slice_of(queryset, found, begin, size), asks) if begin < found.total else []
    return answer(paging.page(found.total, number, size, contents))


def _filters(told: Paged) -> list[tuple[str, Any]]:
    """What decides which objects are found."""
    return sorted((name, value) for name, value in vars(told).items() if value is not None and name not in LAYOUT)


def one(request: HttpRequest, find: Find, identifier: str, give: Callable[[Shelf, Any], list[Any]]) -> HttpResponse:
    """The object with this UUID; what is no UUID names none."""
    territory, _sequence = current(request)
    try:
        uuid = UUID(identifier)
    except ValueError:
        raise Http404 from None
    found = give(Shelf.of(territory), find(territory, []).filter(uuid=uuid))
    if not found:
        raise Http404
    return answer(found[0])


def body(model: type[Schema]) -> dict[str, Any]:
    schema = model.model_json_schema()
    return {"requestBody": {"required": False, "content": {"application/json": {"schema": schema}}}}


# --- the five collections -------------------------------------------------------------------------------------------------------------


@api.get("/", response={200: RootOut, **REFUSALS}, summary="What this API is")
def root(request: HttpRequest) -> HttpResponse:
    """The version of the standard, our profile, and this description."""
    profile, description = reverse("hsds:profile"), reverse("hsds:openapi-json")
    return answer(
        {
            "version": VERSION,
            "profile": request.build_absolute_uri(profile),
            "openapi_url": request.build_absolute_uri(description),
        }
    )


@api.get("/services", response=LIST, summary="Services", openapi_extra=LINES)
def services(request: HttpRequest, query: Query[ServiceFilters]) -> HttpResponseBase:
    """Services that fulfil every parameter."""

    def give(shelf: Shelf, some: Any, asks: Asks) -> list[Any]:
        return shelf.minimal(some) if asks("minimal") else shelf.services(some, full=asks("full"))

    return listed(request, filters.services, query, give)


@api.post("/services", response=LIST, summary="Services, asked in the body", openapi_extra=body(ServiceFilters) | LINES)
def services_asked(request: HttpRequest, query: Query[ServiceFilters]) -> HttpResponseBase:
    """The same, with the parameters in the body: nothing personal stands in an address."""
    return services(request, query)


@api.get("/services/{identifier}", response={301: None, **ONE}, summary="A service")
def service(request: HttpRequest, identifier: str) -> HttpResponse:
    """One service with everything that belongs to it. One that was merged into another leads to it (301, for an hour: a
    merge can be undone)."""
    try:
        return one(request, filters.services, identifier, lambda shelf, some: shelf.services(some, full=True))
    except Http404:
        if (kept := kept_instead(current(request)[0], identifier)) is None:
            raise
    moved = HttpResponse(status=301, headers={"Location": f"{request.path.rpartition('/')[0]}/{kept}"})
    patch_cache_control(moved, max_age=3600)
    return moved


@api.get("/service_at_locations", response=LIST, summary="Services at locations", openapi_extra=LINES)
def placings(request: HttpRequest, query: Query[PlacingFilters]) -> HttpResponseBase:
    """Services at locations that fulfil every parameter. A confidential place has no distance."""
    return listed(request, filters.placings, query, lambda shelf, some, asks: shelf.placings(some, full=asks("full")))


@api.post(
    "/service_at_locations",
    response=LIST,
    summary="Services at locations, asked in the body",
    openapi_extra=body(PlacingFilters) | LINES,
)
def placings_asked(request: HttpRequest, query: Query[PlacingFilters]) -> HttpResponseBase:
    """The same, with the parameters in the body: nothing personal stands in an address."""
    return placings(request, query)


@api.get("/service_at_locations/{identifier}", response=ONE, summary="A service at a location")
def placing(request: HttpRequest, identifier: str) -> HttpResponse:
    """One service at one location, with everything that belongs to both."""
    return one(request, filters.placings, identifier, lambda shelf, some: shelf.placings(some, full=True))


@api.get("/organizations", response=LIST, summary="Organisations", openapi_extra=LINES)
def organizations(request: HttpRequest, query: Query[OrganizationFilters]) -> HttpResponseBase:
    """Organisations that fulfil every parameter."""

    def give(shelf: Shelf, some: Any, asks: Asks) -> list[Any]:
        return shelf.organizations(some, full=asks("full"), with_services=asks("full_service"))

    return listed(request, filters.organizations, query, give)


@api.post(
    "/organizations",
    response=LIST,
    summary="Organisations, asked in the body",
    openapi_extra=body(OrganizationFilters) | LINES,
)
def organizations_asked(request: HttpRequest, query: Query[OrganizationFilters]) -> HttpResponseBase:
    """The same, with the parameters in the body."""
    return organizations(request, query)


class FullService(Schema):
    full_service: bool = False


@api.get("/organizations/{identifier}", response=ONE, summary="An organisation")
def organization(request: HttpRequest, identifier: str, query: Query[FullService]) -> HttpResponse:
    """One organisation with everything that belongs to it; its services in short, or in full (`full_service`)."""

    def give(shelf: Shelf, some: Any) -> list[Any]:
        return shelf.organizations(some, full=True, with_services=query.full_service)

    return one(request, filters.organizations, identifier, give)


@api.get("/taxonomies", response=LIST, summary="Taxonomies", openapi_extra=LINES)
def taxonomies(request: HttpRequest, query: Query[Paged]) -> HttpResponseBase:
    """The trees of categories: the territory's own (needs), and those of the feeds."""
    return listed(request, filters.taxonomies, query, lambda shelf, some, asks: shelf.taxonomies(some))


@api.post("/taxonomies", response=LIST, summary="Taxonomies, asked in the body", openapi_extra=body(Paged) | LINES)
def taxonomies_asked(request: HttpRequest, query: Query[Paged]) -> HttpResponseBase:
    """The same, with the parameters in the body."""
    return taxonomies(request, query)


@api.get("/taxonomies/{identifier}", response=ONE, summary="A taxonomy")
def taxonomy(request: HttpRequest, identifier: str) -> HttpResponse:
    """One taxonomy."""
    return one(request, filters.taxonomies, identifier, Shelf.taxonomies)


@api.get("/taxonomy_terms", response=LIST, summary="Categories", openapi_extra=LINES)
def terms(request: HttpRequest, query: Query[TermFilters]) -> HttpResponseBase:
    """Categories that fulfil every parameter."""
    return listed(request, filters.terms, query, lambda shelf, some, asks: shelf.terms(some))


@api.post(
    "/taxonomy_terms", response=LIST, summary="Categories, asked in the body", openapi_extra=body(TermFilters) | LINES
)
def terms_asked(request: HttpRequest, query: Query[TermFilters]) -> HttpResponseBase:
    """The same, with the parameters in the body."""
    return terms(request, query)


@api.get("/taxonomy_terms/{identifier}", response=ONE, summary="A category")
def term(request: HttpRequest, identifier: str) -> HttpResponse:
    """One category, with its taxonomy."""
    return one(request, filters.terms, identifier, Shelf.terms)
