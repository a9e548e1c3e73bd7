"""What is asked of search, and what it answers. Plain values: no row, no request, no identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import msgspec

FactValue = bool | float | str
Verdict = Literal["fits", "verify", "no"]


class CardCapacity(msgspec.Struct, frozen=True, omit_defaults=True):
    unit: str
    updated_at: datetime
    status: str = ""  # Gravity code; "" unknown
    available: int | None = None
    maximum: int | None = None
    expires_at: datetime | None = None
    note: str = ""


class CardClosure(msgspec.Struct, frozen=True, omit_defaults=True):
    starts_at: datetime
    ends_at: datetime | None = None  # None: until further notice
    message: dict[str, str] = {}  # language -> text


class CardRule(msgspec.Struct, frozen=True, omit_defaults=True):
    criterion: str
    op: str
    value: bool | float | str | list[float | str]
    effect: str = "require"
    text: str = ""


class Card(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything a result shows, ready made. Texts are `field -> language -> text`. Never the exact place of a confidential location."""

    service: str  # uuid
    organization: str = ""  # uuid
    organization_name: str = ""
    location: str = ""  # uuid
    texts: dict[
        str, dict[str, str]
    ] = {}  # name, description, application_process, fees_description, eligibility_description, access, alert
    text_status: dict[str, str] = {}  # "field:language" -> human | machine | stale, where it is not the original
    needs: list[str] = []  # need codes
    area: str = ""  # area code of the place
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    is_confidential: bool = False
    is_fictional: bool = False
    phones: list[str] = []
    email: str = ""
    url: str = ""
    osm_hours: str = ""
    raw_hours: str = ""
    hours_parse: str = ""
    languages: list[str] = []  # spoken; empty: unknown
    has_interpreter: bool | None = None
    conditions_known: bool = False  # somebody said who may come: the rules, or anyone when there are none
    cost: str = ""
    access: list[str] = []
    delivery: list[str] = []
    served: list[str] = []  # area codes; empty: unknown
    wheelchair: bool | None = None
    status: str = "active"
    capacities: list[CardCapacity] = []
    rules: list[CardRule] = []
    documents: list[str] = []
    lifts: list[str] = []  # obstacle codes that this service lifts
    confirmed_on: date | None = None
    months: int = 0  # how long a confirmation holds: the freshness contract of this kind of service; 0: not written yet
    source: str = ""
    closures: list[CardClosure] = []  # in order of their beginning; those that were not over when it was written

    def closed_at(self, at: datetime) -> CardClosure | None:
        """The closure that holds at this moment; of several, the one that ends last."""
        now = [one for one in self.closures if one.starts_at <= at and (one.ends_at is None or one.ends_at > at)]
        return max(now, key=lambda one: (one.ends_at is None, one.ends_at or at), default=None)

    def closing_after(self, at: datetime) -> CardClosure | None:
        """The next closure that has not begun."""
        return next((one for one in self.closures if one.starts_at > at), None)


@dataclass(frozen=True, slots=True)
class Window:
    """When the person needs it. `code` is a key of the pack's windows."""

    code: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Query:
    """Filters are cumulative. A service is left out only when it is known not to match: unknown never excludes."""

    territory: str
    at: datetime
    language: str = "en"  # the reader's
    text: str = ""  # every word must be found (fewer when too little holds them all)
    boost: str = ""  # words that raise the rank and leave nothing out: what free text says beyond the needs read in it
    needs: tuple[str, ...] = ()  # one of these categories, or below
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    languages: tuple[str, ...] = ()  # spoken with the person: one of these
    window: Window | None = None
    near: tuple[float, float] | None = None  # latitude, longitude
    radius_km: float | None = None
    served: str = ""  # area code: serves this area
    area: str = ""  # area code: located in this area
    cost: tuple[str, ...] = ()
    wheelchair: bool = False
    remote: bool = False
    has_room: bool = False
    lifts: str = ""  # obstacle code
    organization: str = ""  # uuid
    soft: frozenset[str] = frozenset()  # filters that only rank: languages, window, cost, wheelchair, served
    limit: int = 20
    after: str = ""  # cursor of the page before


@dataclass(frozen=True, slots=True)
class Part:
    """One term of the rank: `weight` of the pack x `value` in 0..1."""

    code: str  # text, distance, open, language, freshness, capacity, quality, preference
    weight: float
    value: float


@dataclass(frozen=True, slots=True)
class Hit:
    document: int
    card: Card
    verdict: Verdict
    score: float
    parts: tuple[Part, ...]
    # criterion -> its rule holds, does not, unknown; where the service has a rule
    facts: tuple[tuple[str, bool | None], ...] = ()
    # asked filters that nobody can tell for this service: languages, window, cost, wheelchair, served, area, near, has_room,
    # remote; and conditions, when nobody said who may come
    unknowns: tuple[str, ...] = ()
    against: tuple[str, ...] = ()  # soft filters that it is known not to meet
    distance_km: float | None = None
    is_open: bool | None = None  # in the asked window; None: unknown
    capacity: str = ""  # Gravity code; "" unknown or expired


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Without this filter (`code` of a Query field, or "fact:criterion"), `count` services would be found."""

    code: str
    count: int


@dataclass(frozen=True, slots=True)
class Results:
    hits: tuple[Hit, ...]
    total: int  # fits + verify
    fits: int
    verify: int
    near_misses: tuple[Hit, ...] = ()  # verdict "no", with one fact in the way
    relaxations: tuple[Relaxation, ...] = ()  # only when few are found, best first
    corrected: tuple[tuple[str, str], ...] = ()  # typed word -> word it was read as
    splits: Mapping[str, float] = field(
        default_factory=dict
    )  # unknown criterion -> share of the best 100 it could change
    next: str = ""  # cursor; "" at the end
    snapshot: int = 0
