"""Columns of records, compared pair by pair without a loop: the ground of `duplicates`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from maillage.methods.likeness import marks, name_words

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Kinds = Mapping[Any, Sequence[int]]

LARGEST: Final = 60  # of a block whose members are all compared with each other
WINDOW: Final = 8  # in a larger one: with the next ones by name
AGREES: Final = 0.9  # how often two records of one provider agree on what both tell (m, in Fellegi and Sunter)
LONGEST_TEXT: Final = 800
OTHER_NUMBER: Final = 0.6  # the most that two names with different numbers are alike
METRES: Final = 111_195.0  # of a degree of latitude


def sigmoid(x: Floats) -> Floats:
    result: Floats = 1.0 / (1.0 + np.exp(-np.clip(x, -50, 50)))
    return result


class Shared:
    """A column of values that several records may have: the first `width` of each record."""

    def __init__(self, values: Sequence[Sequence[str]], provider: Ints, width: int) -> None:
        codes: dict[str, int] = {}
        self.columns = np.full((width, len(values)), -1, np.int64)
        for i, some in enumerate(values):
            for column, value in enumerate(dict.fromkeys(some)):
                if column >= width:
                    break
                self.columns[column, i] = codes.setdefault(value, len(codes))
        filled = self.columns >= 0
        pairs = np.stack([self.columns[filled], np.broadcast_to(provider, self.columns.shape)[filled]])
        owners = np.unique(pairs, axis=1)[0] if pairs.size else np.zeros(0, np.int64)
        self.spread = np.bincount(owners, minlength=len(codes) + 1)  # code -> number of providers that have it

    def groups(self) -> dict[int, list[int]]:
        found: defaultdict[int, list[int]] = defaultdict(list)
        for column in self.columns:
            for i in np.flatnonzero(column >= 0).tolist():
                found[int(column[i])].append(i)
        return found

    def known(self, rows: Ints) -> Bools:
        result: Bools = self.columns[0, rows] >= 0
        return result

    def agrees(self, left: Ints, right: Ints) -> Bools:
        return self._rarest(left, right) > 0

    def weight(self, left: Ints, right: Ints, providers: int) -> Floats:
        """The logarithm of how much rarer a common value is by chance; 0 when there is none. The rarest common value counts."""
        spread = self._rarest(left, right)
        with np.errstate(divide="ignore"):
            weight = np.log(AGREES * providers / np.maximum(spread, 2))
        return np.where(spread > 0, np.maximum(weight, 0.0), 0.0)

    def _rarest(self, left: Ints, right: Ints) -> Ints:
        best = np.zeros(len(left), np.int64)
        for a in self.columns:
            for b in self.columns:
                mine = a[left]
                same = (mine == b[right]) & (mine >= 0)
                spread = np.where(same, self.spread[mine], 0)
                best = np.where(same & ((best == 0) | (spread < best)), spread, best)
        return best


class Names:
    """Names in several languages: each distinct one is kept once, and two distinct ones are compared once."""

    def __init__(self, names: Sequence[Mapping[str, str]], *, numbered: bool = False) -> None:
        """`numbered`: names with other numbers are not alike at all."""
        self.numbered = numbered
        languages = sorted({language for some in names for language in some})
        codes: dict[str, int] = {}
        self.columns = np.full((max(len(languages), 1), len(names)), -1, np.int64)
        for i, some in enumerate(names):
            for column, language in enumerate(languages):
                words = name_words(some[language]) if some.get(language) else ()
                if words:
                    self.columns[column, i] = codes.setdefault(" ".join(words), len(codes))
        self.plain = list(codes)
        self.marks = [marks(text) for text in self.plain] if numbered else []
        self.sorted = [" ".join(sorted(text.split())) for text in self.plain]
        first = [next((self.plain[c] for c in column if c >= 0), "") for column in self.columns.T.tolist()]
        self.order = np.empty(len(names), np.int64)  # place of each record in the order of names
        self.order[sorted(range(len(names)), key=lambda i: (first[i], i))] = np.arange(len(names))

    def keys_of(self, row: int) -> list[str]:
        return list(dict.fromkeys(self.sorted[c] for c in self.columns[:, row].tolist() if c >= 0))

    def compare(self, left: Ints, right: Ints) -> tuple[Floats, Bools]:
        """How alike (0..1) their names are in a language that both have, the best one; and whether there is such a language.

        Names that are told in different languages are compared across them, and only a likeness counts.
        """
        best = np.zeros(len(left))
        comparable = np.zeros(len(left), np.bool_)
        for column in self.columns:
            both = (column[left] >= 0) & (column[right] >= 0)
            comparable |= both
            best[both] = np.maximum(best[both], self._ratio(column[left[both]], column[right[both]]))
        for a in range(len(self.columns)):
            for b in range(len(self.columns)):
                some = (best < 0.6) & (self.columns[a][left] >= 0) & (self.columns[b][right] >= 0) & (a != b)
                across = self._ratio(self.columns[a][left[some]], self.columns[b][right[some]])
                best[some] = np.maximum(best[some], across)
        return best, comparable

    def _ratio(self, a: Ints, b: Ints) -> Floats:
        if not len(a):
            return np.zeros(0)
        low, high = np.minimum(a, b), np.maximum(a, b)
        distinct, back = np.unique(low * len(self.plain) + high, return_inverse=True)
        result = np.ones(len(distinct))
        differ = np.flatnonzero(distinct // len(self.plain) != distinct % len(self.plain))
        firsts, seconds = (distinct[differ] // len(self.plain)).tolist(), (distinct[differ] % len(self.plain)).tolist()
        ratios = [
            _scores([texts[i] for i in firsts], [texts[j] for j in seconds]) for texts in (self.plain, self.sorted)
        ]
        result[differ] = np.maximum(*ratios)
        if self.numbered:
            numbers = [self.marks[i] == self.marks[j] for i, j in zip(firsts, seconds, strict=True)]
            result[differ] = np.where(numbers, result[differ], np.minimum(result[differ], OTHER_NUMBER))
        found: Floats = result[back]
        return found


def _scores(firsts: list[str], seconds: list[str]) -> Floats:
    if not firsts:
        return np.zeros(0)
    return np.asarray(cpdist(firsts, seconds, scorer=fuzz.ratio, workers=2, dtype=np.float32), np.float64) / 100


def pairs_of(blocks: Iterable[tuple[str, Kinds]], order: Ints) -> tuple[Ints, Ints, list[tuple[str, int]]]:
    """Every pair (left < right) that shares a block, once; and the (kind, size) of the blocks that were too large."""
    n = len(order)
    gathered: list[Ints] = []
    capped: list[tuple[str, int]] = []
    for kind, groups in blocks:
        by_size: defaultdict[int, list[Sequence[int]]] = defaultdict(list)
        for members in groups.values():
            unique = members if len(members) < 2 else sorted(set(members))
            if len(unique) > LARGEST:
                capped.append((kind, len(unique)))
                gathered.append(_windowed(np.array(unique, np.int64), order, n))
            elif len(unique) > 1:
                by_size[len(unique)].append(unique)
        for size, some in by_size.items():
            block = np.array(some, np.int64)
            first, second = np.triu_indices(size, 1)
            gathered.append((block[:, first] * n + block[:, second]).ravel())
    keys = _distinct(np.concatenate(gathered) if gathered else np.zeros(0, np.int64))
    return keys // n, keys % n, capped


def _distinct(keys: Ints) -> Ints:
    """Sorted, each once: several times as fast as numpy.unique, which hashes."""
    keys.sort()
    first = np.ones(len(keys), np.bool_)
    first[1:] = keys[1:] != keys[:-1]
    return keys[first]


def _windowed(members: Ints, order: Ints, n: int) -> Ints:
    members = members[np.argsort(order[members])]
    found = []
    for step in range(1, WINDOW + 1):
        a, b = members[:-step], members[step:]
        found.append(np.minimum(a, b) * n + np.maximum(a, b))
    return np.concatenate(found)


def distances(points: Floats, left: Ints, right: Ints) -> Floats:
    """Metres between the nearest points of two records; NaN when one has none. Flat earth: exact enough for a city."""
    best = np.full(len(left), np.nan)
    for a in points:
        for b in points:
            one, two = a[left], b[right]
            south = (one[:, 0] - two[:, 0]) * METRES
            west = (one[:, 1] - two[:, 1]) * METRES * np.cos(np.radians(one[:, 0]))
            best = np.fmin(best, np.hypot(south, west))
    return best


def in_common(sets: Sequence[Mapping[int, frozenset[int]]], left: Ints, right: Ints) -> Floats:
    """The share (Jaccard) of the terms that two have in common, over the taxonomies that both use; -1 when there is none."""
    result = np.full(len(left), -1.0)
    for k, (i, j) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        a, b = sets[i], sets[j]
        if a is b or a == b:
            result[k] = 1.0 if a else -1.0
        elif both := a.keys() & b.keys():
            result[k] = sum(len(a[t] & b[t]) for t in both) / sum(len(a[t] | b[t]) for t in both)
    return result


def similarity(texts: Sequence[Mapping[str, str]], left: Ints, right: Ints) -> Floats:
    """How alike the best pair of texts in one language is, 0..1; -1 when no language is common, or a text is too short to tell."""
    result = np.full(len(left), -1.0)
    where, firsts, seconds = [], [], []
    for k, (i, j) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        for language in texts[i].keys() & texts[j].keys():
            a, b = texts[i][language], texts[j][language]
            if len(a) >= 30 and len(b) >= 30:
                where.append(k)
                firsts.append(a[:LONGEST_TEXT])
                seconds.append(b[:LONGEST_TEXT])
    np.maximum.at(result, np.array(where, np.int64), _scores(firsts, seconds))
    return result
