"""Who may open an account: those who were invited. A member of the public needs none."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from maillage.people.models import User


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: Any) -> bool:
        return False


def invitation_link(user: User) -> str:
    """Where the invited person chooses a password; it serves once, and ends with PASSWORD_RESET_TIMEOUT."""
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return settings.SITE_URL.rstrip("/") + reverse("account_reset_password_from_key", kwargs=key)


def send_invitation(user: User) -> None:
    """Mail the link, in the invited person's language."""
    with translation.override(user.language or settings.LANGUAGE_CODE):
        subject = gettext("You are invited to Maillage")
        body = gettext("Hello,\n\nchoose your password here, then sign in with your e-mail address:\n%(link)s\n")
        send_mail(subject, body % {"link": invitation_link(user)}, None, [user.email])
