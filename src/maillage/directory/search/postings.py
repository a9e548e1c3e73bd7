"""Which documents hold a word: read from the database's text index once for each stem, then kept in memory.

Both databases index the same stored stems, so both give the same rows; the score is computed here, the same for both.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import OrderedDict
from functools import cached_property
from itertools import takewhile

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from maillage.methods.text import compound_parts, fold, query_words, variants
from maillage.territory.models import Territory

Rows = NDArray[np.int32]
Weights = NDArray[np.float32]
FIELDS = (
    ("c", "C", 1.0),
    ("b", "B", 2.0),
    ("a", "A", 4.0),
)  # FTS5 column, PostgreSQL weight, what a hit there is worth
PREFIX = 0.6  # a word that only begins like the one typed is worth this share
CORRECTED = 0.5
LONGEST_PREFIX_LIST = 24
KEPT = 48_000_000  # bytes of postings in memory
ENOUGH = 10  # documents that hold every word; with fewer, one word may be missing


class Word:
    """The documents that hold one typed word, in any of its forms, with the best weight of each."""

    __slots__ = ("idf", "rows", "weights")

    def __init__(self, rows: Rows, weights: Weights, documents: int) -> None:
        self.rows, self.weights = rows, weights
        self.idf = float(np.log1p((documents - rows.size + 0.5) / (rows.size + 0.5)))


class Postings:
    enough = ENOUGH

    def __init__(self, territory: Territory, ids: NDArray[np.int64]) -> None:
        self.territory, self.ids = territory, ids
        self.languages = [code for code in ("fr", "nl", "en") if code in territory.languages] or ["fr", "nl", "en"]
        self._words: OrderedDict[tuple[str, str], tuple[Word, str]] = OrderedDict()
        self._stems: OrderedDict[str, tuple[Rows, Weights]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    @cached_property
    def vocabulary(self) -> tuple[list[str], dict[str, str]]:
        """Every stem in order, and a word for each."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT stem, word FROM directory_searchterm WHERE territory_id = %s", [self.territory.pk])
            words = dict(cursor.fetchall())
        return sorted(words), words

    @cached_property
    def lexicon(self) -> frozenset[str]:
        return frozenset(self.vocabulary[0])

    @cached_property
    def _spellings(self) -> dict[int, list[tuple[str, str]]]:
        """Words by length, folded, with their stems: what a typing mistake is compared with."""
        found: dict[int, list[tuple[str, str]]] = {}
        for one, word in self.vocabulary[1].items():
            if not word.isdigit():
                found.setdefault(len(fold(word)), []).append((fold(word), one))
        return found

    def read(self, text: str, language: str) -> tuple[list[Word], list[tuple[str, str]]]:
        """The words of a query, and the corrections that were made: (as typed, as read)."""
        words, corrected = [], []
        for typed in query_words(text):
            word, read_as = self.word(typed, language)
            words.append(word)
            if read_as:
                corrected.append((typed, read_as))
        return words, corrected

    def word(self, typed: str, language: str) -> tuple[Word, str]:
        key = (typed, language)
        if key not in self._words:
            if len(self._words) > 5_000:
                self._words.popitem(last=False)
            self._words[key] = self._look_up(typed, language)
        return self._words[key]

    def _look_up(self, typed: str, language: str) -> tuple[Word, str]:
        order = sorted(self.languages, key=lambda code: code != language)
        forms = {form: 1.0 for form in variants(typed, order) if form in self.lexicon}
        if len(typed) >= 4:
            for form in self._beginning_with(fold(typed)):
                forms.setdefault(form, PREFIX)
        if forms:
            return self._word(forms), ""
        if len(typed) >= 8 and (parts := compound_parts(typed, self.lexicon)):
            first, head = (self._stem(part)[0] for part in parts)
            rows = np.intersect1d(first, head, assume_unique=True)
            return Word(rows, np.ones(rows.size, np.float32), self.ids.size), ""
        if found := self._closest(typed):
            return self._word(dict.fromkeys(found, CORRECTED)), self.vocabulary[1][found[0]]
        return self._word({}), ""

    def _word(self, forms: dict[str, float]) -> Word:
        best = np.zeros(self.ids.size, np.float32)
        for form, share in forms.items():
            rows, weights = self._stem(form)
            best[rows] = np.maximum(best[rows], weights * np.float32(share))
        rows = np.flatnonzero(best).astype(np.int32)
        return Word(rows, best[rows], self.ids.size)

    def _beginning_with(self, start: str) -> list[str]:
        stems = self.vocabulary[0]
        first = bisect_left(stems, start)
        return list(takewhile(lambda s: s.startswith(start), stems[first : first + LONGEST_PREFIX_LIST]))

    def _closest(self, typed: str) -> list[str]:
        """Stems of the words nearest to a typing mistake: one slip from 4 letters on, two from 8 on."""
        plain = fold(typed)
        if len(plain) < 4 or plain.isdigit():
            return []
        slips = 1 if len(plain) < 8 else 2
        near = [
            pair for size in range(len(plain) - slips, len(plain) + slips + 1) for pair in self._spellings.get(size, ())
        ]
        hits = process.extract(plain, [word for word, _ in near], scorer=OSA.distance, score_cutoff=slips, limit=8)
        if not hits:
            return []
        least = min(distance for _, distance, _ in hits)
        return sorted({near[index][1] for _, distance, index in hits if distance == least})[:3]

    def _stem(self, one: str) -> tuple[Rows, Weights]:
        kept = self._stems.get(one)
        if kept is None:
            best = np.zeros(self.ids.size, np.float32)
            for column, weight, worth in FIELDS:
                best[self._rows(one, column, weight)] = worth
            rows = np.flatnonzero(best).astype(np.int32)
            kept = rows, best[rows]
            with self._lock:
                self._stems[one] = kept
                self._size += rows.nbytes * 2
                while self._size > KEPT and len(self._stems) > 1:
                    _, (dropped, _w) = self._stems.popitem(last=False)
                    self._size -= dropped.nbytes * 2
        return kept

    def _rows(self, one: str, column: str, weight: str) -> Rows:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute(
                    "SELECT group_concat(rowid) FROM directory_search WHERE directory_search MATCH %s",
                    [f'{column} : "{one}"'],
                )
            else:
                cursor.execute(
                    "SELECT string_agg(id::text, ',') FROM directory_searchdocument WHERE stems @@ %s::tsquery",
                    [f"'{one}':{weight}"],
                )
            joined = cursor.fetchone()[0]
        if not joined:
            return np.zeros(0, np.int32)
        ids = np.sort(np.fromstring(joined, np.int64, sep=","))
        places = np.searchsorted(self.ids, ids)
        places[places == self.ids.size] = 0
        return places[self.ids[places] == ids].astype(np.int32) if self.ids.size else np.zeros(0, np.int32)

    def score(self, text: str, language: str) -> Weights:
        """For every row, how much of these words it holds, in 0..1; no word is required."""
        score = np.zeros(self.ids.size, np.float32)
        for word in self.read(text, language)[0]:
            score[word.rows] += word.weights * np.float32(word.idf)
        return score / np.float32(float(score.max(initial=0.0)) or 1.0)

    def matching(self, text: str, language: str) -> tuple[Rows, Weights, list[tuple[str, str]]]:
        """Rows that hold the words of `text`, their score in 0..1, and the corrections made.

        Every word is required; when fewer than ENOUGH documents of the whole territory hold them all, one word fewer, and so
        on. The choice does not look at any filter, so that one more filter never adds a result.
        """
        words, corrected = self.read(text, language)
        if not words:
            return np.arange(self.ids.size, dtype=np.int32), np.zeros(self.ids.size, np.float32), corrected
        score = np.zeros(self.ids.size, np.float32)
        hits = np.zeros(self.ids.size, np.int8)
        for word in words:
            score[word.rows] += word.weights * np.float32(word.idf)
            hits[word.rows] += 1
        needed = len(words)
        while needed > 1 and np.count_nonzero(hits >= needed) < self.enough:
            needed -= 1
        rows = np.flatnonzero(hits >= needed).astype(np.int32)
        best = float(score.max(initial=0.0)) or 1.0
        return rows, score[rows] / np.float32(best), corrected
