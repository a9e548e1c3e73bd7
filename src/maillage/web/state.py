"""The state of an orientation: ordered pairs that travel in the body of forms. Nothing of it is stored, nothing stands in a URL.

The order is the order in which things were said, so that "back" takes the last one off.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.http import QueryDict

if TYPE_CHECKING:  # presenters read the state: at run time it knows none of them
    from maillage.web.presenters.vocabulary import Vocabulary

Pair = tuple[str, str]
Pairs = tuple[Pair, ...]

TEXT_LIMIT = 1_000
VALUE_LIMIT = 120
MOST_PAIRS = 60
MANY = frozenset({"needs", "publics", "languages", "declined", "skip"})
ONE = frozenset({"text", "area", "point", "radius_km", "window", "cost", "wheelchair", "remote", "has_room"})
FACT = "fact."
# what a screen of the questions may take back, one at a time
ANSWERS = ("needs", "area", "declined", "skip", FACT)


def is_known(name: str) -> bool:
    return name in MANY or name in ONE or (name.startswith(FACT) and len(name) < 60)


def read(post: QueryDict) -> Pairs:
    """The pairs we know, trimmed, once each; of a field that has one value, the last that is not empty."""
    pairs: list[Pair] = []
    for name in post:
        if not is_known(name):
            continue
        limit = TEXT_LIMIT if name == "text" else VALUE_LIMIT
        values = [" ".join(value.replace("\x00", " ").split())[:limit] for value in post.getlist(name)]
        kept = list(dict.fromkeys(value for value in values if value))
        pairs += [(name, value) for value in (kept if name in MANY else kept[-1:])]
    return in_order(pairs[:MOST_PAIRS], post.get("order", ""))


def in_order(pairs: list[Pair], order: str) -> Pairs:
    """HTML forms group values by name; `order` (names and values as we sent them) restores what was said when."""
    rank = {line: index for index, line in enumerate(order[:8_000].splitlines())}
    return tuple(sorted(pairs, key=lambda pair: rank.get(f"{pair[0]}={pair[1]}", len(rank))))


def order_of(pairs: Pairs) -> str:
    return "\n".join(f"{name}={value}" for name, value in pairs if name != "text")


def hidden_of(pairs: Pairs, besides: Iterable[str] = ()) -> list[Pair]:
    """What a form must carry, without the fields that it shows."""
    shown = set(besides)
    return [*((name, value) for name, value in pairs if name not in shown), ("order", order_of(pairs))]


def first(pairs: Pairs, name: str) -> str:
    return next((value for key, value in pairs if key == name), "")


def every(pairs: Pairs, name: str) -> tuple[str, ...]:
    return tuple(value for key, value in pairs if key == name)


def adding(pairs: Pairs, name: str, value: str) -> Pairs:
    """Said now: replaces what the same field said before, unless the field takes several values. An answer undoes a refusal."""
    kept = tuple(
        pair
        for pair in pairs
        if pair != (name, value)
        and (name in MANY or pair[0] != name)
        and pair != ("declined", name.removeprefix(FACT))
        and not (name == "declined" and pair[0] == f"{FACT}{value}")
    )
    return (*kept, (name, value)) if is_known(name) and value else kept


def without(pairs: Pairs, name: str, value: str = "") -> Pairs:
    return tuple(pair for pair in pairs if pair[0] != name or (value and pair[1] != value))


def without_words(pairs: Pairs, words: str) -> Pairs:
    """Take what was typed for one understood thing out of the text."""
    text = first(pairs, "text")
    start = text.casefold().find(words.casefold()) if words else -1
    if start < 0:
        return pairs
    rest = " ".join((text[:start] + " " + text[start + len(words) :]).replace(" ,", ",").split()).strip(" ,;")
    return tuple(("text", rest) if name == "text" else (name, value) for name, value in pairs if name != "text" or rest)


FIELD_OF_KIND = {
    "need": "needs",
    "public": "publics",
    "language": "languages",
    "area": "area",
    "window": "window",
    "cost": "cost",
    "wheelchair": "wheelchair",
    "remote": "remote",
    "has_room": "has_room",
    "radius_km": "radius_km",
    "point": "point",
    "declined": "declined",
}
FIELDS_OF_FILTER = {  # code of a Relaxation -> our fields
    "needs": ("needs",),
    "languages": ("languages",),
    "window": ("window",),
    "near": ("radius_km",),
    "radius_km": ("radius_km",),
    "served": ("area",),
    "area": ("area",),
    "cost": ("cost",),
    "wheelchair": ("wheelchair",),
    "remote": ("remote",),
    "has_room": ("has_room",),
    "text": ("text",),
}


def removing(pairs: Pairs, kind: str, code: str, words: str) -> Pairs:
    """Take one chip away: the field, and the typed words that it was read from."""
    left = without_words(pairs, words)
    if kind == "fact":
        return without(left, f"{FACT}{code}")
    return without(left, FIELD_OF_KIND.get(kind, ""), code)


def relaxing(pairs: Pairs, code: str, words: str) -> Pairs:
    """Take a filter away, as a relaxation proposes."""
    left = without_words(pairs, words)
    if code.startswith("fact:"):
        return without(left, f"{FACT}{code.removeprefix('fact:')}")
    for name in FIELDS_OF_FILTER.get(code, ()):
        left = without(left, name)
    return left


def back(pairs: Pairs, words: Vocabulary) -> Pairs:
    """Before the last answer; from a need to the one above it."""
    for index in range(len(pairs) - 1, -1, -1):
        name, value = pairs[index]
        if name.startswith(ANSWERS):
            above = words.needs[value].parent if name == "needs" and value in words.needs else ""
            kept = (*pairs[:index], *pairs[index + 1 :])
            return (*kept, ("needs", above)) if above and ("needs", above) not in kept else kept
    return pairs


def after(pairs: Pairs, post: QueryDict, words: Vocabulary) -> Pairs:
    """Apply the button that was pressed: `do` is `verb|a|b|c`. An unknown verb changes nothing."""
    verb, a, b, c = ([*post.get("do", "")[:400].split("|"), "", "", ""])[:4]
    match verb:
        case "say":
            return adding(pairs, a, b)
        case "number":
            return adding(pairs, a, post.get("number", "").strip()[:20])
        case "pick":
            return adding(pairs, a, post.get("picked", "").strip()[:VALUE_LIMIT])
        case "remove":
            return removing(pairs, a, b, c)
        case "relax":
            return relaxing(pairs, a, b)
        case "back":
            return back(pairs, words)
    return pairs


def mapping(pairs: Pairs, words: Vocabulary) -> dict[str, object]:
    """What the engine is asked: of the needs walked through, only the deepest ones; skips of our screens stay with us."""
    asked: dict[str, object] = {}
    for name, value in pairs:
        if name in MANY:
            if name != "skip":
                asked[name] = [*asked.get(name, []), value]  # type: ignore[misc]
        else:
            asked[name] = value
    if needs := deepest(every(pairs, "needs"), words):
        asked["needs"] = list(needs)
    return asked


def deepest(needs: tuple[str, ...], words: Vocabulary) -> tuple[str, ...]:
    """Without those that stand above another one of the list."""
    above = {code for need in needs for code in words.lineage(need)[1:]}
    return tuple(need for need in needs if need not in above)
