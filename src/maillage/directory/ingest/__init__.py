"""The write side of imports: records of a source become organisations, locations, services, and keep their origin."""

from maillage.directory.ingest.feed import Feed
from maillage.directory.ingest.records import (
    Child,
    Extra,
    Placing,
    Record,
    Served,
    Thing,
    given_uuid,
    public_uuid,
    stable_uuid,
)
from maillage.directory.ingest.report import Report

__all__ = [
    "Child",
    "Extra",
    "Feed",
    "Placing",
    "Record",
    "Report",
    "Served",
    "Thing",
    "given_uuid",
    "public_uuid",
    "stable_uuid",
]
