"""HSDS 3.x JSON in every shape, whole or broken; who may change what."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from maillage.directory.models import (
    Attribute,
    Contact,
    FieldProvenance,
    Phone,
    Service,
    ServiceTerm,
    SourceRecord,
    TermMapping,
    Text,
)
from maillage.people.models import Organization
from maillage.standards import imports
from maillage.standards.hsds.documents import Documents
from maillage.territory.models import Territory
from tests.unit.standards.conftest import Import, codes

ORGANIZATION = {"id": str(uuid4()), "name": "House", "description": "About"}


def service(**more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "name": "Soup",
        "status": "active",
        "description": "Warm",
        "organization": ORGANIZATION,
    } | more


def shapes() -> dict[str, tuple[str, bytes]]:
    one, two = service(), service(name="Bread")
    page = {"total_items": 2, "page_number": 1, "contents": [one, two]}
    nested = ORGANIZATION | {
        "website": "https://example.org",
        "services": [{k: v for k, v in s.items() if k != "organization"} for s in (one, two)],
    }
    lines = f"{json.dumps(one)}\n\n{json.dumps(two)}\n"
    return {
        "list": ("feed.json", json.dumps([one, two]).encode()),
        "page": ("feed.json", json.dumps(page, indent=2).encode()),
        "organizations on top": ("feed.json", json.dumps([nested]).encode()),
        "one object": ("feed.json", json.dumps(nested).encode()),
        "collections": ("feed.json", json.dumps({"organizations": [ORGANIZATION], "services": [one, two]}).encode()),
        "lines": ("feed.ndjson", lines.encode()),
        "lines without saying so": ("feed.json", lines.encode()),
        "UTF-16": ("feed.json", json.dumps([one, two]).encode("utf-16")),
        "byte order mark": ("feed.json", b"\xef\xbb\xbf" + json.dumps([one, two]).encode()),
    }


@pytest.mark.parametrize("shape", shapes())
def test_every_shape_is_read(bare: Territory, take: Import, shape: str) -> None:
    name, content = shapes()[shape]
    take(bare, content, name=name)
    assert sorted(Service.objects.values_list("name", "organization__name")) == [("Bread", "House"), ("Soup", "House")]


def test_what_stands_before_the_break_is_kept(bare: Territory, take: Import) -> None:
    whole = json.dumps([service(), service()])
    outcome = take(bare, whole[:-40].encode())
    assert Service.objects.count() == 1
    assert "file-broken" in codes(outcome)


def test_one_bad_line_does_not_spoil_the_others(bare: Territory, take: Import) -> None:
    outcome = take(
        bare, f"{json.dumps(service())}\n{{broken\n[1]\n{json.dumps(service())}".encode(), name="feed.ndjson"
    )
    assert Service.objects.count() == 2
    assert "line-broken" in codes(outcome)


@pytest.mark.parametrize("deep", ["[" * 200_000, '{"a":' * 50_000, "[" * 9_000 + "]" * 9_000])
def test_a_document_nested_without_end_is_refused_before_it_takes_the_memory(
    bare: Territory, take: Import, deep: str
) -> None:
    assert "file-broken" in codes(take(bare, deep.encode()))
    assert Service.objects.count() == 0


GARBAGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "id name status description phones schedules languages attributes taxonomy_term organization service_at_locations location "
                "latitude longitude addresses maillage rules texts code services contents unit updated".split()
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@pytest.mark.django_db(transaction=False)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(garbage=GARBAGE)
def test_garbage_is_reported_and_never_raises(bare: Territory, take: Import, garbage: Any) -> None:
    outcome = take(bare, garbage if isinstance(garbage, (list, dict)) else [garbage])
    assert outcome.report.run is not None
    assert outcome.report.run.ended_at is not None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(garbage=b"id,na\x00me\n1,Soup\n")
@given(garbage=st.binary(max_size=200))
def test_bytes_that_are_nothing_are_reported(bare: Territory, take: Import, garbage: bytes) -> None:
    for name in ("feed.json", "feed.ndjson", "feed.zip", "services.csv"):
        take(bare, garbage, name=name)


def test_the_same_identifier_twice_keeps_the_first(bare: Territory, take: Import) -> None:
    one = service()
    outcome = take(bare, [one, one | {"name": "Other"}])
    assert Service.objects.get().name == "Soup"
    assert "id-repeated" in codes(outcome)


def test_an_identifier_that_is_no_uuid_gives_a_stable_one(bare: Territory, take: Import) -> None:
    take(bare, [service(id="12")])
    first = Service.objects.get().uuid
    take(bare, [service(id="12", name="Soup and bread")])
    assert (Service.objects.get().uuid, Service.objects.get().name) == (first, "Soup and bread")


def test_what_others_wrote_is_not_changed_unless_the_operator_says_so(bare: Territory, take: Import) -> None:
    one = service()
    take(bare, [one], source="first")
    outcome = take(bare, [one | {"name": "Stolen"}], source="second")
    assert Service.objects.get().name == "Soup"
    assert "held" in codes(outcome)
    assert outcome.report.counts["service"]["held"] == 1
    assert SourceRecord.objects.filter(source="second", entity="service").exists()
    take(bare, [one | {"name": "Taken over"}], source="second", take_over=True)
    assert Service.objects.get().name == "Taken over"


def test_a_field_that_the_feed_never_told_stays_as_the_desk_wrote_it(bare: Territory, take: Import) -> None:
    one = service(url="https://example.org")
    take(bare, [one])
    held = Service.objects.get()
    Phone.objects.create(service=held, number="from the desk")
    Service.objects.update(email="desk@example.org")
    take(bare, [{k: v for k, v in one.items() if k != "url"} | {"name": "New"}])
    held.refresh_from_db()
    assert (held.name, held.url, held.email) == ("New", "", "desk@example.org")
    assert held.phones.get().number == "from the desk"


def test_translations_of_an_original_that_changed_are_stale(bare: Territory, take: Import) -> None:
    from maillage.directory.ingest.texts import source_hash

    one = service()
    take(bare, [one])
    held = Service.objects.get()
    Text.objects.create(
        territory=bare,
        kind="service",
        object_id=held.pk,
        field="description",
        language="nl",
        value="Warm",
        status="human",
        source_hash=source_hash("Warm"),
    )
    take(bare, [one | {"name": "Other"}])
    assert Text.objects.get(field="description", language="nl").status == "human"
    take(bare, [one | {"description": "Cold"}])
    assert Text.objects.get(field="description", language="nl").status == "stale"


def test_names_of_persons_stay_out_unless_asked_for(bare: Territory, take: Import) -> None:
    one = service(
        contacts=[{"id": str(uuid4()), "name": "Ann Persona", "title": "Reception", "email": "desk@example.org"}]
    )
    outcome = take(bare, [one])
    assert Contact.objects.get().name == ""
    assert "Ann" not in json.dumps(SourceRecord.objects.get(entity="service").payload)
    assert "person-left-out" in codes(outcome)
    take(bare, [one], source="other", take_over=True, with_names=True)
    assert Contact.objects.get().name == "Ann Persona"


def test_a_foreign_category_that_is_mapped_gives_the_need_too(testland: Territory, take: Import) -> None:
    from maillage.directory.models import TaxonomyTerm

    need = TaxonomyTerm.objects.get(taxonomy__territory=testland, code="psychologist")
    TermMapping.objects.create(term=need, scheme="AIRS", code="RP-1400", relation="exact")
    TermMapping.objects.create(
        term=TaxonomyTerm.objects.get(code="company"), scheme="AIRS", code="RP-1400", relation="broad"
    )
    term = {
        "id": str(uuid4()),
        "code": "RP-1400",
        "name": "Counselling",
        "description": "",
        "taxonomy_detail": {"id": str(uuid4()), "name": "AIRS", "description": ""},
    }
    one = service(attributes=[{"id": str(uuid4()), "taxonomy_term": term}])
    take(testland, [one])
    held = Service.objects.get(name="Soup")
    assert set(held.service_terms.values_list("term__taxonomy__code", "term__code")) == {
        ("AIRS", "RP-1400"),
        ("needs", "psychologist"),
    }
    take(testland, [one | {"attributes": [], "name": "Soup 2"}])
    assert not ServiceTerm.objects.filter(service=held).exists()


def test_places_are_located_and_served_areas_recognised(testland: Territory, take: Import) -> None:
    from maillage.territory.models import Area

    Area.objects.filter(code="north").update(postal_codes=["1001"])
    one = service(
        service_areas=[{"id": str(uuid4()), "name": "Le Sud"}, {"id": str(uuid4()), "name": "Atlantis"}],
        service_at_locations=[
            {
                "id": str(uuid4()),
                "location": {
                    "id": str(uuid4()),
                    "location_type": "physical",
                    "addresses": [
                        {"id": str(uuid4()), "address_1": "Street 1", "city": "Elsewhere", "postal_code": "1001"}
                    ],
                },
            }
        ],
    )
    outcome = take(testland, [one])
    held = Service.objects.get(name="Soup")
    assert held.at_locations.get().location.area == Area.objects.get(code="north")
    assert [(a.name, a.area.code if a.area else None) for a in held.service_areas.order_by("id")] == [
        ("Le Sud", "south"),
        ("Atlantis", None),
    ]
    assert "area-unknown" in codes(outcome)


def test_every_field_knows_its_record(bare: Territory, take: Import) -> None:
    take(bare, [service(url="https://example.org", phones=[{"id": str(uuid4()), "number": "1"}])])
    proof = FieldProvenance.objects.get(kind="service")
    assert proof.record.entity == "service"
    assert {"name", "url", "description", "phones"} <= set(proof.fields)


def test_deprecated_fields_are_kept_as_attributes(bare: Territory, take: Import) -> None:
    take(bare, [service(wait_time="two weeks")])
    assert Attribute.objects.get().value == "two weeks"


def test_a_record_that_the_database_refuses_is_left_out_alone(
    bare: Territory, take: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maillage.directory.ingest import links

    original = links.write

    def refuse(feed: Any, kind: str, placed: Any) -> None:
        if any(one.thing.values.get("name") == "Poison" for one in placed):
            raise RuntimeError("no")
        original(feed, kind, placed)

    monkeypatch.setattr(links, "write", refuse)
    outcome = take(bare, [service(), service(name="Poison"), service()])
    assert Service.objects.count() == 2
    assert Organization.objects.count() == 1
    assert "record-failed" in codes(outcome)


def test_objects_are_recognised_by_what_only_they_have() -> None:
    from maillage.standards.hsds.documents import entity_of

    assert entity_of(service()) == "service"
    assert entity_of({"id": "1", "name": "a", "website": "x"}) == "organization"
    assert entity_of({"id": "1", "location_type": "physical"}) == "location"
    assert entity_of({"id": "1", "service_id": "2", "location_id": "3"}) == "service_at_location"
    assert entity_of({"id": "1", "name": "a", "description": "b", "taxonomy_id": "2"}) == "term"
    assert entity_of({"id": "1", "name": "a", "description": "b"}) == "taxonomy"
    assert entity_of({}) == ""
    assert Documents is not None


def test_a_source_name_comes_from_the_file(bare: Territory, take: Import) -> None:
    assert imports.run.__doc__
    outcome = take(bare, [service()], source="")
    assert outcome.source == "feed"
