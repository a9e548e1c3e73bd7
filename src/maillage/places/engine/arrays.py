"""A snapshot as arrays: who may occupy what, what it costs in comfort, which restrictions hold. Pure.

Unknown is not no: only what is known to go against a rule of the house excludes; the rest is noted, to be asked at the door.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from maillage.methods.allocation import Numbers, Problem, Quota, Table
from maillage.places import fitting
from maillage.places.fitting import EXCLUDED, FITS, JUDGES, UNKNOWN

Row = Mapping[str, Any]
# why a group is none for a household, beside what `places.fitting` judges; told in this order, after those
DECLINED: Final = "declined"
HOUSED: Final = "housed"  # where they sleep now, and beds of a night: they have one
SAFETY: Final = "apart"  # somebody sleeps there whom they must not meet: never told as such
GONE: Final = "gone"  # withdrawn after the list was published
OCCUPIED: Final = "alike"  # the room has people of another gender
UNSURE: Final = 10  # of comfort: a place where something is still to be asked comes after one that is known to fit


@dataclass(frozen=True, slots=True)
class Read:
    """Rows in the order of rank. `problem` knows nothing of people; `why` says for each cause which cells it takes away."""

    problem: Problem
    cost: Numbers
    why: dict[str, Table]
    verify: Table  # (people, groups of the snapshot): something is not known
    group_of: NDArray[np.int64]  # of each cell, the group of the snapshot


def read(snapshot: Row, requests: Sequence[Row], content: Row) -> Read:
    """`requests`: those of the snapshot, by rank."""
    groups, cells = snapshot["groups"], snapshot["cells"]
    numbers = {one["uuid"]: number for number, one in enumerate(groups)}
    group_of = np.array([numbers[one["group"]] for one in cells], np.int64)
    verdicts = judged(groups, requests)
    fits: Table = np.ones((len(requests), len(groups)), np.bool_)
    verify: Table = np.zeros_like(fits)
    for verdict in verdicts.values():
        fits &= verdict != EXCLUDED
        verify |= verdict == UNKNOWN
    why = {cause: (verdict == EXCLUDED)[:, group_of] for cause, verdict in verdicts.items()}
    barred = _barred(snapshot, requests, group_of)
    options: Table = fits[:, group_of] & ~np.logical_or.reduce([*barred.values()])
    problem = Problem(
        options,
        np.array([one["free"] for one in cells], np.int64),
        units=units(groups, requests)[:, group_of],
        alike=np.array([one["alike"] for one in cells], np.bool_),
        kind=_kinds(requests),
        houses=_numbered([groups[number]["site"] for number in group_of]),
        apart=_pairs(requests),
        quotas=_quotas(snapshot, requests, content, group_of),
    )
    cost = comfort(groups, requests, content) + UNSURE * verify
    return Read(problem, cost[:, group_of], why | barred, verify & fits, group_of)


# ---- who may occupy what


def judged(groups: Sequence[Row], requests: Sequence[Row]) -> dict[str, NDArray[np.int8]]:
    """For each cause: EXCLUDED, UNKNOWN or FITS of each request (rows) in each group (columns)."""
    return {cause: _each(groups, requests, asked, judge) for cause, (asked, judge) in JUDGES.items()}


def _each(
    groups: Sequence[Row], requests: Sequence[Row], asked: Callable[[Row], Any], judge: Callable[[Row, Any], int]
) -> NDArray[np.int8]:
    """Judged once for all who say the same."""
    found = np.full((len(requests), len(groups)), FITS, np.int8)
    said: dict[str, list[int]] = {}
    values = {}
    for row, one in enumerate(requests):
        value = asked(one)
        said.setdefault(repr(value), []).append(row)
        values[repr(value)] = value
    for key, rows in said.items():
        verdict = [judge(group, values[key]) for group in groups]
        found[rows] = verdict
    return found


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def units(groups: Sequence[Row], requests: Sequence[Row]) -> Numbers:
    """Places that each household takes: a bed for each in a dormitory, else as many as hold them all."""
    people = np.array([one["people"] for one in requests], np.int64)[:, None]
    holds_ = np.array([1 if one["kind"] == "dormitory" else one["unit_size"] for one in groups], np.int64)
    found: Numbers = -(-people // holds_)
    return found.reshape(len(requests), len(groups))


# ---- restrictions


def _barred(snapshot: Row, requests: Sequence[Row], group_of: NDArray[np.int64]) -> dict[str, Table]:
    """Groups that this household declined; houses where it would meet somebody; rooms of others."""
    groups, cells = snapshot["groups"], snapshot["cells"]
    declined = np.array([[one["uuid"] in request["not_in"] for one in groups] for request in requests], np.bool_)
    theirs = np.array([[one["uuid"] in request.get("housed", ()) for one in groups] for request in requests], np.bool_)
    unsafe = np.array([[one["site"] in request["not_at"] for one in groups] for request in requests], np.bool_)
    room = [one["gender"] for one in cells]
    others = np.array([[bool(gender) and gender != one["kind"] for gender in room] for one in requests], np.bool_)
    gone = np.array([one["number"] in snapshot["gone"] for one in requests], np.bool_).reshape(-1, 1)
    narrow, wide = (len(requests), len(groups)), (len(requests), len(cells))
    return {
        GONE: np.repeat(gone, len(cells), axis=1),
        DECLINED: declined.reshape(narrow)[:, group_of],
        HOUSED: theirs.reshape(narrow)[:, group_of],
        SAFETY: unsafe.reshape(narrow)[:, group_of],
        OCCUPIED: others.reshape(wide),
    }


def _kinds(requests: Sequence[Row]) -> Numbers:
    """Of one gender: the same kind. Unknown, or several: a kind of their own, alone in a room."""
    return _numbered([one["kind"] or f"#{one['number']}" for one in requests])


def _numbered(words: Sequence[str]) -> Numbers:
    known = {word: number for number, word in enumerate(sorted(set(words)))}
    return np.array([known[word] for word in words], np.int64)


def _pairs(requests: Sequence[Row]) -> list[tuple[int, int]]:
    rows = {one["number"]: row for row, one in enumerate(requests)}
    pairs = {tuple(sorted((row, rows[far]))) for row, one in enumerate(requests) for far in one["apart"] if far in rows}
    return [(one, other) for one, other in sorted(pairs) if one != other]


def _quotas(snapshot: Row, requests: Sequence[Row], content: Row, group_of: NDArray[np.int64]) -> list[Quota]:
    found = []
    for quota, taken in zip(content.get("quotas") or (), snapshot["used"], strict=True):
        scope = [fitting.in_scope(quota, one["code"], one["site_code"]) for one in snapshot["groups"]]
        people = [fitting.of_class(quota, one["public"], one["facts"]) for one in requests]
        most = max(0, int(quota["most"]) - taken)
        found.append(Quota(np.array(scope, np.bool_)[group_of], np.array(people, np.bool_), most))
    return found


# ---- comfort: whole numbers, 0 is best


def comfort(groups: Sequence[Row], requests: Sequence[Row], content: Row) -> Numbers:
    """Kilometres from where they are or wish to be, a language that nobody speaks there, care beyond what they need, by the
    weights of the rules; and a bed that would stay empty beside them. A place that they asked for by name costs nothing."""
    weights = {key: int(value) for key, value in (content.get("comfort") or {}).items()}
    care = np.array([max(0.0, _number(one["facts"].get("care_level"), 0)) for one in requests])[:, None]
    level = np.array([one["care_level"] for one in groups])
    found = weights.get("care_over", 0) * np.maximum(level - care, 0)
    found = found + weights.get("distance", 0) * _each(groups, requests, lambda one: one["points"], _kilometres)
    found = found + weights.get("language", 0) * _each(groups, requests, lambda one: one["languages"], _not_spoken)
    found = found + _empty_beside(groups, requests)
    wished = np.array([[one["code"] in request["wished"] for one in groups] for request in requests], np.bool_)
    return np.where(wished.reshape(found.shape), 0, found).astype(np.int64)


def _empty_beside(groups: Sequence[Row], requests: Sequence[Row]) -> Numbers:
    """Beds of a room that nobody else could have: a family's room is for a family when one waits."""
    size = np.array([1 if one["kind"] == "dormitory" else one["unit_size"] for one in groups], np.int64)
    people = np.array([one["people"] for one in requests], np.int64)[:, None]
    found: Numbers = units(groups, requests) * size - people
    return found


def _kilometres(group: Row, points: Sequence[Sequence[int]]) -> int:
    """To the nearest of them, 0 to 100; nothing is known: 0. Flat for the size of a territory."""
    here = group["point"]
    if here is None or not points:
        return 0
    shrink = math.cos(math.radians(here[0] / 1000))
    nearest = min(math.hypot(p[0] - here[0], (p[1] - here[1]) * shrink) for p in points)
    return min(100, round(nearest * 0.111195))


def _not_spoken(group: Row, languages: Sequence[str]) -> int:
    return int(bool(languages) and bool(group["languages"]) and not set(languages) & set(group["languages"]))
