"""Values of a foreign record, read with care: what is wrong is remarked with its field, what is right comes out clean."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import nh3

from maillage.directory.ingest import Report

LONGEST_TEXT = 100_000
# The fast way out: a text without any of these needs no repair
_SUSPECT = re.compile(r"[<&\\\x00-\x08\x0b-\x1f\x7f\u200b\ufeff\ud800-\udfff]|###|GÇ|Ã.|â€")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\u200b\ud800-\udfff]")
_BREAK = re.compile(r"<\s*(?:br|/p|/div|/li|/tr|/h[1-6])\b[^>]*>", re.IGNORECASE)
_MARKER = re.compile(r"\s*###[A-Z]{2,8}###\s*")
_MOJIBAKE = {
    "GÇÖ": "’",
    "GÇÿ": "‘",
    "GÇ£": "“",
    "GÇ¥": "”",
    "GÇô": "–",
    "GÇö": "—",
    "GÇª": "…",
    "GÇó": "•",
    "GÇæ": "‑",
    "GÇï": "",
}
_TWICE = re.compile("[ÂÃâ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_URL = re.compile(r"https?://[^\s<>\"'()\[\]{}|\\^`]+", re.IGNORECASE)
_BARE_URL = re.compile(
    r"(?:www\.)?[a-z0-9](?:[a-z0-9-]*\.)+[a-z]{2,}(?::\d+)?(?:/[^\s<>\"'()\[\]{}|\\^`]*)?", re.IGNORECASE
)
_EMAIL = re.compile(r"[^\s@<>,;:\"'()\[\]\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})")


class Fields:
    """The fields of one record."""

    __slots__ = ("data", "prefix", "report")

    def __init__(self, data: Mapping[str, Any], report: Report, prefix: str = "") -> None:
        self.data, self.report, self.prefix = data, report, prefix

    def remark(self, code: str, name: str, value: object = "") -> None:
        self.report.remark(code, self.prefix + name, value)

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str:
        """The text without HTML, control characters and outer spaces, shortened to `longest` characters."""
        value = self.data.get(name)
        if value is None or value == "":
            return ""
        if value.__class__ is str and len(value) <= longest and not _SUSPECT.search(value):
            return str(value.strip())
        if not isinstance(value, str):
            if isinstance(value, (dict, list)):
                self.remark("text-expected", name, str(value)[:200])
                return ""
            value = _number_text(value)
        cleaned, repairs = clean(value)
        for code in repairs:
            self.remark(code, name, value)
        if len(cleaned) > longest:
            self.remark("too-long", name, cleaned)
            return cleaned[:longest].rstrip()
        return cleaned

    def line(self, name: str, longest: int) -> str:
        """A text on one line."""
        if not self.data.get(name):
            return "" if self.data.get(name) != 0 else "0"
        text = self.text(name, max(longest, 4_000))
        text = " ".join(text.split()) if "\n" in text or "  " in text or "\t" in text else text
        if len(text) > longest:
            self.remark("too-long", name, text)
            return text[:longest].rstrip()
        return text

    def url(self, name: str, longest: int = 1000) -> str:
        """A web address; "www.example.org" gets its http://. Of several, the first."""
        text = self.line(name, 4_000)
        if not text:
            return ""
        if _URL.fullmatch(text) and len(text) <= longest:
            return text
        found = _URL.search(text)
        if found is None and "@" not in text and ":" not in text.split("/")[0]:
            found = _BARE_URL.search(text)
        if found is None or "@" in found.group() or len(found.group()) > longest - 7:
            self.remark("url-invalid", name, text)
            return ""
        if found.group() != text:
            self.remark("url-invalid", name, text)
        return found.group() if found.group().lower().startswith("http") else f"http://{found.group()}"

    def email(self, name: str, longest: int = 320) -> str:
        text = self.line(name, 2_000).removeprefix("mailto:")
        if not text:
            return ""
        found = _EMAIL.search(text)
        if found is None or len(found.group()) > longest:
            self.remark("email-invalid", name, text)
            return ""
        if found.group() != text:
            self.remark("email-invalid", name, text)
        return found.group()

    def number(self, name: str) -> float | None:
        value = self.data.get(name)
        if value is None or value == "" or isinstance(value, bool):
            if isinstance(value, bool):
                self.remark("number-invalid", name, value)
            return None
        if isinstance(value, str):
            if not value.strip():
                return None
            try:
                value = float(value.strip().replace(",", "."))
            except ValueError:
                self.remark("number-invalid", name, value)
                return None
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            self.remark("number-invalid", name, str(value)[:200])
            return None
        return float(value)

    def integer(self, name: str, low: int, high: int) -> int | None:
        number = self.number(name)
        if number is None:
            return None
        if not number.is_integer() or not low <= number <= high:
            self.remark("number-invalid", name, self.data.get(name))
            return None
        return int(number)

    def age(self, name: str) -> float | None:
        number = self.number(name)
        if number is not None and not 0 <= number <= 130:
            self.remark("age-impossible", name, number)
            return None
        return number

    def day(self, name: str) -> date | None:
        """ISO dates and moments, days first (28/08/2020, 28/08/20), and what a workbook gives."""
        value = self.data.get(name)
        if isinstance(value, datetime):
            return self._possible(name, value.date())
        if isinstance(value, date):
            return self._possible(name, value)
        text = value.strip() if isinstance(value, str) else ""
        if not text:
            if value not in (None, ""):
                self.remark("date-invalid", name, value)
            return None
        try:
            return self._possible(name, datetime.fromisoformat(text).date())
        except ValueError:
            pass
        if found := _DAY_FIRST.fullmatch(text):
            day, month, year = (int(part) for part in found.groups())
            if len(found.group(3)) == 2:
                year += 2000 if year < 70 else 1900
                self.remark("year-two-digits", name, text)
            try:
                return self._possible(name, date(year, month, day))
            except ValueError:
                pass
        self.remark("date-invalid", name, text)
        return None

    def moment(self, name: str) -> datetime | None:
        value = self.data.get(name)
        if isinstance(value, str) and len(value) > 10:
            try:
                found = datetime.fromisoformat(value.strip())
            except ValueError:
                pass
            else:
                if self._possible(name, found.date()) is None:
                    return None
                return found if found.tzinfo else found.replace(tzinfo=UTC)
        day = self.day(name)
        return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None

    def _possible(self, name: str, found: date) -> date | None:
        if 1800 <= found.year <= 2200:
            return found
        self.remark("date-impossible", name, found.isoformat())
        return None

    def coordinates(
        self, latitude: str = "latitude", longitude: str = "longitude"
    ) -> tuple[float, float] | tuple[None, None]:
        lat, lon = self.number(latitude), self.number(longitude)
        if lat is None and lon is None:
            return None, None
        if lat is None or lon is None:
            self.remark("coordinates-incomplete", latitude if lat is None else longitude)
            return None, None
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            self.remark("coordinates-impossible", latitude, f"{lat}, {lon}")
            return None, None
        if lat == lon == 0:
            self.remark("coordinates-null", latitude)
            return None, None
        return lat, lon

    def items(self, name: str) -> list[Fields]:
        """The objects of a list; anything else in it is remarked."""
        value = self.data.get(name)
        if not value:
            return []
        if not isinstance(value, list):
            self.remark("list-expected", name, str(value)[:200])
            return []
        result = []
        for number, item in enumerate(value):
            if isinstance(item, dict):
                result.append(Fields(item, self.report, f"{self.prefix}{name}[{number}]."))
            else:
                self.remark("object-expected", f"{name}[{number}]", str(item)[:200])
        return result

    def words(self, name: str) -> list[str]:
        """A list of texts; or one text with commas."""
        value = self.data.get(name)
        if value is None or value == "":
            return []
        if isinstance(value, str):
            return [part for part in (p.strip() for p in re.split(r"[,;\n]", value)) if part]
        if not isinstance(value, list):
            self.remark("list-expected", name, str(value)[:200])
            return []
        return [clean(item)[0] for item in value if isinstance(item, str) and item.strip()]

    def object(self, name: str) -> Fields | None:
        value = self.data.get(name)
        if value is None or value == "" or value == {}:
            return None
        if not isinstance(value, dict):
            self.remark("object-expected", name, str(value)[:200])
            return None
        return Fields(value, self.report, f"{self.prefix}{name}.")

    def choice(self, name: str, allowed: frozenset[str] | set[str], *, code: str = "value-unknown") -> str:
        text = self.line(name, 200).lower()
        if text and text not in allowed:
            self.remark(code, name, text)
            return ""
        return text


def clean(text: str) -> tuple[str, list[str]]:
    """The text as plain text, and the codes of what was repaired."""
    if not _SUSPECT.search(text):
        return text.strip(), []
    repairs = []
    if "GÇ" in text or _TWICE.search(text):
        mended = _mend(text)
        if mended != text:
            text = mended
            repairs.append("mojibake")
    if "\\n" in text or "\\r" in text or "\\t" in text:
        text = text.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\r", "\n").replace("\\t", " ")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _CONTROL.search(text):
        if re.search("[\x00-\x08\x0e-\x1f\ud800-\udfff]", text):
            repairs.append("control-characters")
        text = _CONTROL.sub("", text)
    if "###" in text and _MARKER.search(text):
        text = _MARKER.sub("\n", text)
        repairs.append("marker")
    if "<" in text or "&" in text:
        plain = plain_text(text)
        if plain != text:
            if "<" in text:
                repairs.append("html")
            text = plain
    return text.strip(), repairs


def plain_text(text: str) -> str:
    """HTML as the text that a reader sees; scripts are gone, whatever was escaped how often."""
    for _ in range(3):
        before = text
        if "<" in text:
            text = nh3.clean(_BREAK.sub("\n", text), tags=set(), clean_content_tags={"script", "style"})
        text = html.unescape(text)
        if text == before or ("<" not in text and "&" not in text):
            break
    return re.sub(r"\n{3,}", "\n\n", text.replace("\u00a0", " "))


def _mend(text: str) -> str:
    """UTF-8 that was read as something else, once. Only what comes back whole is changed."""
    for broken, right in _MOJIBAKE.items():
        text = text.replace(broken, right)
    if _TWICE.search(text):
        try:
            return text.encode("cp1252").decode("utf-8")
        except UnicodeError:
            pass
    return text


def _number_text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def storable(payload: Any, *, without: Callable[[Any], Any] | None = None) -> Any:
    """The raw record as both databases can keep it: no NUL, no half characters, only what JSON has.

    `without` takes persons out; it is called only when the record has contacts.
    """
    try:
        encoded = msgspec.json.encode(payload)
    except (UnicodeEncodeError, TypeError, OverflowError):
        payload = _storable(payload)
        return without(payload) if without else payload
    if b"\\u0000" in encoded:
        payload = _storable(payload)
    return without(payload) if without and b'"contacts"' in encoded else payload


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_storable(str(key)): _storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and abs(value) >= 2**63:
        return str(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
