"""Who may do what with people and organisations. A rule is a pair: `check_can_x` raises a sentence, `can_x` answers.

The sentences are English message ids: `gettext_noop` marks them for the catalogues, the page that shows one translates it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dateutil.relativedelta import relativedelta

EDITOR, MODERATOR, PROFESSIONAL, COORDINATOR, ADMINISTRATOR = (
    "editor", "moderator", "professional", "coordinator", "administrator",
)  # fmt: skip
WHOLE_TERRITORY = frozenset({MODERATOR, COORDINATOR, ADMINISTRATOR})  # roles that are held without an organisation
INSIDE = frozenset({EDITOR, PROFESSIONAL, ADMINISTRATOR})  # roles that are held in an organisation
CARERS = frozenset({PROFESSIONAL, ADMINISTRATOR})  # roles that help people, when they are held in an organisation
NEEDS_ORGANIZATION = INSIDE - WHOLE_TERRITORY
SECOND_FACTOR = WHOLE_TERRITORY  # roles of the whole territory are worth stealing: a password alone is not enough

# Who gives, renews and ends which roles: the least that lets each one do their work (docs/explanation/roles-and-rights.md).
GIVEN_BY: Final[Mapping[str, frozenset[str]]] = {
    ADMINISTRATOR: WHOLE_TERRITORY | INSIDE,
    COORDINATOR: NEEDS_ORGANIZATION,  # brings services and their people in; makes no equal, and nobody more powerful
}
GIVEN_INSIDE_BY: Final[Mapping[str, frozenset[str]]] = {ADMINISTRATOR: INSIDE}

MEMBERSHIP_MONTHS: Final = 12  # when the pack does not say
WARNING_DAYS: Final = 30  # before a membership ends, its member and who may renew it are told
OLDEST: Final = 125  # years: more is a slip of the finger
INVITATION_DAYS: Final = 7  # a link to come in serves once, and no longer than this


def gettext_noop(sentence: str) -> str:
    """The sentence itself: rules know no Django; the extractor of messages knows this name."""
    return sentence


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
        raise NotAllowed(gettext_noop("Only a moderator or an administrator of the territory adds an organisation."))


def roles_to_give(standing: Standing, *, in_organization: bool) -> frozenset[str]:
    """What this person may give, in the organisation where they stand or, without one, in the whole territory."""
    held = frozenset().union(*(GIVEN_BY.get(role, frozenset()) for role in standing.territory))
    if not in_organization:
        return held & WHOLE_TERRITORY
    inside = frozenset().union(*(GIVEN_INSIDE_BY.get(role, frozenset()) for role in standing.here))
    return (held | inside) & INSIDE


def can_give_role(standing: Standing, role: str, *, in_organization: bool) -> bool:
    """Give, renew or end it: what the two tables above say."""
    return role in roles_to_give(standing, in_organization=in_organization)


def check_can_give_role(standing: Standing, role: str, *, in_organization: bool) -> None:
    if role in NEEDS_ORGANIZATION and not in_organization:
        raise NotAllowed(gettext_noop("This role is held in an organisation: name it."))
    if role not in INSIDE and in_organization:
        raise NotAllowed(gettext_noop("This role is held in the whole territory, not in one organisation."))
    if not can_give_role(standing, role, in_organization=in_organization):
        raise NotAllowed(gettext_noop("Your own role does not let you give, renew or end this one."))


def can_see_confidential_place(standing: Standing) -> bool:
    """Only a member of the place's own organisation, to whom this was given by name."""
    return standing.sees_confidential_places and bool(standing.here)


def check_can_see_confidential_place(standing: Standing) -> None:
    if not can_see_confidential_place(standing):
        raise NotAllowed(gettext_noop("This place is confidential: only its area can be shown."))


def can_open_confidential_places(standing: Standing, *, to_oneself: bool) -> bool:
    """Let a member see them: an administrator of the organisation or of the territory, and never for oneself."""
    return not to_oneself and (standing.administers or ADMINISTRATOR in standing.here)


def check_can_open_confidential_places(standing: Standing, *, to_oneself: bool) -> None:
    if to_oneself:
        raise NotAllowed(gettext_noop("Nobody gives this right to themselves: ask another administrator."))
    if not can_open_confidential_places(standing, to_oneself=False):
        raise NotAllowed(
            gettext_noop("Only an administrator of the organisation or of the territory gives this right.")
        )


def check_can_help(helps: bool) -> None:
    """`helps`: a membership as a carer, in an organisation that helps this person, says so (queries.helps, queries.carer_in)."""
    if not helps:
        raise NotAllowed(gettext_noop("Only those who help this person read and write about them."))


def ends_at(starts_at: datetime, months: int) -> datetime:
    """So many months later, on the same day of the month or on the last one there is."""
    return starts_at + relativedelta(months=months)


SYSTEM = Standing(
    territory=WHOLE_TERRITORY, here=NEEDS_ORGANIZATION | WHOLE_TERRITORY
)  # a command on the server itself
