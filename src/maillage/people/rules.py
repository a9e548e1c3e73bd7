"""Who may do what with people and organisations. A rule is a pair: `check_can_x` raises a sentence, `can_x` answers."""

from __future__ import annotations

from dataclasses import dataclass

EDITOR, MODERATOR, PROFESSIONAL, COORDINATOR, ADMINISTRATOR = (
    "editor", "moderator", "professional", "coordinator", "administrator",
)  # fmt: skip
WHOLE_TERRITORY = frozenset({MODERATOR, COORDINATOR, ADMINISTRATOR})  # roles that may be held without an organisation
NEEDS_ORGANIZATION = frozenset({EDITOR, PROFESSIONAL})


class NotAllowed(Exception):
    """A refusal, as a sentence that can be shown."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The roles that someone holds at a moment: in one organisation, and in its whole territory."""

    here: frozenset[str] = frozenset()
    territory: frozenset[str] = frozenset()
    sees_confidential_places: bool = False

    @property
    def administers(self) -> bool:
        return ADMINISTRATOR in self.territory


def can_create_organization(standing: Standing) -> bool:
    """Moderators and administrators of the territory."""
    return standing.administers or MODERATOR in standing.territory


def check_can_create_organization(standing: Standing) -> None:
    if not can_create_organization(standing):
        raise NotAllowed("Only a moderator or an administrator of the territory adds an organisation.")


def can_edit_organization(standing: Standing) -> bool:
    """Its editors and administrators, and whoever may create one."""
    return bool({EDITOR, ADMINISTRATOR} & standing.here) or can_create_organization(standing)


def check_can_edit_organization(standing: Standing) -> None:
    if not can_edit_organization(standing):
        raise NotAllowed("Only the organisation's editors and the territory's moderators change it.")


def can_give_role(standing: Standing, role: str, *, in_organization: bool) -> bool:
    """An administrator of the territory gives any role; one of an organisation gives the roles held inside it."""
    if standing.administers:
        return True
    return in_organization and ADMINISTRATOR in standing.here and role in NEEDS_ORGANIZATION | {ADMINISTRATOR}


def check_can_give_role(standing: Standing, role: str, *, in_organization: bool) -> None:
    if role in NEEDS_ORGANIZATION and not in_organization:
        raise NotAllowed(f"The role {role} is held in an organisation: name it.")
    if not can_give_role(standing, role, in_organization=in_organization):
        raise NotAllowed(f"Only an administrator gives or ends the role {role}.")


def can_see_confidential_place(standing: Standing) -> bool:
    """Only a member of the place's own organisation, to whom this was given by name."""
    return standing.sees_confidential_places and bool(standing.here)


def check_can_see_confidential_place(standing: Standing) -> None:
    if not can_see_confidential_place(standing):
        raise NotAllowed("This place is confidential: only its area can be shown.")


SYSTEM = Standing(
    territory=WHOLE_TERRITORY, here=NEEDS_ORGANIZATION | WHOLE_TERRITORY
)  # a command on the server itself
