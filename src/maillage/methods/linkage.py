"""Records that may be one and the same: persons written twice, services told by two sources; each pair with its reasons.

For persons: whoever registers people in a hurry writes a name as it sounds, swaps first and last name, or day and month. Two records
are compared by what they have in common and by how rare that is: an uncommon name says more than a common one, a telephone of a
shelter less than that of one person. Nothing is merged here: a pair is a question to a person, who decides. For services see
`duplicates`, which `services` calls.

Sources: Fellegi and Sunter, A theory for record linkage, Journal of the American Statistical Association 64 (1969); names are
compared as Winkler did (String comparator metrics, American Statistical Association 1990), by rapidfuzz; rare agreements weigh more:
Newcombe and others, Automatic linkage of vital records, Science 130 (1959). The weights were set by hand on invented persons and
measured on others: see `persons`. No labelled set of real persons was at hand.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from maillage.methods import duplicates
from maillage.methods.arguments import share
from maillage.methods.duplicates import Candidate, Capped, Entry, Found, Progress
from maillage.methods.likeness import address_key, phone_key
from maillage.methods.linking import AGREES, Kinds, Shared, pairs_of, sigmoid
from maillage.methods.spelling import OTHER_NAME, PersonNames

__all__ = ["Candidate", "Capped", "Entry", "Found", "Person", "persons", "services"]

THRESHOLD: Final = 0.75  # from here on a pair is shown to a person
FEWEST: Final = 1_000  # records; a small register is a sample of a larger population
DATES: Final = 29_000  # of birth, about equally frequent
WIDTH: Final = 3  # telephone numbers of one person that are compared (the first ones)
CHUNK: Final = 500_000  # pairs that are compared at once
SOME_YEARS: Final = 5  # between two years of birth: more are hardly a mistake
OTHER_TWIN: Final = 0.85  # nor below this, of two who were born on one day
SHORTEST_NUMBER: Final = 6  # signs of an identifier: in a shorter one a slip is another person
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Person:
    """One record of a person as it is compared; whatever is not known stays empty."""

    first: str = ""
    last: str = ""
    birth: tuple[int | None, int | None, int | None] = (None, None, None)  # year, month, day
    sex: str = ""  # any code, the same for the same
    phones: Sequence[str] = ()
    email: str = ""
    identifier: str = ""  # of one register, for instance a national number
    address: tuple[str, str] = ("", "")  # street and number, postal code


def services(entries: Sequence[Entry], *, threshold: float = duplicates.THRESHOLD) -> Found:
    """The pairs of records that may describe one service, the likeliest first, with reasons: `duplicates.find`.

    Struck out are, among others, names with different numbers ("Crèche 1", "Crèche 2") and with opposed words.
    """
    share("threshold", threshold)
    for at, entry in enumerate(_sequence("entries", entries)):
        _check_entry(entry, at)
    return duplicates.find(entries, threshold=threshold)


def persons(people: Sequence[Person], *, threshold: float = THRESHOLD, progress: Progress | None = None) -> Found:
    """The pairs that may be one person, the likeliest first: `candidates` with positions left < right, score and reasons.

    `threshold`: the lowest score that is proposed; a lower one finds more of those of whom hardly more than a common name is known,
    and asks more often in vain. `progress`: called with a word and the share that is done, where somebody waits.

    Score: sigmoid of -ln n (n records, at least 1,000) and of the evidence, each kind once:
    - names, first and last: ln(0.9 n / how many have the name), less when they are only alike, against when they are not; the better
      of as written and swapped; a compound name of which a part is missing is alike, and counted with those who have the part
    - birth: day, month and year each for or against; day and month swapped, or a slip in the year, still for; a date that many have
      says less, and the first of January, of those who do not know theirs, is never against
    - contact: the rarest of telephone, e-mail and address in common
    - identifier, and sex
    A date of birth alone, without a name, a contact or an identifier that speaks for them, is never enough.

    Names are read in lower case without accents, in any alphabet; of a longer one the first hundred letters.

    Reasons, as codes: same-identifier, similar-identifier, same-names, similar-names (with the per cent of the less alike of the
    two), names-swapped, same-birth-date, day-month-swapped, birth-year-slip, similar-birth-date (two of three parts), same-phone,
    same-email, same-address.

    A pair is struck out, and counted in `vetoed`, by: "identifier", two that differ by more than one slip of a key (or at all, with fewer than six
    signs); "given-names", first names that are not alike though last names are (brothers; of two who were born on one day, twins,
    they have to be more alike, or one slip apart); "birth", another day and month, or a year that is more
    than a slip apart with another day or month (father and son of one name). The same identifier overrules the last two.

    Compared are only those with a key in common: identifier, telephone, e-mail, date (day and month in any order), both names as
    they sound, or one of them with two parts of the date. In a block of more than 60 each is compared with the next eight in the
    order of birth, and the block is told in `capped`. Records in another order give the same pairs.

    Measured on 20,000 invented persons in households, with twins and sons named like their father, 2,000 of them written again with
    one of ten kinds of error: of the pairs proposed 99 in 100 are right, of the true ones more than 99 in 100 are found, of each
    kind at least 98. Among 100,000 persons and 5,000 copies: 98 and 99 in 100; what is wrong are mostly relatives of whom one
    has no date of birth. That takes 9 CPU seconds. 50,000 persons with one name and one year of birth take 2.
    """
    share("threshold", threshold)
    if len(_sequence("people", people)) < 2:
        return Found([], 0, [], {})
    table = _Table(people)
    left, right, capped = pairs_of(_blocks(table), table.order)
    candidates: list[Candidate] = []
    vetoed: Counter[str] = Counter()
    for start in range(0, len(left), CHUNK):
        found, struck = _judged(table, left[start : start + CHUNK], right[start : start + CHUNK], threshold)
        candidates += found
        vetoed.update(struck)
        if progress:
            progress("compare", min(start + CHUNK, len(left)) / len(left))
    candidates.sort(key=lambda one: (-one.score, one.left, one.right))
    return Found(candidates, len(left), [Capped(kind, size) for kind, size in capped], dict(vetoed))


def _sequence(name: str, value: Sequence[Any]) -> Sequence[Any]:
    if not isinstance(value, Sequence):
        raise ValueError(f"{name}: a list was expected, not {type(value).__name__}")
    return value


class _Table:
    """The people as columns."""

    def __init__(self, people: Sequence[Person]) -> None:
        n = len(people)
        parts = [_birth_of(person, at) for at, person in enumerate(people)]
        self.people = max(n, FEWEST)
        self.names = PersonNames([person.first for person in people] + [person.last for person in people])
        self.first, self.last = self.names.codes[:n], self.names.codes[n:]
        self.birth = np.array(parts, np.int64)
        alone = np.arange(n)
        keys = [[key for number in person.phones if (key := phone_key(number))] for person in people]
        self.phone = Shared(keys, alone, WIDTH)
        self.email = Shared([[one] if (one := person.email.strip().lower()) else [] for person in people], alone, 1)
        self.address = Shared([_house(*person.address) for person in people], alone, 1)
        self.number = ["".join(filter(str.isalnum, person.identifier)).upper() for person in people]
        self.identifier = Shared([[one] if one else [] for one in self.number], alone, 1)
        sexes = {"": -1} | {code: i for i, code in enumerate(sorted({person.sex for person in people} - {""}))}
        self.sex = np.array([sexes[person.sex] for person in people], np.int64)
        text = [
            (one.last, one.first, one.identifier, tuple(one.phones), one.email, one.sex, one.address) for one in people
        ]
        self.order = np.empty(n, np.int64)  # place of each in the order of birth
        self.order[sorted(range(n), key=lambda i: (*parts[i], *text[i]))] = np.arange(n)
        _, date, often = np.unique(self.birth, axis=0, return_inverse=True, return_counts=True)
        self.same_date = often[date.reshape(-1)]


def _birth_of(person: Person, at: int) -> list[int]:
    """Year, month and day, -1 where not known, of a person all of whose parts are what they must be."""
    expected = _Expected("people", at)
    expected(isinstance(person, Person), "a Person", person)
    for name in ("first", "last", "sex", "email", "identifier"):
        expected(isinstance(getattr(person, name), str), f"a text for {name}", getattr(person, name))
    expected(_listed(person.phones, str), "a list of texts for phones", person.phones)
    paired = _listed(person.address, str) and len(person.address) == 2
    expected(paired, "an address of two texts, street and postal code,", person.address)
    birth = person.birth
    expected(_listed(birth, object) and len(birth) == 3, "a birth of year, month and day", birth)
    for part, (name, most) in zip(birth, (("year", 9999), ("month", 12), ("day", 31)), strict=True):
        known = isinstance(part, int | np.integer) and not isinstance(part, bool) and 1 <= part <= most
        expected(part is None or known, f"a {name} of birth, whole, from 1 to {most} or None", part)
    return [-1 if part is None else int(part) for part in birth]


def _check_entry(entry: Entry, at: int) -> None:
    expected = _Expected("entries", at)
    expected(isinstance(entry, Entry), "an Entry", entry)
    for name in ("names", "organization_names", "texts"):
        told = getattr(entry, name)
        good = isinstance(told, Mapping) and _listed([*told, *told.values()], str)
        expected(good, f"a text by language for {name}", told)
    for name in ("source", "email", "url"):
        expected(isinstance(getattr(entry, name), str), f"a text for {name}", getattr(entry, name))
    for name in ("phones", "enterprise"):
        expected(_listed(getattr(entry, name), str), f"a list of texts for {name}", getattr(entry, name))
    for name, kind, said in (("addresses", str, "texts"), ("points", float | int, "numbers")):
        pairs = getattr(entry, name)
        good = _listed(pairs, object) and all(_listed(pair, kind) and len(pair) == 2 for pair in pairs)
        expected(good and (kind is str or np.isfinite(pairs).all()), f"pairs of {said} for {name}", pairs)
    ages = [age for age in entry.ages if age is not None] if _listed(entry.ages, object) else ["none"]
    expected(_listed(ages, float | int) and len(entry.ages) == 2, "two ages, each a number or None,", entry.ages)


def _listed(value: object, kind: Any) -> bool:
    """A collection, not a text, of such values alone."""
    return isinstance(value, Collection) and not isinstance(value, str) and all(isinstance(one, kind) for one in value)


@dataclass(frozen=True, slots=True)
class _Expected:
    """What came is told by its kind alone, a single number apart: an error is written down, and persons are not for that."""

    argument: str
    at: int

    def __call__(self, true: bool, said: str, came: object) -> None:
        if not true:
            shown = f"{came}" if isinstance(came, int | float) else f"a value of type {type(came).__name__}"
            raise ValueError(f"{self.argument}: {said} was expected, not {shown} at {self.at}")


def _house(street: str, postal: str) -> list[str]:
    numbers, words = address_key(street) if street else ("", "")
    return [f"{numbers}|{words}|{postal.strip()[:5]}"] if numbers and words else []


def _blocks(table: _Table) -> Iterable[tuple[str, Kinds]]:
    """Who is compared with whom: whoever has one of these in common."""
    for kind, shared in (("identifier", table.identifier), ("phone", table.phone), ("email", table.email)):
        yield kind, shared.groups()
    kinds = ("birth-date", "names", "name-and-day", "name-and-month")
    groups: dict[str, defaultdict[Any, list[int]]] = {kind: defaultdict(list) for kind in kinds}
    sound = table.names.sound
    for i, ((year, month, day), first, last) in enumerate(
        zip(table.birth.tolist(), table.first.tolist(), table.last.tolist(), strict=True)
    ):
        heard = {sound[first], sound[last]} - {""}
        dated = (min(month, day), max(month, day))
        if -1 not in (year, *dated):
            groups["birth-date"][year, *dated].append(i)
        if len(heard) == 2:
            groups["names"][tuple(sorted(" ".join(heard).split()))].append(i)
        for one in heard:
            if -1 not in dated:
                groups["name-and-day"][one, dated].append(i)
            for part, value in (("month", month), ("day", day)):
                if -1 not in (year, value):
                    groups["name-and-month"][one, year, part, value].append(i)
    yield from groups.items()


def _judged(table: _Table, left: Ints, right: Ints, threshold: float) -> tuple[list[Candidate], Counter[str]]:
    """Those of the pairs that reach the threshold, and how many that did each veto struck out."""
    facts = _birth(table, left, right) | _contact(table, left, right) | _identifier(table, left, right)
    sexes = table.sex[left], table.sex[right]
    sex = np.where((sexes[0] < 0) | (sexes[1] < 0), 0.0, np.where(sexes[0] == sexes[1], 0.65, -3.0))
    rest = sex + facts["birth"] + facts["contact"] + facts["identifier"] - log(table.people)
    best = 2 * log(AGREES * table.people / 2)  # no two names weigh more: names of the others need no comparison
    near = np.flatnonzero(sigmoid(rest + best) >= threshold)
    left, right = left[near], right[near]
    facts = {name: column[near] for name, column in facts.items()} | _called(table, left, right)
    score = np.round(sigmoid(rest[near] + facts["names"]), 4)
    score[(facts["names"] <= 0) & (facts["contact"] <= 0) & (facts["identifier"] <= 0)] = 0  # born on one day, no more
    found: list[Candidate] = []
    struck: Counter[str] = Counter()
    for k in np.flatnonzero(score >= threshold).tolist():
        told = {name: float(column[k]) for name, column in facts.items()}
        if reason := _veto(told) or _twins(table, int(left[k]), int(right[k]), told):
            struck[reason] += 1
        else:
            found.append(Candidate(int(left[k]), int(right[k]), float(score[k]), _reasons(told)))
    return found, struck


def _called(table: _Table, left: Ints, right: Ints) -> dict[str, Floats]:
    """How alike first and last names are, as written or swapped, whichever says more."""
    names, n = table.names, table.people
    ways = []
    for swapped in (False, True):
        its = (table.last, table.first) if swapped else (table.first, table.last)
        first, last = names.alike(table.first[left], its[0][right]), names.alike(table.last[left], its[1][right])
        weight = names.weight(table.first[left], its[0][right], first, n) + names.weight(
            table.last[left], its[1][right], last, n
        )
        ways.append((first, last, weight - swapped))
    straight, crossed = ways
    better = crossed[2] > straight[2]
    first, last, weight = (np.where(better, two, one) for one, two in zip(straight, crossed, strict=True))
    return {"first": first, "last": last, "swapped": better.astype(np.float64), "names": weight}


def _birth(table: _Table, left: Ints, right: Ints) -> dict[str, Floats]:
    """What the dates of birth say. The first of January mostly stands for a day that nobody knew: it speaks for, never against."""
    one, two = table.birth[left], table.birth[right]
    known = (one >= 0) & (two >= 0)
    same = known & (one == two)
    vague = (one[:, 1:] == 1).all(axis=1) | (two[:, 1:] == 1).all(axis=1)
    full = same.all(axis=1)
    crossed = known[:, 1:].all(axis=1) & (one[:, 1] == two[:, 2]) & (one[:, 2] == two[:, 1]) & ~same[:, 1]
    the_day = same[:, 1:].all(axis=1) | crossed
    slip = known[:, 0] & ~same[:, 0] & _slip(one[:, 0], two[:, 0])
    far = np.where(abs(one[:, 0] - two[:, 0]) > SOME_YEARS, -6.5, -4.5)
    year = np.select([same[:, 0], slip & the_day, slip, known[:, 0]], [4.4, 0.5, -1.5, far], 0.0)
    parts = np.where(same[:, 1:], [2.4, 3.3], np.where(known[:, 1:] & ~vague[:, None], [-2.0, -2.5], 0.0)).sum(axis=1)
    often = np.maximum(table.same_date[left], table.same_date[right]) - 2
    rare = np.log(0.95 / np.maximum(often / table.people, 1 / DATES))
    another_day = known[:, 1:].all(axis=1) & ~same[:, 1:].any(axis=1) & ~crossed & ~vague
    another_year = known.all(axis=1) & ~same[:, 0] & ~slip & ~same[:, 1:].all(axis=1)
    return {
        "birth": np.where(full, rare, year + np.where(crossed, 3.7, parts)),
        "same-date": full.astype(np.float64),
        "crossed": crossed.astype(np.float64),
        "slip": (slip & the_day).astype(np.float64),
        "parts": same.sum(axis=1).astype(np.float64),
        "apart": (another_day | another_year).astype(np.float64),
    }


def _slip(one: Ints, two: Ints) -> Bools:
    """Years that are neighbours, differ by one digit, or by the order of their digits."""
    digits = [year[:, None] // np.array([1000, 100, 10, 1]) % 10 for year in (one, two)]
    swapped = (np.sort(digits[0], axis=1) == np.sort(digits[1], axis=1)).all(axis=1)
    found: Bools = (abs(one - two) == 1) | ((digits[0] != digits[1]).sum(axis=1) == 1) | swapped
    return found


def _contact(table: _Table, left: Ints, right: Ints) -> dict[str, Floats]:
    """The rarest thing in common counts: who shares a telephone mostly shares the address too."""
    found = {
        "phone": table.phone.weight(left, right, table.people),
        "email": table.email.weight(left, right, table.people),
        "address": np.minimum(table.address.weight(left, right, table.people), 4.0),
    }
    some = np.minimum(np.maximum.reduce(list(found.values())), 7.0)
    differ = table.phone.known(left) & table.phone.known(right) & (some == 0)
    return found | {"contact": np.where(differ, -0.7, some)}


def _identifier(table: _Table, left: Ints, right: Ints) -> dict[str, Floats]:
    """The same: 12; one slip of a key: 2; another one: a veto."""
    both = np.flatnonzero(table.identifier.known(left) & table.identifier.known(right))
    distance = np.full(len(left), -1.0)
    firsts, seconds = ([table.number[i] for i in side[both].tolist()] for side in (left, right))
    if len(both):
        slips = cpdist(firsts, seconds, scorer=OSA.distance, dtype=np.float64)
        short = [min(map(len, pair)) < SHORTEST_NUMBER for pair in zip(firsts, seconds, strict=True)]
        distance[both] = np.where(short & (slips == 1), 2, slips)
    return {"distance": distance, "identifier": np.select([distance == 0, distance == 1], [12.0, 2.0], 0.0)}


def _veto(facts: Mapping[str, float]) -> str:
    """The code of what makes two persons of these records, whatever else agrees; empty when nothing does."""
    if facts["distance"] > 1:
        return "identifier"
    if facts["distance"] == 0:
        return ""
    first, last = facts["first"], facts["last"]
    if facts["swapped"]:
        first, last = min(first, last), max(first, last)
    if first < OTHER_NAME <= last:
        return "given-names"
    return "birth" if facts["apart"] else ""


def _twins(table: _Table, left: int, right: int, facts: Mapping[str, float]) -> str:
    """Born on one day with one last name, and first names that are neither alike enough nor one slip of a key apart."""
    if (
        not facts["same-date"]
        or facts["distance"] == 0
        or facts["swapped"]
        or not facts["first"] < OTHER_TWIN <= facts["last"]
    ):
        return ""
    one, two = (table.names.whole[table.first[i]] for i in (left, right))
    return "given-names" if OSA.distance(one, two) > 1 else ""


def _reasons(facts: Mapping[str, float]) -> tuple[Mapping[str, Any], ...]:
    """Why, as codes with the values to show."""
    said: list[Mapping[str, Any]] = []
    least = min((facts[name] for name in ("first", "last") if facts[name] >= 0), default=0)  # NaN: not known
    for code, true in (
        ("same-identifier", facts["distance"] == 0),
        ("similar-identifier", facts["distance"] == 1),
        ("same-names", least == 1),
        ("names-swapped", facts["swapped"] > 0),
        ("same-birth-date", facts["same-date"] > 0),
        ("day-month-swapped", facts["crossed"] > 0),
        ("birth-year-slip", facts["slip"] > 0),
        ("similar-birth-date", facts["parts"] == 2 and not facts["slip"]),
        ("same-phone", facts["phone"] > 0),
        ("same-email", facts["email"] > 0),
        ("same-address", facts["address"] > 0),
    ):
        if true:
            said.append({"code": code})
        elif code == "same-names" and least >= OTHER_NAME:
            said.append({"code": "similar-names", "percent": round(least * 100)})
    return tuple(said)
