"""Lines of the audit trail, in words: who, did what, to what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from maillage.directory.models import Service
from maillage.people.models import Organization, Role, Trace, User
from maillage.web.presenters.verbs import KINDS, VERBS

PERSON: Final = "people.person"  # with which organisation somebody is would tell where they are
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
        at=date_format(localtime(row.at), "j F Y H:i"),
        who=command if by_command else names.get("people.user", {}).get(actor, gettext("an account that is gone")),
        who_link=urlencode({"actor": row.actor}),
        verb=str(VERBS.get(row.verb, row.verb)),
        kind=str(KINDS.get(row.target_kind, row.target_kind.rpartition(".")[2])),
        target=names.get(row.target_kind, {}).get(row.target, row.target[:8]),
        target_link=urlencode({"kind": row.target_kind, "target": row.target}),
        data=_said({} if row.target_kind == PERSON else row.data, names),
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
