"""Compute all sections and write them as one HTML page that needs nothing beside it."""

from base64 import b64encode
from dataclasses import dataclass
from html import escape

import pandas as pd
import polars as pl

from strec.io import no_formula
from strec.profiling.html import STYLE
from strec.progress import Progress, silent
from strec.reporting.parts import Figure, Section
from strec.reporting.sections import sections
from strec.store import Store

#: Called with a text and the share done.
_WIDTH = (
    "main figure { margin: 1.2rem 0 2rem } figcaption { margin-top: .3rem } "
    "details { margin: 1rem 0 2rem } summary { cursor: pointer }"
)


@dataclass(frozen=True)
class Analysis:
    """The answers of a data set.

    Attributes
    ----------
    name : str
        How the data set is called.
    source : str
        Where it comes from.
    sections : list of Section
    """

    name: str
    source: str
    sections: list[Section]

    def to_dict(self) -> dict:
        """Return the words and numbers, ready for JSON."""
        return {
            "name": self.name,
            "sections": [
                {
                    "title": each.title,
                    "words": [figure.words for figure in each.figures],
                    "facts": each.facts,
                }
                for each in self.sections
            ],
        }

    def html(self) -> str:
        """Return the page: figures can be hovered and zoomed, without any network.

        Text of the data set is escaped wherever it stands.
        """
        from plotly.offline import get_plotlyjs

        body = "".join(_section(each) for each in self.sections)
        source = f"<p class=faint>Source: {escape(self.source)}</p>" if self.source else ""
        return (
            "<!doctype html><html lang=en><head><meta charset=utf-8>"
            '<meta name=viewport content="width=device-width, initial-scale=1">'
            f"<title>{escape(self.name)}: when, where, what next</title>"
            f"<style>{STYLE}{_WIDTH}</style><script>{get_plotlyjs()}</script></head><body><main>"
            f"<h1>{escape(self.name)}</h1><p class=faint>When, where, does it matter, and what "
            f"comes next: an analysis by strec.</p>{source}{body}</main></body></html>\n"
        )


def analyse(store: Store, *, missing: str = "zero", progress: Progress | None = None) -> Analysis:
    """Answer when, where, whether it is real, whether it matters, and what comes next.

    Parameters
    ----------
    store : Store
        Any data set. What it is too small for is said in words in its place.
    missing : str
        What an hour or a day without check-ins means to a series: `zero`, nothing happened, or
        `gap`, nothing is known.
    progress : callable, optional
        Called with the title of a section and the share done.

    Examples
    --------
    >>> import tempfile
    >>> from strec import schema
    >>> store = Store.create(schema.example(), tempfile.mkdtemp() + "/s", name="Example")
    >>> [section.title for section in analyse(store).sections][:2]
    ['What is it?', 'When?']
    """
    tell = progress or silent
    found, todo = [], list(sections(store, missing))
    for number, (title, compute) in enumerate(todo):
        tell(title, number / len(todo))
        found.append(compute())
    tell("Done", 1.0)
    return Analysis(store.name, store.meta.get("source") or "", found)


def _section(section: Section) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>"]
    for figure in section.figures:
        words = escape(figure.words)
        if figure.picture is None:
            parts.append(f"<p>{words}</p>")
            continue
        drawn = figure.picture.update_layout(template="plotly_white", font={"color": "#66727B"})
        html = drawn.to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False})
        parts.append(
            f"<figure>{html}<figcaption class=faint>{words}{_take_along(figure)}</figcaption>"
            "</figure>"
        )
    if section.method:
        paragraphs = "".join(f"<p>{escape(each)}</p>" for each in section.method.split("\n\n"))
        parts.append(f"<details><summary>How it works</summary>{paragraphs}</details>")
    return "".join(parts)


def _take_along(figure: Figure) -> str:
    """The numbers of a figure as a link that holds them; the picture is a button in the figure."""
    if figure.data is None:
        return ""
    numbers = b64encode(_csv(figure.data).encode()).decode()
    return f' <a download="numbers.csv" href="data:text/csv;base64,{numbers}">Data as CSV</a>'


def _csv(frame: pd.DataFrame) -> str:
    """Return CSV in which no text is a formula to a spreadsheet; cells as people know them."""
    if "cell" in frame and frame["cell"].dtype == "uint64":
        frame = frame.assign(cell=[format(int(each), "x") for each in frame["cell"]])
    text = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    table = pl.from_pandas(frame.assign(**{name: frame[name].astype(str) for name in text}))
    return table.with_columns(no_formula(pl.col(name)).alias(name) for name in text).write_csv()
