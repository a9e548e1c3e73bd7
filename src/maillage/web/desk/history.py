"""What became of each field of a service: who, when, from which source, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from maillage.directory import queries, rules, sheet
from maillage.directory.models import Change, Revision, Service
from maillage.people.rules import Standing
from maillage.web.desk import services
from maillage.web.fields import key
from maillage.web.presenters import desk as present
from maillage.web.presenters import difference
from maillage.web.presenters import words as say
from maillage.web.presenters.difference import Line
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary
from maillage.web.seat import seat

PAGE = 30
SOURCES: dict[str, Promise] = {
    "desk": _("at the desk"),
    "link": _("by the link of a reminder"),
    "undo": _("a change was undone"),
    "merge": _("two records became one"),
}
CONFIRMED, CLOSURE = "confirmed", "closure"
OTHER: dict[str, Promise] = {CONFIRMED: _("Confirmed as true"), CLOSURE: _("Temporary closure"), "capacity": _("Room")}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history. `change`: the proposal it came from; `may_undo`: it can be tried."""

    when: str
    who: str
    source: str
    line: Line
    change: str
    may_undo: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """Who said last what a field holds. `record`: the key of the record as it came, for who may open it."""

    who: str
    source: str
    when: str
    record: int | None


@require_safe
def history(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = Service.objects.select_related("organization", "territory")
    service = get_object_or_404(found, territory=services.here(request), uuid=uuid)
    sits = seat(request)
    held = Standing(sits.organizations.get(service.organization_id or 0, frozenset()), sits.territory_roles)
    rules.check_can_see_history(held)
    words, moderates = vocabulary(service.territory), sits.moderates
    field = request.GET.get("field", "")[:60].replace("\x00", "")
    before = key(request.GET.get("before", ""))
    listed = queries.history(service, field=field, after=before, limit=PAGE + 1)
    context = {
        "service": service,
        "name": services.named(service, words),
        "entries": [entry(one, words, moderates=moderates) for one in hushed(service, listed[:PAGE])],
        "fields": [
            (name, difference.label(name, words), name == field) for name in sheet.field_names(service.territory)
        ],
        "field": field,
        "origin": origin(service, field, words, moderates=moderates) if field and not before else None,
        "following": listed[PAGE - 1].pk if len(listed) > PAGE else None,
    }
    return render(request, "desk/history.html", context)


def hushed(service: Service, listed: list[Revision]) -> list[Revision]:
    """At a confidential place, without the words in which hours were written."""
    if sheet.is_confidential(service):
        for one in listed:
            one.old, one.new = difference.hushed(one.old), difference.hushed(one.new)
    return listed


def entry(one: Revision, words: Vocabulary, *, moderates: bool) -> Entry:
    change = one.change
    return Entry(
        when=present.moment(one.at, words),
        who=str(one.by) if one.by else "",
        source=str(SOURCES.get(one.source, one.source)),
        line=line(one, words),
        change=str(change.uuid) if change else "",
        may_undo=moderates and one.source == "desk" and change is not None and change.state == Change.State.ACCEPTED,
    )


def origin(service: Service, field: str, words: Vocabulary, *, moderates: bool) -> Origin | None:
    """A field that never changed has no history, and still comes from somewhere."""
    last = queries.field_sources(service).get(field)
    if last is None:
        return None
    return Origin(
        str(last.by or ""),
        str(SOURCES.get(last.source) or words.sources.get(last.source, {}).get("title") or last.source),
        present.moment(last.at, words),
        last.record.pk if last.record and moderates else None,
    )


def line(one: Revision, words: Vocabulary) -> Line:
    """A field of the sheet as a difference; what is no field (a confirmation, a closure) as words."""
    if one.field in OTHER:
        said = [plain(value, words) for value in (one.old, one.new)]
        return Line(one.field, str(OTHER[one.field]), "value", old=said[0], new=said[1])
    return difference.line(one.field, one.old, one.new, words)


def plain(value: object, words: Vocabulary) -> str:
    """Room, a closure, a day, as words; whatever else as it is."""
    if isinstance(value, dict) and "starts_at" in value:
        days = [plain(value["starts_at"], words), plain(value.get("ends_at"), words) or gettext("until further notice")]
        return f"{' – '.join(days)}. {present.message(value.get('message') or {}, words).text}".strip()
    if isinstance(value, dict):
        room = str(say.ROOM.get(value.get("status") or "", ""))
        count = present.places(value.get("available"), value.get("maximum"))
        until = plain(value.get("expires_at"), words)
        return ", ".join(filter(None, (room, count, until and gettext("until %(day)s") % {"day": until})))
    text = "" if value is None else str(value)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return present.moment(found, words) if found.tzinfo else present.day(found.date())
