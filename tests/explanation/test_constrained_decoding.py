"""The guide: what it lets be written passes the check, and a good text is never stopped."""

import pytest

from strec.explanation.constrained_decoding import ConstrainedDecoder
from strec.explanation.fact_check import objections

RETURN = [
    "Chosen 4 times in 183 check-ins (2 %), last on 19 Jul 2024.",
    "In its favour: 1 of the 4 visits was within two hours of 2:34, and it is 4.3 km away.",
    "Against it: none of the 4 visits was right after Y.",
]
ONCE = [
    "Chosen once before, on 10 Aug 2024, in 1,183 check-ins.",
    "In its favour: others choose it at this hour.",
]
NEW = [
    "Something new: not among the 17 earlier check-ins.",
    "In its favour: 2 of 17 earlier check-ins are Y too, and it was the last check-in.",
]


@pytest.mark.parametrize(
    ("evidence", "text"),
    [
        (RETURN, "You have chosen X 4 times, last on 19 Jul 2024. 1 of your 4 visits was within "
                 "2 hours of 2:34 and it is 4.3 km away, but "
                 "none of the 4 visits was right after Y."),
        (RETURN, "X was chosen four times in 183 check-ins and it is 4.3 km away. "
                 "But none of your 4 visits was right after Y."),
        (ONCE, "You've chosen X once before, on 10 Aug 2024, in 1,183 check-ins, and others choose "
               "X at this hour."),
        (NEW, "X is something new, not among your 17 earlier check-ins. It was the last check-in, "
              "and 2 of your 17 earlier check-ins are Y too."),
    ],
)  # fmt: skip
def test_a_text_of_the_evidence_can_be_written_letter_by_letter(evidence, text):
    guide = ConstrainedDecoder(evidence)
    stopped = [text[:n] for n in range(len(text) + 1) if not guide.allows(text[:n])]
    assert not stopped and guide.ends(text) and objections(text, evidence) == []


@pytest.mark.parametrize(
    "text",
    [
        "You have chosen X 5", "You have chosen X 4 times. You ", "It is 4.4", "It is 4 ",
        "None of", "It is 4.3 km away, but it", "You have chosen X 4 times, but 1", "We",
        "You have been", "4.3 km", "you", "You you", "Y", "It is 4.3 km away because", "You love",
        "You have chosen X 4 times on", "You have chosen X 4 times. and", "It",
        "You have chosen X 4 times,,", "You have chosen X  4",
    ],
)  # fmt: skip
def test_a_text_that_leaves_the_evidence_is_stopped_there(text):
    if text == "Y":  # The beginning of "You".
        assert ConstrainedDecoder(RETURN).allows(text) and not ConstrainedDecoder(RETURN).allows(
            text + " "
        )
    else:
        assert not ConstrainedDecoder(RETURN).allows(text)


def test_it_ends_when_both_sides_are_told():
    guide = ConstrainedDecoder(RETURN)
    assert not guide.ends("You have chosen X 4 times, last on 19 Jul 2024.")
    assert not guide.ends("You have chosen X 4 times, and it is 4.3 km away.")
    assert not guide.ends("You have chosen X 4 times, and it is 4.3 km away. But")
    assert guide.ends("You have chosen X 4 times, and it is 4.3 km away. But none of the 4 visits "
                      "was right after Y.")  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("evidence", [RETURN, ONCE, NEW])
@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_written_within_it_passes_the_check(evidence, seed):
    """A writer that takes letters at random, but only those allowed."""
    import random

    guide, rng, text = ConstrainedDecoder(evidence), random.Random(seed), ""
    letters = "abcdefghijklmnoprstuvwyXYT0123456789 .,:'-AJINO"
    for _ in range(400):
        if text and guide.ends(text) and rng.random() < 0.5:
            break
        options = [each for each in letters if guide.allows(text + each)]
        if not options:
            break
        text += rng.choice(options)
    for end in range(len(text), 0, -1):
        if guide.ends(text[:end]):
            assert objections(text[:end], evidence) == []
            break
