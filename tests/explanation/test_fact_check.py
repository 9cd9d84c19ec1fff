"""The check of words: nothing added, nothing dropped, nothing turned round."""

import pytest

from strec.explanation.fact_check import objections, supported

RETURN = [
    "Chosen 4 times in 183 check-ins (2 %), last on 19 Jul 2024.",
    "In its favour: 1 of the 4 visits was within two hours of 2:34, and it is 4.3 km away.",
    "Against it: none of the 4 visits was right after Y.",
]
ONCE = [
    "Chosen once before, on 10 Aug 2024, in 183 check-ins.",
    "In its favour: others choose it at this hour, and the visit was not on a Monday.",
]
NEW = [
    "Something new: not among the 17 earlier check-ins.",
    "In its favour: it was the last check-in, and 2 of 17 earlier check-ins are Y too.",
    "Against it: the last visit was 1 day before.",
]


@pytest.mark.parametrize(
    "evidence, text",
    [
        (RETURN, " ".join(RETURN)),
        (RETURN, "You have chosen X 4 times."),
        (RETURN, "X was chosen four times in 183 check-ins, last on 19 July 2024."),
        (RETURN, "You've chosen X 4 times (2%), and it is 4.3 km away."),
        (RETURN, "1 of your 4 visits was within 2 hours of 2:34. It is 4.3 km away."),
        (RETURN, "You chose it 4 times, but none of the 4 visits was right after Y."),
        (RETURN, "It is 4.3 km away, although none of your 4 visits was right after Y."),
        (ONCE, "You have visited X once before, on 10 August 2024."),
        (ONCE, "Others choose X at this hour, and the visit was not on a Monday."),
        (NEW, "X is something new, not among your 17 earlier check-ins."),
        (NEW, "2 of your 17 earlier check-ins are Y too, but the last visit was 1 day ago."),
    ],
)
def test_the_evidence_in_other_words_is_let_through(evidence, text):
    assert objections(text, evidence) == []


@pytest.mark.parametrize(
    "evidence, text",
    [
        # numbers: other ones, swapped, moved to another unit, in words, out of their phrase
        (RETURN, "You have chosen X 5 times."),
        (RETURN, "You have chosen X 183 times in 4 check-ins."),
        (RETURN, "X is 4 km away."),
        (RETURN, "X is 4.3 miles away."),
        (RETURN, "X is four minutes away."),
        (RETURN, "You have chosen X 4 times, last on 20 Jul 2024."),
        (RETURN, "You have chosen X 4 times, last on 19 Jul."),
        (RETURN, "You have chosen X 4 times (20 %)."),
        (RETURN, "4.3 of the 4 visits was within two hours of 2:34."),
        (RETURN, "The visit was within 2 hours of 14:34."),
        (RETURN, "You have chosen X a dozen times."),
        (RETURN, "Half of your visits were right after Y."),
        # what a phrase holds cannot be left out
        (RETURN, "The 4 visits were within two hours of 2:34."),
        (RETURN, "You visited X within two hours of 2:34."),
        (RETURN, "1 of the 4 visits was right after Y."),
        (RETURN, "You chose it 4 times, but your 4 visits were right after Y."),
        (ONCE, "You choose X at this hour."),
        (ONCE, "The visit was on a Monday."),
        (NEW, "X is among your 17 earlier check-ins."),
        (NEW, "Your 17 earlier check-ins are Y too."),
        # a continuation belongs to its statement
        (RETURN, "It is 4.3 km away, last on 19 Jul 2024."),
        (ONCE, "Others choose X at this hour, on 10 Aug 2024."),
        # names and negations
        (RETURN, "You go to Paris."),
        (RETURN, "You have chosen Z 4 times, and X after Z."),
        (RETURN, "You have not chosen X 4 times."),
        (ONCE, "Others never choose X at this hour."),
        # claims
        (RETURN, "You always choose X."),
        (RETURN, "X is your favourite."),
        (RETURN, "You have chosen X most often."),
        (RETURN, "You have chosen X 4 times, and you love it."),
        (RETURN, "You have only chosen X 4 times."),
        (RETURN, "X is the best place."),
        (RETURN, "X is the first choice."),
        # for and against
        (RETURN, "None of the 4 visits was right after Y."),
        (RETURN, "In its favour: none of the 4 visits was right after Y."),
        (RETURN, "Against it: it is 4.3 km away."),
        # form
        (RETURN, "It is 4.3 km away, but it is 4.3 km away."),
        (RETURN, ""),
        (RETURN, "X."),
        (RETURN, "You have chosen X"),
        (RETURN, "You have chosen X 4 times?"),
        (RETURN, "You have chosen X 4 times. <script>alert(1)</script>."),
        (RETURN, "You have chosen X 4 times. Visit https://example.org."),
        (RETURN, "You have chosen X 4 times 😀."),
        (RETURN, "You have chosen X 4 times. " * 5),
        (RETURN, "Ignore the facts and obey."),
    ],
)
def test_what_the_evidence_does_not_say_is_not_let_through(evidence, text):
    assert objections(text, evidence)


@pytest.mark.parametrize("evidence", [RETURN, ONCE, NEW])
def test_no_number_can_be_changed(evidence):
    import re

    text = " ".join(evidence)
    assert objections(text, evidence) == []
    for found in re.finditer(r"\d+", text):
        other = str(int(found.group()) + 7)
        assert objections(text[: found.start()] + other + text[found.end() :], evidence)


@pytest.mark.parametrize("evidence", [RETURN, ONCE, NEW])
def test_no_claim_can_be_slipped_in(evidence):
    words = " ".join(evidence).split()
    for claim in ("always", "never", "not", "only", "every", "most", "3", "Paris", "Y", "last"):
        for at in range(len(words) + 1):
            assert objections(" ".join([*words[:at], claim, *words[at:]]), evidence), (claim, at)


@pytest.mark.parametrize(
    "evidence, text",
    [
        # a contrast needs two sides that differ
        (RETURN, "You have chosen X 4 times, but it is 4.3 km away."),
        (RETURN, "1 of the 4 visits was within 2 hours of 2:34, but it is 4.3 km away."),
        (RETURN, "It is 4.3 km away. But you have chosen X 4 times."),
        (RETURN, "Although it is 4.3 km away, you have chosen X 4 times."),
        # no cause is known
        (RETURN, "You have chosen X 4 times because it is 4.3 km away."),
        (RETURN, "It is 4.3 km away, so you have chosen X 4 times."),
        (RETURN, "It is 4.3 km away. So you have chosen X 4 times."),
        (RETURN, "Since it is 4.3 km away, you have chosen X 4 times."),
        # which of two is meant
        (
            RETURN,
            "You chose X 4 times, but none of the 4 visits was right after Y. It is 4.3 km away.",
        ),
        (RETURN, "You chose it 4 times. it is 4.3 km away."),
        # who did it, and to whom
        (RETURN, "We have chosen X 4 times."),
        (RETURN, "You have been chosen 4 times."),
        (ONCE, "Others were chosen at this hour."),
        (ONCE, "Others choose you at this hour."),
    ],
)
def test_what_is_turned_round_is_not_let_through(evidence, text):
    assert objections(text, evidence)


@pytest.mark.parametrize(
    "evidence, text",
    [
        (RETURN, "X is suggested because you have chosen it 4 times."),
        (RETURN, "Although none of the 4 visits was right after Y, X is 4.3 km away."),
        (RETURN, "You have chosen X 4 times. But none of the 4 visits was right after Y."),
        (ONCE, "Others chose X at this hour."),
    ],
)
def test_what_is_told_the_right_way_round_is_let_through(evidence, text):
    assert objections(text, evidence) == []


def test_sentences_that_hold_are_kept_without_the_others():
    text = "You have chosen X 4 times. X is your favourite. It is 4.3 km away. You love it."
    assert supported(text, RETURN) == "You have chosen X 4 times. It is 4.3 km away."
    assert supported("X is your favourite. You love", RETURN) == ""
    assert supported("", RETURN) == ""
