"""What there is for a need: the services, the nearest first. What a signal is read beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from maillage.directory.search.filters import distances
from maillage.directory.search.memory import memory
from maillage.directory.search.types import Query
from maillage.orientation.queries import Vocabulary


@dataclass(frozen=True, slots=True)
class There:
    """A service (key), and how far its nearest place is from the middle of the area; None: nobody knows, or no area was asked."""

    service: int
    km: float | None


def existing(words: Vocabulary, need: str, *, area: str = "", at: datetime) -> Sequence[There]:
    """The services of a need and of those below it. A confidential place counts from the middle of its area: the memory of
    search knows no other. Without an area, in the order of the directory."""
    here = memory(words.territory)
    rows = here.rows_of_needs((need,))
    middle = words.areas[area].point if area in words.areas else None
    far = np.full(rows.size, np.nan)
    if middle and rows.size:
        far = distances(here, Query(words.territory.code, at, near=middle), rows).astype(float)
    nearest: dict[int, float] = {}
    for key, km in zip(here.service_id[rows].tolist(), far.tolist(), strict=True):
        if key not in nearest or km < nearest[key] or np.isnan(nearest[key]):
            nearest[key] = km
    found = [There(key, None if np.isnan(km) else round(km, 1)) for key, km in nearest.items()]
    return sorted(found, key=lambda one: (one.km is None, one.km or 0.0, one.service))
