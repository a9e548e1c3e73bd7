"""Text search alone, for the exchange API: which services hold these words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maillage.directory.search.memory import memory
from maillage.territory.models import Territory


def matching_ids(territory: Territory, text: str, language: str = "en") -> NDArray[np.int64]:
    """Ids (primary keys) of the services that hold the words of `text`, in ascending order."""
    here = memory(territory)
    rows, _, _ = here.postings.matching(text, language)
    return np.unique(np.fromiter((here.records[int(pk)].service for pk in here.ids[rows]), np.int64, rows.size))
