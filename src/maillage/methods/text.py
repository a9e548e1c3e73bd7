"""Words of French, Dutch and English as search keeps them: split, stemmed, then folded.

Accents are folded after the stemmer, never before: folding first changes the stem of words such as "activités", "insalubrité",
"parentalité" and separates "réfugiée" from "réfugiés". Stems: Snowball (Porter 2001, snowballstem.org).
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import Stemmer

STEMMERS = {"fr": "french", "nl": "dutch", "en": "english"}
LONGEST = 60  # characters of a stem
_NOT_PLAIN = re.compile("[^a-z0-9]")
_WORD = re.compile(r"[^\W_]+")
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’ʼ]", re.IGNORECASE)
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ĳ": "ij"})
# overrides, embeddings and isolates (Unicode TR 9): a name that holds one rewrites the line of a desk; marks and joiners stay
_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_lock = threading.Lock()  # a Snowball object is not made for two threads
_stemmers = {language: Stemmer.Stemmer(name, 0) for language, name in STEMMERS.items()}

STOP = {
    "fr": frozenset(
        (
            "a à afin ai aie ait alors au aucun aussi autre aux avec avoir avons ayant c ça ce ceci cela ces cet cette ceux chez ci "
            "comme comment d dans de des du donc dont elle elles en encore entre es est et étais était étant être eu eux fait il "
            "ils j je l la le les leur leurs lui m ma mais me même mes moi mon n ne ni nos notre nous on ont ou où par pas plus "
            "pour près qu quand que quel quelle quelles quels qui s sa sans se ses si sien son sont sous sur t ta te tes toi ton "
            "tout très tu un une vers vos votre vous y cherche cherchons besoin faut voudrais aimerais parle merci bonjour svp "
            "plaît"
        ).split()
    ),
    "nl": frozenset(
        (
            "aan al alles als altijd ben bij da dan dat de der deze die dit doch doen door dus een en er ge geen geweest had heb "
            "hebben heeft hem het hier hij hoe hun ik in is ja je jij kan kon kunnen maar me meer met mij mijn moet na naar niet "
            "niets nog nu of om omdat ons ook op over te tegen toch toen tot u uit uw van veel voor want waren was wat we wel werd "
            "wie wij wil wordt ze zei zelf zich zij zijn zo zonder zou zoek zoekt zoeken nodig graag spreekt hallo dank bedankt "
            "alstublieft"
        ).split()
    ),
    "en": frozenset(
        (
            "a about am an and any are as at be because been being but by can could did do does for from get had has have he her "
            "hers him his how i if in into is it its itself just me more most my no nor not of off on or our out own she should so "
            "some such than that the their them then there these they this those to too under until up us very was we were what "
            "when where which who whom why will with without would you your need needs want wants looking speaks speak please hello "
            "thanks"
        ).split()
    ),
}


def typed(text: str, limit: int) -> str:
    """What somebody typed, as both databases keep it and a mail carries it: no control characters, none that turn the direction of
    what stands beside them, line ends as one sign, nothing around it, at most `limit` characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(_TURNS)
    kept = "".join(sign for sign in lines if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs"))
    return kept.strip()[:limit].rstrip()


def unaccented(text: str) -> str:
    """Lower case without accents, in the letters of its own alphabet."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LIGATURES)).lower()  # a mathematical capital has one
    return "".join(c for c in plain if not unicodedata.combining(c))


@lru_cache(maxsize=200_000)
def fold(text: str) -> str:
    """Lower case without accents. What is not Latin is written as its code points, so that every index reads plain ASCII."""
    kept = unaccented(text)
    return kept if kept.isascii() else "".join(c if c.isascii() else f"x{ord(c):x}" for c in kept)


def tokens(text: str) -> list[str]:
    """The words in lower case with their accents; French elisions fall away ("l'urgence": urgence), hyphens split."""
    return _WORD.findall(_ELISION.sub(" ", unicodedata.normalize("NFC", text)).lower())


@lru_cache(maxsize=400_000)
def stem(word: str, language: str) -> str:
    """The folded stem of one word; a language without a stemmer keeps the folded word."""
    if language in _stemmers and not word.isdigit():
        with _lock:
            word = _stemmers[language].stemWord(word)
    plain = _NOT_PLAIN.sub("", fold(word))  # a sign such as ⑴ decomposes into what an index would take for syntax
    return plain[:LONGEST] or f"x{ord(word[0]):x}"


def stems(text: str, language: str) -> list[str]:
    """The stems of a text, in order, without the stop words of its language."""
    stop = STOP.get(language, frozenset())
    return [stem(word, language) for word in tokens(text) if word not in stop]


def query_words(text: str, *, most: int = 24) -> list[str]:
    """The words of a query that carry meaning in any of our languages, first come first, each once.

    When every word is a stop word ("sans", "de"), they are kept: somebody typed them.
    """
    words = list(dict.fromkeys(tokens(text[:2000])))
    kept = [word for word in words if not any(word in stop for stop in STOP.values())]
    return (kept or words)[:most]


def variants(word: str, languages: Iterable[str]) -> list[str]:
    """The stems under which a document in any of `languages` may hold `word`, the first language's first, each once."""
    return list(dict.fromkeys([*(stem(word, language) for language in languages), fold(word)[:LONGEST]]))


def compound_parts(word: str, lexicon: frozenset[str], language: str = "nl") -> tuple[str, str] | None:
    """A compound as the stems of its two parts, both known in `lexicon` ("daklozenopvang": dakloz, opvang).

    Dutch joins with nothing, "s", "e" or "en". The split with the longest second part (the head) wins.
    """
    for cut in range(4, len(word) - 3):
        head = stem(word[cut:], language)
        if head not in lexicon:
            continue
        for joint in ("", "s", "en", "e"):
            first = word[:cut].removesuffix(joint)
            if len(first) >= 4 and word[:cut].endswith(joint) and stem(first, language) in lexicon:
                return stem(first, language), head
    return None
