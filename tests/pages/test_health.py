"""The health of the directory at the desk: figures that open their records, tables that spreadsheets cannot run."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from maillage.directory import freshness, health
from maillage.directory.models import Service
from maillage.methods.tables import harmless
from maillage.territory.models import Territory
from tests.testland import NOW, SECRET_STREET


@pytest.fixture(autouse=True)
def _forget() -> None:
    health.forget()


@pytest.fixture
def dora(land: Territory, cast: Any) -> Client:
    for number, service in enumerate(Service.objects.order_by("id")):
        service.confirmed_on = [NOW.date(), None, NOW.date() - timedelta(days=380)][number % 3]
        service.save()
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast.dora)
    return client


def text(response: Any) -> str:
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def test_every_figure_opens_its_records(dora: Client) -> None:
    page = text(dora.get("/desk/health/"))
    found = set(re.findall(r'href="(/desk/health/records/[^"]*)"', page))
    assert {f"/desk/health/records/?show={state}" for state in freshness.STATES} <= found
    for url in found:
        assert "<h1>" in text(dora.get(url.replace("&amp;", "&")))


def test_one_need_or_one_source_alone(dora: Client) -> None:
    page = text(dora.get("/desk/health/?need=housing"))
    assert "Emergency shelter" in page
    assert "Whole directory" in page
    assert "Whole directory" not in text(dora.get("/desk/health/?need=unheard-of&source="))
    assert text(dora.get("/desk/health/?source=%00x"))


def test_records_come_page_by_page(dora: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PAGE", 4)
    url, seen = "/desk/health/records/", []
    while url:
        page = text(dora.get(url))
        seen += re.findall(r'<a href="/service/([^"/]+)/"', page)
        following = re.search(r'href="([^"]*after=[^"]*)"', page)
        url = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == Service.objects.count()


def test_the_lists_are_a_few_queries(dora: Client, django_assert_max_num_queries: Any) -> None:
    dora.get("/desk/health/records/")
    with django_assert_max_num_queries(8):  # with the session, the person, their seat and the territory
        dora.get("/desk/health/records/?show=never&need=housing")


def test_the_table_holds_the_same_records_and_no_formula(dora: Client) -> None:
    Service.objects.filter(code="tea-hour").update(name="=HYPERLINK(1)", confirmed_on=None)
    answer = dora.get("/desk/health/records.csv?show=never")
    rows = list(csv.reader(io.StringIO(answer.content.decode().lstrip("\ufeff"))))
    assert rows[0] == ["Service", "Organisation", "State", "Confirmed on", "Source", "Page"]
    assert len(rows) - 1 == Service.objects.filter(confirmed_on=None).count()
    assert "'=HYPERLINK(1)" in {row[0] for row in rows}
    assert SECRET_STREET not in answer.content.decode()


@given(cell=st.text(max_size=20))
def test_no_cell_is_run_by_a_spreadsheet(cell: str) -> None:
    assert not harmless(cell).lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert harmless(cell).endswith(cell)


def test_numbers_stay_numbers() -> None:
    assert [harmless(-3), harmless(None), harmless(2.5)] == ["-3", "", "2.5"]


def test_who_plans_nothing_sees_nothing(land: Territory, cast: Any) -> None:
    client = Client()
    client.force_login(cast.alice)
    for url in ("/desk/health/", "/desk/health/records/", "/desk/health/records.csv"):
        assert client.get(url).status_code == 403
