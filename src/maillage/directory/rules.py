"""Who may change the directory. A rule is a pair: `check_can_x` raises a sentence, `can_x` answers.

The sentences are English message ids: `gettext_noop` marks them for the catalogues, the page that shows one translates it.
"""

from __future__ import annotations

from typing import Final

from maillage.people.rules import ADMINISTRATOR, COORDINATOR, EDITOR, MODERATOR, NotAllowed, Standing, gettext_noop

# What may become of a proposal (Change.State). What was undone can be proposed again, as another one.
PROPOSED, ACCEPTED, RETURNED, WITHDRAWN, UNDONE = "proposed", "accepted", "returned", "withdrawn", "undone"
NEXT: Final[dict[str, frozenset[str]]] = {
    PROPOSED: frozenset({ACCEPTED, RETURNED, WITHDRAWN}),
    ACCEPTED: frozenset({UNDONE}),
    RETURNED: frozenset(),
    WITHDRAWN: frozenset(),
    UNDONE: frozenset(),
}


def can_moderate(standing: Standing) -> bool:
    """Moderators and administrators of the whole territory."""
    return bool({MODERATOR, ADMINISTRATOR} & standing.territory)


def check_can_moderate(standing: Standing) -> None:
    if not can_moderate(standing):
        raise NotAllowed(gettext_noop("Only a moderator of the territory decides this."))


def can_edit_service(standing: Standing) -> bool:
    """Editors and administrators of the service's organisation, and whoever moderates."""
    return bool({EDITOR, ADMINISTRATOR} & standing.here) or can_moderate(standing)


def check_can_edit_service(standing: Standing) -> None:
    if not can_edit_service(standing):
        raise NotAllowed(
            gettext_noop("Only the editors of this service's organisation and the territory's moderators change it.")
        )


def can_decide(standing: Standing, *, is_author: bool) -> bool:
    """Moderators; nobody decides on a proposal of their own by being its author: that takes the role."""
    return can_moderate(standing)


def check_can_decide(standing: Standing, *, is_author: bool) -> None:
    if not can_decide(standing, is_author=is_author):
        raise NotAllowed(
            gettext_noop("You cannot decide on your own proposal: a moderator of the territory does.")
            if is_author
            else gettext_noop("Only a moderator of the territory decides this.")
        )


def can_withdraw(standing: Standing, *, is_author: bool) -> bool:
    """Its author, as long as they may edit the service, and moderators."""
    return (is_author and can_edit_service(standing)) or can_moderate(standing)


def check_can_withdraw(standing: Standing, *, is_author: bool) -> None:
    if not can_withdraw(standing, is_author=is_author):
        raise NotAllowed(gettext_noop("Only the person who made this proposal takes it back."))


def can_undo(standing: Standing, *, is_author: bool) -> bool:
    """Moderators. An author who is an editor only proposes the old values again."""
    return can_moderate(standing)


def check_can_undo(standing: Standing, *, is_author: bool) -> None:
    if not can_undo(standing, is_author=is_author):
        raise NotAllowed(gettext_noop("Only a moderator of the territory undoes a change; propose the old text again."))


def can_see_history(standing: Standing) -> bool:
    """Who changed what, by name: those who may change it, and coordinators of the territory."""
    return can_edit_service(standing) or COORDINATOR in standing.territory


def check_can_see_history(standing: Standing) -> None:
    if not can_see_history(standing):
        raise NotAllowed(gettext_noop("Only those who may change a service see who changed it."))
