"""The languages that a source's words name: ISO codes, how well, and a note with whatever else the words say."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale

READ_IN = ("en", "fr", "nl", "de", "es", "pt", "it")  # languages in which the names of languages are known
ALSO = {
    "mandarin": "zh", "cantonese": "yue", "farsi": "fa", "haitian creole": "ht", "haitian-creole": "ht", "creole haitien": "ht",
    "american sign language": "ase", "asl": "ase", "tagalog": "tl", "flemish": "nl", "flamand": "nl", "vlaams": "nl", "dari": "prs",
    "tamazight": "zgh", "berbere": "ber", "berber": "ber", "lsfb": "sfb", "vgt": "vgt", "langue des signes francophone de belgique": "sfb",
    "vlaamse gebarentaal": "vgt", "moldovan": "ro", "serbo-croatian": "sh", "peul": "ff", "fula": "ff",
}  # fmt: skip
LIMITED = re.compile(r"limited|some|basic|intermediate|un peu|notions|limite|beperkt|een beetje|basis")
ON_REQUEST = re.compile(
    r"interpret|translat|language line|upon request|on request|as needed|if needed|when needed|when required|by appointment|upon availability|"
    r"interprete|traduct|sur demande|tolk|vertal|op aanvraag"
)
_LEVELS = ("", "fluent", "limited", "on-request")


@dataclass(frozen=True, slots=True)
class Spoken:
    """`code` is empty when no language is recognised; then `note` holds the source's words."""

    code: str
    name: str
    note: str = ""
    level: str = ""
    is_inferred: bool = False  # recognised inside a longer text


def folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).strip()


@lru_cache(maxsize=1)
def names() -> dict[str, str]:
    """Folded name, in seven languages and in the language itself, -> ISO code."""
    known: dict[str, str] = {}
    for reader in READ_IN:
        for code, name in Locale(reader).languages.items():
            if re.fullmatch(r"[a-z]{2,3}", code) and code not in ("mul", "und", "zxx", "mis"):
                known.setdefault(folded(name), code)
    for code in ("ar", "ru", "tr", "pl", "ro", "uk", "bg", "sq", "fa", "ur", "hi", "zh", "el", "he", "hu", "cs"):
        native = Locale(code).languages.get(code)
        if native:
            known.setdefault(folded(native), code)
    return known | ALSO


@lru_cache(maxsize=1)
def codes() -> frozenset[str]:
    return frozenset(names().values()) | frozenset(
        c for c in map(str, Locale("en").languages) if re.fullmatch(r"[a-z]{2,3}", c)
    )


@lru_cache(maxsize=1)
def _anywhere() -> re.Pattern[str]:
    """A name inside a longer text: only languages with a two-letter code, and long enough not to be another word."""
    found = sorted(
        (n for n, c in names().items() if (len(c) == 2 or n in ALSO) and len(n) >= 4 and n.isascii()),
        key=len,
        reverse=True,
    )
    return re.compile(rf"\b(?:{'|'.join(re.escape(n) for n in found)})\b")


@lru_cache(maxsize=20_000)
def code_of(text: str) -> str:
    """The ISO code that a code ("fr", "fr-BE", "FRA") or a name ("French", "Frans") stands for; empty when none."""
    word = folded(text)
    if len(word) == 2 and word in codes():  # "yi" is Yiddish, before it is the name of another language
        return word
    if word in names():
        return names()[word]
    first = re.split(r"[-_]", word)[0]
    return first if len(first) == 2 and first in codes() else THREE.get(first, "")


def _is_short(words: str) -> bool:
    return len(words.split()) <= 2 and not ON_REQUEST.search(folded(words)) and "(" not in words


THREE = {
    "eng": "en", "fra": "fr", "fre": "fr", "nld": "nl", "dut": "nl", "deu": "de", "ger": "de", "spa": "es", "por": "pt", "ita": "it",
    "ara": "ar", "tur": "tr", "rus": "ru", "ron": "ro", "rum": "ro", "pol": "pl", "ukr": "uk", "swa": "sw", "run": "rn", "lin": "ln",
    "hat": "ht", "fas": "fa", "per": "fa", "zho": "zh", "chi": "zh", "som": "so", "tir": "ti", "amh": "am", "pus": "ps", "sqi": "sq",
}  # fmt: skip


@lru_cache(maxsize=20_000)
def spoken(text: str) -> tuple[Spoken, ...]:
    """Every language that the words name; one without code when they name none. Nothing for an empty text.

    "Spanish (limited)" is Spanish, limited. "Other languages available upon request" names none, and is on request.
    """
    words = " ".join(text.replace("\\n", " ").split()).strip(" ,;.*")
    if not words:
        return ()
    if code := code_of(words):
        return (Spoken(code, words[:200]),)
    parts = [part for part in re.split(r"\s*(?:,|;|&|/|\.\s|\band\b|\bet\b|\ben\b)\s*", words) if part.strip(" .")]
    if len(parts) > 1 and any(code_of(part.strip(" .")) for part in parts) and all(_is_short(part) for part in parts):
        return tuple(
            Spoken(code, word[:200], "" if code else word[:400])
            for part in parts
            for word in [part.strip(" .")]
            for code in [code_of(word)]
        )
    plain = folded(words)
    level = "on-request" if ON_REQUEST.search(plain) else "limited" if LIMITED.search(plain) else ""
    bracketed = re.fullmatch(r"(?P<name>[^()]+)\((?P<note>[^()]*)\)\W*", words)
    if bracketed and (code := code_of(bracketed["name"].strip())):
        return (Spoken(code, bracketed["name"].strip()[:200], bracketed["note"].strip()[:400], level),)
    found = dict.fromkeys(names()[match] for match in _anywhere().findall(plain))
    if found:
        return tuple(Spoken(code, "", words[:400], level, is_inferred=True) for code in found)
    return (Spoken("", words[:200], words[:400], level),)
