"""The ways through the desk, each shown to the roles that may open it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from maillage.web.access import allowed
from maillage.web.seat import seat

# name of the address, what it is called, icon
WAYS: tuple[tuple[str, Promise, str], ...] = (
    ("desk", _("Desk"), "home"),
    ("desk-tonight", _("Tonight"), "moon"),
    ("desk-street", _("In the street"), "map-pin"),
    ("desk-surges", _("Cold weather"), "cloud"),
    ("desk-people", _("People"), "user-group"),
    ("desk-referrals", _("Referrals"), "inbox-arrow-down"),
    ("desk-waiting", _("Waiting lists"), "clock"),
    ("desk-sites", _("Houses"), "building-office"),
    ("desk-services", _("Services"), "building-storefront"),
    ("desk-changes", _("Changes"), "pencil-square"),
    ("desk-moderation", _("To decide"), "scale"),
    ("desk-duplicates", _("Duplicates"), "document-duplicate"),
    ("desk-reports", _("Reports"), "flag"),
    ("desk-imports", _("Imports"), "arrow-down-on-square-stack"),
    ("desk-lists", _("Lists"), "queue-list"),
    ("desk-health", _("Health"), "heart"),
    ("desk-unmet", _("What was missing"), "magnifying-glass-minus"),
    ("desk-signals", _("Signals"), "bell-alert"),
    ("desk-use", _("Use of the places"), "chart-bar"),
    ("desk-forecast", _("Demand to come"), "presentation-chart-line"),
    ("desk-counts", _("Counts"), "calculator"),
    ("desk-members", _("Members"), "users"),
    ("desk-readings", _("Readings"), "eye"),
    ("desk-trail", _("Trail"), "finger-print"),
)


@dataclass(frozen=True, slots=True)
class Way:
    label: Promise
    icon: str
    url: str
    is_here: bool


def ways(request: HttpRequest) -> list[Way]:
    """Those open to whoever asks; nothing for a visitor."""
    roles = seat(request).roles
    here = request.resolver_match.view_name if request.resolver_match else ""
    return [
        Way(label, icon, reverse(name), name == here) for name, label, icon in WAYS if roles and allowed(name) & roles
    ]
