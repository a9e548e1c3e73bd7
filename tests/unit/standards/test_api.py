"""The read API: pages, filters, refusals. Never an error 500, whatever is asked."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from maillage.directory.models import Closure, Location, Service, ServiceAtLocation, ServiceTerm, TaxonomyTerm
from maillage.directory.search.index import reindex
from maillage.people.models import Organization
from maillage.standards.hsds import paging
from maillage.territory.models import Area, Territory
from tests import testland as land

LISTS = ("services", "organizations", "service_at_locations", "taxonomies", "taxonomy_terms")


@pytest.fixture
def indexed(testland: Territory) -> Territory:
    reindex(testland)
    return testland


def get(client: Client, path: str, **params: Any) -> Any:
    response = client.get(f"/hsds/{path}", params)
    assert response.status_code == 200, response.content
    return response.json()


def ids(page: Any) -> list[str]:
    return [one["id"] for one in page["contents"]]


def test_the_root_says_what_this_is_and_its_profile_is_there(client: Client, indexed: Territory) -> None:
    root = get(client, "")
    assert root["version"] == "3.1"
    profile = client.get(root["profile"]).json()
    for url in profile["schema"].values():
        assert client.get(url).json()["properties"]["maillage"]
    assert profile["losses"]
    assert "/hsds/services" in client.get(root["openapi_url"]).json()["paths"]
    page = client.get("/hsds/docs")
    assert page.status_code == 200
    assert b"<script" not in page.content.split(b"</head>")[1].replace(b'<script src="/static', b"")


@pytest.mark.parametrize("name", LISTS)
def test_pages_give_every_object_once(
    client: Client, indexed: Territory, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "STRIDE", 3)  # so that eleven services need four marks
    whole = get(client, name, per_page=1000)
    assert whole["total_items"] == len(whole["contents"]) > 0
    found: list[str] = []
    number = 0
    while True:
        number += 1
        page = get(client, name, per_page=4, page=number)
        found += ids(page)
        assert page["first_page"] is (number == 1)
        assert page["total_pages"] == -(-whole["total_items"] // 4)
        assert page["size"] == len(page["contents"])
        if page["last_page"]:
            break
    assert found == ids(whole)
    beyond = get(client, name, page=10**9)
    assert (beyond["empty"], beyond["contents"]) == (True, [])


@pytest.mark.parametrize("name", LISTS)
def test_an_object_is_found_by_its_id_and_an_unknown_one_is_not(client: Client, indexed: Territory, name: str) -> None:
    one = get(client, name)["contents"][0]["id"]
    assert get(client, f"{name}/{one}")["id"] == one
    for unknown in (str(uuid4()), "12", "%00", "nothing/else"):
        response = client.get(f"/hsds/{name}/{unknown}")
        assert response.status_code == 404
        assert response.json()["errors"][0]["sentence"]


def test_filters_are_cumulative(client: Client, indexed: Territory) -> None:
    service = Service.objects.filter(territory=indexed).first()
    assert service is not None
    assert service.organization is not None
    term = service.service_terms.get().term
    by_term = get(client, "services", taxonomy_term_id=term.uuid)
    assert set(ids(by_term)) == {str(s.uuid) for s in Service.objects.filter(service_terms__term=term)}
    both = get(client, "services", taxonomy_term_id=term.uuid, organization_id=service.organization.uuid)
    assert ids(both) == [str(service.uuid)]
    assert get(client, "services", taxonomy_term_id=term.uuid, organization_id=uuid4())["empty"]
    assert get(client, "services", taxonomy_id=term.taxonomy.uuid)["total_items"] == Service.objects.count()
    assert get(client, "services", modified_after="2099-01-01T00:00:00Z")["empty"]
    assert get(client, "services", modified_after="2020-01-01")["total_items"] == Service.objects.count()
    assert get(client, "organizations", taxonomy_term_id=term.uuid)["total_items"] >= 1
    assert get(client, "organizations", search=service.organization.name)["total_items"] >= 1
    assert get(client, "taxonomy_terms", search="Hébergement urgence")["total_items"] == 1
    assert get(client, "taxonomy_terms", search="hebergement URGENCE")["total_items"] == 1
    assert (
        get(client, "taxonomy_terms", top_only="true")["total_items"]
        == TaxonomyTerm.objects.filter(parent=None).count()
    )
    assert get(client, "taxonomy_terms", parent_id=TaxonomyTerm.objects.get(code="health").uuid)["total_items"] == 1
    assert get(client, "taxonomies", search="zzqqxx")["empty"]


def test_words_are_searched_in_the_index(client: Client, indexed: Territory) -> None:
    service = Service.objects.filter(name__icontains="psycholog").first() or Service.objects.first()
    assert service is not None
    assert str(service.uuid) in ids(get(client, "services", search=service.name))
    assert get(client, "services", search="zzqqxx")["empty"]
    assert get(client, "services", search="")["total_items"] == Service.objects.count()


@pytest.mark.parametrize("name", LISTS)
def test_a_question_in_the_body_is_the_same_question(client: Client, indexed: Territory, name: str) -> None:
    asked = client.post(
        f"/hsds/{name}", json.dumps({"per_page": 2, "search": "a"}), content_type="application/json"
    ).json()
    assert asked == get(client, name, per_page=2, search="a")
    both = client.post(
        f"/hsds/{name}?search=zzqqxx", json.dumps({"per_page": 2}), content_type="application/json"
    ).json()
    assert both["empty"]
    assert client.post(f"/hsds/{name}").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"x"',
        b"\xff",
        b'{"page": 0}',
        b'{"page": "x"}',
        b'{"search": {}}',
        b'{"search": "' + b"x" * 100_000 + b'"}',
        b"[" * 50_000,
    ],
)
def test_a_bad_body_is_refused_with_a_sentence(client: Client, indexed: Territory, body: bytes) -> None:
    response = client.post("/hsds/services", body, content_type="application/json")
    assert response.status_code == 422
    assert response.json()["errors"][0]["sentence"]


@pytest.mark.parametrize(
    "params",
    [
        {"page": "0"},
        {"page": "-1"},
        {"page": "x"},
        {"per_page": "0"},
        {"per_page": "100000"},
        {"format": "xml"},
        {"taxonomy_term_id": "12"},
        {"modified_after": "soon"},
        {"full": "perhaps"},
        {"search": "x" * 1_001},
        {"page": "9" * 400},
    ],
)
def test_a_bad_parameter_is_refused_with_a_sentence(client: Client, indexed: Territory, params: dict[str, str]) -> None:
    response = client.get("/hsds/services", params)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == next(iter(params))
    assert response.json()["errors"][0]["sentence"]


def test_ten_megabytes_of_question_are_refused_cleanly(client: Client, indexed: Territory) -> None:
    response = client.get("/hsds/services?search=" + "x" * 10_000_000)
    assert response.status_code == 414


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(LISTS),
    params=st.dictionaries(
        st.sampled_from(
            "search page per_page format taxonomy_term_id taxonomy_id organization_id modified_after minimal full full_service postcode "
            "proximity top_only parent_id other".split()
        ),
        st.text(max_size=12)
        | st.integers().map(str)
        | st.sampled_from(["true", "ndjson", "1", str(uuid4()), "2020-01-01", "\x00", "1001"]),
        max_size=4,
    ),
)
@example(name="organizations", params={"search": "\x00"})
@example(name="service_at_locations", params={"postcode": "1\x00", "proximity": "1"})
def test_whatever_is_asked_there_is_an_answer(
    client: Client, indexed: Territory, name: str, params: dict[str, str]
) -> None:
    response = client.get(f"/hsds/{name}", params)
    assert response.status_code in (200, 422)
    b"".join(response) if response.streaming else response.json()


@pytest.mark.parametrize("name", LISTS)
def test_everything_can_be_streamed(client: Client, indexed: Territory, name: str) -> None:
    response = client.get(f"/hsds/{name}", {"format": "ndjson"})
    lines = [json.loads(line) for line in b"".join(response).splitlines()]  # type: ignore[arg-type]
    assert [one["id"] for one in lines] == ids(get(client, name, per_page=1000))
    assert response["Content-Type"] == "application/x-ndjson"


def test_minimal_gives_ids_and_moments_all_at_once(client: Client, indexed: Territory) -> None:
    page = get(client, "services", minimal="true")
    assert page["last_page"] is True
    assert page["contents"][0].keys() == {"id", "last_modified", "modified_date"}


def test_full_gives_what_the_single_object_gives(client: Client, indexed: Territory) -> None:
    for name in ("services", "service_at_locations", "organizations"):
        for one in get(client, name, full="true")["contents"]:
            assert one == get(client, f"{name}/{one['id']}")
    nested = get(client, "organizations", full_service="true")["contents"]
    assert any("service_at_locations" in service for one in nested for service in one.get("services", ()))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_takes_five_queries_at_most(
    client: Client, indexed: Territory, name: str, django_assert_max_num_queries: Any
) -> None:
    get(client, name)  # the marks of the pages are kept from then on
    with django_assert_max_num_queries(5) as asked:
        assert get(client, name)["contents"]
    assert isinstance(asked, CaptureQueriesContext)


def test_a_page_of_services_takes_four_queries(
    client: Client, indexed: Territory, django_assert_num_queries: Any
) -> None:
    get(client, "services", per_page=20)
    with django_assert_num_queries(4):  # the territory (once, for the language and for the list), rows, closures, texts
        get(client, "services", per_page=20)


def test_a_closure_is_told_on_the_next_page_that_is_asked(client: Client, indexed: Territory) -> None:
    one = Service.objects.filter(status=Service.Status.ACTIVE).order_by("uuid").first()
    assert one is not None

    def status() -> str:
        return str(
            next(s["status"] for s in get(client, "services", per_page=1000)["contents"] if s["id"] == str(one.uuid))
        )

    assert status() == "active"
    now = timezone.now()
    closure = Closure.objects.create(service=one, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1))
    assert status() == "temporarily closed"
    Closure.objects.filter(pk=closure.pk).update(ends_at=now)
    assert status() == "active"
    Closure.objects.filter(pk=closure.pk).update(ends_at=None)
    assert status() == "temporarily closed"
    placed = get(client, "service_at_locations", per_page=1000)["contents"]
    assert {s["service"]["status"] for s in placed if s["service_id"] == str(one.uuid)} <= {"temporarily closed"}
    Closure.objects.filter(pk=closure.pk).update(starts_at=now + timedelta(days=1))
    assert status() == "active"


def test_every_answer_is_open_to_other_sites(client: Client, indexed: Territory) -> None:
    for path in ("", "services", "services/12", "nothing", "profile/", "openapi.json"):
        assert client.get(f"/hsds/{path}")["Access-Control-Allow-Origin"] == "*"
    preflight = client.options(
        "/hsds/services", headers={"origin": "https://example.org", "access-control-request-method": "POST"}
    )
    assert preflight.status_code == 204
    assert "POST" in preflight["Access-Control-Allow-Methods"]


def test_places_are_found_near_a_postal_code(client: Client, indexed: Territory) -> None:
    Area.objects.filter(code="north").update(postal_codes=["1001"])
    near = get(client, "service_at_locations", postcode="1001", proximity=500, per_page=1000)
    far = get(client, "service_at_locations", postcode="1001", proximity=30_000, per_page=1000)
    assert 0 < near["total_items"] < far["total_items"]
    open_places = ServiceAtLocation.objects.filter(
        location__is_confidential=False, location__latitude__isnull=False
    ).count()
    assert far["total_items"] == open_places
    hidden = {str(sal.uuid) for sal in ServiceAtLocation.objects.filter(location__is_confidential=True)}
    assert not hidden & set(ids(far))
    for params in ({"proximity": "5"}, {"postcode": "9999", "proximity": "5"}, {"postcode": "1001", "proximity": "x"}):
        assert client.get("/hsds/service_at_locations", params).status_code == 422


def test_a_postal_code_alone_asks_who_serves_it_and_unknown_is_not_no(client: Client, indexed: Territory) -> None:
    Area.objects.filter(code="north").update(postal_codes=["1001"])
    found = set(ids(get(client, "service_at_locations", postcode="1001", per_page=1000)))
    for sal in ServiceAtLocation.objects.all():
        codes = {area.area.code if area.area else None for area in sal.service.service_areas.all()}
        assert (str(sal.uuid) in found) == (not codes or bool(codes & {"north", "testland", None}))


def test_a_confidential_place_is_told_nowhere(client: Client, indexed: Territory) -> None:
    place = Location.objects.get(is_confidential=True)
    Location.objects.filter(pk=place.pk).update(
        latitude=50.8711117, longitude=4.3722227, name="House of Quiet", transportation="Tram 7"
    )
    told = ""
    for name in LISTS:
        for params in (
            {},
            {"full": "true"},
            {"format": "ndjson"},
            {"full": "true", "full_service": "true"},
            {"postcode": "1001"},
        ):
            response = client.get(f"/hsds/{name}", {"per_page": "1000", **params} if "format" not in params else params)
            told += b"".join(response).decode() if response.streaming else response.content.decode()  # type: ignore[arg-type]
        for one in ids(get(client, name, per_page=1000)):
            told += client.get(f"/hsds/{name}/{one}").content.decode()
    for secret in (land.SECRET_STREET, "50.8711117", "4.3722227", "House of Quiet", "Tram 7", str(place.uuid)):
        assert secret not in told
    assert '"confidential"' in told


def test_hidden_and_defunct_services_are_not_told(client: Client, indexed: Territory) -> None:
    one, other = Service.objects.order_by("id")[:2]
    Service.objects.filter(pk=one.pk).update(visibility="hidden")
    Service.objects.filter(pk=other.pk).update(status="defunct")
    found = ids(get(client, "services", per_page=1000))
    assert not {str(one.uuid), str(other.uuid)} & set(found)
    assert client.get(f"/hsds/services/{one.uuid}").status_code == 404
    assert not {sal["service_id"] for sal in get(client, "service_at_locations", per_page=1000)["contents"]} & {
        str(one.uuid),
        str(other.uuid),
    }


def test_without_a_territory_the_api_says_so(client: Client, db: None) -> None:
    response = client.get("/hsds/services")
    assert response.status_code == 503
    assert response.json()["errors"][0]["sentence"]
    assert client.get("/hsds/").status_code == 200


def test_another_territory_is_not_told(client: Client, indexed: Territory) -> None:
    other = Territory.objects.create(
        code="other",
        pack_version="",
        pack_hash="",
        languages=["en"],
        country="",
        timezone="UTC",
        loaded_at="2000-01-01T00:00Z",
    )
    theirs = Service.objects.create(territory=other, name="Theirs")
    Organization.objects.create(territory=other, name="Theirs")
    assert client.get(f"/hsds/services/{theirs.uuid}").status_code == 404
    assert "Theirs" not in client.get("/hsds/organizations?per_page=1000").content.decode()


def validators(folder: Path) -> dict[str, Any]:
    from jsonschema import Draft202012Validator, FormatChecker
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    schemas = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json") if path.name != "openapi.json"}
    registry: Any = Registry().with_resources(
        [(name, Resource.from_contents(schema, default_specification=DRAFT202012)) for name, schema in schemas.items()]
    )
    return {
        name[:-5]: Draft202012Validator({"$ref": name}, registry=registry, format_checker=FormatChecker())
        for name in schemas
    }


def test_every_object_fulfils_the_schema_of_the_standard(client: Client, indexed: Territory, shared_data: Path) -> None:
    schemas = validators(shared_data / "directory" / "hsds31_schema")
    entities = dict(
        zip(LISTS, ("service", "organization", "service_at_location", "taxonomy", "taxonomy_term"), strict=True)
    )
    for name, entity in entities.items():
        for params in ({}, {"full": "true"}):
            for one in get(client, name, per_page=1000, **params)["contents"]:
                assert not [error.message for error in schemas[entity].iter_errors(one)]


def test_terms_of_a_service_are_its_attributes(client: Client, indexed: Territory) -> None:
    link = ServiceTerm.objects.select_related("service", "term").first()
    assert link is not None
    told = get(client, f"services/{link.service.uuid}")
    assert [a["taxonomy_term"]["code"] for a in told["attributes"]] == [link.term.code]
    assert told["maillage"]["needs"] == [link.term.code]
