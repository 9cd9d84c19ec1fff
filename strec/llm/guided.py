"""Answers held to a guide: of the likeliest next tokens, the first that the guide allows."""

from collections.abc import Sequence
from string import digits
from typing import Protocol

#: Of so many of the likeliest next tokens, one should fit a guide; otherwise the answer ends.
_MOST_TRIED = 2_000


class Guiding(Protocol):
    """What a guide tells of an answer while it is written (`explanation.ConstrainedDecoder`)."""

    def allows(self, text: str) -> bool:
        """Return whether an answer may begin like this."""

    def ends(self, text: str) -> bool:
        """Return whether an answer may end here."""


class Guided:
    """Leaves of each answer's next tokens the likeliest that its guide allows."""

    def __init__(self, tokenizer, guides: Sequence[Guiding], n_prompt: int, end: int):
        self.tokenizer, self.guides, self.n_prompt, self.end = tokenizer, guides, n_prompt, end

    def __call__(self, tokens, scores):
        for row, guide in enumerate(self.guides):
            likeliest = self._likeliest(guide, tokens[row, self.n_prompt :], scores[row])
            scores[row] = -float("inf")
            scores[row, likeliest] = 0.0
        return scores

    def _likeliest(self, guide: Guiding, tokens, scores) -> int:
        end = self.end
        if len(tokens) and tokens[-1] == end:
            return end
        begun = self.tokenizer.decode(tokens)
        likeliest = scores.topk(min(_MOST_TRIED, len(scores))).indices.tolist()
        unfinished = end
        for token in likeliest:
            text = begun if token == end else self.tokenizer.decode([*tokens, token])
            if token == end or text[len(begun) :].startswith("\n"):
                if guide.ends(begun):
                    return end
            elif len(text) > len(begun) and guide.allows(text):
                # Half a word may lead nowhere: it is taken where no whole one fits.
                if _is_whole(guide, text):
                    return token
                unfinished = token if unfinished == end else unfinished
        return unfinished


def _is_whole(guide: Guiding, text: str) -> bool:
    """Return whether a text that a guide allows ends with a word, or begins a number."""
    if text[-1].isspace():
        return any(guide.allows(text + digit) for digit in digits)
    return not text[-1].isalpha() or any(guide.allows(text + mark) for mark in " ,.")
