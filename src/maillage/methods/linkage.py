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

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from maillage.methods import duplicates
from maillage.methods.arguments import share
from maillage.methods.duplicates import Candidate, Capped, Entry, Found, Progress
from maillage.methods.likeness import address_key, phone_key
from maillage.methods.linking import AGREES, Kinds, Shared, pairs_of, sigmoid
from maillage.methods.text import unaccented

__all__ = ["Candidate", "Capped", "Entry", "Found", "Person", "persons", "services"]

THRESHOLD: Final = 0.8  # from here on a pair is shown to a person
FEWEST: Final = 1_000  # records; a small register is a sample of a larger population
DATES: Final = 29_000  # of birth, about equally frequent
WIDTH: Final = 3  # telephone numbers of one person that are compared (the first ones)
CHUNK: Final = 500_000  # pairs that are compared at once
SOME_YEARS: Final = 5  # between two years of birth: more are hardly a mistake
SAME_WORD: Final = 0.9  # from here on two words of a compound name are one
OTHER_NAME: Final = 0.77  # below, two names are not spellings of one
OTHER_TWIN: Final = 0.85  # nor below this, of two who were born on one day
LONGEST: Final = 100  # letters of a name that are compared
SHORTEST_NUMBER: Final = 6  # signs of an identifier: in a shorter one a slip is another person
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_PARTICLES = frozenset(
    "al ap bin ben bint d da de del della den der des di do dos du el ibn la le les o of ould t ten ter van vande vanden von y".split()
)
_SOUNDS = str.maketrans("cqxgzjwfydbmr", "kkkkssvvitpnl", "h")  # letters that are heard alike; h is not heard
_APOSTROPHES = re.compile("['’ʼ`´ʹ]")
_VOWELS = re.compile(r"[aeiou]+")
_AGAIN = re.compile(r"(.)\1+")


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
    return duplicates.find(entries, threshold=share("threshold", threshold))


def persons(people: Sequence[Person], *, threshold: float = THRESHOLD, progress: Progress | None = None) -> Found:
    """The pairs that may be one person, the likeliest first: `candidates` with positions left < right, score and reasons.

    `threshold`: the lowest score that is proposed; lower finds little more, and asks more in vain. `progress`: called with a word
    and the share that is done, where somebody waits.

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
    if not isinstance(people, Sequence):
        raise ValueError(f"people: a list of persons was expected, not {type(people).__name__}")
    if len(people) < 2:
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


class _Table:
    """The people as columns."""

    def __init__(self, people: Sequence[Person]) -> None:
        n = len(people)
        parts = [_birth_of(person, at) for at, person in enumerate(people)]
        self.people = max(n, FEWEST)
        self.names = _Names([person.first for person in people] + [person.last for person in people])
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
    _expected(isinstance(person, Person), "a Person", person, at)
    for name in ("first", "last", "sex", "email", "identifier"):
        _expected(isinstance(getattr(person, name), str), f"a text for {name}", getattr(person, name), at)
    phones, address, birth = person.phones, person.address, person.birth
    listed = isinstance(phones, Sequence) and not isinstance(phones, str)
    _expected(listed and all(isinstance(one, str) for one in phones), "a list of texts for phones", phones, at)
    paired = isinstance(address, Sequence) and len(address) == 2 and all(isinstance(one, str) for one in address)
    _expected(paired, "an address of two texts, street and postal code,", address, at)
    _expected(isinstance(birth, Sequence) and len(birth) == 3, "a birth of year, month and day", birth, at)
    for part, (name, most) in zip(birth, (("year", 9999), ("month", 12), ("day", 31)), strict=True):
        known = isinstance(part, int | np.integer) and not isinstance(part, bool) and 1 <= part <= most
        _expected(part is None or known, f"a {name} of birth, whole, from 1 to {most} or None", part, at)
    return [-1 if part is None else int(part) for part in birth]


def _expected(true: bool, said: str, came: object, at: int) -> None:
    """What came is told by its kind alone, a single number apart: an error is written down, and persons are not for that."""
    if not true:
        shown = f"{came}" if isinstance(came, int | float) else f"a value of type {type(came).__name__}"
        raise ValueError(f"people: {said} was expected, not {shown} at {at}")


def _house(street: str, postal: str) -> list[str]:
    numbers, words = address_key(street) if street else ("", "")
    return [f"{numbers}|{words}|{postal.strip()[:5]}"] if numbers and words else []


class _Names:
    """Each distinct name once, first and last names alike; two distinct ones are compared once."""

    def __init__(self, names: Sequence[str]) -> None:
        words_of = {name: " ".join(_words(name)) for name in set(names)}
        texts = [words_of[name] for name in names]
        codes = {text: code for code, text in enumerate(sorted(set(texts)))}
        self.codes = np.array([codes[text] for text in texts], np.int64)
        words = [text.split() for text in codes]
        self.known = np.array([bool(some) for some in words], np.bool_)
        self.core = [[word for word in some if word not in _PARTICLES] or some for some in words]
        self.whole = ["".join(some) for some in words]
        self.sorted = [" ".join(sorted(some)) for some in self.core]
        self.sound = [" ".join(sorted(filter(None, map(_sound, some)))) for some in self.core]
        self.compound = np.array([len(some) > 1 for some in self.core], np.bool_)
        self.single = np.array([len(text) == 1 for text in self.whole], np.bool_)
        self.first_letter = np.array([text[:1] for text in self.whole])
        self.often = self._often()

    def _often(self) -> Ints:
        """How many have the name; a single word also as a part of a compound one ("Diallo" in "Diallo Bah")."""
        each = np.bincount(self.codes, minlength=len(self.core)).tolist()
        found: Counter[str] = Counter()
        for some, together, count in zip(self.core, self.sorted, each, strict=True):
            for word in {together, *some}:
                found[word] += count
        return np.array([found[together] for together in self.sorted], np.int64)

    def alike(self, left: Ints, right: Ints) -> Floats:
        """0..1; NaN where one is not known."""
        low, high = np.minimum(left, right), np.maximum(left, right)
        pairs, back = np.unique(low * len(self.core) + high, return_inverse=True)
        a, b = pairs // len(self.core), pairs % len(self.core)
        result = np.ones(len(pairs))
        differ = np.flatnonzero(a != b)
        firsts, seconds = a[differ].tolist(), b[differ].tolist()
        scores = [
            cpdist(
                [texts[i] for i in firsts], [texts[j] for j in seconds], scorer=JaroWinkler.similarity, dtype=np.float64
            )
            for texts in (self.whole, self.sorted)
        ]
        result[differ] = np.maximum(scores[0], np.minimum(scores[1], 0.98))
        known = self.known[a] & self.known[b]
        initial = (self.first_letter[a] == self.first_letter[b]) & (self.single[a] | self.single[b])
        result[initial & (a != b)] = 0.85
        for at in np.flatnonzero((self.compound[a] | self.compound[b]) & known & (result < 0.97)).tolist():
            result[at] = max(result[at], 0.97 * _part(self.core[a[at]], self.core[b[at]]))
        result[~known] = np.nan
        found: Floats = result[back.reshape(-1)]
        return found

    def weight(self, left: Ints, right: Ints, alike: Floats, people: int) -> Floats:
        often = np.maximum(np.maximum(self.often[left], self.often[right]), 2)
        rare = np.log(AGREES * people / often)
        likely = np.interp(alike, [OTHER_NAME, 0.85, 0.92, 0.98, 1], [0, 0.3, 0.65, 0.85, 1])
        against = np.interp(alike, [0.5, OTHER_NAME, 0.85], [-4, -2, 0])
        return np.where(np.isnan(alike), 0.0, np.maximum(rare, 0.5) * likely + against)


def _words(name: str) -> list[str]:
    """In lower case and without accents, letters of any alphabet; an apostrophe joins ("N'Diaye": ndiaye), a hyphen splits."""
    plain = _APOSTROPHES.sub("", unaccented(name[: 3 * LONGEST]).replace("ı", "i"))[:LONGEST]
    kinds = [(sign, unicodedata.category(sign)) for sign in plain]
    return "".join(sign if kind[0] in "LMN" else " " for sign, kind in kinds if kind != "Cf").split()


def _sound(word: str) -> str:
    """Letters that sound alike are one; vowels after the first letter and doubled letters go: "Mohammed" is "Muhamed"."""
    plain = word.translate(_SOUNDS)
    found = _AGAIN.sub(r"\1", plain[:1] + _VOWELS.sub("", plain[1:]))
    return found or plain


def _part(one: Sequence[str], other: Sequence[str]) -> float:
    """How alike the words of the shorter one are to words of the longer, the worst of them; 0 when one is missing there."""
    short, long = sorted((one, other), key=len)
    ways = [(short, long), (long, short)] if len(short) == len(long) else [(short, long)]
    worst = min(
        max(JaroWinkler.similarity(word, some) for some in others) for some_words, others in ways for word in some_words
    )
    return float(worst) if worst >= SAME_WORD else 0.0


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
