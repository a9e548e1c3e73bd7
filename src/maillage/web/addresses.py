"""The map of addresses as a flat list: for the page of the docs that prints who may open what, and for the test that walks it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from maillage.web.access import ACCESS, line_of


@dataclass(frozen=True, slots=True)
class Address:
    path: str  # as it is written in the map: desk/lists/<uuid:uuid>/
    name: str  # with its namespace; what the table of access looks up


def addresses() -> list[Address]:
    """Every one of them, libraries' included."""
    return sorted(_walk(get_resolver().url_patterns, "", ""), key=lambda one: (one.path, one.name))


def _walk(patterns: list[URLPattern | URLResolver], path: str, space: str) -> Iterator[Address]:
    for one in patterns:
        whole = path + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, whole, f"{space}{one.namespace}:" if one.namespace else space)
        else:
            name = one.name or getattr(one, "lookup_str", "")
            yield Address(re.sub(r"[\^$]", "", whole), f"{space}{name}")


def unknown() -> list[Address]:
    """Those that the table does not know: they are refused to everyone."""
    return [one for one in addresses() if not line_of(one.name)]


def idle() -> list[str]:
    """Lines of the table that decide about nothing."""
    return sorted(set(ACCESS) - {line_of(one.name) for one in addresses()})
