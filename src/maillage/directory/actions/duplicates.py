"""Find what may be one service, decide, merge, undo. Nothing is ever merged without a person: `search` only proposes."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from maillage.directory import duplicates, rules, sheet
from maillage.directory.actions import editing
from maillage.directory.models import DuplicatePair, Merge, Service, ServiceAtLocation
from maillage.directory.queries import shown_as
from maillage.directory.search.index import reindex
from maillage.methods.duplicates import Candidate, Capped, find
from maillage.methods.text import typed
from maillage.people import audit
from maillage.people.models import User
from maillage.people.queries import standing
from maillage.territory.models import Territory

State = DuplicatePair.State
MERGE, UNDO = "merge", "undo"
NEVER_FILLED = frozenset({"status", "address"})  # an address comes with its place
PLACES = "places"  # beside the fields of the sheet: where the service is offered
LONGEST_NOTE = 4_000
Progress = Callable[[str, float], None]
Key = tuple[UUID, UUID]


class Refusal(Exception):
    """Why it was not done, as a sentence in the language of whoever asked."""


class DecidedAlready(Refusal):
    """Somebody decided on this pair, or undid this merge, before."""


class CannotMerge(Refusal):
    """These two cannot become one: not of one territory, or one already."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What one search did. `found`: candidates that nobody decided on; `capped`, `vetoed`: see methods.duplicates."""

    services: int
    compared: int
    found: int
    new: int
    gone: int
    capped: list[Capped] = field(default_factory=list)
    vetoed: Mapping[str, int] = field(default_factory=dict)


def search(
    territory: Territory, *, at: datetime, by: User | str, progress: Progress = lambda phase, share: None
) -> Searched:
    """Write the candidates of a territory. What a person decided stays untouched; an open pair that no longer stands goes.

    The same directory searched twice changes nothing the second time.
    """
    progress("read", 0.0)
    with _few_collections():
        uuids, entries = duplicates.entries(territory)
        found = find(entries, progress=progress)
    progress("write", 0.0)
    with transaction.atomic():
        number, new, gone = _write(territory, uuids, found.candidates, at)
        counts = {"services": len(entries), "found": number, "new": new, "gone": gone}
        audit.record("searched for duplicates", territory, by=by, at=at, data=counts)
    progress("write", 1.0)
    return Searched(len(entries), found.compared, number, new, gone, found.capped, found.vetoed)


@contextmanager
def _few_collections() -> Iterator[None]:
    """Millions of small objects, none in a cycle: looking for cycles among them would take a third of the time."""
    before = gc.get_threshold()
    gc.set_threshold(1_000_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _write(territory: Territory, uuids: list[UUID], candidates: list[Candidate], at: datetime) -> tuple[int, int, int]:
    """(candidates that stand open, how many are new, how many open ones went)."""
    there = {(pair.left, pair.right): pair for pair in DuplicatePair.objects.filter(territory=territory)}
    refused = _refused(territory, there.values())
    new, changed, standing_pairs = [], [], set[Key]()
    for one in candidates:
        key = _key(uuids[one.left], uuids[one.right])
        said = {"score": one.score, "reasons": [dict(r) for r in one.reasons], "vetoes": list(one.vetoes)}
        pair = there.get(key)
        if key in refused:
            continue
        if pair is None:
            standing_pairs.add(key)
            new.append(DuplicatePair(territory=territory, left=key[0], right=key[1], found_at=at, **said))
        elif pair.state == State.OPEN:
            standing_pairs.add(key)
            if any(getattr(pair, name) != value for name, value in said.items()):
                for name, value in said.items():
                    setattr(pair, name, value)
                changed.append(pair)
    gone = [pair.pk for key, pair in there.items() if pair.state == State.OPEN and key not in standing_pairs]
    for start in range(0, len(gone), 500):
        DuplicatePair.objects.filter(pk__in=gone[start : start + 500], state=State.OPEN).delete()
    DuplicatePair.objects.bulk_create(new, batch_size=500, ignore_conflicts=True)
    DuplicatePair.objects.bulk_update(changed, ["score", "reasons", "vetoes"], batch_size=500)
    return len(standing_pairs), len(new), len(gone)


def _key(one: UUID, other: UUID) -> Key:
    return (one, other) if one < other else (other, one)


def _refused(territory: Territory, pairs: Iterable[DuplicatePair]) -> set[Key]:
    """Pairs that a decision answers without naming them: A is not C, and A was merged into B, so B is not C."""
    merged = dict(
        Service.objects.filter(territory=territory, merged_into__isnull=False).values_list("uuid", "merged_into__uuid")
    )

    def stands_for(uuid: UUID) -> UUID:
        seen = {uuid}
        while (above := merged.get(uuid)) is not None and above not in seen:
            uuid = above
            seen.add(uuid)
        return uuid

    return {_key(stands_for(one.left), stands_for(one.right)) for one in pairs if one.state == State.DIFFERENT}


@transaction.atomic
def decide(
    pair: DuplicatePair, *, same: bool, by: User, at: datetime, keep: Service | None = None, note: str = ""
) -> Merge | None:
    """A person says that the two are one (`keep` is the one that is shown from now on), or that they are two.

    Raises NotAllowed, DecidedAlready, CannotMerge.
    """
    rules.check_can_moderate(standing(by, pair.territory, at=at))
    state = State.SAME if same else State.DIFFERENT
    said = {"state": state, "decided_at": at, "decided_by": by, "note": typed(note, LONGEST_NOTE)}
    said["keep"] = keep.uuid if same and keep else None
    if not DuplicatePair.objects.filter(pk=pair.pk, state=State.OPEN).update(**said):
        raise DecidedAlready(_("Somebody has already decided on this pair."))
    pair.refresh_from_db()
    merge_ = None
    if same:
        services = {one.uuid: one for one in Service.objects.filter(uuid__in=[pair.left, pair.right])}
        if keep is None or keep.uuid not in (pair.left, pair.right) or len(services) < 2:
            raise CannotMerge(_("One of the two is no longer in the directory."))
        other = pair.right if keep.uuid == pair.left else pair.left
        merge_ = _merge(services[keep.uuid], services[other], by=by, at=at, pair=pair)
    audit.record("decided on a duplicate", pair, by=by, at=at, data={"same": same, "keep": pair.keep})
    return merge_


@transaction.atomic
def merge(kept: Service, merged: Service, *, by: User, at: datetime) -> Merge:
    """From now on `merged` is shown as `kept`, which takes over what it lacks; both keep their sources. The pair is kept too.

    Into a service that was merged itself: into the one that stands for it. Raises NotAllowed, CannotMerge.
    """
    rules.check_can_moderate(standing(by, kept.territory, at=at))
    left, right = _key(kept.uuid, merged.uuid)
    decided = {"state": State.SAME, "keep": kept.uuid, "decided_at": at, "decided_by": by}
    pair = None
    if left != right:
        pair, _created = DuplicatePair.objects.update_or_create(
            territory=kept.territory, left=left, right=right, defaults=decided, create_defaults=decided | {"score": 1.0, "found_at": at}
        )  # fmt: skip
    return _merge(kept, merged, by=by, at=at, pair=pair)


def _merge(kept: Service, merged: Service, *, by: User | None, at: datetime, pair: DuplicatePair | None) -> Merge:
    kept = shown_as(Service.objects.select_for_update(of=("self",)).get(pk=kept.pk))
    merged = Service.objects.select_for_update(of=("self",)).get(pk=merged.pk)
    if kept.territory_id != merged.territory_id:
        raise CannotMerge(_("The two belong to different territories."))
    if kept.pk == merged.pk or merged.merged_into_id is not None:
        raise CannotMerge(_("These two are one already, or one of them was merged into another: undo that first."))
    filled, touched = _fill(kept, merged, by=by, at=at)
    Service.objects.filter(pk=merged.pk).update(merged_into=kept)
    done = Merge.objects.create(
        territory_id=kept.territory_id, pair=pair, kept=kept, merged=merged, filled=filled, by=by, at=at
    )
    DuplicatePair.objects.filter(territory_id=kept.territory_id, state=State.OPEN).filter(
        left=merged.uuid
    ).delete()  # asked again, of the one that is kept, by the next search
    DuplicatePair.objects.filter(territory_id=kept.territory_id, state=State.OPEN, right=merged.uuid).delete()
    reindex(kept.territory, sorted({kept.pk, merged.pk, *touched}))
    said = {"kept": kept.uuid, "merged": merged.uuid, "fields": sorted(filled)}
    audit.record("merged two services", done, by=by or "system:import", at=at, data=said)
    return done


def would_fill(kept: Service, merged: Service) -> dict[str, dict[str, Any]]:
    """What `kept` lacks and `merged` says: field of the sheet -> {"old", "new"}; PLACES when only `merged` has a place."""
    mine, its = sheet.read(kept), sheet.read(merged)
    found = {
        name: {"old": mine.get(name), "new": value}
        for name, value in its.items()
        if name not in NEVER_FILLED and is_empty(mine.get(name)) and not is_empty(value)
    }
    if not ServiceAtLocation.objects.filter(service=kept).exists():
        places = ServiceAtLocation.objects.filter(service=merged).order_by("id")
        if uuids := [str(uuid) for uuid in places.values_list("location__uuid", flat=True)]:
            found[PLACES] = {"old": [], "new": uuids}
    return found


def is_empty(value: Any) -> bool:
    """Nobody told: no is an answer, and zero is."""
    return value in ("", None, [], {})


def _fill(kept: Service, merged: Service, *, by: User | None, at: datetime) -> tuple[dict[str, Any], list[int]]:
    """Write what can be written; returns what was, and the services that show it."""
    wanted = would_fill(kept, merged)
    filled: dict[str, Any] = {}
    if places := wanted.pop(PLACES, None):
        rows = ServiceAtLocation.objects.filter(service=merged).order_by("id")
        for row in rows.values("location_id", "description"):
            ServiceAtLocation.objects.create(service=kept, **row)
        filled[PLACES] = places
    values = {name: entry["new"] for name, entry in wanted.items()}
    try:
        written = sheet.write(kept, values, at=at)
    except sheet.SheetError as refusal:  # a field that this service cannot have: the others are taken over
        values = {name: value for name, value in values.items() if name not in refusal.errors}
        written = sheet.write(kept, values, at=at)
    for name, entry in written.fields.items():
        statuses = {key: said for key, said in written.statuses.items() if sheet.base_of(key) == sheet.base_of(name)}
        filled[name] = dict(entry) | ({"statuses": statuses} if statuses else {})
    editing.record_many(kept, written.fields, by=by, source=MERGE, at=at)
    return filled, written.services


@transaction.atomic
def undo(done: Merge, *, by: User, at: datetime) -> list[str]:
    """Two services again, and the pair is open again. `kept` gives back what it took over.

    A field that somebody changed since stays as it is: returned by name. Raises NotAllowed, DecidedAlready.
    """
    rules.check_can_moderate(standing(by, done.territory, at=at))
    if not Merge.objects.filter(pk=done.pk, undone_at=None).update(undone_at=at, undone_by=by):
        raise DecidedAlready(_("This merge was undone before."))
    done.refresh_from_db()
    kept = Service.objects.select_for_update(of=("self",)).get(pk=done.kept_id)
    Service.objects.filter(pk=done.merged_id, merged_into=kept).update(merged_into=None)
    stayed, touched = _give_back(kept, done, by=by, at=at)
    if done.pair_id:
        DuplicatePair.objects.filter(pk=done.pair_id, state=State.SAME).update(
            state=State.OPEN, keep=None, decided_at=None, decided_by=None
        )
    reindex(done.territory, sorted({kept.pk, done.merged_id, *touched}))
    audit.record("undid a merge", done, by=by, at=at, data={"stayed": stayed})
    return stayed


def _give_back(kept: Service, done: Merge, *, by: User, at: datetime) -> tuple[list[str], list[int]]:
    present = sheet.read(kept)
    fields = {name: entry for name, entry in done.filled.items() if name != PLACES}
    stayed = [name for name, entry in fields.items() if present.get(name) != entry["new"]]
    back = {name: entry["old"] for name, entry in fields.items() if name not in stayed}
    written = sheet.write(kept, back, at=at)
    for name in back:
        sheet.restore_statuses(kept, fields[name].get("statuses", {}))
    editing.record_many(kept, written.fields, by=by, source=UNDO, at=at)
    if places := done.filled.get(PLACES):
        ServiceAtLocation.objects.filter(service=kept, location__uuid__in=places["new"]).delete()
    return sorted(stayed), written.services


@transaction.atomic
def remember(territory: Territory, services: Iterable[int], *, at: datetime) -> int:
    """After an import: what a person decided holds for records that went and came back. Returns how many were merged again."""
    touched = set(services)
    pairs = list(DuplicatePair.objects.filter(territory=territory, state=State.SAME, keep__isnull=False).order_by("id"))
    again = 0
    for start in range(0, len(pairs), 200):
        part = pairs[start : start + 200]
        wanted = {uuid for pair in part for uuid in (pair.left, pair.right)}
        there = {one.uuid: one for one in Service.objects.filter(uuid__in=wanted, territory=territory)}
        for pair in part:
            if pair.keep is None or not {one.pk for u in (pair.left, pair.right) if (one := there.get(u))} & touched:
                continue
            kept, merged = there.get(pair.keep), there.get(pair.right if pair.keep == pair.left else pair.left)
            if kept and merged and merged.merged_into_id is None and shown_as(kept).pk != merged.pk:
                _merge(kept, merged, by=pair.decided_by, at=at, pair=pair)
                again += 1
    return again
