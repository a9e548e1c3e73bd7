"""How much room there is now, and closures for a time. Neither waits for a moderator: tomorrow they would be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from maillage.directory import rules
from maillage.directory.actions.editing import DESK, Refusal, record
from maillage.directory.ingest import held
from maillage.directory.models import Closure, Service, ServiceAtLocation, ServiceCapacity
from maillage.directory.search.documents import capacity_status
from maillage.directory.search.index import reindex
from maillage.methods.text import typed
from maillage.people import audit
from maillage.people.models import User
from maillage.people.queries import standing

LONGEST_MESSAGE = 1_000
MOST = 100_000  # places: more is a slip of the finger
DERIVED_FOR = timedelta(days=1)
DERIVED_AGAIN = timedelta(hours=1)  # what did not change is said again so often
DERIVED_LATE = timedelta(hours=3)  # before what was said of a confidential place yesterday is no longer known
ROOM = "place"  # the unit when nobody says another


class Impossible(Refusal):
    """What was said of room or dates cannot be."""


@transaction.atomic
def say(
    service: Service, *, available: int | None = None, maximum: int | None = None, status: str = "", unit: str = ROOM,
    expires_at: datetime, by: User | str, at: datetime,
) -> ServiceCapacity:  # fmt: skip
    """So much room, until `expires_at`; afterwards nobody knows. What was said of the same unit before is replaced.

    `status` is one of ServiceCapacity.Status; without one it follows from `available`. Raises NotAllowed, Impossible.
    """
    _check(service, by, at)
    unit = typed(unit, 60) or ROOM
    _check_room(available, maximum, status)
    if ServiceCapacity.objects.filter(service=service, unit=unit, is_derived=True).exists():
        raise Impossible(_("What room there is here is counted from its places: change it there."))
    if expires_at <= at:
        raise Impossible(_("Say until when this holds: a moment that has not passed."))
    row = (
        ServiceCapacity.objects.select_for_update()
        .filter(service=service, unit=unit)
        .order_by("-updated_at", "id")
        .first()
    )
    before = _room(row) if row else None
    row = row or ServiceCapacity(service=service, unit=unit)
    row.available, row.status = available, status
    row.maximum = row.maximum if maximum is None else maximum
    row.updated_at, row.expires_at = at, expires_at
    row.save()
    record(service, "capacity", before, _room(row), by=by, source=DESK, at=at)
    held.hold(service, ["capacity"], at=at)
    reindex(service.territory, [service.pk], at=at)
    audit.record("said the room", service, by=by, at=at, data=_room(row))
    return row


@transaction.atomic(savepoint=False)  # a part of whatever took or freed a place
def derive(rooms: Mapping[int, tuple[int, int]], *, at: datetime) -> None:
    """Service -> (free, open), counted from its places. Search, cards and exports say it at once: no revision, nothing is indexed
    again, no trace (whoever took a place left one). Unknown after a day without a word: what counts has stopped.

    Of a service whose place must not be found: whether it has room, once a day, and no number. One place less, a minute after
    somebody had to flee, would tell whoever looks for them where they are.
    """
    expires_at = at + DERIVED_FOR
    rows = ServiceCapacity.objects.filter(service__in=rooms, unit=ROOM, is_derived=True)
    known = {row.service_id: row for row in rows}
    secret = _secret(rooms)
    for service, (free, most) in rooms.items():
        row = known.get(service)
        if service in secret:
            _derive_secretly(service, row, free, at=at)
        elif row is None:
            ServiceCapacity.objects.create(
                service_id=service, unit=ROOM, available=free, maximum=most, updated_at=at, expires_at=expires_at, is_derived=True
            )  # fmt: skip
        elif (row.available, row.maximum) != (free, most) or at - row.updated_at >= DERIVED_AGAIN:
            ServiceCapacity.objects.filter(pk=row.pk).update(
                available=free, maximum=most, status="", updated_at=at, expires_at=expires_at
            )


def _secret(services: Iterable[int]) -> set[int]:
    """Those of these services of which a place must not be found."""
    rows = ServiceAtLocation.objects.filter(service__in=list(services), location__is_confidential=True)
    return {key for key in rows.values_list("service_id", flat=True) if key is not None}


def _derive_secretly(service: int, row: ServiceCapacity | None, free: int, *, at: datetime) -> None:
    """Room or none, as it stood the first time that it was counted today; said as of the beginning of the day."""
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if row is not None and row.available is None and row.maximum is None and row.updated_at >= day:
        return
    status = ServiceCapacity.Status.CAPACITY if free else ServiceCapacity.Status.NO_CAPACITY
    ServiceCapacity.objects.update_or_create(
        service_id=service, unit=ROOM, is_derived=True,
        defaults={"available": None, "maximum": None, "status": status, "updated_at": day, "expires_at": day + DERIVED_FOR + DERIVED_LATE},
    )  # fmt: skip


@transaction.atomic
def close(
    service: Service, starts_at: datetime, ends_at: datetime | None, message: Mapping[str, str] | None = None, *,
    by: User | str, at: datetime,
) -> Closure:  # fmt: skip
    """Closed from `starts_at` to `ends_at`, or until further notice. `message` is for the public, language -> text.

    Raises NotAllowed, Impossible.
    """
    _check(service, by, at)
    if ends_at is not None and ends_at <= max(starts_at, at):
        raise Impossible(_("A closure ends after it begins, and after now."))
    said = {str(language): typed(text, LONGEST_MESSAGE) for language, text in (message or {}).items()}
    closure = Closure.objects.create(
        service=service, starts_at=starts_at, ends_at=ends_at, message={k: v for k, v in said.items() if v},
        announced_by=by if isinstance(by, User) else None, announced_at=at,
    )  # fmt: skip
    _tell(closure, None, _closed(closure), "announced a closure", by=by, at=at)
    return closure


@transaction.atomic
def reopen(closure: Closure, *, by: User | str, at: datetime) -> None:
    """Open again from now on; a closure that had not begun does not take place. Over already: nothing changes.

    Raises NotAllowed.
    """
    _check(closure.service, by, at)
    row = Closure.objects.select_for_update().filter(pk=closure.pk).first()
    if row is None or (row.ends_at is not None and row.ends_at <= at):
        return
    before = _closed(row)
    if row.starts_at < at:
        Closure.objects.filter(pk=row.pk).update(ends_at=at)
        closure.ends_at = at
    else:
        row.delete()
    _tell(closure, before, _closed(closure) if row.pk else None, "ended a closure", by=by, at=at)


def _tell(closure: Closure, old: Any, new: Any, verb: str, *, by: User | str, at: datetime) -> None:
    service = closure.service
    record(service, "closure", old, new, by=by, source=DESK, at=at)
    reindex(service.territory, [service.pk], at=at)
    dates = {name: value for name, value in (new or old).items() if name != "message"}
    audit.record(verb, service, by=by, at=at, data=dates)


def _check(service: Service, by: User | str, at: datetime) -> None:
    rules.check_can_edit_service(standing(by, service.territory, service.organization, at=at))


def _check_room(available: int | None, maximum: int | None, status: str) -> None:
    if status and status not in ServiceCapacity.Status.values:
        raise Impossible(_("There is no such choice."))
    if available is None and not status:
        raise Impossible(_("Say how many places are free, or whether there is room."))
    if any(number is not None and not 0 <= number <= MOST for number in (available, maximum)):
        raise Impossible(_("A number of places is a whole number of zero or more."))
    if available is not None and maximum is not None and available > maximum:
        raise Impossible(_("More places are free than there are in all."))
    if available == 0 and status == ServiceCapacity.Status.CAPACITY:
        raise Impossible(_("There cannot be room when no place is free."))


def _room(row: ServiceCapacity) -> dict[str, Any]:
    return {
        "unit": row.unit,
        "status": capacity_status(row),
        "available": row.available,
        "maximum": row.maximum,
        "expires_at": _moment(row.expires_at),
    }


def _closed(closure: Closure) -> dict[str, Any]:
    return {
        "starts_at": _moment(closure.starts_at),
        "ends_at": _moment(closure.ends_at),
        "message": dict(closure.message),
    }


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None
