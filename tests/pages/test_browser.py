"""The pages as a person meets them: in a browser, with the keyboard, on a phone, in the dark, without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from maillage.directory.models import Service
from maillage.territory.models import Territory
from tests.pages.conftest import BED, Opening, ask

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = (
    "/", "/help/", "/questions/", "/results/", "/results/?needs=emergency-shelter", "/activities/", "/areas/", "/areas/north/",
    "/about/", "/accessibility/", "/privacy/", "/accounts/login/", "/accounts/password/reset/", "/nowhere",
)  # fmt: skip
FIRST_PAGE = 150_000  # bytes


def problems(page: Page) -> list[str]:
    """What axe finds, one line each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]} {node['any'][:1]}" for one in found for node in one["nodes"]]


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(opening: Opening, scheme: str) -> None:
    page = opening("/", scheme=scheme)
    wrong: dict[str, Any] = {}
    paths = [
        *PAGES,
        *(f"/service/{Service.objects.get(code=code).uuid}/" for code in ("open-door", "safe-house", "old-word")),
    ]
    for path in paths:
        page.goto(path)
        if found := problems(page):
            wrong[path] = found
    page.goto("/")
    ask(page)
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    wrong["results"] = problems(page)
    ask(page.goto("/") and page, "he hits me")  # type: ignore[arg-type]
    wrong["danger"] = problems(page)
    page.goto("/questions/")
    for _ in range(3):
        page.locator(".answers button").first.click()
        page.wait_for_load_state("networkidle")
        wrong[f"question {page.locator('h1').inner_text()}"] = problems(page)
    _no_console_of_404(opening)
    assert {path: found for path, found in wrong.items() if found} == {}


def _no_console_of_404(opening: Opening) -> None:
    """The browser says on its console that the page that does not exist does not exist."""
    complaints = opening.complaints  # type: ignore[attr-defined]
    complaints[:] = [one for one in complaints if "404" not in one]


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_a_phone_never_scrolls_sideways(opening: Opening, language: str) -> None:
    page = opening("/", width=320, language=language)
    wide = []
    for path in (*PAGES, f"/service/{Service.objects.get(code='open-door').uuid}/"):
        page.goto(path)
        if overflows(page):
            wide.append(path)
    page.goto("/")
    page.get_by_role("searchbox").fill(BED)
    page.locator(".ask .main").click()
    page.wait_for_selector("#summary")
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    _no_console_of_404(opening)
    assert not overflows(page)
    assert wide == []


def test_text_enlarged_to_200_percent_keeps_the_page_whole(opening: Opening) -> None:
    page = opening("/", width=640)  # 1280 at 200 %
    for path in PAGES[:-1]:
        page.goto(path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert not overflows(page), path


def test_right_to_left_keeps_the_page_whole(opening: Opening) -> None:
    page = opening("/", width=390)
    for path in PAGES[:-1]:
        page.goto(path)
        page.evaluate("document.documentElement.dir = 'rtl'")
        assert not overflows(page), path


def test_the_first_page_is_light_and_asks_nobody_else(
    opening: Opening, browser: Any, live_server: Any, land: Territory
) -> None:
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    weights: dict[str, int] = {}
    page.on("response", lambda response: weights.__setitem__(response.url, len(response.body())))
    page.goto("/", wait_until="networkidle")
    context.close()
    assert all(url.startswith(live_server.url) for url in weights)
    assert sum(weights.values()) < FIRST_PAGE, weights


def test_the_whole_way_with_the_keyboard_alone(opening: Opening) -> None:
    page = opening("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    _tab_to(page, "#text")
    page.keyboard.type(BED)
    page.keyboard.press("Enter")
    page.wait_for_selector("#summary")
    assert page.url.endswith("/results/")
    _tab_to(page, "#result-1-name a")
    page.keyboard.press("Enter")
    page.wait_for_selector("#service")
    expect(page.locator("#service-name")).to_be_focused()
    page.go_back()
    page.wait_for_selector("#orientation:not([hidden])")
    expect(page.locator("[data-open]:focus")).to_have_count(1)
    _tab_to(page, ".next-question button")
    page.keyboard.press("Enter")
    expect(page.locator("#summary")).to_be_focused()


def _tab_to(page: Page, selector: str) -> None:
    """Move on with the Tab key; what has the focus must show it."""
    for _ in range(90):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert style != "none"
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_the_whole_way_without_javascript(opening: Opening) -> None:
    page = opening("/", scripts=False, width=390)
    page.get_by_role("searchbox").fill(BED)
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("body")).to_contain_text("Women's Haven")
    chips = page.locator(".chips .chip").count()
    page.locator(".chips .chip").first.click()
    expect(page.locator(".chips .chip")).not_to_have_count(chips)
    page.locator("summary", has_text="Filters").click()
    page.get_by_label("Free").check()
    page.get_by_role("button", name="Apply the filters").click()
    expect(page.locator(".chips")).to_contain_text("Free")
    page.locator("h3 a").first.click()
    page.wait_for_url("**/service/**")
    page.goto("/questions/")
    page.get_by_role("button", name="Housing").click()
    page.get_by_role("button", name="Emergency shelter").click()
    page.get_by_label("Place").select_option("north")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="See the list now").click()
    expect(page.locator("article.card").nth(1)).to_be_visible()
    page.get_by_role("button", name="Back to the questions").click()
    expect(page.locator("form.question")).to_have_count(1)


def test_chips_and_questions_refine_without_leaving_the_page(opening: Opening) -> None:
    page = ask(opening("/"))
    before = page.locator(".chip").count()
    page.locator(".chips .chip").last.click()
    expect(page.locator(".chips .chip")).not_to_have_count(before)
    expect(page.locator("#summary")).to_be_focused()
    assert page.url.endswith("/results/")


def test_back_takes_the_last_answer_off(opening: Opening) -> None:
    page = opening("/questions/")
    first = page.locator("h1").inner_text()
    page.get_by_role("button", name="Housing").click()
    page.wait_for_selector("text=Emergency shelter")
    page.go_back()
    expect(page.locator("h1")).to_have_text(first)


def test_escape_twice_leaves_at_once(opening: Opening, live_server: Any) -> None:
    from maillage.orientation import queries
    from maillage.web.presenters import vocabulary

    territory = Territory.objects.get()
    territory.content = {**territory.content, "quick_exit_url": f"{live_server.url}/robots.txt"}
    territory.pack_hash = "1" * 64
    territory.save()
    vocabulary.kept.cache_clear()
    queries.forget()
    page = ask(opening("/"))
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url("**/robots.txt")
    page.go_back()
    if "/results/" in page.url:
        expect(page.locator("article.card")).to_have_count(0)


def test_a_language_is_chosen_from_the_results_and_nothing_is_lost(opening: Opening) -> None:
    page = ask(opening("/", width=390), "shelter")
    page.get_by_role("button", name="Nederlands").click()
    page.wait_for_selector("html[lang=nl]")
    assert page.get_by_role("searchbox").input_value() == "shelter"
    expect(page.locator("article.card").nth(1)).to_be_visible()
