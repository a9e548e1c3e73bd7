"""Find the pack's phrases in a sentence: by stems, in order, small words aside; long ones in any order ("niet meer buiten komt")."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from maillage.methods.text import STOP, fold, stem
from maillage.orientation.lexicon import SHORTEST_MISSPELT, Entry, Lexicon
from maillage.orientation.words import ARTICLES, FILLERS, LANGUAGES, NEGATIONS

Span = tuple[int, int]  # first and last token
WORD = re.compile(r"[^\W_]+")
ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’ʼ]", re.IGNORECASE)
STOPS = re.compile(r"[,.;:!?()\n]")
SPARE = 2  # words that may stand among those of a long phrase
ANY_ORDER = 3  # words from which the order of a phrase is free
STRETCH = {
    "need": 3,
    "public": 2,
    "fact": 2,
    "language": 2,
}  # letters by which one stem may cover two words ("aide", "aidante")
TELLING = 7  # letters from which a word of another language than the sentence is believed


@dataclass(frozen=True, slots=True)
class Token:
    start: int
    end: int
    word: str  # lower case, with its accents
    plain: str  # folded


@dataclass(frozen=True)
class Sentence:
    text: str
    tokens: tuple[Token, ...]
    corrected: dict[int, str]  # token -> the folded word that it was probably meant to be

    def typed(self, span: Span) -> str:
        return self.text[self.tokens[span[0]].start : self.tokens[span[1]].end]

    def plain(self, span: Span) -> list[str]:
        return [token.plain for token in self.tokens[span[0] : span[1] + 1]]

    def before(self, index: int) -> str:
        """The folded word before, articles aside; "" across a comma or a stop."""
        return next((word for word in self.clause_before(index) if word not in ARTICLES), "")

    def clause_before(self, index: int) -> list[str]:
        """The folded words before, the nearest first, back to a comma or a stop."""
        found: list[str] = []
        while index > 0 and not self.stops_between(index - 1, index):
            index -= 1
            found.append(self.tokens[index].plain)
        return found

    def stops_between(self, first: int, second: int) -> bool:
        return bool(STOPS.search(self.text[self.tokens[first].end : self.tokens[second].start]))

    def has(self, words: Collection[str]) -> bool:
        return any(token.plain in words for token in self.tokens) or bool(
            re.search(r"\b[jm]['’ʼ]", self.text, re.IGNORECASE) and "j" in words
        )


@dataclass(frozen=True, slots=True)
class Match:
    entry: Entry
    span: Span


def sentence(text: str, known: Lexicon) -> Sentence:
    """The words with their places; a word that nobody knows and that is a slip away from one of the pack's is read as it."""
    plain_text = unicodedata.normalize("NFC", text)
    open_text = ELISION.sub(lambda found: " " * len(found[0]), plain_text)
    found = tuple(Token(m.start(), m.end(), m[0].lower(), fold(m[0])) for m in WORD.finditer(open_text))
    return Sentence(plain_text, found, dict(filter(None, (_correct(i, t, known) for i, t in enumerate(found)))))


def _correct(index: int, token: Token, known: Lexicon) -> tuple[int, str] | None:
    size = len(token.plain)
    if size < SHORTEST_MISSPELT or not token.plain.isalpha() or any(token.word in stop for stop in STOP.values()):
        return None
    if token.plain in known.known or any(stem(token.word, language) in known.known for language in LANGUAGES):
        return None
    slips = 1 if size < 9 else 2
    near = [word for n in range(size - slips, size + slips + 1) for word in known.spellings.get(n, ())]
    hit = process.extractOne(token.plain, near, scorer=OSA.distance, score_cutoff=slips)
    return (index, hit[0]) if hit and hit[0][0] == token.plain[0] else None


def plausible_languages(said: Sentence, reader: str) -> frozenset[str]:
    """The languages that the small words of the sentence speak; without any, every language (the reader's is one)."""
    score: Counter[str] = Counter()
    for token in said.tokens:
        speakers = [language for language, stop in STOP.items() if token.word in stop]
        for language in speakers:
            score[language] += 1 / len(speakers)  # type: ignore[assignment]
    most = max(score.values(), default=0)
    if most == 0:
        return frozenset((*LANGUAGES, reader))
    return frozenset(language for language, value in score.items() if value >= most * 0.6)


def matches(said: Sentence, known: Lexicon, plausible: Collection[str]) -> list[Match]:
    """Every phrase found, each meaning once for the same words; those of the sentence's own languages first."""
    found: dict[tuple[str, str, str, Span], Match] = {}
    for language in sorted(known.phrases, key=lambda code: (code not in plausible, code)):
        stems = [
            stem(said.corrected.get(i, token.word), language) if token.plain not in ARTICLES else ""
            for i, token in enumerate(said.tokens)
        ]
        for index, one in enumerate(stems):
            for entry in known.phrases[language].get(one, ()) if one else ():
                span = _in_order(entry, stems, said, index) or _in_any_order(entry, stems, said, index)
                if span and _is_believed(entry, said, span, plausible):
                    key = (entry.kind, entry.code, entry.value, span)
                    if key not in found or found[key].entry.strength < entry.strength:
                        found[key] = Match(entry, span)
    return list(found.values())


def _in_order(entry: Entry, stems: list[str], said: Sentence, start: int) -> Span | None:
    if stems[start] != entry.stems[0]:
        return None
    at, skipped = start, 0
    for wanted in entry.stems[1:]:
        at += 1
        while at < len(stems) and stems[at] != wanted:
            token = said.tokens[at]
            if token.plain in ARTICLES:
                at += 1
            elif token.plain in FILLERS and skipped < SPARE:
                at, skipped = at + 1, skipped + 1
            else:
                return None
        if at >= len(stems):
            return None
    return start, at


def _in_any_order(entry: Entry, stems: list[str], said: Sentence, start: int) -> Span | None:
    size = len(entry.stems)
    if size < ANY_ORDER:
        return None
    wanted, last, room = Counter(entry.stems), start, size + SPARE
    for at in range(start, len(stems)):
        if at > start and said.stops_between(at - 1, at):
            return None
        if not stems[at]:
            continue
        room -= 1
        if wanted[stems[at]] > 0:
            wanted[stems[at]] -= 1
            last = at
        elif said.tokens[at].plain in NEGATIONS:
            return None
        if not any(wanted.values()):
            return start, last
        if room <= 0:
            return None
    return None


def _is_believed(entry: Entry, said: Sentence, span: Span, plausible: Collection[str]) -> bool:
    """A short word is not read in a language that the sentence is not in ("chat" is no cat in English)."""
    token = said.tokens[span[0]]
    if len(entry.stems) == 1 and span[0] not in said.corrected and _is_another_word(entry, token):
        return False
    if entry.language in plausible or entry.language not in LANGUAGES:
        return True
    if entry.is_pronoun:
        return False
    return len(entry.stems) > 1 or token.end - token.start >= TELLING


def _is_another_word(entry: Entry, token: Token) -> bool:
    """The same stem, but much longer or shorter; or with an accent that English does not have ("râpé")."""
    if entry.language == "en" and token.word != token.plain:
        return True
    return abs(len(entry.words[0]) - len(token.plain)) > STRETCH.get(entry.kind, SHORTEST_MISSPELT)
