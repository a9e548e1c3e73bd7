"""Nights of an invented past: who slept where, one night after the other, so that no place and nobody is ever taken twice.

Night 0 is tonight, night -1 the one before. Pure: groups and dice in, stays and refusals out.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import cos, log, pi

from maillage.packs.fiction.draw import Dice
from maillage.packs.fiction.people import Party

RETURNS = 0.6  # of those who come for a night, how many came before
YEAR = 365.25


@dataclass(frozen=True)
class House:
    """A group of places, as a flow needs it. `places`: keys and rooms; none: a dormitory of `beds`."""

    code: str
    group: int
    organization: int
    kind: str  # of the site
    public: str
    unit_size: int
    beds: int
    places: Sequence[tuple[int, str]] = ()
    gender: str = ""
    rooms_of_one_gender: bool = False
    opens: int | None = None  # nights
    closes: int | None = None


@dataclass(frozen=True)
class Flow:
    days: int
    mean: float
    longest: int
    full: float
    refused: float = 0.0
    returns: bool = True


@dataclass(slots=True)
class Night:
    """A stay from the night `start` up to, not with, the night `end`."""

    house: House
    party: Party
    place: int | None
    start: int
    end: int
    request: int | None = None
    is_known: bool = False  # it was there before these dice

    @property
    def people(self) -> int:
        return len(self.party.persons)


@dataclass
class _Room:
    """What is free on the night that is being drawn."""

    house: House
    used: int = 0
    free: list[tuple[int, int, str]] = field(default_factory=list)  # free from that night, key, room
    genders: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def take(self, party: Party, night: int) -> tuple[bool, int | None]:
        house = self.house
        if not house.places:
            if self.used + len(party.persons) > house.beds:
                return False, None
            self.used += len(party.persons)
            return True, None
        for index, (since, key, room) in enumerate(self.free):
            inside = self.genders[room] if room and house.rooms_of_one_gender else []
            if since <= night and all(gender == party.gender for gender in inside):
                del self.free[index]
                self.genders[room].append(party.gender)
                self.used += 1
                return True, key
        return False, None

    def put(self, stay: Night) -> bool:
        """Somebody who is known to be there. False when the place is not one of these."""
        if stay.place is None:
            self.used += stay.people
            return True
        found = next((one for one in self.free if one[1] == stay.place), None)
        if found:
            self.free.remove(found)
            self.genders[found[2]].append(stay.party.gender)
            self.used += 1
        return found is not None

    def give_back(self, stay: Night, night: int, cleaning: int) -> None:
        if stay.place is None:
            self.used -= stay.people
            return
        room = next(room for key, room in self.house.places if key == stay.place)
        self.genders[room].remove(stay.party.gender)
        self.free.append((night + cleaning, stay.place, room))
        self.used -= 1


Draw = Callable[[int, str], Party]  # night, gender -> somebody new


def lived(house: House, flow: Flow, draw: Draw, dice: Dice, *, there: Sequence[Night] | None = None) -> Iterator[Night]:
    """The stays of a house, from so many days ago until tonight. Those that begin before are there on the first night.

    `there`: who is known to be in it already; then only those who come since are given.
    """
    start = -flow.days if house.opens is None else max(-flow.days, house.opens)
    size = house.beds if not house.places else len(house.places)
    here = _Room(house, free=[(start, key, label) for key, label in house.places])
    leaving: dict[int, list[Night]] = defaultdict(list)
    for stay in there or ():
        if here.put(stay):
            leaving[max(stay.end, start)].append(stay)
    is_new = there is None and house.opens is None
    before: deque[Party] = deque()
    last = 1 if house.closes is None else min(1, house.closes)
    for night in range(start, last):
        for stay in leaving.pop(night, ()):
            here.give_back(stay, night, dice.between(0, 1) if flow.mean > 60 else 0)
            if not stay.is_known:
                before.append(stay.party)
        wanted = int(size * min(1.0, flow.full + 0.05 * (dice.roll() - 0.5) - (0.015 if night == 0 else 0)))
        while here.used < wanted:
            back = flow.returns and before and before[0].free_on <= night and dice.chance(RETURNS)
            party = before.popleft() if back else draw(night, house.gender)
            taken, place = here.take(party, night)
            if not taken:
                before.append(party)
                break
            length = duration(dice, flow)
            end = night + length
            if night == start and is_new:
                end = night + max(1, int(length * dice.roll()))
            if house.closes is not None:
                end = min(end, house.closes)
            stay = Night(house, party, place, night if night > start or not is_new else end - length, end)
            party.free_on = end
            leaving[end].append(stay)
            yield stay


def duration(dice: Dice, flow: Flow) -> int:
    """Exponential: most are short, some are long."""
    return max(1, min(flow.longest, round(-log(1.0 - dice.roll()) * flow.mean)))


def refused(dice: Dice, flow: Flow, arrivals: float, day_of_year: int, weekday: int) -> int:
    """How many were refused beside those who came in: more in winter, more at the weekend."""
    season = 1.0 + 0.3 * cos(2 * pi * day_of_year / YEAR)
    wanted = arrivals * flow.refused * season * (1.12 if weekday >= 5 else 1.0) * (0.7 + 0.6 * dice.roll())
    return int(wanted) + dice.chance(wanted - int(wanted))
