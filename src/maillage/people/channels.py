"""The ways by which a few words reach a person: one small interface, chosen in settings (MESSAGE_CHANNELS).

A channel takes an address and a text, and returns; whatever it raises is a failure that is tried again (people/messages.py).
"""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import send_mail
from django.utils.module_loading import import_string


class Channel(Protocol):
    def send(self, to: str, subject: str, text: str) -> None:
        """Hand the text over for this address, or raise."""


class Console:
    """Prints instead of sending: the embedded default, and every demonstration. The address is hidden but for its end."""

    def send(self, to: str, subject: str, text: str) -> None:
        sys.stderr.write(f"[to ...{to[-2:]}] {text}\n")


class Mail:
    """An e-mail, by the mail server of the settings."""

    def send(self, to: str, subject: str, text: str) -> None:
        if not send_mail(" ".join(subject.split()), text, None, [to]):
            raise ConnectionError("the mail server took nothing")


class TextMessageByMail:
    """A text message through a provider that takes e-mails for NUMBER@its-domain (SMS_GATEWAY). No subject."""

    def send(self, to: str, subject: str, text: str) -> None:
        if not settings.SMS_GATEWAY:
            raise ImproperlyConfigured("SMS_GATEWAY is empty: text messages go nowhere")
        number = re.sub(r"[^\d+]", "", to)
        if not send_mail("", text, None, [f"{number}@{settings.SMS_GATEWAY}"]):
            raise ConnectionError("the gateway took nothing")


def channel(name: str) -> Channel:
    """The channel of a contact ("sms", "email") that the settings choose."""
    return _made(settings.MESSAGE_CHANNELS[name])


@cache
def _made(path: str) -> Channel:
    made: Channel = import_string(path)()
    return made
