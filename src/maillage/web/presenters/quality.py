"""The quality of a record in words: how much it says, and what would raise that most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_lazy

from maillage.directory import freshness, quality
from maillage.directory.search.documents import quality_record
from maillage.directory.search.types import Card
from maillage.web.presenters.vocabulary import Vocabulary

# criterion -> (what to do, the part of the edit page where it is done; none: one tap on the service's card)
SENTENCES = {
    "contact": (gettext_lazy("Give a telephone number or an e-mail address"), "contact"),
    "hours": (gettext_lazy("Say the opening hours so that they can be read"), "hours"),
    "conditions": (gettext_lazy("Say who may come, even when it is everyone"), "whom"),
    "access": (
        gettext_lazy("Say how to come in: without an appointment, by telephone, by appointment"),
        "how",
    ),
    "confirmed": (gettext_lazy("Confirm that the record is true"), ""),
    "room": (gettext_lazy("Say how much room there is"), ""),
    "needs": (gettext_lazy("Say under which needs it is found"), "what"),
    "cost": (gettext_lazy("Say what it costs, even when it is free"), "price"),
    "spoken": (gettext_lazy("Say which languages are spoken"), "languages"),
    "wheelchair": (gettext_lazy("Say whether a wheelchair can get in"), "how"),
    "reach": (gettext_lazy("Say in which area it works"), "whom"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, what it brings ("+8"), and the part of the edit page where it is done, or ""."""

    text: str
    gain: str
    part: str


@dataclass(frozen=True, slots=True)
class Completeness:
    score: int  # of a hundred
    steps: tuple[Step, ...]


def completeness(cards: Sequence[Card], words: Vocabulary) -> Completeness | None:
    """Of the place that says least; None when the service is shown nowhere."""
    if not cards:
        return None
    parents = {code: need.parent for code, need in words.needs.items()}
    asked = freshness.below(words.territory.content.get("capacity_needs", ()), parents)
    records = [quality_record(card, words.territory, not asked.isdisjoint(card.needs)) for card in cards]
    record = min(records, key=quality.score)
    steps = tuple(step(action, words) for action in quality.best_actions(record))
    return Completeness(round(100 * quality.score(record)), steps)


def step(action: quality.Action, words: Vocabulary) -> Step:
    gain = f"+{max(1, round(action.points))}"
    if action.code.startswith("text:"):
        language = action.code.removeprefix("text:")
        said = gettext("Say in %(language)s what the service does") % {"language": words.language_name(language)}
        return Step(said, gain, "what")
    text, part = SENTENCES[action.code]
    return Step(str(text), gain, part)
