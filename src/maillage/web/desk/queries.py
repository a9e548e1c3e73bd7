"""Reads of the desk. A page of services is one query: the ready-made card, what is announced and what waits come with the row."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import JSONObject

from maillage.directory.models import Change, Closure, ErrorReport, SearchDocument, Service, ServiceAtLocation, Text
from maillage.directory.search.documents import decode_card
from maillage.directory.search.types import Card
from maillage.people.models import Organization
from maillage.territory.models import Territory
from maillage.web.seat import Seat

PAGE = 20
ACCENTED = {
    "a": "aàâäáãåā", "c": "cçč", "e": "eéèêëē", "i": "iïîíìī", "n": "nñ", "o": "oôöóòõō", "s": "sš", "u": "uùûüúū", "y": "yÿý", "z": "zž",
}  # fmt: skip
MOST_WORDS = 6


@dataclass(frozen=True, slots=True)
class Announced:
    """A closure that has not ended."""

    uuid: UUID
    starts_at: datetime
    ends_at: datetime | None
    message: dict[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A service as the desk lists it. `card` is None when the service is shown to nobody: hidden, inactive, gone."""

    service: Service
    card: Card | None
    closure: Announced | None
    proposed: int  # changes that wait for a moderator
    reports: int  # reports of errors that wait for an answer
    is_confidential: bool


def mine(seat: Seat, territory: Territory) -> QuerySet[Service]:
    """What this person keeps true: the services of the organisations where they edit, whatever their state."""
    return Service.objects.filter(territory=territory, organization__in=organizations(seat), merged_into=None)


def organizations(seat: Seat) -> list[int]:
    """Keys of the organisations in which this person edits."""
    return [key for key, roles in seat.organizations.items() if roles & {"editor", "administrator"}]


class Like(Func):
    """text LIKE pattern, whatever the case. The databases do it themselves, where a regular expression calls Python on SQLite."""

    template, arg_joiner = "%(expressions)s", " LIKE "
    output_field = BooleanField()

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, arg_joiner=" ILIKE ", **more)


def found(seat: Seat, territory: Territory, asked: str) -> QuerySet[Service]:
    """By name, in any language, with or without accents; a moderator searches them all, an editor their own."""
    services = (
        Service.objects.filter(territory=territory, merged_into=None) if seat.moderates else mine(seat, territory)
    )
    names = Text.objects.filter(territory=territory, kind="service", field="name")
    for word in re.findall(r"\w+", asked.lower())[:MOST_WORDS]:
        other = names.filter(*_is("value", word)).values("object_id")
        house = Organization.objects.filter(*_is("name", word), territory=territory).values("pk")
        services = services.filter(Q(*_is("name", word)) | Q(organization__in=house) | Q(pk__in=other))
    return services


def _is(field: str, word: str) -> tuple[Any, Any]:
    """First what is quickly seen, with any sign in the place of one that may have an accent; then exactly."""
    signs = [(sign, unicodedata.normalize("NFD", sign)[0]) for sign in word]
    loose = "".join("_" if plain in ACCENTED or plain == "_" else sign for sign, plain in signs)
    exact = "".join(f"[{ACCENTED[plain]}]" if plain in ACCENTED else re.escape(sign) for sign, plain in signs)
    return Like(F(field), Value(f"%{loose}%")), Q(**{f"{field}__iregex": exact})


def page(services: QuerySet[Service], *, at: datetime, after: UUID | None = None) -> tuple[list[Row], UUID | None]:
    """One page by name, and the cursor of the next one. One query: first the keys, then what hangs on those few."""
    if after is not None:
        last = Service.objects.filter(uuid=after)
        name, key = Subquery(last.values("name")[:1]), Subquery(last.values("pk")[:1])
        services = services.filter(Q(name__gt=name) | Q(name=name, pk__gt=key))
    keys = services.order_by("name", "pk").values("pk")[: PAGE + 1]
    listed = list(rows(Service.objects.filter(pk__in=keys).order_by("name", "pk"), at=at))
    return listed[:PAGE], listed[PAGE - 1].service.uuid if len(listed) > PAGE else None


def rows(services: QuerySet[Service], *, at: datetime) -> Iterable[Row]:
    own = {"service": OuterRef("pk")}
    announced = Closure.objects.filter(**own).filter(Q(ends_at=None) | Q(ends_at__gt=at)).order_by("starts_at", "pk")
    said = JSONObject(uuid="uuid", starts_at="starts_at", ends_at="ends_at", message="message")
    proposed = Change.objects.filter(**own, state=Change.State.PROPOSED)
    reported = ErrorReport.objects.filter(**own, state=ErrorReport.State.OPEN)
    full = services.select_related("organization").annotate(
        blob=Subquery(SearchDocument.objects.filter(**own).order_by("pk").values("card")[:1]),
        announced=Subquery(announced.values(said=said)[:1]),
        proposed=_count(proposed),
        reported=_count(reported),
        is_confidential=Exists(ServiceAtLocation.objects.filter(**own, location__is_confidential=True)),
    )
    for service in full:
        card = decode_card(bytes(service.blob)) if service.blob else None
        yield Row(
            service, card, _announced(service.announced), service.proposed or 0, service.reported or 0,
            service.is_confidential,
        )  # fmt: skip


def _count(rows: QuerySet[Any]) -> Subquery:
    return Subquery(rows.order_by().values("service").annotate(n=Count("pk")).values("n"))


def _announced(said: Any) -> Announced | None:
    """From the JSON of the database, which writes moments as text, each database in its way."""
    if not said:
        return None
    values = json.loads(said) if isinstance(said, str) else said
    message = values["message"]
    message = json.loads(message) if isinstance(message, str) else message
    ends = values["ends_at"]
    return Announced(UUID(values["uuid"]), _moment(values["starts_at"]), _moment(ends) if ends else None, message or {})


def _moment(said: str) -> datetime:
    moment = datetime.fromisoformat(said)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def changes(seat: Seat, territory: Territory) -> QuerySet[Change]:
    """Those that this person may see: a moderator all of them, an editor those of their organisations."""
    known = Change.objects.filter(territory=territory)
    if not seat.moderates:
        known = known.filter(service__organization__in=organizations(seat))
    return known.select_related("service", "service__organization", "author", "decided_by")


def reports(seat: Seat, territory: Territory) -> QuerySet[ErrorReport]:
    """Those that this person may answer."""
    known = ErrorReport.objects.filter(territory=territory)
    if not seat.moderates:
        known = known.filter(service__organization__in=organizations(seat))
    return known.select_related("service", "service__organization", "answered_by", "territory")
