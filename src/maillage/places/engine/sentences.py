"""Certificates in words: why a household got nothing, without a word about anybody else unless they are many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from maillage.places.models import AllocationLine
from maillage.territory.models import label_in

# why a group of places is none for a household; "apart" and "gone" are never told as such
AGAINST: Final[Mapping[str, Promise]] = {
    "public": _("for another public"),
    "gender": _("for another gender"),
    "age": _("for another age"),
    "care": _("less care than they need"),
    "wheelchair": _("not accessible with a wheelchair"),
    "rule": _("excluded by a rule of the house"),
    "declined": _("declined before, or not answered in time"),
    "housed": _("not for somebody who has a bed already"),
    "alike": _("the room has people of another gender"),
}
OTHERWISE: Final = _("excluded by a rule of the house")


def sentence(line: AllocationLine) -> str:
    """What the line says, for those who keep the list and for the person. Needs `line.run.rules`."""
    said = line.certificate
    if line.outcome == AllocationLine.Outcome.PLACED:
        return _placed(said)
    if line.outcome == AllocationLine.Outcome.NO_OPTION:
        return _none(said.get("against", {}))
    return " ".join(part for part in _parts(said, line.run.rules.content) if part)


def _placed(said: Mapping[str, Any]) -> str:
    if said.get("verify"):
        return gettext("A place is proposed. Something that the house asks for is not known yet: ask before they come.")
    return gettext("A place is proposed.")


def _none(against: Mapping[str, int]) -> str:
    if not against:
        return gettext("No place of this list is for this household.")
    told: dict[str, int] = {}
    for cause, n in against.items():
        word = str(AGAINST.get(cause, OTHERWISE))
        told[word] = told.get(word, 0) + n
    why = "; ".join(f"{word} ({n})" for word, n in told.items())
    return gettext("No place of this list is for this household. Groups of places, by reason: %(why)s.") % {"why": why}


def _parts(said: Mapping[str, Any], rules: Mapping[str, Any]) -> list[str]:
    return [_full(said), _chain(said), _last(said, rules), *_restrictions(said)]


def _full(said: Mapping[str, Any]) -> str:
    n = said["places"]
    if not n:
        return gettext("None of the places that this household could occupy is free now.")
    if "reach" not in said:
        return ""
    return ngettext(
        "The only free place that this household could occupy went to somebody before them.",
        "All %(n)d free places that this household could occupy went to people before them.",
        n,
    ) % {"n": n}


def _chain(said: Mapping[str, Any]) -> str:
    chain = said.get("chain", 0)
    if chain <= said["places"]:
        return ""
    return gettext("Moving others would not have helped: that leads to %(n)d places in all, each taken by people before them.") % {
        "n": chain
    }  # fmt: skip


def _last(said: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    """Only of a set of many: one household in few would be somebody."""
    last = said.get("last")
    if not last:
        return ""
    tiers = {
        tier["code"]: label_in(tier.get("labels") or {}, fallback=tier["code"]) for tier in rules.get("tiers") or ()
    }
    tier = tiers.get(last["tier"], last["tier"])
    keys = rules.get("order") or ("waited",)
    if "lot" in keys:
        return gettext("The last of them had rank %(rank)d of the draw, degree of urgency “%(tier)s”.") % {
            "rank": last["rank"], "tier": tier,
        }  # fmt: skip
    return ngettext(
        "The last of them had the degree of urgency “%(tier)s” and had waited one day.",
        "The last of them had the degree of urgency “%(tier)s” and had waited %(n)d days.",
        last["days"],
    ) % {"n": last["days"], "tier": tier}


def _restrictions(said: Mapping[str, Any]) -> list[str]:
    """What else stood in the way; that somebody is kept apart from them is told like any other rule."""
    barred = said.get("barred", {})
    found = []
    if "alike" in barred:
        found.append(gettext("Rooms of one gender had people of another gender, placed before them."))
    if "quota" in barred:
        found.append(gettext("A house had given all the places that it keeps for people like them."))
    if "apart" in barred or "apart" in said.get("against", {}):
        found.append(gettext("The rules of the houses left out some places."))
    if "together" in said:
        found.append(
            gettext("They need several places together: nowhere could so many be freed without taking one from people before them.")
        )  # fmt: skip
    return found
