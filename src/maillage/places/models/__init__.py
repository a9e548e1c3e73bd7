"""The tables of this room: where people stay, who stays, who waits, and what a city does beyond its usual places."""

from maillage.places.models.seasons import Count, CountLine, SurgeActivation
from maillage.places.models.sites import GroupNight, OutOfUse, Place, PlaceGroup, Site
from maillage.places.models.stays import Occupant, Refusal, Stay
from maillage.places.models.waiting import (
    AllocationLine,
    AllocationRun,
    Apart,
    Assessment,
    ClockEvent,
    Draw,
    Offer,
    PassedOver,
    Request,
    RuleSet,
    WaitingList,
)

__all__ = [
    "AllocationLine",
    "AllocationRun",
    "Apart",
    "Assessment",
    "ClockEvent",
    "Count",
    "CountLine",
    "Draw",
    "GroupNight",
    "Occupant",
    "Offer",
    "OutOfUse",
    "PassedOver",
    "Place",
    "PlaceGroup",
    "Refusal",
    "Request",
    "RuleSet",
    "Site",
    "Stay",
    "SurgeActivation",
    "WaitingList",
]
