"""Texts in several languages. When an original changes, the translations made from the old one become stale."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from maillage.directory.ingest import bulk
from maillage.directory.ingest.things import Placed
from maillage.directory.models import Text

if TYPE_CHECKING:
    from maillage.directory.ingest.feed import Feed

COLUMNS = ("territory_id", "kind", "object_id", "field", "language", "value", "status", "source_hash")


def write(feed: Feed, kind: str, placed: list[Placed]) -> None:
    if kind in ("taxonomy", "term"):
        return
    _forget(kind, [one for one in placed if not one.is_new])
    rows = [
        (
            feed.territory.pk, kind, one.pk, field, language, value,
            one.thing.statuses.get((field, language), Text.Status.ORIGINAL.value), "",
        )
        for one in placed
        for (field, language), value in one.thing.texts.items()
    ]  # fmt: skip
    new = {one.pk for one in placed if one.is_new}
    bulk.insert(Text, COLUMNS, [row for row in rows if row[2] in new])
    bulk.upsert(
        Text, COLUMNS, [row for row in rows if row[2] not in new],
        unique=("kind", "object_id", "field", "language"), update=("value", "status", "source_hash"),
    )  # fmt: skip


def _forget(kind: str, again: list[Placed]) -> None:
    """Originals that the source told and tells no more go; translations of what has changed are stale."""
    by_key = {one.pk: one for one in again}
    gone, stale = [], []
    for text in Text.objects.filter(kind=kind, object_id__in=by_key):
        one = by_key[text.object_id]
        told = one.thing.texts.get((text.field, text.language))
        originals = {
            v for (f, lang), v in one.thing.texts.items() if f == text.field and (f, lang) not in one.thing.statuses
        }
        if text.status == Text.Status.ORIGINAL:
            if told is None and text.field in one.previous:
                gone.append(text.pk)
        elif (
            told is None
            and text.source_hash
            and originals
            and text.source_hash not in {source_hash(v) for v in originals}
        ):
            stale.append(text.pk)
    Text.objects.filter(pk__in=gone).delete()
    Text.objects.filter(pk__in=stale).update(status=Text.Status.STALE)


def source_hash(original: str) -> str:
    """What a translation keeps of the original it was made from."""
    return hashlib.sha256(original.encode()).hexdigest()[:16]
