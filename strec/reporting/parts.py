"""What a report is made of: sections of figures, each with its words and its numbers."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd
import plotly.graph_objects as go

from strec.errors import StrecError


@dataclass(frozen=True)
class Figure:
    """A picture with what it means in words; without a picture, only the words.

    Attributes
    ----------
    words : str
        Plain text.
    picture : plotly.graph_objects.Figure, optional
    data : pandas.DataFrame, optional
        The numbers behind the picture, to take along. A report is made to be passed on: nothing
        about single users.
    """

    words: str
    picture: go.Figure | None = None
    data: pd.DataFrame | None = None


@dataclass
class Section:
    """One question and its answer.

    Attributes
    ----------
    title : str
        The question.
    figures : list of Figure
    facts : dict
        The numbers behind the words, ready for JSON.
    method : str
        How it works: plain text, paragraphs apart by empty lines.

    Examples
    --------
    >>> Section("When?", "when").title
    'When?'
    >>> section = Section("Where?")
    >>> section.add(lambda: Figure("Most of it is near the harbour."))
    >>> section.figures[0].words
    'Most of it is near the harbour.'
    """

    title: str
    figures: list[Figure] = field(default_factory=list)
    facts: dict = field(default_factory=dict)
    method: str = ""

    def add(self, make: Callable[[], Figure]) -> None:
        """Add a figure, or in its place the reason why there is none.

        Parameters
        ----------
        make : callable
            Makes the figure; a `StrecError` that it raises says why it cannot.
        """
        try:
            self.figures.append(make())
        except StrecError as error:
            self.figures.append(Figure(f"{error.needed} Found: {error.found} {error.mend}"))
