"""Who may open which address: the whole table. A name that is not in it is refused, so that forgetting a line opens nothing.

The table says which role may knock; whether this person may touch this very service is the room's rule, asked by its action.
docs/reference/generated/access.md prints the table, tests/pages/test_access.py walks it: every address, every role.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from maillage.people.models import Role
from maillage.web.seat import seat

VISITOR: Final = "visitor"  # anyone, with an account or without
MEMBERS: Final = frozenset(Role.values)
EDITORS: Final = frozenset({Role.EDITOR, Role.MODERATOR, Role.ADMINISTRATOR})
MODERATORS: Final = frozenset({Role.MODERATOR, Role.ADMINISTRATOR})
FINDERS: Final = frozenset({Role.PROFESSIONAL, Role.COORDINATOR, Role.MODERATOR, Role.ADMINISTRATOR})
COORDINATORS: Final = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR})
PLANNERS: Final = frozenset({Role.COORDINATOR, Role.MODERATOR, Role.ADMINISTRATOR})
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
    "about": ANYONE,
    "accessibility": ANYONE,
    "privacy": ANYONE,
    "language": ANYONE,
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
    "desk-services": EDITORS,
    "desk-still-true": EDITORS,
    "desk-room": EDITORS,
    "desk-close": EDITORS,
    "desk-reopen": EDITORS,
    "desk-place": EDITORS,
    "desk-service-edit": EDITORS,
    "desk-history": EDITORS | COORDINATORS,
    "desk-changes": EDITORS,
    "desk-change": EDITORS,
    "desk-change-withdraw": EDITORS,
    "desk-change-undo": MODERATORS,
    "desk-change-decide": MODERATORS,
    "desk-change-edit": MODERATORS,
    "desk-moderation": MODERATORS,
    "desk-reports": EDITORS,
    "desk-report": EDITORS,
    "desk-report-again": EDITORS,
    "desk-health": PLANNERS,
    "desk-health-records": PLANNERS,
    "desk-health-csv": PLANNERS,
    "desk-unmet": PLANNERS,
    "desk-unmet-csv": PLANNERS,
}


def allowed(name: str) -> frozenset[str]:
    """The roles that may open the address of this name; nobody when the table does not say."""
    if name in ACCESS:
        return ACCESS[name]
    return next((who for pattern, who in ACCESS.items() if "*" in pattern and fnmatchcase(name, pattern)), frozenset())


class AccessMiddleware:
    """Enforces the table before any view runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponse | None:
        match = request.resolver_match
        who = allowed(match.view_name if match else "")
        if VISITOR in who:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.path)  # without its query
        if not who & seat(request).roles:
            raise PermissionDenied
        return None
