"""The words of opening hours in English, French and Dutch, as tokens. Text is folded (lower case, no accents) before."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from maillage.directory.hours.week import DAYS, HOLIDAYS

WEEKDAYS = {
    "Mo": "monday mondays mon lundi lundis lun maandag maandags",
    "Tu": "tuesday tuesdays tues tue mardi mardis mar dinsdag dinsdags",
    "We": "wednesday wednesdays weds wed mercredi mercredis mer woensdag woensdags",
    "Th": "thursday thursdays thurs thur thu jeudi jeudis jeu donderdag donderdags",
    "Fr": "friday fridays fri vendredi vendredis ven vrijdag vrijdags",
    "Sa": "saturday saturdays sat samedi samedis sam zaterdag zaterdags",
    "Su": "sunday sundays sun dimanche dimanches dim zondag zondags",
}
DAY_OF = {word: (day,) for day, words in WEEKDAYS.items() for word in words.split()}
# Two letters mean different days in French and in Dutch ("ma": mardi, maandag; "di": dimanche, dinsdag): the others of the text tell.
SHORT = {
    "fr": dict(zip("lu ma me je ve sa di".split(), DAYS, strict=True)),
    "nl": dict(zip("ma di wo do vr za zo".split(), DAYS, strict=True)),
    "en": dict(zip("mo tu we th fr sa su".split(), DAYS, strict=True)),
}
_TELLS = {"fr": {"lu", "me", "je", "ve"}, "nl": {"wo", "vr", "za", "zo"}, "en": {"mo", "tu", "th", "su"}}
_SHORT = "|".join(sorted({word for words in SHORT.values() for word in words}))
EVERY_DAY = (
    r"7\s*(?:j(?:ours)?)?\s*/\s*7(?:\s*j(?:ours)?)?|7 dagen op 7|7 jours sur 7|(?:7|seven) days (?:a|per) week|daily|every ?day|tous les jours|"
    r"chaque jour|alle dagen|elke dag|dagelijks"
)
WORKING = r"weekdays|op weekdagen|weekdagen|werkdagen|en semaine"
WEEKEND = r"weekends?|week-ends?"
ALL_DAY = (
    r"24 ?(?:hours|hrs)(?: (?:a|per) day)?|24 ?h(?:eures)?\s*(?:/|sur)\s*24(?:\s*h(?:eures)?)?|24 ?u(?:ur|ren)?\s*(?:/|op)\s*24(?:\s*u(?:ur)?)?|"
    r"24/24|jour et nuit|dag en nacht|around the clock|round the clock"
)
FREE_DAYS = r"(?:(?:public|bank|legal|federal|national|major|all|on|les|jours|op|officiele|wettelijke) )*(?:holidays|feries|feestdagen)|(?:les )?jf\b"
CLOSED = r"closed|fermee?s?|gesloten|off\b"
EXCEPT = r"sauf|excepte|hormis|except(?: for| on)?|excluding|behalve(?: op)?|uitgezonderd|hors"
APPOINTMENT = (
    r"by appointment(?: only)?|appointments? only|(?:uniquement |exclusivement )?sur (?:rendez-vous|rdv|r\.-v\.)|"
    r"(?:enkel |alleen |uitsluitend )?op afspraak|na afspraak"
)
ORDINAL = (
    r"1st|first|1ers?|premiers?|1ste|1e|eerste|2nd|second|2e(?:me)?|deuxieme|2de|tweede|3rd|third|3e(?:me)?|troisieme|3de|derde|"
    r"4th|fourth|4e(?:me)?|quatrieme|4de|vierde|5th|fifth|last|dernier|laatste"
)
ORDINALS = {"last": "-1", "dernier": "-1", "laatste": "-1", "fir": "1", "pre": "1", "eer": "1", "sec": "2", "deu": "2", "twe": "2"} | {
    "thi": "3", "tro": "3", "der": "3", "fou": "4", "qua": "4", "vie": "4", "fif": "5"
}  # fmt: skip
OF_THE_MONTH = (
    r"(?:of|in) (?:the|each|every) month|(?:du|de chaque) mois|van (?:de|elke|iedere) maand|(?:each|per) month"
)
CLOCK = (
    r"(?P<h>\d{1,2})\s?(?:[:.]|h(?:eures)?|u(?:ur)?)\s?(?P<m>\d{2})(?!\d)(?:[:.]00)?"
    r"(?P<mer>\s?[ap]\.?\s?m\b\.?|[ap]\b)?\s?(?:u(?:ur)?|h(?:rs)?)?(?![a-z\d])"
    r"|(?P<h2>\d{1,2})\s?(?:(?P<mer2>[ap]\.?\s?m\b\.?)|(?:h(?:eures|rs)?|u(?:ur)?)(?![a-z\d]))"
    r"|(?P<h3>\d{1,2})(?P<m3>\d{2})(?P<mer3>[ap]m)\b"
    r"|(?P<noon>noon|midi)\b|(?P<midnight>midnight|minuit|middernacht)\b"
)
SEPARATOR = r"-+|\b(?:to|thru|through|until|till|tot en met|t/m|t\.?e\.?m\.?|tot|au|a|jusqu'?a|jusque)(?![a-z])"
JOINER = r"[,&+/]|\b(?:and|et|en|puis|ainsi que)\b"
NOISE = (
    r"[.:*()|]|\b(?:de|du|des|from|van|le|la|les|l'|on|op|om|the|il|chaque|every|each|elke|iedere|open|opens|opened|ouvert[es]*|ouverture|geopend|"
    r"opening|opening hours|office hours|business hours|hours|hrs|heures d'ouverture|permanences?|openingsuren|openingstijden|"
    r"horaires?|heures|uur|uren|"
    r"between|entre|tussen|at|die)\b"
)
GENERIC_LABEL = re.compile(
    r"^(?:(?:the|nos|onze|general|regular|normal|office|opening|business|operating|service|hours of|days and|days|of operation|open|hours|heures|"
    r"d'ouverture|horaires?|permanences?|accueil|openingsuren|openingstijden|onthaal|uren|office)\s*)+$"
)


@dataclass(frozen=True, slots=True)
class Token:
    """kind: days, time, bare (a number alone), all-day, closed, holidays, except, nth, to, join, break, noise, appointment, word."""

    kind: str
    days: tuple[str, ...] = ()
    minutes: int = 0
    meridiem: str = ""
    text: str = ""


_PATTERNS = {
    "everyday": EVERY_DAY, "allday": ALL_DAY, "working": WORKING, "weekend": WEEKEND, "appointment": APPOINTMENT,
    "holidays": FREE_DAYS, "closed": CLOSED, "except": EXCEPT, "month": OF_THE_MONTH,
    "nth": rf"(?:{ORDINAL})(?=[\s,&]+(?:(?:{ORDINAL}|and|et|en)[\s,&]+)*(?:{'|'.join(sorted(DAY_OF, key=len, reverse=True))})\b)",
    "clock": CLOCK,
    "day": rf"(?:{'|'.join(sorted(DAY_OF, key=len, reverse=True))})\b\.?", "short": rf"(?:{_SHORT})\b\.?",
    "to": SEPARATOR, "join": JOINER, "break": r"[;\n]+", "bare": r"\d{1,2}(?![\d:.]*\d)", "noise": NOISE, "space": r"[\s\u00a0]+",
    "word": r"[^\s;,]+",
}  # fmt: skip
_TOKEN = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PATTERNS.items()))
_DASHES = str.maketrans(
    dict.fromkeys("‐‑‒–—―−", "-") | {"’": "'", "ʼ": "'", "‘": "'", "\u00a0": " ", "\u202f": " ", "\t": " "}
)


def folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_DASHES).lower())
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_DASHES)


def tokens(text: str) -> list[Token]:
    """Every part of a folded text, in order, as a token. A part that is no word of hours is a `word`."""
    short = _short_days(text)
    found = (_token(match, short) for match in _TOKEN.finditer(text))
    return [token for token in found if token.kind not in ("space", "noise", "month")]


def _short_days(text: str) -> dict[str, str]:
    """What two letters mean here: nothing when no language, or more than one, claims them."""
    words = set(re.findall(r"\b[a-z]{2}\b", text))
    told = [language for language, tells in _TELLS.items() if words & tells]
    if not told and {"ma", "do"} <= words:
        told = ["nl"]
    return SHORT[told[0]] if len(told) == 1 else {}


def _token(match: re.Match[str], short: dict[str, str]) -> Token:
    kind, text = match.lastgroup or "word", match.group()
    # lastgroup is the last *outer* group: the groups of CLOCK are inside "clock"
    if kind == "clock" or match.group("clock"):
        return _clock(match)
    if kind in ("everyday", "working", "weekend"):
        days = {"everyday": DAYS, "working": DAYS[:5], "weekend": DAYS[5:]}[kind]
        return Token("days", days=days, text=text)
    if kind == "day":
        return Token("days", days=DAY_OF[text.rstrip(".")], text=text)
    if kind == "short":
        day = short.get(text.rstrip("."))
        return Token("days", days=(day,), text=text) if day else Token("word", text=text)
    if kind == "holidays":
        return Token("holidays", days=(HOLIDAYS,), text=text)
    if kind == "nth":
        return Token("nth", text=ORDINALS.get(text, ORDINALS.get(text[:3], text[0])))
    if kind == "bare":
        return Token("bare", minutes=int(text) * 60, text=text)
    return Token(kind, text=text)


def _clock(match: re.Match[str]) -> Token:
    if match.group("noon"):
        return Token("time", minutes=12 * 60, meridiem="x", text=match.group())
    if match.group("midnight"):
        return Token("time", minutes=24 * 60, meridiem="x", text=match.group())
    hour = int(match.group("h") or match.group("h2") or match.group("h3"))
    minute = int(match.group("m") or match.group("m3") or 0)
    meridiem = (match.group("mer") or match.group("mer2") or match.group("mer3") or "").strip()[:1]
    if minute > 59 or hour > 24 or (hour == 24 and minute) or (meridiem and not 1 <= hour <= 12):
        return Token("word", text=match.group())
    if meridiem:
        hour = hour % 12 + (12 if meridiem == "p" else 0)
    return Token("time", minutes=hour * 60 + minute, meridiem=meridiem, text=match.group())
