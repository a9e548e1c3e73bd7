"""The order: what is full or closed for a time last, what fits before what is to verify, few of one organisation at once, the weighted sum,
the draw of the day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from maillage.directory.search import filters
from maillage.directory.search.filters import Said
from maillage.directory.search.memory import Memory, Rows
from maillage.directory.search.types import Query

STEP = 200.0  # scores are equal to 1/200; among equals the order is drawn anew each day, so that nobody is always first
PRESELECTED = 400  # of many candidates, the best are enough for a first page
ROUND, SCORE, DRAW = 10, 14, 30  # bits of each part of a key, under the tier
LAST_ROUND = (1 << ROUND) - 1


class Found(NamedTuple):
    """The rows that text, categories and filters leave, with what each filter, and eligibility, say of them."""

    rows: Rows
    text: NDArray[np.float32] | None
    said: dict[str, Said]
    verdict: NDArray[np.int8]
    false_count: NDArray[np.uint8]


class Ranked(NamedTuple):
    """Positions in `Found`, best first, with the key of each (greater is better), each service once."""

    order: NDArray[np.intp]
    keys: NDArray[np.int64]


def rank(here: Memory, query: Query, found: Found, chosen: NDArray[np.intp]) -> Ranked:
    """Every chosen row in order; only the best of them when they are many and a first page is asked."""
    rows = found.rows[chosen]
    said = {name: values[chosen] for name, values in found.said.items()}
    parts = filters.parts(here, query, rows, said, None if found.text is None else found.text[chosen])
    if (preference := preferences(here, query, rows)) is not None:
        parts["preference"] = preference
    score = np.zeros(rows.size, np.float32)
    for code, value in parts.items():
        score += np.float32(here.ranking.get(code, 0.0)) * value
    step = np.clip(np.rint(score * STEP), 0, (1 << SCORE) - 1).astype(np.int64)
    # somebody who knocks at a full house, or a closed one, loses the evening: better a call to one that must be verified
    useless = (filters.room(here, query, rows) == filters.NO_ROOM) | filters.shut(here, query, rows)
    tier = found.verdict[chosen].astype(np.int64) + 2 * ~useless
    key = (tier << (ROUND + SCORE + DRAW)) | (step << DRAW) | here.draw(query.at.date())[rows]
    if not query.after and rows.size > 2 * PRESELECTED:
        best = np.argpartition(key, rows.size - PRESELECTED)[-PRESELECTED:]
        ranked = _in_rounds(here, rows, chosen, key, best)
        if _complete(ranked, key[best].min(), query.limit):
            return ranked
    return _in_rounds(here, rows, chosen, key, np.arange(rows.size))


def _in_rounds(
    here: Memory, rows: Rows, chosen: NDArray[np.intp], key: NDArray[np.int64], some: NDArray[np.intp]
) -> Ranked:
    """Each service once, at its best place; beyond `organisation_cap` services an organisation waits for the next round."""
    some = some[np.argsort(-key[some], kind="stable")]
    if here.services != here.count:
        _, first = np.unique(here.service[rows[some]], return_index=True)
        some = some[np.sort(first)]
    owners = here.organization[rows[some]]
    by_owner = np.argsort(owners, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(owners[by_owner]) != 0]) if some.size else by_owner
    nth = np.empty(some.size, np.int64)
    nth[by_owner] = np.arange(some.size) - np.repeat(starts, np.diff(np.r_[starts, some.size]))
    late = np.minimum(nth // max(here.organisation_cap, 1), LAST_ROUND)
    late[here.organization_id[rows[some]] == 0] = 0
    low = (np.int64(1) << (SCORE + DRAW)) - 1
    keys = key[some] & low | ((key[some] & ~low) | ((LAST_ROUND - late) << (SCORE + DRAW)))
    order = np.argsort(-keys, kind="stable")
    return Ranked(chosen[some[order]], keys[order])


def _complete(ranked: Ranked, worst: np.int64, limit: int) -> bool:
    """Could no row that was not preselected stand in the first page? (Such a row is at best in round 0 with key `worst`.)"""
    at_best = worst | (np.int64(LAST_ROUND) << (SCORE + DRAW))
    return bool(ranked.keys.size > limit and ranked.keys[limit] > at_best)


def preferences(here: Memory, query: Query, rows: Rows) -> NDArray[np.float32] | None:
    """1 where a `prefer` rule of the service holds for this person."""
    found: NDArray[np.float32] | None = None
    for number, criterion in enumerate(here.criteria):
        table = here.preference(number, query.facts.get(criterion))
        if table is not None:
            one = table[here.signatures[number, rows]]
            found = one if found is None else np.maximum(found, one)
    return found
