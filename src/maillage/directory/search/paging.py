"""Pages by keyset: a cursor says which key was shown last, so that a change of the directory neither repeats nor skips a service."""

from __future__ import annotations

import base64
import binascii

import msgspec
import numpy as np

from maillage.directory.search.memory import Memory
from maillage.directory.search.ranking import Found, Ranked
from maillage.directory.search.types import Query


class BadCursor(ValueError):
    """The cursor was not made by us, or belongs to another day's order."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    day: int  # the draw among equals is of a day
    key: int
    snapshot: int


def page(here: Memory, query: Query, found: Found, ranked: Ranked) -> tuple[list[int], str]:
    """Positions in `found` of one page, and the cursor of the next ("" at the end)."""
    start = 0
    day = query.at.toordinal()
    if query.after:
        cursor = read(query.after)
        if cursor.day != day:
            raise BadCursor("This list was drawn on another day. Search again.")
        start = int(np.searchsorted(-ranked.keys, -cursor.key, side="right"))
    shown = ranked.order[start : start + query.limit].tolist()
    more = start + query.limit < ranked.order.size
    last = int(ranked.keys[start + query.limit - 1]) if more else 0
    return shown, write(Cursor(day, last, here.sequence)) if more else ""


def write(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(cursor)).decode().rstrip("=")


def read(text: str) -> Cursor:
    try:
        return msgspec.msgpack.decode(base64.urlsafe_b64decode(text[:200] + "=" * (-len(text[:200]) % 4)), type=Cursor)
    except (binascii.Error, ValueError, msgspec.DecodeError) as wrong:
        raise BadCursor("This page of the list cannot be read. Search again.") from wrong
