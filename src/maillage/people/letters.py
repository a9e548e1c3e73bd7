"""Letters about accounts and memberships."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from maillage.people import mail
from maillage.people.accounts import may_sign_in, welcome_link
from maillage.people.models import Membership, User
from maillage.people.rules import INVITATION_DAYS

INVITED = _("You are invited to Maillage")
INVITATION = _(
    "Hello,\n\n%(by)s invites you to Maillage as: %(role)s, %(where)s.\n\n"
    "Choose your password here, then sign in with your e-mail address:\n%(link)s\n\n"
    "The link serves once, for %(days)s days. If you expected nothing, throw this letter away: nothing happens."
)
GIVEN = _(
    "Hello,\n\n%(by)s invites you to Maillage as: %(role)s, %(where)s.\n\n"
    "Sign in as you always do, and it is there:\n%(link)s"
)
ENDING = _("Your access to Maillage ends on %(date)s")
ENDING_BODY = _(
    "Hello,\n\nyou are %(role)s, %(where)s, until %(date)s. If you still need it, ask for it to be renewed by:\n%(renewers)s\n\n"
    "If you do not, nothing has to be done."
)
TO_RENEW = _("Maillage: access that ends soon")
TO_RENEW_BODY = _(
    "Hello,\n\nwithout you, these people lose their access:\n%(members)s\n\nRenew those who still need it, and leave the others:\n%(link)s"
)
RIGHT = _("Maillage: %(who)s now sees a confidential address")
RIGHT_BODY = _(
    "Hello,\n\n%(by)s has let %(who)s see the exact address of the confidential places of %(where)s. Each reading leaves a trace.\n\n"
    "If this should not be, take it back here:\n%(link)s"
)


def where(membership: Membership) -> str:
    return str(membership.organization or membership.territory)


def invitation(membership: Membership, *, by: User | str) -> None:
    """To whoever was given a role: with a link to choose a password when they have no way to sign in yet."""
    user = membership.user
    known = may_sign_in(user)
    values = {
        "by": by if isinstance(by, User) else where(membership),
        "role": membership.get_role_display,
        "where": where(membership),
        "days": INVITATION_DAYS,
        "link": mail.link("desk") if known else welcome_link(user),
    }
    language = mail.language_of(user, membership.territory)
    mail.later(user.email, language, INVITED, GIVEN if known else INVITATION, values)


def ending(membership: Membership, renewers: Iterable[User]) -> bool:
    """To the member: until when, and who may renew it."""
    values = {
        "date": partial(_date, membership),
        "role": membership.get_role_display,
        "where": where(membership),
        "renewers": "\n".join(f"- {one} <{one.email}>" if one.name else f"- {one.email}" for one in renewers) or "-",
    }
    language = mail.language_of(membership.user, membership.territory)
    return mail.post(membership.user.email, language, ENDING, ENDING_BODY, values)


def to_renew(user: User, memberships: Sequence[Membership]) -> bool:
    """To who may renew: one letter for all of them."""

    def lines() -> str:
        return "\n".join(
            f"- {one.user} ({one.get_role_display()}, {where(one)}): {_date(one)}" for one in memberships
        )  # fmt: skip

    language = mail.language_of(user, memberships[0].territory)
    return mail.post(
        user.email, language, TO_RENEW, TO_RENEW_BODY, {"members": lines, "link": mail.link("desk-members")}
    )


def right_given(membership: Membership, readers: Iterable[User], *, by: User | str) -> None:
    """That somebody sees confidential addresses from now on: to them, and to the organisation's administrators."""
    said = {"by": by, "who": membership.user, "where": where(membership), "link": mail.link("desk-members")}
    for reader in readers:
        mail.later(reader.email, mail.language_of(reader, membership.territory), RIGHT, RIGHT_BODY, said)


def _date(membership: Membership) -> str:
    return formats.date_format(timezone.localtime(membership.ends_at), "DATE_FORMAT") if membership.ends_at else ""
