"""Two worlds that differ only in where the confidential place exactly lies answer every question with the same bytes.

Whoever may ask as often as they like, from any point, with any radius, order or filter, learns nothing: neither distances, nor an
order, nor a count, nor a mark on a map, nor an identifier, nor a hash depends on it.
"""

from __future__ import annotations

import io
import json
import re
from copy import deepcopy
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from maillage.directory import duplicates as kept
from maillage.directory.models import Location, SearchDocument
from maillage.directory.search import memory
from maillage.directory.search.cards import counts_by_area, counts_by_need, listing
from maillage.directory.search.index import reindex
from maillage.methods import duplicates as method
from maillage.orientation.engine import orient
from maillage.orientation.queries import vocabulary
from maillage.orientation.shape import as_mapping
from maillage.orientation.situation import from_mapping
from maillage.people.models import Trace
from maillage.territory.models import Territory
from tests.pages import desk as desks
from tests.pages import secret
from tests.pages.test_leaks import client_of, every_path
from tests.pages.test_leaks import desk as desk  # fixtures
from tests.pages.test_leaks import hidden as hidden
from tests.testland import NOW

MANY = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
ELSEWHERE = st.tuples(  # anywhere in Harbour, on the doorstep of an open place, or where nobody would look
    st.floats(50.80, 50.93), st.floats(4.30, 4.50), st.sampled_from(["Quiet Street 7", "Example Street 1", "Zee 1", ""])
)
SITUATIONS = st.fixed_dictionaries(
    {},
    optional={
        "needs": st.sampled_from([["emergency-shelter"], ["housing"], [], ["health"]]),
        "text": st.sampled_from(["shelter", "safe house", "a bed tonight", "quiet street", ""]),
        "area": st.sampled_from(["harbour", "north", "testland"]),
        "point": st.tuples(st.floats(50.80, 50.93), st.floats(4.30, 4.50)),
        "radius_km": st.sampled_from([0, 0.01, 0.1, 0.5, 1, 3, 10]),
        "facts": st.sampled_from([{}, {"violence": True}, {"violence": True, "gender": "woman"}]),
        "window": st.sampled_from(["", "now", "tonight"]),
        "wheelchair": st.booleans(),
        "limit": st.sampled_from([1, 2, 100]),
    },
)
CHANGING = (
    (re.compile(r'(name="csrfmiddlewaretoken" value=")[^"]*'), r"\1"),
    (re.compile(r'(name="once" value=")[^"]*'), r"\1"),
    (re.compile(r"(?i)(csrf|session)=[^;\n]*"), r"\1"),
    (re.compile(r":\w{6}:[\w-]{43}"), ""),  # when a message was signed
    (re.compile(r"(?i)(expires[=:] ?)[^;\n]*"), r"\1"),
    (re.compile(r"/still-true/[^/\"]+"), "/still-true/"),
)


def moved(place: Location, to: tuple[float, float, str]) -> None:
    """The other world: the same place elsewhere, indexed anew."""
    secret.put_at(place, *to)
    reindex(place.territory)
    memory.forget()
    cache.clear()


def asked(territory: Territory, sent: dict[str, Any]) -> str:
    """What the engine says, as the API would: `snapshot` counts the writings of the index, not what they hold."""
    found = as_mapping(orient(from_mapping(sent, territory, "en"), at=NOW), vocabulary(territory), at=NOW)
    return json.dumps(found | {"snapshot": 0}, default=str, sort_keys=True)


def known(territory: Territory) -> str:
    """What lists, counts and candidates are made of."""
    cards, total, after = listing(territory, area="harbour")
    seen = [str(card) for card in cards]
    rows = SearchDocument.objects.filter(territory=territory).order_by("service__uuid", "location__uuid")
    stored = [(bytes(row.card), bytes(row.facets), row.a, row.b, row.c, row.hash) for row in rows]
    _, entries = kept.entries(territory)
    pairs = method.find(entries)
    return repr((seen, total, after, counts_by_area(territory), counts_by_need(territory), stored, entries, pairs))


@pytest.fixture
def place(desk: desks.Desk, hidden: secret.Hidden) -> Location:
    return hidden.place


@MANY
@given(sent=SITUATIONS, one=ELSEWHERE, other=ELSEWHERE)
def test_the_engine_answers_the_same_wherever_the_place_is(
    place: Location, sent: dict[str, Any], one: Any, other: Any
) -> None:
    assume(one != other)
    sent = {key: list(value) if key == "point" else value for key, value in sent.items()}
    if "point" in sent:
        sent.pop("area", None)
    moved(place, one)
    first, lists = asked(place.territory, sent), known(place.territory)
    moved(place, other)
    assert asked(place.territory, sent) == first
    assert known(place.territory) == lists


@pytest.mark.parametrize("who", ["visitor", "mona"])
def test_every_page_and_feed_is_the_same_wherever_the_place_is(
    who: str, place: Location, hidden: secret.Hidden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maillage.web.rate.allow", lambda *args: True)
    client = client_of(who, "en")
    paths = [path for path in every_path(hidden, with_machines=who == "visitor") if "50.87" not in path]
    moved(place, (secret.LATITUDE, secret.LONGITUDE, "Quiet Street 7"))
    here = pages(client, paths)
    moved(place, (50.8312, 4.3501, "Example Street 1"))  # in another part, at the address of an open place
    stirred()
    elsewhere = pages(client, paths)
    assert {path: difference(here[path], elsewhere[path]) for path in here if here[path] != elsewhere[path]} == {}


def stirred() -> None:
    """Every row is written anew, the last one first: what leaves the order to the database is not in the same order twice."""
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model is Trace:  # what is written there is never written again
                continue
            table, key = connection.ops.quote_name(model._meta.db_table), model._meta.pk.column  # type: ignore[union-attr]
            cursor.execute(f"SELECT {key} FROM {table} ORDER BY {key} DESC")
            cursor.executemany(f"UPDATE {table} SET {key} = {key} WHERE {key} = %s", cursor.fetchall())


def difference(one: str, other: str) -> str:
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f"{one[max(0, at - 60) : at + 60]!r} / {other[at : at + 60]!r}"


def pages(client: Client, paths: list[str]) -> dict[str, str]:
    found = {}
    for path in paths:
        for way in ("get", "post"):
            cookies = deepcopy(client.cookies)
            with transaction.atomic():  # what a page does is undone: both worlds are walked in the same state
                text = secret.everything(getattr(client, way)(path, {"text": "shelter", "area": "harbour"}))
                transaction.set_rollback(True)
            client.cookies = cookies
            for pattern, instead in CHANGING:
                text = pattern.sub(instead, text)
            found[f"{way} {path}"] = re.sub(r'"snapshot":\d+', "", text)
    return found


def test_what_the_commands_print_and_write_is_the_same_wherever_the_place_is(
    place: Location, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for to in ((secret.LATITUDE, secret.LONGITUDE, "Quiet Street 7"), (50.8312, 4.3501, "Example Street 1")):
        moved(place, to)
        out = io.StringIO()
        call_command("find", "shelter", near="Harbour", json=True, stdout=out)
        call_command("export", "hsds", str(tmp_path / "all.ndjson"), stdout=io.StringIO())
        said.append((out.getvalue(), (tmp_path / "all.ndjson").read_text()))
    assert said[0] == said[1]
