"""The whole search: candidates from text and categories, filters, eligibility, rank, explanation.

Nothing here writes, and nothing of the query is kept or logged.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from maillage.directory.search import filters, paging, rooms
from maillage.directory.search.documents import decode_card
from maillage.directory.search.filters import Said
from maillage.directory.search.memory import CAPACITIES, Memory, Rows, memory
from maillage.directory.search.paging import BadCursor
from maillage.directory.search.ranking import Found, preferences, rank
from maillage.directory.search.types import Card, Hit, Part, Query, Relaxation, Results, Verdict
from maillage.methods.eligibility import FALSE, TRUE, UNKNOWN, Lookup, verdicts
from maillage.people.models import Organization
from maillage.territory.models import Territory

__all__ = ["BadCursor", "UnknownTerritory", "search"]

VERDICTS: dict[int, Verdict] = {FALSE: "no", UNKNOWN: "verify", TRUE: "fits"}
KNOWN = {FALSE: False, UNKNOWN: None, TRUE: True}
FEW = 5  # found services under which the answer says what to relax
NEAR_MISSES = 3
CARDS = 1_000  # kept ready in memory, some 10 kB each: a few services answer most questions
WEIGHED = 100  # of the best, for the question that would change the list most


class UnknownTerritory(LookupError):
    """No territory of that code is loaded."""


def search(query: Query, territory: Territory | None = None, here: Memory | None = None) -> Results:
    """The services that match, best first, explained. Deterministic for a directory, a query and a day.

    `here`: the memory of a search just made, so that several searches of one answer see one directory and ask for it once.
    Raises UnknownTerritory, and BadCursor when `after` is not a cursor of ours.
    """
    if territory is None:
        territory = Territory.objects.filter(code=query.territory).first()
    if territory is None:
        raise UnknownTerritory(query.territory)
    here = here or memory(territory)
    rows, text, corrected = _candidates(here, query)
    found = _judge(here, query, rows, text)
    chosen = np.flatnonzero(found.verdict > FALSE)
    ranked = rank(here, query, found, chosen)
    page, cursor = paging.page(here, query, found, ranked)
    total = _distinct(here, found.rows[chosen])
    fits = _distinct(here, found.rows[chosen[found.verdict[chosen] == TRUE]])
    missed = _near_misses(here, query, found) if query.facts and not query.after else []
    cards = _cards(here, [int(found.rows[i]) for i in (*page, *missed)])
    return Results(
        hits=_hits(here, query, found, page, cards),
        total=total,
        fits=fits,
        verify=total - fits,
        near_misses=_hits(here, query, found, missed, cards),
        relaxations=_relaxations(here, query, found, total) if total < FEW and not query.after else (),
        corrected=tuple(corrected),
        splits=_splits(here, query, found, ranked.order[:WEIGHED]),
        next=cursor,
        snapshot=here.sequence,
    )


def _candidates(here: Memory, query: Query) -> tuple[Rows, NDArray[np.float32] | None, list[tuple[str, str]]]:
    """The rows that text and categories leave, and the text's part of their rank."""
    rows = here.rows_of_needs(query.needs) if query.needs else here.all
    corrected: list[tuple[str, str]] = []
    text: NDArray[np.float32] | None = None
    if query.text.strip():
        matching, score, corrected = here.postings.matching(query.text, query.language)
        if query.needs:
            dense = np.full(here.count, -1, np.float32)
            dense[matching] = score
            rows = rows[dense[rows] >= 0]
            text = dense[rows]
        else:
            rows, text = matching, score
    if query.boost.strip():
        raised = here.postings.score(query.boost, query.language)[rows]
        text = raised if text is None else np.maximum(text, raised)
    if query.organization:
        owner = Organization.objects.filter(uuid=query.organization).values_list("pk", flat=True).first()
        here_too = here.organization_id[rows] == (owner or -1)
        rows, text = rows[here_too], None if text is None else text[here_too]
    return rows, text, corrected


def _judge(here: Memory, query: Query, rows: Rows, text: NDArray[np.float32] | None) -> Found:
    """The rows that no filter leaves out, what each filter says of them, and whether the person may come."""
    said: dict[str, Said] = {}
    for name in filters.active(query):
        said[name] = filters.FILTERS[name][1](here, query, rows)
        if name not in query.soft and not (kept := said[name] > FALSE).all():
            rows, text = rows[kept], None if text is None else text[kept]
            said = {other: values[kept] for other, values in said.items()}
    verdict, against = np.full(rows.size, TRUE, np.int8), np.zeros(rows.size, np.uint8)
    if here.criteria and rows.size:
        judged = verdicts(here.signatures[:, rows], _lookups(here, query))
        verdict, against = judged.verdict, judged.false_count
    for name, values in said.items():
        if name not in query.soft:
            np.minimum(verdict, values, out=verdict)  # UNKNOWN at worst: what is FALSE has been left out
    return Found(rows, text, said, verdict, against)


def _lookups(here: Memory, query: Query) -> list[Lookup]:
    return [here.lookup(number, query.facts.get(criterion)) for number, criterion in enumerate(here.criteria)]


def _distinct(here: Memory, rows: Rows) -> int:
    """How many services stand in these rows."""
    if here.services == here.count:
        return int(rows.size)
    seen = np.zeros(here.services, bool)
    seen[here.service[rows]] = True
    return int(np.count_nonzero(seen))


def _near_misses(here: Memory, query: Query, found: Found) -> list[int]:
    """The best of those that only one fact about the person keeps out."""
    missed = np.flatnonzero(found.false_count == 1)
    if not missed.size:
        return []
    ranked = rank(here, query, found, missed)
    return paging.page(here, replace(query, limit=NEAR_MISSES), found, ranked)[0]


def _relaxations(here: Memory, query: Query, found: Found, total: int) -> tuple[Relaxation, ...]:
    """For each filter, word and fact that was asked: how many services would be found without it, best first."""
    trials: list[tuple[str, Query]] = [
        (name, _without(query, name)) for name in found.said if name in EMPTY_OF and name not in query.soft
    ]
    if query.text.strip() and (query.needs or found.said):
        trials.append(("text", replace(query, text="")))
    if query.needs and query.text.strip():
        trials.append(("needs", replace(query, needs=())))
    if found.rows.size:
        trials += [
            (f"fact:{criterion}", replace(query, facts={k: v for k, v in query.facts.items() if k != criterion}))
            for criterion in query.facts
            if criterion in here.criteria
        ]
    counted = []
    for code, trial in trials:
        rows, text, _ = _candidates(here, trial)
        judged = _judge(here, trial, rows, text)
        count = _distinct(here, judged.rows[judged.verdict > FALSE])
        if count > total:
            counted.append(Relaxation(code, count))
    return tuple(sorted(counted, key=lambda r: (-r.count, r.code)))


EMPTY_OF: dict[str, object] = {
    "lifts": "", "near": None, "area": "", "served": "", "languages": (), "window": None, "cost": (), "wheelchair": False,
    "remote": False, "has_room": False,
}  # fmt: skip


def _without(query: Query, name: str) -> Query:
    if name == "near":
        return replace(query, radius_km=None)
    return replace(query, **{name: EMPTY_OF[name]})  # type: ignore[arg-type]


def _splits(here: Memory, query: Query, found: Found, chosen: NDArray[np.intp]) -> dict[str, float]:
    """For each unknown criterion: the mean share of these services that an answer would change."""
    rows = found.rows[chosen]
    if not rows.size:
        return {}
    lookups = _lookups(here, query)
    values = [table[here.signatures[n, rows]] for n, table in enumerate(lookups)]
    doubts = np.sum([value == UNKNOWN for value in values], axis=0) if values else np.zeros(rows.size)
    shares: dict[str, float] = {}
    for number, criterion in enumerate(here.criteria):
        if criterion in query.facts or not (unknown := values[number] == UNKNOWN).any():
            continue
        changed: list[int] = []
        for answer in here.answers(number):
            new = here.lookup(number, answer)[here.signatures[number, rows]]
            changed.append(int(np.count_nonzero(unknown & ((new == FALSE) | ((new == TRUE) & (doubts == 1))))))
        if any(changed):
            shares[criterion] = float(np.mean(changed)) / rows.size
    return shares


def _cards(here: Memory, rows: list[int]) -> dict[int, Card]:
    """Cards by document: at least those of these rows."""
    wanted = [int(here.ids[row]) for row in dict.fromkeys(rows)]
    ids = [pk for pk in wanted if pk not in here.cards]
    if len(here.cards) + len(ids) > CARDS:
        here.cards.clear()
        ids = wanted
    if not ids:
        return here.cards
    with connection.cursor() as cursor:
        marks = ",".join(["%s"] * len(ids))
        cursor.execute(f"SELECT id, card FROM directory_searchdocument WHERE id IN ({marks})", ids)  # noqa: S608  # marks only
        here.cards.update({int(pk): decode_card(bytes(blob)) for pk, blob in cursor.fetchall()})
    return here.cards


def _shut(here: Memory, query: Query, rows: Rows) -> NDArray[np.int8]:
    """When no window is asked: closed for a time at this moment is known to be closed, nothing else is said."""
    return np.where(filters.shut(here, query, rows), 0, -1).astype(np.int8)


def _hits(here: Memory, query: Query, found: Found, shown: list[int], cards: dict[int, Card]) -> tuple[Hit, ...]:
    """The explained results of one page: everything is computed for all of them at once, then handed out."""
    if not shown:
        return ()
    index = np.array(shown)
    rows = found.rows[index]
    said = {name: values[index] for name, values in found.said.items()}
    parts = filters.parts(here, query, rows, said, None if found.text is None else found.text[index])
    if (preference := preferences(here, query, rows)) is not None:
        parts["preference"] = preference
    codes = [(code, here.ranking.get(code, 0.0)) for code in parts]
    values = np.round(np.stack(list(parts.values())), 4).T.tolist()
    scores = [round(sum(weight * v for (_, weight), v in zip(codes, line, strict=True)), 4) for line in values]
    asked = [(name, name in query.soft, said[name].tolist()) for name in said]
    opened = (filters.opened(here, query, rows) if query.window else _shut(here, query, rows)).tolist()
    far = [None] * len(shown) if query.near is None else filters.distances(here, query, rows).tolist()
    room = filters.room(here, query, rows).tolist()
    numbers = here.signatures[:, rows].T.tolist()
    lookups = [table.tolist() for table in _lookups(here, query)]
    hits = []
    for n, row in enumerate(rows.tolist()):
        document = int(here.ids[row])
        hits.append(
            Hit(
                document=document,
                card=rooms.said(cards[document], here.rooms.get(int(here.service_id[row]))),
                verdict=VERDICTS[int(found.verdict[shown[n]])],
                score=scores[n],
                parts=tuple(Part(code, weight, v) for (code, weight), v in zip(codes, values[n], strict=True)),
                facts=tuple(
                    (criterion, KNOWN[table[which]])
                    for criterion, table, which in zip(here.criteria, lookups, numbers[n], strict=True)
                    if which
                ),
                unknowns=tuple(name for name, _, value in asked if value[n] == UNKNOWN),
                against=tuple(name for name, soft, value in asked if soft and value[n] == FALSE),
                distance_km=None if (km := far[n]) is None or km != km else round(km, 3),
                is_open=None if opened[n] < 0 else bool(opened[n]),
                capacity=CAPACITIES[room[n]],
            )
        )
    return tuple(hits)
