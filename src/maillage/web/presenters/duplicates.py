"""Two records beside each other, and why they may be one, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from maillage.directory.actions.duplicates import PLACES, is_empty
from maillage.web.presenters import difference
from maillage.web.presenters.vocabulary import Vocabulary

REASONS = {
    "same-organization": _("the same organisation offers both"),
    "similar-organization": _("the names of the organisations are alike (%(percent)s %%)"),
    "same-name": _("the same name"),
    "similar-name": _("the names are alike (%(percent)s %%)"),
    "same-phone": _("the same telephone number"),
    "same-page": _("the same web page"),
    "same-site": _("the same web site or the same e-mail address"),
    "same-email": _("the same e-mail address"),
    "same-enterprise-number": _("the same enterprise number"),
    "same-address": _("the same address"),
    "near": _("%(metres)s metres from each other"),
    "similar-description": _("the descriptions are alike (%(percent)s %%)"),
    "same-kind": _("the same kind of service"),
}
OF_A_PLACE = frozenset({"same-address", "near"})  # never said of a confidential place
VETOES = {
    "enterprise-number": _("The enterprise numbers are different: two organisations in the official register."),
}
LIKELY = ((0.9, _("Very probably the same")), (0.7, _("Probably the same")), (0.0, _("Perhaps the same")))


@dataclass(frozen=True, slots=True)
class Row:
    """One field of the two records. `kind`: differs, one-sided (only one says it), same."""

    label: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    kind: str
    language: str = ""


def likely(score: float) -> str:
    return str(next(label for least, label in LIKELY if score >= least))


def reasons(said: Iterable[Mapping[str, Any]], *, is_confidential: bool) -> list[str]:
    """In words. When one of the two is at a confidential place, nothing that is about places."""
    return [
        str(REASONS[one["code"]]) % {key: value for key, value in one.items() if key != "code"}
        if len(one) > 1
        else str(REASONS[one["code"]])
        for one in said
        if one["code"] in REASONS and not (is_confidential and one["code"] in OF_A_PLACE)
    ]


def vetoes(codes: Iterable[str]) -> list[str]:
    return [str(VETOES[code]) for code in codes if code in VETOES]


def rows(left: Mapping[str, Any], right: Mapping[str, Any], words: Vocabulary) -> list[Row]:
    """Every field that one of the two sheets says, what differs first."""
    found = []
    for name in dict.fromkeys([*left, *right]):
        mine, its = (
            () if is_empty(sheet.get(name)) else tuple(difference.items(name, sheet[name], words))
            for sheet in (left, right)
        )
        if mine or its:
            language = name.partition(":")[2]
            found.append(row(difference.label(name, words), mine, its, language))
    return found


def row(label: str, mine: tuple[str, ...], its: tuple[str, ...], language: str = "") -> Row:
    kind = "same" if mine == its else "differs" if mine and its else "one-sided"
    return Row(label, mine, its, kind, language)


def ordered(found: Iterable[Row]) -> list[Row]:
    """What differs, then what only one says, then what is the same; each in its order."""
    rank = {"differs": 0, "one-sided": 1, "same": 2}
    return sorted(found, key=lambda one: rank[one.kind])


def fills(fields: Mapping[str, Mapping[str, Any]], words: Vocabulary) -> list[tuple[str, str]]:
    """What the one that is kept would take over: (field, value)."""
    return [
        (gettext("Place"), gettext("the places of the other one"))
        if name == PLACES
        else (difference.label(name, words), "; ".join(difference.items(name, entry["new"], words)))
        for name, entry in fields.items()
    ]


def field_names(names: Iterable[str], words: Vocabulary) -> str:
    return ", ".join(gettext("Place") if name == PLACES else difference.label(name, words) for name in names)
