"""Recommendations over all samples in the words of a language model, checked twice.

Each text is appended to a file as it is written, so that a long run can be interrupted and goes
on where it was. Prints the table of docs/llm.md::

    OMP_NUM_THREADS=1 python benchmarks/rephrase.py --n 1000          # about 30 minutes on one core
    OMP_NUM_THREADS=1 python benchmarks/rephrase.py --n 100 --free    # without a guide, to compare
    python benchmarks/rephrase.py --n 1000 --show 50                  # and 50 texts to read
"""

import argparse
import json
import re
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

from strec.explanation.clauses import sentences_of
from strec.explanation.constrained_decoding import ConstrainedDecoder
from strec.explanation.reasons import Reasons, explain
from strec.explanation.rephrase import EXAMPLE, Rephrased, Rephraser, prompt_of, stand_in
from strec.io.samples import read_sample, samples
from strec.llm import Writer
from strec.recommend import Recommender

#: So many texts are written together.
BATCH = 16
#: For the second opinion, which shares no word list with the first.
NUMBERS = {
    word: str(k)
    for k, word in enumerate(
        re.findall(r"\w+", "one two three four five six seven eight nine ten eleven twelve"), 1
    )
}
VAGUE = ("dozen", "half", "twice", "once", "several", "many")
LINKS = ("", ".", ",", "of", "your", "the", "in", "and", "but", "on")
CLAIMS = set(
    re.findall(
        r"\w+",
        "always never often usually rarely sometimes favourite favorite best most only "
        "first every everyone everybody nobody popular loved love likes like enjoy great "
        "good perfect new nearest closest near cheap famous famously quiet regular "
        "regularly frequent frequently recently today yesterday tomorrow tonight morning "
        "afternoon evening night weekend open closed free friends others all none any more "
        "less least last before after next earlier later again",
    )
)
DENIALS = ("not", "none", "no", "never", "nothing", "nobody", "isn't", "wasn't", "haven't")
MONTHS = {"january": "jan", "february": "feb", "march": "mar", "april": "apr", "june": "jun",
          "july": "jul", "august": "aug", "september": "sep", "october": "oct",
          "november": "nov", "december": "dec"}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000, help="recommendations put into words")
    parser.add_argument("--model", default="smollm2", help="a name, or a folder")
    parser.add_argument("--free", action="store_true", help="let it write without a guide")
    parser.add_argument("--out", type=Path, help="JSON Lines; rephrased[-free].jsonl")
    parser.add_argument("--show", type=int, default=0, help="so many texts to read")
    args = parser.parse_args()
    out = args.out or Path("rephrased-free.jsonl" if args.free else "rephrased.jsonl")
    names = [each.name for each in samples()]
    reasons = {name: drawn_reasons(name, args.n // len(names)) for name in names}
    write(Writer(args.model, int8=True), reasons, out, args.free)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    print(table(rows, reasons))
    for row in _evenly(rows, args.show):
        said = checked(row, reasons)
        print(f"- {' '.join(row['facts'])}\n  {said.text if said.is_llm else said.objections}")


def write(writer: Writer, reasons: dict[str, list[Reasons]], out: Path, free: bool) -> None:
    """Append a line per text that is not in the file yet."""
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    done = {(row["sample"], row["k"]) for row in rows}
    todo = [
        {"sample": sample, "k": k, "facts": stood_in[1]}
        for sample, drawn in reasons.items()
        for k, each in enumerate(drawn)
        if (sample, k) not in done and (stood_in := stand_in(each)) is not None
    ]
    todo.sort(key=lambda row: row["k"])  # An interrupted run has as many of each sample.
    options = Rephraser(writer)._options()
    for first in range(0, len(todo), BATCH):
        rows = todo[first : first + BATCH]
        begun = time.process_time(), time.perf_counter()
        drafts = writer.generate_many(
            [prompt_of(row["facts"]) for row in rows],
            guides=None if free else [ConstrainedDecoder(row["facts"]) for row in rows],
            shared=EXAMPLE,
            **options,
        )
        spent = {"cpu_s": time.process_time() - begun[0], "s": time.perf_counter() - begun[1]}
        spent = {name: round(seconds / len(rows), 3) for name, seconds in spent.items()}
        with out.open("a") as file:
            for row, draft in zip(rows, drafts, strict=True):
                file.write(json.dumps(row | spent | {"draft": draft}) + "\n")
        print(f"{first + len(rows):,} of {len(todo):,} written", flush=True)


def table(rows: list[dict], reasons: dict[str, list[Reasons]]) -> str:
    """Return what came of the texts, by sample, as a Markdown table."""
    lines = [
        "| sample | recommendations | in the model's words (95 %) | of these, sentences left out "
        "| rejected | invented facts | CPU s per text | per sentence |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in [*reasons, "together"]:
        own = [row for row in rows if name in (row["sample"], "together")]
        if not own:
            continue
        said = [checked(row, reasons) for row in own]
        used = [(row, each) for row, each in zip(own, said, strict=True) if each.is_llm]
        invented = [second_opinion(each.text, _of(row, reasons)) for row, each in used]
        cut = sum(bool(each.objections) for _, each in used)
        seconds = sum(row["cpu_s"] for row in own)
        n_sentences = sum(len(sentences_of(row["draft"])) for row in own)
        low, high = interval(len(used), len(own))
        lines.append(
            f"| {name} | {len(own):,} | {100 * len(used) / len(own):.1f} % "
            f"({low:.1f}–{high:.1f}) | {cut:,} | {len(own) - len(used):,} "
            f"| {sum(map(bool, invented)):,} | {seconds / len(own):.1f} "
            f"| {seconds / max(n_sentences, 1):.1f} |"
        )
        if name == "together":
            for (row, each), found in zip(used, invented, strict=True):
                if found:
                    print(f"invented? {found}: {each.text} FROM {' '.join(row['facts'])}")
    return "\n".join(lines)


def checked(row: dict, reasons: dict[str, list[Reasons]]) -> Rephrased:
    """Return what the rephraser makes of a draft, checked as the page checks it."""
    return Rephraser(_Written(row["draft"])).rephrase(_of(row, reasons))


def interval(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share, in per cent."""
    z, share = 1.96, hits / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return 100 * max(middle - half, 0.0), 100 * min(middle + half, 1.0)


class _Written:
    """A writer whose draft is there already."""

    fingerprint = "written"

    def __init__(self, draft: str):
        self.draft = draft

    def generate(self, prompt: str, **options) -> str:
        return self.draft


def _of(row: dict, reasons: dict[str, list[Reasons]]) -> Reasons:
    return reasons[row["sample"]][row["k"]]


def _evenly(rows: Sequence[dict], n: int) -> list[dict]:
    return [rows[k] for k in np.linspace(0, len(rows) - 1, n).astype(int)] if n else []


def drawn_reasons(sample: str, n: int) -> list[Reasons]:
    """Return the reasons of suggestions for users of a sample, at hours drawn at random."""
    checkins, rng = read_sample(sample), np.random.default_rng(0)
    recommender, found = Recommender(checkins), []
    ends = dict(checkins.group_by("user_id").agg(pl.max("timestamp")).iter_rows())
    while len(found) < n:
        user = rng.choice(recommender.log.owner_ids)
        moment = ends[user].replace(tzinfo=None) + timedelta(hours=float(rng.uniform(1, 168)))
        answer = recommender.answer(user, moment, k=5)
        found.append(explain(answer, int(rng.integers(1, len(answer.codes) + 1))))
    return found


def second_opinion(text: str, reasons: Reasons) -> list[str]:
    """Return what a text holds that the evidence does not, by other means than `fact_check`.

    Every number with the word after it, every name, every claim and every negation is looked for
    in the sentences counted from the check-ins.
    """
    known = f"{reasons.item_name}. {' '.join(reasons.sentences)}"
    plain = [_plain(each).replace(_plain(reasons.item_name), " ") for each in (text, known)]
    told, evidence = (re.findall(r"[^\W_]+(?:[.:,'][^\W_]+)*|[.,%]", each) for each in plain)
    pairs = set(zip(evidence, [*evidence[1:], ""], strict=True))
    found = []
    for word, following in zip(told, [*told[1:], ""], strict=True):
        if any(c.isdigit() for c in word) or word in VAGUE:
            held = word in evidence and (following in LINKS or (word, following) in pairs)
        else:
            held = word not in CLAIMS or word in evidence
        if not held:
            found.append(f"{word} {following}".strip())
    names = re.findall(r"(?<![.!?] )(?<!^)\b[A-Z]\w+", text)
    found += [name for name in names if _plain(name).strip() not in _plain(known)]
    denied = [sum(word in DENIALS for word in words) for words in (told, evidence)]
    return found + (["a negation too many"] if denied[0] > denied[1] else [])


def _plain(text: str) -> str:
    text = text.lower().replace("visited", "chosen").replace(" ago", " before")
    for word, short in (MONTHS | NUMBERS).items():
        text = re.sub(rf"\b{word}\b", short, text)
    return re.sub(r" ?%", " % ", text)


if __name__ == "__main__":
    main()
