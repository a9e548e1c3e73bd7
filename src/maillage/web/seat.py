"""Who sits at the desk: their roles now, in the whole territory and in each organisation. One query for each request."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.utils import timezone

from maillage.people.models import Membership, Role, User
from maillage.web.language import territory_of


@dataclass(frozen=True, slots=True)
class Seat:
    """`organizations`: key of an organisation -> the roles held in it."""

    user: User | None = None
    territory_roles: frozenset[str] = frozenset()
    organizations: dict[int, frozenset[str]] = field(default_factory=dict)

    @property
    def roles(self) -> frozenset[str]:
        return self.territory_roles.union(*self.organizations.values())

    @property
    def moderates(self) -> bool:
        return bool({Role.MODERATOR, Role.ADMINISTRATOR} & self.territory_roles)

    def edits(self, organization: int | None) -> bool:
        """May change what this organisation offers (a moderator: what anyone offers)."""
        held = self.organizations.get(organization or 0, frozenset())
        return self.moderates or bool({Role.EDITOR, Role.ADMINISTRATOR} & held)


def seat(request: HttpRequest) -> Seat:
    """Nobody's seat without an account, or without an active membership in this territory."""
    if not hasattr(request, "_seat"):
        request._seat = _seat(request)  # type: ignore[attr-defined]
    return request._seat  # type: ignore[attr-defined,no-any-return]


def _seat(request: HttpRequest) -> Seat:
    user, territory = request.user, territory_of(request)
    if not isinstance(user, User) or not user.is_active or territory is None:
        return Seat()
    whole: set[str] = {Role.ADMINISTRATOR.value} if user.is_superuser else set()
    held: defaultdict[int, set[str]] = defaultdict(set)
    rows = Membership.objects.active(at=timezone.now()).filter(user=user, territory=territory)
    for organization, role in rows.values_list("organization_id", "role"):
        (whole if organization is None else held[organization]).add(role)
    return Seat(user, frozenset(whole), {key: frozenset(roles) for key, roles in held.items()})
