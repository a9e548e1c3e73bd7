"""Signing in: e-mail and password, a one-time code, a passkey, a national login; and nobody who was not invited."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from maillage.people.actions import members as actions
from maillage.people.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "a sentence nobody knows"


@pytest.fixture
def user(db: None) -> User:
    cache.clear()  # the limits on attempts are kept there
    return actions.open_account("eve@example.org", by="system:test", password=PASSWORD)


def sign_in(client: Client, password: str = PASSWORD) -> Any:
    return client.post(reverse("account_login"), {"login": "Eve@Example.org", "password": password})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_an_address_and_a_password_sign_in(user: User, client: Client) -> None:
    assert sign_in(client).status_code == 302
    assert is_signed_in(client)


def test_a_wrong_password_does_not_and_five_of_them_close_the_door(user: User, client: Client) -> None:
    for _ in range(5):
        sign_in(client, "something else")
    page = sign_in(client)
    assert not is_signed_in(client)
    assert "Too many failed login attempts" in page.content.decode()


def test_an_address_that_nobody_vouched_for_does_not_sign_in(user: User, client: Client) -> None:
    EmailAddress.objects.update(verified=False)
    sign_in(client)
    assert not is_signed_in(client)


def test_with_a_one_time_code_the_password_alone_is_not_enough(user: User, client: Client) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    assert sign_in(client).url == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert is_signed_in(client)


def test_a_passkey_is_asked_for_with_a_challenge_and_a_made_up_answer_is_refused(user: User, client: Client) -> None:
    challenge = client.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"}).json()
    assert challenge["request_options"]["publicKey"]["challenge"]
    made_up = {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}
    page = client.post(reverse("mfa_login_webauthn"), {"credential": json.dumps(made_up)})
    assert page.status_code < 500
    assert not is_signed_in(client)


def test_nobody_opens_an_account_alone(client: Client) -> None:
    page = client.post(reverse("account_signup"), {"email": "me@example.org", "password1": PASSWORD})
    assert page.status_code == 200
    assert not User.objects.exists()


NATIONAL_LOGIN = """
import os, django
django.setup()
from django.conf import settings
from django.urls import reverse
print(reverse("openid_connect_login", kwargs={"provider_id": "national"}))
print(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"])
"""


def _python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {"DJANGO_SETTINGS_MODULE": "maillage.settings", "DATABASE_URL": "sqlite:///:memory:"}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | settings | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_national_login_is_plugged_in_by_one_setting() -> None:
    pytest.importorskip("jwt", reason="the extra `openid` is not installed")
    done = _python(NATIONAL_LOGIN, OPENID_CONNECT="national|National login|https://login.example.org/realm|us|secret")
    assert done.returncode == 0, done.stderr
    assert "/accounts/oidc/national/login/" in done.stdout
    assert "https://login.example.org'" in done.stdout


def test_a_national_login_that_is_half_configured_is_refused_with_a_sentence() -> None:
    done = _python("import django; django.setup()", OPENID_CONNECT="national|National login")
    assert done.returncode != 0
    assert "write id|name|https://issuer|client id|secret" in done.stderr
