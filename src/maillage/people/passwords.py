"""What anyone would try first is no password, however long: our own names, rows of keys, runs, the same thing twice.

ASVS 5.0, 6.1.2, 6.2.4 and 6.2.11; NIST SP 800-63B-4, 3.1.1.2. Django's list of common passwords holds few as long as ours.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from maillage.people.models import User
from maillage.territory.models import Territory

WORDS: Final = (
    "maillage", "password", "wachtwoord", "motdepasse", "welcome", "welkom", "bienvenue", "demo", "test", "admin", "social",
    "qwertyuiop", "azertyuiop", "asdfghjkl", "qsdfghjklm", "zxcvbnm", "wxcvbn", "qwerty", "azerty",
)  # fmt: skip
LEAST_OWN: Final = 8  # letters and figures that remain when all of that is taken out
LEAST_DIFFERENT: Final = 4


class KnownWordsValidator:
    """Refuses a password of which little is left without the words and rows that everybody knows."""

    def validate(self, password: str, user: User | None = None) -> None:
        once = _once(re.sub(r"[\W_]+", "", password.casefold()))
        rest = once
        for word in sorted((*WORDS, *_names()), key=len, reverse=True):
            rest = rest.replace(word, "")
        rest = _without_runs(rest)
        if len(rest) < LEAST_OWN or len(set(rest)) < LEAST_DIFFERENT or _is_common(once):
            raise ValidationError(
                gettext("This password is made of words or rows of keys that anyone would try first."),
                code="known_words",
            )

    def get_help_text(self) -> str:
        return gettext("A sentence that only you would write is a good password.")


def _names() -> set[str]:
    territory = Territory.objects.current()
    names = [territory.code, *map(str, territory.labels.values())] if territory else []
    return {word for name in names for word in re.findall(r"\w{4,}", name.casefold())}


def _once(text: str) -> str:
    """A text that repeats itself, said once."""
    return text[: (text + text).find(text, 1)] if text else ""


def _without_runs(text: str) -> str:
    """Of "abcd", "4321" or "aaaa", the first sign: the others say nothing new."""
    kept = [sign for before, sign in pairwise(text) if abs(ord(sign) - ord(before)) > 1]
    return text[:1] + "".join(kept)


def _is_common(text: str) -> bool:
    try:
        CommonPasswordValidator().validate(text)
    except ValidationError:
        return True
    return False
