"""Invented people: alone, in couples, with children; with a name, or known by an alias only. Drawn with dice, written in arrays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from maillage.packs.bulk import Table
from maillage.packs.fiction.draw import Dice
from maillage.packs.fiction.rows import Identity, moment
from maillage.people.models import CareLink, Household, Person

MAN, WOMAN, OTHER = Person.Gender.MAN, Person.Gender.WOMAN, Person.Gender.OTHER
CONTACTS = (Person.Contact.WORKER, Person.Contact.NONE, Person.Contact.SMS)
CARE = {"mind": ((1, 2, 3), (0.5, 0.8, 1.0)), "frail": ((2, 3), (0.4, 1.0))}  # levels, running shares
KEYS = 512  # taken ahead from the sequence of a table


@dataclass(slots=True)
class Party:
    """People who want one roof together: keys of persons, the one who answers for them first."""

    persons: tuple[int, ...]
    household: int | None
    public: str
    area: str
    facts: dict[str, Any]
    gender: str = ""
    called: str = ""
    care: int = 0  # level that they need
    free_on: int = 0  # number of the night from which they have no place
    linked: set[tuple[int, str]] = field(default_factory=set)


@dataclass(frozen=True)
class Names:
    given: Mapping[str, Sequence[str]]
    family: Sequence[str]
    aliases: Sequence[tuple[str, str]]  # language, alias
    languages: Sequence[str]  # in which they are written to
    spoken: Sequence[str]
    areas: Sequence[str]
    publics: Mapping[str, str]  # gender -> code of a public
    criteria: frozenset[str]  # of the pack


class Keys:
    """Primary keys one at a time, taken from a table by the hundred."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.held: Iterator[int] = iter(())

    def __call__(self) -> int:
        key = next(self.held, None)
        if key is None:
            self.held = iter(self.table.take_ids(KEYS))
            key = next(self.held)
        return key


class People:
    """Draws parties of a kind, and keeps the rows of persons, households and links until they are written."""

    def __init__(self, territory: int, names: Names, identity: Identity, dice: Dice) -> None:
        self.territory, self.names, self.identity, self.dice = territory, names, identity, dice
        self.households = Table(Household, "territory_id", "uuid", "created_at")
        self.persons = Table(
            Person, "territory_id", "uuid", "household_id", "alias", "given_name", "family_name", "birth_year", "gender",
            "language", "spoken", "contact", "facts", "is_fictional", "created_at",
        )  # fmt: skip
        self.links = Table(CareLink, "person_id", "organization_id", "reason", "since", "until")
        self.household_key, self.person_key = Keys(self.households), Keys(self.persons)
        self.drawn = 0

    def party(self, kind: str, *, at: datetime, gender: str = "", most: int = 20) -> Party:
        """A new one: `kind` is one of `houses.KINDS`; `gender` of who answers for it, when a house takes only that;
        `most` people."""
        dice = self.dice
        makers = {"families": self._family, "women": self._mother}
        heads, facts = makers.get(kind, self._single)(kind, gender)
        heads = heads[:most]
        facts = {name: value for name, value in facts.items() if name in self.names.criteria}
        household = None
        if len(heads) > 1:
            household = self.household_key()
            self.households.add(
                household, self.territory, self.identity(f"household/{household_mark(self.drawn)}"), moment(at)
            )
        family, spoken = dice.pick(self.names.family), self._spoken()
        drawn = [
            self._person(gender, age, family, spoken, facts if n == 0 else {}, household, kind, at)
            for n, (gender, age) in enumerate(heads)
        ]
        persons = tuple(key for key, _called in drawn)
        care = self.dice.weighted(*CARE[kind]) if kind in CARE else 0
        public = self.names.publics.get(str(heads[0][0]), "")
        return Party(
            persons, household, public, dice.pick(self.names.areas), facts, str(heads[0][0]), drawn[0][1], care
        )

    def link(self, party: Party, organization: int, reason: str, since: datetime, until: datetime | None) -> None:
        """Once for each reason while it is open, as the database wants it."""
        if until is None:
            if (organization, reason) in party.linked:
                return
            party.linked.add((organization, reason))
        said = None if until is None else moment(until)
        for person in party.persons:
            self.links.add(None, person, organization, reason, moment(since), said)

    def write(self) -> int:
        return sum(table.write() for table in (self.households, self.persons, self.links))

    def _single(self, kind: str, only: str) -> tuple[list[tuple[str, int]], dict[str, Any]]:
        dice = self.dice
        woman = {"men": 0.0, "frail": 0.35, "anyone": 0.3, "mind": 0.45, "papers": 0.4}.get(kind, 0.3)
        gender = only or (OTHER if dice.chance(0.01) and kind != "men" else WOMAN if dice.chance(woman) else MAN)
        age = dice.between(45, 82) if kind == "frail" else dice.between(18, 64)
        facts: dict[str, Any] = {"homeless": True, "alone": True, "gender": str(gender), "age": age}
        if kind == "mind" or dice.chance(0.2):
            facts["mental_health"] = True
        if dice.chance(0.25):
            facts["addiction"] = True
        if kind == "frail" and dice.chance(0.3):
            facts["mobility"] = "wheelchair" if dice.chance(0.4) else "reduced"
        if kind == "papers" or dice.chance(0.25):
            facts["papers"] = "none"
        if kind == "anyone" and dice.chance(0.15):
            facts["pets"] = True
        if kind == "mind":
            facts.pop("homeless")
        return [(gender, age)], facts

    def _mother(self, kind: str, only: str) -> tuple[list[tuple[str, int]], dict[str, Any]]:
        dice = self.dice
        age = dice.between(18, 58)
        children = dice.between(1, 2) if dice.chance(0.35) and age < 50 else 0
        facts: dict[str, Any] = {"homeless": True, "gender": str(WOMAN), "age": age, "children": bool(children)}
        if dice.chance(0.3):
            facts["violence"] = True
        if dice.chance(0.08):
            facts["pregnant"] = True
        return [(WOMAN, age), *self._children(children, age)], facts

    def _family(self, kind: str, only: str) -> tuple[list[tuple[str, int]], dict[str, Any]]:
        dice = self.dice
        age, couple = dice.between(21, 48), dice.chance(0.45)
        heads: list[tuple[str, int]] = [(WOMAN if dice.chance(0.75) else MAN, age)]
        if couple:
            heads.append((MAN if heads[0][0] == WOMAN else WOMAN, age + dice.between(0, 6)))
        facts: dict[str, Any] = {
            "homeless": True, "children": True, "couple": couple, "gender": str(heads[0][0]), "age": age,
        }  # fmt: skip
        return [*heads, *self._children(dice.between(1, 3), age)], facts

    def _children(self, count: int, age: int) -> list[tuple[str, int]]:
        oldest = max(0, min(15, age - 18))
        return [(WOMAN if self.dice.chance(0.5) else MAN, self.dice.between(0, oldest)) for _ in range(count)]

    def _spoken(self) -> list[str]:
        first = self.dice.pick(self.names.spoken)
        return list(dict.fromkeys([first, *([self.dice.pick(self.names.languages)] if self.dice.chance(0.6) else [])]))

    def _person(
        self, gender: str, age: int, family: str, spoken: list[str], facts: Mapping[str, Any], household: int | None,
        kind: str, at: datetime,
    ) -> tuple[int, str]:  # fmt: skip
        dice, key = self.dice, self.person_key()
        self.drawn += 1
        written = next((code for code in spoken if code in self.names.languages), self.names.languages[0])
        alias, given = "", dice.pick(self.names.given[gender])
        if household is None and kind in ("men", "anyone", "papers") and self.names.aliases and dice.chance(0.08):
            language, words = dice.pick(self.names.aliases)
            alias, given, family, written = f"{words} ({self.drawn})", "", "", language
        contact = CONTACTS[0] if dice.chance(0.9) else CONTACTS[1]
        self.persons.add(
            key, self.territory, self.identity(f"person/{self.drawn}"), household, alias, given, family,
            at.year - age if given and dice.chance(0.93) else None, str(gender), written, json.dumps(spoken), str(contact),
            json.dumps(dict(facts)), True, moment(at - timedelta(hours=1)),
        )  # fmt: skip
        return key, f"{given} {family}".strip() or alias


def household_mark(number: int) -> str:
    return f"of-{number}"
