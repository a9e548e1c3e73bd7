"""A page of results: what was understood, what fits and why, what to ask next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from maillage.directory.search.types import Card
from maillage.orientation.types import ObstacleFound, Orientation, Question, Suggestion
from maillage.web import state
from maillage.web.presenters import words as say
from maillage.web.presenters.maps import Point
from maillage.web.presenters.vocabulary import Vocabulary

NAMED_FIELDS = {  # field -> kind of chip
    "needs": "need",
    "publics": "public",
    "languages": "language",
    "area": "area",
    "window": "window",
    "cost": "cost",
    "wheelchair": "wheelchair",
    "remote": "remote",
    "has_room": "has_room",
    "radius_km": "radius_km",
    "point": "point",
}


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    do: str  # what the button that takes it away sends


@dataclass(frozen=True, slots=True)
class Weight:
    label: str
    value: str
    share: int  # 0..100, for the meter


@dataclass(frozen=True, slots=True)
class Lifting:
    uuid: str
    name: say.Said
    organization: str
    sentence: str
    phone: str
    verdict: str
    verdict_label: str


@dataclass(frozen=True, slots=True)
class Obstacle:
    label: str
    sentence: str
    lifts: tuple[Lifting, ...]


@dataclass(frozen=True, slots=True)
class ResultCard:
    uuid: str
    anchor: str
    number: int
    name: say.Said
    organization: str
    place: str
    distance: str
    description: say.Said
    verdict: str
    verdict_label: str
    openness: str
    is_open: bool | None
    room: str
    room_status: str
    cost: str
    cost_kind: str
    languages: str
    why: tuple[str, ...]
    to_verify: tuple[str, ...]
    blockers: tuple[str, ...]
    would_fit_if: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]
    phones: tuple[str, ...]
    email: str
    url: str
    freshness: str
    source: str
    parts: tuple[Weight, ...]
    score: str
    is_fictional: bool
    status: str
    alert: say.Said


@dataclass(frozen=True, slots=True)
class Ask:
    """The next question, as buttons."""

    text: str
    why: str
    answers: tuple[Chip, ...]
    number_field: str
    unit: str
    skip: str


def distance(km: float | None) -> str:
    if km is None:
        return ""
    if km < 1:
        return gettext("%(n)s m") % {"n": round(km * 1000, -1).__int__()}
    return gettext("%(n)s km") % {"n": number_format(km, 1)}


def weights(suggestion: Suggestion) -> tuple[Weight, ...]:
    return tuple(
        Weight(
            str(say.PARTS.get(part.code, part.code)),
            f"{number_format(part.value, 2)} × {number_format(part.weight, 2)} = {number_format(part.weight * part.value, 2)}",
            round(max(0.0, min(1.0, part.value)) * 100),
        )
        for part in suggestion.parts
    )


def obstacle(found: ObstacleFound, words: Vocabulary) -> Obstacle:
    return Obstacle(
        found.label,
        found.sentence,
        tuple(
            Lifting(
                lift.card.service,
                say.said(lift.card, "name", words),
                lift.card.organization_name,
                lift.sentence,
                next(iter(lift.card.phones), ""),
                lift.verdict,
                str(say.VERDICTS[lift.verdict]),
            )
            for lift in found.lifts
        ),
    )


def result(suggestion: Suggestion, number: int, words: Vocabulary) -> ResultCard:
    card = suggestion.card
    return ResultCard(
        uuid=card.service,
        anchor=f"result-{number}",
        number=number,
        name=say.said(card, "name", words),
        organization=card.organization_name,
        place=say.place(card, words),
        distance=distance(suggestion.distance_km),
        description=say.said(card, "description", words),
        verdict=suggestion.verdict,
        verdict_label=str(say.VERDICTS[suggestion.verdict]),
        openness=suggestion.openness,
        is_open=suggestion.is_open,
        room=suggestion.room,
        room_status=suggestion.room_status,
        cost=str(say.COSTS.get(card.cost, card.cost)),
        cost_kind=card.cost,
        languages=say.spoken(card, words),
        why=suggestion.why,
        to_verify=suggestion.to_verify,
        blockers=suggestion.blockers,
        would_fit_if=suggestion.would_fit_if,
        obstacles=tuple(obstacle(found, words) for found in suggestion.obstacles),
        phones=tuple(card.phones[:3]),
        email=card.email,
        url=card.url,
        freshness=suggestion.freshness,
        source=say.source_line(card, words),
        parts=weights(suggestion),
        score=number_format(suggestion.score, 2),
        is_fictional=card.is_fictional,
        status=str(say.STATUSES.get(card.status, "")),
        alert=say.said(card, "alert", words),
    )


def results(suggestions: Iterable[Suggestion], words: Vocabulary, start: int = 1) -> list[ResultCard]:
    return [result(suggestion, number, words) for number, suggestion in enumerate(suggestions, start)]


def point(card: Card, number: int, name: str, verdict: str) -> Point | None:
    """Where to draw it; a confidential place, or one without coordinates, is not drawn."""
    if card.is_confidential or card.latitude is None or card.longitude is None:
        return None
    return Point(card.latitude, card.longitude, number, f"result-{number}", name, verdict)


def points(suggestions: Sequence[Suggestion], cards: Sequence[ResultCard]) -> list[Point]:
    found = (
        point(suggestion.card, card.number, card.name.text, card.verdict)
        for suggestion, card in zip(suggestions, cards, strict=True)
    )
    return [one for one in found if one is not None]


def summary(orientation: Orientation) -> str:
    """How many, in one sentence."""
    if not orientation.total:
        return gettext("No service found")
    fits = ngettext("%(n)s service fits", "%(n)s services fit", orientation.fits) % {
        "n": number_format(orientation.fits)
    }
    if not orientation.verify:
        return fits
    check = ngettext("%(n)s to verify", "%(n)s to verify", orientation.verify) % {
        "n": number_format(orientation.verify)
    }
    return (
        f"{fits}, {check}"
        if orientation.fits
        else gettext("%(n)s services to verify") % {"n": number_format(orientation.verify)}
    )


def fact_label(criterion: str, value: object, words: Vocabulary) -> str:
    name = words.criterion_name(criterion)
    text = str(value).lower()
    if text in {"true", "yes", "1"}:
        return name
    if text in {"false", "no", "0"}:
        return gettext("%(name)s: no") % {"name": name}
    return f"{name}: {words.fact_value(criterion, str(value))}"


def field_label(name: str, value: str, words: Vocabulary) -> str:
    match name:
        case "needs":
            return words.need_name(value)
        case "publics":
            return words.public_name(value)
        case "languages":
            return words.language_name(value)
        case "area":
            return words.area_name(value) or value
        case "window":
            return words.window_name(value)
        case "cost":
            return str(say.COSTS.get(value, value))
        case "wheelchair":
            return gettext("Accessible by wheelchair")
        case "remote":
            return gettext("By telephone or online")
        case "has_room":
            return gettext("Has room")
        case "radius_km":
            return gettext("Within %(n)s km") % {"n": value}
        case "point":
            return gettext("Near where I am")
    return value


def chips(pairs: state.Pairs, orientation: Orientation, words: Vocabulary) -> list[Chip]:
    """What was understood in the text, then what was chosen; each can be taken away."""
    found: dict[tuple[str, str], Chip] = {}
    for item in orientation.understood:
        if item.kind == "fact" and (item.kind, item.code) in found:
            continue
        found[item.kind, item.code] = Chip(item.label, f"remove|{item.kind}|{item.code}|{item.words}")
    shown = set(state.deepest(state.every(pairs, "needs"), words))
    for name, value in pairs:
        if name.startswith(state.FACT):
            code = name.removeprefix(state.FACT)
            found.setdefault(("fact", code), Chip(fact_label(code, value, words), f"remove|fact|{code}"))
        elif name in NAMED_FIELDS and (name != "needs" or value in shown):
            kind = NAMED_FIELDS[name]
            found.setdefault((kind, value), Chip(field_label(name, value, words), f"remove|{kind}|{value}"))
    return list(found.values())


def ask(question: Question | None) -> Ask | None:
    if question is None:
        return None
    if question.kind == "need":
        answers = tuple(Chip(answer.label, f"say|needs|{answer.code}") for answer in question.answers)
        return Ask(question.text, question.why, answers, "", "", f"say|declined|{question.code}")
    name = f"{state.FACT}{question.code}"
    answers = tuple(Chip(answer.label, f"say|{name}|{answer.code}") for answer in question.answers)
    return Ask(
        question.text,
        question.why,
        answers,
        "" if answers else f"number|{name}",
        question.unit,
        f"say|declined|{question.code}",
    )


def relaxations(orientation: Orientation) -> list[Chip]:
    """One tap takes the filter away, with the words it was read from."""
    words_of = {item.kind: item.words for item in orientation.understood}
    kinds = {"languages": "language", "near": "area", "served": "area", "needs": "need"}
    return [
        Chip(sentence, f"relax|{relaxation.code}|{words_of.get(kinds.get(relaxation.code, relaxation.code), '')}")
        for relaxation, sentence in orientation.relaxations
    ]


@dataclass(frozen=True, slots=True)
class Group:
    code: str
    title: str
    cards: tuple[ResultCard, ...]


def groups(cards: Sequence[ResultCard]) -> list[Group]:
    """What fits first, then what is to verify; each keeps the order of the engine."""
    titles = {"fits": gettext("Fits"), "verify": gettext("To verify before you go")}
    found = [
        Group(code, title, tuple(card for card in cards if card.verdict == code)) for code, title in titles.items()
    ]
    return [group for group in found if group.cards]
