"""Every answer carries the headers that protect its reader: pages, refusals, machines' answers, files. Production starts without a warning."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from maillage.territory.models import Territory
from maillage.web.limits import COUNTS
from tests.pages import desk as desks
from tests.pages import secret
from tests.pages.test_leaks import client_of, every_path
from tests.pages.test_leaks import desk as desk  # fixtures
from tests.pages.test_leaks import hidden as hidden

ALWAYS = {
    "X-Content-Type-Options": {"nosniff"},
    "Referrer-Policy": {"same-origin", "no-referrer"},
    "X-Frame-Options": {"DENY"},
    "Cross-Origin-Opener-Policy": {"same-origin"},
}
PRODUCTION = {
    "BEHIND_TLS": "true", "ALLOWED_HOSTS": "example.org", "SITE_URL": "https://example.org", "DEBUG": "false",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "STATICFILES_STORAGE": "maillage.web.collected.CollectedFiles",
}  # fmt: skip


def missing(answer: Any) -> list[str]:
    wrong = [name for name, said in ALWAYS.items() if answer.headers.get(name) not in said]
    policy = answer.headers.get("Content-Security-Policy", "")
    wrong += [
        part for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'") if part not in policy
    ]
    wrong += ["unsafe" for word in ("unsafe-inline", "unsafe-eval", " *") if word in policy]
    return wrong + ([] if "camera=()" in answer.headers.get("Permissions-Policy", "") else ["Permissions-Policy"])


@pytest.mark.parametrize("who", ["visitor", "mona"])
def test_every_answer_carries_them(who: str, hidden: secret.Hidden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maillage.web.rate.allow", lambda *args: True)
    client, wrong, statuses = client_of(who, "en"), {}, set()
    errors = ["/static/css/base.css", "/static/none.css", "/nowhere", "/results/?q=" + "y" * 9000]
    for path in [*every_path(hidden), *errors]:
        for method in ("get", "put"):
            answer = getattr(client, method)(path)
            statuses.add(answer.status_code)
            if found := missing(answer):
                wrong[f"{method} {path[:80]}"] = found
    assert wrong == {}
    assert {200, 302, 404, 405, 414} <= statuses


def test_a_link_that_is_a_secret_is_told_to_no_other_site(hidden: secret.Hidden) -> None:
    page = client_of("visitor", "en").get(f"/list/{hidden.token}/")
    assert (page.headers["Referrer-Policy"], page.headers["Cache-Control"]) == ("no-referrer", "no-store")


def test_no_page_of_somebody_signed_in_is_kept_by_a_browser(
    hidden: secret.Hidden, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of("mona", "en")
    kept = []
    for path in every_path(hidden, with_machines=False):
        answer = client.get(path)
        is_page = answer.status_code == 200 and "html" in answer.headers["Content-Type"]
        if is_page and "no-store" not in answer.headers.get("Cache-Control", ""):
            kept.append(path)
    assert kept == []


def test_behind_tls_browsers_are_told_to_stay_there(client: Client, land: Territory, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    for path in ("/", "/nowhere", "/static/css/base.css", "/hsds/"):
        answer = Client().get(path, secure=True)
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000; includeSubDomains"), path


def test_production_starts_without_a_warning(tmp_path: Path) -> None:
    given = os.environ | PRODUCTION | {"MAILLAGE_VAR": str(tmp_path), "SECRET_KEY": secrets.token_urlsafe(50)}
    given.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # of the tests in a browser, which may have run before in this process
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "maillage", "check", "--deploy", "--fail-level", "WARNING"],
        env=given, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("method", ["PROPFIND", "PUT", "PATCH", "DELETE", "TRACE", "MKCOL", "QUERY"])
def test_a_method_that_no_page_has_is_said_to_be_none(method: str, land: Territory) -> None:
    for path in ("/", "/results/", "/desk/", "/nowhere"):
        answer = Client().generic(method, path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    assert Client().generic(method, "/api/orientation").status_code == 405


def test_an_address_that_is_too_long_is_not_repeated(land: Territory) -> None:
    page = Client().get("/results/?q=" + "y" * 9000)
    assert page.status_code == 414
    assert "yyyyyyyy" not in page.content.decode()


def test_a_form_that_is_too_large_leaves_no_trace_of_a_breakdown(
    land: Territory, caplog: pytest.LogCaptureFixture
) -> None:
    page = Client(raise_request_exception=False).post(
        "/results/", "text=" + "x" * 1_100_000, content_type="application/x-www-form-urlencoded"
    )
    assert page.status_code == 413
    assert not [one for one in caplog.records if one.exc_info]


def test_searching_too_often_is_refused_with_a_sentence(land: Territory, settings: Any) -> None:
    settings.SEARCHES_A_MINUTE, settings.ALLAUTH_TRUSTED_PROXY_COUNT = 3, 1
    COUNTS._window = 0
    one, other = ({"X-Forwarded-For": f"10.0.0.9, 192.0.2.{n}", "accept-language": "en"} for n in (1, 2))
    for _ in range(3):
        assert Client(headers=one).get("/results/").status_code == 200
    page = Client(headers=one).get("/results/")
    assert page.status_code == 429
    assert 1 <= int(page.headers["Retry-After"]) <= 60
    assert "within a minute" in page.content.decode()
    answer = Client(headers=one).post("/api/orientation", b"{}", "application/json")
    assert answer.status_code == 429
    assert "wait a minute" in answer.json()["problems"][0]["sentence"]
    assert Client(headers=one).get("/").status_code == 200  # what costs nothing goes on
    assert Client(headers=other).get("/results/").status_code == 200  # the proxy told another address
    forged = one | {
        "X-Forwarded-For": "203.0.113.7, 192.0.2.1"
    }  # what stands before the proxy's own word is not believed
    assert Client(headers=forged).get("/results/").status_code == 429
    settings.SEARCHES_A_MINUTE = 0
    assert Client(headers=one).get("/results/").status_code == 200
    COUNTS._window = 0


def test_wrong_passwords_are_counted_and_refused_with_a_sentence(land: Territory, cast: Any) -> None:
    cache.clear()
    said = {"login": "alice@example.org", "password": "wrong"}
    statuses = []
    for _ in range(12):
        page = Client(headers={"accept-language": "en"}).post("/accounts/login/", said)
        statuses.append(page.status_code)
        if page.status_code == 429:
            break
        if "Too many failed login attempts" in page.content.decode():
            statuses.append(429)
            break
    assert statuses[-1] == 429
    right = said | {"password": "a long enough sentence"}
    assert Client().post("/accounts/login/", right).status_code != 302  # not even the right one, for some minutes


def test_asking_for_a_new_password_too_often_is_refused_with_a_sentence(land: Territory, cast: Any) -> None:
    cache.clear()
    pages = [
        Client(headers={"accept-language": "en"}).post("/accounts/password/reset/", {"email": f"x{n}@example.org"})
        for n in range(25)
    ]
    assert pages[0].status_code == 302
    assert pages[-1].status_code == 429
    assert pages[-1].headers["Retry-After"] == "300"
    assert "please wait a few minutes" in pages[-1].content.decode()
    cache.clear()


def test_too_many_files_are_refused_with_a_sentence(desk: desks.Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    monkeypatch.setattr("maillage.web.desk.imports.MOST_FILES", 0)
    fields = {"format": "hsds", "source": "Feed", "licence": "", "file": SimpleUploadedFile("a.json", b"[]")}
    page = client_of("mona", "en").post("/desk/imports/new/", fields)
    assert page.status_code == 429
    assert "Many files came at once" in page.content.decode()
    assert int(page.headers["Retry-After"]) > 0


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 30, "²", "٣", "-1", ""])
def test_a_key_that_no_row_could_have_breaks_nothing(number: str, desk: desks.Desk) -> None:
    client = client_of("dora", "en")
    for path in ("/desk/members/", "/desk/account/"):
        assert client.post(path, {"do": "renew", "member": number}).status_code < 500
        assert client.get(path, {"after": number}).status_code in {200, 414}
