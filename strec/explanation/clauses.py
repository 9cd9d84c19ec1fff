"""A text cut into sentences, sides of a contrast, clauses, and the words that claim something."""

import re

#: Names never stand in evidence or text: these take their place, the first for the suggestion.
STAND_INS = ("X", "Y", "Z", "V", "W")
#: Words that claim nothing by themselves.
NEUTRAL = frozenset(
    re.findall(
        r"\S+",
        "a an the of to it it's its is are was were be been being has have had having you "
        "your you've we this that these those on at in by for with as place suggest suggested "
        "suggestion recommend recommended recommendation",
    )
)
#: Words that begin a new clause.
_JOINTS = ("and", "but", "because", "since", "so", "although", "though", "while", "which",
           "however", "also", "yet")  # fmt: skip
_SAME = {
    "choose": "chosen", "chose": "chosen", "choosing": "chosen", "visited": "chosen",
    "picked": "chosen", "visits": "visit", "check-in": "check-ins", "checkins": "check-ins",
    "ago": "before", "hour": "hours", "favor": "favour", "percent": "%", "january": "jan",
    "february": "feb", "march": "mar", "april": "apr", "june": "jun", "july": "jul",
    "august": "aug", "september": "sep", "october": "oct", "november": "nov", "december": "dec",
}  # fmt: skip
_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
_SAME |= {word: str(number) for number, word in enumerate(_NUMBERS)}
_WORD = re.compile(r"\d+(?:[.,:]\d+)*(?: ?%)?|[^\W\d_]+(?:['’-][^\W\d_]+)*|%")
_OPENING = r"^(?:although|though|while)\b"
_CONTRAST = r"\b(?:but|although|though|however|yet|while)\b"
# A point, comma or colon between digits belongs to the number.
_BOUNDARY = rf"[;!()–—]|[.,:](?!\d)|(?<!\d)[.,:]|\s-\s|\b({'|'.join(_JOINTS)})\b"


def content_of(clause: str) -> tuple[str, ...]:
    """Return the words of a clause that claim something, in one form each.

    Examples
    --------
    >>> content_of("You have visited X two times")
    ('chosen', '2', 'times')
    """
    words = (one_form(word) for word in words_of(clause) if word != STAND_INS[0])
    return tuple(word for word in words if word not in NEUTRAL)


def words_of(clause: str) -> list[str]:
    """Return the words and numbers of a clause as they stand there."""
    return _WORD.findall(clause)


def one_form(word: str) -> str:
    """Return the one form in which a word is compared.

    Examples
    --------
    >>> one_form("Four"), one_form("visited"), one_form("Y")
    ('4', 'chosen', 'Y')
    """
    if word in STAND_INS:
        return word
    word = word.lower().replace("’", "'").replace(" ", "")
    return _SAME.get(word, word)


def forms_of(word: str) -> set[str]:
    """Return the words that are compared as this one.

    Examples
    --------
    >>> sorted(forms_of("2"))
    ['2', 'two']
    """
    return {word} | {other for other, one in _SAME.items() if one == word}


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text."""
    return [part for part in re.split(r"(?<=[.!])\s+(?=[A-Z0-9])", text) if part]


def sides_of(sentence: str) -> list[str]:
    """Return what stands on each side of the contrasts of a sentence, the contrasts left out.

    Examples
    --------
    >>> sides_of("It is near, but others go there."), sides_of("But it is far.")
    (['It is near, ', ' others go there.'], ['', ' it is far.'])
    >>> sides_of("Although it is far, you chose it.")
    ['it is far', ' you chose it.']
    """
    opening, *rest = re.split(_OPENING, sentence.lstrip(), maxsplit=1, flags=re.IGNORECASE)
    if rest:
        # "Although A, B": the comma stands where "but" would.
        return [part for half in rest for part in re.split(r",(?!\d)", half.lstrip(), maxsplit=1)]
    return re.split(_CONTRAST, sentence, flags=re.IGNORECASE)


def clauses_of(words: str) -> list[tuple[str, str]]:
    """Return the clauses of a part of a sentence, each with the word that joins it.

    Examples
    --------
    >>> clauses_of("you chose it 4 times, and it is 4.3 km away.")
    [('you chose it 4 times', ''), (' it is 4.3 km away', 'and')]
    """
    clauses, joint = [], ""
    for part in re.split(_BOUNDARY, words, flags=re.IGNORECASE):
        if part is None:
            continue
        if part.lower() in _JOINTS:
            joint = part.lower()
        elif part.strip():
            clauses.append((part, joint))
            joint = ""
    return clauses
