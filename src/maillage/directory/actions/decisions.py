"""A moderator decides on a proposal, and its author is told by mail, in their language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from maillage.directory.actions import editing
from maillage.directory.models import Change
from maillage.people import mail
from maillage.people.models import User

ACCEPTED = _("Your change of “%(service)s” is accepted")
ACCEPTED_BODY = _(
    "Hello,\n\nwhat you proposed for the service “%(service)s” now stands in the directory. Thank you.\n%(reason)s\n"
    "See it at the desk:\n%(link)s\n\nMaillage"
)
RETURNED = _("Your change of “%(service)s” came back")
RETURNED_BODY = _(
    "Hello,\n\na moderator could not accept what you proposed for the service “%(service)s”, and says why:\n\n%(reason)s\n\n"
    "Nothing of what you wrote is lost. Mend it and send it again from the desk:\n%(link)s\n\nMaillage"
)


@transaction.atomic
def accept(
    change: Change,
    *,
    by: User,
    at: datetime,
    edited: Mapping[str, Any] | None = None,
    reason: str = "",
    force: bool = False,
) -> Change:
    """As `editing.accept`; the author reads what the moderator made of it."""
    accepted = editing.accept(change, by=by, at=at, edited=edited, reason=reason, force=force)
    _tell(accepted, ACCEPTED, ACCEPTED_BODY, by=by)
    return accepted


@transaction.atomic
def send_back(change: Change, reason: str, *, by: User, at: datetime) -> Change:
    """As `editing.send_back`; the author reads the reason."""
    returned = editing.send_back(change, reason, by=by, at=at)
    _tell(returned, RETURNED, RETURNED_BODY, by=by)
    return returned


def _tell(change: Change, subject: Any, body: Any, *, by: User) -> None:
    """Nobody is written to about their own decision, nor somebody who has left."""
    author = change.author
    if author is None or author == by or not author.is_active:
        return
    values = {
        "service": change.service.name,
        "reason": f"\n{change.reason}\n" if change.reason else "",
        "link": mail.link("desk-change", uuid=change.uuid),
    }
    mail.later(author.email, mail.language_of(author, change.territory), subject, body, values)
