"""Which records of a directory describe one and the same service: block, compare, weigh, veto.

The weights are those of record linkage (Fellegi and Sunter, A theory for record linkage, JASA 64, 1969): an agreement is worth
the logarithm of how much rarer it is by chance, so a telephone number that one provider has says much, a switchboard little.
A pair is the same service when three things hold together, and the score is their product, each between 0 and 1:

    same provider   1 when the organisation is the same; else sigmoid(-ln n + evidence), n the number of providers, and the
                    best of each family once: telephone; web page, site or e-mail; place; name; enterprise number
    same place      the same address or point; less when unknown; next to nothing when it is another one (a branch)
    same offer      sigmoid of how alike the names, the descriptions and the categories are

What agrees because something else does counts once; a name alone is never evidence enough. Vetoes strike a pair out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from maillage.methods.likeness import address_key, marks, name_words, opposed, page_key, phone_key
from maillage.methods.linking import Kinds, Names, Shared, distances, in_common, pairs_of, sigmoid, similarity

THRESHOLD: Final = 0.5  # from here on a pair is shown to a person
WIDTH: Final = 3  # telephone numbers, addresses and points of one record that are compared (the first ones)
FEWEST_PROVIDERS: Final = 1_000  # a small directory is a sample of a larger world
NEAR_METRES: Final = 60
SAME_TEXT: Final = 0.9
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(slots=True)
class Entry:
    """One record as it is compared. What is confidential is not in it: nothing shown could then tell it.

    `names`, `organization_names`, `texts`: language -> value. `addresses`: (street and number, postal code).
    `terms`: taxonomy -> its terms. Organisation 0: none. `source`: the feed that told it.
    """

    names: Mapping[str, str]
    source: str = ""
    organization: int = 0
    organization_names: Mapping[str, str] = field(default_factory=dict)
    enterprise: Collection[str] = ()
    phones: Sequence[str] = ()
    email: str = ""
    url: str = ""
    addresses: Sequence[tuple[str, str]] = ()
    points: Sequence[tuple[float, float]] = ()
    terms: Mapping[int, frozenset[int]] = field(default_factory=dict)
    served: frozenset[int] = frozenset()
    ages: tuple[float | None, float | None] = (None, None)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Entries `left` < `right` (positions), how probably they are one, why, and what forbids to take it for granted."""

    left: int
    right: int
    score: float
    reasons: tuple[Mapping[str, Any], ...]
    vetoes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capped:
    """A block too large to compare everyone with everyone: each was compared with the next ones in the order of names."""

    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class Found:
    candidates: list[Candidate]
    compared: int
    capped: list[Capped]
    vetoed: Mapping[str, int]  # code -> pairs that would have been candidates


Progress = Callable[[str, float], None]


def find(
    entries: Sequence[Entry], *, threshold: float = THRESHOLD, progress: Progress = lambda phase, share: None
) -> Found:
    """The pairs that score `threshold` or more and that no veto strikes out, the highest first.

    The same entries in another order give the same pairs. Vetoes that strike out: "numbers", "words", "ages", "branches", "kind", "rival";
    "enterprise-number" stays on the candidate, for a person to see.
    """
    if len(entries) < 2:
        return Found([], 0, [], {})
    table = Table(entries)
    left, right, capped = pairs_of(_blocks(entries, table), table.names.order)
    progress("compare", 0.1)
    compared = len(left)
    candidates: list[Candidate] = []
    vetoed: Counter[str] = Counter()
    for start in range(0, compared, 500_000):  # some 200 MB of columns at a time
        part = slice(start, start + 500_000)
        found, struck = _judged(table, left[part], right[part], threshold)
        candidates += found
        vetoed.update(struck)
        progress("compare", 0.1 + 0.9 * min(start + 500_000, compared) / compared)
    candidates, rivals = _without_rivals(table, candidates)
    vetoed.update({"rival": rivals} if rivals else {})
    candidates.sort(key=lambda one: (-one.score, one.left, one.right))
    return Found(candidates, compared, [Capped(kind, size) for kind, size in capped], dict(vetoed))


def _without_rivals(table: Table, candidates: list[Candidate]) -> tuple[list[Candidate], int]:
    """A record can be only one of two services that their own organisation keeps apart: the likelier one."""
    pairs = {(one.left, one.right) for one in candidates}
    by_record: defaultdict[tuple[int, int], list[tuple[float, int]]] = defaultdict(list)
    for one in candidates:
        for mine, other in ((one.left, one.right), (one.right, one.left)):
            if (owner := int(table.organization[other])) and owner != table.organization[mine]:
                by_record[mine, owner].append((one.score, other))
    lost: set[tuple[int, int]] = set()
    for (mine, _), told in by_record.items():
        for score, other in told:
            if any(s > score and (min(other, o), max(other, o)) not in pairs for s, o in told if o != other):
                lost.add((min(mine, other), max(mine, other)))
    return [one for one in candidates if (one.left, one.right) not in lost], len(lost)


class Table:
    """The entries as columns."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.names = Names([entry.names for entry in entries])
        self.organization_names = Names([entry.organization_names for entry in entries], numbered=True)
        own = np.array([entry.organization for entry in entries], np.int64)
        self.organization = own
        sources: dict[str, int] = {"": 0}
        self.source = np.array([sources.setdefault(entry.source, len(sources)) for entry in entries], np.int64)
        self.provider = np.where(own == 0, -1 - np.arange(len(own)), own)  # without one: its own
        self.providers = max(len(np.unique(self.provider)), FEWEST_PROVIDERS)
        keys = [[key for n in entry.phones if (key := phone_key(n))] for entry in entries]
        pages = [page_key(entry.url) for entry in entries]
        self.phone = Shared(keys, self.provider, WIDTH)
        self.page = Shared([[page] if page else [] for _, page in pages], self.provider, 1)
        self.site = Shared([[host] if host else [] for host, _ in pages], self.provider, 1)
        self.email = Shared([[e] if (e := entry.email.strip().lower()) else [] for entry in entries], self.provider, 1)
        self.address = Shared([_addresses(entry) for entry in entries], self.provider, WIDTH)
        self.house = Shared([_houses(entry) for entry in entries], self.provider, WIDTH)
        self.number = Shared([list(entry.enterprise) for entry in entries], self.provider, WIDTH)
        self.name = Shared([self.names.keys_of(i) for i in range(len(entries))], self.provider, WIDTH)
        self.points = np.full((WIDTH, len(entries), 2), np.nan)
        for i, entry in enumerate(entries):
            for column, point in enumerate(entry.points[:WIDTH]):
                self.points[column, i] = point
        self.ages = np.array([[np.nan if a is None else a for a in entry.ages] for entry in entries], np.float64)


def _addresses(entry: Entry) -> list[str]:
    """Street addresses that can be told apart: without a number or a street, an address says nothing."""
    keys = ((*address_key(address), postal) for address, postal in entry.addresses)
    return [f"{numbers}|{words}|{postal.strip()[:5]}" for numbers, words, postal in keys if numbers and words]


def _houses(entry: Entry) -> list[str]:
    """The number and the postal code alone: a street has a name in each language."""
    return [
        f"{numbers}|{postal.strip()[:5]}" for a, postal in entry.addresses if postal and (numbers := address_key(a)[0])
    ]


def _blocks(entries: Sequence[Entry], table: Table) -> Iterable[tuple[str, Kinds]]:
    """Who is compared with whom: whoever has one of these in common."""
    for kind, shared in (
        ("phone", table.phone), ("page", table.page), ("site", table.site), ("email", table.email),
        ("enterprise-number", table.number), ("address", table.address), ("name", table.name),
    ):  # fmt: skip
        yield kind, shared.groups()
    members: defaultdict[int, list[int]] = defaultdict(list)
    for i, organization in enumerate(table.organization.tolist()):
        if organization:
            members[organization].append(i)
    yield "organization", members
    spread = Counter(word for entry in entries for name in entry.names.values() for word in set(name_words(name)))
    near: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    cells: defaultdict[tuple[int, int, int], list[int]] = defaultdict(list)
    for i, entry in enumerate(entries):
        rare = {
            min(words, key=lambda w: (spread[w], w)) for name in entry.names.values() if (words := name_words(name))
        }
        for postal in {postal.strip()[:5] for _, postal in entry.addresses}:
            for word in rare:
                near[postal, word].append(i)
        for latitude, longitude in entry.points[:WIDTH]:
            for shift in (0, 1):  # two grids of about 100 m, half a cell apart
                row, column = latitude / 0.0009 + shift / 2, longitude / 0.0014 + shift / 2
                cells[shift, int(row // 1), int(column // 1)].append(i)
    yield "postal-code-and-name", near
    yield "cell", cells


@dataclass(slots=True)
class _Pairs:
    """Pairs and what is known of them, as columns: those that can no longer reach the threshold are left behind on the way."""

    left: Ints
    right: Ints
    facts: dict[str, Floats]

    def keep(self, which: Bools) -> None:
        self.left, self.right = self.left[which], self.right[which]
        self.facts = {name: column[which] for name, column in self.facts.items()}


def _judged(table: Table, left: Ints, right: Ints, threshold: float) -> tuple[list[Candidate], Counter[str]]:
    """Those of the pairs that reach the threshold, and how many that did each veto struck out. What costs most comes last."""
    same = (table.organization[left] == table.organization[right]) & (table.organization[left] != 0)
    hand = same | ((table.source[left] == table.source[right]) & (table.source[left] != 0))
    pairs = _Pairs(left, right, {"same": same.astype(np.float64), "hand": hand.astype(np.float64)})
    pairs.facts |= _place(table, left, right, hand)
    pairs.keep(pairs.facts["factor"] >= threshold)
    pairs.facts |= _contacts(table, pairs.left, pairs.right)
    pairs.keep(np.any([pairs.facts[name] > 0 for name in ("same", "phone", "web", "number", "agrees")], axis=0))
    alike, comparable = table.names.compare(pairs.left, pairs.right)
    pairs.facts |= {"alike": alike, "comparable": comparable.astype(np.float64)}
    pairs.keep((alike >= 0.6) | ~comparable)
    pairs.facts["provider"] = _provider(table, pairs.left, pairs.right, pairs.facts)
    pairs.keep(pairs.facts["provider"] * pairs.facts["factor"] >= threshold)
    pairs.facts["offer"] = _offer(table, pairs.left, pairs.right, pairs.facts)
    pairs.facts["score"] = np.round(pairs.facts["provider"] * pairs.facts["factor"] * pairs.facts["offer"], 4)
    pairs.keep(pairs.facts["score"] >= threshold)
    found: list[Candidate] = []
    struck: Counter[str] = Counter()
    for k, (i, j) in enumerate(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)):
        facts = {name: float(column[k]) for name, column in pairs.facts.items()}
        if reason := veto(table, i, j, facts):
            struck[reason] += 1
            continue
        forbids = ("enterprise-number",) if facts["number"] < 0 else ()
        found.append(Candidate(i, j, facts["score"], _reasons(facts), forbids))
    return found, struck


def _contacts(table: Table, left: Ints, right: Ints) -> dict[str, Floats]:
    """What telephone, web and enterprise number say of the provider; one that differs says little, but for the last."""
    n = table.providers
    phone = table.phone.weight(left, right, n)
    web = np.maximum.reduce([shared.weight(left, right, n) for shared in (table.page, table.site, table.email)])
    number = table.number.weight(left, right, n)
    both = table.number.known(left) & table.number.known(right)
    return {
        "phone": phone,
        "web": web,
        "page": table.page.agrees(left, right).astype(np.float64),
        "email": table.email.agrees(left, right).astype(np.float64),
        "number": np.where(both & (number == 0), -4.0, number * 1.3),
        "name-rarity": table.name.weight(left, right, n),
    }


def _place(table: Table, left: Ints, right: Ints, hand: Bools) -> dict[str, Floats]:
    """`factor`: how far the places agree. The best of their addresses and points counts; two different ones are two branches.

    One hand that writes two addresses means two places; two hands may write one place in two ways, or in two languages.
    """
    metres = distances(table.points, left, right)
    address = table.address.agrees(left, right)
    told = table.address.known(left) & table.address.known(right)
    measured = ~np.isnan(metres)
    near = measured & (metres <= NEAR_METRES)
    house = table.house.agrees(left, right) & ~hand
    factor = np.select(
        [address, near & (~told | house), told & hand, house & ~measured, near, told | (measured & (metres > 250))],
        [0.98, 0.95, 0.05, 0.75, 0.6, 0.05],
        0.85,
    )
    weight = np.where(address, table.address.weight(left, right, table.providers), np.where(near, 3.0, 0.0))
    return {
        "factor": factor,
        "agrees": weight,
        "metres": np.where(measured, metres, -1.0),
        "address": address.astype(np.float64),
    }


def _provider(table: Table, left: Ints, right: Ints, evidence: dict[str, Floats]) -> Floats:
    alike, comparable = table.organization_names.compare(left, right)
    evidence["organization-alike"] = np.where(comparable, alike, -1.0)
    named = np.select(
        [alike >= 0.97, alike >= 0.88, alike >= 0.75, comparable & (alike < 0.6)], [6.0, 4.0, 1.5, -5.0], 0.0
    )
    rare = np.where(evidence["alike"] >= 0.97, np.minimum(evidence["name-rarity"], 5.0), 0.0)
    name = np.where(
        named < 0, named, np.maximum(named, rare)
    )  # two names of organisations: a shared desk or switchboard
    logit = -log(table.providers) + evidence["phone"] + evidence["web"] + evidence["number"] + evidence["agrees"] + name
    return np.where(evidence["same"] > 0, 0.99, sigmoid(logit))


def _offer(table: Table, left: Ints, right: Ints, evidence: dict[str, Floats]) -> Floats:
    """How alike what is offered is: the name, what the description says, the categories, a page of its own."""
    entries = table.entries
    text = similarity([entry.texts for entry in entries], left, right)
    terms = in_common([entry.terms for entry in entries], left, right)
    evidence["text"], evidence["terms"] = text, terms
    alike = evidence["alike"]
    hand = evidence["hand"] > 0  # what one hand writes in two ways means two things
    named = np.where(
        hand,
        np.interp(alike, [0.7, 0.85, 0.95, 1.0], [-4, -2, 1, 3]),
        np.interp(alike, [0.6, 0.7, 0.8, 0.9, 0.97, 1.0], [-4, -2, 0, 1.5, 2.5, 3]),
    )
    named = np.where(
        evidence["comparable"] > 0, named, np.maximum(named, 0.3)
    )  # in two languages: neither for nor against
    strict = np.interp(text, [0.6, 0.8, 0.9, 0.97], [-6, -5, -3, 3])
    loose = np.interp(text, [0.2, 0.45, 0.7, 0.95], [-0.5, 0, 1.5, 3])
    said = np.where(text < 0, 0.0, np.where(hand, strict, loose))
    kind = np.where(terms < 0, 0.0, np.interp(terms, [0, 0.3, 0.6, 1.0], [-3, -0.5, 0.5, 1]))
    return sigmoid(-0.5 + named + said + kind + evidence["page"])


def _marks(entry: Entry) -> frozenset[str]:
    return frozenset().union(*(marks(name) for name in entry.names.values()))


def veto(table: Table, i: int, j: int, facts: Mapping[str, float]) -> str:
    """The code of what makes two services of these records, whatever else agrees; empty when nothing does."""
    one, two = table.entries[i], table.entries[j]
    if _marks(one) != _marks(two):
        return "numbers"
    common = one.names.keys() & two.names.keys()
    if common and all(opposed(one.names[language], two.names[language]) for language in common):
        return "words"
    for mine, other in zip(table.ages[i], table.ages[j], strict=True):
        if abs(mine - other) > 0.5:  # never with an unknown age (NaN)
            return "ages"
    if facts["same"] and one.served and two.served and not one.served & two.served:
        return "branches"
    if facts["terms"] == 0 and facts["text"] < SAME_TEXT:
        return "kind"
    return ""


def _reasons(facts: Mapping[str, float]) -> tuple[Mapping[str, Any], ...]:
    """Why, as codes with the values to show. No value of a place: it may become confidential tomorrow."""
    said: list[Mapping[str, Any]] = []
    if facts["same"]:
        said.append({"code": "same-organization"})
    elif facts["organization-alike"] >= 0.88:
        said.append({"code": "similar-organization", "percent": round(facts["organization-alike"] * 100)})
    if facts["alike"] >= 0.999:
        said.append({"code": "same-name"})
    elif facts["alike"] >= 0.6:
        said.append({"code": "similar-name", "percent": round(facts["alike"] * 100)})
    if facts["phone"] > 0:
        said.append({"code": "same-phone"})
    if facts["page"] > 0:
        said.append({"code": "same-page"})
    elif facts["email"] > 0:
        said.append({"code": "same-email"})
    elif facts["web"] > 0:
        said.append({"code": "same-site"})
    if facts["number"] > 0:
        said.append({"code": "same-enterprise-number"})
    if facts["address"] > 0:
        said.append({"code": "same-address"})
    elif 0 <= facts["metres"] <= NEAR_METRES:
        said.append({"code": "near", "metres": round(facts["metres"])})
    if facts["text"] >= 0.8:
        said.append({"code": "similar-description", "percent": round(facts["text"] * 100)})
    if facts["terms"] >= 0.6:
        said.append({"code": "same-kind"})
    return tuple(said)
