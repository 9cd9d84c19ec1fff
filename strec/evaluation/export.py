"""An evaluation as CSV, Markdown or one HTML page, with its regime and what the measures mean."""

from collections.abc import Sequence

import polars as pl

from strec import export
from strec.evaluation.proposal import propose
from strec.evaluation.scoring import Result, in_words, rules_of_nobody
from strec.evaluation.slices import slices, ways_to_slice
from strec.evaluation.summary import leaderboard
from strec.metrics import METRICS


def to_csv(results: Sequence[Result]) -> str:
    """Return the full leaderboard as CSV, text cells safe to open in a spreadsheet.

    Parameters
    ----------
    results : sequence of Result
        Scored on the same queries.

    Examples
    --------
    >>> from strec import Dataset, evaluate
    >>> found = evaluate(["popularity"], Dataset.sample("travel"))
    >>> to_csv(found).split(",")[0]
    'model'
    """
    return export.to_csv(leaderboard(results))


def to_markdown(results: Sequence[Result], measures: Sequence[str] | None = None) -> str:
    """Return the leaderboard as a Markdown table under its regime.

    Parameters
    ----------
    results : sequence of Result
        Scored on the same queries.
    measures : sequence of str, optional
        Keys of `strec.metrics.METRICS`; the short list when not given.

    Examples
    --------
    >>> from strec.evaluation import evaluate
    >>> to_markdown(evaluate("popularity", "flights"), ["acc@1"]).splitlines()[-3]
    '| model | Right at the first try (Acc@1) |'
    """
    measures = measures or [name for name, each in METRICS.items() if each.is_short]
    header = ["model", *(METRICS[measure].title for measure in measures)]
    rows = (
        [export.markdown_cell(row["model"]), *(cell(row, measure) for measure in measures)]
        for row in leaderboard(results).iter_rows(named=True)
    )
    lines = [
        sentence(results),
        "",
        f"| {' | '.join(header)} |",
        f"|---|{'---:|' * len(measures)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines)


def to_html(results: Sequence[Result], title: str = "Evaluation") -> str:
    """Return one self-contained HTML page: proposal, leaderboard, slices, meaning of measures.

    Parameters
    ----------
    results : sequence of Result
        Scored on the same queries.
    title : str
        Stands on top of the page.

    Examples
    --------
    >>> from strec import Dataset, evaluate
    >>> found = evaluate(["popularity"], Dataset.sample("travel"))
    >>> to_html(found, "One model").startswith("<!doctype html>")
    True
    """
    board = leaderboard(results).rows(named=True)
    found = ((words, slices(results, by)) for by, words in ways_to_slice(results).items())
    return export.html_page(
        "evaluation",
        width="70rem",
        min_users=export.MIN_USERS,
        title=title,
        sentence=sentence(results),
        proposal=propose(results).sentence,
        header=["model", *(measure.title for measure in METRICS.values())],
        rows=[[row["model"], *(cell(row, measure) for measure in METRICS)] for row in board],
        slices=[(words, *_by_slice(each)) for words, each in found if each["slice"].n_unique() > 1],
        measures=METRICS.values(),
    )


def sentence(results: Sequence[Result]) -> str:
    """Return how much was scored, and under which regime."""
    queries = results[0].queries
    return " ".join(
        filter(None, (f"{in_words(queries)}.", results[0].regime.words(), rules_of_nobody(queries)))
    )


def cell(row: dict, measure: str) -> str:
    """Return a value of the leaderboard with its interval, where it has one.

    Examples
    --------
    >>> cell({"acc@1": 0.25, "acc@1 low": 0.2, "acc@1 high": 0.3}, "acc@1")
    '0.250 [0.200, 0.300]'
    """
    value, digits = row[measure], METRICS[measure].digits
    if value is None:
        return "–"
    return _with_interval(value, row.get(f"{measure} low"), row.get(f"{measure} high"), digits)


def _with_interval(value: float, low: float | None, high: float | None, digits: int = 3) -> str:
    text = f"{value:.{digits}f}"
    return text if low is None else f"{text} [{low:.{digits}f}, {high:.{digits}f}]"


def _by_slice(found: pl.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of a table: a slice per row, a model per column."""
    models = found["model"].unique(maintain_order=True).to_list()
    rows = []
    for name in found["slice"].unique(maintain_order=True):
        own = {row["model"]: row for row in found.filter(slice=name).rows(named=True)}
        n = next(iter(own.values()))["n_queries"]
        cells = [_with_interval(*(own[m][key] for key in ("value", "low", "high"))) for m in models]
        rows.append([name, f"{n:,}", *cells])
    return ["", "scored", *models], rows
