"""Decisions about a referral: what may become of it, who says so, why it is refused, what it carries. Values in, values out.

Sentences are English message ids: `gettext_noop` marks them, the page that shows one translates it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from maillage.people.rules import NotAllowed, gettext_noop

SENT, ACKNOWLEDGED, ACCEPTED, WAITLISTED, REFUSED, EXPIRED, WITHDRAWN, STARTED, CLOSED = (
    "sent", "acknowledged", "accepted", "waitlisted", "refused", "expired", "withdrawn", "started", "closed",
)  # fmt: skip
# What may become of a referral (Referral.State). One that ended is never opened again: another one is sent.
REFERRAL_NEXT: Final[Mapping[str, frozenset[str]]] = {
    SENT: frozenset({ACKNOWLEDGED, ACCEPTED, WAITLISTED, REFUSED, EXPIRED, WITHDRAWN}),
    ACKNOWLEDGED: frozenset({ACCEPTED, WAITLISTED, REFUSED, EXPIRED, WITHDRAWN}),
    WAITLISTED: frozenset({ACCEPTED, REFUSED, WITHDRAWN, STARTED}),
    ACCEPTED: frozenset({STARTED, CLOSED, WITHDRAWN}),
    STARTED: frozenset({CLOSED}),
    REFUSED: frozenset(),
    EXPIRED: frozenset(),
    WITHDRAWN: frozenset(),
    CLOSED: frozenset(),
}
UNANSWERED: Final = frozenset({SENT, ACKNOWLEDGED})
OPEN: Final = frozenset(state for state, following in REFERRAL_NEXT.items() if following)

SENDER, RECIPIENT, PERSON, CLOCK = "sender", "recipient", "person", "clock"
# who may make it become so: a hand-over in person is received the moment it is sent; whoever walked along says that help began
MAY: Final[Mapping[str, frozenset[str]]] = {
    ACKNOWLEDGED: frozenset({RECIPIENT}),
    ACCEPTED: frozenset({RECIPIENT}),
    WAITLISTED: frozenset({RECIPIENT}),
    REFUSED: frozenset({RECIPIENT}),
    WITHDRAWN: frozenset({SENDER, PERSON}),
    STARTED: frozenset({RECIPIENT, SENDER}),
    CLOSED: frozenset({RECIPIENT, SENDER}),
    EXPIRED: frozenset({CLOCK}),
}

MET, PARTLY, NOT = "met", "partly", "not"

REMIND_DAYS: Final = 10  # when the pack does not say: the recipient is asked once more
EXPIRE_DAYS: Final = 30  # and then nobody waits for the answer any longer
LINK_DAYS: Final = 90  # after an answer, how long a recipient without an account may still say what came of it
AFTERWARDS_DAYS: Final = 30  # how long the person still reads the timeline of one that ended
KEPT_DAYS: Final = 365  # how long what was sent is kept after the end; the states and codes stay
# lines of the timeline that change no state
LINES: Final[Mapping[str, str]] = {
    "warm": gettext_noop("handed over in person"),
    "reminded": gettext_noop("the recipient was asked once more"),
    "relinked": gettext_noop("another link was sent to the recipient"),
    "relinked-person": gettext_noop("another link was made for the person"),
}
LONGEST: Final = 2000  # characters of a message or a remark


@dataclass(frozen=True, slots=True)
class Reason:
    """A coded reason. `source`: who uses it, under which code. `about`: whose reason it is: the service, its conditions, the
    person, or the sending. `needs_text`: the code alone says nothing."""

    code: str
    label: str
    source: str
    about: str
    needs_text: bool = False


DORA: Final = "Dora (gip-inclusion/dora, front/src/lib/utils/orientation-templates.ts): "
GRAVITY: Final = (
    "Gravity SDOH Clinical Care 3.0.0 (hl7.org/fhir/us/sdoh-clinicalcare, SDOHCC-CodeSystemTemporaryCodes): "
)
# Dora's eleven, and what Gravity says of capacity and of enrolment, as reasons to refuse
REFUSALS: Final[Mapping[str, Reason]] = {
    reason.code: reason
    for reason in (
        Reason("full", gettext_noop("This session or service is full"), DORA + "session-complète", "service"),
        Reason("no-capacity", gettext_noop("No capacity, and no waiting list"), GRAVITY + "no-capacity", "service"),
        Reason("waitlist-closed", gettext_noop("No capacity: the waiting list takes nobody more"), GRAVITY + "waitlist", "service"),
        Reason("not-eligible", gettext_noop("Does not meet the conditions of the service"), DORA + "bénéficiaire-non-éligible", "rules"),
        Reason("not-enrolled", gettext_noop("Not enrolled in the programme that this takes"), GRAVITY + "not-enrolled", "rules"),
        Reason("already-waiting", gettext_noop("Already on the waiting list of this programme"), GRAVITY + "not-enrolled-on-waitlist", "rules"),
        Reason("unreachable", gettext_noop("The person could not be reached"), DORA + "bénéficiaire-non-joignable", "person"),
        Reason("absent", gettext_noop("The person did not come to the appointment"), DORA + "bénéficiaire-absent", "person"),
        Reason("in-work", gettext_noop("The person is in work and not available"), DORA + "bénéficiaire-en-emploi", "person"),
        Reason("in-training", gettext_noop("The person is in training and not available"), DORA + "bénéficiaire-en-formation", "person"),
        Reason("not-mobile", gettext_noop("The person cannot get there"), DORA + "bénéficiaire-non-mobile", "person"),
        Reason("not-interested", gettext_noop("The person does not want it"), DORA + "bénéficiaire-non-intéressé", "person"),
        Reason("obstacles", gettext_noop("Something else stands in the way"), DORA + "freins-périphériques", "person", True),
        Reason("duplicate", gettext_noop("This person was referred here already"), DORA + "orientation-en-doublon", "sending"),
        Reason("other", gettext_noop("Another reason"), DORA + "autre", "service", True),
    )
}  # fmt: skip
# Why a need is met in part or not, when it ends. A third of those whom a help line had sent got help; the others met "no funds"
# or "not eligible" (references of the directory): both have their code. We drafted the list.
OUTCOMES: Final[Mapping[str, Reason]] = {
    reason.code: reason
    for reason in (
        Reason("no-funds", gettext_noop("No funds left"), "assume", "service"),
        Reason("not-eligible", gettext_noop("Not eligible after all"), "assume", "rules"),
        Reason("no-place", gettext_noop("No place became free"), "assume", "service"),
        Reason("waited-too-long", gettext_noop("It took too long"), "assume", "service"),
        Reason("partial-help", gettext_noop("Only a part of it is offered here"), "assume", "service"),
        Reason("did-not-come", gettext_noop("The person did not come, or came no longer"), "assume", "person"),
        Reason("unreachable", gettext_noop("The person could not be reached"), "assume", "person"),
        Reason("found-elsewhere", gettext_noop("Found elsewhere"), "assume", "person"),
        Reason("other", gettext_noop("Another reason"), "assume", "service", True),
    )
}
# Closed as not met for one of these, the need is still there: whose reason it is, is the service's or its conditions'. Somebody who
# could not be reached, or found help elsewhere, is not counted as one whom the offer missed.
STILL_UNMET: Final = frozenset(code for code, reason in OUTCOMES.items() if reason.about != "person")


class NotPossible(ValueError):
    """What is asked of this referral cannot be done now. The message is a sentence, an English message id."""


class ConsentMissing(ValueError):
    """The person did not agree to this being sent, or not in these words. The message is a sentence, an English message id."""


def check_can_become(old: str, new: str, *, side: str, at: datetime, expires_at: datetime) -> None:
    """From `old` to `new`, said by this side, now. A deadline counts from its very moment, whether the clock came by or not."""
    if side not in MAY[new]:
        raise NotAllowed(gettext_noop("This is for the other side to say."))
    if new not in REFERRAL_NEXT[old]:
        raise NotPossible(ENDED[old] if old in ENDED else gettext_noop("This cannot be said of the referral now."))
    if new != EXPIRED and old in UNANSWERED and at >= expires_at:
        raise NotPossible(ENDED[EXPIRED])


ENDED: Final[Mapping[str, str]] = {
    REFUSED: gettext_noop("This referral was refused. To ask again, send another one."),
    EXPIRED: gettext_noop("This referral has expired without an answer. To ask again, send another one."),
    WITHDRAWN: gettext_noop("This referral was taken back."),
    CLOSED: gettext_noop("This referral has ended."),
}


def check_reason(code: str, text: str, reasons: Mapping[str, Reason] = REFUSALS) -> None:
    """One of ours, with words where the code says nothing."""
    if code not in reasons:
        raise NotPossible(gettext_noop("Choose why: the reason tells those who plan what is missing."))
    if reasons[code].needs_text and not text.strip():
        raise NotPossible(gettext_noop("Say in a few words what the reason is."))


def check_outcome(outcome: str, code: str, text: str) -> None:
    """Met needs no reason; partly and not have one."""
    if outcome not in {MET, PARTLY, NOT}:
        raise NotPossible(gettext_noop("Say whether the need is met, partly met, or not met."))
    if outcome != MET or code:
        check_reason(code, text, OUTCOMES)


def days(content: Mapping[str, Any]) -> tuple[int, int]:
    """After how many days a referral without an answer is reminded of, and expires: what the pack says, else 10 and 30.

    `content`: of the territory. An expiry comes after the reminder, whatever was written.
    """
    said = (content.get("places") or {}).get("referral") or {}
    remind, expire = (
        _days(said.get(key), usual) for key, usual in (("remind_days", REMIND_DAYS), ("expire_days", EXPIRE_DAYS))
    )
    return remind, max(expire, remind + 1)


def _days(said: object, usual: int) -> int:
    return said if isinstance(said, int) and not isinstance(said, bool) and 1 <= said <= 730 else usual


def link_ends_at(state: str, *, expires_at: datetime, answered_at: datetime | None) -> datetime | None:
    """Until when a recipient without an account opens their link; None: not at all any more."""
    if state in UNANSWERED:
        return expires_at
    if state in OPEN and answered_at is not None:
        return answered_at + timedelta(days=LINK_DAYS)
    return None


# ---- what it carries

ALWAYS: Final = ("called", "language", "spoken")  # how to call them, and in which languages
DETAILS: Final = ("called", "language", "spoken", "gender", "birth_year", "born_on", "phone", "email")


@dataclass(frozen=True, slots=True)
class Carried:
    """`minimum`: what the recipient needs to judge and to answer. `beyond`: what is known besides; each needs the person's leave
    by name. `missing`: criteria that the recipient judges by and that nobody knows. Detail or criterion -> value."""

    minimum: Mapping[str, Any]
    beyond: Mapping[str, Any]
    missing: tuple[str, ...]


def needed(judged: Sequence[str]) -> tuple[str, ...]:
    """By which facts and details these criteria are judged: an age is said by the year of birth too."""
    return (*judged, "birth_year") if "age" in judged else tuple(judged)


def carried(
    details: Mapping[str, Any], facts: Mapping[str, Any], judged: Sequence[str], *, sensitive: Collection[str]
) -> Carried:
    """What to send to a recipient who judges by the criteria `judged`.

    A criterion that the pack calls sensitive (special categories of GDPR article 9) is never part of the minimum: the recipient
    may need it, but only the person gives it.
    """
    known = {**{name: details[name] for name in DETAILS if details.get(name)}, **facts}
    by = {*ALWAYS, *(name for name in needed(judged) if name not in sensitive)}
    return Carried(
        {name: value for name, value in known.items() if name in by},
        {name: value for name, value in known.items() if name not in by},
        tuple(name for name in judged if not _is_known(name, known)),
    )


def _is_known(criterion: str, known: Mapping[str, Any]) -> bool:
    """A fact or the record says it; an age is said by a year of birth too."""
    return criterion in known or (criterion == "age" and bool({"birth_year", "born_on"} & known.keys()))


def check_can_carry(what: Mapping[str, Any], minimum: Collection[str], agreed: Collection[str]) -> None:
    """Nothing beyond the minimum travels unless the person agreed to it by name."""
    if not what.keys() <= {*minimum, *agreed}:
        raise ConsentMissing(gettext_noop("The person did not agree to send all of this: ask them, or leave it out."))


def check_was_shown(message: str, shown: str) -> None:
    """The very words of the message stand in what the person was shown."""
    if " ".join(message.split()) not in " ".join(shown.split()):
        raise ConsentMissing(gettext_noop("The person was shown another message than this one: show it to them first."))


def public_of(facts: Mapping[str, Any], publics: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """The public that says most of these facts: all of what it stands for is known to hold. "" when none does."""
    held = [
        (len(said), code)
        for code, said in publics
        if said and all(facts.get(name) == value for name, value in said.items())
    ]
    return min(held, key=lambda one: (-one[0], one[1]))[1] if held else ""
