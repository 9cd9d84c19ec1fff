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
from dataclasses import dataclass, field

from strec.explanation.clauses import (
    STAND_INS,
    clauses_of,
    content_of,
    sentences_of,
    sides_of,
    words_of,
)

_CAUSES = ("because", "since", "so")
_OTHERS = frozenset(("others", "people"))
#: What nobody may be told of what others do: that it was done to them, or to the person.
_NOT_OF_OTHERS = frozenset("is are was were be been being you your you've we by".split())  # noqa: SIM905
#: "You have been chosen": it was the person who chose.
_PASSIVE = re.compile(r"\byou(?:['’]ve| have| had)? (?:been|were|are|being)\b")
_NAME_OR_IT = re.compile(rf"\b(?:{'|'.join(STAND_INS)}|[Ii]t|[Tt]his(?! hour| person))\b")
_OPENINGS = re.compile(r"\b(?:in its favour|against it)\b", re.IGNORECASE)
_SMALL_START = re.compile(r"[.!]\s+[a-z]")
_PLAIN = re.compile(r"[A-Za-z0-9\s.,;:!()%'’“”\"–—-]*")
_MOST_CHARACTERS = 400
MOST_SENTENCES = 3


@dataclass(frozen=True)
class Statement:
    """One thing the evidence says.

    Attributes
    ----------
    phrases : tuple of tuple of str
        Content of its phrases, in order; the first stands alone, others continue it.
    stance : str
        ``"favour"``, ``"against"``, or empty.
    wording : tuple of tuple of str
        All words of each phrase, as they stand in the evidence.
    """

    phrases: tuple[tuple[str, ...], ...]
    stance: str = ""
    wording: tuple[tuple[str, ...], ...] = field(default=(), repr=False)


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
    if _SMALL_START.search(text):
        return ["a sentence that begins small"]
    if not text.endswith((".", "!")) or len(text) > _MOST_CHARACTERS:
        return ["no end, or too long"]
    sentences = sentences_of(text)
    if len(sentences) > MOST_SENTENCES:
        return ["too many sentences"]
    reading = read(sentences, statements_of(evidence))
    if is_unclear(text):
        reading.found.append("“it” may mean another than X")
    return reading.found or ([] if reading.told else ["it says nothing of the evidence"])


def is_unclear(text: str, must_name: bool = False) -> bool:
    """Return whether "it" follows another name than that of the suggestion.

    Parameters
    ----------
    text : str
        Names replaced by `strec.explanation.clauses.STAND_INS`.
    must_name : bool
        Whether "it" is unclear as well where nothing has been named.

    Examples
    --------
    >>> is_unclear("You chose X after Y. It is 3 km away.")
    True
    >>> is_unclear("You chose X after Y. X is 3 km away, and others choose it.")
    False
    """
    named = "" if must_name else STAND_INS[0]
    for word in _NAME_OR_IT.findall(_OPENINGS.sub("", text)):
        if word in STAND_INS:
            named = word
        elif named != STAND_INS[0]:
            return True
    return False


def supported(text: str, evidence: Sequence[str]) -> str:
    """Return the sentences of a text that hold, without those that do not.

    Examples
    --------
    >>> known = ["Chosen 4 times in 183 check-ins (2 %), last on 19 Jul 2024."]
    >>> supported("You have chosen X 4 times. It is your favourite.", known)
    'You have chosen X 4 times.'
    """
    kept: list[str] = []
    for sentence in sentences_of(text.strip()):
        if not objections(" ".join([*kept, sentence]), evidence):
            kept.append(sentence)
    return " ".join(kept)


@dataclass
class Reading:
    """How far a text has been compared with the evidence.

    Attributes
    ----------
    place : tuple of int or None
        Statement and phrase at which the last clause ended.
    told : set of tuple of int
        Places that have been told.
    stances : set of str
        Of the last sentence.
    found : list of str
        Objections.
    """

    place: tuple[int, int] | None = None
    told: set[tuple[int, int]] = field(default_factory=set)
    stances: set[str] = field(default_factory=set)
    found: list[str] = field(default_factory=list)


def read(sentences: Sequence[str], statements: Sequence["Statement"]) -> Reading:
    """Compare whole sentences with the evidence."""
    reading = Reading()
    for sentence in sentences:
        sides = read_sides(sentence, statements, reading)
        reading.found += _wrong_way(sides, reading.stances)
        reading.stances = set().union(*sides)
    return reading


def read_sides(
    sentence: str, statements: Sequence["Statement"], reading: Reading
) -> list[set[str]]:
    """Compare a sentence with the evidence; return the stances on each side of its contrasts."""
    opens_with_cause = bool(re.match(r"\s*(?:because|since)\b", sentence, re.IGNORECASE))
    sides, n_claims = [], 0
    for words in sides_of(sentence):
        stances = set()
        for clause, joint in clauses_of(words):
            content = content_of(clause)
            if stance := _stance(content):
                stances.add(f"said {stance}")
                content = content[1:]
            if not content:
                continue
            is_cause = joint in _CAUSES and (n_claims or (joint == "so" and reading.told))
            if is_cause or (opens_with_cause and n_claims):
                reading.found.append("a cause that is not in the evidence")
            n_claims += 1
            if used := _read_claim(clause, content, statements, reading):
                stances.add(used.stance)
        sides.append(stances)
    return sides


def _read_claim(
    clause: str, content: tuple[str, ...], statements: Sequence["Statement"], reading: Reading
) -> "Statement | None":
    """Look one claim up; return the statement that holds it, None where there is none."""
    said = f"“{' '.join(content)}”"
    place = reading.place = _match(content, statements, reading.place)
    if place is None:
        reading.found.append(f"{said} is not in the evidence")
        return None
    if place in reading.told:
        reading.found.append(f"{said} is said twice")
    reading.told.add(place)
    words = set(re.findall(r"[a-z']+", clause.lower().replace("’", "'")))
    is_turned = "chosen" in content and _PASSIVE.search(clause.lower())
    if "we" in words or is_turned or (_OTHERS & set(content) and words & _NOT_OF_OTHERS):
        reading.found.append(f"{said} is said of somebody else")
    return statements[place[0]]


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
            clauses = [clause for clause, _ in clauses_of(part) if content_of(clause)]
            if clauses:
                phrases = tuple(content_of(clause) for clause in clauses)
                wording = tuple(tuple(words_of(clause)) for clause in clauses)
                statements.append(Statement(phrases, stance, wording))
    return statements


def _match(
    content: tuple[str, ...], statements: Sequence[Statement], place: tuple[int, int] | None
) -> tuple[int, int] | None:
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
            return s, end
    return None


def _match_from(content: tuple, phrases: tuple[tuple[str, ...], ...], first: int) -> int | None:
    """Return the phrase at which content ends if it begins with the phrase `first`."""
    for variant in variants_of(phrases[first]):
        if content == variant:
            return first
        if content[: len(variant)] == variant:
            for following in range(first + 1, len(phrases)):
                end = _match_from(content[len(variant) :], phrases, following)
                if end is not None:
                    return end
    return None


def variants_of(phrase: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the ways in which a phrase may be told: in full, or without what it is counted among.

    Examples
    --------
    >>> variants_of(("chosen", "4", "times", "183", "check-ins"))[1]
    ('chosen', '4', 'times')
    """
    can_end_early = phrase[:1] == ("chosen",) and phrase[2:3] == ("times",)
    return [phrase, phrase[:3]] if can_end_early else [phrase]


def _wrong_way(sides: Sequence[set[str]], before: set[str]) -> list[str]:
    """Return whether a reason for is told as one against, or the other way round.

    Parameters
    ----------
    sides : sequence of set of str
        Stances on each side of the contrasts of a sentence; an empty first side where it begins
        with one, as in "But it is far".
    before : set of str
        Stances of the sentence before.
    """
    found = []
    if len(sides) > 1 and not sides[0]:
        sides = [before, *sides[1:]]
    for stances in sides:
        is_against = "said against" in stances or (len(sides) > 1 and "against" in stances)
        if "against" in stances and (not is_against or "said favour" in stances):
            found.append("what speaks against it is told as if it spoke for it")
        if is_against and stances & {"favour", ""}:
            found.append("what speaks for it is told as if it spoke against it")
    for one, other in zip(sides, sides[1:], strict=False):
        if ("against" in one) == ("against" in other):
            found.append("a contrast between two things that speak the same way")
    return found


def _stance(content: tuple[str, ...]) -> str:
    return content[0] if content and content[0] in ("favour", "against") else ""
