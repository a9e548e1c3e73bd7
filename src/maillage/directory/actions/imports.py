"""Imports that wait for the worker, feeds that come again and again, and what to do with services that left their source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from maillage.directory import incoming, outward, queries, rules
from maillage.directory.actions import editing
from maillage.directory.ingest.held import DESK
from maillage.directory.models import (
    FieldProvenance,
    ImportRun,
    ImportSchedule,
    Location,
    Service,
    ServiceAtLocation,
    SourceRecord,
)
from maillage.directory.search.index import reindex
from maillage.directory.watching import gone_services, returned_services
from maillage.methods.text import typed
from maillage.people import audit
from maillage.people.models import User
from maillage.people.queries import standing
from maillage.territory.models import Territory

State = ImportRun.State
NEXT: Final[dict[str, frozenset[str]]] = {
    State.ASKED: frozenset({State.RUNNING, State.FAILED}),
    State.RUNNING: frozenset({State.DONE, State.FAILED}),
    State.DONE: frozenset(),
    State.FAILED: frozenset(),
}
LONGEST_SOURCE = 200
MOST_WAITING = 20  # runs that wait at once
SILENT = timedelta(minutes=15)  # a run that told nothing for so long has no worker any more
RESERVED = frozenset({DESK, editing.LINK, editing.UNDO, "merge"})  # sources that are no feeds
WITHDRAWN = "gone"  # source of the history when a service is withdrawn because its source no longer has it


class Refusal(Exception):
    """Why it was not done, as a sentence in the language of whoever asked."""


@transaction.atomic
def ask(
    territory: Territory, *, format_name: str, source: str, file: str, licence: str = "", is_trial: bool = True,
    is_partial: bool = False, by: User | str, at: datetime,
) -> ImportRun:  # fmt: skip
    """A file that was handed in waits for the worker. Raises NotAllowed, Refusal."""
    _check(territory, by, at)
    if incoming.path_of(file) is None:
        raise Refusal(_("The file is no longer here: hand it in again."))
    return _asked(
        territory, format_name, source, licence, file=file, is_trial=is_trial, is_partial=is_partial, by=by, at=at
    )


@transaction.atomic
def ask_again(run: ImportRun, *, is_trial: bool, by: User | str, at: datetime) -> ImportRun:
    """The same file once more: for real after a trial, or again after a failure. Raises NotAllowed, Refusal."""
    _check(run.territory, by, at)
    if run.schedule is None and incoming.path_of(run.file) is None:
        raise Refusal(_("The file is no longer here: hand it in again."))
    return _asked(
        run.territory, run.format, run.source, run.licence, file=run.file if incoming.path_of(run.file) else "",
        is_trial=is_trial, is_partial=run.is_partial, schedule=run.schedule, by=by, at=at,
    )  # fmt: skip


def _asked(
    territory: Territory, format_name: str, source: str, licence: str, *, by: User | str, at: datetime,
    schedule: ImportSchedule | None = None, **more: Any,
) -> ImportRun:  # fmt: skip
    source = _source(source)
    if format_name not in incoming.FORMATS:
        raise Refusal(_("There is no such format."))
    if ImportRun.objects.filter(territory=territory, state=State.ASKED).count() >= MOST_WAITING:
        raise Refusal(_("Many imports wait already: let some of them end first."))
    run = ImportRun.objects.create(
        territory=territory, format=format_name, source=source, licence=typed(licence, 400), state=State.ASKED,
        started_at=at, asked_by=by if isinstance(by, User) else None, schedule=schedule, **more,
    )  # fmt: skip
    audit.record("asked for an import", run, by=by, at=at, data={"source": source, "trial": run.is_trial})
    return run


def _source(source: str) -> str:
    name = " ".join(typed(source, LONGEST_SOURCE).split())
    if not name:
        raise Refusal(_("Give the feed a name: it stands beside everything that comes from it."))
    if name.casefold() in RESERVED:
        raise Refusal(_("This name has a meaning of its own here: choose another one."))
    return name


@transaction.atomic
def cancel(run: ImportRun, *, by: User | str, at: datetime) -> None:
    """One that still waits does not begin. Raises NotAllowed, Refusal when it has begun."""
    _check(run.territory, by, at)
    if not _move(run, State.FAILED, error="cancelled", ended_at=at):
        raise Refusal(_("It has begun, or is over: it can no longer be cancelled."))
    audit.record("cancelled an import", run, by=by, at=at)


# --- the worker -----------------------------------------------------------------------------------------------------------------------


def claim(*, at: datetime) -> ImportRun | None:
    """The import that waits longest, for whoever calls first; None when there is nothing to do."""
    for run in ImportRun.objects.filter(state=State.ASKED).select_related("territory", "schedule").order_by("pk")[:10]:
        if _move(
            run, State.RUNNING, started_at=at, progress={"phase": "begin", "done": 0, "total": 0, "at": at.isoformat()}
        ):
            return run
    return None


def progressed(run: ImportRun, phase: str, done: int, total: int, *, at: datetime) -> None:
    said = {"phase": phase, "done": done, "total": total, "at": at.isoformat()}
    ImportRun.objects.filter(pk=run.pk, state=State.RUNNING).update(progress=said)


def failed(run: ImportRun, error: str, *, at: datetime) -> None:
    """It ended without a report; `error` is a code and its value: "unreachable:timeout"."""
    ImportRun.objects.filter(pk=run.pk, state=State.RUNNING).update(state=State.FAILED, error=error[:400], ended_at=at)


def give_up_on_the_silent(*, at: datetime) -> int:
    """Runs whose worker was killed: they failed, and can be asked again."""
    silent = []
    for run in ImportRun.objects.filter(state=State.RUNNING).only("pk", "progress", "started_at"):
        told = run.progress.get("at")
        if (datetime.fromisoformat(told) if told else run.started_at) < at - SILENT:
            silent.append(run.pk)
    rows = ImportRun.objects.filter(pk__in=silent, state=State.RUNNING)
    return rows.update(state=State.FAILED, error="worker-stopped", ended_at=at)


def forget_files(*, before: datetime) -> int:
    """Remove files of imports that ended before; what they said stays in the raw records."""
    gone = 0
    for run in ImportRun.objects.exclude(file="").filter(ended_at__lt=before):
        if not ImportRun.objects.filter(file=run.file).exclude(ended_at__lt=before).exists():
            incoming.forget(run.file)
            gone += ImportRun.objects.filter(file=run.file).update(file="")
    return gone


def _move(run: ImportRun, state: str, **more: Any) -> bool:
    """Into the next state, when it may; of two who try at once one succeeds."""
    from_ = [State.ASKED] if state == State.FAILED else [s for s, following in NEXT.items() if state in following]
    won = ImportRun.objects.filter(pk=run.pk, state__in=from_).update(state=state, **more)
    if won:
        run.refresh_from_db(fields=["state", *more])
    return bool(won)


# --- feeds that come again ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def schedule(
    territory: Territory, *, format_name: str, source: str, location: str, licence: str = "", every_hours: int = 24,
    by: User | str, at: datetime,
) -> ImportSchedule:  # fmt: skip
    """A feed is fetched every so many hours, for the first time now. Raises NotAllowed, Refusal."""
    _check(territory, by, at)
    source, location = _source(source), typed(location, 1_000).strip()
    if format_name not in incoming.FORMATS:
        raise Refusal(_("There is no such format."))
    if not 1 <= every_hours <= 24 * 31:
        raise Refusal(_("Between one hour and 31 days."))
    _check_location(location)
    if ImportSchedule.objects.filter(territory=territory, source=source).exists():
        raise Refusal(_("A feed of this name is fetched already."))
    made = ImportSchedule.objects.create(
        territory=territory, source=source, format=format_name, location=location, licence=typed(licence, 400),
        every_hours=every_hours, next_at=at,
    )  # fmt: skip
    audit.record("scheduled a feed", made, by=by, at=at, data={"source": source, "every_hours": every_hours})
    return made


def _check_location(location: str) -> None:
    if incoming.allowed_file(location) is not None:
        return
    try:
        outward.check(location, https_only=True)
    except outward.Unreachable:
        raise Refusal(_("A feed comes from an https:// address, or from a file that the operator allowed.")) from None


@transaction.atomic
def pause(made: ImportSchedule, *, is_active: bool, by: User | str, at: datetime) -> None:
    """Stop fetching, or go on (from now). Raises NotAllowed."""
    _check(made.territory, by, at)
    ImportSchedule.objects.filter(pk=made.pk).update(is_active=is_active, **({"next_at": at} if is_active else {}))
    audit.record("resumed a feed" if is_active else "paused a feed", made, by=by, at=at)


@transaction.atomic
def run_now(made: ImportSchedule, *, is_trial: bool = False, by: User | str, at: datetime) -> ImportRun:
    """Fetch it as soon as the worker can. Raises NotAllowed, Refusal when it waits already."""
    _check(made.territory, by, at)
    if _is_under_way(made):
        raise Refusal(_("This feed is being imported already."))
    return _asked(
        made.territory, made.format, made.source, made.licence, schedule=made, is_trial=is_trial, by=by, at=at
    )


@transaction.atomic
def unschedule(made: ImportSchedule, *, by: User | str, at: datetime) -> None:
    """Never fetch it again; what it brought stays. Raises NotAllowed."""
    _check(made.territory, by, at)
    audit.record("unscheduled a feed", made, by=by, at=at, data={"source": made.source})
    made.delete()


def ask_due(*, at: datetime) -> int:
    """Ask for every scheduled feed whose hour has come; one that still runs is left until the next time."""
    asked = 0
    for made in ImportSchedule.objects.filter(is_active=True, next_at__lte=at).select_related("territory"):
        following = at + timedelta(hours=made.every_hours)
        with transaction.atomic():
            won = ImportSchedule.objects.filter(pk=made.pk, next_at=made.next_at).update(next_at=following)
            if won and not _is_under_way(made):
                _asked(
                    made.territory, made.format, made.source, made.licence, schedule=made, is_trial=False,
                    by="system:work", at=at,
                )  # fmt: skip
                asked += 1
    return asked


def _is_under_way(made: ImportSchedule) -> bool:
    return ImportRun.objects.filter(schedule=made, state__in=[State.ASKED, State.RUNNING]).exists()


# --- services that left their source --------------------------------------------------------------------------------------------------


@transaction.atomic
def withdraw(services: Iterable[Service], territory: Territory, *, by: User | str, at: datetime) -> int:
    """Show them no more: a person decided that they are gone. Those that came back in between are left. Raises NotAllowed."""
    keys = _decide(gone_services(territory), services, territory, SourceRecord.Decision.WITHDRAWN, by, at)
    _show(keys, territory, Service.Visibility.HIDDEN, by=by, at=at)
    return len(keys)


@transaction.atomic
def keep(services: Iterable[Service], territory: Territory, *, by: User | str, at: datetime) -> int:
    """They stay, though no source has them any more: whoever keeps them knows better. Raises NotAllowed."""
    keys = _decide(gone_services(territory), services, territory, SourceRecord.Decision.KEPT, by, at)
    return len(keys)


@transaction.atomic
def show_again(services: Iterable[Service], territory: Territory, *, by: User | str, at: datetime) -> int:
    """They were withdrawn, and their source has them again. Raises NotAllowed."""
    keys = _decide(returned_services(territory), services, territory, SourceRecord.Decision.NONE, by, at)
    _show(keys, territory, Service.Visibility.PUBLIC, by=by, at=at)
    return len(keys)


def _decide(
    open_: Any, services: Iterable[Service], territory: Territory, decision: str, by: User | str, at: datetime
) -> list[int]:
    """Keep the decision with the records; returns the services that it is about, locked."""
    _check(territory, by, at)
    wanted = open_.filter(pk__in=[service.pk for service in services]).values("pk")
    rows = Service.objects.select_for_update(of=("self",)).filter(pk__in=list(wanted.values_list("pk", flat=True)))
    found = list(rows.order_by("pk"))
    keys = [service.pk for service in found]
    proofs = FieldProvenance.objects.filter(kind="service", object_id__in=keys).exclude(record__source=DESK)
    SourceRecord.objects.filter(pk__in=list(proofs.values_list("record_id", flat=True))).update(decision=decision)
    verb = {"withdrawn": "withdrew a service", "kept": "kept a service", "": "showed a service again"}[decision]
    for service in found:
        audit.record(verb, service, by=by, at=at)
    return keys


def _show(keys: list[int], territory: Territory, visibility: str, *, by: User | str, at: datetime) -> None:
    for service in Service.objects.filter(pk__in=keys):
        said: Mapping[str, Any] = {"visibility": {"old": service.visibility, "new": visibility}}
        editing.record_many(service, said, by=by, source=WITHDRAWN, at=at)
    Service.objects.filter(pk__in=keys).update(visibility=visibility, last_modified=at)
    reindex(territory, keys)


def _check(territory: Territory, by: User | str, at: datetime) -> None:
    rules.check_can_moderate(standing(by, territory, at=at))


# --- the raw record -------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def read_raw(record: SourceRecord, *, by: User, at: datetime) -> Any:
    """The record as it came. One that speaks of contacts leaves a trace; one of a confidential place is for those alone who may
    know where it is. Raises NotAllowed, PlaceHidden."""
    _check(record.territory, by, at)
    places = confidential_places([record.pk]).get(record.pk, ())
    for location in places:
        queries.exact_place(location, user=by, at=at)
    # it was rejected: there is no place here that anybody could have a right to
    if not places and says_confidential(record.payload):
        raise queries.PlaceHidden(str(record.pk))
    if holds_contacts(record.payload):
        audit.record("read a raw record", record, by=by, at=at, data={"source": record.source, "entity": record.entity})
    return record.payload


def confidential_places(records: Iterable[int]) -> dict[int, list[Location]]:
    """Key of a record -> the confidential places that it speaks of, itself or through a service that is there."""
    proofs = FieldProvenance.objects.filter(record__in=list(records), kind__in=("location", "service"))
    by_thing: dict[tuple[str, int], list[int]] = {}
    for record, kind, key in proofs.values_list("record_id", "kind", "object_id"):
        by_thing.setdefault((kind, key), []).append(record)
    hidden = Location.objects.filter(is_confidential=True)
    found: dict[int, list[Location]] = {}
    places = [key for kind, key in by_thing if kind == "location"]
    for location in hidden.filter(pk__in=places).select_related("territory", "organization"):
        for record in by_thing["location", location.pk]:
            found.setdefault(record, []).append(location)
    services = [key for kind, key in by_thing if kind == "service"]
    rows = ServiceAtLocation.objects.filter(service__in=services, location__is_confidential=True)
    for row in rows.select_related("location__territory", "location__organization"):
        for record in by_thing["service", row.service_id]:
            found.setdefault(record, []).append(row.location)
    return found


def hidden_records(records: Iterable[int]) -> set[int]:
    """Those whose values are not shown in lists: they speak of a confidential place, known here or said so by the record."""
    keys = list(records)
    said = SourceRecord.objects.filter(pk__in=keys).values_list("pk", "payload")
    return set(confidential_places(keys)) | {pk for pk, payload in said.iterator(500) if says_confidential(payload)}


def says_confidential(payload: Any) -> bool:
    """Whether it says itself that a place is confidential: our property, or the attribute of HSDS."""
    if isinstance(payload, dict):
        is_said = payload.get("is_confidential") in (True, "true") or (
            payload.get("label") == "confidential" and payload.get("value") in (True, "true")
        )
        return is_said or any(says_confidential(value) for value in payload.values())
    return isinstance(payload, list) and any(says_confidential(one) for one in payload)


def holds_contacts(payload: Any) -> bool:
    """Whether somewhere in it stands a person to talk to."""
    if isinstance(payload, dict):
        return any("contact" in str(name).lower() and said for name, said in payload.items()) or any(
            holds_contacts(value) for value in payload.values()
        )
    return isinstance(payload, list) and any(holds_contacts(one) for one in payload)
