"""From a person's situation to explained suggestions. Nothing of the situation is stored or logged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from maillage.directory.search.engine import UnknownTerritory, search
from maillage.directory.search.memory import Memory, memory
from maillage.directory.search.paging import BadCursor
from maillage.directory.search.types import FactValue, Hit, Query, Results, Window
from maillage.methods.eligibility import FALSE, TRUE, holds, preferred, signature
from maillage.orientation import rights, rules, sentences
from maillage.orientation.lifting import Lifting, touched
from maillage.orientation.queries import Vocabulary, vocabulary
from maillage.orientation.situation import ROOT
from maillage.orientation.types import (
    Answer,
    EmergencyContact,
    Orientation,
    Question,
    RedFlag,
    Situation,
    Suggestion,
)
from maillage.orientation.understanding import Reading, read
from maillage.territory.models import Territory, label_in


@dataclass(frozen=True)
class Asked:
    """One orientation under way: the situation as understood, all facts, and the query that it became."""

    situation: Situation
    reading: Reading
    facts: Mapping[str, FactValue]
    query: Query
    words: Vocabulary


def orient(situation: Situation, *, at: datetime) -> Orientation:
    """The services for this situation at this moment, explained; red flags first; the next question worth asking.

    The same situation, directory and moment give the same answer. Raises UnknownTerritory.
    """
    territory = Territory.objects.defer("content").filter(code=situation.territory).first()
    if territory is None:
        raise UnknownTerritory(situation.territory)
    interface = {code for code, _name in settings.LANGUAGES}
    with translation.override(situation.language if situation.language in interface else territory.default_language):
        asked = ask(situation, vocabulary(territory), at=at)
        here = memory(territory)
        try:
            results = search(asked.query, territory, here)
        except BadCursor:  # the list of yesterday: begin again
            asked = replace(asked, query=replace(asked.query, after=""))
            results = search(asked.query, territory, here)
        return answer(asked, results, here, at=at)


@dataclass(frozen=True)
class Offer:
    """The best of what is offered for one situation, and how many services there are in all."""

    suggestions: tuple[Suggestion, ...]
    total: int


def offers(situations: Sequence[Situation], territory: Territory, *, at: datetime) -> list[Offer]:
    """What is offered now for each of these situations, of one directory read once: no obstacle, no question, no danger."""
    words, here = vocabulary(territory), memory(territory)
    found = []
    for situation in situations:
        asked = ask(situation, words, at=at)
        results = search(asked.query, territory, here)
        found.append(Offer(tuple(explain(hit, asked, None, at=at) for hit in results.hits), results.total))
    return found


def ask(situation: Situation, words: Vocabulary, *, at: datetime) -> Asked:
    """Read the text, put together what was said and what was read, and turn it into a query."""
    reading = read(situation.text, words, situation.language)
    merged = merge(situation, reading, words)
    implied = [words.publics.get(code, {}).get("facts") or {} for code in merged.publics]
    facts = rules.all_facts(situation.facts, reading.facts, implied)
    return Asked(merged, reading, facts, query_of(merged, facts, words, at=at), words)


def merge(situation: Situation, reading: Reading, words: Vocabulary) -> Situation:
    """What was chosen wins over what was read; lists are added up; of two needs on one branch the deeper one stays."""
    both = tuple(dict.fromkeys((*situation.needs, *reading.needs)))
    above = {code for need in both for code in words.lineage(need)[1:]}
    needs = tuple(code for code in both if code not in above)
    return replace(
        situation,
        text=reading.rest,
        needs=needs,
        facts={**reading.facts, **situation.facts},
        publics=tuple(dict.fromkeys((*situation.publics, *reading.publics))),
        area=situation.area or reading.area,
        languages=situation.languages or reading.languages,
        window=situation.window or reading.window,
        cost=situation.cost or reading.cost,
        wheelchair=situation.wheelchair or reading.wheelchair,
    )


def query_of(situation: Situation, facts: Mapping[str, FactValue], words: Vocabulary, *, at: datetime) -> Query:
    """Languages only rank, because an interpreter lifts them; so does a moment that the need implies and nobody asked."""
    area = words.areas.get(situation.area)
    is_part = area is not None and bool(area.parent)  # the whole territory narrows nothing and has no middle
    window_code = situation.window
    soft = {"languages"}
    if not window_code:
        window_code = next((w for need in situation.needs if (w := words.needs[need].window)), "")
        soft.add("window")
    needs = [code for need in situation.needs for code in (need, *words.needs[need].also)]
    has_needs = bool(needs)
    return Query(
        territory=words.territory.code,
        at=at,
        language=situation.language,
        text="" if has_needs else situation.text,
        boost=situation.text if has_needs else "",
        needs=tuple(dict.fromkeys(needs)),
        facts=facts,
        languages=situation.languages,
        window=window_of(window_code, words, at=at),
        near=situation.point or (area.point if area and is_part else None),
        radius_km=situation.radius_km,
        served=situation.area if is_part else "",
        cost=(situation.cost,) if situation.cost else (),
        wheelchair=situation.wheelchair,
        remote=situation.remote,
        has_room=situation.has_room,
        soft=frozenset(soft),
        limit=situation.limit,
        after=situation.after,
    )


def window_of(code: str, words: Vocabulary, *, at: datetime) -> Window | None:
    item = words.windows.get(code)
    if not code or (item is None and code != "now"):
        return None
    said = item or {}
    starts, ends = str(said.get("from") or ""), str(said.get("to") or "")
    start, end = rules.window_bounds(code, starts, ends, at=at, timezone=words.territory.timezone)
    return Window(code, start, end)


# ---- the answer


def answer(asked: Asked, results: Results, here: Memory, *, at: datetime) -> Orientation:
    lifting = Lifting(
        replace(asked.query, text="", boost="", organization="", after=""), asked.situation, asked.words, here
    )
    explained = [explain(hit, asked, lifting, at=at) for hit in results.hits]
    missed = [explain(hit, asked, None, at=at) for hit in results.near_misses]
    known = rights.facts_for(asked.situation, asked.words)
    opened = [] if asked.query.after else rights.standing(asked.situation, known, asked.words)[: rights.MOST]
    offices = rights.Offices(asked.query, asked.words, here)
    return Orientation(
        situation=asked.situation,
        understood=tuple(
            one for one in asked.reading.understood if one.kind != "need" or one.code in asked.situation.needs
        ),
        red_flags=tuple(red_flags(asked)),
        suggestions=tuple(explained),
        near_misses=tuple(missed),
        total=results.total,
        fits=results.fits,
        verify=results.verify,
        question=question(asked, results) or right_question(asked, opened, known),
        relaxations=tuple((r, sentences.relaxed(r, asked.situation, asked.words)) for r in results.relaxations),
        corrected=tuple(dict.fromkeys((*asked.reading.corrected, *results.corrected))),
        next=results.next,
        snapshot=results.snapshot,
        rights=tuple(rights.said(one, known, asked.words, asked.situation.language, offices) for one in opened),
    )


def explain(hit: Hit, asked: Asked, lifting: Lifting | None, *, at: datetime) -> Suggestion:
    """One service with its reasons. `lifting` None: without its obstacles (it does not fit anyway)."""
    situation, words, card = asked.situation, asked.words, hit.card
    language = situation.language
    why, to_verify, blockers, would = [], [], [], []
    for rule in card.rules:
        one = signature([(rule.op, rule.value, rule.effect)])
        said = holds(one, asked.facts.get(rule.criterion))
        if rule.effect == "prefer":
            if preferred(one, asked.facts.get(rule.criterion)):
                why.append(sentences.statement(rule, words, language))
        elif said == TRUE:
            why.append(sentences.statement(rule, words, language))
        elif said == FALSE:
            blockers.append(sentences.statement(rule, words, language))
            would.append(sentences.would_fit_if(rule, words, language))
        else:
            to_verify.append(sentences.to_check(rule, words, language))
    for code in asked_filters(asked.query):
        if code in hit.unknowns:
            to_verify.append(sentences.unknown_filter(code, card, situation, words))
        elif code not in hit.against:
            why.append(sentences.met_filter(code, card, situation, words))
    if "conditions" in hit.unknowns:
        to_verify.append(sentences.unknown_filter("conditions", card, situation, words))
    return Suggestion(
        card=card,
        verdict=hit.verdict,
        why=_said(why),
        to_verify=_said(to_verify),
        blockers=_said(blockers),
        would_fit_if=_said(would),
        obstacles=lifting.obstacles(hit, asked.facts) if lifting else (),
        room=sentences.room(card.capacities, at=at),
        room_status=hit.capacity,
        openness=sentences.openness(card, asked.query.window, words, language, at=at),
        is_open=hit.is_open,
        distance_km=hit.distance_km,
        freshness=sentences.freshness(card.confirmed_on, on=at.astimezone(ZoneInfo(words.territory.timezone)).date()),
        parts=hit.parts,
        score=hit.score,
        unknowns=hit.unknowns,
        open_filters=tuple(code for code in hit.unknowns if code not in asked.query.soft),
    )


def asked_filters(query: Query) -> Iterator[str]:
    asked = {
        "languages": query.languages,
        "served": query.served,
        "cost": query.cost,
        "wheelchair": query.wheelchair,
        "remote": query.remote,
        "has_room": query.has_room,
        "window": query.window,
        "near": query.near is not None and query.radius_km is not None,
    }
    return (code for code, value in asked.items() if value)


def _said(found: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentence for sentence in found if sentence))


# ---- danger


def red_flags(asked: Asked) -> Iterator[RedFlag]:
    """The dangers read in the text, then those that the chosen needs carry, each once."""
    chosen = [flag for need in asked.situation.needs if (flag := asked.words.needs[need].red_flag)]
    for code in dict.fromkeys((*asked.reading.red_flags, *chosen)):
        if item := asked.words.red_flags.get(code):
            yield red_flag(code, item, asked.situation.language)


def red_flag(code: str, item: Mapping[str, object], language: str) -> RedFlag:
    rows = item.get("contacts")
    contacts = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list | tuple) else []
    return RedFlag(
        code,
        _label(item.get("labels"), language) or code,
        _label(item.get("message"), language),
        tuple(
            EmergencyContact(
                name=_label(row.get("name"), language),
                number=str(row.get("number") or ""),
                url=str(row.get("url") or ""),
                hours=str(row.get("hours") or ""),
                languages=tuple(str(one) for one in row.get("languages") or ()),
                note=_label(row.get("note"), language),
                source=str(row.get("source") or ""),
            )
            for row in contacts
        ),
    )


def _label(value: object, language: str) -> str:
    return label_in(value, language) if isinstance(value, Mapping) else str(value or "")


# ---- the next question


def question(asked: Asked, results: Results) -> Question | None:
    """A branch of the tree while it divides what is found; then the unknown fact that changes most; then nothing."""
    return tree_question(asked, results) or fact_question(asked, results)


def tree_question(asked: Asked, results: Results) -> Question | None:
    situation, words, language = asked.situation, asked.words, asked.situation.language
    if len(situation.needs) > 1 or (not situation.needs and situation.text):
        return None
    code = situation.needs[0] if situation.needs else ""
    below = [child for child in words.children.get(code, ()) if code or not _only_lifts(child, words)]
    if not below or (code or ROOT) in situation.declined:
        return None
    share = 1.0
    if code:
        branches = [sum(_is_below(hit, child, words) for hit in results.hits) for child in below]
        share = rules.tree_share(branches, len(results.hits))
        if share <= 0 and 0 < results.total <= len(results.hits):
            return None
    text = label_in(words.needs[code].question, language) if code else _("What do you need?")
    answers = tuple(Answer(child, words.label("needs", child, language)) for child in below)
    return Question("need", code or ROOT, text or words.label("needs", code, language), "", answers, share=share)


def _only_lifts(code: str, words: Vocabulary) -> bool:
    """A branch of services that only help to reach others is no first question."""
    below = words.children.get(code, ())
    return bool(below) and set(below) <= words.lifting_needs


def _is_below(hit: Hit, code: str, words: Vocabulary) -> bool:
    return any(code in words.lineage(need) for need in hit.card.needs)


def listed(situation: Situation, words: Vocabulary) -> list[str]:
    """The criteria that the needs say are worth asking, in their order."""
    said = [c for need in situation.needs for code in words.lineage(need) for c in words.needs[code].ask]
    return [code for code in dict.fromkeys(said) if code in words.criteria]


def fact_question(asked: Asked, results: Results) -> Question | None:
    situation, words = asked.situation, asked.words
    order = listed(situation, words)
    splits = {code: share for code, share in results.splits.items() if code in words.criteria}
    hinders = touched(results.hits, order, asked.facts, situation.languages, words)
    code, share = rules.next_fact(splits, hinders, order, never={*situation.declined, *asked.facts})
    return asking(code, share, asked) if code else None


def right_question(asked: Asked, opened: Sequence[rights.Standing], known: Mapping[str, FactValue]) -> Question | None:
    """When no answer would change the services: the one that would settle most of the rights that are shown."""
    never = asked.situation.declined | asked.facts.keys()
    code, share = rights.asking(opened, known, listed(asked.situation, asked.words), frozenset(never))
    return replace(asking(code, share, asked), about="rights") if code else None


def asking(code: str, share: float, asked: Asked) -> Question:
    words, language = asked.words, asked.situation.language
    item = words.criteria[code]
    return Question(
        kind="fact",
        code=code,
        text=_label(item.get("question"), language) or words.label("criteria", code, language),
        why=_label(item.get("why"), language),
        answers=tuple(answers_of(code, words, language)),
        unit=_("years") if item.get("unit") == "years" else str(item.get("unit") or ""),
        share=round(share, 4),
    )


def answers_of(code: str, words: Vocabulary, language: str) -> Iterator[Answer]:
    kind = words.criteria[code].get("kind")
    if kind == "choice":
        for option in words.options(code):
            yield Answer(
                str(option["code"]), label_in(option.get("labels") or {}, language, fallback=str(option["code"]))
            )
    elif kind != "number":
        yield Answer("true", _("Yes"))
        yield Answer("false", _("No"))
