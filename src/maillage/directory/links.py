"""Web addresses of the directory, asked whether they still answer.

A record may hold any address that somebody typed: this machine must not be led to its own network. Every name is resolved here,
every address of every hop must be public, and the connection goes to the very address that was looked at, so that a name cannot
change in between. Nothing is read but the status. Hosts are asked one page at a time; robots.txt does not apply, since
nothing is kept of what is found there.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from maillage.directory.models import LinkCheck, Service
from maillage.territory.models import Territory

T = TypeVar("T")
TIMEOUT: Final = 10.0  # seconds, for each step
MOST_HOPS: Final = 5
PAUSE: Final = 1.0  # seconds between two questions to one host
AT_ONCE: Final = 8  # hosts
MOST: Final = 2_000  # addresses in one run; the longest unasked first
FINE_FOR: Final = timedelta(days=7)  # what answered is asked again after that; what failed, every day
PROBES: Final = 5  # hosts that must all be unreachable before we say that the network does not allow it
NOT_ALLOWED: Final = frozenset({"dns", "unreachable"})
HEAD_LIES: Final = 400  # from this status on, some servers only dislike HEAD: ask with GET
SAFE: Final = "/?&=%:@+,;~!$'()*"
TLS = ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` of HTTP; or why there is none, as a code: address, private, dns, unreachable, refused, timeout, tls, redirects,
    broken."""

    status: int | None = None
    error: str = ""

    @property
    def is_alive(self) -> bool:
        """Whoever asks for a password, or for less, is there. What is gone, or broken, is not."""
        return self.status is not None and (self.status < 400 or self.status in (401, 403, 405, 429, 451))


@dataclass(frozen=True, slots=True)
class Checked:
    asked: int = 0
    failing: int = 0
    skipped: str = ""  # why nothing was asked, as a sentence

    @property
    def summary(self) -> str:
        return self.skipped or f"{self.asked} addresses, {self.failing} failing"


class NotPublic(Exception):
    """The name leads to an address of a private network."""


def check(
    territory: Territory, *, at: datetime, stopping: Callable[[], bool] = lambda: False, pause: float = PAUSE
) -> Checked:
    """Ask what is due and write the answers. Without a way out to the network nothing is written, and the reason is said."""
    if not settings.CHECK_LINKS:
        return Checked(skipped=_("Links are not checked: CHECK_LINKS is off."))
    by_host: dict[str, list[str]] = defaultdict(list)
    for url in due(territory, at=at):
        by_host[urlsplit(url).netloc.lower() if _is_web(url) else ""].append(url)
    hosts = sorted(by_host, key=lambda host: (not host, host))
    probed = _ask_hosts([(by_host[host][:1]) for host in hosts[:PROBES]], stopping, pause)
    if probed and all(
        answer.error in NOT_ALLOWED for answer in (probed | _controls(territory, hosts, probed)).values()
    ):
        return Checked(skipped=_("Links were not checked: this machine has no way out to the web."))
    _write(territory, probed, at)
    rest = [[url for url in by_host[host] if url not in probed] for host in hosts]
    failing = sum(not answer.is_alive for answer in probed.values())
    asked = len(probed)
    for some in _batches([urls for urls in rest if urls]):
        if stopping():
            break
        answers = _ask_hosts(some, stopping, pause)
        _write(territory, answers, at)
        asked, failing = asked + len(answers), failing + sum(not one.is_alive for one in answers.values())
    _forget_unused(territory)
    return Checked(asked, failing)


def _controls(territory: Territory, hosts: Sequence[str], probed: dict[str, Answer]) -> dict[str, Answer]:
    """When the few hosts that are due all fail to be reached: others that answered last time, to tell them from the network."""
    if len(hosts) >= PROBES or any(answer.error not in NOT_ALLOWED for answer in probed.values()):
        return {}
    fine = LinkCheck.objects.filter(territory=territory, failing_since=None).exclude(url__in=probed).order_by("id")
    return {url: ask(url) for url in fine.values_list("url", flat=True)[:PROBES]}


def due(territory: Territory, *, at: datetime) -> list[str]:
    """Addresses that anyone can open, and that were not asked lately; never asked first. Invented ones lead nowhere."""
    last = {row.url: row for row in LinkCheck.objects.filter(territory=territory)}

    def is_due(url: str) -> bool:
        known = last.get(url)
        wait = FINE_FOR if known and known.failing_since is None else timedelta(hours=20)
        return known is None or known.checked_at <= at - wait

    wanted = sorted(url for url in used(territory) if is_due(url))
    return sorted(wanted, key=lambda url: last[url].checked_at.timestamp() if url in last else 0.0)[:MOST]


def used(territory: Territory) -> set[str]:
    seen = Service.objects.visible().filter(territory=territory, is_fictional=False)
    own = seen.exclude(url="").values_list("url", flat=True)
    theirs = seen.filter(url="").exclude(organization__website="").values_list("organization__website", flat=True)
    return {url for url in (*own, *theirs) if url}


def _forget_unused(territory: Territory) -> None:
    unused = set(LinkCheck.objects.filter(territory=territory).values_list("url", flat=True)) - used(territory)
    for some in _batches(sorted(unused)):
        LinkCheck.objects.filter(territory=territory, url__in=some).delete()


def _batches(items: Sequence[T], size: int = 200) -> Iterable[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _ask_hosts(hosts: Sequence[Sequence[str]], stopping: Callable[[], bool], pause: float) -> dict[str, Answer]:
    """Several hosts at once, each one page at a time."""

    def one_host(urls: Sequence[str]) -> list[tuple[str, Answer]]:
        found = []
        for number, url in enumerate(urls):
            if stopping():
                break
            if number:
                time.sleep(pause)
            found.append((url, ask(url)))
        return found

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(pair for pairs in pool.map(one_host, hosts) for pair in pairs)


def _write(territory: Territory, answers: dict[str, Answer], at: datetime) -> None:
    since = dict(LinkCheck.objects.filter(territory=territory, url__in=answers).values_list("url", "failing_since"))
    LinkCheck.objects.bulk_create(
        [
            LinkCheck(
                territory=territory, url=url, status=answer.status, error=answer.error, checked_at=at,
                failing_since=None if answer.is_alive else since.get(url) or at,
            )
            for url, answer in answers.items()
        ],
        update_conflicts=True,
        unique_fields=["territory", "url"],
        update_fields=["status", "error", "checked_at", "failing_since"],
    )  # fmt: skip


# ---- one address


def ask(url: str) -> Answer:
    """HEAD, then GET when HEAD is answered with an error; at most five redirects, each looked at like the first."""
    try:
        for method in ("HEAD", "GET"):
            answer = _follow(method, url)
            if answer.status is None or answer.status < HEAD_LIES:
                return answer
        return answer
    except NotPublic:
        return Answer(error="private")
    except socket.gaierror:
        return Answer(error="dns")
    except ssl.SSLError:
        return Answer(error="tls")
    except TimeoutError:
        return Answer(error="timeout")
    except ConnectionRefusedError:
        return Answer(error="refused")
    except OSError:
        return Answer(error="unreachable")
    except (http.client.HTTPException, ValueError):  # no HTTP, or no address
        return Answer(error="broken")


def _follow(method: str, url: str) -> Answer:
    for _hop in range(MOST_HOPS + 1):
        if not _is_web(url):
            return Answer(error="address")
        status, location = _once(method, urlsplit(url))
        if status not in (301, 302, 303, 307, 308) or not location:
            return Answer(status)
        url = urljoin(url, location)
    return Answer(error="redirects")


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not parts.username
    except ValueError:
        return False


def _once(method: str, parts: SplitResult) -> tuple[int, str]:
    """One question, to an address that was looked at. Nothing of the body is read."""
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    address = resolve(host, port)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    plain = socket.create_connection((address, port), timeout=TIMEOUT)
    connection.sock = TLS.wrap_socket(plain, server_hostname=host) if secure else plain
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"User-Agent": "Maillage link check", "Accept": "*/*", "Connection": "close"}
        connection.request(method, quote(path, safe=SAFE), headers=headers)
        response = connection.getresponse()
        return response.status, response.headers.get("Location", "")
    finally:
        connection.close()


def resolve(host: str, port: int) -> str:
    """The first address of a host, when all of them are public. Raises NotPublic, socket.gaierror."""
    try:
        name = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        raise socket.gaierror(f"no name: {len(host)} characters") from None
    found = [str(info[4][0]) for info in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
    if not found or not all(is_public(address) for address in found):
        raise NotPublic(host)
    return found[0]


def is_public(address: str) -> bool:
    """Neither private, loopback, link-local, multicast, reserved, nor one of those dressed as IPv6."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if ip in ipaddress.ip_network("64:ff9b::/96"):  # NAT64
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast
