"""One question a screen: the tree of needs, where, then what would change the list most. Everything travels in the form."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from maillage.orientation.types import Orientation
from maillage.territory.models import Territory, label_in
from maillage.web import state
from maillage.web.language import territory_of
from maillage.web.presenters import emergency
from maillage.web.presenters import results as present
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary
from maillage.web.public import orienting
from maillage.web.public.results import Asked, answer

MOST_FACTS = 6  # questions about the person; the results page goes on asking, one at a time
WHERE = "where"
ROOT = "needs"  # what the engine calls the first question, in `declined`


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    hint: str
    icon: str
    do: str


@dataclass(frozen=True, slots=True)
class Screen:
    """One question. `picks` fills a list to choose from, `number_do` asks for a number."""

    text: str
    why: str
    choices: tuple[Choice, ...]
    skip: str
    skip_label: str
    picks: tuple[tuple[str, str], ...] = ()
    pick_do: str = ""
    number_do: str = ""
    unit: str = ""


@csrf_exempt  # it changes nothing, and must work for a visitor who takes no cookie
@require_http_methods(["GET", "HEAD", "POST"])
def questions(request: HttpRequest) -> HttpResponse:
    territory = territory_of(request)
    if territory is None:
        return render(request, "public/empty.html", status=503)
    words = vocabulary(territory)
    pairs = state.after(state.read(request.POST), request.POST, words) if request.method == "POST" else ()
    pairs, situation, refused = orienting.forgiving(pairs, territory, words, limit=1)
    found = orienting.orient(situation) if pairs else None
    screen = None if request.POST.get("do") == "results" else next_screen(pairs, found, words)
    if screen is None:
        return answer(request, territory, Asked(pairs, "", 1))
    return show(request, screen, pairs, found, words, territory, refused)


def show(
    request: HttpRequest,
    screen: Screen,
    pairs: state.Pairs,
    found: Orientation | None,
    words: Vocabulary,
    territory: Territory,
    refused: list[str],
) -> HttpResponse:
    context = {
        "screen": screen,
        "everything": state.hidden_of(pairs),
        "answered": answered(pairs, words),
        "so_far": so_far(found),
        "flags": emergency.raised(found.red_flags, words) if found else [],
        "refused": refused,
        "can_go_back": any(name.startswith(state.ANSWERS) for name, _ in pairs),
        "can_see": found is not None and found.total > 0,
    }
    response = render(request, "public/questions.html", context)
    response["Cache-Control"] = "no-store"
    return response


def so_far(found: Orientation | None) -> str:
    """Where we are, without pretending to know how many questions remain."""
    if found is None:
        return ""
    return ngettext("%(n)s service is possible so far", "%(n)s services are possible so far", found.total) % {
        "n": found.total
    }


def answered(pairs: state.Pairs, words: Vocabulary) -> list[str]:
    """What was said, in words."""
    said = []
    for name, value in pairs:
        if name.startswith(state.FACT):
            said.append(present.fact_label(name.removeprefix(state.FACT), value, words))
        elif name in {"needs", "area", "text"}:
            said.append(present.field_label(name, value, words))
    return said


def next_screen(pairs: state.Pairs, found: Orientation | None, words: Vocabulary) -> Screen | None:
    """The tree first, then where, then what the engine would ask; None: time for the list."""
    need = need_screen(pairs, words)
    if need is not None:
        return need
    if not state.first(pairs, "area") and ("skip", WHERE) not in pairs and words.communes:
        return where_screen(words)
    facts = sum(name.startswith((state.FACT, "declined")) for name, _ in pairs)
    if found is None or found.question is None or found.question.about == "rights" or facts >= MOST_FACTS:
        return None  # rights are asked about beside the list, never to reach it
    return fact_screen(present.ask(found.question))


def need_screen(pairs: state.Pairs, words: Vocabulary) -> Screen | None:
    chosen = state.deepest(state.every(pairs, "needs"), words)
    code = chosen[-1] if chosen else ""
    if code not in words.needs and state.first(pairs, "text"):
        return None
    children = words.children.get(code if code in words.needs else "", [])
    if not children or ("declined", code or ROOT) in pairs:
        return None
    asked = label_in(words.needs[code].question) if code in words.needs else ""
    return Screen(
        asked or (_("What is it about, more precisely?") if code else _("What do you need help with?")),
        "",
        tuple(Choice(need.name(), need.hint(), need.icon, f"say|needs|{need.code}") for need in children),
        f"say|declined|{code or ROOT}",
        _("I do not know, or something else"),
    )


def where_screen(words: Vocabulary) -> Screen:
    places = sorted(((area.code, area.name()) for area in words.communes), key=lambda pair: pair[1].casefold())
    return Screen(
        _("Where are you, or where do you live?"),
        _("To find what is close, and the services that work there."),
        (),
        f"say|skip|{WHERE}",
        _("I would rather not say"),
        picks=tuple(places),
        pick_do="pick|area",
    )


def fact_screen(asked: present.Ask | None) -> Screen | None:
    if asked is None:
        return None
    return Screen(
        asked.text,
        asked.why,
        tuple(Choice(chip.label, "", "", chip.do) for chip in asked.answers),
        asked.skip,
        _("I do not know, or would rather not say"),
        number_do=asked.number_field,
        unit=asked.unit,
    )
