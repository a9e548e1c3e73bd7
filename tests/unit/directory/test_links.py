"""Dead links: asked politely, never into a private network, and dead only after days."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.directory import links
from maillage.directory.models import LinkCheck, Service
from maillage.territory.models import Territory
from tests.testland import NOW

ASKED: list[tuple[str, str]] = []


class Site(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        ASKED.append((self.command, self.path))
        status = {
            "/fine": 200,
            "/gone": 404,
            "/no-head": 405 if self.command == "HEAD" else 200,
            "/secret": 401,
            "/é": 200,
        }
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/") or "/to/")
        else:
            self.send_response(status.get(self.path, 200))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def site() -> Iterator[str]:
    ASKED.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def loopback_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "is_public", lambda address: address == "127.0.0.1")


@pytest.mark.usefixtures("loopback_is_public")
@pytest.mark.parametrize(
    ("path", "status", "alive"),
    [
        ("/fine", 200, True),
        ("/gone", 404, False),
        ("/no-head", 200, True),
        ("/secret", 401, True),
        ("/to//fine", 200, True),
    ],
)
def test_an_address_answers_or_does_not(site: str, path: str, status: int, alive: bool) -> None:
    answer = links.ask(site + path)
    assert (answer.status, answer.is_alive) == (status, alive)


@pytest.mark.usefixtures("loopback_is_public")
def test_head_is_asked_first_and_get_only_when_it_is_disliked(site: str) -> None:
    links.ask(f"{site}/fine")
    links.ask(f"{site}/no-head")
    assert ASKED == [("HEAD", "/fine"), ("HEAD", "/no-head"), ("GET", "/no-head")]


@pytest.mark.usefixtures("loopback_is_public")
def test_redirects_without_end_are_left(site: str) -> None:
    assert links.ask(f"{site}/to/").error == "redirects"
    assert len(ASKED) == links.MOST_HOPS + 1


def test_this_machine_is_never_asked(site: str) -> None:
    for name in (site, site.replace("127.0.0.1", "localhost"), site.replace("127.0.0.1", "[::ffff:127.0.0.1]")):
        assert links.ask(f"{name}/fine") == links.Answer(error="private")
    assert ASKED == []


def test_a_redirect_into_a_private_network_is_not_followed(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "is_public", lambda address: address == "127.0.0.1")
    for inside in ("http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://0.0.0.0/"):
        assert links.ask(f"{site}/to/{inside}").error == "private"
    assert links.ask(f"{site}/to/file:///etc/passwd").error == "address"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "::1", "fe80::1%eth0",
     "fc00::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::1", "255.255.255.255"],
)  # fmt: skip
def test_private_addresses_are_not_public(address: str) -> None:
    assert not links.is_public(address)


@pytest.mark.parametrize(
    "address", ["193.190.130.15", "2001:6a8:3c80::1", "::ffff:193.190.130.15", "64:ff9b::193.190.130.15"]
)
def test_public_addresses_are(address: str) -> None:
    assert links.is_public(address)


def test_every_address_of_a_name_must_be_public(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(2, 1, 6, "", ("193.190.130.15", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    assert links.ask("http://rebinding.example/").error == "private"


@given(url=st.text(max_size=60) | st.from_regex(r"(ftp|javascript|mailto|//|http:/?)[ -~]{0,30}", fullmatch=True))
def test_what_is_no_web_address_is_told_and_never_asked(url: str) -> None:
    if not links._is_web(url):
        assert links.ask(url).error == "address"


@pytest.mark.parametrize(
    ("raised", "code"),
    [(socket.gaierror(), "dns"), (TimeoutError(), "timeout"), (ConnectionRefusedError(), "refused"), (OSError(), "unreachable"),
     (links.ssl.SSLError(), "tls"), (links.http.client.BadStatusLine("x"), "broken")],
)  # fmt: skip
def test_each_failure_has_a_code(raised: Exception, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise raised

    monkeypatch.setattr(links, "_once", fail)
    assert links.ask("https://example.org/") == links.Answer(error=code)


def test_a_name_that_no_name_server_takes_is_a_name_not_found() -> None:
    assert links.ask(f"http://{'é' * 300}.example/").error == "dns"


# ---- a whole territory


@pytest.fixture
def three(testland: Territory) -> Territory:
    """Three real services with a web address, one of them through its organisation."""
    for number, service in enumerate(Service.objects.order_by("id")[:3]):
        service.is_fictional, service.url = False, f"https://s{number}.example/" if number else ""
        service.save()
        assert service.organization is not None
        service.organization.website = f"https://o{number}.example/"
        service.organization.save()
    return testland


def answers(monkeypatch: pytest.MonkeyPatch, said: dict[str, links.Answer] | None = None) -> list[str]:
    asked: list[str] = []

    def ask(url: str) -> links.Answer:
        asked.append(url)
        return (said or {}).get(url, links.Answer(200))

    monkeypatch.setattr(links, "ask", ask)
    return asked


def check(territory: Territory, days: float = 0, **more: Any) -> links.Checked:
    return links.check(territory, at=NOW + timedelta(days=days), pause=0, **more)


def test_what_answered_is_asked_again_after_a_week_and_what_failed_the_next_day(
    three: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answers(monkeypatch, {"https://s1.example/": links.Answer(404)})
    assert check(three) == links.Checked(3, 1)
    assert sorted(asked) == ["https://o0.example/", "https://s1.example/", "https://s2.example/"]
    asked.clear()
    check(three, 1)
    assert asked == ["https://s1.example/"]
    check(three, 7)
    assert len(asked) == 4


def test_an_address_fails_since_the_first_time_and_is_fine_at_once(
    three: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, {"https://s1.example/": links.Answer(error="timeout")})
    for days in (0, 1, 2):
        check(three, days)
    row = LinkCheck.objects.get(url="https://s1.example/")
    assert (row.failing_since, row.error, row.status) == (NOW, "timeout", None)
    answers(monkeypatch)
    check(three, 3)
    row.refresh_from_db()
    assert (row.failing_since, row.error, row.status) == (None, "", 200)


def test_invented_services_lead_nowhere_and_unused_addresses_are_forgotten(
    three: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch)
    check(three)
    Service.objects.update(is_fictional=True)
    assert check(three, 8) == links.Checked()
    assert not LinkCheck.objects.exists()


def test_without_a_way_out_nothing_is_written_and_the_reason_is_said(
    three: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, {url: links.Answer(error="dns") for url in links.used(three)})
    assert "no way out" in check(three).summary
    assert not LinkCheck.objects.exists()


def test_one_name_that_is_gone_is_told_from_a_network_that_is_gone(
    three: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch)
    check(three)
    Service.objects.filter(url="https://s1.example/").update(url="https://gone.example/")
    answers(monkeypatch, {"https://gone.example/": links.Answer(error="dns")})
    assert check(three, 1) == links.Checked(1, 1)
    assert LinkCheck.objects.get(url="https://gone.example/").error == "dns"


def test_it_can_be_turned_off(three: Territory, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch)
    settings.CHECK_LINKS = False
    assert "CHECK_LINKS" in check(three).skipped
    assert asked == []


def test_a_stop_is_heard_between_two_addresses(three: Territory, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch)
    assert check(three, stopping=lambda: True).asked == 0
    assert asked == []


def test_addresses_of_one_host_are_asked_one_after_the_other(three: Territory, monkeypatch: pytest.MonkeyPatch) -> None:
    Service.objects.filter(code="open-door").update(url="https://s1.example/other")
    slept: list[float] = []
    monkeypatch.setattr(links.time, "sleep", slept.append)
    monkeypatch.setattr(links, "PROBES", 0)
    answers(monkeypatch)
    links.check(three, at=NOW)
    assert slept == [links.PAUSE]


def test_what_is_no_web_address_is_a_failure_too(three: Territory) -> None:
    Service.objects.filter(is_fictional=False).update(url="see our page")
    assert check(three).failing == 1
    assert LinkCheck.objects.get().error == "address"
