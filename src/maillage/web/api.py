"""POST /api/orientation: the engine of the pages, for everybody's programs. Nothing that is sent is stored or logged."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from ninja import Field, NinjaAPI, Schema
from ninja.openapi.docs import DocsBase

from maillage.orientation.engine import orient
from maillage.orientation.queries import vocabulary
from maillage.orientation.shape import as_mapping
from maillage.orientation.situation import SituationError, from_mapping
from maillage.territory.models import Territory
from maillage.web.api_page import page
from maillage.web.language import CODES

MOST_BYTES = 64_000
Value = bool | float | str


# ---- what is sent


class SituationIn(Schema):
    """What is known of a need. Every field may be left out: unknown is not no."""

    model_config = {"extra": "forbid"}

    text: str = Field("", description="The need in everyday words, in French, Dutch or English.", max_length=2_000)
    needs: list[str] = Field([], description="Codes of the tree of needs.")
    facts: dict[str, Value | None] = Field(
        {}, description="Criterion and value; leave out, or null, what is not known."
    )
    publics: list[str] = Field([], description="Codes of publics: shortcuts for facts.")
    declined: list[str] = Field([], description="Criteria, or needs, that the person prefers not to be asked about.")
    area: str = Field("", description="Code of the area where the person is.")
    near: str = Field("", description="Instead of `area`: a place by its name in any language, or a postal code.")
    point: tuple[float, float] | None = Field(
        None, description="Latitude and longitude, WGS 84, when the person gives them."
    )
    radius_km: float | None = Field(None, ge=0, description="Not farther than this.")
    languages: list[str] = Field([], description="Languages that the person speaks (ISO 639).")
    window: str = Field("", description="When: a code of the territory's windows, as `now`, `tonight`, `sunday`.")
    cost: Literal["", "free"] = Field("", description="`free`: free of charge only.")
    wheelchair: bool = Field(False, description="Accessible with a wheelchair.")
    remote: bool = Field(False, description="By telephone or online.")
    has_room: bool = Field(False, description="Not known to be full.")
    limit: int = Field(20, ge=1, le=100, description="Services on a page.")
    after: str = Field("", description="The `next` of the page before.")
    language: str = Field("", description="Language of the answer; else Accept-Language, else the territory's.")
    territory: str = Field("", description="Code of the territory; else the one that this site serves.")


# ---- what is answered


class UnderstoodOut(Schema):
    kind: str
    code: str
    label: str
    words: str = Field(description="The typed words that it was read from.")


class ContactOut(Schema):
    name: str
    number: str
    url: str
    hours: str
    languages: list[str]
    note: str
    source: str


class RedFlagOut(Schema):
    code: str
    label: str
    message: str
    contacts: list[ContactOut]


class AnswerOut(Schema):
    code: str
    label: str


class QuestionOut(Schema):
    kind: Literal["need", "fact"]
    code: str
    text: str
    why: str
    answers: list[AnswerOut] = Field(description="Empty for a number.")
    unit: str
    share: float = Field(description="Of the list that the answer could change.")
    about: Literal["services", "rights"] = Field(description="What the answer would change.")


class CapacityOut(Schema):
    unit: str
    status: str
    available: int | None
    maximum: int | None
    updated: str
    expires: str | None
    note: str


class ClosureOut(Schema):
    """Closed for a time, whatever the usual hours say."""

    starts: str
    ends: str | None = Field(description="null: until further notice.")
    message: dict[str, str] = Field(description="Language -> text.")


class ServiceOut(Schema):
    id: str
    name: str
    name_language: str
    description: str
    description_language: str
    organization: str
    organization_id: str
    needs: list[str]
    area: str
    address: str = Field(description="Empty for a confidential place.")
    latitude: float | None = Field(description="Of the area's centre, for a confidential place.")
    longitude: float | None
    is_confidential: bool
    is_fictional: bool = Field(description="Generated for a demonstration: it does not exist.")
    phones: list[str]
    email: str
    url: str
    opening_hours: str = Field(description="OpenStreetMap opening_hours; empty: not known.")
    hours_text: str
    languages: list[str] = Field(description="Empty: not known.")
    has_interpreter: bool | None
    cost: str
    access: list[str]
    delivery: list[str]
    served: list[str] = Field(description="Codes of the areas served; empty: not known.")
    wheelchair: bool | None
    status: str
    capacities: list[CapacityOut]
    documents: list[str]
    confirmed_on: str | None
    checked_every_months: int | None = Field(description="How long a confirmation of this kind of service holds.")
    source: str
    closures: list[ClosureOut]


class LiftOut(Schema):
    service: ServiceOut
    sentence: str
    verdict: Literal["fits", "verify", "no"]


class ObstacleOut(Schema):
    code: str
    label: str
    sentence: str
    lifts: list[LiftOut]


class PartOut(Schema):
    code: str
    weight: float
    value: float


class SuggestionOut(Schema):
    service: ServiceOut
    verdict: Literal["fits", "verify", "no"]
    why: list[str]
    to_verify: list[str]
    blockers: list[str]
    would_fit_if: list[str]
    obstacles: list[ObstacleOut]
    room: str
    room_status: str
    openness: str
    is_open: bool | None
    distance_km: float | None
    freshness: str
    score: float
    parts: list[PartOut] = Field(description="The terms of the rank: weight of the territory x value.")


class RelaxationOut(Schema):
    code: str
    count: int
    sentence: str


class CorrectedOut(Schema):
    typed: str
    read_as: str


class PublicSourceOut(Schema):
    title: str
    article: str
    publisher: str
    url: str
    date: str


class ClaimOut(Schema):
    at: str
    url: str
    phone: str
    services: list[ServiceOut] = Field(description="Of the directory, near the person.")


class RightOut(Schema):
    """A right that the situation may open. Rights that it does not open are not mentioned: only the office decides."""

    code: str
    label: str
    gives: str
    verdict: Literal["open", "verify"] = Field(description="`open`: every condition is known to hold.")
    why: list[str]
    to_verify: list[str]
    claim: ClaimOut
    documents: list[str]
    time_limit: str
    law: list[PublicSourceOut] = Field(description="Empty: the text was not found.")
    pages: list[PublicSourceOut]
    is_assumed: bool = Field(description="Worded or simplified by the project.")
    checked_on: str
    hash: str = Field(description="Of the right as it stood.")


class OrientationOut(Schema):
    """The services that fit, why, what to verify, what stands in the way and what lifts it."""

    territory: str
    language: str
    at: str
    situation: dict[str, Any] = Field(description="As understood: send it back, with the next answer, to go on.")
    understood: list[UnderstoodOut]
    red_flags: list[RedFlagOut] = Field(description="Danger: show it, with its contacts, before anything else.")
    total: int
    fits: int
    verify: int
    question: QuestionOut | None = Field(description="The next thing worth asking; null: nothing would change.")
    suggestions: list[SuggestionOut]
    near_misses: list[SuggestionOut]
    relaxations: list[RelaxationOut]
    corrected: list[CorrectedOut]
    rights: list[RightOut] = Field(description="At most six, on the first page of the list only.")
    next: str = Field(description="`after` of the next page; empty at the end.")
    snapshot: int


class ProblemOut(Schema):
    field: str
    sentence: str


class ProblemsOut(Schema):
    problems: list[ProblemOut]


# ---- the door


class Docs(DocsBase):
    """The description as a plain page of ours: no script, nothing from elsewhere."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        return page(request, api.get_openapi_schema(), reverse(f"{api.urls_namespace}:openapi-json"))


api = NinjaAPI(
    title="Maillage",
    version="1",
    urls_namespace="api",
    docs=Docs(),
    description="From a person's need to the services that fit. Open to all, without a key; nothing sent is stored or logged.",
)
EXAMPLE = {"text": "a bed tonight, two children, she speaks Arabic", "facts": {"children": True}, "languages": ["ar"]}
BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": SituationIn.json_schema(), "example": EXAMPLE}},
    }
}


@api.post(
    "/orientation",
    response={200: OrientationOut, 400: ProblemsOut, 413: ProblemsOut, 422: ProblemsOut, 503: ProblemsOut},
    summary="Services for a situation",
    openapi_extra=BODY,
)
def orientation(request: HttpRequest) -> HttpResponse:
    """The services that fit a situation, each with its reasons, what is still to verify, what stands in the way and what
    lifts it; and the question whose answer would change the list most. A POST, so that nothing of it stands in an address.
    """
    sent, problem = _body(request)
    if sent is None:
        return problem
    language = sent.get("language") or translation.get_language() or "en"
    if not isinstance(language, str) or not 2 <= len(language) <= 8:
        return _problems(422, [("language", _("Write the code of a language, as fr, nl or en."))])
    language = language.split("-")[0].lower()
    with translation.override(language if language in CODES else translation.get_language()):
        return _answer(sent, language)


def _answer(sent: dict[str, Any], language: str) -> HttpResponse:
    code = sent.get("territory")
    if code:
        is_code = isinstance(code, str) and re.fullmatch(r"[a-z0-9-]{1,50}", code)
        territory = Territory.objects.filter(code=code).first() if is_code else None
        if territory is None:
            return _problems(422, [("territory", _("This territory is not known here."))])
    else:
        territory = Territory.objects.current()
        if territory is None:
            return _problems(503, [("territory", _("No territory is loaded here yet."))])
    at = timezone.now()
    try:
        found = orient(from_mapping(sent, territory, language), at=at)
    except SituationError as error:
        return _problems(422, error.messages)
    return _open(HttpResponse(msgspec.json.encode(as_mapping(found, vocabulary(territory), at=at))))


def _body(request: HttpRequest) -> tuple[dict[str, Any] | None, HttpResponse]:
    """What was sent, as a mapping; or the answer that says why it cannot be read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    too_long = _("This is too long: at most %(n)s bytes.") % {"n": MOST_BYTES}
    if not length.isdigit() or int(length) > MOST_BYTES:
        return None, _problems(413, [("", too_long)])
    raw = request.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        return None, _problems(413, [("", too_long)])
    try:
        sent = msgspec.json.decode(raw or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, _problems(400, [("", _("This is not JSON in UTF-8."))])
    if not isinstance(sent, dict):
        return None, _problems(422, [("", _("Send an object: field and value."))])
    return sent, HttpResponse()


def _problems(status: int, messages: Any) -> HttpResponse:
    body = {"problems": [{"field": field, "sentence": sentence} for field, sentence in messages]}
    return _open(HttpResponse(msgspec.json.encode(body), status=status))


def _open(response: HttpResponse) -> HttpResponse:
    """For every site's pages; kept by nobody on the way."""
    response["Content-Type"] = "application/json; charset=utf-8"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-store"
    return response


@api.api_operation(["OPTIONS"], "/orientation", include_in_schema=False)
def preflight(request: HttpRequest) -> HttpResponse:
    """What a browser asks before it sends JSON from another site."""
    response = _open(HttpResponse(status=204))
    response["Access-Control-Allow-Methods"] = "POST, OPTIONS"
    response["Access-Control-Allow-Headers"] = "Content-Type, Accept-Language"
    response["Access-Control-Max-Age"] = "86400"
    return response
