"""Reasons in the words of a language model, where every word of it is in the evidence.

The model sees the facts with stand-ins for all names, so that a name can neither instruct it nor
leave this machine. A model on this machine is guided while it writes (`constrained_decoding`).
Whatever is written is checked (`fact_check`): a sentence that is not in the evidence is
dropped; if none is left, the sentences counted from the check-ins speak instead.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from strec.errors import StrecError
from strec.explanation.clauses import STAND_INS
from strec.explanation.constrained_decoding import ConstrainedDecoder
from strec.explanation.fact_check import objections, supported
from strec.explanation.reasons import Reasons

_SYSTEM = (
    "You tell a person why X is suggested, in one or two short sentences. Use only the facts "
    "given, in their own words, with all their numbers. Add nothing."
)
#: Examples teach a small model the form better than rules: a return, and something new.
EXAMPLE = """Chosen 6 times in 80 check-ins (8 %), last on 3 May 2024. In its favour: 4 of the \
6 visits were within two hours of 9:15 (all check-ins: 20 %). Against it: it is 3.0 km away \
(farther than 81 % of the steps so far).
Answer: You have chosen X 6 times, last on 3 May 2024. 4 of your 6 visits were within two hours \
of 9:15, but it is 3.0 km away.

Something new: not among the 31 earlier check-ins. In its favour: others choose it more around \
9:15 (12 % of their check-ins there, 5 % anywhere), and it is 780 m away (nearer than 90 % of the \
steps so far).
Answer: X is something new, not among your 31 earlier check-ins. Others choose it more \
around 9:15, and it is 780 m away.

"""
_QUOTED = re.compile("“([^“”]*)”")
_REMEMBERED = 256


class Speaker(Protocol):
    """What a rephraser needs of a writer: `strec.llm.Writer` and `RemoteWriter` have it."""

    @property
    def fingerprint(self) -> str: ...

    def payload(self, prompt: str, **options) -> dict: ...

    def generate(
        self, prompt: str, *, system: str, max_new_tokens: int, stop: Sequence[str],
        time_limit_s: float,
    ) -> str: ...  # fmt: skip


@dataclass(frozen=True)
class Rephrased:
    """What is said about a suggestion.

    Attributes
    ----------
    text : str
        One to three sentences.
    is_llm : bool
        Whether these are the language model's own words; otherwise they are the template's.
    objections : list of str
        What speaks against the model's words, or against the sentences of it that are left out.
    draft : str
        What the model wrote, names replaced by stand-ins; empty if it wrote nothing.
    seconds : float
        How long it took.
    """

    text: str
    is_llm: bool
    objections: list[str] = field(default_factory=list)
    draft: str = ""
    seconds: float = 0.0


class Rephraser:
    """Puts reasons into words, one suggestion at a time, on demand.

    Parameters
    ----------
    writer : Speaker
        `strec.llm.Writer` or `strec.llm.RemoteWriter`.
    time_limit_s : float
        How long the model may write.
    max_new_tokens : int
        Longest answer.

    Examples
    --------
    >>> from datetime import datetime
    >>> from strec.explanation.reasons import explain
    >>> from strec.io.samples import read_sample
    >>> from strec.recommend import Recommender
    >>> class Echo:
    ...     fingerprint = "echo"
    ...     def generate(self, prompt, **options):
    ...         return "X is loved by everybody."
    >>> answer = Recommender(read_sample("travel")).answer(None, datetime(2024, 6, 5, 10))
    >>> rephrased = Rephraser(Echo()).rephrase(explain(answer))
    >>> rephrased.is_llm, rephrased.objections
    (False, ['“loved everybody” is not in the evidence'])
    """

    def __init__(self, writer: Speaker, *, time_limit_s: float = 30.0, max_new_tokens: int = 100):
        self.writer = writer
        self.time_limit_s = time_limit_s
        self.max_new_tokens = max_new_tokens
        self._said: OrderedDict[tuple[str, str], str] = OrderedDict()

    def rephrase(self, reasons: Reasons) -> Rephrased:
        """Return the reasons in the model's words if they hold, else in the template's.

        Never raises for what the model or its server does: then the template speaks.
        """
        template = " ".join(reasons.sentences)
        stood_in = stand_in(reasons)
        if stood_in is None:
            return Rephrased(template, False, ["a name cannot be told from the text around it"])
        names, facts = stood_in
        begun = time.perf_counter()
        try:
            draft = self._draft(facts)
        except StrecError as error:
            return Rephrased(template, False, [error.found], seconds=time.perf_counter() - begun)
        seconds = time.perf_counter() - begun
        wrong = objections(draft, facts)
        kept = supported(draft, facts) if wrong else draft
        if not kept:
            return Rephrased(template, False, wrong, draft, seconds)
        return Rephrased(restore(kept, names), True, wrong, draft, seconds)

    def payload(self, reasons: Reasons) -> dict | None:
        """Return exactly what a remote writer would send for a suggestion, without sending it.

        None where a name cannot be told from the text around it: then nothing would be sent.
        """
        stood_in = stand_in(reasons)
        if stood_in is None:
            return None
        return self.writer.payload(prompt_of(stood_in[1]), **self._options())

    def _options(self) -> dict:
        return {"system": _SYSTEM, "max_new_tokens": self.max_new_tokens, "stop": ["\n"]}

    def _draft(self, facts: Sequence[str]) -> str:
        key = self.writer.fingerprint, prompt_of(facts)
        if key not in self._said:
            guided: dict[str, Any] = {}
            if getattr(self.writer, "is_guided", False):
                guided = {"guide": ConstrainedDecoder(facts), "shared": EXAMPLE}
            self._said[key] = self.writer.generate(
                key[1], **self._options(), time_limit_s=self.time_limit_s, **guided
            )
            while len(self._said) > _REMEMBERED:
                self._said.popitem(last=False)
        return tidy(self._said[key])


def prompt_of(facts: Sequence[str]) -> str:
    """Return what the model is asked; with a `RemoteWriter`, show its ``payload`` of this."""
    return f"{EXAMPLE}{' '.join(facts)}\nAnswer:"


def stand_in(reasons: Reasons) -> tuple[dict[str, str], list[str]] | None:
    """Return names by their stand-ins, and the sentences with the stand-ins; None if unsafe."""
    names = {STAND_INS[0]: reasons.item_name}
    # A name cannot close its quotes (`sentences.quoted`), so they tell it from facts.
    for name in dict.fromkeys(_QUOTED.findall(" ".join(reasons.sentences))):
        if len(names) == len(STAND_INS):
            return None
        names[STAND_INS[len(names)]] = name
    letters = {name: letter for letter, name in list(names.items())[1:]}
    facts = [_QUOTED.sub(lambda m: letters[m.group(1)], each) for each in reasons.sentences]
    return None if any(mark in fact for fact in facts for mark in "“”\n") else (names, facts)


def restore(draft: str, names: dict[str, str]) -> str:
    """Return a text with names in place of their stand-ins.

    Examples
    --------
    >>> restore("X comes right after Y.", {"X": "Bar Y", "Y": "X"})
    'Bar Y comes right after “X”.'
    """
    parts = []
    first, *others = STAND_INS
    for word in _split_words(draft):
        if word == first:
            parts.append(names[first])
        else:
            parts.append(f"“{names[word]}”" if word in others and word in names else word)
    return "".join(parts)


def tidy(draft: str) -> str:
    """Return whole sentences alone, without quotes and white space around them.

    Examples
    --------
    >>> tidy(' "X is 300 m away. You have chosen')
    'X is 300 m away.'
    """
    text = " ".join(draft.replace("“", "").replace("”", "").replace('"', "").split())
    end = max((at for at in range(len(text)) if _ends_sentence(text, at)), default=-1)
    return text[: end + 1]


def _ends_sentence(text: str, at: int) -> bool:
    return text[at] in ".!" and not text[at + 1 : at + 2].strip()


def _split_words(text: str) -> list[str]:
    return re.split(r"(\b[A-Z]\b)", text)
