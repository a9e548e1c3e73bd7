"""Canonical JSON, its hash, its seed: the same content gives the same bytes, on any machine. Pure."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

ENGINE: Final = "matroid-1"  # the way runs are decided: a run of another engine is made again, and says so


class Broken(ValueError):
    """What was kept is not what was hashed."""


def canonical(value: Any) -> bytes:
    """UTF-8, keys sorted, no spaces: one way of writing it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def packed(value: Any) -> bytes:
    """As it is stored."""
    return zlib.compress(canonical(value), 6)


def unpacked(stored: bytes | memoryview, expected: str) -> Any:
    """Raises Broken when its hash is not the one that was kept."""
    try:
        octets = zlib.decompress(bytes(stored))
    except zlib.error:
        raise Broken("the snapshot cannot be read") from None
    if digest(octets) != expected:
        raise Broken("the snapshot is not the one that was hashed")
    return json.loads(octets)


def mark(uuid: str) -> str:
    """What names a request on a published list: its own people can tell which one is theirs, others cannot."""
    return digest(f"mark:{uuid}".encode())[:16]


def seed_of(beacon: str, list_hash: str) -> str:
    """Of a draw: nobody could know it before the list was published, and nobody could change the list after."""
    return digest((beacon + list_hash).encode())


def lot(seed: str, mark: str) -> str:
    return digest((seed + mark).encode())


def order(requests: Sequence[Mapping[str, Any]], keys: Sequence[str], seed: str) -> list[int]:
    """Indices, the first rank first: by the declared keys, one after the other; at last by number. Never a score.

    `keys`: of `RuleSet.content["order"]`. An unknown key orders nobody.
    """
    told = {name: key for name, key in KEYS.items() if name in keys}

    def rank(index: int) -> tuple[Any, ...]:
        one = requests[index]
        return (
            *(
                lot(seed, one["mark"]) if name == "lot" else told[name](one)
                for name in keys
                if name in told or name == "lot"
            ),
            one["number"],
        )

    return sorted(range(len(requests)), key=rank)


KEYS: Final[Mapping[str, Callable[[Mapping[str, Any]], int]]] = {
    "absolute": lambda one: 0 if one["absolute"] else 1,
    "tier": lambda one: int(one["tier"]),
    "waited": lambda one: LONGEST - int(one["waited"]),
    "number": lambda one: int(one["number"]),
}
LONGEST: Final = 10**10  # seconds: nobody has waited longer


def published(requests: Sequence[Mapping[str, Any]], keys: Sequence[str], salt: str) -> str:
    """The list of a draw as anybody may read it: a mark and a class a line, no fact. Sorted, so that it tells no order of coming.

    The class says what the rules put before the lot ("01.02": no absolute priority, the third tier). The third column is a hash of
    what the engine reads of that request: nobody can change it between the list and the draw. `salt`: kept, never published; without
    it facts could be guessed until the hash agrees.
    """
    before = [name for name in (keys[: list(keys).index("lot")] if "lot" in keys else keys) if name in KEYS]
    lines = (
        " ".join(
            (
                one["mark"],
                ".".join(
                    f"{KEYS[name](one):02}" if name in ("absolute", "tier") else f"{KEYS[name](one):011}"
                    for name in before
                )
                or "0",
                digest((salt + one["mark"]).encode() + canonical(one))[:16],
            )
        )
        for one in requests
    )
    return "".join(f"{line}\n" for line in sorted(lines))
