"""Words in written times: months and weekdays of many languages, halves of the day, units."""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

_WORDS = tomllib.loads((Path(__file__).parents[1] / "data/time_words.toml").read_text("utf-8"))
ZONES: dict[str, int] = _WORDS["zones"]
#: Names of zones with several meanings, and zones that go by them.
UNCLEAR: dict[str, list[str]] = {k: v.split() for k, v in _WORDS["unclear"].items()}
LANGUAGES: list[str] = _WORDS["languages"]["codes"].split()


def plain_word(word: str) -> str:
    """Return a word without case, accents and a final dot.

    Examples
    --------
    >>> plain_word("Févr."), plain_word("오전")
    ('fevr', '오전')
    """
    # Capitals have no dotless i and no final sigma.
    lower = word.lower().rstrip(".").replace("ı", "i").replace("ς", "σ")
    split = unicodedata.normalize("NFKD", lower)
    bare = "".join(letter for letter in split if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare)


def _known(table: str) -> dict[str, str]:
    return {
        plain_word(word): kind for kind, words in _WORDS[table].items() for word in words.split()
    }


HALVES, UNITS = _known("halves"), _known("units")
FILLERS = frozenset(map(plain_word, _WORDS["fillers"]["words"].split()))


@cache
def _months(language: str) -> dict[str, int]:
    """Return each way to write a month in a language, any unambiguous beginning of it included."""
    from babel import Locale

    names: dict[str, set[int]] = {}
    contexts = Locale.parse(language).months
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in contexts[context][width].items():
                for word in re.findall(r"[^\W\d_]+", plain_word(name)):
                    # "1月" and "tháng 1" are numbers.
                    if not re.search(r"\d", name):
                        for end in range(min(3, len(word)), len(word) + 1):
                            names.setdefault(word[:end], set()).add(number)
    whole = {word: numbers.pop() for word, numbers in names.items() if len(numbers) == 1}
    return whole | ({"mrz": 3} if language == "de" else {})


@cache
def _weekdays(language: str) -> frozenset[str]:
    from babel import Locale

    contexts = Locale.parse(language).days
    names = {
        plain_word(name)
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated", "short")
        for name in contexts[context][width].values()
    }
    short = {word[:3] for word in names if word.isascii() and len(word) > 3}
    return frozenset(word for name in names | short for word in name.split("-")) | names


@lru_cache(maxsize=10_000)
def is_weekday(word: str) -> bool:
    """Tell whether a plain word names a day of the week in any of the languages.

    Examples
    --------
    >>> [is_weekday(plain_word(each)) for each in ("Tue", "mardi", "火", "Mo.", "janvier")]
    [True, True, True, True, False]
    """
    return any(word in _weekdays(language) for language in LANGUAGES)


def months_in(words: Iterable[str]) -> dict[str, int]:
    """Return the months that plain words of one column name.

    A word that is one month in one language and another in the next (listopad) has the meaning of
    the languages that explain most of the words; without such it is left out.

    Examples
    --------
    >>> months_in(["janvier", "aout", "xyz"])
    {'janvier': 1, 'aout': 8}
    >>> months_in(["listopad"]), months_in(["listopad", "grudzien"])
    ({}, {'listopad': 11, 'grudzien': 12})
    """
    # All languages are loaded only for a word that English does not have.
    known = {*HALVES, *UNITS, *FILLERS, *ZONES, *UNCLEAR} | _weekdays("en") - set(_months("en"))
    words = dict.fromkeys(word for word in words if word not in known)
    languages = ["en"] if words.keys() <= _months("en").keys() else LANGUAGES
    found = {
        word: {each: _months(each)[word] for each in languages if word in _months(each)}
        for word in words
    }
    explains = Counter(language for months in found.values() for language in months)
    most = max(explains.values(), default=0)
    best = {language for language, n in explains.items() if n == most}
    meanings = {
        word: {n for language, n in months.items() if language in best} or set(months.values())
        for word, months in found.items()
    }
    return {word: numbers.pop() for word, numbers in meanings.items() if len(numbers) == 1}
