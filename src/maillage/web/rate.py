"""How often somebody may do a thing that needs no account. Counted in the cache, under a keyed hash: no address is kept in clear."""

from __future__ import annotations

import time
from ipaddress import ip_address, ip_network

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.crypto import salted_hmac


def allow(key: str, limit: int, seconds: int) -> bool:
    """At most `limit` times in each window of `seconds`; this call counts as one."""
    name = f"rate:{salted_hmac('maillage.rate', key).hexdigest()}:{int(time.time()) // seconds}"
    if cache.add(name, 1, seconds):
        return limit >= 1
    try:
        return bool(cache.incr(name) <= limit)
    except ValueError:  # it expired in between: a new window
        return limit >= 1


def wait(seconds: int) -> int:
    """Seconds until the next window opens (Retry-After)."""
    return seconds - int(time.time()) % seconds


def visitor(request: HttpRequest) -> str:
    """Where a request comes from: an IPv4 address, or the /64 network that one IPv6 household has."""
    try:
        address = ip_address(get_adapter().get_client_ip(request))
    except (PermissionDenied, ValueError):  # a server behind a socket that tells nothing: all come from one place
        return "unknown"
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))
