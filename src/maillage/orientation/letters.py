"""Letters about referrals to those who help. They name nobody: neither the person, nor a service, nor an organisation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final
from uuid import UUID

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from maillage.orientation import links
from maillage.orientation.models import Referral
from maillage.orientation.rules import referrals as rules
from maillage.people import mail
from maillage.people.models import Message, User

MOST_READERS: Final = 20
ARRIVED = _("Somebody is referred to you")
ARRIVED_LINK = _(
    "Hello,\n\nsomebody who needs help is referred to you. Read what they agreed to tell you, and answer here; no account is needed:\n"
    "%(link)s\n\nPlease answer before %(until)s: a no is an answer too, and helps them look elsewhere. Whoever has this link reads what "
    "it says: keep it to yourself.\n\nMaillage"
)
ARRIVED_DESK = _(
    "Hello,\n\nsomebody who needs help is referred to your organisation. Read it and answer at the desk:\n%(link)s\n\n"
    "Please answer before %(until)s: a no is an answer too, and helps them look elsewhere.\n\nMaillage"
)
STILL = _("Somebody still waits for your answer")
ANSWERED = _("A referral of yours was answered")
ANSWERED_BODY = _("Hello,\n\na referral that you sent was answered. Read it at the desk:\n%(link)s\n\nMaillage")
EXPIRED = _("A referral of yours has expired")
EXPIRED_BODY = _(
    "Hello,\n\na referral that you sent was never answered. The person is told. Look for another way with them:\n%(link)s\n\nMaillage"
)


def arrived(referral: Referral, readers: Iterable[User], *, again: bool = False) -> None:
    """To the recipient: by the signed link when they have no account, else to those who read its referrals."""
    subject = STILL if again else ARRIVED
    values: dict[str, object] = {
        "until": lambda: formats.date_format(timezone.localtime(referral.expires_at), "DATE_FORMAT")
    }
    if referral.email:
        secret = links.token(referral, rules.RECIPIENT)
        values |= {"link": partial(mail.link, "referral", token=secret)}
        mail.later(referral.email, _usual(referral), subject, ARRIVED_LINK, values)
        return
    _to(readers, referral, subject, ARRIVED_DESK, values)


def answered(referral: Referral, readers: Iterable[User]) -> None:
    """To who sent it."""
    _to(readers, referral, ANSWERED, ANSWERED_BODY, {})


def expired(referral: Referral, readers: Iterable[User]) -> None:
    """To who sent it."""
    _to(readers, referral, EXPIRED, EXPIRED_BODY, {})


def again(message: Message) -> Mapping[str, object] | None:
    """The values of a message about a referral that could not leave, from its key; None: it is not about one that is still read."""
    kind, _sign, rest = message.key.partition(":")
    try:
        uuid = UUID(rest.partition(":")[0])
    except ValueError:
        return None
    found = Referral.objects.filter(uuid=uuid).first() if kind == "referral" else None
    return {"link": person_link(found)} if found and found.person_token else None


def person_link(referral: Referral) -> str:
    """The whole address of the page where the person follows it."""
    return mail.link("my-referral", token=links.token(referral, rules.PERSON))


def _to(
    readers: Iterable[User], referral: Referral, subject: Promise, body: Promise, values: Mapping[str, object]
) -> None:
    said = {**values, "link": partial(mail.link, "desk-referral", uuid=referral.uuid)}
    for user in list(readers)[:MOST_READERS]:
        mail.later(user.email, mail.language_of(user, referral.territory), subject, body, said)


def _usual(referral: Referral) -> str:
    """Of a recipient without an account nobody knows the language: the first one of the territory."""
    return mail.language_of(User(), referral.territory)
