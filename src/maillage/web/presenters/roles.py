"""Words for roles, at the gate and at the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from maillage.people.models import Role

# in the order in which they are said; the keys are those of the table of access
NAMES: Final[dict[str, Promise | str]] = {
    "visitor": _("Visitor"),
    "account": _("Anyone signed in"),
    Role.PROFESSIONAL.value: Role.PROFESSIONAL.label,
    Role.EDITOR.value: Role.EDITOR.label,
    "head": _("Administrator of an organisation"),
    Role.MODERATOR.value: Role.MODERATOR.label,
    Role.COORDINATOR.value: Role.COORDINATOR.label,
    Role.ADMINISTRATOR.value: Role.ADMINISTRATOR.label,
}


def needed(roles: Iterable[str], *, has_none: bool) -> str:
    """Which role opens this page, in a sentence, and what somebody without any role here can do."""
    wanted = set(roles)
    if not wanted:
        return gettext("Nobody may open this page.")
    names = ", ".join(str(name) for role, name in NAMES.items() if role in wanted)
    sentence = gettext("This page is for: %(roles)s.") % {"roles": names}
    here = (
        gettext("Your account has no role here at the moment: ask who invited you to renew it.")
        if has_none
        else gettext("Your account has another role here.")
    )
    return f"{sentence} {here}"


def until(ends_at: datetime | None) -> str:
    """How long a membership lasts."""
    if ends_at is None:
        return gettext("no end")
    return gettext("until %(date)s") % {"date": date_format(localtime(ends_at), "DATE_FORMAT")}
