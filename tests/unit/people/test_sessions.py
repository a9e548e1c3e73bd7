"""How long one stays signed in, what a session is made of, and how it ends everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from maillage.people.actions import members as actions
from maillage.people.models import User
from maillage.web.sessions import is_over
from tests.testland import NOW

PASSWORD = "a sentence nobody knows"
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that is moved by hand."""

    class Clock:
        now: datetime = NOW

        def forward(self, **more: float) -> None:
            self.now += timedelta(**more)

    it = Clock()
    monkeypatch.setattr(timezone, "now", lambda: it.now)
    return it


@pytest.fixture
def signed_in(clock: Any, testland: Any) -> Client:
    cache.clear()
    user = actions.open_account("eve@example.org", by="system:test", password=PASSWORD)
    actions.add_member(user, "moderator", territory=testland, by="system:test", at=NOW - timedelta(days=1))
    return sign_in()


def sign_in() -> Client:
    client = Client(headers=ENGLISH)
    answer = client.post(reverse("account_login"), {"login": "eve@example.org", "password": PASSWORD})
    assert answer.status_code == 302
    return client


def is_in(client: Client) -> bool:
    return bool(client.get("/desk/account/").status_code == 200)


def test_an_hour_without_doing_anything_ends_it_and_says_why(signed_in: Client, clock: Any) -> None:
    clock.forward(minutes=50)
    assert is_in(signed_in)
    clock.forward(minutes=50)
    assert is_in(signed_in)
    clock.forward(minutes=61)
    page = signed_in.get("/desk/account/", follow=True)
    assert page.redirect_chain[0][0] == "/accounts/login/?next=/desk/account/"
    assert "You were signed out after a time without activity." in page.content.decode()


def test_twelve_hours_end_it_whatever_one_did(signed_in: Client, clock: Any) -> None:
    for _ in range(23):
        clock.forward(minutes=30)
        assert is_in(signed_in)
    clock.forward(minutes=30)
    assert not is_in(signed_in)


def test_reading_a_page_writes_the_session_every_five_minutes_only(
    signed_in: Client, clock: Any, django_assert_num_queries: Any
) -> None:
    from django.contrib.sessions.models import Session

    before = Session.objects.get().session_data
    clock.forward(minutes=4)
    is_in(signed_in)
    assert Session.objects.get().session_data == before
    clock.forward(minutes=2)
    is_in(signed_in)
    assert Session.objects.get().session_data != before


def test_signing_in_gives_the_session_a_new_key(testland: Any, clock: Any) -> None:
    cache.clear()
    actions.open_account("eve@example.org", by="system:test", password=PASSWORD)
    client = Client(headers=ENGLISH)
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    client.post(reverse("account_login"), {"login": "eve@example.org", "password": PASSWORD})
    assert client.session.session_key != session.session_key


def test_signing_out_everywhere_ends_the_others_and_keeps_this_one(signed_in: Client) -> None:
    other = sign_in()
    assert is_in(other)
    signed_in.post("/desk/account/", {"do": "sign-out"})
    assert is_in(signed_in)
    assert not is_in(other)


def test_an_account_that_is_closed_is_out_at_once(signed_in: Client) -> None:
    User.objects.update(is_active=False)
    assert not is_in(signed_in)


def test_signing_out_takes_a_form_and_not_a_link(signed_in: Client) -> None:
    assert signed_in.get(reverse("account_logout")).status_code == 200
    assert is_in(signed_in)
    signed_in.post(reverse("account_logout"))
    assert not is_in(signed_in)


def test_a_session_ends_with_the_browser(signed_in: Client) -> None:
    cookie = signed_in.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["max-age"] == cookie["expires"] == ""
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_session_lives_while_it_is_young_and_used(began: int, age: int, idle: int) -> None:
    now = began + age
    lives = age < settings.SESSION_HOURS * 3600 and idle < settings.SESSION_IDLE_MINUTES * 60
    assert is_over(now, began, now - idle) == (not lives)


def test_behind_tls_the_cookies_are_bound_to_this_host() -> None:
    code = (
        "import django, json; from django.conf import settings as s; django.setup();"
        "print(json.dumps([s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
        " s.SESSION_COOKIE_PATH, s.SESSION_COOKIE_DOMAIN, s.REQUIRE_SECOND_FACTOR]))"
    )
    environment = {
        "DJANGO_SETTINGS_MODULE": "maillage.settings",
        "BEHIND_TLS": "true",
        "DATABASE_URL": "sqlite:///:memory:",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
    )  # fmt: skip
    assert json.loads(done.stdout) == ["__Host-session", "__Host-csrf", True, True, "/", None, True]


@pytest.mark.django_db
def test_an_account_that_exists_and_one_that_does_not_get_the_same_answer(clock: Any) -> None:
    cache.clear()
    actions.open_account("eve@example.org", by="system:test", password=PASSWORD)
    client = Client(headers=ENGLISH)
    pages = [
        client.post(reverse("account_login"), {"login": email, "password": "something else entirely"}).content.decode()
        for email in ("eve@example.org", "nobody@example.org")
    ]
    same = [page.replace("eve@example.org", "X").replace("nobody@example.org", "X") for page in pages]
    assert [line for line in same[0].splitlines() if "csrf" not in line] == [
        line for line in same[1].splitlines() if "csrf" not in line
    ]
    resets = [
        client.post(reverse("account_reset_password"), {"email": email})
        for email in ("eve@example.org", "nobody@example.org")
    ]
    assert resets[0].status_code == resets[1].status_code == 302
    assert resets[0].headers["Location"] == resets[1].headers["Location"]
