"""What every page shows: where we are, in which languages, how to leave in a hurry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import get_language_info

from maillage.territory.models import Territory
from maillage.web.access import allowed
from maillage.web.desk.nav import Way, ways
from maillage.web.language import territory_of
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary
from maillage.web.seat import seat

LONGEST_PATH: Final = 2_000  # characters

NEUTRAL_SITE = "https://www.wikipedia.org/"


@dataclass(frozen=True)
class Choice:
    code: str
    name: str  # in its own language
    short: str
    is_current: bool


class Page:
    """Lazy: an error page must not need the database."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def language(self) -> str:
        return (translation.get_language() or "en").split("-")[0]

    @cached_property
    def direction(self) -> str:
        return "rtl" if get_language_info(self.language)["bidi"] else "ltr"

    @cached_property
    def languages(self) -> list[Choice]:
        return [Choice(code, name, code.upper(), code == self.language) for code, name in settings.LANGUAGES]

    @cached_property
    def is_signed_in(self) -> bool:
        user = getattr(self.request, "user", None)  # an early error knows no user
        return bool(user and user.is_authenticated)

    @cached_property
    def finds_for_others(self) -> bool:
        """May note services in a list to hand over."""
        return bool(self.is_signed_in and allowed("desk-lists") & seat(self.request).roles)

    @cached_property
    def helps_people(self) -> bool:
        """May refer somebody."""
        return bool(self.is_signed_in and allowed("desk-refer") & seat(self.request).roles)

    @cached_property
    def ways(self) -> list[Way]:
        return ways(self.request)

    @cached_property
    def territory(self) -> Territory | None:
        return territory_of(self.request)

    @cached_property
    def words(self) -> Vocabulary | None:
        return vocabulary(self.territory) if self.territory else None

    @cached_property
    def territory_name(self) -> str:
        return str(self.territory) if self.territory else ""

    @cached_property
    def is_fictional(self) -> bool:
        return bool(self.territory and self.territory.has_fiction)

    @cached_property
    def quick_exit_url(self) -> str:
        return (self.words.quick_exit_url if self.words else "") or NEUTRAL_SITE

    @property
    def has_tiles(self) -> bool:
        return bool(settings.TILE_URL)

    @cached_property
    def path(self) -> str:
        whole = self.request.get_full_path() if self.request.method == "GET" else self.request.path
        return whole if len(whole) <= LONGEST_PATH else "/"  # it comes back in a form: never a page of it


def page(request: HttpRequest) -> dict[str, object]:
    return {"page": Page(request)}
