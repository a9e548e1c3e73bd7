"""What may be said of somebody who waits: why a clock pauses, why a request ends; and what is refused. Pure.

The sentences are English message ids: `gettext_noop` marks them for the catalogues, the page that shows one translates it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from maillage.people.rules import gettext_noop

# Why a clock pauses. None of them takes somebody off a list; silence is none of them.
DECLINED, HOSPITAL, PRISON, AWAY, ASKED = "declined", "hospital", "prison", "away", "asked"
PAUSES: Final[Mapping[str, str]] = {
    DECLINED: gettext_noop("declined a place that was offered"),
    HOSPITAL: gettext_noop("in hospital"),
    PRISON: gettext_noop("in prison"),
    AWAY: gettext_noop("away from the territory"),
    ASKED: gettext_noop("asked to wait"),
}

# Why a clock starts, goes on or stops without anybody's hand.
ASKED_FOR, PLACED, MISTAKE = "asked for", "placed", "mistake"
MOMENTS: Final[Mapping[str, str]] = {
    ASKED_FOR: gettext_noop("asked for a place"),
    PLACED: gettext_noop("has a place"),
    MISTAKE: gettext_noop("written by mistake"),
}

# Why a request ends without a place from this list. `not_reached` needs a worker: no clock and no job ends a request.
ENDS: Final[Mapping[str, str]] = {
    "found": gettext_noop("found a place elsewhere"),
    "no_longer": gettext_noop("no longer wants a place here"),
    "left": gettext_noop("left the territory"),
    "died": gettext_noop("died"),
    "twice": gettext_noop("was on the list twice"),
    "night_over": gettext_noop("the night is over"),
    "not_reached": gettext_noop("could not be reached, after several tries by somebody who knows them"),
    "mistake": gettext_noop("written by mistake"),
}

LONGEST_REASON: Final = 200
MOST_PEOPLE: Final = 20


class Refused(Exception):
    """What cannot be, as an English sentence to translate."""


class AlreadyWaiting(Refused):
    """They stand on this list already; one household, one request."""


class ConsentMissing(Refused):
    """A list that another organisation keeps reads nobody who did not agree."""


class WindowClosed(Refused):
    """Nobody registers for a draw before its window opens, nor after it closes."""


class Changed(Refused):
    """Somebody else did it in the meantime."""


def check_people(people: int) -> None:
    """A household of one or more, and of no more than a slip of the finger would make."""
    if not 1 <= people <= MOST_PEOPLE:
        raise Refused(gettext_noop("Say how many people need a place: from 1 to 20."))


def check_assessment(content: Mapping[str, Any], tier: str, reasons: Sequence[str]) -> None:
    """A tier of the rules, with reasons of that tier, at least one where the rules list some. Never a bare tier, never a score."""
    known = {one["code"]: {reason["code"] for reason in one.get("reasons", ())} for one in content.get("tiers", ())}
    if tier not in known:
        raise Refused(gettext_noop("This list has no such degree of urgency."))
    if set(reasons) - known[tier]:
        raise Refused(gettext_noop("These reasons do not belong to this degree of urgency."))
    if known[tier] and not reasons:
        raise Refused(gettext_noop("Say why: choose at least one reason."))


def check_evidence(content: Mapping[str, Any], code: str, text: str) -> None:
    """Evidence names a priority of the rules and says what was seen."""
    if code not in {one["code"] for one in content.get("absolute", ())}:
        raise Refused(gettext_noop("The rules of this list know no such priority."))
    if not text.strip():
        raise Refused(gettext_noop("Say what was seen: which paper, or who knows it."))


def check_pause(reason: str) -> None:
    if reason not in PAUSES:
        raise Refused(gettext_noop("Say why the clock pauses."))


def check_end(code: str) -> None:
    if code not in ENDS:
        raise Refused(gettext_noop("Say why the request ends."))
