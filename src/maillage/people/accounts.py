"""Who may open an account: those who were invited. A member of the public needs none."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from maillage.people.models import User
from maillage.people.rules import INVITATION_DAYS

SALT = "maillage.people.invitation"
BEGAN, SEEN = "began", "seen"  # in the session, seconds: when it was opened, and when it was last used


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: Any) -> bool:
        return False

    def login(self, request: Any, user: Any) -> None:
        """Every way to sign in comes through here: the session knows when it began."""
        super().login(request, user)
        request.session[BEGAN] = request.session[SEEN] = int(timezone.now().timestamp())


def may_sign_in(user: User) -> bool:
    """They have chosen a password, or have come in by another way."""
    return user.has_usable_password() or user.last_login is not None


def welcome_link(user: User) -> str:
    """Where somebody who was invited begins. It serves until they have a password, and no longer than INVITATION_DAYS."""
    token = signing.dumps([str(user.uuid), _fingerprint(user)], salt=SALT)
    return str(settings.SITE_URL.rstrip("/")) + reverse("welcome", kwargs={"token": token})


def invited(token: str) -> User | None:
    """Whom this invitation was for; nobody when it is too old, used, or made up."""
    try:
        uuid, fingerprint = signing.loads(token, salt=SALT, max_age=INVITATION_DAYS * 24 * 3600)
    except signing.BadSignature:
        return None
    user = User.objects.filter(uuid=UUID(uuid), is_active=True).first()
    return user if user and constant_time_compare(fingerprint, _fingerprint(user)) else None


def password_path(user: User) -> str:
    """The page where they choose a password: it serves once, and ends with PASSWORD_RESET_TIMEOUT."""
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return reverse("account_reset_password_from_key", kwargs=key)


def _fingerprint(user: User) -> str:
    """Another one as soon as there is another password."""
    return salted_hmac(SALT, user.password, algorithm="sha256").hexdigest()[:16]
