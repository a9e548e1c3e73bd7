"""Duplicates made on purpose: copies of fictional records as another hand would have written them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from maillage.methods.duplicates import Entry
from maillage.methods.likeness import address_key, name_words

SHORT = {
    "centre": "ctr", "center": "ctr", "service": "serv", "services": "serv", "maison": "mais", "sociaal": "soc", "social": "soc",
    "sociale": "soc", "consultation": "consult", "accueil": "acc", "permanence": "perm", "saint": "st", "sint": "st",
}  # fmt: skip
ROADS = {
    "Rue ": "R. ",
    "Avenue ": "Av. ",
    "Boulevard ": "Bd ",
    "Chaussée ": "Chée ",
    "Place ": "Pl. ",
    "Street": "St",
    "Road": "Rd",
}


def inject(
    entries: Sequence[Entry], count: int, *, seed: int, spared: frozenset[int] = frozenset()
) -> tuple[list[Entry], set[tuple[int, int]]]:
    """The entries, some of them told once more at the end with mistakes; and the pairs that are one. `spared` and twins are not copied.

    Mistakes: typing, abbreviations, words in another order, one language only (FR here, NL there), another telephone number or
    writing of it, an e-mail or web address that is missing, a street abbreviated, a point some metres off, a text cut or missing.
    """
    rng = random.Random(seed)
    left_out = spared | twins(entries)
    chosen = rng.sample([i for i in range(len(entries)) if i not in left_out], count)
    result, pairs = list(entries), set()
    for i in chosen:
        original, copy = _twice(entries[i], rng)
        result[i] = original
        pairs.add((i, len(result)))
        result.append(copy)
    return result, pairs


def twins(entries: Sequence[Entry]) -> frozenset[int]:
    """Services of one name that one organisation offers, or that stand at one address: nobody could say which one a copy is of."""
    told: dict[tuple[object, tuple[str, ...]], list[int]] = {}
    for i, entry in enumerate(entries):
        for name in entry.names.values():
            words = tuple(sorted(name_words(name)))
            for whose in (entry.organization or None, *(address_key(street) for street, _ in entry.addresses)):
                if whose is not None:
                    told.setdefault((whose, words), []).append(i)
    return frozenset(i for some in told.values() if len(set(some)) > 1 for i in some)


def _twice(entry: Entry, rng: random.Random) -> tuple[Entry, Entry]:
    names, languages = dict(entry.names), sorted(entry.names)
    told, mine = languages, entry.names
    if len(languages) > 1 and rng.random() < 0.3:
        told = [rng.choice(languages)]
        if rng.random() < 0.5:  # the original knows the other ones only
            mine = {language: text for language, text in names.items() if language not in told}
    texts = (
        {}
        if rng.random() < 0.3
        else {k: _typo(v, rng) if rng.random() < 0.5 else v[: len(v) * 2 // 3] for k, v in entry.texts.items()}
    )
    original = replace(
        entry, names=mine, texts={k: v for k, v in entry.texts.items() if k in mine or len(mine) == len(names)}
    )
    copy = replace(
        entry,
        source="injected",
        organization=0,
        names={language: _name(names[language], rng) for language in told},
        organization_names={
            k: _name(v, rng) for k, v in entry.organization_names.items() if k in told or len(told) > 1
        },
        enterprise=entry.enterprise if rng.random() < 0.5 else (),
        phones=[_number(rng)] if rng.random() < 0.3 else [_written(number) for number in entry.phones],
        email="" if rng.random() < 0.4 else entry.email.upper(),
        url="" if rng.random() < 0.4 else entry.url.replace("https://", "http://www.") + "/",
        addresses=[(_road(street, rng), postal) for street, postal in entry.addresses],
        points=[]
        if rng.random() < 0.3
        else [(a + rng.uniform(-2, 2) / 10_000, b + rng.uniform(-2, 2) / 10_000) for a, b in entry.points],
        terms={} if rng.random() < 0.5 else entry.terms,
        served=frozenset(),
        ages=(None, None) if rng.random() < 0.5 else entry.ages,
        texts={k: v for k, v in texts.items() if k in told},
    )
    return original, copy


def _name(name: str, rng: random.Random) -> str:
    drawn = rng.random()
    if drawn < 0.35:
        return _typo(name, rng)
    if drawn < 0.5:
        return " ".join(SHORT.get(word.lower(), word) for word in name.split())
    if drawn < 0.65:
        words = name.replace(",", "").split()
        return " ".join(words[1:] + words[:1])
    return name.upper() if drawn < 0.8 else name


def _typo(text: str, rng: random.Random) -> str:
    """One letter lost, doubled, or exchanged with the next; never a digit, which would be another thing."""
    letters = [k for k in range(1, len(text) - 1) if text[k].isalpha() and text[k + 1].isalpha()]
    if not letters:
        return text
    k = rng.choice(letters)
    return rng.choice(
        [text[:k] + text[k + 1 :], text[:k] + text[k] + text[k:], text[:k] + text[k + 1] + text[k] + text[k + 2 :]]
    )


def _number(rng: random.Random) -> str:
    return f"+32 4{rng.randrange(10**8):08d}"


def _written(number: str) -> str:
    """The same number as people of the country write it."""
    digits = "".join(c for c in number if c.isdigit())
    return "0" + digits.removeprefix("32") if number.startswith("+32") else number


def _road(street: str, rng: random.Random) -> str:
    if rng.random() < 0.5:
        return street
    for long, short in ROADS.items():
        street = street.replace(long, short)
    return f"{street} bte 2"


def measured(found: set[tuple[int, int]], pairs: set[tuple[int, int]], before: int) -> Mapping[str, float]:
    """Precision and recall of what was found among the copies (`before`: number of entries that are no copies)."""
    touching = {pair for pair in found if pair[1] >= before}
    right = touching & pairs
    return {
        "precision_injected": len(right) / len(touching) if touching else 1.0,
        "recall_injected": len(right) / len(pairs),
        "proposed": len(touching),
    }
