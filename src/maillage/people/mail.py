"""Letters, in the reader's language, as plain text. They hold a name, a sentence and a link: nothing confidential.

A mail server that does not answer never undoes what was done: the letter leaves after the transaction, and a failure is logged
by its kind alone, without the address.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise

from maillage.people.models import User
from maillage.territory.models import Territory

log = logging.getLogger(__name__)


def link(name: str, **kwargs: object) -> str:
    """The whole address of a page of ours."""
    return settings.SITE_URL.rstrip("/") + reverse(name, kwargs=kwargs)


def language_of(user: User, territory: Territory) -> str:
    """Theirs; else the first of the territory that the interface speaks."""
    spoken = [code for code, _ in settings.LANGUAGES]
    wanted = (user.language, *(str(code) for code in territory.languages), settings.LANGUAGE_CODE)
    return next(code for code in wanted if code in spoken)


def post(email: str, language: str, subject: Promise | str, body: Promise | str, values: Mapping[str, object]) -> bool:
    """Send it now; labels, and values that are functions, are said in its language. Whether a server took it."""
    with translation.override(language or settings.LANGUAGE_CODE):
        filled = {key: str(value() if callable(value) else value) for key, value in values.items()}
        head = " ".join((str(subject) % filled).split())  # a line end in a header would start another one
        text = str(body) % filled
    try:
        return bool(send_mail(head, text, None, [email]))
    except Exception as failure:  # noqa: BLE001  # whatever the server or the network says
        log.warning("a letter could not be sent: %s", type(failure).__name__)
        return False


def later(email: str, language: str, subject: Promise | str, body: Promise | str, values: Mapping[str, object]) -> None:
    """Send it when what it tells is written."""
    transaction.on_commit(partial(post, email, language, subject, body, dict(values)))
