"""What an import changes, field by field: lines of the history when it is real, a preview when it is a trial."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from maillage.directory import sheet
from maillage.directory.ingest import bulk
from maillage.directory.models import FieldProvenance, Revision, Service, ServiceAtLocation, SourceRecord
from maillage.directory.sheet.many import read_many
from maillage.territory.models import Territory

SHOWN = 50  # of each kind, in a preview
LONGEST = 600  # characters of a text in a preview
COLUMNS = ("service_id", "field", "old", "new", "at", "by_id", "source", "change_id")


@dataclass
class Watch:
    """For `ingest.Feed`. The sheets of the services of a chunk, before and after; what differs is a line of their history."""

    territory: Territory
    source: str
    at: datetime
    is_trial: bool = False
    fields: Counter[str] = field(default_factory=Counter)  # how often each field changed
    services: set[int] = field(default_factory=set)
    changed: list[dict[str, Any]] = field(default_factory=list)  # the first ones, readable
    named: list[str] = field(default_factory=list)  # the first that were created
    _before: dict[int, dict[str, Any]] = field(default_factory=dict)
    _created: list[str] = field(default_factory=list)

    def before(self, kind: str, keys: list[int]) -> None:
        if kind == "location":
            there = ServiceAtLocation.objects.filter(location__in=keys).values_list("service_id", flat=True)
            keys = list(there)
        new = [key for key in keys if key not in self._before]
        self._before |= read_many(self.territory, new)

    def created(self, names: list[str]) -> None:
        self._created += names[:SHOWN]

    def forget(self) -> None:
        self._before, self._created = {}, []

    def after(self) -> None:
        """The chunk is written: what became different. Called in its transaction."""
        rows = []
        now = read_many(self.territory, self._before)
        for key, old in self._before.items():
            if different := sheet.differences(old, now.get(key, {})):
                self._note(key, now[key], different)
                rows += [
                    (key, name, entry["old"], entry["new"], self.at, None, self.source[:200], None)
                    for name, entry in different.items()
                ]
        if not self.is_trial:
            bulk.insert(Revision, COLUMNS, rows)
        self.named += self._created[: SHOWN - len(self.named)]
        self.forget()

    def _note(self, key: int, now: dict[str, Any], different: dict[str, dict[str, Any]]) -> None:
        self.services.add(key)
        self.fields.update(list(different))
        if self.is_trial and len(self.changed) < SHOWN:
            said = {name: {side: _shown(value) for side, value in entry.items()} for name, entry in different.items()}
            self.changed.append({"service": key, "name": _name(self.territory, now), "fields": said})

    def preview(self, gone: int) -> dict[str, Any]:
        """What a trial would have done, as JSON. `gone`: records that the feed came without."""
        uuids = dict(Service.objects.filter(pk__in=[one["service"] for one in self.changed]).values_list("pk", "uuid"))
        leaving = (
            gone_services(self.territory, self.source).filter(_is_new_at(self.at)) if gone else Service.objects.none()
        )
        return {
            "created": self.named,
            "changed": [one | {"service": str(uuids.get(one["service"], ""))} for one in self.changed],
            "changed_services": len(self.services),
            "fields": dict(self.fields.most_common()),
            "gone_records": gone,
            "gone": leaving.count() if gone else 0,
            "gone_names": list(leaving.order_by("name", "pk").values_list("name", flat=True)[:SHOWN]),
        }


def gone_services(territory: Territory, source: str = "") -> Any:
    """Services that are still shown, whose every source is gone and nobody has decided about. The desk is no source of theirs."""
    proofs = FieldProvenance.objects.filter(kind="service", object_id=OuterRef("pk")).exclude(record__source="desk")
    lost = proofs.filter(record__gone_at__isnull=False, record__decision=SourceRecord.Decision.NONE)
    if source:
        lost = lost.filter(record__source=source)
    return Service.objects.filter(
        Exists(lost), ~Exists(proofs.filter(record__gone_at=None)), territory=territory,
        visibility=Service.Visibility.PUBLIC, merged_into=None,
    )  # fmt: skip


def returned_services(territory: Territory) -> Any:
    """Services that a person withdrew because their source no longer had them, and whose source has them again."""
    back = FieldProvenance.objects.filter(
        kind="service", object_id=OuterRef("pk"), record__decision=SourceRecord.Decision.WITHDRAWN, record__gone_at=None
    )
    return Service.objects.filter(Exists(back), territory=territory, visibility=Service.Visibility.HIDDEN)


def _is_new_at(at: datetime) -> Exists:
    return Exists(FieldProvenance.objects.filter(kind="service", object_id=OuterRef("pk"), record__gone_at=at))


def _name(territory: Territory, now: dict[str, Any]) -> str:
    names = [str(now.get(f"name:{language}") or "") for language in territory.languages]
    return next(filter(None, names), "?")


def _shown(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + " …"
    return value
