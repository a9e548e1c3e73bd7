"""Find somebody among the people whom some organisations help: by the beginning of their names, accents and order apart.

Names are compared here and not in the database: no two databases fold accents alike, and an organisation helps thousands, not millions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from rapidfuzz import fuzz

from maillage.methods.text import fold, tokens
from maillage.people.models import Person

ALIKE: Final = 80  # of 100: one slip in a name of five letters, or a name written as it is heard
LONG: Final = 4  # letters: a shorter word is like too many others
FEW: Final = 30


def people_of(organizations: Iterable[int], *, at: datetime, before: int = 0) -> list[Person]:
    """Those whom they help, the latest registered first; one more than a page, to know whether there are more."""
    found = Person.objects.of(organizations, at=at).order_by("-pk")
    return list((found.filter(pk__lt=before) if before else found)[: FEW + 1])


def find(organizations: Iterable[int], words: str, *, at: datetime) -> list[Person]:
    """Every word typed begins a word of their name or alias, or is nearly one; the exact ones first. Nothing typed: nobody."""
    asked = [fold(word) for word in tokens(words[:200])]
    if not asked:
        return []
    rows = Person.objects.of(organizations, at=at).values_list("pk", "alias", "given_name", "family_name")
    scores = ((_score(asked, [fold(word) for name in names for word in tokens(name)]), pk) for pk, *names in rows)
    best = sorted((score, pk) for score, pk in scores if score is not None)[:FEW]
    people = Person.objects.in_bulk([pk for _, pk in best])
    return [people[pk] for _, pk in best if pk in people]


def _score(asked: Sequence[str], known: Sequence[str]) -> int | None:
    """0: every word asked begins a known one; else how far the worst is; None when one is nowhere near."""
    worst = 0
    for word in asked:
        if any(one.startswith(word) for one in known):
            continue
        nearest = max((fuzz.ratio(word, one) for one in known), default=0.0)
        if nearest < ALIKE or len(word) < LONG:
            return None
        worst = max(worst, round(100 - nearest))
    return worst
