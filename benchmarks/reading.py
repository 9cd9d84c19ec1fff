"""Reading: of the kinds of files that people bring, how many are read rightly, asked, or wrong.

Each kind of ``tests/corpus/public.py`` (headers of public services), and of ``notations.py``
(times, places, letters) and ``shapes.py`` (forms) beside it, is written and looked at as a
stranger's file is. *Right*: every field has the right column and nothing must be answered; of a
notation each row also has the right moment, place and name. *Asked*: a question that has the right
answer among its options, or a role shown in doubt. *Wrong in silence*: any field that is something
else, or is missing, without a question about it. Prints a Markdown table::

    python benchmarks/reading.py
    python benchmarks/reading.py --log        # the log of kinds: source and right values
"""

import argparse
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from strec.errors import StrecError
from strec.io import Inspection, inspect, read
from tests.corpus.notations import LETTERS, PLACES, TIMES
from tests.corpus.public import ASK, KINDS, Kind
from tests.corpus.shapes import FORMS

NOTATIONS = (*TIMES, *PLACES, *LETTERS, *FORMS)
#: Fields that a table may have and of which a wrong one is no small matter.
CHECKED = ("user_id", "item_id", "timestamp", "lat", "lon", "item_name", "category", "event",
           "place_id", "place_name", "origin_id", "origin_name", "origin_lat", "origin_lon",
           "end_timestamp", "utc_offset_min")  # fmt: skip
#: What a question about a field is called, where it has another name.
KEYS = {"user_id": "user", "item_id": "item", "lon": "lat"}


@dataclass(frozen=True)
class Judged:
    """How one kind was read: ``right``, ``asked``, ``wrong`` or ``refused``, and what was seen."""

    outcome: str
    seen: str = ""


def judge(kind: Kind, look: Inspection) -> Judged:
    """Compare what was taken with what the columns mean."""
    questions = {question.key: question for question in look.questions}
    mapping, asked = look.mapping, [q.key for q in look.questions if q.must_be_answered]
    wrong, doubtful = [], []
    for name in CHECKED:
        wanted = kind.right.get(name, "-")
        allowed = {wanted} if isinstance(wanted, str) else set(wanted)
        taken = mapping.columns().get(name) or "-"
        if name == "item_id" and mapping.item_from_place:
            taken = "hexagon"
        if name == "user_id" and mapping.user_from:
            taken, allowed = mapping.user_from, _users(kind, allowed)
        if name == "value" and "-" in allowed:
            continue
        if taken in allowed:
            continue
        question = questions.get(name) or questions.get(KEYS.get(name, name))
        if question is None:
            wrong.append(f"{name}={taken}, right {' or '.join(sorted(allowed))}")
            continue
        offered = {str(value) for option in question.options for value in option.changes.values()}
        answers = allowed - {ASK, "-", "hexagon"}
        if answers and not answers & offered:
            wrong.append(f"{name}: the question does not offer {' or '.join(sorted(answers))}")
        doubtful.append(name)
    if wrong:
        return Judged("wrong", "; ".join(wrong))
    return Judged("asked" if asked or doubtful else "right", ", ".join([*asked, *doubtful]))


def _users(kind: Kind, allowed: set[str]) -> set[str]:
    given = kind.right.get("user_from", ())
    return allowed - {"-"} | ({given} if isinstance(given, str) else set(given)) - {ASK}


def look_at(kind: Kind, folder: Path) -> Judged:
    """Write one kind, look at it, and judge; what can be read without an answer is read."""
    try:
        path = kind.write(folder)
        look = inspect(path)
        judged = judge(kind, look)
        must = any(question.must_be_answered for question in look.questions)
        if judged.outcome == "wrong" or must or not kind.checks:
            return judged
        # A doubtful role is read as it was taken; what stands in it then is part of the doubt.
        asked = {question.key for question in look.questions}
        table = read(path).checkins
        faults = [fault for check in kind.checks if (fault := check(kind.events, table))]
        if faults and asked & {name for name, right in kind.right.items() if right == ASK}:
            return Judged("asked", faults[0])
        return Judged("wrong", faults[0]) if faults else judged
    except StrecError as error:
        return Judged("refused", str(error)[:160])


def table() -> str:
    """Return the results as Markdown: shares, and each kind that is not right."""
    with tempfile.TemporaryDirectory() as folder:
        judged = {kind.name: look_at(kind, Path(folder)) for kind in (*KINDS, *NOTATIONS)}
    counts, n = Counter(each.outcome for each in judged.values()), len(judged)
    lines = ["| kinds | right | asked | refused | wrong in silence |", "|---:|---:|---:|---:|---:|"]
    shares = " | ".join(
        f"{counts[name]} ({counts[name] / n:.0%})"
        for name in ("right", "asked", "refused", "wrong")
    )
    lines += [f"| {n} | {shares} |", "", "| kind | outcome | about |", "|---|---|---|"]
    lines += [
        f"| {name} | {each.outcome} | {each.seen} |"
        for name, each in judged.items()
        if each.outcome != "right"
    ]
    return "\n".join(lines)


def log() -> str:
    """Return source, kind and right values of every kind as Markdown."""
    lines = ["| kind | source | right |", "|---|---|---|"]
    for kind in (*KINDS, *NOTATIONS):
        right = ", ".join(
            f"{name}: {column if isinstance(column, str) else ' or '.join(column)}"
            for name, column in kind.right.items()
        )
        lines.append(f"| {kind.name} | {kind.source} | {right.replace(ASK, 'asked')} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--log", action="store_true", help="print the log of kinds")
    print(log() if parser.parse_args().log else table())
