"""What a person is shown, or hears read aloud, before anything about them is sent: in their language, as exactly as it is sent.

The words are kept with the consent. Beyond the languages of the interface, a pack may give its own words (`places.messages`,
template "consent"): without them a person is not asked in a language in which nobody wrote the question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, ngettext

from maillage.orientation.rules import referrals as rules
from maillage.territory.models import Territory, label_in
from maillage.web.presenters.people import DETAILS
from maillage.web.presenters.vocabulary import Vocabulary

OWN: Final = "consent"  # the template of a pack: %(sender)s %(service)s %(what)s %(message)s %(days)s


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be agreed to. `what`: detail or criterion -> value. No `sender`: the person asks by themselves."""

    service: str
    sender: str
    what: Mapping[str, Any]
    message: str
    days: int


def languages(territory: Territory) -> list[tuple[str, str]]:
    """In which the question can be asked: those of the interface, and those that the pack wrote it in."""
    ours = list(settings.LANGUAGES)
    known = {code for code, _name in ours}
    names = {
        str(row.get("code")): label_in(row.get("labels") or {}, fallback=str(row.get("code")))
        for row in territory.content.get("spoken_languages") or ()
    }
    return [*ours, *((code, names.get(code, code)) for code in _pack(territory) if code not in known)]


def best(territory: Territory, wanted: Sequence[str]) -> str:
    """The first language of the person in which it can be asked; else that of the territory."""
    there = [code for code, _name in languages(territory)]
    return next((code for code in (*wanted, territory.default_language) if code in there), there[0])


def shown(asked: Asked, words: Vocabulary, language: str) -> str:
    """The very words, in `language`."""
    own = _pack(words.territory).get(language)
    with translation.override(language if own is None else words.territory.default_language):
        lines = "\n".join(f"– {line}" for line in _lines(asked.what, words, language))
        if own is not None:
            return own % {
                "sender": asked.sender, "service": asked.service, "what": lines, "message": asked.message, "days": asked.days,
            }  # fmt: skip
        return _ours(asked, lines)


def _ours(asked: Asked, lines: str) -> str:
    who = (
        gettext("%(sender)s wants to ask %(service)s to help you.")
        if asked.sender
        else gettext("You ask %(service)s for help.")
    )
    parts = [
        who % {"sender": asked.sender, "service": asked.service},
        f"{gettext('This is sent, and nothing else:')}\n{lines}",
        f"{gettext('With these words:')}\n“{asked.message}”" if asked.message else "",
        ngettext(
            "They have %(n)s day to answer. You read the answer too, and may take your request back at any time.",
            "They have %(n)s days to answer. You read the answer too, and may take your request back at any time.",
            asked.days,
        ) % {"n": asked.days},
        gettext("You may say no: the help that you get now stays the same."),
        gettext("Do you agree?"),
    ]  # fmt: skip
    return "\n\n".join(filter(None, parts))


def _lines(what: Mapping[str, Any], words: Vocabulary, language: str) -> list[str]:
    return [f"{name(code, words, language)}: {value(code, given, words, language)}" for code, given in what.items()]


def name(code: str, words: Vocabulary, language: str) -> str:
    """Of a detail or a criterion, in that language as far as the pack has it."""
    item = words.criteria.get(code)
    return label_in(item.labels, language, fallback=code) if item else str(DETAILS.get(code, code))


def value(code: str, given: Any, words: Vocabulary, language: str) -> str:
    if isinstance(given, list | tuple):
        return ", ".join(_language(str(one), words, language) for one in given)
    if isinstance(given, bool):
        return gettext("yes") if given else gettext("no")
    if isinstance(given, float) and given.is_integer():
        return str(int(given))
    if code == "language":
        return _language(str(given), words, language)
    item = words.criteria.get(code)
    for option in (item.data.get("options") or ()) if item else ():
        if str(option.get("code")) == str(given):
            return label_in(option.get("labels") or {}, language, fallback=str(given))
    return str(given)


def _language(code: str, words: Vocabulary, language: str) -> str:
    item = words.languages.get(code)
    return label_in(item.labels, language, fallback=code) if item else dict(settings.LANGUAGES).get(code, code)


def days_of(territory: Territory) -> int:
    return rules.days(territory.content)[1]


def _pack(territory: Territory) -> Mapping[str, str]:
    said = ((territory.content.get("places") or {}).get("messages") or {}).get(OWN) or {}
    return {str(code): text for code, text in said.items() if isinstance(text, str) and _fills(text)}


def _fills(text: str) -> bool:
    """A translation that asks for what there is not is none."""
    if "%(what)s" not in text or "%(message)s" not in text:
        return False
    try:
        return bool(text % {"sender": "", "service": "", "what": "", "message": "", "days": 1})
    except (KeyError, ValueError, TypeError):
        return False
