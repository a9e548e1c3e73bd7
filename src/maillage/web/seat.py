"""Who sits at the desk: their roles now, in the whole territory and in each organisation. One query for each request."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.db.models import Exists
from django.http import HttpRequest
from django.utils import timezone

from maillage.people.models import Membership, Role, User
from maillage.people.rules import CARERS, SECOND_FACTOR
from maillage.web.language import territory_of

HEAD: Final = "head"  # at the gate, the administrator of one organisation is not the one of the territory
# a role held in an organisation -> how it knocks at the gate; others are held in the whole territory only
AT_THE_GATE: Final = {
    Role.EDITOR.value: Role.EDITOR.value, Role.PROFESSIONAL.value: Role.PROFESSIONAL.value, Role.ADMINISTRATOR.value: HEAD,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seat:
    """`organizations`: key of an organisation -> the roles held in it.

    `needs_second_factor`: what they hold is worth stealing, and a password alone guards it.
    """

    user: User | None = None
    territory_roles: frozenset[str] = frozenset()
    organizations: dict[int, frozenset[str]] = field(default_factory=dict)
    needs_second_factor: bool = False

    @property
    def roles(self) -> frozenset[str]:
        """What the table of access knows them by."""
        inside = frozenset().union(*self.organizations.values())
        return self.territory_roles | {name for role, name in AT_THE_GATE.items() if role in inside}

    @property
    def moderates(self) -> bool:
        return bool({Role.MODERATOR, Role.ADMINISTRATOR} & self.territory_roles)

    @property
    def administers(self) -> bool:
        """The whole territory."""
        return Role.ADMINISTRATOR in self.territory_roles

    def edits(self, organization: int | None) -> bool:
        """May change what this organisation offers (a moderator: what anyone offers)."""
        held = self.organizations.get(organization or 0, frozenset())
        return self.moderates or bool({Role.EDITOR, Role.ADMINISTRATOR} & held)

    def heads(self) -> list[int]:
        """The organisations whose administrator they are."""
        return [key for key, roles in self.organizations.items() if Role.ADMINISTRATOR in roles]

    def helps_in(self) -> list[int]:
        """The organisations where they help people: whom these help, they may read."""
        return sorted(key for key, roles in self.organizations.items() if CARERS & roles)


def seat(request: HttpRequest) -> Seat:
    """Nobody's seat without an account, or without an active membership in this territory."""
    if not hasattr(request, "_seat"):
        request._seat = _seat(request)  # type: ignore[attr-defined]
    return request._seat  # type: ignore[attr-defined,no-any-return]


def _seat(request: HttpRequest) -> Seat:
    user, territory = getattr(request, "user", None), territory_of(request)  # an early error knows no user
    if not isinstance(user, User) or not user.is_active or territory is None:
        return Seat()
    whole: set[str] = {Role.ADMINISTRATOR.value} if user.is_superuser else set()
    held: defaultdict[int, set[str]] = defaultdict(set)
    is_guarded, sees = False, False
    rows = Membership.objects.active(at=timezone.now()).filter(user=user, territory=territory)
    for organization, role, sees_places, has_factor in rows.annotate(factor=Exists(factors(user))).values_list(
        "organization_id", "role", "sees_confidential_places", "factor"
    ):
        (whole if organization is None else held[organization]).add(role)
        is_guarded, sees = has_factor, sees or sees_places
    if user.is_superuser and not is_guarded:  # who may hold no membership that would have told
        is_guarded = factors(user).exists()
    needs = bool(whole & SECOND_FACTOR or sees) and not is_guarded
    return Seat(user, frozenset(whole), {key: frozenset(roles) for key, roles in held.items()}, needs)


def factors(user: User) -> Any:  # a QuerySet of Authenticator: the library has no types
    """One-time codes and passkeys; recovery codes replace them and are none by themselves."""
    return Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
