"""Rows of an invented past: stays and who slept in them, nights of dormitories, requests with their clocks, refusals."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F

from maillage.packs.bulk import Table
from maillage.packs.fiction.draw import Dice
from maillage.packs.fiction.nights import House, Night
from maillage.packs.fiction.people import Keys, Party
from maillage.packs.fiction.rows import Identity, moment
from maillage.people.models import Consent
from maillage.places import waiting
from maillage.places.models import Assessment, ClockEvent, GroupNight, Occupant, Refusal, Request, Stay

State, Kind, Exit = Stay.State, ClockEvent.Kind, Stay.Exit
EXITS = (
    (Exit.UNKNOWN, 0.34), (Exit.STREET, 0.56), (Exit.MOVED, 0.72), (Exit.FAMILY, 0.82), (Exit.HOUSED, 0.91),
    (Exit.HOSPITAL, 0.96), (Exit.EXCLUDED, 1.0),
)  # fmt: skip
LONG_EXITS = (
    (Exit.HOUSED, 0.52), (Exit.MOVED, 0.7), (Exit.HOSPITAL, 0.83), (Exit.FAMILY, 0.9), (Exit.CARE, 0.96), (Exit.UNKNOWN, 1.0),
)  # fmt: skip
LONG = 60  # nights: from here on it is a home, and people rarely leave for the street


@dataclass(frozen=True)
class Calendar:
    """Night 0 is tonight; what is written is in UTC, what is meant is on the clock of the territory."""

    tonight: date
    zone: ZoneInfo
    now: datetime

    def day(self, night: int) -> date:
        return self.tonight + timedelta(days=night)

    def at(self, night: int, hour: int, minute: int = 0) -> datetime:
        """A moment of that day, or now when it has not come yet."""
        said = datetime.combine(self.day(night), time(hour, minute), self.zone).astimezone(UTC)
        return min(said, self.now - timedelta(minutes=1 + minute % 7))


@dataclass(slots=True)
class Asked:
    """A request before it has its number."""

    key: int
    waiting_list: int
    party: Party
    at: datetime
    state: str
    ended_at: datetime | None = None
    end_code: str = ""
    night: date | None = None
    public: str = ""
    channel: str = Request.Channel.DESK
    asked_by: int | None = None
    consent: int | None = None
    wishes: dict[str, Any] | None = None
    evidence: tuple[dict[str, str], ...] = ()


class Ledger:
    def __init__(
        self, territory: int, calendar: Calendar, identity: Identity, dice: Dice, lists: Mapping[int, str],
        languages: Sequence[str],
    ) -> None:  # fmt: skip
        self.territory, self.calendar, self.identity, self.dice, self.lists = territory, calendar, identity, dice, lists
        self.languages, self.drawn = languages, 0
        self.consents = Table(
            Consent, "person_id", "uuid", "purpose", "organization_id", "what", "shown", "language", "how", "given_at",
            "expires_at",
        )  # fmt: skip
        self.requests = Table(
            Request, "waiting_list_id", "uuid", "number", "person_id", "household_id", "people", "consent_id", "asked_by_id",
            "channel", "night", "area", "public", "facts", "wishes", "evidence", "state", "end_code", "asked_at", "ended_at",
        )  # fmt: skip
        self.clock = Table(ClockEvent, "request_id", "kind", "at", "reason", "by_id")
        self.assessments = Table(Assessment, "request_id", "tier", "reasons", "by_id", "made_at", "valid_until")
        self.stays = Table(
            Stay, "territory_id", "uuid", "group_id", "place_id", "person_id", "household_id", "request_id", "people",
            "from_on", "until_on", "state", "hold_expires_at", "came_at", "left_at", "exit", "created_at",
        )  # fmt: skip
        self.occupants = Table(Occupant, "stay_id", "person_id", "from_on", "until_on", "state")
        self.nights = Table(GroupNight, "group_id", "night", "beds", "used")
        self.refusals = Table(
            Refusal, "territory_id", "group_id", "need", "area", "public", "people", "cause", "code", "at"
        )
        self.request_key, self.stay_key, self.consent_key = Keys(self.requests), Keys(self.stays), Keys(self.consents)
        self.asked: list[Asked] = []
        self.used: Counter[tuple[int, int]] = Counter()  # dormitory, night

    def stay(self, night: Night, *, hold: datetime | None = None) -> None:
        """One stay with those who sleep there; its beds are counted night by night."""
        house, party, calendar = night.house, night.party, self.calendar
        self.drawn += 1
        key = self.stay_key()
        state = State.HELD if hold else State.OUT if night.end <= 0 else State.IN
        came = calendar.at(night.start, 17 + self.dice.between(0, 5), self.dice.between(0, 59))
        until = None if state == State.IN and open_ended(night) else calendar.day(night.end).isoformat()
        left = (
            calendar.at(night.end, 8 + self.dice.between(0, 2), self.dice.between(0, 59))
            if state == State.OUT
            else None
        )
        from_on = calendar.day(night.start).isoformat()
        self.stays.add(
            key, self.territory, self.identity(f"stay/{house.code}/{self.drawn}"), house.group,
            night.place, party.persons[0], party.household, night.request, night.people, from_on, until, str(state),
            moment(hold) if hold else None, None if hold else moment(came), moment(left) if left else None,
            self.exit(night) if left else "", moment(min(came, calendar.now)),
        )  # fmt: skip
        for person in party.persons:
            self.occupants.add(None, key, person, from_on, until, str(state))
        if not house.places:
            for n in range(night.start, night.end):
                self.used[house.group, n] += night.people

    def exit(self, night: Night) -> str:
        if night.house.closes is not None and night.end == night.house.closes:
            return str(Exit.MOVED)
        drawn = self.dice.roll()
        exits = LONG_EXITS if night.end - night.start >= LONG else EXITS
        return str(next(code for code, share in exits if drawn <= share))

    def refusal(self, house: House, need: str, area: str, night: int, *, cause: str, code: str, people: int) -> None:
        hour = 10 + min(12, int(self.dice.roll() ** 0.7 * 13))
        self.refusals.add(
            None, self.territory, house.group, need, area, house.public, people, cause, code,
            moment(self.calendar.at(night, hour, self.dice.between(0, 59))),
        )  # fmt: skip

    def ask(self, asked: Asked) -> Asked:
        self.asked.append(asked)
        return asked

    def tick(self, request: int, kind: str, at: datetime, reason: str) -> None:
        self.clock.add(None, request, str(kind), moment(at), reason, None)

    def consent(
        self, party: Party, organization: int | None, shown: Mapping[str, str], at: datetime, *,
        purpose: str = Consent.Purpose.WAITING_LIST, what: Sequence[str] = (),
    ) -> int:  # fmt: skip
        """What they agreed to, in the words of the first language that has some."""
        self.drawn += 1
        key, language = self.consent_key(), next(iter(self.languages), "")
        self.consents.add(
            key, party.persons[0], self.identity(f"consent/{self.drawn}"), str(purpose), organization,
            json.dumps(sorted(what or party.facts)), shown.get(language, ""), language, str(Consent.How.SAID), moment(at),
            moment(at + timedelta(days=730)),
        )  # fmt: skip
        return key

    def assess(self, request: int, tiers: Sequence[Mapping[str, Any]], at: datetime, shares: Sequence[float]) -> None:
        """A tier, with a reason of it where it has some."""
        drawn = self.dice.roll()
        tier = next((tier for tier, share in zip(tiers, shares, strict=False) if drawn <= share), tiers[-1])
        reasons = [one["code"] for one in tier.get("reasons", ())]
        chosen = [self.dice.pick(reasons)] if reasons else []
        valid = moment(at + timedelta(days=365)) if self.dice.chance(0.3) else None
        self.assessments.add(None, request, tier["code"], json.dumps(chosen), None, moment(at), valid)

    def write(self, beds: Mapping[int, int], numbers: Mapping[int, int]) -> int:
        """Everything that waits. `beds` of each dormitory; `numbers`: the last one given on each list."""
        last = dict(numbers)
        for one in sorted(self.asked, key=lambda asked: (asked.at, asked.key)):
            last[one.waiting_list] = last.get(one.waiting_list, 0) + 1
            self._request(one, last[one.waiting_list])
        self._count(beds)
        self.asked = []
        tables = (
            self.consents,
            self.requests,
            self.clock,
            self.assessments,
            self.stays,
            self.occupants,
            self.nights,
            self.refusals,
        )
        return sum(table.write() for table in tables)

    def _count(self, beds: Mapping[int, int]) -> None:
        """The beds given on each night: a night that is there already counts on."""
        groups = {group for group, _night in self.used}
        rows = GroupNight.objects.filter(
            group__in=groups, night__gte=self.calendar.day(min((n for _g, n in self.used), default=0))
        )
        held = {(group, night): key for key, group, night in rows.values_list("pk", "group", "night")}
        for (group, night), used in sorted(self.used.items()):
            key = held.get((group, self.calendar.day(night)))
            if key is None:
                self.nights.add(None, group, self.calendar.day(night).isoformat(), max(beds[group], used), used)
            else:
                rows = GroupNight.objects.filter(pk=key)
                if not rows.filter(beds__gte=F("used") + used).update(used=F("used") + used):
                    rows.update(used=F("used") + used, beds=F("used") + used)  # somebody closed beds meanwhile
        self.used = Counter()

    def _request(self, one: Asked, number: int) -> None:
        party = one.party
        facts = party.facts | ({"care_level": party.care} if party.care else {})
        self.requests.add(
            one.key, one.waiting_list, self.identity(f"request/{self.lists[one.waiting_list]}/{number}"), number, party.persons[0],
            party.household, len(party.persons), one.consent, one.asked_by, str(one.channel),
            one.night.isoformat() if one.night else None, party.area, one.public or party.public, json.dumps(facts),
            json.dumps(one.wishes or {}), json.dumps(list(one.evidence)), str(one.state), one.end_code, moment(one.at),
            moment(one.ended_at) if one.ended_at else None,
        )  # fmt: skip
        self.tick(one.key, Kind.START, one.at, waiting.ASKED_FOR)
        if one.ended_at is not None:
            self.tick(one.key, Kind.STOP, one.ended_at, one.end_code or waiting.PLACED)


def open_ended(night: Night) -> bool:
    """In a place that is a home nobody said until when, unless the house itself closes."""
    return bool(night.house.places) and night.end - night.start >= LONG and night.house.closes is None
