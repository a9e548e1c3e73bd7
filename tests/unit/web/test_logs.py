"""A log says what happened, and nothing about anybody."""

from __future__ import annotations

import json
import logging
import sys
from types import SimpleNamespace

from django.db import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from maillage.web.logs import Line

SECRET = "alice.martin@example.org"


def line(message: object, *args: object, **more: object) -> dict[str, object]:
    record = logging.LogRecord("maillage", logging.WARNING, __file__, 1, message, args, more.pop("exc_info", None))
    vars(record).update(more)
    return json.loads(Line().format(record))


def test_the_values_of_a_message_and_the_text_of_an_error_are_left_out():
    try:
        raise IntegrityError(f"Key (email)=({SECRET}) already exists")
    except IntegrityError:
        said = line("Could not write to %s", SECRET, exc_info=sys.exc_info())
    assert SECRET not in json.dumps(said)
    assert said["event"] == "Could not write to %s"
    assert said["error"] == "django.db.utils.IntegrityError"
    assert said["where"][-1].endswith("test_the_values_of_a_message_and_the_text_of_an_error_are_left_out")


def test_a_page_is_named_and_its_path_is_not_told():
    request = SimpleNamespace(
        method="GET", path=f"/still-true/{SECRET}/", resolver_match=SimpleNamespace(view_name="still-true")
    )
    said = line("Forbidden: %s", request.path, request=request, status_code=403, user=SECRET)
    assert said["page"] == "GET still-true"
    assert said["status_code"] == 403
    assert SECRET not in json.dumps(said)
    assert line("Not Found: %s", "/x", request=SimpleNamespace(method="GET"))["page"] == "GET no such address"


def test_an_exception_as_message_is_its_type():
    assert line(ValueError(SECRET))["event"] == "ValueError"


@given(st.text(min_size=12, alphabet=st.characters(categories=["Ll"])))
def test_whatever_the_value_it_does_not_stand_in_the_line(value):
    assert value not in json.dumps(line("read %s and %(x)s", value, count=3))
