"""Invented persons in households, and the same persons written a second time with one of ten kinds of error.

Names are made of syllables and are as unequally frequent as real ones. Households share an address, mostly a telephone and a last
name; there are twins, and sons named like their father.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from maillage.methods.linkage import Person

KEYS = "abcdefghijklmnopqrstuvwxyz"
STARTS = "b br c ch d f g h j k kr l m n p r s sch st t tr v w y z".split()
MIDDLES = "a aa ai e ee é eu i ie o oe ou u ui".split()
ENDS = "bert bou di dji ens er ers et ian ic in ka la ler lin man mans mi nard neau nga ni ova ri rie s sen ska ski son ta ti ts vic wa x".split()
PARTICLES = "Van den", "De", "El", "Van", "Ben", "Da"


class Population:
    """Draws households until there are enough people."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.lasts = self._names(6_000, parts=(1, 2))
        self.firsts = self._names(900, parts=(1, 1))

    def people(self, count: int) -> list[Person]:
        found: list[Person] = []
        while len(found) < count:
            found += self._household()
        return found[:count]

    def again(self, person: Person, kind: str) -> Person:
        """The same person as somebody else wrote it: the error, and often without an identifier or with another telephone."""
        told = replace(person, identifier="" if self.chance.random() < 0.6 else person.identifier)
        if kind != "no birth date":
            phones = self.chance.choice([person.phones, (), (self._phone(),)])
            told = replace(told, phones=phones, address=person.address if self.chance.random() < 0.5 else ("", ""))
        if told.identifier and self.chance.random() < 0.2:
            told = replace(told, identifier=typo(told.identifier, self.chance, "0123456789"))
        return ERRORS[kind](told, self.chance)

    def _household(self) -> list[Person]:
        chance = self.chance
        size = chance.choice([1, 1, 1, 2, 2, 3, 4, 5])
        last, phone = self._last(), self._phone()
        address = (f"Rue {self._last()} {chance.randint(1, 200)}", f"1{chance.randint(0, 99):03d}")
        found: list[Person] = []
        for _ in range(size):
            year = chance.randint(1930, 2024)
            found.append(
                Person(
                    first=self._first(),
                    last=last if chance.random() < 0.7 else self._last(),
                    birth=(1980, 1, 1)
                    if chance.random() < 0.002
                    else (year, chance.randint(1, 12), chance.randint(1, 28)),
                    sex=chance.choice("fm"),
                    phones=(phone,) if chance.random() < 0.8 else (),
                    identifier=f"{chance.randrange(10**11):011d}" if chance.random() < 0.7 else "",
                    address=address,
                )
            )
        eldest = found[0]
        draw = chance.random()
        if size > 2 and draw < 0.05:  # a twin
            found[1] = replace(
                eldest, first=f"{self.chance.choice(STARTS)}u{self._first()}".capitalize(), identifier=""
            )
        elif size > 2 and draw < 0.08 and eldest.birth[0]:  # a son named like his father
            found[1] = replace(
                eldest, birth=(eldest.birth[0] - 28, chance.randint(1, 12), chance.randint(1, 28)), identifier=""
            )
        return found

    def _names(self, count: int, *, parts: tuple[int, int]) -> list[str]:
        found: dict[str, None] = {}
        while len(found) < count:
            name = "".join(
                self.chance.choice(STARTS) + self.chance.choice(MIDDLES) for _ in range(self.chance.randint(*parts))
            ) + self.chance.choice(ENDS)
            found[name.capitalize()] = None
        return list(found)

    def _last(self) -> str:
        name = self._common(self.lasts)
        draw = self.chance.random()
        if draw < 0.12:
            return f"{self.chance.choice(PARTICLES)} {name}"
        return f"{name} {self._common(self.lasts)}" if draw < 0.2 else name

    def _first(self) -> str:
        name = self._common(self.firsts)
        return f"{name}-{self._common(self.firsts)}" if self.chance.random() < 0.08 else name

    def _common(self, names: list[str]) -> str:
        """The first ones are drawn most: the share of a name falls with its rank."""
        rank = len(names) ** self.chance.random() if self.chance.random() < 0.5 else self.chance.uniform(1, len(names))
        return names[int(rank) - 1]

    def _phone(self) -> str:
        return f"04{self.chance.randrange(10**8):08d}"


def typo(text: str, chance: random.Random, keys: str = KEYS) -> str:
    """A letter more, less, another one, or two in the other order."""
    at = chance.randrange(len(text))
    kind = chance.randrange(4)
    if kind == 0:
        return text[:at] + chance.choice(keys) + text[at:]
    if kind == 1 and len(text) > 2:
        return text[:at] + text[at + 1 :]
    if kind == 2 and at + 1 < len(text):
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + chance.choice(keys) + text[at + 1 :]


def _year(person: Person, chance: random.Random) -> Person:
    year, month, day = person.birth
    assert year is not None
    return replace(person, birth=(year + chance.choice([-10, -1, 1, 10, 2, -3]), month, day))


def _day(person: Person, chance: random.Random) -> Person:
    year, month, _ = person.birth
    return replace(person, birth=(year, month, chance.randint(1, 28)))


def _other_writing(person: Person, chance: random.Random) -> Person:
    """Capitals, no accents, particles and compound names in one word."""
    last = person.last.replace("é", "e").upper()
    return replace(
        person,
        last=last.replace(" ", "" if chance.random() < 0.5 else "-"),
        first=person.first.replace("-", " ").upper(),
    )


def _part_of_name(person: Person, chance: random.Random) -> Person:
    words, firsts = person.last.split(), person.first.split("-")
    if len(words) > 1:
        return replace(person, last=words[-1])
    if len(firsts) > 1:
        return replace(person, first=firsts[0])
    return replace(person, first=f"{person.first} Maria")


ERRORS: dict[str, Callable[[Person, random.Random], Person]] = {
    "typo in the last name": lambda one, chance: replace(one, last=typo(one.last, chance)),
    "typo in the first name": lambda one, chance: replace(one, first=typo(one.first, chance)),
    "a typo in each": lambda one, chance: replace(one, first=typo(one.first, chance), last=typo(one.last, chance)),
    "names swapped": lambda one, chance: replace(one, first=one.last, last=one.first),
    "day and month swapped": lambda one, chance: replace(one, birth=(one.birth[0], one.birth[2], one.birth[1])),
    "wrong year": _year,
    "wrong day": _day,
    "part of a name": _part_of_name,
    "another writing": _other_writing,
    "no birth date": lambda one, chance: replace(one, birth=(None, None, None)),
}


def written_again(count: int, copies: int, *, seed: int) -> tuple[list[Person], dict[tuple[int, int], str]]:
    """The people, some of them once more at the end; and the pairs that are one person, each with its kind of error."""
    population = Population(seed)
    people = population.people(count)
    fit = [i for i, one in enumerate(people) if (one.birth[2] or 13) <= 12]
    others = [i for i, one in enumerate(people) if (one.birth[2] or 13) > 12]
    kinds = list(ERRORS)
    pairs: dict[tuple[int, int], str] = {}
    for k in range(copies):
        kind = kinds[k % len(kinds)]
        pool = fit if kind == "day and month swapped" else others  # only those whose day may be a month
        at = pool.pop(population.chance.randrange(len(pool)))
        pairs[at, len(people)] = kind
        people.append(population.again(people[at], kind))
    return people, pairs


def measured(found: set[tuple[int, int]], pairs: dict[tuple[int, int], str]) -> tuple[float, float, dict[str, float]]:
    """Precision, recall, and the recall of each kind of error."""
    kinds = sorted(set(pairs.values()))
    each = {kind: [pair in found for pair, its in pairs.items() if its == kind] for kind in kinds}
    right = len(found & pairs.keys())
    return right / max(len(found), 1), right / len(pairs), {kind: sum(hits) / len(hits) for kind, hits in each.items()}
