"""What a reader hands to the directory: records of a source, and the things that each of them says.

A reader never looks at the database; the directory never looks at a foreign format.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import msgspec

if TYPE_CHECKING:
    from maillage.directory.ingest.report import Report

NAMESPACE = UUID(
    "8a5b3a6e-94a1-5c0f-9d56-6d61696c6c61"
)  # drawn once; changing it would rename everything that was imported
KINDS = ("taxonomy", "term", "organization", "location", "service")  # in the order in which they are written

_encode = msgspec.json.Encoder(order="sorted").encode


def stable_uuid(source: str, kind: str, identifier: str) -> UUID:
    """The identity of something whose source has none that is a UUID: always the same for the same source, kind and id."""
    return uuid5(NAMESPACE, f"{source}\n{kind}\n{identifier}")


def public_uuid(uuid: UUID) -> UUID:
    """The identity under which a confidential place is told: another one, so that nothing elsewhere says which place it is."""
    return uuid5(uuid, "confidential")


def given_uuid(text: object) -> UUID | None:
    """The UUID that a source gives, or None when it is not one (nil and malformed ones are not)."""
    if not isinstance(text, str) or len(text) > 45:
        return None
    try:
        found = UUID(text.strip())
    except ValueError:
        return None
    return found if found.int else None


@dataclass(slots=True)
class Child:
    """A row that hangs on a thing: a phone, a schedule, an address."""

    values: dict[str, Any]
    uuid: UUID | None = None
    phones: list[Child] = field(default_factory=list)  # of a contact


@dataclass(slots=True)
class Placing:
    """A service at a location. `location` is the source's id of the location."""

    location: str
    id: str = ""
    description: str = ""
    children: dict[str, list[Child]] = field(default_factory=dict)


@dataclass(slots=True)
class Extra:
    """An HSDS attribute: a term (source's id) or a plain value. `link_type` says what it is."""

    term: str = ""
    value: str = ""
    label: str = ""
    link_type: str = ""
    uuid: UUID | None = None


@dataclass(slots=True)
class Served:
    """An area served: `codes` are tried as areas of the territory, in order; else the words of the source stay."""

    codes: tuple[str, ...]
    name: str = ""
    extent: str = ""
    extent_type: str = ""
    uri: str = ""
    uuid: UUID | None = None


@dataclass(slots=True)
class Thing:
    """An organisation, a location, a service, a taxonomy or a term, as one record says it.

    `values` are columns of the model; `texts` are (field, language) -> value; references are ids of the source.
    """

    kind: str
    id: str
    uuid: UUID | None = None
    values: dict[str, Any] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)  # of texts that are not the original
    children: dict[str, list[Child]] = field(default_factory=dict)
    organization: str = ""
    parent: str = ""
    program: str = ""
    taxonomy: str = ""  # of a term: the source's id of its taxonomy
    placings: list[Placing] = field(default_factory=list)
    terms: list[tuple[str, UUID | None]] = field(
        default_factory=list
    )  # source's ids of terms, and the ids of the links
    served: list[Served] = field(default_factory=list)
    extras: list[Extra] = field(default_factory=list)
    hints: tuple[str, ...] = ()  # where a location lies: area codes, postal code, city, in this order of trust
    provided: set[str] = field(default_factory=set)  # fields that the record fills: written to the provenance


@dataclass(slots=True)
class Record:
    """One record of a source. `things` is called only when the record is new or has changed."""

    entity: str
    id: str
    payload: Any
    row: str  # file and line, or the path inside a document: what a person needs to find it
    things: Callable[[Report], list[Thing]]

    def digest(self, salt: bytes) -> str:
        """Hash of the record; `salt` is what else decides how it is read, so that a better reader reads it again."""
        return hashlib.sha256(salt + b"\n" + _encode(self.payload)).hexdigest()
