"""Who may open which address: the whole table. A name that is not in it is refused, so that forgetting a line opens nothing.

The table says which role may knock; whether this person may touch this very service is the room's rule, asked by its action.
docs/reference/generated/access.md prints the table, tests/pages/test_access.py walks it: every address, every role.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from maillage.people.models import Role
from maillage.web.seat import HEAD, seat

VISITOR: Final = "visitor"  # anyone, with an account or without
ACCOUNT: Final = "account"  # anyone who is signed in, even when their membership is over
SIGNED_IN: Final = frozenset({ACCOUNT})
# Role.ADMINISTRATOR is the territory's; HEAD is the administrator of one organisation
MEMBERS: Final = frozenset({*Role.values, HEAD})
EDITORS: Final = frozenset({Role.EDITOR, HEAD, Role.MODERATOR, Role.ADMINISTRATOR})
INVITERS: Final = frozenset({HEAD, Role.COORDINATOR, Role.ADMINISTRATOR})
MODERATORS: Final = frozenset({Role.MODERATOR, Role.ADMINISTRATOR})
FINDERS: Final = frozenset({Role.PROFESSIONAL, Role.COORDINATOR, Role.MODERATOR, Role.ADMINISTRATOR})
CARERS: Final = frozenset({Role.PROFESSIONAL, HEAD})  # who helps people, inside an organisation
COORDINATORS: Final = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR})
PLANNERS: Final = frozenset({Role.COORDINATOR, Role.MODERATOR, Role.ADMINISTRATOR})
COUNTERS: Final = CARERS | COORDINATORS  # who count people on one night: nobody is named
ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})
ANYONE: Final = frozenset({VISITOR})

# name of the address (a star stands for anything) -> who; the first line that fits counts
ACCESS: Final[Mapping[str, frozenset[str]]] = {
    # what anyone reads
    "home": ANYONE,
    "help": ANYONE,
    "questions": ANYONE,
    "questions-left": ANYONE,
    "results": ANYONE,
    "service": ANYONE,
    "still-true": ANYONE,  # the signed link of a reminder
    "report": ANYONE,
    "report-sent": ANYONE,
    "activities": ANYONE,
    "activities-feed": ANYONE,
    "activity-feed": ANYONE,
    "areas": ANYONE,
    "area": ANYONE,
    "guides": ANYONE,
    "guide": ANYONE,
    "library": ANYONE,
    "library-*": ANYONE,
    "document": ANYONE,
    "document-*": ANYONE,
    "rights": ANYONE,
    "right": ANYONE,
    "summary": ANYONE,
    "about": ANYONE,
    "accessibility": ANYONE,
    "privacy": ANYONE,
    "language": ANYONE,
    "list": ANYONE,  # who has the link
    "referral": ANYONE,  # who has the link that a letter brought
    "my-referral": ANYONE,  # whom it is about, and has their own link
    "ask": ANYONE,
    "offer": ANYONE,  # to whom a place is offered, by their own link
    "my-request": ANYONE,  # who waits, by their own link
    "night": ANYONE,
    "draws": ANYONE,
    "draw": ANYONE,
    "draw-list": ANYONE,
    "welcome": ANYONE,  # who was invited
    "health": ANYONE,
    "favicon": ANYONE,
    "robots": ANYONE,
    "sitemap": ANYONE,
    "manifest": ANYONE,
    # machines
    "api:*": ANYONE,
    "hsds:*": ANYONE,
    # one's own account: the library asks for the password itself
    "account_*": ANYONE,
    "mfa_*": ANYONE,
    "openid_connect_*": ANYONE,
    "socialaccount_*": ANYONE,
    # the desk
    "desk": MEMBERS,
    "desk-account": SIGNED_IN,
    "desk-members": INVITERS,
    "desk-invite": INVITERS,
    "desk-trail": ADMINISTRATORS,
    "desk-readings": MEMBERS,
    "desk-lists": FINDERS,
    "desk-list": FINDERS,
    "desk-list-add": FINDERS,
    # people, and where they are sent: for those who help them
    "desk-people": CARERS,
    "desk-person": CARERS,
    "desk-person-new": CARERS,
    "desk-person-edit": CARERS,
    "desk-person-join": CARERS,
    "desk-person-household": CARERS,
    "desk-refer": CARERS,
    "desk-referrals": CARERS,
    "desk-referral": CARERS,
    "desk-referral-fhir": CARERS,
    "desk-referral-fhir-in": CARERS,
    "desk-tonight": CARERS,
    "desk-tonight-live": CARERS,
    "desk-tonight-place": CARERS,
    "desk-tonight-hold": CARERS,
    "desk-street": CARERS,
    "desk-surges": COORDINATORS,
    "desk-surge-open": COORDINATORS,
    "desk-surge": COORDINATORS,
    "desk-request-new": CARERS,
    "desk-waiting": CARERS | COORDINATORS,  # who helps nobody reads the names of lists only
    "desk-list-waiting": CARERS,
    "desk-runs": CARERS,
    "desk-run": CARERS,
    "desk-draw": CARERS,
    "desk-simulate": CARERS | COORDINATORS,  # figures only
    "desk-request": CARERS,
    "desk-sites": CARERS,
    "desk-site": CARERS,
    "desk-services": EDITORS,
    "desk-still-true": EDITORS,
    "desk-room": EDITORS,
    "desk-close": EDITORS,
    "desk-reopen": EDITORS,
    "desk-place": EDITORS,
    "desk-service-edit": EDITORS,
    "desk-service-new": EDITORS,
    "desk-history": EDITORS | COORDINATORS,
    "desk-changes": EDITORS,
    "desk-change": EDITORS,
    "desk-change-withdraw": EDITORS,
    "desk-change-undo": MODERATORS,
    "desk-change-decide": MODERATORS,
    "desk-change-edit": MODERATORS,
    "desk-moderation": MODERATORS,
    "desk-duplicates": MODERATORS,
    "desk-duplicate": MODERATORS,
    "desk-duplicate-decide": MODERATORS,
    "desk-merges": MODERATORS,
    "desk-merge-undo": MODERATORS,
    "desk-reports": EDITORS,
    "desk-report": EDITORS,
    "desk-report-again": EDITORS,
    "desk-health": PLANNERS,
    "desk-health-records": PLANNERS,
    "desk-health-csv": PLANNERS,
    "desk-unmet": PLANNERS,
    "desk-unmet-csv": PLANNERS,
    "desk-signals": COORDINATORS,
    "desk-existing": COORDINATORS,
    "desk-use": COORDINATORS,
    "desk-use-csv": COORDINATORS,
    "desk-forecast": COORDINATORS,
    "desk-forecast-csv": COORDINATORS,
    "desk-counts": COUNTERS,
    "desk-count": COUNTERS,
    "desk-count-zone": COUNTERS,
    "desk-count-service": COUNTERS,
    "desk-count-line": COUNTERS,
    "desk-count-total": COORDINATORS,
    "desk-count-csv": COORDINATORS,
    "desk-imports": MODERATORS,
    "desk-import-new": MODERATORS,
    "desk-feeds": MODERATORS,
    "desk-feed": MODERATORS,
    "desk-gone": MODERATORS,
    "desk-import-record": MODERATORS,
    "desk-import": MODERATORS,
    "desk-import-remarks": MODERATORS,
    "desk-import-csv": MODERATORS,
    "desk-import-again": MODERATORS,
    "desk-import-cancel": MODERATORS,
}


def line_of(name: str) -> str:
    """The line of the table that decides about this name; empty when none does."""
    return name if name in ACCESS else next((line for line in ACCESS if "*" in line and fnmatchcase(name, line)), "")


def allowed(name: str) -> frozenset[str]:
    """The roles that may open the address of this name; nobody when the table does not say."""
    return ACCESS.get(line_of(name), frozenset())


class RoleNeeded(PermissionDenied):
    """Signed in, and without any of these roles."""

    def __init__(self, roles: frozenset[str]) -> None:
        super().__init__()
        self.roles = roles


class AccessMiddleware:
    """Enforces the table before any view runs. What stands behind the gate, and any page
    that knows who reads it, is kept by no browser and no proxy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        someone = getattr(request, "_cached_user", None)  # only when the page has asked who it is
        if (someone and someone.is_authenticated) or (match and VISITOR not in allowed(match.view_name)):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponse | None:
        match = request.resolver_match
        who = allowed(match.view_name if match else "")
        if VISITOR in who:
            return None
        if not request.user.is_authenticated:
            if getattr(request, "_session_is_over", False):
                messages.info(request, _("You were signed out after a time without activity. Sign in again to go on."))
            # without its query; what was sent by a form is not asked for again
            return redirect_to_login(request.path if request.method in {"GET", "HEAD"} else reverse("desk"))
        held = seat(request)
        if not who & (held.roles | {ACCOUNT}):
            raise RoleNeeded(who)
        if settings.REQUIRE_SECOND_FACTOR and held.needs_second_factor and ACCOUNT not in who:
            messages.info(request, _("Your role asks for a second step to sign in: a one-time code or a passkey."))
            return redirect("mfa_index")
        return None
