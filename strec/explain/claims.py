"""Does a text say anything that is not in the evidence? A strict check, word by word.

The evidence is a list of statements ("Chosen 4 times in 183 check-ins (2 %), last on 19 Jul
2024."), each a list of phrases. A text is cut into clauses. Articles, pronouns, forms of *be* and
the like say nothing; what is left of a clause, its content, must be the whole content of a phrase
of the evidence, in the same order, or of several phrases that follow each other in one
statement. So no number, name, negation or claim can be added, and none can be dropped from a
phrase: "1 of the 4 visits was within two hours" never becomes "the visits were within two hours".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

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
_CONTRASTS = frozenset(("but", "although", "though", "however", "yet", "while"))
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
_PLAIN = re.compile(r"[A-Za-z0-9\s.,;:!()%'’“”\"–—-]*")
_MOST_CHARACTERS = 400
_MOST_SENTENCES = 3


@dataclass(frozen=True)
class Statement:
    """One thing the evidence says.

    Attributes
    ----------
    phrases : tuple of tuple of str
        Content of its phrases, in order; the first stands alone, others continue it.
    stance : str
        ``"favour"``, ``"against"``, or empty.
    """

    phrases: tuple[tuple[str, ...], ...]
    stance: str = ""


def objections(text: str, evidence: Sequence[str]) -> list[str]:
    """Return what speaks against showing a text; nothing if all of it is in the evidence.

    Parameters
    ----------
    text : str
        One to three sentences; names replaced by `STAND_INS`.
    evidence : sequence of str
        What is known, in sentences; names replaced by the same.

    Examples
    --------
    >>> known = ["Chosen 4 times in 183 check-ins (2 %), last on 19 Jul 2024."]
    >>> objections("You have chosen X 4 times, last on 19 July 2024.", known)
    []
    >>> objections("You have chosen X 5 times.", known)
    ['“chosen 5 times” is not in the evidence']
    """
    text = text.strip()
    if not _PLAIN.fullmatch(text):
        return ["characters that no sentence needs"]
    if not text.endswith((".", "!")) or len(text) > _MOST_CHARACTERS:
        return ["no end, or too long"]
    sentences = _sentences(text)
    if len(sentences) > _MOST_SENTENCES:
        return ["too many sentences"]
    statements = statements_of(evidence)
    place, found, told = None, [], set()
    for sentence in sentences:
        stances = set()
        for clause in _clauses(sentence):
            content = content_of(clause)
            if stance := _stance(content):
                stances.add(f"said {stance}")
                content = content[1:]
            if not content:
                continue
            place, used = _match(content, statements, place)
            if place is None:
                found.append(f"“{' '.join(content)}” is not in the evidence")
                continue
            if place in told:
                found.append(f"“{' '.join(content)}” is said twice")
            told.add(place)
            stances.add(used.stance)
        found += _wrong_way(sentence, stances)
    return found or ([] if told else ["it says nothing of the evidence"])


def statements_of(evidence: Sequence[str]) -> list[Statement]:
    """Return the statements of evidence in sentences.

    Examples
    --------
    >>> statements_of(["In its favour: it is 4.3 km away, and others choose it at this hour."])[1]
    Statement(phrases=(('others', 'chosen', 'hours'),), stance='favour')
    """
    statements = []
    for sentence in evidence:
        head, colon, rest = sentence.partition(": ")
        stance = _stance(content_of(head)) if colon else ""
        for part in (rest if stance else sentence).split(", and "):
            phrases = (content_of(clause) for clause in _clauses(part))
            if kept := tuple(content for content in phrases if content):
                statements.append(Statement(kept, stance))
    return statements


def content_of(clause: str) -> tuple[str, ...]:
    """Return the words of a clause that claim something, in one form each.

    Examples
    --------
    >>> content_of("You have visited X two times")
    ('chosen', '2', 'times')
    """
    words = []
    for word in _WORD.findall(clause):
        if word == STAND_INS[0]:
            continue
        if word not in STAND_INS:
            word = word.lower().replace("’", "'").replace(" ", "")
            word = _SAME.get(word, word)
        if word not in NEUTRAL:
            words.append(word)
    return tuple(words)


def _match(
    content: tuple[str, ...], statements: list[Statement], place: tuple[int, int] | None
) -> tuple[tuple[int, int] | None, Statement | None]:
    """Return where content ends in the evidence: statement and phrase; None where it is not.

    It may begin a statement, or go on behind `place`.
    """
    starts = [(s, 0) for s in range(len(statements))]
    if place is not None:
        after = range(place[1] + 1, len(statements[place[0]].phrases))
        starts = [(place[0], p) for p in after] + starts
    for s, p in starts:
        end = _match_from(content, statements[s].phrases, p)
        if end is not None:
            return (s, end), statements[s]
    return None, None


def _match_from(content: tuple, phrases: tuple[tuple[str, ...], ...], first: int) -> int | None:
    """Return the phrase at which content ends if it begins with the phrase `first`."""
    for variant in _variants(phrases[first]):
        if content == variant:
            return first
        if content[: len(variant)] == variant:
            for following in range(first + 1, len(phrases)):
                end = _match_from(content[len(variant) :], phrases, following)
                if end is not None:
                    return end
    return None


def _variants(phrase: tuple[str, ...]) -> list[tuple[str, ...]]:
    # "Chosen 4 times in 183 check-ins" holds without what it was counted among.
    can_end_early = phrase[:1] == ("chosen",) and phrase[2:3] == ("times",)
    return [phrase, phrase[:3]] if can_end_early else [phrase]


def _wrong_way(sentence: str, stances: set[str]) -> list[str]:
    """Return whether a reason for is told as one against, or the other way round."""
    contrasted = bool(_CONTRASTS & set(re.findall(r"[a-z]+", sentence.lower())))
    found = []
    if "against" in stances and not (contrasted or "said against" in stances):
        found.append("what speaks against it is told as if it spoke for it")
    if "said against" in stances and stances & {"favour", ""} and not contrasted:
        found.append("what speaks for it is told as if it spoke against it")
    if "said favour" in stances and "against" in stances and not contrasted:
        found.append("what speaks against it is told as if it spoke for it")
    return found


def _stance(content: tuple[str, ...]) -> str:
    return content[0] if content and content[0] in ("favour", "against") else ""


def _sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!])\s+(?=[A-Z])", text) if part]


def _clauses(sentence: str) -> list[str]:
    joints = "|".join(_JOINTS)
    # A point, comma or colon between digits belongs to the number.
    marks = r"[;!()–—]|[.,:](?!\d)|(?<!\d)[.,:]|\s-\s"
    return re.split(rf"{marks}|\b(?:{joints})\b", sentence, flags=re.IGNORECASE)
