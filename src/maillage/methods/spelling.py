"""Names of persons, compared however they were written: the ground of `linkage`.

Likeness is that of Winkler (String comparator metrics, American Statistical Association 1990), by rapidfuzz. Letters are those of the
alphabet in which a name is written; nothing is carried from one alphabet into another.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cpdist

from maillage.methods.linking import AGREES
from maillage.methods.text import unaccented

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SAME_WORD: Final = 0.9  # from here on two words of a compound name are one
OTHER_NAME: Final = 0.77  # below, two names are not spellings of one
LONGEST: Final = 100  # letters of a name that are compared

_PARTICLES = frozenset(
    "al ap bin ben bint d da de del della den der des di do dos du el ibn la le les o of ould t ten ter van vande vanden von y".split()
)
_SOUNDS = str.maketrans("cqxgzjwfydbmr", "kkkkssvvitpnl", "h")  # letters that are heard alike; h is not heard
_APOSTROPHES = re.compile("['’ʼ`´ʹ]")
_VOWELS = re.compile(r"[aeiou]+")
_AGAIN = re.compile(r"(.)\1+")


class PersonNames:
    """Each distinct name once, first and last names alike; two distinct ones are compared once."""

    def __init__(self, names: Sequence[str]) -> None:
        words_of = {name: " ".join(_words(name)) for name in set(names)}
        texts = [words_of[name] for name in names]
        codes = {text: code for code, text in enumerate(sorted(set(texts)))}
        self.codes = np.array([codes[text] for text in texts], np.int64)
        words = [text.split() for text in codes]
        self.known = np.array([bool(some) for some in words], np.bool_)
        self.core = [[word for word in some if word not in _PARTICLES] or some for some in words]
        self.whole = ["".join(some) for some in words]
        self.sorted = [" ".join(sorted(some)) for some in self.core]
        self.sound = [" ".join(sorted(filter(None, map(_sound, some)))) for some in self.core]
        self.compound = np.array([len(some) > 1 for some in self.core], np.bool_)
        self.single = np.array([len(text) == 1 for text in self.whole], np.bool_)
        self.first_letter = np.array([text[:1] for text in self.whole])
        self.often = self._often()

    def _often(self) -> Ints:
        """How many have the name; a single word also as a part of a compound one ("Diallo" in "Diallo Bah")."""
        each = np.bincount(self.codes, minlength=len(self.core)).tolist()
        found: Counter[str] = Counter()
        for some, together, count in zip(self.core, self.sorted, each, strict=True):
            for word in {together, *some}:
                found[word] += count
        return np.array([found[together] for together in self.sorted], np.int64)

    def alike(self, left: Ints, right: Ints) -> Floats:
        """0..1; NaN where one is not known."""
        low, high = np.minimum(left, right), np.maximum(left, right)
        pairs, back = np.unique(low * len(self.core) + high, return_inverse=True)
        a, b = pairs // len(self.core), pairs % len(self.core)
        result = np.ones(len(pairs))
        differ = np.flatnonzero(a != b)
        firsts, seconds = a[differ].tolist(), b[differ].tolist()
        scores = [
            cpdist(
                [texts[i] for i in firsts], [texts[j] for j in seconds], scorer=JaroWinkler.similarity, dtype=np.float64
            )
            for texts in (self.whole, self.sorted)
        ]
        result[differ] = np.maximum(scores[0], np.minimum(scores[1], 0.98))
        known = self.known[a] & self.known[b]
        initial = (self.first_letter[a] == self.first_letter[b]) & (self.single[a] | self.single[b])
        result[initial & (a != b)] = 0.85
        for at in np.flatnonzero((self.compound[a] | self.compound[b]) & known & (result < 0.97)).tolist():
            result[at] = max(result[at], 0.97 * _part(self.core[a[at]], self.core[b[at]]))
        result[~known] = np.nan
        found: Floats = result[back.reshape(-1)]
        return found

    def weight(self, left: Ints, right: Ints, alike: Floats, people: int) -> Floats:
        often = np.maximum(np.maximum(self.often[left], self.often[right]), 2)
        rare = np.log(AGREES * people / often)
        likely = np.interp(alike, [OTHER_NAME, 0.85, 0.92, 0.98, 1], [0, 0.3, 0.65, 0.85, 1])
        against = np.interp(alike, [0.5, OTHER_NAME, 0.85], [-4, -2, 0])
        return np.where(np.isnan(alike), 0.0, np.maximum(rare, 0.5) * likely + against)


def _words(name: str) -> list[str]:
    """In lower case and without accents, letters of any alphabet; an apostrophe joins ("N'Diaye": ndiaye), a hyphen splits."""
    plain = _APOSTROPHES.sub("", unaccented(name[: 3 * LONGEST]).replace("ı", "i"))[:LONGEST]
    kinds = [(sign, unicodedata.category(sign)) for sign in plain]
    return "".join(sign if kind[0] in "LMN" else " " for sign, kind in kinds if kind != "Cf").split()


def _sound(word: str) -> str:
    """Letters that sound alike are one; vowels after the first letter and doubled letters go: "Mohammed" is "Muhamed"."""
    plain = word.translate(_SOUNDS)
    found = _AGAIN.sub(r"\1", plain[:1] + _VOWELS.sub("", plain[1:]))
    return found or plain


def _part(one: Sequence[str], other: Sequence[str]) -> float:
    """How alike the words of the shorter one are to words of the longer, the worst of them; 0 when one is missing there."""
    short, long = sorted((one, other), key=len)
    ways = [(short, long), (long, short)] if len(short) == len(long) else [(short, long)]
    worst = min(
        max(JaroWinkler.similarity(word, some) for some in others) for some_words, others in ways for word in some_words
    )
    return float(worst) if worst >= SAME_WORD else 0.0
