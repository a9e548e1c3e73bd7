"""A guide as a page: its text, the sources of its facts, and beside each step what is offered near the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

from maillage.directory import prose
from maillage.directory.guides import GuideNode, Step
from maillage.orientation.engine import Offer
from maillage.web.presenters import results
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import Vocabulary
from maillage.web.templatetags.page import tel, web_address

OURS = "assume"


@dataclass(frozen=True, slots=True)
class Source:
    number: int
    title: str
    publisher: str
    url: str
    date: str


@dataclass(frozen=True, slots=True)
class StepPage:
    code: str
    number: int
    title: say.Said
    body: SafeString
    body_language: str
    needs: tuple[tuple[str, str], ...]
    cards: tuple[results.ResultCard, ...]
    total: str  # "12 services in all"


@dataclass(frozen=True, slots=True)
class GuidePage:
    code: str
    title: say.Said
    summary: say.Said
    steps: tuple[StepPage, ...]
    sources: tuple[Source, ...]
    checked: str


@dataclass(frozen=True, slots=True)
class GuideLink:
    """A guide, as the results and the list of guides offer it."""

    code: str
    title: say.Said
    summary: say.Said


def in_language(texts: Mapping[str, str]) -> say.Said:
    """In the reader's language, else in the one there is, marked as such."""
    language = (get_language() or "en").split("-")[0]
    if texts.get(language):
        return say.Said(texts[language])
    return next((say.Said(text, code) for code, text in texts.items() if text), say.NOTHING)


def link(guide: GuideNode) -> GuideLink:
    return GuideLink(guide.code, in_language(guide.titles), in_language(guide.summaries))


class _Text:
    """Makes HTML of the links and notes of one guide."""

    def __init__(
        self, guide: GuideNode, guides: Mapping[str, GuideNode], services: Mapping[str, str], words: Vocabulary
    ) -> None:
        self.numbers = {code: number for number, code in enumerate(guide.sources, 1)}
        self.guides, self.services, self.words = guides, services, words
        self.rights = {
            str(row.get("code")): row for row in words.content.get("rights") or () if isinstance(row, Mapping)
        }

    def html(self, text: str) -> SafeString:
        made = prose.render(text, link=self.link, note=self.note)
        return mark_safe(made)  # noqa: S308  # prose escapes all that a writer typed; `link` and `note` do too

    def note(self, code: str) -> str:
        number = self.numbers.get(code)
        if number is None:
            return ""
        label = gettext("source %(n)s") % {"n": number}
        return format_html('<sup class="ref"><a href="#source-{}" aria-label="{}">{}</a></sup>', number, label, number)

    def link(self, found: prose.Link) -> str:
        address, name = self.target(found)
        if found.kind == "need" and found.code in self.words.needs:
            return format_html('<a href="{}?needs={}">{}</a>', reverse("results"), found.code, found.text or name)
        if not address:
            return format_html("{}", found.text or name)
        shown = "tel" if found.kind == "tel" else "more"
        return format_html('<a class="{}" href="{}">{}</a>', shown, address, found.text or name)

    def target(self, found: prose.Link) -> tuple[str, str]:
        """Its address, "" when it leads nowhere today; and its name."""
        match found.kind:
            case "need":
                return "", self.words.need_name(found.code)
            case "tel":
                return tel(found.code), found.code
            case "guide" if found.code in self.guides:
                return reverse("guide", args=[found.code]), in_language(self.guides[found.code].titles).text
            case "service" if found.code in self.services:
                return reverse("service", args=[self.services[found.code]]), found.text or found.code
            case "right" if found.code in self.rights:
                return self.right(found.code), in_language(self.rights[found.code].get("labels") or {}).text
        return "", found.code

    @staticmethod
    def right(code: str) -> str:
        try:
            return reverse("right", args=[code])
        except NoReverseMatch:
            return ""


def guide_page(
    guide: GuideNode,
    guides: Mapping[str, GuideNode],
    offers: Mapping[str, Offer],
    services: Mapping[str, str],
    words: Vocabulary,
) -> GuidePage:
    """`offers`: step code -> what is offered for it; `services`: code in the pack -> identifier, of those that are shown."""
    text = _Text(guide, guides, services, words)
    steps, shown = [], 0
    for number, one in enumerate(guide.steps, 1):
        made = step(one, number, shown, offers.get(one.code), text, words)
        shown += len(made.cards)
        steps.append(made)
    return GuidePage(
        guide.code,
        in_language(guide.titles),
        in_language(guide.summaries),
        tuple(steps),
        tuple(sources(guide.sources, words)),
        date_format(guide.checked_on) if guide.checked_on else "",
    )


def step(one: Step, number: int, shown: int, offer: Offer | None, text: _Text, words: Vocabulary) -> StepPage:
    body = in_language(one.bodies)
    total = ""
    if offer is not None:
        total = ngettext("%(n)s service in all", "%(n)s services in all", offer.total) % {"n": offer.total}
    return StepPage(
        one.code,
        number,
        in_language(one.titles),
        text.html(body.text),
        body.language,
        tuple((code, words.need_name(code)) for code in one.needs if code in words.needs),
        tuple(results.results(offer.suggestions, words, shown + 1)) if offer else (),
        total,
    )


def sources(codes: Sequence[str], words: Vocabulary) -> list[Source]:
    """What the notes of a text point to, numbered as they are."""
    found = []
    for number, code in enumerate(codes, 1):
        row = words.sources.get(code, {})
        found.append(
            Source(
                number,
                str(row.get("title") or code),
                str(row.get("publisher") or ""),
                web_address(str(row.get("url") or "")),
                str(row.get("date") or ""),
            )
        )
    return found


def services_named(guide: GuideNode) -> list[str]:
    """Codes of the services that the text leads to."""
    bodies = [body for one in guide.steps for body in one.bodies.values()]
    return sorted({found.code for body in bodies for found in prose.links(body) if found.kind == "service"})
