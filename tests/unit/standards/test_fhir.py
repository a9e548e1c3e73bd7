"""One referral as FHIR R4: out and back without a loss that is not declared; a stranger's document is read, or refused in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from maillage.directory.models import Service
from maillage.methods.text import typed
from maillage.orientation.actions import referrals
from maillage.orientation.actions.referrals import ConsentMissing
from maillage.orientation.models import Referral
from maillage.orientation.rules import referrals as rules
from maillage.people import audit
from maillage.people.actions.persons import Impossible
from maillage.people.models import Organization, OrganizationIdentifier, Person
from maillage.people.rules import NotAllowed
from maillage.standards.fhir import pages, rows
from maillage.standards.fhir.reading import MOST_BYTES, from_bundle
from maillage.standards.fhir.said import GRAVITY, STATUS, Agreed, Coded, Note, Refused, Said, Side
from maillage.standards.fhir.writing import to_bundle
from tests.referred import refer
from tests.testland import NOW, SECRET_STREET

if TYPE_CHECKING:
    from tests.beds import Beds

LATER = NOW + timedelta(hours=1)
Document = dict[str, Any]


def text(longest: int = 40) -> st.SearchStrategy[str]:
    kept = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=longest)
    return kept.map(lambda said: typed(said, longest)).filter(bool)


moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
uuids = st.uuids().map(str)
sides = st.builds(Side, uuids, text(), st.lists(st.tuples(st.just("BE-BCE_KBO"), text(10)), max_size=2).map(tuple))
codes = st.from_regex(r"[a-z][a-z-]{0,20}", fullmatch=True)
facts = st.fixed_dictionaries(
    {"called": text()},
    optional={
        "language": st.sampled_from(["fr", "nl"]), "gender": st.sampled_from(["woman", "man", "other"]), "birth_year": st.integers(1900, 2026),
        "phone": text(20), "email": text(30), "children": st.booleans(), "age": st.integers(0, 120), "papers": codes,
    },
)  # fmt: skip


@st.composite
def referrals_said(draw: st.DrawFn) -> Said:
    state = draw(st.sampled_from(sorted(STATUS)))
    sender, recipient = draw(st.none() | sides), draw(st.none() | sides)
    refused, closed = state == rules.REFUSED, state == rules.CLOSED
    reason = rules.REFUSALS[draw(st.sampled_from(sorted(rules.REFUSALS)))]
    return Said(
        uuid=draw(uuids), state=state, sent_at=draw(moments), expires_at=draw(st.none() | moments), changed_at=draw(st.none() | moments),
        kind="self" if sender is None else draw(st.sampled_from(["letter", "warm"])), is_urgent=draw(st.booleans()),
        need=draw(st.builds(Coded, codes, text()) | st.just(Coded(""))), service=draw(st.builds(Coded, uuids, text()) | st.just(Coded(""))),
        sender=sender, recipient=recipient, what=draw(facts), message=draw(st.just("") | text(200)),
        reason=Coded(reason.code, reason.label) if refused else Coded(""), outcome=draw(st.sampled_from(["met", "not"])) if closed else "",
        outcome_reason=draw(st.builds(Coded, codes, text())) if closed else Coded(""),
        agreed=draw(st.none() | st.builds(Agreed, moments, st.none() | moments, st.lists(codes, max_size=3).map(tuple))),
        notes=tuple(draw(st.lists(st.builds(Note, moments, st.sampled_from(["sender", "recipient", "person"]), text(200)), max_size=3))),
    )  # fmt: skip


@settings(max_examples=60)
@given(referrals_said())
def test_what_goes_out_comes_back_the_same_and_every_resource_is_as_the_models_say(said: Said) -> None:
    from fhir.resources.R4B.bundle import Bundle

    bundle = to_bundle(said)
    Bundle.model_validate(deepcopy(bundle))
    assert from_bundle(json.dumps(bundle).encode()) == said
    assert to_bundle(said) == bundle


def document() -> Document:
    said = Said(
        uuid=str(uuid4()), state="sent", sent_at=NOW, expires_at=NOW + timedelta(days=30), need=Coded("emergency-shelter"),
        sender=Side(str(uuid4()), "Elsewhere"), what={"called": "Ines", "language": "fr", "spoken": ["fr", "ar"], "children": True},
        message="A bed from tonight on", agreed=Agreed(NOW, NOW + timedelta(days=90), ("children",)),
    )  # fmt: skip
    return to_bundle(said)


def resource(bundle: Document, kind: str) -> Document:
    found: Document = next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == kind)
    return found


def change(kind: str, **elements: Any) -> Callable[[Document], None]:
    return lambda bundle: resource(bundle, kind).update(elements)


def without(kind: str) -> Callable[[Document], None]:
    def leave_out(bundle: Document) -> None:
        bundle["entry"] = [one for one in bundle["entry"] if one["resource"]["resourceType"] != kind]

    return leave_out


MODIFIER = [{"url": "http://example.org/not", "valueBoolean": True}]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (change("Task", status="dreaming"), None),
        (change("Task", status="draft"), "draft"),
        (change("Task", status="entered-in-error"), "error"),
        (change("Task", status=7), r"%\(where\)s"),
        (change("Task", colour="red"), r"%\(where\)s"),
        (change("Task", focus={"reference": "urn:uuid:" + str(uuid4())}), r"%\(where\)s"),
        (change("Task", focus={"reference": ["a"]}), r"%\(where\)s"),
        (change("Task", modifierExtension=MODIFIER), "modifiers"),
        (change("Patient", implicitRules="http://example.org/rules"), "modifiers"),
        (change("Patient", contact=[{"modifierExtension": MODIFIER}]), "modifiers"),
        (change("Patient", contained=[{"resourceType": "Spaceship"}]), r"%\(where\)s"),
        (change("Patient", birthDate="2020-13-45"), r"%\(where\)s"),
        (change("ServiceRequest", doNotPerform=True), "not done"),
        (change("ServiceRequest", subject={"reference": "Patient/of-another-house"}), r"%\(where\)s"),
        (change("ServiceRequest", authoredOn="yesterday"), r"%\(where\)s"),
        (change("ServiceRequest", identifier=[{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:nothing"}]), r"%\(where\)s"),
        (lambda bundle: [resource(bundle, kind).pop("identifier") for kind in ("Task", "ServiceRequest")], r"%\(where\)s"),
        (lambda bundle: [resource(bundle, kind).pop("authoredOn") for kind in ("Task", "ServiceRequest")], r"%\(where\)s"),
        (without("Task"), r"one %\(kind\)s"),
        (without("Patient"), r"%\(where\)s"),
        (lambda bundle: bundle["entry"].append(bundle["entry"][0]), r"one %\(kind\)s"),
        (lambda bundle: bundle.update(entry=bundle["entry"] * 60), "too large"),
        (lambda bundle: bundle.update(entry="all"), "Bundle"),
        (lambda bundle: bundle.update(implicitRules="http://example.org"), "modifiers"),
        (lambda bundle: bundle.update(resourceType="Patient"), "Bundle"),
    ],
)  # fmt: skip
def test_a_document_that_is_hostile_or_broken_is_refused_with_a_sentence(
    spoil: Callable[[Document], Any], sentence: str | None
) -> None:
    bundle = document()
    spoil(bundle)
    with pytest.raises(Refused, match=sentence) as refused:
        from_bundle(json.dumps(bundle).encode())
    assert str(refused.value) % refused.value.values


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"null", b"[]", b"{}", b'{"resourceType": NaN}', b"<Bundle/>", b"[" * 100_000, b"1" * 5_000, b" " * (MOST_BYTES + 1)],
    ids=range(10),
)  # fmt: skip
def test_whatever_the_bytes_the_answer_is_a_sentence(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        from_bundle(data)
    assert str(refused.value) % refused.value.values


@settings(max_examples=60)
@given(st.data())
def test_no_damage_to_a_document_gives_anything_but_a_referral_or_a_refusal(data: st.DataObject) -> None:
    bundle = document()
    place: Any = bundle
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        break
    place[key] = data.draw(
        st.sampled_from([None, "", "x", "\x00", 1e308, -1, [], {}, [[]], {"a": "b"}, True, [None], [{}]])
    )
    try:
        told = json.dumps(from_bundle(json.dumps(bundle).encode()).what)
    except Refused as refused:
        told = str(refused) % refused.values
    assert told
    assert "\x00" not in told


def test_what_others_write_is_understood_where_it_means_the_same() -> None:
    bundle = document()
    task, patient = resource(bundle, "Task"), resource(bundle, "Patient")
    del task["businessStatus"], task["restriction"]
    task["status"] = "rejected"
    task["statusReason"] = {"coding": [{"system": GRAVITY, "code": "no-capacity", "display": "No Capacity"}]}
    task["priority"] = "asap"
    task["identifier"] = resource(bundle, "ServiceRequest")["identifier"] = [
        {"system": "https://ehr.example.org", "value": "42"}
    ]
    patient["name"] = [{"given": ["Ines", "Maria"], "family": "Costa"}]
    patient["birthDate"] = "1990-05-12"
    patient["telecom"] = [{"system": "fax", "value": "1"}, {"system": "phone", "value": "2"}]
    patient["communication"] = [{"language": {"text": "Arabic"}}]
    task["input"] += [
        {"type": {"text": "shoes"}, "valueString": "41"},
        {"type": task["input"][0]["type"], "valueUrl": "http://x.example"},
    ]
    task["output"] = [{"type": {"text": "other"}, "valueString": "x"}]
    resource(bundle, "ServiceRequest")["identifier"] = [{"system": "https://ehr.example.org"}]
    for one in bundle["entry"]:
        del one["fullUrl"]
    said = from_bundle(_relative(bundle))
    assert (said.state, said.reason, said.is_urgent) == ("refused", Coded("no-capacity", "No Capacity"), True)
    assert (said.what["called"], said.what["born_on"]) == ("Ines Maria Costa", "1990-05-12")
    assert UUID(said.uuid).version == 5
    task["statusReason"] = {"text": "Moved away"}
    assert from_bundle(_relative(bundle)).reason == Coded("other", "Moved away")


def _relative(bundle: Document) -> bytes:
    """As servers write it: Patient/1 and not urn:uuid:1."""
    said = json.dumps(bundle)
    for kind in ("ServiceRequest", "Patient", "Consent", "Organization"):
        name = resource(bundle, kind)["id"]
        said = said.replace(f"urn:uuid:{name}", f"{kind}/{name}")
    return said.encode()


def test_a_consent_that_is_not_active_or_forbids_is_none() -> None:
    for spoil in (
        change("Consent", status="rejected"), change("Consent", provision={"type": "deny"}), without("Consent"),
        lambda bundle: resource(bundle, "Consent").pop("dateTime"),
    ):  # fmt: skip
        bundle = document()
        spoil(bundle)
        assert from_bundle(json.dumps(bundle).encode()).agreed is None


# ---- out of our tables, and into them


@pytest.fixture
def outside(beds: Beds) -> Service:
    there = Organization.objects.create(territory=beds.territory, code="practice", name="The practice")
    Service.objects.filter(code="city-practice").update(organization=there, email="practice@example.org")
    return Service.objects.get(code="city-practice")


def bytes_of(said: Said) -> bytes:
    return json.dumps(to_bundle(said)).encode()


def test_what_leaves_is_what_the_recipient_reads_and_no_address_of_a_place(beds: Beds) -> None:
    haven = Service.objects.get(code="safe-house")
    Service.objects.filter(pk=haven.pk).update(organization=beds.house)
    haven.refresh_from_db()
    OrganizationIdentifier.objects.create(organization=beds.street, scheme="BE-BCE_KBO", identifier="0403170701")
    beds.amina.phone = "0470 12 34 56"
    beds.amina.save()
    sent, _token = refer(beds, service=haven, what={"called": "Amina", "children": True}, agrees=("children",))
    referrals.remark(sent, "She speaks some Dutch", side="sender", by=beds.greta, at=LATER)
    said = rows.said(sent)
    assert from_bundle(bytes_of(said)) == said
    written = bytes_of(said).decode()
    for secret in (SECRET_STREET, "0470", str(beds.amina.uuid), "greta@"):
        assert secret not in written
    assert "0403170701" in written
    referrals.refuse(sent, "no-capacity", by=beds.bob, at=LATER)
    gone = rows.said(sent)
    assert (gone.what, gone.message, gone.reason.code) == ({}, "", "no-capacity")
    assert GRAVITY in bytes_of(gone).decode()
    assert from_bundle(bytes_of(gone)).state == "refused"
    Referral.objects.filter(pk=sent.pk).update(service=None, need=None, consent=None, sender=None)
    sent.events.all().delete()
    assert rows.said(Referral.objects.get(pk=sent.pk)).sender is None


def test_a_referral_from_elsewhere_is_received_once_with_its_person_and_answered_here(beds: Beds) -> None:
    said = from_bundle(json.dumps(document()).encode())
    with pytest.raises(NotAllowed):
        rows.take_in(said, beds.territory, service=beds.shelter, by=beds.hugo, at=LATER)
    got = rows.take_in(said, beds.territory, by=beds.bob, at=LATER)  # Bob has one service: it is for that one
    assert (got.state, got.recipient, got.message) == ("acknowledged", beds.house, "A bed from tonight on")
    assert got.what == {"called": "Ines", "language": "fr", "spoken": ["fr", "ar"], "children": True}
    assert (got.person.alias, got.person.language, got.person.facts) == ("Ines", "fr", {"children": True})
    assert [(line.state, line.text) for line in got.events.order_by("pk")] == [
        ("sent", "Elsewhere"),
        ("acknowledged", ""),
    ]
    assert rows.take_in(said, beds.territory, by=beds.bob, at=LATER) == got
    assert Person.objects.filter(alias="Ines").count() == 1
    referrals.accept(got, by=beds.bob, at=LATER)
    assert to_bundle(rows.said(got))["entry"][0]["resource"]["status"] == "accepted"
    taken_back = from_bundle(bytes_of(rows.said(got)))
    with pytest.raises(NotAllowed, match="own desk"):
        rows.take_in(_state(taken_back, "refused"), beds.territory, by=beds.bob, at=LATER)
    rows.take_in(_state(taken_back, "withdrawn"), beds.territory, by=beds.bob, at=LATER)
    got.refresh_from_db()
    assert got.state == "withdrawn"


def _state(said: Said, state: str, **more: Any) -> Said:
    return replace(said, state=state, **more)


def test_without_the_person_s_leave_or_for_nobody_s_service_it_is_not_received(beds: Beds, outside: Service) -> None:
    said = from_bundle(json.dumps(document()).encode())
    with pytest.raises(ConsentMissing, match="ask its sender"):
        rows.take_in(_state(said, "sent", agreed=None), beds.territory, by=beds.bob, at=LATER)
    with pytest.raises(ConsentMissing):
        rows.take_in(_state(said, "sent", agreed=Agreed(NOW, NOW)), beds.territory, by=beds.bob, at=LATER)
    with pytest.raises(Refused, match="choose the one"):
        rows.take_in(said, beds.territory, by=beds.greta, at=LATER)
    with pytest.raises(Refused, match="answered elsewhere"):
        rows.take_in(_state(said, "started"), beds.territory, by=beds.bob, at=LATER)
    with pytest.raises(Refused, match="called nothing"):
        rows.take_in(_state(said, "sent", what={}), beds.territory, by=beds.bob, at=LATER)
    with pytest.raises(Impossible):
        rows.take_in(
            _state(said, "sent", what={"called": "I", "birth_year": 1066}), beds.territory, by=beds.bob, at=LATER
        )
    with pytest.raises(NotAllowed):
        rows.take_in(said, beds.territory, service=outside, by=beds.bob, at=LATER)
    assert not Referral.objects.exists()
    named = _state(
        said,
        "sent",
        service=Coded(str(beds.shelter.uuid)),
        sender=Side(str(beds.street.uuid), "The street team"),
        expires_at=None,
    )
    assert rows.take_in(named, beds.territory, by=beds.bob, at=LATER).sender == beds.street


@pytest.mark.parametrize(
    ("state", "more", "became"),
    [
        ("acknowledged", {}, "acknowledged"),
        ("accepted", {}, "accepted"),
        ("waitlisted", {}, "waitlisted"),
        ("refused", {"reason": Coded("not-eligible", "Too young")}, "refused"),
        ("refused", {"reason": Coded("other", "")}, "refused"),
        ("started", {}, "started"),
        ("closed", {"outcome": "not", "outcome_reason": Coded("no-funds")}, "closed"),
    ],
)
def test_the_answer_of_a_recipient_without_an_account_comes_in_as_a_document(
    beds: Beds, outside: Service, state: str, more: dict[str, Any], became: str
) -> None:
    sent, _token = refer(beds, service=outside)
    said = from_bundle(bytes_of(rows.said(sent)))
    rows.take_in(_state(said, state, **more), beds.territory, by=beds.greta, at=LATER)
    sent.refresh_from_db()
    assert sent.state == became
    assert sent.events.filter(side="recipient").exists()
    assert rows.take_in(_state(said, state, **more), beds.territory, by=beds.greta, at=LATER).state == became


def test_after_the_beginning_comes_the_end_and_a_recipient_with_an_account_answers_at_their_desk(
    beds: Beds, outside: Service
) -> None:
    sent, _token = refer(beds, service=outside)
    said = rows.said(sent)
    for state, more in (("started", {}), ("closed", {"outcome": "met"})):
        rows.take_in(_state(said, state, **more), beds.territory, by=beds.greta, at=LATER)
    sent.refresh_from_db()
    assert (sent.state, sent.outcome) == ("closed", "met")
    here, _token = refer(beds, beds.bruno)
    with pytest.raises(NotAllowed, match="own desk"):
        rows.take_in(_state(rows.said(here), "accepted"), beds.territory, by=beds.greta, at=LATER)
    with pytest.raises(NotAllowed, match="those who sent"):
        rows.take_in(_state(rows.said(here), "accepted"), beds.territory, by=beds.hugo, at=LATER)


# ---- the two addresses


@pytest.fixture
def client() -> Client:
    return Client(headers={"accept-language": "en"})


def test_it_is_taken_away_and_handed_in_at_the_desk(beds: Beds, client: Client) -> None:
    sent, _token = refer(beds)
    address = reverse("desk-referral-fhir", kwargs={"uuid": sent.uuid})
    client.force_login(beds.hugo)
    assert client.get(address).status_code == 404
    client.force_login(beds.greta)
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/fhir+json; charset=utf-8")
    assert from_bundle(answer.content).uuid == str(sent.uuid)
    assert "exported a referral" in str(list(audit.lines()))
    client.force_login(beds.bob)
    file = SimpleUploadedFile("referral.json", json.dumps(document()).encode())
    into = reverse("desk-referral-fhir-in")
    answer = client.post(into, {"file": file, "service": str(beds.shelter.uuid)})
    got = Referral.objects.exclude(pk=sent.pk).get()
    assert answer["Location"] == reverse("desk-referral", kwargs={"uuid": got.uuid})


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "not a FHIR document"),
        ({"file": SimpleUploadedFile("a.json", b"{}"), "service": "nobody"}, "not a FHIR Bundle"),
        ({"file": "text"}, "not a FHIR document"),
    ],
)
def test_a_refusal_is_a_sentence_on_the_page(beds: Beds, client: Client, said: dict[str, Any], sentence: str) -> None:
    client.force_login(beds.bob)
    answer = client.post(reverse("desk-referral-fhir-in"), said, follow=True)
    assert sentence in answer.content.decode()


def test_a_service_that_is_no_service_is_none_and_without_a_territory_there_is_nothing(
    beds: Beds, client: Client
) -> None:
    client.force_login(beds.bob)
    file = SimpleUploadedFile("referral.json", json.dumps(document()).encode())
    client.post(reverse("desk-referral-fhir-in"), {"file": file, "service": "nobody"})
    assert Referral.objects.get().service == beds.shelter
    request = RequestFactory().get("/")
    request._territory = None  # type: ignore[attr-defined]
    with pytest.raises(pages.Http404):
        pages._territory(request)


def test_a_referral_of_another_house_is_refused_on_the_page(beds: Beds, client: Client) -> None:
    sent, _token = refer(beds)
    client.force_login(beds.hugo)
    file = SimpleUploadedFile("referral.json", bytes_of(_state(rows.said(sent), "accepted")))
    answer = client.post(reverse("desk-referral-fhir-in"), {"file": file}, follow=True)
    assert "those who sent the referral" in answer.content.decode()
