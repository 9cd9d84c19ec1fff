"""Which words may come next, so that what a language model writes stays inside the evidence.

The check of `fact_check` reads a text when it is finished. A guide reads it while it is
written: it lets a beginning stand only if a text that passes the check can still come of it. So
the model chooses the words around the facts, their order, and which of them to tell; numbers and
names can come from the evidence alone. The finished text is checked all the same.
"""

import re
from collections.abc import Sequence
from copy import deepcopy

from strec.explanation.clauses import NEUTRAL, STAND_INS, forms_of, one_form, sentences_of, words_of
from strec.explanation.fact_check import (
    MOST_SENTENCES,
    Reading,
    is_unclear,
    objections,
    read,
    read_sides,
    statements_of,
)  # fmt: skip

#: A clause needs a subject: what may stand before the first word of a phrase, by that word.
_IT_IS = (("it", "is"), ("X", "is"), ("it's",), ("this", "is"))
_CHOSEN = tuple(
    tuple(each.split())
    for each in ("you have chosen X", "you have chosen it", "you've chosen X", "you chose X",
                 "you chose it", "X was chosen", "it was chosen", "X has been chosen")
)  # fmt: skip
_CAPITALS = frozenset(
    re.findall(
        r"\w+",
        "jan feb mar apr may jun jul aug sep oct nov dec monday tuesday wednesday thursday friday "
        "saturday sunday",
    )
)
_SPELT = frozenset(re.findall(r"\w+", "two three four five six seven eight nine ten eleven twelve"))
_SWAPS = {"the": "your", "it": "X"}
_JOINT = re.compile(r",(?!\d)|\b(?:and|but)\b(?=\s)", re.IGNORECASE)
_WELL_FORMED = re.compile(
    r"[A-Z1-9](?:[A-Za-z0-9]|[.,:'-](?![.,:'-])|(?<!\s)\s(?![\s.,:])(?<!\.\s(?=[a-z])))*"
)
_OPEN_NUMBER = re.compile(r"\d[.,:]$")


class ConstrainedDecoder:
    """Tells which beginnings of a text can still become one that the evidence holds.

    Parameters
    ----------
    evidence : sequence of str
        What is known, in sentences; names replaced by `strec.explanation.clauses.STAND_INS`.

    Examples
    --------
    >>> guide = ConstrainedDecoder(["Chosen 4 times in 183 check-ins (2 %), last on 19 Jul 2024."])
    >>> guide.allows("You have chosen X 4"), guide.allows("You have chosen X 5")
    (True, False)
    >>> guide.ends("You have chosen X 4"), guide.ends("You have chosen X 4 times.")
    (False, True)
    """

    def __init__(self, evidence: Sequence[str]):
        self.evidence = list(evidence)
        self.statements = statements_of(evidence)

    def ends(self, text: str) -> bool:
        """Return whether a text may end here: it holds, and tells for and against."""
        text = text.strip()
        if objections(text, self.evidence) or not self.allows(text):
            return False
        told = {s for s, _ in read(sentences_of(text), self.statements).told}
        known = {each.stance for each in self.statements}
        return known == {self.statements[s].stance for s in told}

    def allows(self, text: str) -> bool:
        """Return whether a text that the evidence holds can begin like this."""
        text = text.lstrip()
        if not text:
            return True
        if not _WELL_FORMED.fullmatch(text) or is_unclear(text, must_name=True):
            return False
        *done, begun = sentences_of(text)
        reading = read(done, self.statements)
        if reading.found or len(done) >= MOST_SENTENCES:
            return False
        if begun.endswith(".") and self._begun(begun[:-1], reading, ends=True):
            return True
        return self._begun(begun, reading)

    def _begun(self, sentence: str, reading: Reading, ends: bool = False) -> bool:
        """Return whether a sentence can begin like this, or end here."""
        joints = list(_JOINT.finditer(sentence))
        if not joints:
            return self._clause(sentence, joints, reading, ends)
        if _OPEN_NUMBER.search(sentence) and self._clause(sentence, joints[:-1], reading, ends):
            return True  # "1," may be a number that goes on.
        last = joints[-1]
        told = sentence[joints[-2].end() if len(joints) > 1 else 0 : last.start()]
        if told.strip() and not self._clause(sentence[: last.start()], joints[:-1], reading, True):
            return False
        opens = last.group().lower() == "but" and len(joints) == 1
        if not told.strip() and not (opens or (len(joints) > 1 and joints[-2].group() == ",")):
            return False
        return self._clause(sentence, joints, reading, ends)

    def _clause(self, sentence: str, joints: list[re.Match], reading: Reading, ends: bool) -> bool:
        """Return whether the part behind the last joint can begin like this, or end here."""
        start = joints[-1].end() if joints else 0
        reading, clause = deepcopy(reading), sentence[start:]
        sides = read_sides(sentence[:start], self.statements, reading)
        turns = sum(each.group().lower() == "but" for each in joints)
        left = sides[0] or reading.stances
        if reading.found or turns > 1 or (turns and "against" in left):
            return False
        after_comma = bool(joints) and joints[-1].group() == ","
        to_turn = bool(self._untold(reading, {"against"}))
        if turns and not to_turn:
            return False
        may_turn = to_turn and not turns and "against" not in left
        opens = not joints and bool(reading.told)
        untold = self._untold(reading, {"against"} if turns else {"favour", ""})
        may_join = len(untold) > (not after_comma)
        joints_here = ["and"] * (after_comma and may_join)
        joints_here += ["but"] * (may_turn and (after_comma or opens))
        if not ends and any(each.startswith(clause.strip().lower()) for each in joints_here):
            return True
        # The last word may be unfinished, as may a number: "4." of "4.3".
        last = "" if ends or clause[-1:].isspace() else "".join(clause.split()[-1:])
        words = words_of(clause.removesuffix(last))
        if not start:
            words, last = _uncapital(words, last)
        joining = ["and"] * may_join + ["but"] * may_turn
        return any(
            _fits(words, last, steps, joining, ends)
            for wording in (self._going_on(reading) if after_comma else untold)
            for steps in _wordings(wording)
        )

    def _untold(self, reading: Reading, stances: set[str]) -> list[tuple[str, ...]]:
        """Return what a clause of its own may tell."""
        return [
            statement.wording[0]
            for s, statement in enumerate(self.statements)
            if statement.stance in stances and (s, 0) not in reading.told
        ]

    def _going_on(self, reading: Reading) -> Sequence[tuple[str, ...]]:
        """Return what may follow a comma: phrases that belong to what was told last."""
        if reading.place is None:
            return ()
        s, told = reading.place
        later = self.statements[s].wording[told + 1 :]
        # A share in per cent stands in brackets, which a guided text does without.
        return [each for each in later if "%" not in each[-1]]


def _uncapital(words: list[str], last: str) -> tuple[list[str], str]:
    """Return the words of a sentence as they would stand within it."""
    if words:
        return [_plain(words[0]), *words[1:]], last
    return words, last if last == STAND_INS[0] else last[:1].lower() + last[1:]


def _wordings(wording: Sequence[str]) -> list[list[set[tuple[str, ...]]]]:
    """Return the ways to word a phrase, each a list of steps, a step one of several word runs."""
    cuts = [len(wording)]
    if wording[0].lower() == "chosen" and "times" in wording:
        cuts.append(wording.index("times") + 1)  # "4 times" holds without "in 183 check-ins".
    return [_steps(wording[:cut]) for cut in cuts]


def _steps(wording: Sequence[str]) -> list[set[tuple[str, ...]]]:
    words = [_plain(word) for word in wording]
    steps: list[set[tuple[str, ...]]] = []
    between: tuple[str, ...] = ()
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == STAND_INS[0] or (word not in STAND_INS and word in NEUTRAL):
            between += (word,)
            continue
        steps.append(_between(between, word) if steps else _subjects(word, words, between))
        steps.append({(form,) for form in _forms(word, following)})
        between = ()
    steps.append(_between(between))
    if words[0] == "chosen":
        steps[:2] = [set(_CHOSEN)]
    return steps


def _between(run: tuple[str, ...], following: str = "") -> set[tuple[str, ...]]:
    """Return what may stand for some words that claim nothing."""
    runs = {run, (*run, "your")} if run == ("of",) and following.isdigit() else {run}
    for at, word in enumerate(run):
        if word in _SWAPS:
            runs |= {(*each[:at], _SWAPS[word], *each[at + 1 :]) for each in runs}
    return runs


def _subjects(first: str, words: Sequence[str], before: tuple[str, ...]) -> set[tuple[str, ...]]:
    """Return what may stand before the first word of a phrase."""
    if words[-1] == "away" or first in ("something", "like"):
        return set(_IT_IS)
    if first == "not":
        return {(), *_IT_IS}
    return _between(before)


def _forms(word: str, following: str) -> set[str]:
    if word in ("choose", "chosen"):
        return {"choose", "chose"}
    if (word.isdigit() or word in _SPELT) and one_form(following) not in _CAPITALS:
        return forms_of(one_form(word))
    return {word}


def _plain(word: str) -> str:
    """Return a word as it stands within a sentence: names keep their capital."""
    is_name = word in STAND_INS or one_form(word) in _CAPITALS
    return word if is_name else word[:1].lower() + word[1:]


def _fits(
    words: Sequence[str], last: str, steps: Sequence[set], joining: Sequence[str], ends: bool
) -> bool:
    """Return whether words, the last perhaps unfinished, begin a wording, or are one if it ends."""
    if not steps:
        may_end = ends or not last or any(each.startswith(last) for each in joining)
        return not words and may_end
    for run in steps[0]:
        n = min(len(run), len(words))
        if tuple(words[:n]) != run[:n]:
            continue
        if n == len(run):
            if _fits(words[n:], last, steps[1:], joining, ends):
                return True
        elif not ends and run[n].startswith(last):
            return True
    return False
