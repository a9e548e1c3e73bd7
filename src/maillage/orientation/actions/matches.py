"""Keep a verdict with all that it was decided on, so that it can be replayed and explained years later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from maillage.directory.search.types import Card, CardRule, FactValue, Verdict
from maillage.methods.eligibility import FALSE, TRUE, UNKNOWN, holds, signature
from maillage.orientation import rights, rules, sentences
from maillage.orientation.models import Match
from maillage.orientation.queries import Vocabulary, vocabulary
from maillage.orientation.types import RightSaid, Situation, Suggestion
from maillage.people import audit
from maillage.people.models import User
from maillage.territory.models import Territory

ENGINE = "kleene-1"  # the way verdicts are made: a match of another engine is replayed, and says so
VERDICTS: dict[int, Verdict] = {FALSE: "no", UNKNOWN: "verify", TRUE: "fits"}


class RulesChanged(ValueError):
    """The rules kept with the match are not those that its hash was made of."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The verdict made again from what was kept; `sentences` say why, in the reader's language."""

    verdict: Verdict
    is_same: bool
    is_same_engine: bool
    sentences: tuple[str, ...]
    rights: tuple[rights.Replayed, ...] = ()


@transaction.atomic
def keep(
    situation: Situation, suggestion: Suggestion, *, at: datetime, by: User | str, claims: Sequence[RightSaid] = ()
) -> Match:
    """Store the verdict on one service: the facts (no identity), the rules as they stood, what was unknown, three hashes.

    `claims`: rights that were said, kept with their conditions and hash.
    `situation` is the one of the Orientation, so that what was read in the text counts. `by`: who keeps it, a user or
    "system:<command>"; the trace names the match, never the facts.
    """
    territory = Territory.objects.get(code=situation.territory)
    words = vocabulary(territory)
    facts = facts_of(situation, words)
    kept = [_rule(rule) for rule in suggestion.card.rules]
    match = Match.objects.create(
        territory=territory,
        service_uuid=suggestion.card.service,
        verdict=suggestion.verdict,
        facts=facts,
        rules=kept,
        rules_hash=digest(kept),
        service_hash=card_hash(suggestion.card),
        tree_hash=words.tree_hash,
        engine=ENGINE,
        reasons=[
            *_reasons(suggestion.card.rules, facts),
            *({"filter": code} for code in suggestion.open_filters),
            *({"right": rights.kept(one, situation, words)} for one in claims),
        ],
        matched_at=at,
    )
    audit.record("kept", match, by=by, data={"service": suggestion.card.service}, at=at)
    return match


def replay(match: Match) -> Replay:
    """The verdict made again from the match alone: whatever became of the service, the pack and the person.

    Raises RulesChanged when the kept rules, or a kept right, are not the ones that were hashed.
    """
    claims = [reason["right"] for reason in match.reasons if "right" in reason]
    changed = any(rights.digest(one["item"]) != one["hash"] for one in claims)
    if changed or digest(match.rules) != match.rules_hash:
        raise RulesChanged(_("The rules kept with this match were changed after it was made."))
    words = vocabulary(match.territory)
    kept = [CardRule(**rule) for rule in match.rules]
    verdict, said = TRUE, []
    for rule, reason in zip(kept, _reasons(kept, match.facts), strict=True):
        if rule.effect == "prefer":
            continue
        verdict = min(verdict, reason["holds"])
        said.append(_explained(rule, reason["holds"], words))
    if any("filter" in reason for reason in match.reasons):
        verdict = min(verdict, UNKNOWN)
        said.append(_("Something that was asked was not known of this service."))
    made = VERDICTS[verdict]
    replayed = tuple(rights.replayed(one, words, get_language() or "en") for one in claims)
    return Replay(made, made == match.verdict, match.engine == ENGINE, tuple(said), replayed)


def facts_of(situation: Situation, words: Vocabulary) -> dict[str, FactValue]:
    """All facts of a situation, those that its publics imply included."""
    implied = [words.publics.get(code, {}).get("facts") or {} for code in situation.publics]
    return rules.all_facts(situation.facts, {}, implied)


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()).hexdigest()


def card_hash(card: Card) -> str:
    """The service as it was shown."""
    return hashlib.sha256(msgspec.json.encode(card, order="sorted")).hexdigest()


def _rule(rule: CardRule) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(rule)
    return found


def _reasons(kept: Sequence[CardRule], facts: dict[str, FactValue]) -> list[dict[str, Any]]:
    return [
        {
            "rule": number,
            "holds": holds(signature([(rule.op, rule.value, rule.effect)]), facts.get(rule.criterion)),
        }
        for number, rule in enumerate(kept)
    ]


def _explained(rule: CardRule, said: int, words: Vocabulary) -> str:
    language = get_language() or words.territory.default_language
    sentence = sentences.statement(rule, words, language)
    if said == TRUE:
        return _("Holds: %(rule)s") % {"rule": sentence}
    if said == FALSE:
        return _("Does not hold: %(rule)s") % {"rule": sentence}
    return _("Not known: %(rule)s") % {"rule": sentence}
