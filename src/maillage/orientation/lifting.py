"""What stands in the way of a service that would fit, and the services that lift it, compatible in place and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.utils.formats import number_format

from maillage.directory.search.engine import search
from maillage.directory.search.memory import Memory
from maillage.directory.search.types import Card, FactValue, Hit, Query
from maillage.orientation import rules, sentences
from maillage.orientation.queries import ObstacleNode, Vocabulary
from maillage.orientation.types import Lift, ObstacleFound, Situation
from maillage.territory.models import label_in

MOST_LIFTS = 2  # a person can follow up two, not ten
MOST_SEARCHES = 8
POOL = 4  # candidates of a category where the person's place is known; more where each service's place decides
WIDE_POOL = 40


def place_of(hit: Hit, spoken: Sequence[str], words: Vocabulary) -> rules.Place:
    """What an obstacle looks at in this service. Where one sleeps, nobody has to mind the children."""
    card = hit.card
    speaks: bool | None = None
    if spoken and (card.languages or card.has_interpreter is False):
        speaks = True if set(spoken) & set(card.languages) else None if card.has_interpreter else False
    sleeps_there = any(capacity.unit == "bed" for capacity in card.capacities) or any(
        words.needs[need].window == "tonight" for need in card.needs if need in words.needs
    )
    takes_children = sleeps_there or dict(hit.facts).get("children") is True
    return rules.Place(
        distance_km=hit.distance_km,
        wheelchair=card.wheelchair,
        cost=card.cost,
        speaks=speaks,
        access=card.access,
        is_open=hit.is_open,
        childcare=True if takes_children else None,
        delivery=card.delivery,
    )


def standing(hit: Hit, facts: Mapping[str, FactValue], spoken: Sequence[str], words: Vocabulary) -> list[ObstacleNode]:
    """The obstacles between this person and this service, in the pack's order."""
    place = place_of(hit, spoken, words)
    return [one for one in words.obstacles.values() if rules.obstacle_stands(one.when, facts, place)]


def touched(
    hits: Sequence[Hit], asked: Sequence[str], facts: Mapping[str, FactValue], spoken: Sequence[str], words: Vocabulary
) -> dict[str, float]:
    """For each criterion asked that is unknown: the share of these services where some answer would raise an obstacle."""
    found: dict[str, float] = {}
    for criterion in asked:
        if criterion in facts or not hits:
            continue
        raising = [o.when for o in words.obstacles.values() if criterion in (o.when.get("person") or {})]
        count = 0
        for hit in hits:
            place = place_of(hit, spoken, words)
            count += any(
                rules.obstacle_stands(when, {**facts, criterion: value}, place)
                for when in raising
                for value in _values(when["person"][criterion])
            )
        found[criterion] = count / len(hits)
    return found


def _values(said: object) -> list[FactValue]:
    return list(said) if isinstance(said, list | tuple) else [said]  # type: ignore[list-item]


class Lifting:
    """The lifting services of one orientation: one search for each category, however many services need it."""

    def __init__(self, query: Query, situation: Situation, words: Vocabulary, here: Memory) -> None:
        self.query, self.situation, self.words, self.here = query, situation, words, here
        self.found: dict[tuple[str, str, bool], tuple[Hit, ...]] = {}

    def obstacles(self, hit: Hit, facts: Mapping[str, FactValue]) -> tuple[ObstacleFound, ...]:
        spoken = self.situation.languages
        return tuple(self._found(one, hit) for one in standing(hit, facts, spoken, self.words))

    def _found(self, one: ObstacleNode, hit: Hit) -> ObstacleFound:
        language = self.situation.language
        named = sentences.languages(self.situation.languages, self.words, language)
        sentence = label_in(one.sentence, language)
        km = "" if hit.distance_km is None else number_format(round(hit.distance_km, 1))
        sentence = sentence.replace("{km}", km).replace("{language}", named)
        return ObstacleFound(
            one.code, label_in(one.labels, language, fallback=one.code), sentence, self._lifts(one, hit.card)
        )

    def _lifts(self, one: ObstacleNode, card: Card) -> tuple[Lift, ...]:
        """The best of each category that the pack names; where it gives none, services that say they lift it."""
        in_language = "language" in (one.when.get("service") or {})
        lifts: dict[str, Lift] = {}
        for need, said in one.lifted_by:
            for hit in self._near(self._search(need, "", in_language), card)[:1]:
                sentence = label_in(said, self.situation.language)
                lifts.setdefault(hit.card.service, Lift(hit.card, sentence, hit.verdict))
        if not lifts:
            for hit in self._near(self._search("", one.code, in_language), card)[:1]:
                lifts[hit.card.service] = Lift(hit.card, "", hit.verdict)
        return tuple(lifts.values())[:MOST_LIFTS]

    def _search(self, need: str, obstacle: str, in_language: bool) -> tuple[Hit, ...]:
        key = (need, obstacle, in_language)
        if key not in self.found:
            if len(self.found) >= MOST_SEARCHES or (need and need not in self.words.needs):
                return ()
            asked = replace(
                self.query,
                needs=(need,) if need else (),
                lifts=obstacle,
                soft=frozenset() if in_language else frozenset({"languages"}),
                limit=POOL if self.query.served else WIDE_POOL,
            )
            self.found[key] = search(asked, self.words.territory, self.here).hits
        return self.found[key]

    def _near(self, hits: Sequence[Hit], card: Card) -> list[Hit]:
        """Not the service itself; where the person's place is unknown, those that may serve the service's own."""
        others = [hit for hit in hits if hit.card.service != card.service]
        if self.query.served or not card.area:
            return others
        around = set(self.words.area_line(card.area))
        return [hit for hit in others if not hit.card.served or around & set(hit.card.served)]
