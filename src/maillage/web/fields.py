"""Form fields of the house: what is typed is cleaned at the door."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms

from maillage.methods.text import typed


def key(text: str) -> int:
    """The key that a form or an address sent back; 0 when it is none that a row could have."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


class Typed(forms.CharField):
    """Text without control characters, shortened rather than refused when `shorten` is given."""

    def __init__(self, *, shorten: int = 20_000, **more: Any) -> None:
        self.shorten = shorten
        super().__init__(**more)

    def to_python(self, value: Any) -> str:
        return typed(str(value or ""), self.shorten)


class TypedEmail(forms.EmailField):
    """An e-mail address, without control characters."""

    def to_python(self, value: Any) -> str:
        return typed(str(value or ""), 320)


class Once(forms.CharField):
    """A hidden key, made when the form is shown: sent twice by a telephone, it is written once (people/once.py)."""

    def __init__(self) -> None:
        super().__init__(
            required=False, max_length=64, widget=forms.HiddenInput, initial=lambda: secrets.token_urlsafe(16)
        )
