"""POST /api/orientation: documented, open, forgetful, and clear about what is wrong."""

from __future__ import annotations

import json
import logging

import pytest
from django.utils import timezone

from tests.testland import NOW, SECRET_STREET

URL = "/api/orientation"


@pytest.fixture(autouse=True)
def _friday_evening(monkeypatch, land):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def post(client, body, **headers):
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(URL, data, content_type="application/json", headers=headers or {"accept-language": "en"})


def test_a_situation_gets_its_services_explained(client):
    answer = post(client, {"text": "a bed tonight, two children, North End", "facts": {"gender": "woman"}})
    assert answer.status_code == 200
    found = answer.json()
    assert found["suggestions"][0]["service"]["name"] == "Women's Haven"
    assert found["suggestions"][0]["why"][:2] == ["For: a woman", "For: with children"]
    assert found["situation"]["needs"] == ["emergency-shelter"]
    assert SECRET_STREET not in answer.content.decode()


def test_the_answer_has_the_documented_shape(client):
    from maillage.web.api import OrientationOut

    for body in (
        {"text": "il me frappe, un lit ce soir"},
        {"text": "psychologist without papers"},
        {},
        {"text": "psycholgist"},
    ):
        answer = post(client, body).json()
        OrientationOut.model_validate(answer)
        assert set(OrientationOut.model_fields) == set(answer)


def test_every_field_that_is_documented_is_read_and_no_other():
    from maillage.orientation.situation import FIELDS
    from maillage.web.api import SituationIn

    assert set(SituationIn.model_fields) == {*FIELDS, "near", "language", "territory"}


def test_what_is_understood_can_be_sent_back_with_the_next_answer(client):
    first = post(client, {"text": "a bed tonight"}).json()
    asked = first["question"]["code"]
    then = post(client, {**first["situation"], "facts": {asked: 40}})
    assert then.status_code == 200
    assert then.json()["question"]["code"] != asked


def test_the_language_is_the_one_asked(client):
    assert post(client, {"language": "nl"}).json()["question"]["answers"][0]["label"] == "Wonen"
    assert post(client, {}, **{"accept-language": "fr"}).json()["language"] == "fr"
    assert post(client, {"language": "sw"}).json()["language"] == "sw"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"area": "atlantis"}, 422, "area"),
        ({"point": [95, 4]}, 422, "point"),
        ({"facts": {"age": "old"}}, 422, "fact.age"),
        ({"colour": "red"}, 422, "colour"),
        ({"language": 5}, 422, "language"),
        ({"territory": "nowhere"}, 422, "territory"),
        ({"territory": ["testland"]}, 422, "territory"),
        ({"territory": "test\x00land"}, 422, "territory"),
        ({"text": "a bed\x00tonight", "area": "\x00x"}, 422, "area"),
        ([1], 422, ""),
        ("{", 400, ""),
        (b"\xff\xfe", 400, ""),
        ("[" * 5_000, 400, ""),
        ('"' + "a" * 70_000 + '"', 413, ""),
    ],
)
def test_bad_input_is_a_sentence(client, body, status, field):
    answer = post(client, body)
    assert answer.status_code == status
    (problem,) = answer.json()["problems"]
    assert problem["field"] == field
    assert problem["sentence"].endswith(".")
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_a_length_that_lies_is_refused(client):
    answer = client.generic("POST", URL, b"{}", content_type="application/json", CONTENT_LENGTH="many")
    assert answer.status_code == 413


def test_without_a_territory_it_says_so(client, settings):
    settings.TERRITORY = "absent"
    assert post(client, {}).status_code == 503


def test_other_sites_may_ask(client):
    assert post(client, {})["Access-Control-Allow-Origin"] == "*"
    asked = client.options(URL, headers={"origin": "https://example.org", "access-control-request-method": "POST"})
    assert asked.status_code == 204
    assert "POST" in asked["Access-Control-Allow-Methods"]
    assert asked["Access-Control-Allow-Origin"] == "*"


def test_nothing_is_stored_or_logged(client, caplog):
    from django.apps import apps

    before = {model: model.objects.count() for model in apps.get_models()}
    with caplog.at_level(logging.DEBUG):
        answer = post(client, {"text": "secretword", "facts": {"papers": "none"}})
    assert {model: model.objects.count() for model in apps.get_models()} == before
    assert not [
        record
        for record in caplog.records
        if record.name != "django.db.backends" and "secretword" in record.getMessage()
    ]
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies


def test_it_is_described_offline_in_a_page_and_in_openapi(client):
    described = client.get("/api/openapi.json").json()
    said = described["paths"][URL]["post"]
    assert set(said["responses"]) == {"200", "400", "413", "422", "503"}
    assert said["requestBody"]["content"]["application/json"]["schema"]["properties"]["text"]["description"]
    page = client.get("/api/docs").content.decode()
    assert "POST /api/orientation" in page
    assert "The need in everyday words" in page
    assert 'id="OrientationOut"' in page
    assert "https://" not in page.split("<main", 1)[1].split("</main", 1)[0].replace("https://www.wikipedia.org/", "")


def test_whatever_is_sent_gets_a_documented_answer(client):
    import schemathesis
    from hypothesis import HealthCheck, given, settings

    described = client.get("/api/openapi.json").json()
    documented = set(described["paths"][URL]["post"]["responses"])
    operation = schemathesis.openapi.from_dict(described)[URL]["POST"]
    modes = schemathesis.GenerationMode

    for mode in (modes.POSITIVE, modes.NEGATIVE):

        @settings(
            max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def answered(case):
            body = case.body if isinstance(case.body, dict | list | str | int | float | bool) else {}
            answer = post(client, json.dumps(body, default=str))
            assert str(answer.status_code) in documented
            assert answer["Content-Type"].startswith("application/json")

        answered()
