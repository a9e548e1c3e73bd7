"""From the pairs of a form to an orientation: the one door to the engine."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone, translation

from maillage.orientation import engine
from maillage.orientation.situation import SituationError, from_mapping
from maillage.orientation.types import Orientation, Situation
from maillage.territory.models import Territory
from maillage.web import state
from maillage.web.presenters.vocabulary import Vocabulary


@dataclass(frozen=True)
class Refused(Exception):
    """What was sent cannot be read: (field, sentence) each."""

    messages: list[tuple[str, str]]


def situation(
    pairs: state.Pairs, territory: Territory, words: Vocabulary, *, limit: int = 20, after: str = ""
) -> Situation:
    """The situation, or Refused with sentences for the person."""
    data = {**state.mapping(pairs, words), "limit": limit, **({"after": after} if after else {})}
    try:
        return from_mapping(data, territory, (translation.get_language() or "en").split("-")[0])
    except SituationError as refusal:
        raise Refused(list(refusal.messages)) from refusal


def orient(asked: Situation) -> Orientation:
    return engine.orient(asked, at=timezone.now())


def forgiving(
    pairs: state.Pairs, territory: Territory, words: Vocabulary, *, limit: int = 20, after: str = ""
) -> tuple[state.Pairs, Situation, list[str]]:
    """The situation without the fields that could not be read, and a sentence for each of those."""
    try:
        return pairs, situation(pairs, territory, words, limit=limit, after=after), []
    except Refused as refusal:
        wrong = {field for field, _ in refusal.messages}
        facts = state.FACT if "facts" in wrong else "\x00"
        kept = tuple(pair for pair in pairs if pair[0] not in wrong and not pair[0].startswith(facts))
        sentences = [sentence for _, sentence in refusal.messages]
        after = "" if "after" in wrong else after
    try:
        return kept, situation(kept, territory, words, limit=limit, after=after), sentences
    except Refused as refusal:
        text = tuple(pair for pair in pairs if pair[0] == "text")
        sentences += [sentence for _, sentence in refusal.messages]
        return text, situation(text, territory, words, limit=limit), sentences
