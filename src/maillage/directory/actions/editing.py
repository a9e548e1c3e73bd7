"""Proposals and their decision. Nothing of a proposal stands in the directory before it is accepted; what was can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from maillage.directory import rules, sheet
from maillage.directory.ingest import held
from maillage.directory.models import Change, Revision, Service
from maillage.directory.search.index import reindex
from maillage.methods.text import typed
from maillage.people import audit
from maillage.people.models import Organization, User
from maillage.people.queries import standing
from maillage.people.rules import Standing
from maillage.territory.models import Territory

State = Change.State
NEXT: Final = rules.NEXT
DESK, LINK, UNDO = held.DESK, "link", "undo"
LONGEST_NOTE = 4_000


class Refusal(Exception):
    """Why it was not done, as a sentence in the language of whoever asked."""


class NothingChanges(Refusal):
    """What was proposed is what stands already."""


class DecidedAlready(Refusal):
    """Somebody decided on this proposal, or took it back, before."""


class ReasonMissing(Refusal):
    """A proposal goes back with a reason."""


class Conflict(Refusal):
    """Fields became something else in between: `fields` names them."""

    def __init__(self, sentence: str, fields: Iterable[str]) -> None:
        self.fields = tuple(fields)
        super().__init__(sentence % {"fields": ", ".join(sheet.label(name) for name in self.fields)})


@transaction.atomic
def propose(service: Service, fields: Mapping[str, Any], *, by: User | str, note: str = "", at: datetime) -> Change:
    """Keep what `fields` of the sheet say otherwise than the record. A moderator's own is accepted at once, any other waits.

    Raises NotAllowed, SheetError (field -> sentence), NothingChanges.
    """
    held_by = _standing(service, by, at)
    rules.check_can_edit_service(held_by)
    service = _locked(service)
    present = sheet.read(service)
    different = sheet.differences(present, _clean(service, present, fields))
    if not different:
        raise NothingChanges(_("Nothing is different from what stands there already."))
    change = Change.objects.create(
        territory_id=service.territory_id, service=service, author=by if isinstance(by, User) else None,
        fields=different, note=typed(note, LONGEST_NOTE), proposed_at=at,
    )  # fmt: skip
    audit.record("proposed a change", change, by=by, at=at, data=_said(change))
    if rules.can_moderate(held_by):
        return accept(change, by=by, at=at)
    return change


@transaction.atomic
def open_service(
    territory: Territory,
    organization: Organization,
    fields: Mapping[str, Any],
    *,
    by: User | str,
    note: str = "",
    at: datetime,
) -> Change:
    """A new service of this organisation, shown to nobody until a moderator accepts what `fields` of the sheet say of it.

    A moderator's own is shown at once. Raises NotAllowed, SheetError: without a name nobody knows it, without a need nobody finds it.
    """
    rules.check_can_edit_service(standing(by, territory, organization, at=at))
    names = {
        name: " ".join(str(said).split()) for name, said in fields.items() if sheet.base_of(name) == "name" and said
    }
    missing = (
        {} if names else {f"name:{territory.default_language}": _("A service needs a name in at least one language.")}
    )
    if not fields.get("needs"):
        missing["needs"] = _("Say at least one need that it answers: it is found by it.")
    if missing:
        raise sheet.SheetError(missing)
    service = Service(
        territory=territory, organization=organization, visibility=Service.Visibility.HIDDEN, last_modified=at
    )
    service.confirmed_on, service.confirmed_by = (
        at.astimezone(ZoneInfo(territory.timezone)).date(),
        organization.name[:200],
    )
    service.save()
    sheet.write(service, sheet.clean(names, sheet.read(service), sheet.known_codes(service)), at=at)
    audit.record("added a service", service, by=by, at=at)
    change = propose(
        service, {name: said for name, said in fields.items() if name not in names}, by=by, note=note, at=at
    )
    Change.objects.filter(pk=change.pk).update(opens=True)
    change.opens = True
    if change.state == State.ACCEPTED:
        _show(service)
        reindex(territory, [service.pk], at=at)
    return change


@transaction.atomic
def accept(
    change: Change, *, by: User | str, at: datetime, edited: Mapping[str, Any] | None = None, reason: str = "",
    force: bool = False,
) -> Change:  # fmt: skip
    """It stands in the directory from now on. `edited`: what the moderator made of some fields; `reason` says why.

    A field that somebody else changed since the proposal is a Conflict, which `force` overrides.
    Raises NotAllowed, DecidedAlready, Conflict, SheetError.
    """
    service = _locked(change.service)
    rules.check_can_decide(_standing(service, by, at), is_author=change.author == by)
    _move(change, State.ACCEPTED, by=by, at=at, reason=typed(reason, LONGEST_NOTE))
    present = sheet.read(service)
    if not force and (changed := _changed(change, present)):
        raise Conflict(_("Changed by somebody else since this was proposed: %(fields)s."), changed)
    wanted = {name: entry["new"] for name, entry in change.fields.items()}
    if edited:
        wanted |= _clean(service, present, edited)
    written = sheet.write(service, wanted, at=at)
    change.fields = _decided(change.fields, written.fields, written.statuses)
    change.save(update_fields=["fields"])
    record_many(service, written.fields, by=by, source=DESK, at=at, change=change)
    held.hold(service, written.fields, at=at, own=written.own_place, only=written.only_place)
    _show(service)
    reindex(service.territory, written.services, at=at)
    audit.record("accepted a change", change, by=by, at=at, data=_said(change))
    return change


@transaction.atomic
def send_back(change: Change, reason: str, *, by: User | str, at: datetime) -> Change:
    """It goes back to its author with a reason. Raises NotAllowed, ReasonMissing, DecidedAlready."""
    rules.check_can_decide(_standing(change.service, by, at), is_author=change.author == by)
    reason = typed(reason, LONGEST_NOTE)
    if not reason:
        raise ReasonMissing(_("Say why: the author reads it and can propose again."))
    _move(change, State.RETURNED, by=by, at=at, reason=reason)
    audit.record("returned a change", change, by=by, at=at, data=_said(change))
    return change


@transaction.atomic
def withdraw(change: Change, *, by: User | str, at: datetime) -> Change:
    """Its author takes it back. Raises NotAllowed, DecidedAlready."""
    rules.check_can_withdraw(_standing(change.service, by, at), is_author=change.author == by)
    _move(change, State.WITHDRAWN, by=by, at=at)
    audit.record("withdrew a change", change, by=by, at=at, data=_said(change))
    return change


@transaction.atomic
def undo(change: Change, *, by: User | str, at: datetime) -> Change:
    """Give every field of an accepted change what it held before, as new lines of the history.

    Refused (Conflict) when one of them became something else since. Raises NotAllowed, DecidedAlready, SheetError.
    """
    service = _locked(change.service)
    rules.check_can_undo(_standing(service, by, at), is_author=change.author == by)
    _move(change, State.UNDONE, by=by, at=at, reason=change.reason)
    present = sheet.read(service)
    if later := [name for name, entry in change.fields.items() if present.get(name) != entry["new"]]:
        raise Conflict(_("Changed again since, so that it cannot be undone: %(fields)s."), later)
    written = sheet.write(service, {name: entry["old"] for name, entry in change.fields.items()}, at=at)
    for entry in change.fields.values():
        sheet.restore_statuses(service, entry.get("statuses", {}))
    record_many(service, written.fields, by=by, source=UNDO, at=at, change=change)
    held.release(service, change.fields, kept=_decided_elsewhere(service, change))
    _show(service)
    reindex(service.territory, written.services, at=at)
    audit.record("undid a change", change, by=by, at=at, data=_said(change))
    return change


def record(
    service: Service, field: str, old: Any, new: Any, *, by: User | str | None, source: str, at: datetime,
    change: Change | None = None,
) -> Revision:  # fmt: skip
    """One line of the history of one field."""
    return record_many(service, {field: {"old": old, "new": new}}, by=by, source=source, at=at, change=change)[0]


def record_many(
    service: Service, fields: Mapping[str, Mapping[str, Any]], *, by: User | str | None, source: str, at: datetime,
    change: Change | None = None,
) -> list[Revision]:  # fmt: skip
    """A line of the history for each field: {"old", "new"}, as `sheet.differences` says."""
    user = by if isinstance(by, User) else None
    return Revision.objects.bulk_create(
        Revision(
            service=service, field=name, old=entry["old"], new=entry["new"], by=user, source=source[:200], at=at, change=change
        )
        for name, entry in fields.items()
    )  # fmt: skip


@transaction.atomic
def still_true(service: Service, *, by: User | str | None, source: str = DESK, at: datetime) -> Service:
    """Somebody says that the whole record is true today. By name of the organisation, never of a person: it is published.

    `by` None: whoever holds the signed link of a reminder (`source` "link"). Raises NotAllowed.
    """
    if by is not None:
        rules.check_can_edit_service(_standing(service, by, at))
    elif source != LINK:
        raise ValueError("nobody says so: give a user, or the source link")
    service = _locked(service)
    today = at.astimezone(ZoneInfo(service.territory.timezone)).date()
    before = service.confirmed_on
    service.confirmed_on, service.confirmed_by = today, _confirmer(service)
    service.save(update_fields=["confirmed_on", "confirmed_by"])
    said = {"old": before.isoformat() if before else None, "new": today.isoformat()}
    record_many(service, {"confirmed": said}, by=by, source=source, at=at)
    held.hold(service, ["confirmed"], at=at)
    reindex(service.territory, [service.pk], at=at)
    audit.record("confirmed a service", service, by=by or "system:link", at=at, data={"on": today})
    return service


def _show(service: Service) -> None:
    """A service that was added at the desk is shown as long as something of it stands accepted."""
    changes = Change.objects.filter(service=service)
    if not changes.filter(opens=True).exists():
        return
    accepted = changes.filter(state=State.ACCEPTED).exists()
    service.visibility = Service.Visibility.PUBLIC if accepted else Service.Visibility.HIDDEN
    service.save(update_fields=["visibility"])


def _standing(service: Service, by: User | str, at: datetime) -> Standing:
    return standing(by, service.territory, service.organization, at=at)


def _locked(service: Service) -> Service:
    """The row as it is now; nobody else writes this service until the transaction ends."""
    rows = Service.objects.select_for_update(of=("self",)).select_related("territory", "organization")
    return rows.get(pk=service.pk)


def _clean(service: Service, present: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    return sheet.clean(fields, present, sheet.known_codes(service))


def _move(change: Change, state: str, *, by: User | str, at: datetime, reason: str = "") -> None:
    """Into the next state, when it may; two who decide at once do not both."""
    before = [one for one, following in NEXT.items() if state in following]
    said = {"state": state, "decided_at": at, "decided_by": by if isinstance(by, User) else None, "reason": reason}
    if not Change.objects.filter(pk=change.pk, state__in=before).update(**said):
        raise DecidedAlready(_("Somebody has already decided on this proposal."))
    change.refresh_from_db()


def _changed(change: Change, present: Mapping[str, Any]) -> list[str]:
    """Fields that are neither what they were when it was proposed, nor what it wants."""
    return [name for name, entry in change.fields.items() if present.get(name) not in (entry["old"], entry["new"])]


def _decided(
    proposed: Mapping[str, Any], written: Mapping[str, Any], statuses: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """What really became different; `proposed` beside what a moderator edited; the statuses that undoing gives back."""
    fields: dict[str, dict[str, Any]] = {}
    for name, entry in written.items():
        fields[name] = dict(entry)
        if name in proposed and proposed[name]["new"] != entry["new"]:
            fields[name]["proposed"] = proposed[name]["new"]
        if mine := {key: said for key, said in statuses.items() if sheet.base_of(key) == sheet.base_of(name)}:
            fields[name]["statuses"] = mine
    return fields


def _decided_elsewhere(service: Service, change: Change) -> set[str]:
    """Fields that another change, which stands, made the desk's."""
    others = Change.objects.filter(service=service, state=State.ACCEPTED).exclude(pk=change.pk)
    return {name for fields in others.values_list("fields", flat=True) for name in fields}


def _confirmer(service: Service) -> str:
    return (service.organization.name if service.organization else str(service.territory))[:200]


def _said(change: Change) -> dict[str, Any]:
    """The trail keeps which fields, never what they say."""
    return {"service": change.service.uuid, "fields": sorted(change.fields)}
