"""Small words for templates: icons, telephone links. They are built in: no {% load %} needed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from heroicons import IconDoesNotExist
from heroicons.templatetags.heroicons import heroicon_outline

if TYPE_CHECKING:
    from maillage.web.presenters.filters import Option

register = template.Library()
FALLBACK_ICON = "squares-2x2"


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, size: int = 24) -> SafeString:
    """An outline heroicon, decorative: the words beside it say the same. A name that does not exist gives a neutral icon."""
    try:
        svg = heroicon_outline(str(name or FALLBACK_ICON), size=size, aria_hidden="true", focusable="false")
    except IconDoesNotExist:
        svg = heroicon_outline(FALLBACK_ICON, size=size, aria_hidden="true", focusable="false")
    return mark_safe(svg)  # noqa: S308  # our own wheel's file, no visitor's text in it


@register.filter
def tel(number: str) -> str:
    """`+32 2 123 45 67` -> `tel:+3221234567`; what cannot be dialled gives an empty string."""
    digits = re.sub(r"[^\d+*#]", "", number.split("ext")[0])
    return f"tel:{digits}" if re.search(r"\d{2}", digits) else ""


@register.filter
def web_address(url: str) -> str:
    """The address when it is one of the web, else nothing: a `javascript:` never becomes a link."""
    candidate = url.strip()
    if candidate and "://" not in candidate and ":" not in candidate.split("/")[0]:
        candidate = f"https://{candidate}"
    try:
        parts = urlsplit(candidate)
    except ValueError:
        return ""
    return candidate if parts.scheme in {"http", "https"} and parts.netloc else ""


@register.filter
def host(url: str) -> str:
    """What a reader recognises of an address: example.org."""
    try:
        return urlsplit(url).netloc.removeprefix("www.")
    except ValueError:
        return ""


@register.simple_tag
def hidden(pairs: Iterable[tuple[str, str]]) -> SafeString:
    """The state of a page as hidden fields: it travels in the body of the form and nowhere else."""
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


@register.simple_tag
def options(found: Iterable[Option]) -> SafeString:
    """The choices of a select. Hundreds on the page of results: a loop in the template takes eight times as long."""
    rows = (
        f'<option value="{escape(one.code)}"{" selected" if one.is_chosen else ""}>{one.depth}{escape(one.label)}</option>'
        for one in found
    )
    return mark_safe("".join(rows))  # noqa: S308  # codes and labels are escaped


@register.simple_tag
def said(text: object) -> SafeString:
    """A `Said`: its words, their language when it is not the reader's, and the note that says so."""
    words = getattr(text, "text", "")
    language = getattr(text, "language", "")
    note = getattr(text, "note", "")
    shown = (
        format_html('<span lang="{}" dir="auto">{}</span>', language, words) if language else format_html("{}", words)
    )
    return format_html('{} <small class="note">({})</small>', shown, note) if note else shown
