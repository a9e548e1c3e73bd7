"""The table of access, walked: every address of the map, as everyone, asking and sending. No view runs behind a closed gate."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse  # noqa: TID251  # a middleware of this test alone
from django.test import Client
from django.urls import resolve

from maillage.people.models import Membership, Organization, Role, User
from maillage.territory.models import Territory
from maillage.web import access, addresses
from maillage.web.access import ACCOUNT, VISITOR, allowed
from maillage.web.presenters.roles import NAMES
from maillage.web.seat import HEAD
from tests.testland import NOW

ENGLISH = {"accept-language": "en"}
PASSED = 299  # what the last middleware answers instead of a view
EXAMPLES = {
    r"\(\?P<uidb36>[^)]*\)-\(\?P<key>[^)]*\)": "1-abc",
    r"\(\?P<key>[^)]*\)": "abc",
    r"<uuid:\w+>": str(UUID(int=1)),
    r"<int:\w+>": "1",
    r"<(?:str|slug|path):\w+>|<\w+>": "x",
}
# who -> the role held (None: no membership), inside an organisation or not, and how they knock at the gate
PEOPLE: dict[str, tuple[Role | None, bool, frozenset[str]]] = {
    "stranger": (None, False, frozenset({ACCOUNT})),
    "professional": (Role.PROFESSIONAL, True, frozenset({ACCOUNT, "professional"})),
    "editor": (Role.EDITOR, True, frozenset({ACCOUNT, "editor"})),
    "head": (Role.ADMINISTRATOR, True, frozenset({ACCOUNT, HEAD})),
    "moderator": (Role.MODERATOR, False, frozenset({ACCOUNT, "moderator"})),
    "coordinator": (Role.COORDINATOR, False, frozenset({ACCOUNT, "coordinator"})),
    "administrator": (Role.ADMINISTRATOR, False, frozenset({ACCOUNT, "administrator"})),
    "expired": (Role.ADMINISTRATOR, False, frozenset({ACCOUNT})),
    "elsewhere": (Role.ADMINISTRATOR, False, frozenset({ACCOUNT})),
    "inactive": (Role.ADMINISTRATOR, False, frozenset()),
    "visitor": (None, False, frozenset()),
}


class Gatekeeper:
    """Stands last: what comes as far as here would run a view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponse:
        return HttpResponse(status=PASSED)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.Gatekeeper"]


def example(path: str) -> str:
    for pattern, value in EXAMPLES.items():
        path = re.sub(pattern, value, path)
    return "/" + path


def somebody(name: str, territory: Territory) -> User:
    role, inside, _ = PEOPLE[name]
    user = User.objects.create_user(f"{name}@example.org", "a long enough sentence", is_active=name != "inactive")
    if name == "elsewhere":
        territory = Territory.objects.create(
            code="other", country="XX", timezone="UTC", loaded_at=NOW - timedelta(days=900)
        )
    place = Organization.objects.create(territory=territory, name="A house") if inside else None
    if role:
        ended = NOW - timedelta(days=1) if name == "expired" else None
        Membership.objects.create(
            user=user,
            territory=territory,
            organization=place,
            role=role,
            starts_at=NOW - timedelta(days=9),
            ends_at=ended,
        )
    return user


def test_every_address_stands_in_the_table_and_every_line_has_an_address() -> None:
    assert addresses.unknown() == []
    optional = {"openid_connect_*", "socialaccount_*"}  # a national login that is not configured here
    assert set(addresses.idle()) - optional == set()


def test_the_roles_of_the_table_have_a_name() -> None:
    assert frozenset().union(*access.ACCESS.values()) <= set(NAMES)


def test_the_examples_are_the_addresses_they_stand_for() -> None:
    names = {one.name for one in addresses.addresses()}
    reached = {resolve(example(one.path)).view_name for one in addresses.addresses()}
    assert {name for name in names if not name.startswith(("api:", "hsds:"))} <= reached


@pytest.mark.parametrize("who", PEOPLE)
def test_the_gate_opens_exactly_as_the_table_says(who: str, testland: Territory, gate: None) -> None:
    client, roles = Client(headers=ENGLISH), PEOPLE[who][2]
    if who != "visitor":
        client.force_login(somebody(who, testland))
    for address in addresses.addresses():
        path = example(address.path)
        may = allowed(resolve(path).view_name)
        for method in ("get", "post"):
            answer = getattr(client, method)(path)
            said = f"{who} {method} {path} -> {answer.status_code}"
            if VISITOR in may or may & roles:
                assert answer.status_code == PASSED, said
            elif not roles:
                assert answer.status_code == 302, said
                back = path if method == "get" else "/desk/"
                assert answer.headers["Location"] == f"/accounts/login/?next={back}", said
            else:
                assert answer.status_code == 403, said


def test_an_address_that_nobody_wrote_down_is_refused_to_everyone(
    testland: Territory, gate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {name: who for name, who in access.ACCESS.items() if name != "desk-trail"}
    monkeypatch.setattr(access, "ACCESS", table)
    client = Client(headers=ENGLISH)
    client.force_login(somebody("administrator", testland))
    page = client.get("/desk/trail/")
    assert page.status_code == 403
    assert "Nobody may open this page." in page.content.decode()


def test_a_refusal_says_which_role_it_takes(testland: Territory) -> None:
    client = Client(headers=ENGLISH)
    client.force_login(somebody("editor", testland))
    html = client.get("/desk/trail/").content.decode()
    assert "This page is for: Administrator. Your account has another role here." in html
    stranger = Client(headers=ENGLISH)
    stranger.force_login(somebody("expired", testland))
    html = stranger.get("/desk/").content.decode()
    assert "Your account has no role here at the moment: ask who invited you to renew it." in html
    assert stranger.get("/desk/account/").status_code == 200


def test_what_stands_behind_the_gate_is_kept_by_no_browser(testland: Territory, client: Client) -> None:
    assert "no-store" in client.get("/desk/").headers["Cache-Control"]
    client.force_login(somebody("moderator", testland))
    assert client.get("/desk/").headers["Cache-Control"] == "no-store"


@pytest.fixture
def strict(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True


@pytest.mark.parametrize("who", ["moderator", "coordinator", "administrator"])
def test_a_role_of_the_whole_territory_needs_a_second_step(
    who: str, testland: Territory, strict: None, client: Client
) -> None:
    user = somebody(who, testland)
    client.force_login(user)
    answer = client.get("/desk/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/2fa/")
    assert client.get("/desk/account/").status_code == 200
    Authenticator.objects.create(user=user, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert client.get("/desk/").status_code == 302  # they replace a step, and are none
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    assert client.get("/desk/").status_code == 200


def test_whoever_sees_confidential_places_needs_it_too_and_an_editor_does_not(
    testland: Territory, strict: None, client: Client
) -> None:
    user = somebody("editor", testland)
    client.force_login(user)
    assert client.get("/desk/").status_code == 200
    Membership.objects.update(sees_confidential_places=True)
    assert client.get("/desk/").status_code == 302


def test_a_superuser_without_a_membership_needs_it_too(testland: Territory, strict: None, client: Client) -> None:
    user = User.objects.create_superuser("root@example.org", "a long enough sentence")
    client.force_login(user)
    assert client.get("/desk/").status_code == 302
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={})
    assert client.get("/desk/").status_code == 200


def test_behind_tls_the_second_step_is_asked_for_unless_told_otherwise() -> None:
    assert settings.REQUIRE_SECOND_FACTOR is settings.BEHIND_TLS is False
