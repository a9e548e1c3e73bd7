"""What others may make us ask: the open web, and nothing of our own network."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.directory import outward
from maillage.directory.outward import Unreachable


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            self.end_headers()
        elif self.path == "/packed":
            self._say(b"x", **{"Content-Encoding": "gzip"})
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):  # whoever asked has gone
                for _ in range(50):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.1)
        elif self.path == "/broken":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"x")
        elif self.path == "/nonsense":
            self.wfile.write(b"what?\r\n\r\n")
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 5_000)
        else:
            self._say(b"hello" if self.path != "/gone" else b"", 404 if self.path == "/gone" else 200)

    do_HEAD = do_GET

    def _say(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *told: object) -> None: ...


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A site on this machine, which the test lets us ask."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(outward, "PORTS", {"http": server.server_port, "https": server.server_port})
    monkeypatch.setattr(outward, "is_public", lambda number: number == "127.0.0.1")
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`named("10.0.0.1")`: every name has these numbers."""

    def set_(*numbers: str) -> None:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, 443)) for number in numbers]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: found)

    return set_


def test_an_answer_is_followed_to_where_it_really_is(site: str) -> None:
    into = io.BytesIO()
    found = outward.ask(f"{site}/to?/feed", into=into, most_bytes=100)
    assert (found.status, found.url, found.size, into.getvalue()) == (200, f"{site}/feed", 5, b"hello")
    assert outward.ask(f"{site}/gone", method="HEAD").status == 404
    assert outward.ask(f"{site}/gone", into=into, most_bytes=1).size == 0


@pytest.mark.parametrize(
    ("path", "code"),
    [("/to?/to?/to?/to?/to?/to?/to?/feed", "redirects"), ("/to?ftp://localhost/", "scheme"), ("/to?http://localhost:1/", "address"),
     ("/packed", "encoding"), ("/feed", "too-large"), ("/endless", "too-large"), ("/nonsense", "protocol")],
)  # fmt: skip
def test_what_goes_wrong_has_a_name(site: str, path: str, code: str) -> None:
    with pytest.raises(Unreachable, match=code):
        outward.ask(site + path, into=io.BytesIO(), most_bytes=3)


def test_an_answer_that_breaks_off_is_no_answer(site: str) -> None:
    with pytest.raises(Unreachable, match="protocol"):
        outward.ask(f"{site}/broken", into=io.BytesIO(), most_bytes=1_000)


def test_a_server_that_sends_a_byte_now_and_then_is_cut_off(site: str) -> None:
    started = time.monotonic()
    with pytest.raises(Unreachable, match="timeout"):
        outward.ask(f"{site}/slow", into=io.BytesIO(), most_bytes=1_000, seconds=0.4)
    assert time.monotonic() - started < 3
    with pytest.raises(Unreachable, match="timeout"):
        outward.ask(f"{site}/feed", seconds=0)


def test_a_certificate_that_is_none_is_told(site: str) -> None:
    with pytest.raises(Unreachable, match="tls"):
        outward.ask(site.replace("http:", "https:"))


def test_nobody_answers(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(outward, "PORTS", {"http": port, "https": port})
    with pytest.raises(Unreachable, match="refused"):
        outward.ask(f"http://localhost:{port}/")


@pytest.mark.parametrize(
    "number",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
     "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::",
     "2001:0:1::1", "::7f00:1", "ff02::1", "not a number"],
)  # fmt: skip
def test_our_own_network_is_never_asked(named: Callable[..., None], number: str) -> None:
    assert not outward.is_public(number)
    named("8.8.8.8", number)  # one public number beside it does not help
    with pytest.raises(Unreachable, match="private"):
        outward.ask("https://feeds.example.org/")


def test_a_public_number_is_public() -> None:
    assert outward.is_public("8.8.8.8")
    assert outward.is_public("2606:4700::1111")
    assert outward.is_public("::ffff:8.8.8.8")


@pytest.mark.parametrize(
    ("url", "code"),
    [("http://example.org/", "scheme"), ("file:///etc/passwd", "scheme"), ("gopher://example.org/", "scheme"), ("", "scheme"),
     ("https://user:secret@example.org/", "address"), ("https://example.org:22/", "address"), ("https://exa mple.org/", "address"),
     ("https://example.org/a\r\nHost: x", "address"), ("https://[::1", "address"), ("https://", "address"),
     ("https://example.org/" + "a" * 3_000, "address"), ("https://example.org:99999/", "address"), ("https://" + "a" * 70 + ".org", "address")],
)  # fmt: skip
def test_only_plain_web_addresses_are_asked(url: str, code: str) -> None:
    with pytest.raises(Unreachable) as refused:
        outward.check(url, https_only=True)
    assert refused.value.code == code or "\r" in url


def test_a_name_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*args: object, **options: object) -> object:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(Unreachable, match="dns"):
        outward.ask("https://nowhere.example/")


@given(st.text(max_size=60))
def test_whatever_is_typed_is_refused_by_name_or_is_a_web_address(typed: str) -> None:
    try:
        scheme, host, _path, port = outward.check(typed)
    except Unreachable:
        return
    assert scheme in ("http", "https")
    assert host
    assert port in (80, 443)
