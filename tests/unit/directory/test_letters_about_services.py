"""Letters: in the reader's language, plain, and a server that is away breaks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail as box
from django.utils.translation import gettext_lazy as _
from hypothesis import given
from hypothesis import strategies as st

from maillage.methods.text import typed
from maillage.people import mail

if TYPE_CHECKING:
    from maillage.territory.models import Territory
    from tests.conftest import Cast


def test_a_letter_is_in_the_language_of_its_reader(testland: Territory, cast: Cast) -> None:
    assert mail.language_of(cast.alice, testland) == "fr"
    cast.alice.language = "nl"
    assert mail.language_of(cast.alice, testland) == "nl"
    cast.alice.language = "xx"
    testland.languages = ["de", "en"]
    assert mail.language_of(cast.alice, testland) == "en"
    assert mail.post("a@example.org", "nl", _("Languages"), _("Free"), {})
    assert (box.outbox[0].subject, box.outbox[0].body) == ("Talen", "Gratis")


def test_a_name_on_two_lines_adds_no_header() -> None:
    assert mail.post("a@example.org", "", "About %(name)s", "-", {"name": "x\r\nBcc: b@example.org"})
    assert box.outbox[0].subject == "About x Bcc: b@example.org"
    assert box.outbox[0].recipients() == ["a@example.org"]


def test_a_server_that_is_away_is_logged_without_the_address(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1
    assert mail.post("a@example.org", "en", "subject", "body", {}) is False
    assert "could not be sent" in caplog.text
    assert "a@example.org" not in caplog.text


@given(st.text(max_size=60), st.integers(0, 50))
def test_what_is_typed_can_be_stored_and_is_not_too_long(text: str, limit: int) -> None:
    kept = typed(text, limit)
    assert len(kept) <= limit
    assert kept == kept.strip()
    assert "\x00" not in kept
    assert "\r" not in kept
    kept.encode()
    assert typed(kept, limit) == kept


def test_line_ends_become_one_sign() -> None:
    assert typed(" a\r\nb\rc\n\td \x07", 20) == "a\nb\nc\n\td"


def test_nothing_turns_the_direction_of_what_stands_beside_it() -> None:
    assert typed("Amina\u202e\u2066 tset\u2069\u202c", 40) == "Amina tset"
    assert typed("می\u200cخواهم", 40) == "می\u200cخواهم"  # a joiner belongs to the word
