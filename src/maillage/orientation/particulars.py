"""What is said in numbers and names rather than in the pack's words: an age, children, a place, that it must be free."""

from __future__ import annotations

from collections.abc import Sequence

from maillage.methods.text import STOP
from maillage.orientation.phrases import Sentence, Span
from maillage.orientation.places import SAINT, SHORT, AreaIndex, area_index
from maillage.orientation.queries import Vocabulary
from maillage.orientation.words import (
    AGED,
    AGO,
    ARTICLES,
    CHILDREN,
    FREE,
    FREE_NOT_BEFORE,
    NEGATIONS,
    NUMBERS,
    OFFSPRING,
    PLACE,
    SINCE,
    YEARS,
)

OLDEST = 120
EVERY_STOP: frozenset[str] = frozenset().union(*STOP.values())
AreaFound = tuple[Span, str, tuple[str, str] | None]  # where, which area, (typed, read as) when misspelt


def age_in(said: Sentence) -> tuple[Span, int] | None:
    """“78 ans”, “aged 34”: the person's age; not a duration ("since 3 years"), not a range, not a child's."""
    words = [token.plain for token in said.tokens]
    for index, word in enumerate(words):
        if not (word.isdigit() and len(word) <= 3 and 0 < int(word) <= OLDEST):
            continue
        following = words[index + 1] if index + 1 < len(words) else ""
        clause = said.clause_before(index)
        before = [w for w in clause[2::-1] if w not in ARTICLES]
        in_years = following in YEARS
        aged = bool(before) and (before[-1] in AGED or (len(before) > 1 and before[-2] in AGED))
        after = words[index + 2] if index + 2 < len(words) else ""
        if not (in_years or aged) or after in AGO or (before and before[-1] in SINCE and not aged):
            continue
        if _is_range(said, index) or set(clause[:5]) & OFFSPRING:
            continue
        last = index + 1 if in_years else index
        last += int(in_years and after in {"old", "oud"})
        return (index, last), int(word)
    return None


def _is_range(said: Sentence, index: int) -> bool:
    """“18-25 ans”, “18 à 25 ans”."""
    if index == 0 or not said.tokens[index - 1].plain.isdigit():
        return bool(
            index > 1 and said.tokens[index - 2].plain.isdigit() and said.tokens[index - 1].plain in {"a", "tot", "to"}
        )
    return True


def children_in(said: Sentence) -> list[tuple[Span, bool]]:
    """“two children”: with them; “sans enfant”, “no kids”: without."""
    found: list[tuple[Span, bool]] = []
    for index, token in enumerate(said.tokens):
        if token.plain not in CHILDREN or index == 0:
            continue
        before = said.tokens[index - 1].plain
        if said.before(index) in NEGATIONS:
            first = next(i for i in range(index - 1, -1, -1) if said.tokens[i].plain in NEGATIONS)
            found.append(((first, index), False))
        elif before in NUMBERS or (before.isdigit() and 0 < int(before[:4]) < 30):
            found.append(((index - 1, index), True))
    return found


def free_in(said: Sentence) -> Span | None:
    for index, token in enumerate(said.tokens):
        before = said.tokens[index - 1].plain if index else ""
        if token.plain in FREE and before not in NEGATIONS and before not in FREE_NOT_BEFORE:
            return index, index
    return None


def area_in(said: Sentence, words: Vocabulary, needs: Sequence[Span]) -> AreaFound | None:
    """The place named with most words; a slip of the pen is forgiven when no place is named exactly."""
    index = area_index(words)
    if not index.by_name and not index.by_postal_code:
        return None
    kept = [i for i, token in enumerate(said.tokens) if token.plain not in ARTICLES]
    for size in range(min(index.longest, len(kept)), 0, -1):
        for start in range(len(kept) - size + 1):
            places = kept[start : start + size]
            name = [SAINT.get(said.tokens[i].plain, said.tokens[i].plain) for i in places]
            span = places[0], places[-1]
            found = index.exactly(name)
            if found and not _within_need(span, needs) and _means_a_place(said, span, name):
                return _with_preposition(said, span), found.code, None
    return _misspelt(said, index, kept, needs)


def _within_need(span: Span, needs: Sequence[Span]) -> bool:
    return any(need[0] <= span[0] and span[1] <= need[1] for need in needs)


def _means_a_place(said: Sentence, span: Span, name: Sequence[str]) -> bool:
    """A short name may be an everyday word: believed with a capital, after "in", "à", "te", or alone between commas."""
    if len(name) > 1 or len(name[0]) > SHORT or name[0].isdigit():
        return True
    token = said.tokens[span[0]]
    if token.word in EVERY_STOP:
        return False
    has_capital = said.text[token.start].isupper() and span[0] > 0 and not said.text.isupper()
    before, after = said.text[: token.start].rstrip(), said.text[token.end :].lstrip()
    alone = (not before or before[-1] in ",;.(") and (not after or after[0] in ",;.)")
    return has_capital or alone or said.before(span[0]) in PLACE


def _with_preposition(said: Sentence, span: Span) -> Span:
    """“près de Jette”, “in Jette”: the small words belong to the place."""
    first = span[0]
    for _step in range(3):
        if first and said.tokens[first - 1].plain in PLACE | ARTICLES and not said.stops_between(first - 1, first):
            first -= 1
    while first < span[0] and said.tokens[first].plain in ARTICLES:
        first += 1
    return first, span[1]


def _misspelt(said: Sentence, index: AreaIndex, kept: Sequence[int], needs: Sequence[Span]) -> AreaFound | None:
    best: tuple[int, AreaFound] | None = None
    for size in range(min(3, len(kept)), 0, -1):
        for start in range(len(kept) - size + 1):
            places = kept[start : start + size]
            tokens = [said.tokens[i] for i in places]
            if any(t.word in EVERY_STOP or not t.plain.isalpha() for t in tokens):
                continue
            span = places[0], places[-1]
            near = index.nearly([SAINT.get(t.plain, t.plain) for t in tokens])
            if near and not _within_need(span, needs) and (size > 1 or _means_a_misspelt_place(said, span)):
                typed = said.typed(span)
                if best is None or near[1] < best[0]:
                    best = near[1], (_with_preposition(said, span), near[0].code, (typed, near[0].names[0]))
    return best[1] if best else None


def _means_a_misspelt_place(said: Sentence, span: Span) -> bool:
    """A misspelt name of one word: long, or of six letters with a sign that a place is meant, or with a capital."""
    token = said.tokens[span[0]]
    if len(token.plain) >= SHORT:
        return len(token.plain) > SHORT or _means_a_place(said, span, [token.plain])
    return said.text[token.start].isupper() and span[0] > 0 and not said.text.isupper()
