"""Letters about accounts and memberships, in the reader's language, as plain text: a name, a sentence and a link.

They leave after the transaction that they tell of. A mail server that does not answer never undoes what was done; its failure
is logged by its kind alone, without the address.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from functools import partial

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from maillage.people.accounts import may_sign_in, welcome_link
from maillage.people.models import Membership, User
from maillage.people.rules import INVITATION_DAYS

log = logging.getLogger(__name__)

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


def language_of(user: User, membership: Membership) -> str:
    """Theirs; else the first of the territory that the interface speaks."""
    spoken = [code for code, _name in settings.LANGUAGES]
    wanted = (user.language, *(str(code) for code in membership.territory.languages), settings.LANGUAGE_CODE)
    return next(code for code in wanted if code in spoken)


def link(name: str) -> str:
    return str(settings.SITE_URL.rstrip("/")) + reverse(name)


def where(membership: Membership) -> str:
    return str(membership.organization or membership.territory)


def post(email: str, language: str, subject: Promise | str, body: Promise | str, **values: object) -> bool:
    """Send it now, in this language; labels and dates are said in it. Whether a server took it."""
    with translation.override(language):
        filled = {key: value() if callable(value) else str(value) for key, value in values.items()}
        head = " ".join((str(subject) % filled).split())  # a line end in a header would start another one
        try:
            return bool(send_mail(head, str(body) % filled + "\n", None, [email]))
        except Exception as failure:  # noqa: BLE001  # whatever the server or the network says
            log.warning("a letter could not be sent: %s", type(failure).__name__)
            return False


def invitation(membership: Membership, *, by: User | str) -> None:
    """To whoever was given a role: with a link to choose a password when they have no way to sign in yet."""
    user = membership.user
    known = may_sign_in(user)
    values = {
        "by": by if isinstance(by, User) else where(membership),
        "role": membership.get_role_display,
        "where": where(membership),
        "days": INVITATION_DAYS,
        "link": link("desk") if known else welcome_link(user),
    }
    send = partial(
        post, user.email, language_of(user, membership), INVITED, GIVEN if known else INVITATION, **values
    )  # fmt: skip
    transaction.on_commit(send)


def ending(membership: Membership, renewers: Iterable[User]) -> bool:
    """To the member: until when, and who may renew it."""
    return post(
        membership.user.email,
        language_of(membership.user, membership),
        ENDING,
        ENDING_BODY,
        date=partial(_date, membership),
        role=membership.get_role_display,
        where=where(membership),
        renewers="\n".join(f"- {one} <{one.email}>" if one.name else f"- {one.email}" for one in renewers) or "-",
    )


def to_renew(user: User, memberships: Sequence[Membership]) -> bool:
    """To who may renew: one letter for all of them."""

    def lines() -> str:
        return "\n".join(
            f"- {one.user} ({one.get_role_display()}, {where(one)}): {_date(one)}" for one in memberships
        )  # fmt: skip

    language = language_of(user, memberships[0])
    return post(user.email, language, TO_RENEW, TO_RENEW_BODY, members=lines, link=link("desk-members"))


def right_given(membership: Membership, readers: Iterable[User], *, by: User | str) -> None:
    """That somebody sees confidential addresses from now on: to them, and to the organisation's administrators."""
    said = {"by": by, "who": membership.user, "where": where(membership), "link": link("desk-members")}
    for reader in readers:
        language = language_of(reader, membership)
        transaction.on_commit(partial(post, reader.email, language, RIGHT, RIGHT_BODY, **said))


def _date(membership: Membership) -> str:
    return formats.date_format(timezone.localtime(membership.ends_at), "DATE_FORMAT") if membership.ends_at else ""
