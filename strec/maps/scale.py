"""Numbers as colours, and the legend that says which is which."""

from dataclasses import dataclass
from html import escape

import numpy as np

from strec.errors import AnalysisError, check_is
from strec.palette import SEQUENTIAL_SPACE


@dataclass(frozen=True)
class Scale:
    """Classes of values, each with a colour: class k holds values from `breaks[k]` on.

    Parameters
    ----------
    breaks : tuple of float
        Lower edges of the classes, ascending, shape ``(n_classes,)``.
    top : float
        The largest value.
    colours : tuple of str
        Hex colours, shape ``(n_classes,)``.
    """

    breaks: tuple[float, ...]
    top: float
    colours: tuple[str, ...]

    @classmethod
    def fit(
        cls, values, dark: bool = False, colours: tuple[str, ...] = SEQUENTIAL_SPACE
    ) -> "Scale":
        """Return classes with about equally many values each, on round numbers.

        Large values stand out from the page: they are dark on a light page, light on a dark one.

        Parameters
        ----------
        values : array-like of float
            Shape ``(n,)``; missing ones are left out.
        dark : bool
            For a dark page.
        colours : tuple of str
            Hex colours, from small to large.

        Examples
        --------
        >>> Scale.fit(range(1, 21), colours=("#ffffff", "#000000")).breaks
        (1.0, 10.0)
        """
        if dark:
            # The darkest shade would drown in the page.
            colours = (*colours[-2:0:-1], colours[0])
        values = np.asarray(values, dtype=float)
        values = values[np.isfinite(values)]
        if not len(values):
            return cls((0.0,), 0.0, colours[:1])
        edges = np.quantile(values, np.linspace(0, 1, len(colours) + 1)[:-1])
        edges = np.unique([_round(edge) for edge in edges])
        # The lowest class starts at the lowest value, and no class is empty.
        edges[0] = min(edges[0], values.min())
        edges = edges[edges <= values.max()]
        picked = np.linspace(0, len(colours) - 1, len(edges)).round().astype(int)
        if len(edges) == 1:
            picked = np.array([len(colours) // 2])
        return cls(
            tuple(edges.tolist()), float(values.max()), tuple(colours[index] for index in picked)
        )

    def rgba(self, values, alpha: int = 200) -> list[list[int]]:
        """Return the colour of each value, shape ``(n, 4)``, 0 to 255.

        Parameters
        ----------
        values : array-like of float
            Shape ``(n,)``.
        alpha : int
            Opacity, 0 to 255.

        Examples
        --------
        >>> len(Scale.fit([1, 10, 100]).rgba([1, 100], alpha=120))
        2
        """
        values = np.asarray(values, dtype=float)
        index = np.clip(np.searchsorted(self.breaks, values, side="right") - 1, 0, None)
        table = np.array([[*rgb(colour), alpha] for colour in self.colours])
        return table[index].tolist()

    def labels(self) -> list[str]:
        """The range of each class in words."""
        whole = all(edge == round(edge) for edge in (*self.breaks, self.top))
        words = []
        for low, end in zip(self.breaks, (*self.breaks[1:], None), strict=True):
            last = self.top if end is None else end - 1 if whole else end
            words.append(_number(low) if last == low else f"{_number(low)} – {_number(last)}")
        return words


@dataclass(frozen=True)
class Classes:
    """Names as colours: the counterpart of `Scale` for kinds instead of amounts.

    Parameters
    ----------
    names : tuple of str
        The kinds, in the order of the legend.
    colours : tuple of str
        Hex colours, one per name.
    rest : str
        Colour of everything else, which the legend leaves out.

    Examples
    --------
    >>> Classes(("hot",), ("#ff0000",)).rgba(["hot", "other"], alpha=9)
    [[255, 0, 0, 9], [151, 163, 173, 9]]
    >>> Classes(("hot",), ("#ff0000",)).labels()
    ['hot']
    """

    names: tuple[str, ...]
    colours: tuple[str, ...]
    rest: str = "#97A3AD"

    def rgba(self, values, alpha: int = 200) -> list[list[int]]:
        """Return the colour of each value, shape ``(n, 4)``, 0 to 255; the rest is fainter.

        Parameters
        ----------
        values : sequence of str
            Names, shape ``(n,)``.
        alpha : int
            Opacity, 0 to 255.
        """
        known = {
            name: [*rgb(colour), alpha]
            for name, colour in zip(self.names, self.colours, strict=True)
        }
        rest = [*rgb(self.rest), min(alpha, 60)]
        return [known.get(value, rest) for value in values]

    def labels(self) -> list[str]:
        """The names."""
        return list(self.names)


def legend_html(title: str, scale: Scale | Classes) -> str:
    """Return a legend as a small piece of HTML: a colour and a range for each class.

    Parameters
    ----------
    title : str
        What is shown.
    scale : Scale or Classes
        That of the map.

    Examples
    --------
    >>> "Check-ins" in legend_html("Check-ins", Scale.fit([1, 10, 100]))
    True
    """
    kind = Classes if isinstance(scale, Classes) else Scale
    check_is(scale, kind, "A legend is of a Scale or of Classes.", AnalysisError)
    entries = "".join(
        f'<span style="display:inline-flex;align-items:center;gap:.3rem;white-space:nowrap">'
        f'<span style="width:.95rem;height:.95rem;border-radius:.2rem;background:{colour}"></span>'
        f"{escape(label)}</span>"
        for colour, label in zip(scale.colours, scale.labels(), strict=True)
    )
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:.2rem .9rem;font-size:.85rem;opacity:.9">'
        f"<strong>{escape(title)}</strong>{entries}</div>"
    )


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the parts of a hex colour, 0 to 255."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def _number(value: float) -> str:
    """A number as people write it: whole where it is, three figures where it is not."""
    whole = value == round(value) or abs(value) >= 100
    return f"{value:,.0f}" if whole else f"{value:.3g}"


def _round(value: float) -> float:
    """Two figures, and whole from ten on."""
    if value == 0:
        return 0.0
    digits = 1 - int(np.floor(np.log10(abs(value))))
    return round(float(value), min(digits, 2))
