"""Scores of pairs of records: those that are one person, and those that are two."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from maillage.methods.linkage import THRESHOLD, Person, persons

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "Scores of pairs among 4,000 invented persons in households, 600 of them written twice: with a typing error, names or day and month "
    "swapped, another year, or less than was known. From the threshold on, a person is asked whether the two are one."
)
FIRST = "Amina Bram Chloé David Elif Fatou Goran Hanne Ilias Jan Karim Lucie Marie Noor Omar Petra Rosa Samir Tine Wout Yasmine Zoë".split()
LAST = (
    "Aerts|Bah|Claes|Diallo|El Amrani|Fontaine|Goossens|Haddad|Ilunga|Janssens|Kaya|Lambert|Mertens|Nguyen|Öztürk|Peeters|Renard|"
    "Simon|Traoré|Van den Berg|Wouters|Yıldız|Zaoui"
).split("|")
TICKS = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)


def draw(figure: Figure) -> None:
    people, copies = invented(np.random.default_rng(3))
    found = persons(people, threshold=0.0005).candidates
    evidence = np.array([logit(one.score) for one in found])
    same = np.array([copies.get(one.right) == one.left for one in found])
    axes = figure.subplots()
    bins = np.linspace(logit(0.0005), logit(0.9999), 40)
    axes.hist(evidence[~same], bins, color="#b2182b", alpha=0.75, label="two persons")
    axes.hist(evidence[same], bins, color="#2166ac", alpha=0.75, label="one person, written twice")
    axes.axvline(logit(THRESHOLD), color="black", linestyle="--", linewidth=1)
    axes.text(logit(THRESHOLD), axes.get_ylim()[1], " asked from here on", va="top", fontsize="small")
    axes.set_xticks([logit(one) for one in TICKS], [f"{one:g}" for one in TICKS])
    axes.set_xlabel("Score of the pair")
    axes.set_ylabel("Pairs")
    axes.legend(loc="upper center", frameon=False, fontsize="small", bbox_to_anchor=(0.3, 1))
    axes.spines[["top", "right"]].set_visible(False)


def logit(score: float) -> float:
    bounded = min(max(score, 0.0001), 0.9999)
    return float(np.log(bounded / (1 - bounded)))


def invented(chance: np.random.Generator) -> tuple[list[Person], dict[int, int]]:
    """Records, and of each second writing the first one."""
    people: list[Person] = []
    while len(people) < 4_000:
        last, phone = name(chance), f"04{chance.integers(10**8):08d}"
        for _ in range(int(chance.integers(1, 5))):
            born = (int(chance.integers(1930, 2020)), int(chance.integers(1, 13)), int(chance.integers(1, 29)))
            people.append(Person(str(chance.choice(FIRST)), last, born, phones=(phone,)))
    copies: dict[int, int] = {}
    for at in chance.choice(len(people), 600, replace=False).tolist():
        copies[len(people)] = at
        people.append(again(people[at], chance))
    return people, copies


def name(chance: np.random.Generator) -> str:
    """Of ten people, four have one of the names that many have."""
    if chance.random() < 0.4:
        return str(chance.choice(LAST))
    sounds = [str(chance.choice(list("bdfgklmnprstvz"))) + str(chance.choice(list("aeiou"))) for _ in range(3)]
    return "".join(sounds).capitalize() + str(chance.choice(["", "n", "rs", "t"]))


def again(person: Person, chance: np.random.Generator) -> Person:
    """The same person, from another hand."""
    year, month, day = (int(part or 1) for part in person.birth)
    at = int(chance.integers(1, len(person.last)))
    wrong = person.last[:at] + str(chance.choice(list("aeinrst"))) + person.last[at + 1 :]
    written = (
        replace(person, last=wrong),
        replace(person, last=wrong, first=person.first[:-1]),
        replace(person, first=person.last, last=person.first),
        replace(person, birth=(year, day, month) if day <= 12 else (year, month, day)),
        replace(person, birth=(year + int(chance.integers(-2, 3)), month, day)),
        replace(person, birth=(year, month, None)),
        replace(person, birth=(None, None, None)),
    )
    found = written[int(chance.integers(len(written)))]
    return found if chance.random() < 0.4 else replace(found, phones=())
