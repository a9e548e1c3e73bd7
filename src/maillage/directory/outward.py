"""Asking other machines over the web, and never our own network: every address is checked, and the one checked is the one reached.

An address that somebody types may point at the database beside us, at the cloud's own metadata, or at a name that says one
thing to the check and another to the connection. So the name is resolved once, every answer must be public, and the
connection goes to that very number; each redirect is judged anew. Sizes and times have an end.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO
from urllib.parse import urljoin, urlsplit

PORTS = {"https": 443, "http": 80}  # others are services of machines, not sites
MOST_REDIRECTS = 5
LONGEST_URL = 2_000
BLOCK = 64 * 1024
AGENT = "Maillage (directory of services)"
# addresses that hide another one: what they lead to is not judged, so they are refused
_TUNNELS = tuple(ipaddress.ip_network(n) for n in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96"))


class Unreachable(Exception):
    """It was not asked, or did not answer. `code` is stable: scheme, address, private, dns, tls, refused, timeout,
    redirects, too-large, encoding, protocol."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back at last: the status, where it came from after redirects, how many bytes were written."""

    status: int
    url: str
    size: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


def ask(
    url: str, *, method: str = "GET", into: IO[bytes] | None = None, seconds: float = 20, most_bytes: int = 0,
    https_only: bool = False,
) -> Answer:  # fmt: skip
    """Ask an address and follow its redirects. The body of a 200 goes to `into`, at most `most_bytes`; without, it is not read.

    `seconds` is for all of it together. Raises Unreachable.
    """
    end = time.monotonic() + seconds
    for _ in range(MOST_REDIRECTS + 1):
        with _asked(url, method, end, https_only) as answer:
            target = answer.headers.get("Location")
            if answer.status in (301, 302, 303, 307, 308) and target:
                url = urljoin(url, target)
                continue
            told = {name.lower(): value for name, value in answer.headers.items()}
            size = _body(answer, into, most_bytes, end) if into is not None and answer.status == 200 else 0
            return Answer(answer.status, url, size, told)
    raise Unreachable("redirects")


def check(url: str, *, https_only: bool = False) -> tuple[str, str, str, int]:
    """Scheme, host, path and port of an address that may be asked, before any name is resolved. Raises Unreachable."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        raise Unreachable("address") from None
    if parts.scheme not in PORTS or (https_only and parts.scheme != "https"):
        raise Unreachable("scheme")
    wrong = (
        len(url) > LONGEST_URL or not host or parts.username is not None or any(c <= " " or c == "\x7f" for c in url)
    )
    if wrong or (port or PORTS[parts.scheme]) != PORTS[parts.scheme]:
        raise Unreachable("address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, path.encode("ascii", "xmlcharrefreplace").decode(), PORTS[parts.scheme]


def is_public(number: str) -> bool:
    """Whether this IP address is of the open internet."""
    try:
        found = ipaddress.ip_address(number.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and (mapped := found.ipv4_mapped):
        found = mapped
    if any(found in net for net in _TUNNELS if net.version == found.version):
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def resolve(host: str, port: int) -> str:
    """One number of this name; when any of its numbers is not public, none. Raises Unreachable."""
    try:
        found = [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise Unreachable("dns") from None
    if not found or not all(is_public(number) for number in found):
        raise Unreachable("private")
    return found[0]


class _Pinned(http.client.HTTPConnection):
    """A connection to a number that was judged, under the name that was asked."""

    def __init__(self, host: str, number: str, port: int, end: float, *, secure: bool) -> None:
        super().__init__(host, port)
        self._number, self._end, self._secure = number, end, secure
        self.kept: socket.socket | None = None  # http.client forgets its socket before the body is read

    def connect(self) -> None:
        self.sock = socket.create_connection((self._number, self.port), timeout=left(self._end))
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
        self.kept = self.sock


def left(end: float) -> float:
    """Seconds that remain. Raises Unreachable when there are none."""
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise Unreachable("timeout")
    return seconds


@contextlib.contextmanager
def _asked(url: str, method: str, end: float, https_only: bool) -> Iterator[http.client.HTTPResponse]:
    scheme, host, path, port = check(url, https_only=https_only)
    connection = _Pinned(host, resolve(host, port), port, end, secure=scheme == "https")
    # a server that sends one byte now and then would never time out: the whole conversation is cut at its end
    cut = threading.Timer(left(end), lambda: _cut(connection))
    cut.daemon = True
    cut.start()
    try:
        connection.request(
            method, path, headers={"User-Agent": AGENT, "Accept-Encoding": "identity", "Connection": "close"}
        )
        yield connection.getresponse()
    except ssl.SSLError:
        raise Unreachable("timeout" if time.monotonic() >= end else "tls") from None
    except TimeoutError:
        raise Unreachable("timeout") from None
    except (OSError, http.client.HTTPException, ValueError) as trouble:
        refused = isinstance(trouble, OSError)
        code = "timeout" if time.monotonic() >= end else "refused" if refused else "protocol"
        raise Unreachable(code) from None
    finally:
        cut.cancel()
        connection.close()


def _cut(connection: _Pinned) -> None:
    with contextlib.suppress(OSError):
        if connection.kept:
            connection.kept.shutdown(socket.SHUT_RDWR)


def _body(answer: http.client.HTTPResponse, into: IO[bytes], most: int, end: float) -> int:
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unreachable("encoding")  # we asked for none: what unpacks itself may be a bomb
    told = answer.headers.get("Content-Length", "")
    if told.isdigit() and int(told) > most:
        raise Unreachable("too-large")
    size = 0
    while block := answer.read(BLOCK):
        size += len(block)
        if size > most:
            raise Unreachable("too-large")
        into.write(block)
        left(end)
    if told.isdigit() and size < int(told):
        raise Unreachable("timeout" if time.monotonic() >= end else "protocol")  # it broke off
    return size
