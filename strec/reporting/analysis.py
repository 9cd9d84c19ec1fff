"""Compute all sections and write them as one HTML page that needs nothing beside it."""

from base64 import b64encode
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
from markupsafe import Markup

from strec.export import html_page, to_csv
from strec.progress import Progress, silent
from strec.reporting.parts import Section
from strec.reporting.sections import sections
from strec.store import Store, need_store
from strec.store.engines import EMBEDDED


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

        return html_page(
            "analysis",
            name=self.name,
            source=self.source,
            sections=self.sections,
            plotly=Markup(get_plotlyjs()),
            drawn=_drawn,
            numbers=lambda frame: b64encode(to_csv(_readable(frame)).encode()).decode(),
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
    store = need_store(store)
    tell = progress or silent
    found, todo = [], list(sections(store, missing))
    for number, (title, compute) in enumerate(todo):
        tell(title, number / len(todo))
        found.append(compute())
    tell("Done", 1.0)
    source = store.meta.get("source") or ""
    if store.engine != EMBEDDED:
        source = f"{source} Counted by {store.engine_in_words}.".strip()
    return Analysis(store.name, source, found)


def _drawn(picture: go.Figure) -> Markup:
    picture.update_layout(template="plotly_white", font={"color": "#66727B"})
    options = {"full_html": False, "include_plotlyjs": False, "config": {"displaylogo": False}}
    return Markup(picture.to_html(**options))


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Cells as people know them."""
    if "cell" in frame and frame["cell"].dtype == "uint64":
        return frame.assign(cell=[format(int(each), "x") for each in frame["cell"]])
    return frame
