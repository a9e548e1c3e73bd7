"""Read what a person wrote: the needs, the public, the place, the language, the moment; whatever language it is in.

Phrases of the pack are found by their stems, the longest first; a typing mistake is forgiven where nothing else was meant.
Everything that is read keeps the typed words, so that it can be shown and taken back. What is left is searched as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from maillage.directory.search.types import FactValue
from maillage.methods.text import STOP
from maillage.orientation.lexicon import lexicon
from maillage.orientation.particulars import age_in, area_in, children_in, free_in
from maillage.orientation.phrases import Match, Sentence, Span, matches, plausible_languages, sentence
from maillage.orientation.queries import Vocabulary
from maillage.orientation.types import Understood
from maillage.orientation.words import (
    AGO,
    ARTICLES,
    EMPTY,
    FILLERS,
    FIRST_PERSON,
    LEARNING,
    NEGATIONS,
    PLACE,
    POSSESSIVES,
    SINCE,
    YEARS,
)

LONGEST = 2_000
MOST_NEEDS = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says. `rest`: the words that were not understood and carry meaning."""

    understood: tuple[Understood, ...] = ()
    needs: tuple[str, ...] = ()
    publics: tuple[str, ...] = ()
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    area: str = ""
    languages: tuple[str, ...] = ()
    window: str = ""
    cost: str = ""
    wheelchair: bool = False
    red_flags: tuple[str, ...] = ()
    rest: str = ""
    corrected: tuple[tuple[str, str], ...] = ()


def read(text: str, words: Vocabulary, language: str) -> Reading:
    """What `text` says in French, Dutch or English. `language` is the reader's: labels are given in it."""
    if not text.strip():
        return Reading()
    said = sentence(text[:LONGEST], lexicon(words))
    plausible = plausible_languages(said, language)
    return _Reader(said, words, language, matches(said, lexicon(words), plausible)).reading()


class _Reader:
    def __init__(self, said: Sentence, words: Vocabulary, language: str, found: list[Match]) -> None:
        self.said, self.words, self.language, self.found = said, words, language, found
        self.notes: list[tuple[int, Understood]] = []
        self.used: set[int] = set()  # tokens that something was read from

    def reading(self) -> Reading:
        flags = self.of("red_flag")
        publics, facts = self.people()
        self.danger_is_a_fact(flags, facts)
        needs = self.needs() or self.needs_of_danger(flags)
        spans = [match.span for match in needs]
        languages = self.languages(spans)
        window = self.window()
        area = area_in(self.said, self.words, spans)
        free = free_in(self.said)
        wheelchair = longest(self.of("wheelchair"))
        for match in languages:
            self.note(match.span, "language", match.entry.code, self.label("languages", match.entry.code))
        if area:
            self.note(area[0], "area", area[1], self.label("areas", area[1]))
        if free:
            self.note(free, "cost", "free", _("Free of charge"))
        for match in wheelchair[:1]:
            self.note(match.span, "wheelchair", "wheelchair", _("Wheelchair accessible"))
        return Reading(
            understood=tuple(note for _position, note in sorted(self.notes, key=lambda pair: pair[0])),
            needs=tuple(dict.fromkeys(match.entry.code for match in needs)),
            publics=publics,
            facts=facts,
            area=area[1] if area else "",
            languages=tuple(dict.fromkeys(match.entry.code for match in languages)),
            window=window,
            cost="free" if free else "",
            wheelchair=bool(wheelchair),
            red_flags=tuple(dict.fromkeys(match.entry.code for match in flags)),
            rest=self.rest(),
            corrected=tuple(
                (self.said.tokens[i].word, read_as)
                for i, read_as in self.said.corrected.items()
                if i in self.used
            ) + ((area[2],) if area and area[2] else ()),
        )  # fmt: skip

    # ---- what kind of thing was said

    def of(self, *kinds: str) -> list[Match]:
        return [match for match in self.found if match.entry.kind in kinds]

    def label(self, kind: str, code: str) -> str:
        return self.words.label(kind, code, self.language)

    def note(self, span: Span, kind: str, code: str, label: str) -> None:
        self.used.update(range(span[0], span[1] + 1))
        self.notes.append((span[0], Understood(kind, code, label, self.said.typed(span))))

    def people(self) -> tuple[tuple[str, ...], dict[str, FactValue]]:
        """The publics that are named, and the facts that are said."""
        facts: dict[str, FactValue] = {}
        taken: list[Span] = []
        if (age := age_in(self.said)) and self.words.criteria.get("age", {}).get("kind") == "number":
            self.note(age[0], "fact", "age", f"{self.label('criteria', 'age')}: {age[1]}")
            facts["age"] = float(age[1])
            taken.append(age[0])
        counted = children_in(self.said) if "children" in self.words.criteria else []
        self.denied = [span for span, with_them in counted if not with_them]
        taken += self.denied
        candidates = [m for m in self.of("public", "fact") if self.is_about_the_person(m)]
        chosen = [m for m in longest(candidates) if not any(_overlap(m.span, span) for span in taken)]
        self.spans_of_people = [match.span for match in chosen]
        for span, with_them in counted:
            self._count_children(span, with_them, chosen, facts)
        for match in chosen:
            self._add_person(match, facts)
        publics = tuple(dict.fromkeys(m.entry.code for m in chosen if m.entry.kind == "public"))
        return publics, facts

    def _count_children(self, span: Span, with_them: bool, chosen: list[Match], facts: dict[str, FactValue]) -> None:
        """“2 enfants”, “no kids”: a fact, unless a public of the pack already says it (then its words grow)."""
        for index, match in enumerate(chosen):
            if with_them and _overlap(match.span, span):
                wider = min(span[0], match.span[0]), max(span[1], match.span[1])
                chosen[index] = Match(match.entry, wider)
                return
        label = self.label("criteria", "children")
        self.note(span, "fact", "children", label if with_them else _("%(label)s: no") % {"label": label})
        facts["children"] = with_them

    def _add_person(self, match: Match, facts: dict[str, FactValue]) -> None:
        entry = match.entry
        if entry.kind == "public":
            self.note(match.span, "public", entry.code, self.label("publics", entry.code))
        elif entry.code not in facts:
            label = f"{self.label('criteria', entry.code)}: " + self.words.option_label(
                entry.code, entry.value, self.language
            )
            self.note(match.span, "fact", entry.code, label)
            facts[entry.code] = entry.value

    def is_about_the_person(self, match: Match) -> bool:
        """Not when it is denied ("not pregnant"), nor about a relative ("my father"), nor a "he" beside an "I"."""
        entry, before = match.entry, self.said.before(match.span[0])
        if before in NEGATIONS and not set(self.said.plain(match.span)) & NEGATIONS:
            return False
        facts = (
            (self.words.publics.get(entry.code, {}).get("facts") or {}) if entry.kind == "public" else {entry.code: 1}
        )
        if len(entry.stems) == 1 and "gender" in facts and before in POSSESSIVES:
            return False
        return not (entry.is_pronoun and entry.kind == "fact" and self.said.has(FIRST_PERSON))

    def needs(self) -> list[Match]:
        """What is asked for. Words that also name a public ("homeless") ask for something only when nothing else does;
        a label, written as an answer to a question, only when no everyday word was found."""
        found = [m for m in self.of("need") if not self._is_denied(m)]
        kept = longest(found, together=True)
        shared = [m for m in kept if any(_within(m.span, span) for span in self.spans_of_people)]
        clear = [m for m in kept if m not in shared]
        chosen = [m for m in clear if m.entry.strength == 2] or clear or shared
        above = {code for m in chosen for code in self.words.lineage(m.entry.code)[1:]}
        chosen = [m for m in chosen if m.entry.code not in above]
        by_code = {m.entry.code: m for m in reversed(chosen)}
        chosen = sorted(by_code.values(), key=lambda m: m.span)[:MOST_NEEDS]
        for match in chosen:
            self.note(match.span, "need", match.entry.code, self.label("needs", match.entry.code))
        for match in kept:
            self.used.update(range(match.span[0], match.span[1] + 1))
        return chosen

    def needs_of_danger(self, flags: list[Match]) -> list[Match]:
        """Words of danger that name no service ("my husband hits me"): the needs that the pack ties to this danger."""
        found: list[Match] = []
        for flag in longest(flags)[:1]:
            codes = [need.code for need in self.words.needs.values() if need.red_flag == flag.entry.code]
            above = {code for need in codes for code in self.words.lineage(need)[1:]}
            for code in [code for code in codes if code not in above or not found][:MOST_NEEDS]:
                found.append(Match(replace(flag.entry, kind="need", code=code), flag.span))
                self.note(flag.span, "need", code, self.label("needs", code))
        return found

    def danger_is_a_fact(self, flags: list[Match], facts: dict[str, FactValue]) -> None:
        """A danger that the pack also asks about ("violence") is known once it is said."""
        for flag in flags:
            code = flag.entry.code
            if self.words.criteria.get(code, {}).get("kind") == "boolean" and code not in facts:
                self.note(flag.span, "fact", code, self.label("criteria", code))
                facts[code] = True

    def languages(self, needs: list[Span]) -> list[Match]:
        """Languages that are spoken; not one that is to be learnt, nor one that is part of what is sought."""
        if self.said.has(LEARNING):
            return []
        return [match for match in longest(self.of("language")) if not any(_inside(match.span, span) for span in needs)]

    def _is_denied(self, match: Match) -> bool:
        if any(_overlap(match.span, span) for span in self.denied):
            return True
        return self.said.before(match.span[0]) in {"pas", "not", "geen", "niet"} and len(match.entry.stems) == 1

    def window(self) -> str:
        """The moment asked; "now" says less than any other."""
        found = longest(self.of("window"))
        for match in found:
            self.used.update(range(match.span[0], match.span[1] + 1))
        found.sort(key=lambda m: (m.entry.code == "now", m.span))
        for match in found[:1]:
            self.note(match.span, "window", match.entry.code, self.label("windows", match.entry.code))
            return match.entry.code
        return ""

    def rest(self) -> str:
        kept = [
            token.word
            for index, token in enumerate(self.said.tokens)
            if index not in self.used
            and token.plain not in SAYS_NOTHING
            and not (token.plain.isdigit() and len(token.plain) < 4)
            and not any(token.word in stop for stop in STOP.values())
        ]
        if not kept and not self.notes:  # "help": nothing but small words, and somebody typed them
            kept = [token.word for token in self.said.tokens]
        return " ".join(dict.fromkeys(kept))


SAYS_NOTHING = (
    EMPTY
    | ARTICLES
    | FILLERS
    | NEGATIONS
    | POSSESSIVES
    | YEARS
    | SINCE
    | AGO
    | (PLACE - {"commune", "gemeente", "quartier"})
)


def longest(found: Iterable[Match], *, together: bool = False) -> list[Match]:
    """Without overlaps: the match with most words, then most letters, then what people type before labels, wins.

    `together`: other meanings of exactly the same words stay too.
    """
    ranked = sorted(
        enumerate(found),
        key=lambda pair: (
            -len(pair[1].entry.stems),
            -sum(map(len, pair[1].entry.stems)),
            -pair[1].entry.strength,
            pair[0],
        ),
    )
    kept: list[Match] = []
    for _order, match in ranked:
        rivals = [other for other in kept if _overlap(match.span, other.span)]
        same = all(o.span == match.span and o.entry.strength == match.entry.strength for o in rivals)
        if not rivals or (together and same):
            kept.append(match)
    return sorted(kept, key=lambda match: match.span)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _within(one: Span, other: Span) -> bool:
    return other[0] <= one[0] and one[1] <= other[1]


def _inside(one: Span, other: Span) -> bool:
    return one != other and _within(one, other)
