"""One referral out, as a FHIR R4 Bundle. Pure: the same words give the same resources."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from maillage.standards.fhir.said import (
    GENDERS,
    GRAVITY,
    IN_PATIENT,
    OURS,
    STATUS,
    URI,
    Resource,
    Said,
    Side,
    gravity_code,
)

V3 = "http://terminology.hl7.org/CodeSystem/v3-"


def to_bundle(said: Said) -> Resource:
    """A collection that holds everything it refers to. No address of a place is in it, confidential or not.

    The patient's identifier is of this referral alone: two recipients cannot tell that they know the same person.
    """
    entries = [_task(said), _request(said), _patient(said)]
    entries += [_consent(said)] if said.agreed else []
    entries += [_service(said)] if said.service.code else []
    entries += [_organization(side) for side in (said.sender, said.recipient) if side]
    unique = {entry["id"]: entry for entry in entries}
    return {
        "resourceType": "Bundle", "type": "collection", "timestamp": _moment(said.changed_at or said.sent_at),
        "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in unique.values()],
    }  # fmt: skip


def _id(said: Said, what: str) -> str:
    return str(uuid5(UUID(said.uuid), what))


def _ref(uuid: str) -> Resource:
    return {"reference": f"urn:uuid:{uuid}"}


def _coding(system: str, code: str, label: str = "") -> Resource:
    return {"system": system, "code": code, **({"display": label} if label else {})}


def _concept(system: str, code: str, label: str = "") -> Resource:
    return {"coding": [_coding(OURS + system, code, label)], **({"text": label} if label else {})}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _full(**elements: Any) -> Resource:
    """Without what is empty: FHIR knows no empty element. `for_` is `for`."""
    return {name.rstrip("_"): value for name, value in elements.items() if value not in (None, "", [], {})}


def _requester(said: Said) -> Resource:
    return _ref(said.sender.uuid if said.sender else _id(said, "patient"))


def _task(said: Said) -> Resource:
    reason = said.reason
    coded = _concept("refusal", reason.code, reason.label) if reason.code else None
    if coded and (gravity := gravity_code(reason.code)):
        coded["coding"].append(_coding(GRAVITY, gravity))
    return _full(
        resourceType="Task", id=_id(said, "task"), identifier=[{"system": URI, "value": f"urn:uuid:{said.uuid}"}],
        status=STATUS[said.state][0], statusReason=coded, businessStatus=_concept("state", said.state), intent="order",
        priority="urgent" if said.is_urgent else "routine",
        code={"coding": [_coding("http://hl7.org/fhir/CodeSystem/task-code", "fulfill")]},
        focus=_ref(said.uuid), for_=_ref(_id(said, "patient")), authoredOn=_moment(said.sent_at),
        lastModified=_moment(said.changed_at) if said.changed_at else None, requester=_requester(said),
        owner=_ref(said.recipient.uuid) if said.recipient else None,
        note=[{"authorString": note.side, "time": _moment(note.at), "text": note.text} for note in said.notes],
        restriction={"period": {"end": _moment(said.expires_at)}} if said.expires_at else None,
        input=[
            {"type": _concept("criterion", code), **_value(value)} for code, value in said.what.items() if code not in IN_PATIENT
        ],
        output=_outcome(said),
    )  # fmt: skip


def _value(value: Any) -> Resource:
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, int | float):
        return {"valueDecimal": value}
    return {"valueString": str(value)}


def _outcome(said: Said) -> list[Resource]:
    found = []
    if said.outcome:
        found.append({"type": _concept("output", "outcome"), "valueCodeableConcept": _concept("outcome", said.outcome)})
    if said.outcome_reason.code:
        why = _concept("outcome-reason", said.outcome_reason.code, said.outcome_reason.label)
        found.append({"type": _concept("output", "reason"), "valueCodeableConcept": why})
    return found


def _request(said: Said) -> Resource:
    performers = [uuid for uuid in (said.service.code, said.recipient.uuid if said.recipient else "") if uuid]
    need = said.need
    return _full(
        resourceType="ServiceRequest", id=said.uuid, identifier=[{"system": URI, "value": f"urn:uuid:{said.uuid}"}],
        status=STATUS[said.state][1], intent="order", priority="urgent" if said.is_urgent else "routine",
        code=_concept("need", need.code, need.label) if need.code else None, orderDetail=[_concept("kind", said.kind)],
        subject=_ref(_id(said, "patient")), authoredOn=_moment(said.sent_at), requester=_requester(said),
        performer=[_ref(uuid) for uuid in performers], note=[{"text": said.message}] if said.message else [],
        supportingInfo=[_ref(_id(said, "consent"))] if said.agreed else [],
    )  # fmt: skip


def _patient(said: Said) -> Resource:
    what = said.what
    spoken = list(dict.fromkeys(filter(None, [what.get("language"), *(what.get("spoken") or ())])))
    telecom = [{"system": system, "value": what[system]} for system in ("phone", "email") if what.get(system)]
    born = what.get("born_on") or what.get("birth_year")
    return _full(
        resourceType="Patient", id=_id(said, "patient"),
        name=[{"text": what["called"]}] if what.get("called") else [], telecom=telecom,
        gender=GENDERS.get(what.get("gender", "")), birthDate=str(born) if born else None,
        communication=[
            {
                "language": {"coding": [_coding("urn:ietf:bcp:47", code)]},
                **({"preferred": True} if code == what.get("language") else {}),
            }
            for code in spoken
        ],
    )  # fmt: skip


def _consent(said: Said) -> Resource:
    agreed = said.agreed
    assert agreed is not None
    provision = _full(
        type="permit", period={"end": _moment(agreed.until)} if agreed.until else None,
        actor=[
            {"role": {"coding": [_coding(V3 + "ParticipationType", "PRCP")]}, "reference": _ref(said.recipient.uuid)}
        ] if said.recipient else [],
        code=[_concept("criterion", name) for name in agreed.what],
    )  # fmt: skip
    return _full(
        resourceType="Consent", id=_id(said, "consent"), status="active",
        scope={"coding": [_coding("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")]},
        category=[{"coding": [_coding("http://loinc.org", "59284-0")]}], patient=_ref(_id(said, "patient")),
        dateTime=_moment(agreed.at), policyRule={"coding": [_coding(V3 + "ActCode", "OPTIN")]}, provision=provision,
    )  # fmt: skip


def _service(said: Said) -> Resource:
    return _full(
        resourceType="HealthcareService", id=said.service.code, name=said.service.label,
        providedBy=_ref(said.recipient.uuid) if said.recipient else None,
    )  # fmt: skip


def _organization(side: Side) -> Resource:
    numbers = [{"system": f"{OURS}register:{scheme}", "value": number} for scheme, number in side.numbers]
    return _full(resourceType="Organization", id=side.uuid, name=side.name, identifier=numbers)
