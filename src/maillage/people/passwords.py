"""Words that everybody here would try first are no password, however often they are repeated (ASVS 5.0, 6.1.2 and 6.2.11)."""

from __future__ import annotations

import re
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from maillage.people.models import User
from maillage.territory.models import Territory

WORDS: Final = ("maillage", "password", "wachtwoord", "motdepasse", "demo", "test", "admin", "social")
LEAST_OWN: Final = 8  # letters and figures that remain when the known words are taken out


class KnownWordsValidator:
    """Refuses a password that is little else than the name of the software, of the territory, or a word for password."""

    def validate(self, password: str, user: User | None = None) -> None:
        rest = _plain(password)
        for word in sorted((*WORDS, *_names()), key=len, reverse=True):
            rest = rest.replace(word, " ")
        if len(set(rest) - {" "}) < LEAST_OWN / 2 or len(rest.replace(" ", "")) < LEAST_OWN:
            raise ValidationError(
                gettext("This password is made of words or letters that anyone would try first."), code="known_words"
            )

    def get_help_text(self) -> str:
        return gettext("A sentence that only you would write is a good password.")


def _names() -> set[str]:
    territory = Territory.objects.current()
    names = [territory.code, *map(str, territory.labels.values())] if territory else []
    return {word for name in names for word in re.findall(r"\w{4,}", name.casefold())}


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
