"""Lines of the audit trail, in words: who, did what, to what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from maillage.directory.models import Service
from maillage.people.models import Organization, Role, Trace, User

# every verb that the code records; a test looks for those that are not said here
VERBS: Final[dict[str, Promise]] = {
    "accepted a change": _("accepted a change"),
    "added a member": _("added a member"),
    "added to a list": _("added to a shared list"),
    "answered a report": _("answered a report"),
    "asked whether records are still true": _("asked whether records are still true"),
    "came in": _("came to the desk for the first time"),
    "asked for an import": _("asked for an import"),
    "cancelled an import": _("cancelled an import"),
    "closed a demonstration account": _("closed a demonstration account"),
    "resumed a feed": _("resumed a scheduled import"),
    "scheduled a feed": _("scheduled an import"),
    "unscheduled a feed": _("stopped a scheduled import"),
    "changed an account": _("changed an account"),
    "closed confidential places": _("took back the right to see confidential places"),
    "confirmed a service": _("confirmed a service"),
    "created an organisation": _("created an organisation"),
    "decided on a duplicate": _("decided on a duplicate"),
    "described a list": _("described a shared list"),
    "ended a list": _("ended a shared list"),
    "ended a membership": _("ended a membership"),
    "generated-fiction": _("generated the fictional offer"),
    "handed over a list": _("handed over a shared list"),
    "imported": _("imported records"),
    "imported-boundaries": _("imported boundaries"),
    "invited": _("invited"),
    "kept": _("kept a verdict"),
    "loaded-pack": _("loaded a pack"),
    "merged two services": _("merged two services"),
    "moved in a list": _("moved a line of a shared list"),
    "noted in a list": _("noted in a shared list"),
    "opened an account": _("opened an account"),
    "opened confidential places": _("gave the right to see confidential places"),
    "proposed a change": _("proposed a change"),
    "read a raw record": _("read a record as it came"),
    "read the readings": _("read who saw confidential places"),
    "read the trail": _("read the trail"),
    "read-confidential-place": _("read a confidential address"),
    "removed from a list": _("removed from a shared list"),
    "renewed a membership": _("renewed a membership"),
    "reported an error": _("reported an error"),
    "returned a change": _("returned a change"),
    "said the room": _("said what room there is"),
    "searched for duplicates": _("searched for duplicates"),
    "signed out everywhere": _("signed out everywhere"),
    "started a list": _("started a shared list"),
    "undid a change": _("undid a change"),
    "undid a merge": _("undid a merge"),
    "verified the trail": _("verified the trail"),
    "withdrew a change": _("withdrew a change"),
}
KINDS: Final[dict[str, Promise]] = {
    "people.user": _("account"),
    "people.organization": _("organisation"),
    "people.membership": _("membership"),
    "directory.service": _("service"),
    "directory.location": _("place"),
    "territory.territory": _("territory"),
    "orientation.sharedlist": _("shared list"),
    "orientation.match": _("kept verdict"),
}
NAMED: Final[dict[str, type[Model]]] = {
    "people.user": User, "people.organization": Organization, "directory.service": Service,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    at: str
    who: str
    who_link: str  # the part after "?"
    verb: str
    kind: str
    target: str
    target_link: str
    data: str


def lines(rows: Sequence[Trace]) -> list[Line]:
    """At most one query for each kind of thing that has a name."""
    wanted: dict[str, set[UUID]] = {}
    for row in rows:
        _want(wanted, row.target_kind, row.target)
        if row.actor.startswith("user:"):
            _want(wanted, "people.user", row.actor.removeprefix("user:"))
        _want(wanted, "people.user", str(row.data.get("user", "")))
        _want(wanted, "people.organization", str(row.data.get("organization") or ""))
    names = {kind: _names(NAMED[kind], uuids) for kind, uuids in wanted.items() if uuids}
    return [_line(row, names) for row in rows]


def _want(wanted: dict[str, set[UUID]], kind: str, value: str) -> None:
    if kind in NAMED:
        try:
            wanted.setdefault(kind, set()).add(UUID(value))
        except ValueError:
            return


def _names(table: type[Model], uuids: Iterable[UUID]) -> dict[str, str]:
    return {str(one.uuid): str(one) for one in table._default_manager.filter(uuid__in=uuids)}  # type: ignore[attr-defined]


def _line(row: Trace, names: Mapping[str, Mapping[str, str]]) -> Line:
    actor = row.actor.removeprefix("user:")
    by_command = row.actor.startswith("system:")
    command = gettext("the command %(name)s") % {"name": row.actor.removeprefix("system:")}
    return Line(
        number=row.sequence,
        at=date_format(localtime(row.at), "SHORT_DATETIME_FORMAT"),
        who=command if by_command else names.get("people.user", {}).get(actor, gettext("an account that is gone")),
        who_link=urlencode({"actor": row.actor}),
        verb=str(VERBS.get(row.verb, row.verb)),
        kind=str(KINDS.get(row.target_kind, row.target_kind.rpartition(".")[2])),
        target=names.get(row.target_kind, {}).get(row.target, row.target[:8]),
        target_link=urlencode({"kind": row.target_kind, "target": row.target}),
        data=_said(row.data, names),
    )


def _said(data: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> str:
    """What a line holds besides, short: names for identifiers, labels for roles."""
    known = {"user": "people.user", "organization": "people.organization"}
    parts = []
    for key, value in data.items():
        if value in (None, "", 0, [], {}):
            continue
        if key == "role" and value in Role.values:
            parts.append(str(Role(value).label))
        elif key in known:
            parts.append(names.get(known[key], {}).get(str(value), str(value)[:8]))
        elif not isinstance(value, dict | list):
            parts.append(f"{key}: {value}"[:80])
    return " · ".join(parts)


def wanted(filters: Mapping[str, str]) -> str:
    """What the list was narrowed to, in words."""
    if actor := filters["actor"]:
        uuid = _uuid(actor)
        user = User.objects.filter(uuid=uuid).first() if uuid else None
        return gettext("What %(who)s did") % {"who": user or actor.removeprefix("system:")}
    if filters["target"]:
        return gettext("What was done to one thing")
    return ""


def _uuid(actor: str) -> UUID | None:
    try:
        return UUID(actor.removeprefix("user:"))
    except ValueError:
        return None
