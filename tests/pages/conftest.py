"""The pages on the small territory, through Django's client and in a real browser; on a Friday evening in winter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone, translation

from tests.testland import NOW

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from maillage.territory.models import Territory

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BED = "a bed tonight, two children, she speaks Arabic"


@pytest.fixture(autouse=True)
def _friday_evening(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is remembered of one test is forgotten by the next, and it is always the same evening."""
    from maillage.directory.search import memory
    from maillage.orientation import queries
    from maillage.web.presenters import vocabulary
    from maillage.web.queries import _figures

    def forget() -> None:
        cache.clear()
        memory.forget()
        queries.forget()
        vocabulary.kept.cache_clear()
        _figures.cache_clear()

    monkeypatch.setattr(timezone, "now", lambda: NOW)
    forget()
    yield
    forget()
    translation.activate("en")


@pytest.fixture
def land(testland: Territory) -> Territory:
    """Testland, searchable."""
    from maillage.directory.search.index import reindex

    reindex(testland)
    return testland


@pytest.fixture
def visitor(land: Territory) -> Client:
    """Somebody who reads English and has no account; any 500 is raised."""
    return Client(headers={"accept-language": "en"})


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium when it is there, else Playwright's own."""
    from playwright.sync_api import Error, sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in this thread
    with sync_playwright() as play:
        path = str(CHROMIUM) if CHROMIUM.exists() else None
        try:
            running = play.chromium.launch(executable_path=path, args=ARGUMENTS)
        except Error as missing:
            pytest.skip(f"no browser on this machine: {str(missing).splitlines()[0]}")
        yield running
        running.close()


Opening = Callable[..., "Page"]


@pytest.fixture
def opening(browser: Browser, live_server: Any, land: Territory) -> Iterator[Opening]:
    """opening(path, width=..., scheme=..., language=..., scripts=True) -> a page of a fresh visitor.

    Fails at the end when the page asked anything of another host, or the browser complained (CSP, script errors).
    """
    complaints: list[str] = []
    contexts = []

    def open_page(
        path: str = "/",
        *,
        width: int = 1280,
        scheme: str = "light",
        language: str = "en",
        scripts: bool = True,
        **more: Any,
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 844},
            color_scheme=scheme,  # type: ignore[arg-type]
            locale=language,
            java_script_enabled=scripts,
            reduced_motion="reduce",
            **more,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: _only_here(request.url, live_server.url, complaints))
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    open_page.complaints = complaints  # type: ignore[attr-defined]
    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _only_here(url: str, home: str, complaints: list[str]) -> None:
    if not url.startswith((home, "data:", "blob:")):
        complaints.append(f"asked a third party: {url}")


def ask(page: Page, text: str = BED) -> Page:
    """Type it on the home page and search."""
    page.get_by_role("searchbox").fill(text)
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_selector("#summary")
    return page
