"""A referral in words: for who sends it, for who receives it, and for the person it is about. One timeline, read by the three."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from maillage.directory.search.types import Card
from maillage.orientation import referring
from maillage.orientation.models import Referral, ReferralEvent
from maillage.orientation.rules import referrals as rules
from maillage.web.presenters import consent
from maillage.web.presenters import words as say
from maillage.web.presenters.people import clock, day
from maillage.web.presenters.vocabulary import Vocabulary

State = Referral.State
KINDS: Final[Mapping[str, str]] = {
    State.ACCEPTED: "fits", State.STARTED: "fits", State.WAITLISTED: "verify", State.SENT: "verify",
    State.ACKNOWLEDGED: "verify", State.REFUSED: "no", State.EXPIRED: "no", State.WITHDRAWN: "no", State.CLOSED: "",
}  # fmt: skip
CALLED: Final = "called"
SOON: Final = timedelta(days=7)
# what a line of the timeline that changes no state says
CODES: Final[Mapping[str, Promise]] = {
    "reminded": _("The service was asked once more."),
    "relinked": _("A new link was sent to the service."),
    "relinked-person": _("A new link was made for the person."),
    "warm": _("They spoke or stood together: it is received."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a box. `kind`: the colour of its state."""

    uuid: str
    pk: int
    title: str
    note: str
    state: str
    kind: str
    deadline: str
    is_urgent: bool
    is_late: bool


@dataclass(frozen=True, slots=True)
class Carry:
    """A detail or a fact that a letter carries, or may carry. `is_fixed`: no letter without it."""

    code: str
    label: str
    value: str
    is_chosen: bool = True
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline. `who` is a side; the desk also reads the name of a colleague."""

    at: str
    title: str
    who: str
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Choice:
    code: str
    label: str
    is_chosen: bool


def rows(
    found: Iterable[Referral], words: Vocabulary, *, at: datetime, box: str = "of",
    cards: Mapping[UUID, tuple[Card, ...]] | None = None,
) -> list[Row]:  # fmt: skip
    """`box`: "in" and "out" begin with who it is about, "of" (a person's own page) with where they were sent."""
    return [row(one, words, at=at, box=box, cards=cards or {}) for one in found]


def row(one: Referral, words: Vocabulary, *, at: datetime, box: str, cards: Mapping[UUID, tuple[Card, ...]]) -> Row:
    service, need = service_name(one, words, cards), need_name(one, words)
    from_whom = one.sender.name if one.sender else str(Referral.Kind(one.kind).label)
    sent = gettext("sent on %(date)s") % {"date": day(one.sent_at)}
    title, note = {
        "in": (called(one), (need, from_whom, sent)),
        "out": (called(one), (service, sent)),
        "of": (service, (need, sent)),
    }[box]
    waits = one.state in rules.UNANSWERED
    return Row(
        str(one.uuid), one.pk, title, " · ".join(filter(None, note)), str(one.get_state_display()), KINDS.get(one.state, ""),
        deadline(one, at=at) if waits else "", one.is_urgent and waits,
        waits and (one.reminded_at is not None or one.expires_at - at < SOON),
    )  # fmt: skip


def called(one: Referral) -> str:
    """As the letter names them: who receives it knows no more than it says. Nothing once it has ended, or the leave was taken back."""
    return str(referring.carries(one).get(CALLED) or gettext("Somebody"))


def need_name(one: Referral, words: Vocabulary) -> str:
    return words.need_name(one.need.code) if one.need else ""


def service_name(one: Referral, words: Vocabulary, cards: Mapping[UUID, tuple[Card, ...]]) -> str:
    if one.service is None:
        return gettext("This service has left the directory.")
    found = cards.get(one.service.uuid, ())
    return say.said(found[0], "name", words).text if found else one.service.name


def deadline(one: Referral, *, at: datetime) -> str:
    if one.expires_at <= at:
        return gettext("the time to answer is over")
    left = timesince(at, one.expires_at).split(",")[0]
    return gettext("to answer before %(date)s (%(left)s left)") % {"date": day(one.expires_at), "left": left}


def carried(what: Mapping[str, Any], words: Vocabulary, chosen: Collection[str]) -> list[Carry]:
    """What may travel: each with what it says, whether it was chosen."""
    return [
        Carry(code, label(code, words), value(code, given, words), code in chosen or code == CALLED, code == CALLED)
        for code, given in what.items()
    ]


def label(code: str, words: Vocabulary) -> str:
    return consent.name(code, words, say.reader())


def value(code: str, given: Any, words: Vocabulary) -> str:
    return consent.value(code, given, words, say.reader())


def timeline(events: Iterable[ReferralEvent], *, names: bool = False) -> list[Moment]:
    """`names`: for the desk, who of one's own side wrote it; a link and a person read the side alone."""
    found = []
    for event in events:
        who = str(event.get_side_display())
        if names and event.by:
            who = f"{who} ({event.by})"
        title = str(event.get_state_display()) if event.state else str(CODES.get(event.code, gettext("a word")))
        text = "\n".join(filter(None, (reason(event), event.text)))
        found.append(Moment(clock(event.at), title, who, text, KINDS.get(event.state, "word")))
    return found


def reason(event: ReferralEvent) -> str:
    """The sentence of its code."""
    if event.code in CODES:
        return str(CODES[event.code]) if event.state else ""
    table = rules.OUTCOMES if event.state == State.CLOSED else rules.REFUSALS
    return gettext(table[event.code].label) if event.code in table else ""


def refusals(chosen: str) -> list[Choice]:
    return reasons(rules.REFUSALS, chosen)


def outcomes(chosen: str) -> list[Choice]:
    return reasons(rules.OUTCOMES, chosen)


def reasons(table: Mapping[str, rules.Reason], chosen: str) -> list[Choice]:
    return [Choice(one.code, gettext(one.label), one.code == chosen) for one in table.values()]


def may(one: Referral, side: str, *, at: datetime) -> frozenset[str]:
    """What this side may say now: the buttons of its page."""
    if one.state in rules.UNANSWERED and at >= one.expires_at:
        return frozenset()
    return frozenset(new for new in rules.REFERRAL_NEXT[one.state] if side in rules.MAY[new])


def now(one: Referral, *, at: datetime) -> str:
    """How it stands, to the person, in one sentence that names nobody."""
    until = day(one.expires_at)
    said = {
        State.SENT: gettext("Your request was sent. They have until %(date)s to answer.") % {"date": until},
        State.ACKNOWLEDGED: gettext("Your request has arrived. They answer before %(date)s.") % {"date": until},
        State.ACCEPTED: gettext("Your request is accepted."),
        State.WAITLISTED: gettext("You are on their waiting list."),
        State.REFUSED: gettext("They cannot take your request."),
        State.EXPIRED: gettext("Nobody answered in time. That is not your fault."),
        State.WITHDRAWN: gettext("Your request was taken back."),
        State.STARTED: gettext("The help has begun."),
        State.CLOSED: gettext("The help has ended."),
    }
    is_late = one.state in rules.UNANSWERED and at >= one.expires_at
    return said[State.EXPIRED] if is_late else said[State(one.state)]
