"""An evaluation as CSV, Markdown or one HTML page, with its regime and what the measures mean."""

from collections.abc import Sequence
from html import escape

import polars as pl

from strec.evaluation.proposal import propose
from strec.evaluation.scoring import Result
from strec.evaluation.slices import SLICES, slices
from strec.evaluation.summary import leaderboard
from strec.metrics import METRICS

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
div.wide { overflow-x: auto }
th, td { padding: .35rem .6rem; border-bottom: 1px solid #8886; text-align: right;
white-space: nowrap }
th:first-child, td:first-child { text-align: left }
small { opacity: .7 } .best { font-weight: 700 } p.box { border-left: 4px solid #0E8F8C;
padding: .4rem .8rem; background: #0E8F8C18 }
"""


def to_csv(results: Sequence[Result]) -> str:
    """Return the full leaderboard as CSV, text cells safe to open in a spreadsheet."""
    from strec.io import no_formula

    board = leaderboard(results)
    return board.with_columns(no_formula(pl.col("model")).alias("model")).write_csv()


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
    '| model | Accuracy (Acc@1) |'
    """
    measures = measures or [name for name, each in METRICS.items() if each.is_short]
    board = leaderboard(results)
    header = ["model", *(METRICS[measure].title for measure in measures)]
    lines = [
        sentence(results),
        "",
        f"| {' | '.join(header)} |",
        f"|---|{'---:|' * len(measures)}",
        *(
            f"| {_no_pipe(row['model'])} | {' | '.join(cell(row, m) for m in measures)} |"
            for row in board.iter_rows(named=True)
        ),
    ]
    return "\n".join(lines)


def to_html(results: Sequence[Result], title: str = "Evaluation") -> str:
    """Return one self-contained HTML page: proposal, leaderboard, slices, meaning of measures."""
    board = leaderboard(results)
    parts = [
        f"<h1>{escape(title)}</h1><p>{escape(sentence(results))}</p>",
        f'<p class="box">{escape(propose(results).sentence)}</p>',
        _html_table(
            ["model", *(measure.title for measure in METRICS.values())],
            [[row["model"], *(cell(row, m) for m in METRICS)] for row in board.rows(named=True)],
        ),
        "<p><small>In brackets: 95 % interval over resampled users.</small></p>",
    ]
    for by, words in SLICES.items():
        found = slices(results, by)
        if found["slice"].n_unique() > 1:
            parts += [f"<h2>{escape(words)} (Acc@1)</h2>", _slice_table(found)]
    parts.append("<h2>What the measures mean</h2><dl>")
    parts += [
        f"<dt><b>{escape(m.title)}</b></dt><dd>{escape(m.sentence)}</dd>" for m in METRICS.values()
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</dl></body>'


def sentence(results: Sequence[Result]) -> str:
    """Return how much was scored, and under which regime."""
    queries = results[0].queries
    return (
        f"{len(queries):,} scored check-ins of {queries['user_id'].n_unique():,} users. "
        f"{results[0].regime.words()}"
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
    text = f"{value:.{digits}f}"
    low, high = row.get(f"{measure} low"), row.get(f"{measure} high")
    return text if low is None else f"{text} [{low:.{digits}f}, {high:.{digits}f}]"


def _slice_table(found: pl.DataFrame) -> str:
    models = found["model"].unique(maintain_order=True).to_list()
    rows = []
    for name in found["slice"].unique(maintain_order=True):
        own = {row["model"]: row for row in found.filter(slice=name).rows(named=True)}
        n = next(iter(own.values()))["n_queries"]
        cells = [
            f"{own[m]['value']:.3f} [{own[m]['low']:.3f}, {own[m]['high']:.3f}]" for m in models
        ]
        rows.append([name, f"{n:,}", *cells])
    return _html_table(["", "scored", *models], rows)


def _html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(str(name))}</th>" for name in header)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(value))}</td>' for value in row)}</tr>" for row in rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _no_pipe(text: str) -> str:
    return text.replace("|", "\\|")
