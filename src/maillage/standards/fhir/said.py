"""What travels of one referral, and the words of FHIR for it. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from maillage.orientation.rules import referrals as rules

Resource = dict[str, Any]


class Refused(ValueError):
    """A bundle that is not taken in. The message is a sentence, an English message id; `values` fill it."""

    def __init__(self, sentence: str, **values: str) -> None:
        super().__init__(sentence)
        self.values = values


@dataclass(frozen=True, slots=True)
class Side:
    """An organisation: our identifier, its name, its numbers in official registers (scheme, number)."""

    uuid: str
    name: str
    numbers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Coded:
    code: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the person agreed to: when, until when, which facts beyond the minimum."""

    at: datetime
    until: datetime | None = None
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    at: datetime
    side: str
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """One referral. `what`: criterion or detail -> value. Facts that this territory has no criterion for stay in `notes` of nobody:
    they are left out. Lost on the way: lines of the timeline without words, who wrote them, links, the words shown to the person."""

    uuid: str
    state: str
    sent_at: datetime
    expires_at: datetime | None = None
    changed_at: datetime | None = None
    kind: str = "letter"
    is_urgent: bool = False
    need: Coded = Coded("")
    service: Coded = Coded("")  # its uuid and name
    sender: Side | None = None
    recipient: Side | None = None
    what: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    reason: Coded = Coded("")  # why it was refused
    outcome: str = ""
    outcome_reason: Coded = Coded("")
    agreed: Agreed | None = None
    notes: tuple[Note, ...] = ()


OURS: Final = (
    "urn:maillage:"  # systems of our codes: urn:maillage:state, ...:refusal, ...:outcome, ...:need, ...:criterion
)
URI: Final = "urn:ietf:rfc:3986"
GRAVITY: Final = "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes"
# our state -> Task.status, ServiceRequest.status (hl7.org/fhir/R4/valueset-task-status.html, valueset-request-status.html)
STATUS: Final[Mapping[str, tuple[str, str]]] = {
    rules.SENT: ("requested", "active"), rules.ACKNOWLEDGED: ("received", "active"), rules.ACCEPTED: ("accepted", "active"),
    rules.WAITLISTED: ("on-hold", "active"), rules.REFUSED: ("rejected", "revoked"), rules.EXPIRED: ("failed", "revoked"),
    rules.WITHDRAWN: ("cancelled", "revoked"), rules.STARTED: ("in-progress", "active"), rules.CLOSED: ("completed", "completed"),
}  # fmt: skip
# Task.status -> our state, when no businessStatus of ours says more. "draft" and "entered-in-error" are no referral.
STATE: Final[Mapping[str, str]] = {task: state for state, (task, _request) in STATUS.items()} | {
    "ready": rules.ACCEPTED
}
GENDERS: Final[Mapping[str, str]] = {"woman": "female", "man": "male", "other": "other"}
# details that are elements of Patient; every other fact is an input of the Task
IN_PATIENT: Final = frozenset(rules.DETAILS)


def gravity_code(reason: str) -> str:
    """The code of Gravity for this refusal; "" when the reason is another."""
    known = rules.REFUSALS.get(reason)
    return known.source.rpartition(": ")[2] if known and known.source.startswith(rules.GRAVITY) else ""
