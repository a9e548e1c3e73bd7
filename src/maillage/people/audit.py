"""The audit trail: what was done, to what, by whom, in a chain that shows when a line was changed or removed.

Each line holds the SHA-256 of itself and of the line before. The database refuses to change a line (triggers); whoever
goes around the database breaks the chain, and `verify` names the first broken line. Cutting off the end is only seen
with a hash noted elsewhere: `maillage audit verify` prints it, `--head` gives it back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction
from django.utils import timezone

from maillage.people.models import Trace, User

START = "0" * 64
_LOCK = 0x6D61696C6C616765  # the advisory lock of the chain on PostgreSQL: "maillage"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first line that does not hold, and why."""

    sequence: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    lines: int  # that hold
    head: str  # hash of the last one
    broken: Broken | None = None


@transaction.atomic
def record(
    verb: str,
    target: models.Model,
    *,
    by: User | str,
    data: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Trace:
    """Append one line. `by` is a user, or "system:<command>". Written with the transaction it belongs to, or not at all.

    Writers wait for each other until their transaction ends: record last. Decimals in `data` are kept as text, so that
    the two databases give back exactly what was hashed.
    """
    _wait_for_turn()
    last = Trace.objects.order_by("-sequence").first()
    line = Trace(
        sequence=last.sequence + 1 if last else 1,
        at=at or timezone.now(),
        verb=verb,
        actor=actor(by),
        target_kind=target._meta.label_lower,
        target=str(getattr(target, "uuid", None) or target.pk),
        data=_plain(dict(data or {})),
        previous_hash=last.hash if last else START,
    )
    line.hash = digest(line)
    line.save(force_insert=True)
    return line


def actor(by: User | str) -> str:
    """How the trail names who acts: "user:<uuid>", or "system:<command>" as given."""
    if isinstance(by, User):
        return f"user:{by.uuid}"
    if not by.startswith("system:") or by == "system:":
        raise ValueError(f"{by!r} is nobody: give a user, or system:<command>")
    return by


def digest(line: Trace) -> str:
    """SHA-256 over the canonical JSON of everything that the line says, and of the hash before it."""
    said = {
        "sequence": line.sequence,
        "at": line.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "verb": line.verb,
        "actor": line.actor,
        "target_kind": line.target_kind,
        "target": line.target,
        "data": line.data,
        "previous_hash": line.previous_hash,
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def verify(*, head: str = "") -> Verified:
    """Read the whole chain. `head`: a hash noted earlier, which must still stand in it."""
    expected, previous, seen = 1, START, not head
    for line in Trace.objects.order_by("sequence").iterator():
        if reason := _fault(line, expected, previous):
            return Verified(expected - 1, previous, Broken(line.sequence, reason))
        expected, previous, seen = expected + 1, line.hash, seen or line.hash == head
    if not seen:
        return Verified(
            expected - 1, previous, Broken(expected, "the noted hash is not in the trail: lines were cut off")
        )
    return Verified(expected - 1, previous)


def _fault(line: Trace, expected: int, previous: str) -> str:
    if line.sequence != expected:
        return f"line {expected} is missing"
    if line.previous_hash != previous:
        return "it does not follow from the line before"
    if line.hash != digest(line):
        return "it was changed after it was written"
    return ""


def lines() -> Iterator[dict[str, Any]]:
    """The whole trail, oldest first, as it is exported."""
    fields = ("sequence", "at", "verb", "actor", "target_kind", "target", "data", "previous_hash", "hash")
    for line in Trace.objects.order_by("sequence").values(*fields).iterator():
        yield line | {"at": line["at"].astimezone(UTC).isoformat(timespec="microseconds")}


def _wait_for_turn() -> None:
    """One writer at a time. On SQLite the transaction is IMMEDIATE (settings): it already holds the only pen."""
    if connection.vendor == "postgresql":  # pragma: no cover: what is covered is measured on SQLite
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _plain(value: Any) -> Any:
    """`value` in what both databases keep unchanged: text, whole numbers, true, false, nothing, lists, maps."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, Mapping):
        return {str(_plain(str(key))): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, date):  # a moment is a date too
        return value.isoformat()
    if isinstance(value, str | float | UUID):
        return str(value).replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    raise TypeError(f"a {type(value).__name__} does not go into the audit trail: record its code or uuid")
