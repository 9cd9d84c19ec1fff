"""Does a language model know at which hours kinds of places are visited? New York, SmolLM2.

Prints the table of docs/llm.md: how much likelier the hours of later check-ins are when those of
a kind lean on what the language model says of it, in place of the hours of all kinds::

    STREC_DATA=folder python benchmarks/llm_hours.py        # about 3 minutes of one core
"""

import argparse
import os
from pathlib import Path

import numpy as np
import torch

from strec.io import read
from strec.llm import Writer
from strec.models.counting.statistics import _histogram, time_cell
from strec.split import Log, Vocabulary, encode

PARTS = (("early in the morning", 5), ("in the morning", 8), ("around lunchtime", 11),
         ("in the afternoon", 14), ("in the evening", 18), ("late at night", 22))  # fmt: skip
DAYS = ("weekdays", "weekends")
#: Check-ins of other kinds that a kind leans on, as `Statistics` has it.
STRENGTH = 20
AT_ONCE = 32
WEIGHTS = np.linspace(0, 1, 21)


def main() -> None:
    argparse.ArgumentParser(description=str(__doc__).splitlines()[0]).parse_args()
    folder = Path(os.environ["STREC_DATA"]) / "foursquare_nyc"
    table = read([folder / "train.csv.gz", folder / "pois.csv"]).checkins
    log = encode(table, Vocabulary.of(table))
    advice = said(log.vocabulary.categories)
    print(
        "| days known | weight | gain, nats a check-in | of kinds seen below 20 times | counting |"
    )
    print("|---|---|---|---|---|")
    for days in (2, 4, 7, 14, 28, 60):
        print(row(log, advice, days), flush=True)


def said(kinds: np.ndarray) -> np.ndarray:
    """Return log P(kind | time), less its mean over times and over kinds: (n_kinds, 48)."""
    tokenizer, model = Writer("smollm2")._loaded
    found = np.zeros((len(kinds), len(DAYS), len(PARTS)))
    own = [
        tokenizer(f" {str(kind).lower()}", add_special_tokens=False)["input_ids"] for kind in kinds
    ]
    for day, on in enumerate(DAYS):
        for part, (when, _) in enumerate(PARTS):
            head = tokenizer(f"Popular places {when} on {on}: the")["input_ids"]
            for first in range(0, len(kinds), AT_ONCE):
                some = own[first : first + AT_ONCE]
                # What stands to the right of a token changes nothing of what is said of it.
                longest = max(map(len, some))
                rows = [head + each + [0] * (longest - len(each)) for each in some]
                with torch.inference_mode():
                    logits = model(torch.tensor(rows)).logits.log_softmax(-1)
                for number, each in enumerate(some):
                    at = torch.arange(len(head) - 1, len(head) + len(each) - 1)
                    found[first + number, day, part] = logits[number, at, each].sum()
    found -= found.mean(axis=(1, 2), keepdims=True)
    found -= found.mean(axis=0)
    first = np.array([hour for _, hour in PARTS])
    of_hour = (np.searchsorted(first, np.arange(24), side="right") - 1) % len(PARTS)
    by_hour = found[:, :, of_hour].reshape(len(kinds), 48)
    return by_hour / by_hour.std()


def row(log: Log, advice: np.ndarray, days: float) -> str:
    known = log.category >= 0
    kind, cell = log.category[known], time_cell(log.hour, log.weekday)[known]
    day = (log.time_us[known] - log.time_us.min()) / 86.4e9
    n_kinds = len(advice)

    def gain(fit: np.ndarray, later: np.ndarray, weight: float) -> np.ndarray:
        counted = _histogram(kind[fit], cell[fit], n_kinds)
        return np.log(
            profile(counted, weight * advice)[kind[later], cell[later]]
            / profile(counted, 0 * advice)[kind[later], cell[later]]
        )

    fit, later = day < days, day >= days
    half = day < days / 2
    weight = max(WEIGHTS, key=lambda each: gain(half, fit & ~half, each).mean())
    found = gain(fit, later, weight)
    rare = np.bincount(kind[fit], minlength=n_kinds)[kind[later]] < 20
    counted = _histogram(kind[fit], cell[fit], n_kinds)
    everything = counted.sum(axis=0) / counted.sum()
    hours = profile(counted, 0 * advice)[kind[later], cell[later]] / everything[cell[later]]
    return (
        f"| {days} | {weight:.2f} | {found.mean():+.4f} | {found[rare].mean():+.4f} | "
        f"{np.log(hours).mean():+.4f} |"
    )


def profile(counted: np.ndarray, advice: np.ndarray) -> np.ndarray:
    """Return the hours of each kind, leaning on those of all kinds, moved by advice."""
    prior = (counted.sum(axis=0) + 1e-9) * np.exp(advice)
    prior = STRENGTH * prior / prior.sum(axis=1, keepdims=True)
    return (counted + prior) / (counted.sum(axis=1, keepdims=True) + STRENGTH)


if __name__ == "__main__":
    main()
