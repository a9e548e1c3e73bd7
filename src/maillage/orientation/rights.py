"""Rights that a situation may open and that people do not claim: looked at near the need, in one pass, never refused aloud.

A right whose conditions are known not to hold is not mentioned: only the office that decides may say no.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from maillage.directory.search.engine import search
from maillage.directory.search.memory import Memory, memory
from maillage.directory.search.types import Card, CardRule, FactValue, Query
from maillage.methods.conditions import Condition, Test, unsettled, weighed, worth_asking
from maillage.methods.eligibility import FALSE, TRUE, signature
from maillage.orientation import sentences
from maillage.orientation.queries import Vocabulary
from maillage.orientation.types import Claim, PublicSource, RightSaid, Situation
from maillage.territory.models import label_in

MOST_OFFICES = 2
MOST = 6  # a person can follow up a few; all of them stand on a page of their own
Item = Mapping[str, Any]
Places = Callable[[str, str], Sequence[Card]]  # need and organisation where it is claimed -> services


@dataclass(frozen=True, slots=True)
class Right:
    """A right of the pack, ready to be judged. `groups`: for each group of the condition, its tests as the pack wrote them."""

    code: str
    item: Item
    needs: frozenset[str]
    above: frozenset[str]  # the needs that hold one of `needs`
    condition: Condition
    groups: tuple[tuple[Item, ...], ...]
    used: tuple[Test, ...]  # any of them: the person has it already
    place: int  # in the pack
    hash: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A right that this situation may open."""

    right: Right
    verdict: int  # TRUE or UNKNOWN
    support: int  # conditions that hold by something known
    is_direct: bool  # it belongs to the chosen need itself


# ---- what the pack says


@lru_cache(maxsize=8)
def rights_of(words: Vocabulary) -> tuple[Right, ...]:
    """The rights of the territory, compiled once for each load of its pack."""
    return tuple(compiled(item, words, place) for place, item in enumerate(words.rights.values()))


def compiled(item: Item, words: Vocabulary, place: int = 0) -> Right:
    needs = frozenset(str(code) for code in item.get("needs") or ())
    groups = groups_of(item)
    return Right(
        str(item["code"]),
        item,
        needs,
        frozenset(code for need in needs for code in words.lineage(need)[1:]) - needs,
        condition_of(groups),
        groups,
        tuple(test_of(row) for row in item.get("used_when") or ()),
        place,
        digest(item),
    )


def groups_of(item: Item) -> tuple[tuple[Item, ...], ...]:
    return tuple(tuple(one["any"]) if "any" in one else (one,) for one in item.get("conditions") or ())


def condition_of(groups: Sequence[Sequence[Item]]) -> Condition:
    return tuple(tuple(map(test_of, group)) for group in groups)


def test_of(row: Item) -> Test:
    if "criterion" not in row:
        return Test()
    rules = signature([(row["op"], row["value"], "require")])
    return Test(str(row["criterion"]), rules, row.get("supports") is not False)


def digest(item: Item) -> str:
    return hashlib.sha256(json.dumps(item, sort_keys=True, default=str).encode()).hexdigest()


# ---- which ones


def facts_for(situation: Situation, words: Vocabulary) -> dict[str, FactValue]:
    """What is known of the person. The number of a public is an example (“65” for older people): it settles no right."""
    implied = (words.publics.get(code, {}).get("facts") or {} for code in situation.publics)
    found = {name: value for facts in implied for name, value in facts.items() if isinstance(value, bool | str)}
    return {**found, **situation.facts}


def standing(situation: Situation, facts: Mapping[str, FactValue], words: Vocabulary) -> list[Standing]:
    """The rights near the need that something known supports (or that always go with that need), best supported first."""
    lines = [frozenset(words.lineage(need)) for need in situation.needs]
    found = [one for right in rights_of(words) if (one := _standing(right, situation.needs, lines, facts))]
    return sorted(found, key=lambda one: (-one.support, not one.is_direct, -one.verdict, one.right.place))


def _standing(
    right: Right, needs: Sequence[str], lines: Sequence[frozenset[str]], facts: Mapping[str, FactValue]
) -> Standing | None:
    is_direct = any(right.needs & line for line in lines)
    if needs and not is_direct and right.above.isdisjoint(needs):
        return None
    if any(test.said(facts) == TRUE for test in right.used):
        return None
    verdict, support = weighed(right.condition, facts)
    if verdict == FALSE:
        return None
    if not support and not (is_direct and right.item.get("always")):
        return None
    return Standing(right, verdict, support, is_direct)


def asking(
    shown: Sequence[Standing], facts: Mapping[str, FactValue], listed: Sequence[str], declined: frozenset[str]
) -> tuple[str, float]:
    """The criterion whose answer would settle most of the rights shown, and their share; ("", 0.0): none would.

    Only what the right or the need says may be asked (`listed`: of the need, in its order); never what was declined.
    """
    counts: dict[str, int] = {}
    order = list(listed)
    for one in shown:
        own = [str(code) for code in one.right.item.get("ask") or ()]
        order += own
        askable = {*own, *listed}
        for code, count in worth_asking([one.right.condition], facts, askable, never=declined).items():
            counts[code] = counts.get(code, 0) + count
    if not counts:
        return "", 0.0
    place = {code: number for number, code in reversed(list(enumerate(order)))}
    best = min(counts, key=lambda code: (-counts[code], place[code]))
    return best, counts[best] / len(shown)


# ---- in words


def said(
    one: Standing, facts: Mapping[str, FactValue], words: Vocabulary, language: str, places: Places | None = None
) -> RightSaid:
    """The right for the person, in their language. `places` finds the services where it is claimed (None: none)."""
    item, claim = one.right.item, one.right.item.get("claim") or {}
    services = places(str(claim.get("need") or ""), str(claim.get("organization") or "")) if places else ()
    return RightSaid(
        code=one.right.code,
        label=label_in(item.get("labels") or {}, language, fallback=one.right.code),
        gives=label_in(item.get("gives") or {}, language),
        verdict="open" if one.verdict == TRUE else "verify",
        why=tuple(_held(one.right, facts, words, language)),
        to_verify=tuple(_unknown(one.right, facts, words, language)),
        claim=Claim(
            label_in(claim.get("at") or {}, language),
            str(claim.get("url") or ""),
            str(claim.get("phone") or ""),
            tuple(services),
        ),
        documents=tuple(label_in(document, language) for document in item.get("documents") or ()),
        time_limit=label_in((item.get("time_limit") or {}).get("text") or {}, language),
        law=tuple(map(public_source, item.get("law") or ())),
        pages=tuple(map(public_source, item.get("pages") or ())),
        is_assumed=bool(item.get("assume")),
        checked_on=str(item.get("checked_on") or ""),
        hash=one.right.hash,
    )


class Offices:
    """The services where rights are claimed, for this person: one search for each category, however many rights."""

    def __init__(self, query: Query, words: Vocabulary, here: Memory) -> None:
        self.query = replace(
            query, text="", boost="", after="", organization="", needs=(), window=None, cost=(), remote=False,
            has_room=False, radius_km=None, limit=MOST_OFFICES,
        )  # fmt: skip
        self.words, self.here = words, here
        self.found: dict[tuple[str, str], tuple[Card, ...]] = {}

    def __call__(self, need: str, organization: str) -> Sequence[Card]:
        key = (need, organization)
        if key not in self.found:
            asked = replace(self.query, needs=(need,) if need in self.words.needs else (), organization=organization)
            known = bool(asked.needs or organization)
            hits = search(asked, self.words.territory, self.here).hits if known else ()
            self.found[key] = tuple(hit.card for hit in hits)
        return self.found[key]


def offices(right: Right, words: Vocabulary, language: str, *, at: datetime) -> Sequence[Card]:
    """The services where this right is claimed, for anyone."""
    claim = right.item.get("claim") or {}
    query = Query(words.territory.code, at, language, limit=MOST_OFFICES)
    found = Offices(query, words, memory(words.territory))
    return found(str(claim.get("need") or ""), str(claim.get("organization") or ""))


def public_source(row: Item) -> PublicSource:
    return PublicSource(*(str(row.get(key) or "") for key in ("title", "article", "publisher", "url", "date")))


def _held(right: Right, facts: Mapping[str, FactValue], words: Vocabulary, language: str) -> Iterator[str]:
    """The conditions that are known to hold and say something."""
    for tests, rows in zip(right.condition, right.groups, strict=True):
        holding = [row for test, row in zip(tests, rows, strict=True) if test.supports and test.said(facts) == TRUE]
        if holding:
            yield in_words(holding, words, language)


def _unknown(right: Right, facts: Mapping[str, FactValue], words: Vocabulary, language: str) -> Iterator[str]:
    """The conditions still to verify; of alternatives, those that may still hold."""
    open_groups = set(map(id, unsettled(right.condition, facts)))
    for tests, rows in zip(right.condition, right.groups, strict=True):
        if id(tests) in open_groups:
            yield in_words([r for t, r in zip(tests, rows, strict=True) if t.said(facts) != FALSE], words, language)


def in_words(rows: Sequence[Item], words: Vocabulary, language: str) -> str:
    """“Being 18 or older; or being pregnant”: one of these, as the pack wrote them, else built from its labels."""
    text = _("; or ").join(test_in_words(row, words, language) for row in rows)
    return text[:1].upper() + text[1:]


def test_in_words(row: Item, words: Vocabulary, language: str) -> str:
    if text := row.get("words") or row.get("text"):
        return label_in(text, language)
    return sentences.condition(CardRule(str(row["criterion"]), str(row["op"]), row["value"]), words, language)


# ---- kept with a match


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was said of a right, made again from what was kept."""

    code: str
    verdict: str  # open, verify; "no" when it would not be said
    is_same: bool
    why: tuple[str, ...]
    to_verify: tuple[str, ...]


def kept(one: RightSaid, situation: Situation, words: Vocabulary) -> dict[str, Any]:
    """The right as it stands in the pack, with the facts it was judged on and its hash."""
    item = deepcopy(words.rights[one.code])  # what is kept is nobody else's
    facts = facts_for(situation, words)
    return {"item": item, "hash": digest(item), "facts": facts, "verdict": one.verdict}


def replayed(row: Mapping[str, Any], words: Vocabulary, language: str) -> Replayed:
    right, facts = compiled(row["item"], words), row["facts"]
    verdict, _support = weighed(right.condition, facts)
    made = "no" if verdict == FALSE else "open" if verdict == TRUE else "verify"
    return Replayed(
        right.code,
        made,
        made == row["verdict"],
        tuple(_held(right, facts, words, language)),
        tuple(_unknown(right, facts, words, language)),
    )
