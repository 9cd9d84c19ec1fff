"""What columns are called: whole names in several languages, and the words they are made of."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_NAMES = tomllib.loads((Path(__file__).parents[1] / "data/column_names.toml").read_text("utf-8"))


def _words(table: str) -> dict[str, list[str]]:
    return {name: text.split() for name, text in _NAMES[table].items()}


#: Names of each field, and of each part of a time, likeliest first.
SYNONYMS, TIME_PARTS = _words("fields"), _words("parts")
#: What a noun stands for, what the head of a name makes of it, and the two ends of a trip.
NOUNS, HEADS, ENDS = _words("nouns"), _words("heads"), _words("ends")
#: Words that make a time the event's, or another's; and what a column of events holds.
EVENT_TIMES, OTHER_TIMES = (set(_words("times")[name]) for name in ("event", "other"))
EVENT_VALUES = set(_words("values")["event"])
#: RecBole writes the type of a column behind its name.
TYPE_SUFFIX = re.compile(r":(token|float|token_seq|float_seq)$")

_NOUN_OF = {word: noun for noun, words in NOUNS.items() for word in words}
_NOUN_OF |= {
    f"{word}s": noun for word, noun in _NOUN_OF.items() if word.isascii() and len(word) > 3
}
_HEAD_OF = {word: head for head, words in HEADS.items() for word in words}
_END_OF = {word: end for end, words in enumerate(ENDS.values()) for word in words}
#: Words that say nothing of what a column is.
_FILLERS = {
    "of",
    "the",
    "de",
    "du",
    "des",
    "del",
    "della",
    "der",
    "la",
    "le",
    "l",
    "d",
    "local",
    "raw",
}
_KNOWN = {*_NOUN_OF, *_HEAD_OF, *_END_OF, *SYNONYMS["lat"], *SYNONYMS["lon"]}
_LONGEST = max(map(len, _KNOWN))
#: Short words that count as part of a longer one: as any other they would be found everywhere.
_SHORT = {"id", "no", "nr", "pu", "do", "to", "ms", "ts"}
#: How well a name fits that is made of a noun of the field and nothing, an id or a name.
_BY_HEAD = {"": 0.9, "id": 0.95, "name": 0.8}


@dataclass(frozen=True)
class Meaning:
    """What the words of a name say: its last noun, its head, its end of a trip, and how many
    words are neither.
    """

    noun: str = ""
    head: str = ""
    end: int | None = None
    n_unknown: int = 0


def named(field: str, column: str) -> float:
    """Return how well a column's name fits a field: 0 not at all, near 1 when it is usual.

    Examples
    --------
    >>> named("user_id", "User ID") > named("user_id", "main user key") > 0
    True
    >>> named("user_id", "passenger_count"), named("lat", "latency")
    (0, 0)
    >>> named("timestamp", "下单时间") > 0, named("item_name", "Artikelbezeichnung") > 0
    (True, True)
    """
    bare = TYPE_SUFFIX.sub("", column)
    name, words = plain(bare), SYNONYMS.get(field, [])
    # In "geo.user" the noun stands at the end of the path of nested objects.
    last = bare.rpartition(".")[2]
    if name not in words and last != bare and meaning(last).noun and plain(last) in words:
        name = plain(last)
    if name in words:
        return 1 - 0.15 * words.index(name) / len(words)
    said = meaning(bare)
    without = max(1 - 0.1 * said.n_unknown, 0.6)
    if field in _OF_NOUNS:
        nouns = _OF_NOUNS[field]
        if said.noun in nouns and said.head in _BY_HEAD:
            return nouns[said.noun] * _BY_HEAD[said.head] * without
        return 0
    if field in ("item_name", "place_name"):
        of = ("product", "place", "") if field == "item_name" else ("place", "")
        fits = said.head == "name" and said.noun in of
        return (0.9 if said.noun else 0.6) * without if fits else 0
    if field == "category":
        fits = said.head == "kind" and said.noun in ("product", "place", "")
        return (0.85 if said.noun else 0.7 * without) * without if fits else 0
    parts = words_of(bare)
    if field == "timestamp":
        return 0.6 if said.head == "time" or set(parts) & set(words[:4]) else 0
    if field == "value":
        last = next((word for word in reversed(parts) if word in words), None)
        return (0.6 - 0.1 * words.index(last) / len(words)) if last else 0
    return 0.5 if any(word in parts for word in words if len(word) > 1) else 0


#: Which nouns may say who, what and in which shop, and how well each does.
_OF_NOUNS: dict[str, dict[str, float]] = {
    "user_id": {"person": 1.0, "mover": 0.6, "group": 0.5, "staff": 0.45},
    "item_id": {"product": 1.0, "place": 0.9},
    "place_id": {"place": 1.0},
}


@cache
def meaning(column: str) -> Meaning:
    """Return what the words of a column's name say.

    The head of a name is its last word that makes something of a noun, or, as in Romance
    languages and before "of", its first.

    Examples
    --------
    >>> meaning("passenger_count"), meaning("id_cliente").head, meaning("PULocationID").end
    (Meaning(noun='person', head='measure', end=None, n_unknown=0), 'id', 0)
    """
    parts = words_of(TYPE_SUFFIX.sub("", column))
    ends = [_END_OF[word] for word in parts if word in _END_OF]
    end = ends[0] if ends else None
    rest = [word for word in parts if word not in _END_OF and word not in _FILLERS] or parts
    nouns = [_NOUN_OF.get(word, "") for word in rest]
    heads = [_HEAD_OF.get(word, "") for word in rest]
    noun = next((each for each in reversed(nouns) if each), "")
    head = ""
    if rest:
        # "card number" is an id, "number of cards" a count.
        if heads[0] == "id" and parts[1:2] == ["of"]:
            head = "measure"
        elif heads[-1]:
            # What is a code of a category is a category, and so is its name.
            before = [each for each in heads[:-1] if each not in ("", "id", "name")]
            plainly = heads[-1] in ("id", "name")
            head = before[-1] if plainly and before and not nouns[-1] else heads[-1]
            if plainly and before and nouns[len(heads) - 2]:
                head = heads[-1]
        elif heads[0]:
            head = heads[0]
    n_unknown = sum(not (a or b) for a, b in zip(nouns, heads, strict=True))
    # "member_casual" is no member: what follows the noun, and is not known, is what it is.
    if noun and not head and not nouns[-1]:
        noun = ""
    return Meaning(noun, head, end, n_unknown)


def plain(column: str) -> str:
    """Return a column's name without case, blanks and punctuation."""
    return re.sub(r"[\W_]", "", column).lower()


def tokens(column: str) -> list[str]:
    """Return the words of a column's name.

    Examples
    --------
    >>> tokens("pickupStation_id"), tokens("PULocationID")
    (['pickup', 'station', 'id'], ['pu', 'location', 'id'])
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", column)
    return re.findall(r"[^\W_]+", spaced.lower())


def is_known(word: str) -> bool:
    """Tell whether a word, or each that it is put together of, is usual in names of columns.

    Examples
    --------
    >>> is_known("会员编号"), is_known("老矫")
    (True, False)
    """
    return all(part in _KNOWN for part in words_of(word))


def words_of(column: str) -> list[str]:
    """Return the words of a column's name, those written as one word taken apart.

    Examples
    --------
    >>> words_of("Artikelbezeichnung"), words_of("商品编码"), words_of("PUlocationID")
    (['artikel', 'bezeichnung'], ['商品', '编码'], ['pu', 'location', 'id'])
    """
    parts = [word for token in tokens(column) for word in _apart(token) or (token,)]
    if all(word in _KNOWN or word in _FILLERS for word in parts):
        return parts
    # Capitals and underscores may cut where no word ends: PUlocationID, tap_in_stop.
    whole = plain(column)
    if apart := _apart(whole):
        return list(apart)
    if not whole.isascii():
        # Scripts without blanks between words: what is known at the end is the head.
        for start in range(1, min(len(whole), 7)):
            if apart := _apart(whole[start:]):
                return [whole[:start], *apart]
    return parts


@cache
def _apart(token: str) -> tuple[str, ...] | None:
    """Take a token apart into known words, with at most two letters between; None if it is none."""
    if token in _KNOWN or len(token) > 60:
        return (token,) if token in _KNOWN else None
    for size in range(min(len(token) - 1, _LONGEST), 0, -1):
        head = token[:size]
        if not _may_be_part(head):
            continue
        for joint in range(3 if head.isascii() and size > 3 else 1):
            rest = _apart(token[size + joint :])
            if rest and _may_be_part(rest[0]):
                return (head, *rest)
    return None


def _may_be_part(word: str) -> bool:
    return word in _KNOWN and (len(word) > 2 or word in _SHORT or not word.isascii())


def coordinate(column: str) -> str:
    """Return which half of a place a column is called, "" for none.

    Examples
    --------
    >>> coordinate("pickup_latitude"), coordinate("price")
    ('lat', '')
    """
    words = words_of(column)
    for half in ("lat", "lon"):
        names = SYNONYMS[half]
        if plain(column) in names or any(len(each) > 1 and each in names for each in words):
            return half
    return ""
