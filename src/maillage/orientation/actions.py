"""Keep a verdict with all that it was decided on, so that it can be replayed and explained years later."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Max
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from maillage.directory.models import Service
from maillage.directory.search.types import Card, CardRule, FactValue, Verdict
from maillage.methods.eligibility import FALSE, TRUE, UNKNOWN, holds, signature
from maillage.methods.text import typed
from maillage.orientation import rights, rules, sentences
from maillage.orientation.models import Match, SharedList, SharedListItem, UnmetNeed
from maillage.orientation.queries import Vocabulary, vocabulary
from maillage.orientation.types import RightSaid, Situation, Suggestion
from maillage.people import audit
from maillage.people.models import User
from maillage.people.rules import NotAllowed
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


def count_unmet(
    territory: Territory,
    cause: str,
    *,
    needs: Sequence[str],
    area: str = "",
    public: str = "",
    without: str = "",
    on: date,
) -> None:
    """One more need that met nothing, on that day: a count for each need said, and no person. `without`: the filter that
    emptied the list most. No trace: nobody acted."""
    for need in needs or ("",):
        said = {
            "territory": territory, "need": need, "area": area, "cause": cause, "public": public, "filter": without, "day": on,
        }  # fmt: skip
        if UnmetNeed.objects.filter(**said).update(count=F("count") + 1):
            continue
        try:
            with transaction.atomic():
                UnmetNeed.objects.create(**said, count=1)
        except IntegrityError:  # somebody was faster
            UnmetNeed.objects.filter(**said).update(count=F("count") + 1)


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


# ---- shared lists: the trail says that a list changed, never which service somebody was shown


class ListFull(Exception):
    """There are as many lists, or services in one, as somebody can read."""


@transaction.atomic
def start_list(territory: Territory, title: str, *, language: str = "", by: User, at: datetime) -> SharedList:
    """An empty list, which ends by itself and which nobody else reads before it is handed over. Raises Personal, ListFull."""
    title = _of_nobody(title, 120, territory)
    if SharedList.objects.filter(owner=by, territory=territory, expires_at__gt=at).count() >= rules.MOST_LISTS:
        raise ListFull
    made = SharedList.objects.create(
        territory=territory, owner=by, title=title, language=language, token=_hashed(secrets.token_urlsafe(32)),
        created_at=at, expires_at=at + timedelta(days=rules.LIST_DAYS),
    )  # fmt: skip
    audit.record("started a list", made, by=by, at=at)
    return made


@transaction.atomic
def describe_list(shared: SharedList, *, title: str, language: str, by: User) -> None:
    """Its title, and the language in which it is read. Raises Personal, NotAllowed."""
    _own(shared, by)
    shared.title, shared.language = _of_nobody(title, 120, shared.territory), language
    shared.save(update_fields=["title", "language"])
    audit.record("described a list", shared, by=by)


@transaction.atomic
def add_to_list(shared: SharedList, service: Service, *, note: str = "", by: User) -> SharedListItem:
    """At the end of the list; a service that is there already keeps its place, and its note when none is given.

    Raises Personal, ListFull, NotAllowed.
    """
    _own(shared, by)
    note = _of_nobody(note, 400, shared.territory)
    last = shared.items.aggregate(n=Max("order"), count=Count("pk"))
    there = shared.items.filter(service_uuid=service.uuid).first()
    if there is None and last["count"] >= rules.MOST_IN_A_LIST:
        raise ListFull
    if there is None:
        there = SharedListItem(shared_list=shared, service_uuid=service.uuid, order=(last["n"] or 0) + 1)
    there.note = note or there.note
    there.save()
    audit.record("added to a list", shared, by=by)
    return there


@transaction.atomic
def note_in_list(item: SharedListItem, note: str, *, by: User) -> None:
    """What to say of this service; empty takes it out. Raises Personal, NotAllowed."""
    _own(item.shared_list, by)
    item.note = _of_nobody(note, 400, item.shared_list.territory)
    item.save(update_fields=["note"])
    audit.record("noted in a list", item.shared_list, by=by)


@transaction.atomic
def move_in_list(item: SharedListItem, steps: int, *, by: User) -> None:
    """Up (-1) or down (+1); beyond the ends it stays. Raises NotAllowed."""
    _own(item.shared_list, by)
    row = list(item.shared_list.items.order_by("order", "pk"))
    here = next(index for index, one in enumerate(row) if one.pk == item.pk)
    row.insert(min(max(here + steps, 0), len(row) - 1), row.pop(here))
    for order, one in enumerate(row, 1):
        one.order = order
    SharedListItem.objects.bulk_update(row, ["order"])
    audit.record("moved in a list", item.shared_list, by=by)


@transaction.atomic
def remove_from_list(item: SharedListItem, *, by: User) -> None:
    """Raises NotAllowed."""
    _own(item.shared_list, by)
    item.delete()
    audit.record("removed from a list", item.shared_list, by=by)


@transaction.atomic
def hand_over(shared: SharedList, *, by: User, at: datetime) -> str:
    """The secret of its address, 256 random bits, told this once: only its hash is kept. The link before it no longer works.

    The list lives on for its whole time from here. Raises NotAllowed.
    """
    _own(shared, by)
    token = secrets.token_urlsafe(32)
    shared.token, shared.expires_at = _hashed(token), at + timedelta(days=rules.LIST_DAYS)
    shared.save(update_fields=["token", "expires_at"])
    audit.record("handed over a list", shared, by=by, at=at)
    return token


@transaction.atomic
def end_list(shared: SharedList, *, by: User) -> None:
    """At once: the list, its notes and its link are gone. Raises NotAllowed."""
    _own(shared, by)
    shared.delete()
    audit.record("ended a list", shared, by=by)


def forget_lists(at: datetime) -> int:
    """Erase those whose time is over. How many they were."""
    return SharedList.objects.filter(expires_at__lte=at).delete()[1].get("orientation.SharedList", 0)


def handed_over(territory: Territory, token: str, *, at: datetime) -> SharedList | None:
    """The list that this link opens, while it lives."""
    return SharedList.objects.filter(territory=territory, token=_hashed(token), expires_at__gt=at).first()


def _own(shared: SharedList, by: User) -> None:
    if shared.owner_id != by.pk:
        raise NotAllowed(rules.gettext_noop("Only the person who made this list changes it."))


def _of_nobody(text: str, limit: int, territory: Territory) -> str:
    text = typed(text, limit)
    rules.check_says_nobody(text, territory.country)
    return text


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
