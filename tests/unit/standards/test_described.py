"""Whatever is sent to the APIs, right or wrong, gets an answer that their OpenAPI description declares: never a breakdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from maillage.directory.search.index import reindex
from maillage.territory.models import Territory
from maillage.wsgi import application

DESCRIPTIONS = ("/api/openapi.json", "/hsds/openapi.json")
CHECKS = [
    schemathesis.checks.not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    response_headers_conformance,
]  # fmt: skip
EXAMPLES = {"/api/orientation": 60}
# the same on each machine: what lands is judged on the same questions
TRIED = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}


def described(path: str) -> Any:
    return schemathesis.openapi.from_wsgi(path, application)


@pytest.mark.parametrize("path", DESCRIPTIONS)
def test_every_question_gets_an_answer_that_is_described(path: str, testland: Territory, settings_: Any) -> None:
    reindex(testland)
    asked = 0
    for found in described(path).get_all_operations():
        operation = found.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                cases = operation.as_strategy(generation_mode=mode)
            except (
                schemathesis.errors.SchemathesisError
            ):  # nothing can be sent wrongly to an address that takes nothing
                if mode is GenerationMode.POSITIVE:
                    raise
                continue

            @settings(max_examples=EXAMPLES.get(operation.path, 12), **TRIED)  # type: ignore[arg-type]
            @given(case=cases)
            def answered(case: Any) -> None:
                nonlocal asked
                asked += 1
                answer = case.call(headers={"Accept-Encoding": "identity"})
                assert answer.status_code < 500, (case.method, case.path, answer.text[:500])
                case.validate_response(answer, checks=CHECKS)

            try:
                answered()
            except Unsatisfiable:
                if mode is GenerationMode.POSITIVE:
                    raise
    assert asked > 50


@pytest.fixture
def settings_(settings: Any) -> Iterator[Any]:
    """The server closes its connection after each answer: here it is the test's own, with its transaction."""
    settings.ALLOWED_HOSTS = ["*"]
    cache.clear()
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield settings
    for signal in signals:
        signal.connect(close_old_connections)
