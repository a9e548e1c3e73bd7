"""HSDS 3.1 over HTTP: open, without a key, read only. POST asks the same as GET, with what is personal in the body."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
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

from maillage.directory.models import DirectoryState, Service
from maillage.directory.queries import kept_instead
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
F = TypeVar("F", bound=Paged)
Give = Callable[[list[int]], list[Any]]


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
REFUSALS = {401: ErrorsOut, 403: ErrorsOut, 404: ErrorsOut, 422: ErrorsOut, 503: ErrorsOut}
LIST: dict[Any, Any] = {200: PageOut, **REFUSALS}
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


def current() -> tuple[Territory, int]:
    """The territory that this site serves, and the change number of its directory: one query."""
    territory = Territory.objects.select_related("directory_state").current()
    if territory is None:
        raise NothingLoaded
    try:
        return territory, territory.directory_state.sequence
    except DirectoryState.DoesNotExist:
        return territory, 0


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


def listed(request: HttpRequest, told: Sequence[Paged], queryset: Any, key: Hashable, give: Give) -> HttpResponseBase:
    """A Page, or a stream of everything."""

    def first(name: str) -> Any:
        return next((value for f in reversed(told) if (value := getattr(f, name)) is not None), None)

    if first("format") == "ndjson":
        return StreamingHttpResponse(lines(queryset, give), content_type="application/x-ndjson")
    found = paging.marks(queryset, key)
    everything = any(getattr(f, "minimal", None) for f in told) and first("per_page") is None
    size = max(found.total, 1) if everything else first("per_page") or PER_PAGE
    number = first("page") or 1
    begin = (number - 1) * size
    keys = (
        list(paging.slice_of(queryset, found, begin, size).values_list("id", flat=True)) if begin < found.total else []
    )
    contents = [one for start in range(0, len(keys), 5_000) for one in give(keys[start : start + 5_000])]
    return answer(paging.page(found.total, number, size, contents))


def lines(queryset: Any, give: Give) -> Iterator[bytes]:
    for keys in paging.chunks(queryset):
        yield b"".join(msgspec.json.encode(one) + b"\n" for one in give(keys))


def key_of(territory: Territory, sequence: int, name: str, told: Sequence[Schema]) -> Hashable:
    parts = [
        tuple(
            sorted(
                f.model_dump(exclude={"page", "per_page", "format", "full", "minimal", "full_service"}).items(), key=str
            )
        )
        for f in told
    ]
    return (territory.pk, sequence, name, str(parts))


def one(queryset: Any, identifier: str, give: Give) -> HttpResponse:
    """The object with this UUID; what is no UUID names none."""
    try:
        uuid = UUID(identifier)
    except ValueError:
        raise Http404 from None
    found = give(list(queryset.filter(uuid=uuid).values_list("id", flat=True)))
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


@api.get("/services", response=LIST, summary="Services")
def services(request: HttpRequest, query: Query[ServiceFilters]) -> HttpResponseBase:
    """Services that fulfil every parameter."""
    told = sent(request, ServiceFilters, query)
    territory, sequence = current()
    shelf = Shelf.of(territory)
    full = any(f.full for f in told)
    give: Give = shelf.minimal if any(f.minimal for f in told) else lambda keys: shelf.services(keys, full=full)
    return listed(request, told, filters.services(territory, told), key_of(territory, sequence, "services", told), give)


@api.post("/services", response=LIST, summary="Services, asked in the body", openapi_extra=body(ServiceFilters))
def services_asked(request: HttpRequest, query: Query[ServiceFilters]) -> HttpResponseBase:
    """The same, with the parameters in the body: nothing personal stands in an address."""
    return services(request, query)


@api.get("/services/{identifier}", response={301: None, **ONE}, summary="A service")
def service(request: HttpRequest, identifier: str) -> HttpResponse:
    """One service with everything that belongs to it. One that was merged into another leads to it (301, for an hour: a
    merge can be undone)."""
    territory, _sequence = current()
    shelf = Shelf.of(territory)
    shown = Service.objects.filter(territory=territory).visible()
    try:
        return one(shown, identifier, lambda keys: shelf.services(keys, full=True))
    except Http404:
        if (kept := kept_instead(territory, identifier)) is None:
            raise
    moved = HttpResponse(status=301, headers={"Location": f"{request.path.rpartition('/')[0]}/{kept}"})
    patch_cache_control(moved, max_age=3600)
    return moved


@api.get("/service_at_locations", response=LIST, summary="Services at locations")
def placings(request: HttpRequest, query: Query[PlacingFilters]) -> HttpResponseBase:
    """Services at locations that fulfil every parameter. A confidential place has no distance."""
    told = sent(request, PlacingFilters, query)
    territory, sequence = current()
    shelf, full = Shelf.of(territory), any(f.full for f in told)
    queryset = filters.placings(territory, told)
    return listed(
        request,
        told,
        queryset,
        key_of(territory, sequence, "placings", told),
        lambda keys: shelf.placings(keys, full=full),
    )


@api.post(
    "/service_at_locations",
    response=LIST,
    summary="Services at locations, asked in the body",
    openapi_extra=body(PlacingFilters),
)
def placings_asked(request: HttpRequest, query: Query[PlacingFilters]) -> HttpResponseBase:
    """The same, with the parameters in the body: nothing personal stands in an address."""
    return placings(request, query)


@api.get("/service_at_locations/{identifier}", response=ONE, summary="A service at a location")
def placing(request: HttpRequest, identifier: str) -> HttpResponse:
    """One service at one location, with everything that belongs to both."""
    territory, _sequence = current()
    shelf = Shelf.of(territory)
    return one(filters.placings(territory, []), identifier, lambda keys: shelf.placings(keys, full=True))


@api.get("/organizations", response=LIST, summary="Organisations")
def organizations(request: HttpRequest, query: Query[OrganizationFilters]) -> HttpResponseBase:
    """Organisations that fulfil every parameter."""
    told = sent(request, OrganizationFilters, query)
    territory, sequence = current()
    shelf = Shelf.of(territory)
    full, with_services = any(f.full for f in told), any(f.full_service for f in told)
    queryset = filters.organizations(territory, told)
    key = key_of(territory, sequence, "organizations", told)
    return listed(
        request, told, queryset, key, lambda keys: shelf.organizations(keys, full=full, with_services=with_services)
    )


@api.post(
    "/organizations", response=LIST, summary="Organisations, asked in the body", openapi_extra=body(OrganizationFilters)
)
def organizations_asked(request: HttpRequest, query: Query[OrganizationFilters]) -> HttpResponseBase:
    """The same, with the parameters in the body."""
    return organizations(request, query)


class FullService(Schema):
    full_service: bool = False


@api.get("/organizations/{identifier}", response=ONE, summary="An organisation")
def organization(request: HttpRequest, identifier: str, query: Query[FullService]) -> HttpResponse:
    """One organisation with everything that belongs to it; its services in short, or in full (`full_service`)."""
    territory, _sequence = current()
    shelf = Shelf.of(territory)
    return one(
        filters.organizations(territory, []), identifier,
        lambda keys: shelf.organizations(keys, full=True, with_services=query.full_service),
    )  # fmt: skip


@api.get("/taxonomies", response=LIST, summary="Taxonomies")
def taxonomies(request: HttpRequest, query: Query[Paged]) -> HttpResponseBase:
    """The trees of categories: the territory's own (needs), and those of the feeds."""
    told = sent(request, Paged, query)
    territory, sequence = current()
    queryset = filters.taxonomies(territory, told)
    return listed(
        request, told, queryset, key_of(territory, sequence, "taxonomies", told), Shelf.of(territory).taxonomies
    )


@api.post("/taxonomies", response=LIST, summary="Taxonomies, asked in the body", openapi_extra=body(Paged))
def taxonomies_asked(request: HttpRequest, query: Query[Paged]) -> HttpResponseBase:
    """The same, with the parameters in the body."""
    return taxonomies(request, query)


@api.get("/taxonomies/{identifier}", response=ONE, summary="A taxonomy")
def taxonomy(request: HttpRequest, identifier: str) -> HttpResponse:
    """One taxonomy."""
    territory, _sequence = current()
    return one(filters.taxonomies(territory, []), identifier, Shelf.of(territory).taxonomies)


@api.get("/taxonomy_terms", response=LIST, summary="Categories")
def terms(request: HttpRequest, query: Query[TermFilters]) -> HttpResponseBase:
    """Categories that fulfil every parameter."""
    told = sent(request, TermFilters, query)
    territory, sequence = current()
    queryset = filters.terms(territory, told)
    return listed(request, told, queryset, key_of(territory, sequence, "terms", told), Shelf.of(territory).terms)


@api.post("/taxonomy_terms", response=LIST, summary="Categories, asked in the body", openapi_extra=body(TermFilters))
def terms_asked(request: HttpRequest, query: Query[TermFilters]) -> HttpResponseBase:
    """The same, with the parameters in the body."""
    return terms(request, query)


@api.get("/taxonomy_terms/{identifier}", response=ONE, summary="A category")
def term(request: HttpRequest, identifier: str) -> HttpResponse:
    """One category, with its taxonomy."""
    territory, _sequence = current()
    return one(filters.terms(territory, []), identifier, Shelf.of(territory).terms)
