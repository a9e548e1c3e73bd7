"""Everything that a demonstration of places draws with the dice of one seed: a past of nights, requests and refusals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from math import log
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max

from maillage.packs import content
from maillage.packs.fiction import houses
from maillage.packs.fiction.draw import Dice
from maillage.packs.fiction.ledger import Asked, Calendar, Ledger
from maillage.packs.fiction.letters import Letters
from maillage.packs.fiction.nights import Flow, House, Night, lived, refused
from maillage.packs.fiction.people import Names, Party, People
from maillage.packs.fiction.rows import Identity
from maillage.packs.pack import Pack
from maillage.packs.references import items
from maillage.people.models import CareLink, Person
from maillage.places import waiting
from maillage.places.actions.waiting import content_of
from maillage.places.models import PlaceGroup, Refusal, Request, Site, WaitingList
from maillage.territory.models import Area, Territory

BY = "system:demo"
LATELY = 14  # nights during which a need may rise
Cause, State, Channel, Reason = Refusal.Cause, Request.State, Request.Channel, CareLink.Reason
CAUSES = (
    (Cause.NO_PLACE, "", 0.9),
    (Cause.RULE, "rules", 0.94),
    (Cause.PERSON, "too_far", 0.98),
    (Cause.PROVIDER, "safety", 1.0),
)
CARE_CAUSES = (
    (Cause.NO_PLACE, "", 0.5), (Cause.PROVIDER, "care", 0.66), (Cause.PROVIDER, "not_as_told", 0.75), (Cause.RULE, "rules", 0.88),
    (Cause.PERSON, "not_suitable", 0.95), (Cause.PERSON, "too_far", 1.0),
)  # fmt: skip
SHARES = (0.24, 0.62, 1.0)  # of the tiers of a list, most urgent first
SHOWN = {
    "fr": "Fiction : je suis d'accord que ceux qui tiennent cette liste lisent ma demande.",
    "nl": "Fictie: ik ga ermee akkoord dat wie deze lijst beheert mijn aanvraag leest.",
    "en": "Fiction: I agree that those who keep this list read my request.",
}


class World:
    """Everything drawn with the dice of one seed."""

    def __init__(
        self, territory: Territory, pack: Pack, *, seed: int, at: datetime, tonight: date, again: datetime | None = None
    ) -> None:
        self.territory, self.pack, self.at = territory, pack, at
        self.calendar = Calendar(tonight, ZoneInfo(territory.timezone), at)
        mark = f"{pack.code}/fiction/places/{seed}" + (f"/{at.isoformat()}" if again else "")
        self.dice, identity = Dice(mark), Identity(mark)
        self.people = People(territory.pk, names(territory, pack), identity, self.dice)
        self.houses = known_houses(territory, tonight)
        rows = WaitingList.objects.filter(territory=territory).select_related("need", "keeper")
        self.lists = {row.code: row for row in rows}
        codes = {row.pk: code for code, row in self.lists.items()}
        self.ledger = Ledger(territory.pk, self.calendar, identity, self.dice, codes, pack.languages)
        self.letters = Letters(territory, self.people, self.ledger, identity, at)
        self.rules = {code: content_of(row, at=at) for code, row in self.lists.items()}
        found = [houses.organization(territory, pack, code) for code in pack.demo_places.get("helpers", ())]
        self.helpers = [one.pk for one in found if one is not None]
        self.here: dict[str, list[Party]] = defaultdict(list)  # kind of site -> those who are in tonight

    def write(self) -> int:
        beds = {house.group: house.beds for house in self.houses.values()}
        rows = Request.objects.filter(waiting_list__territory=self.territory).values_list("waiting_list")
        last = dict(rows.order_by().annotate(last=Max("number")).values_list("waiting_list", "last"))
        return self.people.write() + self.ledger.write(beds, last) + self.letters.write()

    def past(self) -> None:
        for _path, entry in items(self.pack.demo_places, "flows"):
            said = content.plain(entry)
            for code in said["groups"]:
                self.flow(self.houses[code], said)
        for _path, entry in items(self.pack.demo_places, "flows"):
            said = content.plain(entry)
            if said.get("list") and said.get("waiting"):
                self.waiting(self.lists[said["list"]], said)

    def flow(
        self, house: House, said: Mapping[str, Any], *, days: int | None = None, there: list[Night] | None = None
    ) -> None:
        """The nights of a house; with `there`, only those of the last `days`, beside who is there already."""
        mean, longest = said["stay_days"]
        flow = Flow(
            said["days"] if days is None else days,
            mean,
            longest,
            said["full"],
            said.get("refused", 0.0),
            returns=mean < 60,
        )
        arrivals: dict[int, int] = defaultdict(int)

        def somebody(night: int, gender: str) -> Party:
            return self.somebody(said["kind"], night, gender, most=house.unit_size if house.places else 20)

        found = self.lists.get(said.get("list", ""))
        for night in lived(house, flow, somebody, self.dice, there=there):
            if night.start >= -flow.days:
                arrivals[night.start] += 1
                if found is not None and (night.start > -flow.days or there is not None):
                    night.request = self.placed(found, night.party, night.start, said, house)
            came = self.calendar.at(night.start, 18)
            left = self.calendar.at(night.end, 9) if night.end <= 0 else None
            self.people.link(night.party, house.organization, Reason.HOUSED, came, left)
            if night.end > 0:
                self.here[house.kind].append(night.party)
            self.ledger.stay(night)
        self.refuse(house, said, flow, arrivals)

    def somebody(self, kind: str, night: int, gender: str = "", *, most: int = 20) -> Party:
        at = self.calendar.at(night, 12)
        party = self.people.party(kind, at=at, gender=gender, most=most)
        if self.helpers and self.dice.chance(0.35):
            self.people.link(party, self.dice.pick(self.helpers), Reason.REGISTERED, at, None)
        return party

    def placed(self, found: WaitingList, party: Party, night: int, said: Mapping[str, Any], house: House) -> int:
        """They waited, then had the place."""
        key, ended = self.ledger.request_key(), self.calendar.at(night, 16, self.dice.between(0, 59))
        asked = ended - timedelta(hours=self.wait(said))
        self.ledger.ask(self.asked(key, found, party, asked, State.PLACED, house.public, ended_at=ended))
        self.ledger.assess(key, self.rules[found.code]["tiers"], asked + timedelta(minutes=30), SHARES)
        return key

    def waiting(self, found: WaitingList, said: Mapping[str, Any]) -> None:
        """Those who wait now, some of them in a shelter meanwhile; and a third as many who stopped waiting."""
        house = self.houses[said["groups"][0]]
        sheltered = [party for party in self.here["shelter"] if len(party.persons) == 1]
        for n in range(said["waiting"] + said["waiting"] // 3):
            is_open = n < said["waiting"]
            asked = self.at - timedelta(hours=self.wait(said) * 1.1, minutes=self.dice.between(1, 55))
            party = None
            if (
                is_open
                and said["kind"] in ("mind", "men")
                and house.kind != "shelter"
                and self.dice.chance(0.12)
                and sheltered
            ):
                party = sheltered.pop(int(self.dice.roll() * len(sheltered)))
            party = party or self.somebody(said["kind"], (asked.date() - self.calendar.tonight).days, house.gender)
            key = self.ledger.request_key()
            if is_open:
                self.open(key, found, party, asked, house.public)
            else:
                ended = asked + (self.at - asked) * self.dice.roll()
                code = self.dice.pick(("found", "no_longer", "left", "not_reached"))
                self.ledger.ask(
                    self.asked(key, found, party, asked, State.CLOSED, house.public, ended_at=ended, end_code=code)
                )
            self.ledger.assess(key, self.rules[found.code]["tiers"], min(asked + timedelta(hours=1), self.at), SHARES)

    def open(self, key: int, found: WaitingList, party: Party, asked: datetime, public: str) -> None:
        more: dict[str, Any] = {"wishes": self.wishes(party)}
        absolute = self.rules[found.code].get("absolute", ())
        if absolute and self.dice.chance(0.03):
            more["evidence"] = ({"code": absolute[0]["code"], "text": "Fiction", "by": BY, "at": asked.isoformat()},)
        if found.keeper_id:
            more["consent"] = self.ledger.consent(party, found.keeper_id, SHOWN, asked)
            self.people.link(party, found.keeper_id, Reason.LISTED, asked, None)
        if self.helpers:
            more["asked_by"] = self.dice.pick(self.helpers)
            self.people.link(party, more["asked_by"], Reason.REGISTERED, asked, None)
        self.ledger.ask(self.asked(key, found, party, asked, State.WAITING, public, **more))
        days = (self.at - asked).days
        if days > 10 and self.dice.chance(0.15):
            begins = asked + timedelta(days=self.dice.between(2, days - 2))
            reason = self.dice.pick((waiting.HOSPITAL, waiting.AWAY, waiting.ASKED))
            self.ledger.tick(key, "pause", begins, reason)
            if self.dice.chance(0.7):
                self.ledger.tick(key, "resume", begins + (self.at - begins) * self.dice.roll(), reason)

    def asked(
        self, key: int, found: WaitingList, party: Party, at: datetime, state: str, public: str, **more: Any
    ) -> Asked:
        channel = self.dice.weighted(
            (Channel.DESK, Channel.TELEPHONE, Channel.STREET, Channel.REFERRAL), (0.35, 0.65, 0.85, 1.0)
        )
        return Asked(key, found.pk, party, at, state, public=public, channel=channel, **more)

    def wishes(self, party: Party) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if self.dice.chance(0.35):
            said["areas"] = sorted({party.area, self.dice.pick(self.people.names.areas)})
        if self.dice.chance(0.2):
            said["languages"] = [self.dice.pick(self.people.names.languages)]
        return said

    def wait(self, said: Mapping[str, Any]) -> float:
        """Hours, exponential around the mean of the flow."""
        mean = float(said.get("wait_days", 1)) * 24
        return min(mean * 4, 1 - log(1.0 - self.dice.roll()) * mean)

    def refuse(self, house: House, said: Mapping[str, Any], flow: Flow, arrivals: Mapping[int, int]) -> None:
        if not flow.refused:
            return
        found = self.lists.get(said.get("list", ""))
        need = said.get("need") or (found.need.code if found and found.need else "")
        causes = CARE_CAUSES if house.kind == "care" else CAUSES
        usual = sum(arrivals.values()) / max(1, flow.days)
        for night in range(
            -flow.days if house.opens is None else max(-flow.days, house.opens), min(1, house.closes or 1)
        ):
            day = self.calendar.day(night)
            lately = said.get("rise", 1.0) if night > -LATELY else 1.0
            for _ in range(refused(self.dice, flow, usual * lately, day.timetuple().tm_yday, day.weekday())):
                drawn = self.dice.roll()
                cause, code = next((cause, code) for cause, code, share in causes if drawn <= share)
                area = self.dice.pick(self.people.names.areas)
                people = self.dice.between(2, 5) if said["kind"] == "families" else 1
                self.ledger.refusal(house, need, area, night, cause=cause, code=code, people=people)


def names(territory: Territory, pack: Pack) -> Names:
    said = content.plain(pack.demo_places["people"])
    level = str(territory.content.get("tile_level") or "")
    areas = Area.objects.filter(territory=territory, level=level).order_by("code").values_list("code", flat=True)
    spoken = [entry["code"] for entry in territory.content.get("spoken_languages", ())]
    return Names(
        given={gender: said["given"][gender] for gender in Person.Gender.values},
        family=said["family"],
        aliases=[(language, alias) for language, aliases in said["aliases"].items() for alias in aliases],
        languages=pack.languages,
        spoken=spoken or pack.languages,
        areas=list(areas) or [""],
        publics=said.get("publics", {}),
        criteria=frozenset(entry["code"] for entry in territory.content.get("criteria", ())),
    )


def known_houses(territory: Territory, tonight: date) -> dict[str, House]:
    """Groups of places by code, with their places."""
    rows = (
        PlaceGroup.objects.filter(site__territory=territory).select_related("site__service").prefetch_related("places")
    )
    return {group.code: _house(group, group.site, tonight) for group in rows.order_by("pk")}


def _house(group: PlaceGroup, site: Site, tonight: date) -> House:
    places = sorted(group.places.all(), key=lambda place: (place.order, place.pk))
    return House(
        group.code, group.pk, site.service.organization_id or 0, site.kind, group.public, group.unit_size, group.beds,
        tuple((place.pk, place.room) for place in places), group.genders[0] if len(group.genders) == 1 else "",
        group.rooms_of_one_gender, (site.opens_on - tonight).days if site.opens_on else None,
        (site.closes_on - tonight).days if site.closes_on else None,
    )  # fmt: skip
