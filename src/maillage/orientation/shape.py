"""An orientation as plain values: what the API answers and `maillage find --json` prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from maillage.directory.search.types import Card, CardCapacity, CardClosure
from maillage.orientation.queries import Vocabulary
from maillage.orientation.situation import to_mapping
from maillage.orientation.types import (
    ObstacleFound,
    Orientation,
    PublicSource,
    Question,
    RedFlag,
    RightSaid,
    Suggestion,
)


def as_mapping(found: Orientation, words: Vocabulary, *, at: datetime) -> dict[str, Any]:
    """Everything that was found and why. Texts stand in the reader's language where they exist, else in another, named."""
    language = found.situation.language
    return {
        "territory": found.situation.territory,
        "language": language,
        "at": _moment(at),
        "situation": to_mapping(found.situation),
        "understood": [
            {"kind": one.kind, "code": one.code, "label": one.label, "words": one.words} for one in found.understood
        ],
        "red_flags": [_red_flag(flag) for flag in found.red_flags],
        "total": found.total,
        "fits": found.fits,
        "verify": found.verify,
        "question": _question(found.question),
        "suggestions": [_suggestion(one, words, language) for one in found.suggestions],
        "near_misses": [_suggestion(one, words, language) for one in found.near_misses],
        "relaxations": [
            {"code": one.code, "count": one.count, "sentence": sentence} for one, sentence in found.relaxations
        ],
        "corrected": [{"typed": typed, "read_as": read_as} for typed, read_as in found.corrected],
        "rights": [_right(one, words, language) for one in found.rights],
        "next": found.next,
        "snapshot": found.snapshot,
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _red_flag(flag: RedFlag) -> dict[str, Any]:
    return {
        "code": flag.code,
        "label": flag.label,
        "message": flag.message,
        "contacts": [
            {
                "name": one.name,
                "number": one.number,
                "url": one.url,
                "hours": one.hours,
                "languages": list(one.languages),
                "note": one.note,
                "source": one.source,
            }
            for one in flag.contacts
        ],
    }


def _question(question: Question | None) -> dict[str, Any] | None:
    if question is None:
        return None
    return {
        "kind": question.kind,
        "code": question.code,
        "text": question.text,
        "why": question.why,
        "answers": [{"code": one.code, "label": one.label} for one in question.answers],
        "unit": question.unit,
        "share": question.share,
        "about": question.about,
    }


def _suggestion(one: Suggestion, words: Vocabulary, language: str) -> dict[str, Any]:
    return {
        "service": service(one.card, words, language),
        "verdict": one.verdict,
        "why": list(one.why),
        "to_verify": list(one.to_verify),
        "blockers": list(one.blockers),
        "would_fit_if": list(one.would_fit_if),
        "obstacles": [_obstacle(obstacle, words, language) for obstacle in one.obstacles],
        "room": one.room,
        "room_status": one.room_status,
        "openness": one.openness,
        "is_open": one.is_open,
        "distance_km": one.distance_km,
        "freshness": one.freshness,
        "score": round(one.score, 4),
        "parts": [{"code": part.code, "weight": part.weight, "value": round(part.value, 4)} for part in one.parts],
    }


def _obstacle(found: ObstacleFound, words: Vocabulary, language: str) -> dict[str, Any]:
    return {
        "code": found.code,
        "label": found.label,
        "sentence": found.sentence,
        "lifts": [
            {"service": service(lift.card, words, language), "sentence": lift.sentence, "verdict": lift.verdict}
            for lift in found.lifts
        ],
    }


def _right(one: RightSaid, words: Vocabulary, language: str) -> dict[str, Any]:
    return {
        "code": one.code,
        "label": one.label,
        "gives": one.gives,
        "verdict": one.verdict,
        "why": list(one.why),
        "to_verify": list(one.to_verify),
        "claim": {
            "at": one.claim.at,
            "url": one.claim.url,
            "phone": one.claim.phone,
            "services": [service(card, words, language) for card in one.claim.services],
        },
        "documents": list(one.documents),
        "time_limit": one.time_limit,
        "law": [_source(source) for source in one.law],
        "pages": [_source(source) for source in one.pages],
        "is_assumed": one.is_assumed,
        "checked_on": one.checked_on,
        "hash": one.hash,
    }


def _source(source: PublicSource) -> dict[str, str]:
    return {
        "title": source.title,
        "article": source.article,
        "publisher": source.publisher,
        "url": source.url,
        "date": source.date,
    }


def service(card: Card, words: Vocabulary, language: str) -> dict[str, Any]:
    """A service as a reader needs it. Of a confidential place, the area only."""
    order = (language, *words.territory.languages)
    name, name_language = text_of(card.texts.get("name", {}), order)
    description, description_language = text_of(card.texts.get("description", {}), order)
    return {
        "id": card.service,
        "name": name,
        "name_language": name_language,
        "description": description,
        "description_language": description_language,
        "organization": card.organization_name,
        "organization_id": card.organization,
        "needs": list(card.needs),
        "area": card.area,
        "address": card.address,
        "latitude": card.latitude,
        "longitude": card.longitude,
        "is_confidential": card.is_confidential,
        "is_fictional": card.is_fictional,
        "phones": list(card.phones),
        "email": card.email,
        "url": card.url,
        "opening_hours": card.osm_hours,
        "hours_text": card.raw_hours,
        "languages": list(card.languages),
        "has_interpreter": card.has_interpreter,
        "cost": card.cost,
        "access": list(card.access),
        "delivery": list(card.delivery),
        "served": list(card.served),
        "wheelchair": card.wheelchair,
        "status": card.status,
        "capacities": [_capacity(one) for one in card.capacities],
        "documents": list(card.documents),
        "confirmed_on": card.confirmed_on.isoformat() if card.confirmed_on else None,
        "checked_every_months": card.months or None,
        "source": card.source,
        "closures": [_closure(one) for one in card.closures],
    }


def _closure(one: CardClosure) -> dict[str, Any]:
    return {
        "starts": _moment(one.starts_at),
        "ends": _moment(one.ends_at) if one.ends_at else None,
        "message": dict(one.message),
    }


def _capacity(one: CardCapacity) -> dict[str, Any]:
    return {
        "unit": one.unit,
        "status": one.status,
        "available": one.available,
        "maximum": one.maximum,
        "updated": _moment(one.updated_at),
        "expires": _moment(one.expires_at) if one.expires_at else None,
        "note": one.note,
    }


def text_of(texts: Mapping[str, str], order: Iterable[str]) -> tuple[str, str]:
    """The text in the first of these languages that has one, with that language."""
    for language in (*order, *texts):
        if found := texts.get(language):
            return found, language
    return "", ""
