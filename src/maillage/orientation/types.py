"""What a person's situation is, and what orientation answers: the same for the pages, the API and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from maillage.directory.search.types import Card, FactValue, Part, Relaxation, Verdict


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a need. No identity; nothing of it is stored."""

    territory: str
    language: str = "en"  # the reader's
    text: str = ""
    needs: tuple[str, ...] = ()
    facts: Mapping[str, FactValue] = field(default_factory=dict)  # a criterion that is absent is unknown
    declined: frozenset[str] = frozenset()  # criteria that the person prefers not to answer
    publics: tuple[str, ...] = ()  # pack publics; their facts are added
    area: str = ""  # area code: where the person is
    point: tuple[float, float] | None = None  # exact, when the person gave it
    radius_km: float | None = None
    languages: tuple[str, ...] = ()
    window: str = ""  # code of a pack window
    cost: str = ""  # "" any, "free"
    wheelchair: bool = False
    remote: bool = False
    has_room: bool = False
    limit: int = 20
    after: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """Something read in the free text: shown as a chip that can be removed."""

    kind: str  # need, public, fact, area, language, window, cost, wheelchair
    code: str
    label: str
    words: str  # as typed


@dataclass(frozen=True, slots=True)
class EmergencyContact:
    name: str
    number: str
    url: str
    hours: str
    languages: tuple[str, ...]
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class RedFlag:
    code: str
    label: str
    message: str
    contacts: tuple[EmergencyContact, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    code: str  # value to send back
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """The next thing worth knowing: a branch of the tree (`kind` need) or a fact (`kind` fact). `share`: of the list it could change."""

    kind: str  # need | fact
    code: str  # need code, or criterion
    text: str
    why: str
    answers: tuple[Answer, ...]  # empty for a number
    unit: str = ""
    share: float = 0.0
    about: Literal["services", "rights"] = "services"  # what its answer would change


@dataclass(frozen=True, slots=True)
class Lift:
    """A service that lifts an obstacle, compatible in place and time."""

    card: Card
    sentence: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ObstacleFound:
    code: str
    label: str
    sentence: str
    lifts: tuple[Lift, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One service for this situation, explained in the reader's language."""

    card: Card
    verdict: Verdict
    why: tuple[str, ...]  # what fits
    to_verify: tuple[str, ...]
    blockers: tuple[str, ...]
    would_fit_if: tuple[str, ...]
    obstacles: tuple[ObstacleFound, ...]
    room: str  # a sentence: "2 places free, said 20 minutes ago" | "unknown"
    room_status: str  # Gravity code, "" unknown
    openness: str  # a sentence: "open tonight until 8:00" | "hours not known"
    is_open: bool | None
    distance_km: float | None
    freshness: str  # "confirmed 12 days ago" | "never confirmed"
    parts: tuple[Part, ...]
    score: float
    unknowns: tuple[str, ...] = ()  # asked filters that nobody can tell for this service, as in a search hit
    open_filters: tuple[str, ...] = ()  # those of `unknowns` on which the verdict depends: not the ones that only rank


@dataclass(frozen=True, slots=True)
class PublicSource:
    title: str
    article: str
    publisher: str
    url: str
    date: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Where a right is claimed; `services`: those of the directory that are there now."""

    at: str
    url: str
    phone: str
    services: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True)
class RightSaid:
    """A right that this situation may open. Nothing is said of the others: only the office that decides may say no."""

    code: str
    label: str
    gives: str
    verdict: Literal["open", "verify"]
    why: tuple[str, ...]  # conditions known to hold
    to_verify: tuple[str, ...]
    claim: Claim
    documents: tuple[str, ...]
    time_limit: str
    law: tuple[PublicSource, ...]
    pages: tuple[PublicSource, ...]
    is_assumed: bool  # wording or simplification of ours
    checked_on: str
    hash: str  # of the right as it stood


@dataclass(frozen=True, slots=True)
class Orientation:
    situation: Situation  # as understood: text has become needs and facts
    understood: tuple[Understood, ...]
    red_flags: tuple[RedFlag, ...]
    suggestions: tuple[Suggestion, ...]
    near_misses: tuple[Suggestion, ...]
    total: int
    fits: int
    verify: int
    question: Question | None
    relaxations: tuple[tuple[Relaxation, str], ...]  # with its sentence
    corrected: tuple[tuple[str, str], ...]
    next: str
    snapshot: int
    rights: tuple[RightSaid, ...] = ()
