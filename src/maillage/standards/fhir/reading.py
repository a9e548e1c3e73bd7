"""One referral in, from a FHIR R4 Bundle of a stranger. Pure. A bundle that is hostile, broken or unclear is refused with a sentence.

Nothing is fetched: what the bundle refers to is in it, or does not exist. Texts lose control characters and what is too long.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from maillage.methods.text import typed
from maillage.orientation.rules import referrals as rules
from maillage.people.rules import gettext_noop
from maillage.standards.fhir.said import (
    GENDERS,
    GRAVITY,
    OURS,
    STATE,
    URI,
    Agreed,
    Coded,
    Note,
    Refused,
    Resource,
    Said,
    Side,
    gravity_code,
)

MOST_BYTES: Final = 200_000
MOST_ENTRIES: Final = 100
USED: Final = ("Task", "ServiceRequest", "Patient", "Consent", "Organization", "HealthcareService")
NOT_JSON: Final = gettext_noop("This file is not a FHIR document in JSON.")
UNCLEAR: Final = gettext_noop("%(where)s is missing, or is not as FHIR R4 says.")


def from_bundle(data: bytes) -> Said:
    """What the bundle says of its one referral. Raises Refused, and nothing else, whatever the bytes."""
    try:
        return _said(_Bundle(_resources(data)))
    except Refused:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, OverflowError):
        raise Refused(UNCLEAR, where="Bundle") from None


# ---- the document


def _resources(data: bytes) -> dict[str, list[tuple[str, Resource]]]:
    """resource type -> (full address, resource), of the types that we use, each checked by the model library."""
    if len(data) > MOST_BYTES:
        raise Refused(gettext_noop("This file is too large for one referral."))
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_constant=_never)
    except (ValueError, RecursionError):
        raise Refused(NOT_JSON) from None
    if not isinstance(found, dict) or found.get("resourceType") != "Bundle" or not isinstance(found.get("entry"), list):
        raise Refused(gettext_noop("This is not a FHIR Bundle: a referral comes as one, with all that it refers to."))
    if len(found["entry"]) > MOST_ENTRIES:
        raise Refused(gettext_noop("This file is too large for one referral."))
    if "implicitRules" in found:
        raise Refused(MODIFIED)
    kinds: dict[str, list[tuple[str, Resource]]] = {kind: [] for kind in USED}
    for entry in found["entry"]:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") in kinds:
            _check(resource)
            kinds[resource["resourceType"]].append((str(entry.get("fullUrl") or ""), resource))
    return kinds


MODIFIED: Final = gettext_noop(
    "This document uses rules or modifiers that we do not know: reading it could say the opposite."
)


def _never(constant: str) -> None:
    raise ValueError(constant)


def _check(resource: Resource) -> None:
    """As the models of the library say; the first fault is named by its place, never by its content."""
    from fhir.resources.R4B import get_fhir_model_class  # half a second of models, for those who need them
    from pydantic import ValidationError

    kind = resource["resourceType"]
    if _modified(resource):
        raise Refused(MODIFIED)
    try:
        get_fhir_model_class(kind).model_validate(resource)
    except ValidationError as faults:
        place = ".".join(
            str(part) for part in faults.errors(include_input=False)[0]["loc"] if not isinstance(part, int)
        )
        raise Refused(UNCLEAR, where=f"{kind}.{place}"[:80].rstrip(".")) from None
    except Exception:  # noqa: BLE001  # a type or a shape that the library itself stumbles over
        raise Refused(UNCLEAR, where=kind) from None


def _modified(value: Any) -> bool:
    """Rules of FHIR R4, 2.1.5: what carries an unknown modifier must not be read as if it were not there."""
    if isinstance(value, dict):
        return bool(value.get("modifierExtension") or value.get("implicitRules")) or any(map(_modified, value.values()))
    return isinstance(value, list) and any(map(_modified, value))


class _Bundle:
    """The resources, and what they refer to in the bundle itself."""

    def __init__(self, kinds: dict[str, list[tuple[str, Resource]]]) -> None:
        self.kinds = kinds
        self.by_address: dict[str, Resource] = {}
        for kind, rows in kinds.items():
            for address, resource in rows:
                for name in (address, f"{kind}/{resource.get('id')}"):
                    self.by_address.setdefault(name, resource)

    def one(self, kind: str) -> Resource:
        if len(self.kinds[kind]) != 1:
            raise Refused(gettext_noop("A referral has one %(kind)s: this document has none, or several."), kind=kind)
        return self.kinds[kind][0][1]

    def to(self, reference: Any, kind: str) -> Resource | None:
        """What is referred to, when it is in the bundle and of this kind."""
        name = reference.get("reference") if isinstance(reference, dict) else None
        found = self.by_address.get(name or "")
        return found if found is not None and found["resourceType"] == kind else None


# ---- what it says


def _said(bundle: _Bundle) -> Said:
    task, request = bundle.one("Task"), bundle.one("ServiceRequest")
    if bundle.to(task.get("focus"), "ServiceRequest") is not request:
        raise Refused(UNCLEAR, where="Task.focus")
    if request.get("doNotPerform"):
        raise Refused(gettext_noop("This document asks that something is not done: it is no referral."))
    patient = bundle.to(request.get("subject"), "Patient")
    if patient is None or bundle.to(task.get("for"), "Patient") is not patient:
        raise Refused(UNCLEAR, where="ServiceRequest.subject")
    sender = _side(bundle.to(request.get("requester"), "Organization"))
    is_self = bundle.to(request.get("requester"), "Patient") is patient
    performers = request.get("performer") or []
    service = next((found for one in performers if (found := bundle.to(one, "HealthcareService"))), None)
    recipient = bundle.to(task.get("owner"), "Organization")
    recipient = recipient or next((found for one in performers if (found := bundle.to(one, "Organization"))), None)
    state = _state(task)
    return Said(
        uuid=_uuid(task, request), state=state, sent_at=_moment(request.get("authoredOn") or task.get("authoredOn"), "ServiceRequest.authoredOn"),
        expires_at=_maybe(((task.get("restriction") or {}).get("period") or {}).get("end")), changed_at=_maybe(task.get("lastModified")),
        kind="self" if is_self else _code(request.get("orderDetail"), "kind") or "letter", is_urgent=_urgent(task, request),
        need=_coded(request.get("code"), "need"), service=Coded(_id(service), _text(service, "name", 400)), sender=sender,
        recipient=_side(recipient), what=_what(patient, task), message="\n".join(_notes(request)),
        reason=_reason(task) if state == rules.REFUSED else Coded(""), outcome=_output(task, "outcome", "outcome").code,
        outcome_reason=_output(task, "reason", "outcome-reason"), agreed=_agreed(bundle, request, patient), notes=_lines(task),
    )  # fmt: skip


def _uuid(task: Resource, request: Resource) -> str:
    """The identifier that both systems keep: a UUID when it is one, else one made of whatever it is."""
    for one in (*(request.get("identifier") or ()), *(task.get("identifier") or ())):
        value = str(one.get("value") or "")
        if one.get("system") == URI and value.startswith("urn:uuid:"):
            return str(UUID(value.removeprefix("urn:uuid:")))
        if value:
            return str(uuid5(NAMESPACE_URL, f"{one.get('system')}|{value}"))
    raise Refused(UNCLEAR, where="ServiceRequest.identifier")


def _state(task: Resource) -> str:
    said = STATE.get(task["status"])
    if said is None:
        raise Refused(gettext_noop("This referral is a draft, or was entered in error: it is not taken in."))
    ours = _code(task.get("businessStatus"), "state")
    return ours if ours in rules.REFERRAL_NEXT and STATE.get(task["status"]) == ours else said


def _reason(task: Resource) -> Coded:
    """Ours, else what Gravity says, else another reason in the words that came with it."""
    said = task.get("statusReason") or {}
    ours = _code(said, "refusal")
    gravity = {code for one in said.get("coding") or () if one.get("system") == GRAVITY and (code := one.get("code"))}
    known = (
        ours if ours in rules.REFUSALS else next((code for code in rules.REFUSALS if gravity_code(code) in gravity), "")
    )
    words = typed(
        str(
            said.get("text") or next((one.get("display") for one in said.get("coding") or () if one.get("display")), "")
        ),
        400,
    )
    return Coded(known or "other", words)


def _what(patient: Resource, task: Resource) -> dict[str, Any]:
    called = next((name for one in patient.get("name") or () if (name := _called(one))), "")
    found: dict[str, Any] = {"called": called} if called else {}
    talks = [
        (_code(one.get("language"), "urn:ietf:bcp:47"), bool(one.get("preferred")))
        for one in patient.get("communication") or ()
    ]
    spoken = [code[:8] for code, _is in talks if code]
    if preferred := next((code[:8] for code, is_preferred in talks if code and is_preferred), ""):
        found["language"] = preferred
    if len(spoken) > bool(preferred):
        found["spoken"] = spoken
    genders = {theirs: ours for ours, theirs in GENDERS.items()}
    if patient.get("gender") in genders:
        found["gender"] = genders[patient["gender"]]
    found |= _born(str(patient.get("birthDate") or ""))
    for one in patient.get("telecom") or ():
        if one.get("system") in {"phone", "email"} and one.get("value"):
            found.setdefault(one["system"], typed(str(one["value"]), 320 if one["system"] == "email" else 40))
    for one in (task.get("input") or ())[:50]:
        if code := _code(one.get("type"), "criterion"):
            value = next(
                (one[name] for name in ("valueBoolean", "valueDecimal", "valueInteger", "valueString") if name in one),
                None,
            )
            if value is not None and value == value and abs(value if isinstance(value, float) else 0) != float("inf"):
                found.setdefault(code, typed(value, 500) if isinstance(value, str) else value)
    return found


def _called(name: Resource) -> str:
    whole = name.get("text") or " ".join([*(name.get("given") or ()), name.get("family") or ""])
    return typed(str(whole), 120)


def _born(said: str) -> dict[str, Any]:
    if len(said) == 10:
        return {"born_on": date.fromisoformat(said).isoformat()}
    return {"birth_year": int(said[:4])} if len(said) in {4, 7} else {}


def _agreed(bundle: _Bundle, request: Resource, patient: Resource) -> Agreed | None:
    """An active permission of this very patient."""
    for one in request.get("supportingInfo") or ():
        found = bundle.to(one, "Consent")
        if (
            found is None
            or found.get("status") != "active"
            or bundle.to(found.get("patient"), "Patient") is not patient
        ):
            continue
        provision = found.get("provision") or {}
        if provision.get("type", "permit") == "permit" and found.get("dateTime"):
            names = tuple(code for item in provision.get("code") or () if (code := _code(item, "criterion")))
            return Agreed(
                _moment(found["dateTime"], "Consent.dateTime"),
                _maybe((provision.get("period") or {}).get("end")),
                names,
            )
    return None


def _side(found: Resource | None) -> Side | None:
    if found is None:
        return None
    register = f"{OURS}register:"
    numbers = tuple(
        (str(one["system"]).removeprefix(register), typed(str(one.get("value")), 80))
        for one in found.get("identifier") or () if str(one.get("system") or "").startswith(register)
    )  # fmt: skip
    return Side(_id(found), _text(found, "name", 400), numbers)


def _output(task: Resource, what: str, system: str) -> Coded:
    for one in task.get("output") or ():
        if _code(one.get("type"), "output") == what:
            return _coded(one.get("valueCodeableConcept"), system)
    return Coded("")


def _lines(task: Resource) -> tuple[Note, ...]:
    notes = [one for one in task.get("note") or () if one.get("text") and one.get("time")][:50]
    return tuple(
        Note(_moment(one["time"], "Task.note"), typed(str(one.get("authorString") or ""), 20), typed(str(one["text"]), rules.LONGEST))
        for one in notes
    )  # fmt: skip


def _notes(request: Resource) -> list[str]:
    return [typed(str(one.get("text") or ""), rules.LONGEST) for one in request.get("note") or ()][:1]


def _urgent(task: Resource, request: Resource) -> bool:
    return bool({task.get("priority"), request.get("priority")} & {"urgent", "asap", "stat"})


def _concepts(said: Any) -> list[Resource]:
    return [one for one in (said if isinstance(said, list) else [said]) if isinstance(one, dict)]


def _code(said: Any, system: str) -> str:
    """The first code of this system of ours, or of the named one, in a concept or a list of them."""
    whole = system if ":" in system else OURS + system
    codings = (coding for one in _concepts(said) for coding in one.get("coding") or () if coding.get("system") == whole)
    return next((typed(str(coding["code"]), 80) for coding in codings if coding.get("code")), "")


def _coded(said: Any, system: str) -> Coded:
    text = next((str(one["text"]) for one in _concepts(said) if one.get("text")), "")
    return Coded(_code(said, system), typed(text, 400))


def _id(found: Resource | None) -> str:
    try:
        return str(UUID(str((found or {}).get("id"))))
    except ValueError:
        return ""


def _text(found: Mapping[str, Any] | None, name: str, limit: int) -> str:
    return typed(str((found or {}).get(name) or ""), limit)


def _moment(said: Any, where: str) -> datetime:
    """A moment with its zone; a day alone is its beginning in UTC."""
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        raise Refused(UNCLEAR, where=where) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _maybe(said: Any) -> datetime | None:
    return _moment(said, "Task") if said else None
