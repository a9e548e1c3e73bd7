"""What two records are compared by: names, telephone numbers, web pages and addresses brought to one form; the marks of a name.

A mark is what sets "Crèche 1" apart from "Crèche 2": a number (arabic, roman, ordinal, in words), or a letter at the end.
No rule here belongs to one country; words are those of French, Dutch and English.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from rapidfuzz import fuzz

from maillage.methods.text import STOP, fold, tokens, unaccented

SHORTEST_PHONE = 6
SAME_WORD = 75  # rapidfuzz ratio from which two words are spellings of one
PHONE_DIGITS = 8  # a number with and without its country: both end in these
_EXTENSION = re.compile(r"(?:\bext|\bx|\bpost[e]?|\btoestel|#|;|,|\(option).*", re.I)
_LEGAL = frozenset(
    "asbl vzw aisbl ivzw asbi sprl srl bvba bv cvba scrl sc sa nv scs fondation inc incorporated corp corporation llc ltd co".split()
)
_NUMBER_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "zero nul",
            "one first premier premiere eerste 1er 1ere",
            "two second deux deuxieme seconde twee tweede",
            "three third trois troisieme drie derde",
            "four fourth quatre quatrieme vier vierde",
            "five fifth cinq cinquieme vijf vijfde",
            "six sixth sixieme zes zesde",
            "seven seventh sept septieme zeven zevende",
            "eight eighth huit huitieme acht achtste",
            "nine ninth neuf neuvieme negen negende",
            "ten tenth dix dixieme tien tiende",
        )
    )
    for word in words.split()
}
_ORDINAL = re.compile(r"^(\d+)(?:st|nd|rd|th|er|ere|re|e|eme|de|ste)$")
_ROMAN = re.compile(r"^(x{0,3})(ix|iv|v?i{0,3})$")
_ROMAN_VALUE = {"i": 1, "v": 5, "x": 10}
_STREET = {  # ways of writing the same kind of street, in the languages of addresses we met; saint and street abbreviate alike
    "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "blvd": "boulevard", "bvd": "boulevard", "boul": "boulevard",
    "ch": "chaussee", "chee": "chaussee", "r": "rue", "pl": "place", "sq": "square", "str": "st", "street": "st", "straat": "st",
    "saint": "st", "sainte": "st", "sint": "st", "rd": "road", "dr": "drive", "ln": "lane", "ct": "court", "hwy": "highway",
    "pkwy": "parkway", "ter": "terrace", "cir": "circle", "stwg": "steenweg", "north": "n", "south": "s", "east": "e", "west": "w",
    "northwest": "nw", "northeast": "ne", "southwest": "sw", "southeast": "se",
}  # fmt: skip
_BOX = re.compile(
    r"\b(?:bte|boite|bus|box|suite|ste|apt|app|unit|room|rm|floor|etage|verdieping|building|bldg|#)\b.*|#.*"
)
_STOP_WORDS = frozenset(fold(word) for some in STOP.values() for word in some if len(word) < 5)


@lru_cache(maxsize=300_000)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case without accents, articles and legal forms; all its words when nothing else is left.

    >>> name_words("L'Épicerie sociale, asbl")
    ('epicerie', 'sociale')
    """
    words = [unaccented(word) for word in tokens(name.replace("&", " "))]
    kept = tuple(word for word in words if word not in _STOP_WORDS and word not in _LEGAL)
    return kept or tuple(words)


@lru_cache(maxsize=300_000)
def marks(name: str) -> frozenset[str]:
    """The numbers of a name, and the single letter it ends with.

    >>> sorted(marks("Сад Б")), sorted(marks("حضانة ٢"))
    (['б'], ['2'])
    >>> sorted(marks("Crèche II")), sorted(marks("Crèche n° 2")), sorted(marks("Pavillon B")), sorted(marks("Halte 0-3 ans"))
    (['2'], ['2'], ['b'], ['0', '3'])
    """
    words = [unaccented(word) for word in tokens(name.replace("&", " "))]
    found = {str(number) for word in words if (number := _number(word)) is not None}
    while words and words[-1] in _LEGAL:
        words.pop()
    if len(words) > 1 and len(words[-1]) == 1 and words[-1].isalpha():
        last = words[-1]
        found.add(str(_ROMAN_VALUE.get(last, last)))
    return frozenset(found)


def _number(word: str) -> int | None:
    if word.isdecimal():
        return int(word) if len(word) < 10 else None
    if word in _NUMBER_WORDS:
        return _NUMBER_WORDS[word]
    if ordinal := _ORDINAL.match(word):
        return int(ordinal[1])
    return _roman(word) if len(word) > 1 else None


def _roman(word: str) -> int | None:
    """From ii to xxxix; not words that only look so."""
    if word in {"mi", "di"} or not (found := _ROMAN.match(word)):
        return None
    values = [_ROMAN_VALUE[c] for c in word]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-v if v < after else v for v, after in pairs) if found[0] else None


def phone_key(number: str) -> str:
    """The last digits of a number, by which it is the same with its country and without; empty when it is too short to tell.

    >>> phone_key("+32 (0)2 123 45 67") == phone_key("02/123.45.67") == "21234567"
    True
    """
    plain = _EXTENSION.sub("", number.replace("(0)", ""))
    digits = "".join(c for c in plain if c.isdigit() and c.isascii())
    if len(digits) < SHORTEST_PHONE:
        return ""
    return digits.lstrip("0")[-PHONE_DIGITS:]


@lru_cache(maxsize=100_000)
def page_key(url: str) -> tuple[str, str]:
    """(host, page) of a web address; the page is empty for the first page of a site.

    >>> page_key("https://www.Example.org/fr/aide/"), page_key("example.org")
    (('example.org', 'example.org/fr/aide'), ('example.org', ''))
    """
    text = url.strip().lower()
    if not text:
        return "", ""
    try:
        parts = urlsplit(text if "//" in text else f"//{text}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return "", ""
    if "." not in host:
        return "", ""
    path = re.sub(r"/(?:index|default|home)\.\w+$", "", parts.path).rstrip("/")
    page = path + (f"?{parts.query}" if parts.query else "")
    return host, f"{host}{page}" if page else ""


@lru_cache(maxsize=200_000)
def address_key(address: str) -> tuple[str, str]:
    """(its numbers, its other words) of a street address; the box or floor does not count.

    >>> address_key("Bd. Anspach 12 bte 3"), address_key("12, boulevard Anspach")
    (('12', 'anspach boulevard'), ('12', 'anspach boulevard'))
    """
    plain = _BOX.sub(" ", fold(address))
    words = [_STREET.get(word, word) for word in tokens(plain)]
    numbers = sorted(m[0] for word in words if (m := re.match(r"\d+", word)))
    return " ".join(numbers), " ".join(sorted(word for word in words if not word[0].isdigit()))


def opposed(one: str, other: str) -> bool:
    """Does each name have a word that the other has not, in no spelling? "Morning tour" and "Evening tour" do.

    A typing mistake and an abbreviation ("Ctr" for "Centre") are the same word.

    >>> opposed("Consulate of Jamaica", "Consulate of Paraguay"), opposed("Epicerie sociale", "Sociale epicerei")
    (True, False)
    """
    a, b = set(name_words(one)), set(name_words(other))
    mine, its = a - b, b - a
    return any(not _told(word, its) for word in mine) and any(not _told(word, mine) for word in its)


def _told(word: str, others: set[str]) -> bool:
    return any(
        fuzz.ratio(word, other) >= SAME_WORD or _shortens(word, other) or _shortens(other, word) for other in others
    )


def _shortens(short: str, word: str) -> bool:
    """Is `short` written with letters of `word` in their order, from the first one on ("ctr", "serv", "st")?"""
    if not 1 < len(short) < len(word) or short[0] != word[0]:
        return False
    rest = iter(word)
    return all(letter in rest for letter in short)
