"""The standard's Page, with keysets inside: page numbers outside, no long OFFSET inside.

Objects are in the order of their UUID. For each set of filters the UUID of every two hundredth object is kept in memory,
with the count, as long as the directory has not changed; a page then starts at the nearest one, and skips fewer than two
hundred rows.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Window
from django.db.models.functions import Mod, RowNumber

STRIDE = 200
KEPT = 128  # sets of filters
SECONDS = 60.0  # vocabularies change without the change number of the directory
CHUNK = 500


@dataclass(frozen=True)
class Marks:
    """How many objects there are, and the UUID of each that begins a stride."""

    total: int
    starts: tuple[UUID, ...]


_kept: OrderedDict[Hashable, tuple[float, Marks]] = OrderedDict()
_lock = threading.Lock()


def marks(queryset: Any, key: Hashable) -> Marks:
    """The marks of a queryset; `key` names the filters and the change number of the directory."""
    now = time.monotonic()
    with _lock:
        held = _kept.get(key)
        if held and now - held[0] < SECONDS:
            _kept.move_to_end(key)
            return held[1]
    found = _marks(queryset)
    with _lock:
        _kept[key] = (now, found)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def _marks(queryset: Any) -> Marks:
    total = queryset.count()
    if total <= STRIDE:
        return Marks(total, ())
    numbered = queryset.annotate(place=Window(RowNumber(), order_by=F("uuid").asc())).annotate(
        rest=Mod(F("place") - 1, STRIDE)
    )
    return Marks(total, tuple(numbered.filter(rest=0).order_by("uuid").values_list("uuid", flat=True)))


def slice_of(queryset: Any, found: Marks, first: int, count: int) -> Any:
    """`count` objects from the `first` (0: the very first), in the order of their UUID."""
    ordered = queryset.order_by("uuid")
    step = first // STRIDE
    if found.starts and step < len(found.starts):
        first -= step * STRIDE
        ordered = ordered.filter(uuid__gte=found.starts[step])
    return ordered[first : first + count]


def chunks(queryset: Any, size: int = CHUNK) -> Iterator[Any]:
    """All objects, in the order of their UUID, some at a time: each queryset continues after the one before."""
    last: UUID | None = None
    while True:
        some = queryset.order_by("uuid") if last is None else queryset.filter(uuid__gt=last).order_by("uuid")
        rows = list(some.values_list("id", "uuid")[:size])
        if not rows:
            return
        last = rows[-1][1]
        yield queryset.model.objects.filter(pk__in=[key for key, _ in rows]).order_by("uuid")


def page(total: int, number: int, size: int, contents: list[Any]) -> dict[str, Any]:
    """HSDS Page. `size` is what was asked for; the members say how many there are."""
    pages = -(-total // size) if size else 0
    return {
        "total_items": total, "total_pages": pages, "page_number": number, "size": len(contents), "first_page": number == 1,
        "last_page": number >= pages, "empty": not contents, "contents": contents,
    }  # fmt: skip


def forget() -> None:
    """Forget all marks (tests; after a change that no change number tells)."""
    with _lock:
        _kept.clear()
