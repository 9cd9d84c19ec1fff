"""What pages are built of: errors in words, choices, figures with caption and data, downloads."""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, Literal, TypeVar

import pandas as pd
import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared import browser, pins, python, state, visitor
from pages.shared.in_use import (
    choose_sample,
    current_sample,
    current_store,
    item_word,
    sample_store,
    shown_name,
    use_store,
    workspace,
)
from pages.shared.look import is_dark
from pages.shared.once import Drawn, finished
from pages.shared.refusals import explained
from pages.shared.results import made_in_turn, remembered
from strec import maps
from strec.errors import AnalysisError, SplitError, StrecError
from strec.export import to_csv
from strec.io.limits import disk_full, is_disk_full
from strec.maps.view import WIDTH_PX
from strec.parts import missing_part
from strec.progress import Progress

__all__ = [
    "as_picture", "choose", "choose_sample", "current_sample", "current_store", "date_input",
    "deck", "deck_with_python", "download", "downloads", "figure", "fragment", "guarded",
    "how_it_works", "in_words", "is_dark", "item_word", "noticing", "one_of", "picture_of", "plain",
    "progress", "sample_store", "say", "show_error", "show_notice", "shown_name", "succeeds",
    "table", "use_store", "workspace",
]  # fmt: skip

#: How the figures of each page come about, in Markdown with formulas.
METHODS = Path(__file__).parents[1] / "methods"

#: How wide a map is on a phone.
PHONE_PX = 340
#: And in a window as a tablet's, beside the sidebar, with room for the outermost hexagons.
TABLET_PX = WIDTH_PX + 60
#: A longer note below a figure is two lines there, and how high another line is.
NOTE_LENGTH, NOTE_LINE_PX = 36, 14
_DOT = " · "
#: Of every figure.
_CONFIG = {"displaylogo": False}

T = TypeVar("T")
Frame = pd.DataFrame | pl.DataFrame

# ---------------------------------------------------------------- errors and words


def guarded(run: Callable[[], object]) -> None:
    """Run a page; an error becomes words, never a traceback, and the data set stays."""
    try:
        run()
    except Instead as other:
        other.show()
    # A panic of a library in Rust is no Exception.
    except BaseException as error:
        if (said := in_words(error)) is not None:
            say(said)
            return
        st.error(
            "Something went wrong on this page. Your data is as it was. "
            "Reload the page, or choose another data set; the server's log says more.",
            icon=":material/error:",
        )


class Instead(Exception):  # noqa: N818 - nothing went wrong
    """Something else is shown in place of what was asked for, and of what would follow it.

    Parameters
    ----------
    show : callable
        Shows it.
    """

    def __init__(self, show: Callable[[], object]):
        super().__init__()
        self.show = show


def fragment(show: Callable[..., object], run_every: float | None = None) -> Callable[..., object]:
    """Return what shows a part that may run again without the page around it, guarded itself.

    Beyond a page's guard an error would show nothing, and a panic of a library leave the visitor
    with a page that runs for ever.
    """

    @wraps(show)
    def shown(*args: Any, **kwargs: Any) -> None:
        guarded(lambda: show(*args, **kwargs))

    return st.fragment(shown, run_every=run_every)


def in_words(error: BaseException) -> StrecError | None:
    """Return what an error says to a person, None where only the log can tell.

    What steers Streamlit, or ends the process, goes on.
    """
    if isinstance(error, StrecError):
        return error
    # Streamlit steers reruns and page switches with exceptions of its own.
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit) or type(
        error
    ).__module__.startswith("streamlit"):
        raise error
    if is_disk_full(error):
        return disk_full()
    missing = missing_part(error) if isinstance(error, ModuleNotFoundError) else None
    if missing is None:
        logging.getLogger("strec.app").error("a page failed", exc_info=error)
    return missing


def say(error: StrecError) -> None:
    """Show an error in red only where something is wrong: too little data is a notice."""
    (show_notice if isinstance(error, AnalysisError | SplitError) else show_error)(error)


def succeeds(step: Callable[[], object]) -> bool:
    """Run a step; show what a `StrecError` says and return whether all went well."""
    try:
        step()
    except StrecError as error:
        show_error(error)
        return False
    return True


def show_error(error: StrecError) -> None:
    """Show what was needed, what was found and how to mend it."""
    st.error(
        f"**{plain(error.needed)}**\n\nFound: {plain(error.found)}\n\n"
        f":material/build: {plain(error.mend)}",
        icon=":material/error:",
    )


def show_notice(error: StrecError) -> None:
    """Say in place of a figure why there is none: nothing is wrong, the data are too few."""
    st.info(
        f"{plain(error.needed)} Found: {plain(error.found)}  \n{plain(error.mend)}",
        icon=":material/info:",
    )


@contextmanager
def noticing(kind: type[StrecError] = AnalysisError) -> Iterator[None]:
    """Say in place of what cannot be shown why: ``with ui.noticing(): …``."""
    try:
        yield
    except kind as error:
        show_notice(error)


def how_it_works(name: str) -> None:
    """Show the method behind a figure, a file of `pages/methods`, to those who open it."""
    with st.expander("How it works", icon=":material/school:"):
        st.markdown((METHODS / f"{name}.md").read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """Escape what Markdown would read as markup in words that quote a person's data."""
    return unbroken(re.sub(r"([\\`*_{}\[\]<>$#|~:])", r"\\\1", text))


def unbroken(text: str) -> str:
    """Keep a number and its per cent in one line."""
    return re.sub(r"(?<=\d) %", "\u00a0%", text)


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """Show a bar while something is done: ``with ui.progress("Reading") as report: …``.

    `report(text, share)` may be called often; the bar moves a few times a second and, after some
    seconds, says how long it still takes.
    """
    bar = st.progress(0.0, f"{title}…")
    began = shown = time.monotonic()

    def report(text: str, share: float) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < 0.2:
            return
        shown, took, left = now, now - began, ""
        if took > 3 and share > 0.02:
            seconds = took * (1 - share) / share
            left = f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
            left = f" · about {left} left"
        bar.progress(min(max(share, 0.0), 1.0), f"{title}: {text}{left}")

    try:
        yield report
    finally:
        bar.empty()


# ---------------------------------------------------------------- choices


def choose(
    label: str,
    options: Sequence[T] | Mapping[T, str],
    key: str,
    default: T | None = None,
    show_label: bool = True,
    **more: Any,
) -> T:
    """Return the one option chosen; a mapping says what each is called, the first is usual."""
    if isinstance(options, Mapping):
        more.setdefault("format_func", options.__getitem__)
    listed = list(options)
    chosen = st.segmented_control(
        label,
        listed,
        default=listed[0] if default is None else default,
        required=True,
        key=key,
        label_visibility="visible" if show_label else "collapsed",
        **more,
    )
    return listed[0] if chosen is None else chosen


def date_input(label: str, value: Any, key: str, at: Any = st, **more: Any) -> Any:
    """Ask for a day or a span of days, written as the rest of the app writes days in fields."""
    return at.date_input(label, value, key=key, format="YYYY-MM-DD", **more)


def one_of(options: Iterable[str], chosen: str) -> DeltaGenerator:
    """Return the place of the choice made; what another choice showed is gone at once.

    Streamlit keeps what stood in a place until something else is put there: while a new part is
    worked out, the one before would stand under its name.
    """
    places = {each: st.container() if each == chosen else st.empty() for each in options}
    return places[chosen]


# ---------------------------------------------------------------- figures and tables


def figure(
    fig,
    key: str,
    caption: str = "",
    data: pd.DataFrame | pl.DataFrame | None = None,
    name: str = "",
    on_point: Callable[[dict[str, Any]], None] | None = None,
    can_pin: bool = True,
    on_span: Callable[[date, date], None] | None = None,
    alt: str = "",
) -> None:
    """Show a plotly figure with its caption in words and, as a file called `name`, its data.

    `alt` says what it shows where neither title nor caption does.

    `on_point` is called with the point that was clicked, `on_span` with the first and the last day
    of a span drawn over an axis of time; after it nothing stays marked. What shows single people
    cannot be pinned.
    """
    # What somebody hears who does not see the picture.
    alt = alt or ". ".join(filter(None, (pins.title_of(fig, ""), said_of(caption)))) or name
    shown = fig if isinstance(fig, Drawn) else Drawn(finished(fig, is_dark()))
    shown = _for_a_phone(shown) if visitor.is_narrow() else shown
    if on_point is None and on_span is None:
        st.plotly_chart(shown, key=key, width="stretch", theme=None, config=_CONFIG, alt=alt)
    else:
        n = state.Key(f"{key}_clicks", 0)
        shown = _answering(shown, spans=on_span is not None)
        # A figure whose points can be chosen is drawn anew after each click.
        st.plotly_chart(
            shown, key=f"{key}_{n.value}", width="stretch", theme=None, config=_CONFIG, alt=alt,
            on_select=lambda: _chosen(f"{key}_{n.value}", n, on_point, on_span),
            selection_mode="points" if on_span is None else "box",
        )  # fmt: skip
    if caption:
        st.caption(unbroken(caption))
    with under(key):
        if data is not None:
            downloads(name, data, key)
        if can_pin:
            pins.button(fig, key, pins.title_of(fig, name), caption)
        in_python(fig, key)


def figures_ahead() -> None:
    """Let the browser compile what draws figures, half of what the first page of them takes.

    Nothing is seen: the place has no width, see `pages/shared/look.py`.
    """
    st.plotly_chart(Drawn('{"data": [], "layout": {}}'), key="figures_ahead", theme=None)


def under(key: str) -> DeltaGenerator:
    """Return the quiet row below a picture."""
    return st.container(horizontal=True, gap="small", key=f"under_{key}")


def in_python(picture: Any, key: str) -> None:
    """Offer the lines that make a picture, where they are known."""
    if lines := python.code(picture):
        with st.popover("Python", icon=":material/code:", type="tertiary", key=f"python_{key}"):
            st.code(lines, language="python")


def _for_a_phone(fig: Drawn) -> Drawn:
    """Return a figure whose note breaks in two lines: in one its end would be cut off."""
    spec = fig.to_dict()
    layout = spec["layout"]
    notes = [
        each
        for each in layout.get("annotations", ())
        if each.get("yref") == "paper" and _DOT in each["text"]
        if max(map(len, each["text"].split("<br>"))) > NOTE_LENGTH
    ]
    for each in notes:
        each["text"] = "<br>".join(each["text"].rsplit(_DOT, 1))
    if not notes:
        return fig
    layout["height"] += NOTE_LINE_PX
    layout["margin"]["b"] += NOTE_LINE_PX
    return Drawn(json.dumps(spec))


def _answering(fig: Drawn, spans: bool) -> Drawn:
    """Return a figure whose points can be clicked, or over which spans of time are drawn.

    Streamlit would say the same of it, when it has been drawn already.
    """
    spec = fig.to_dict()
    points = {"dragmode": "pan", "clickmode": "event+select"}
    over = {"dragmode": "select", "clickmode": "event", "selectdirection": "h"}
    spec["layout"] = {"hovermode": "closest"} | spec["layout"] | (over if spans else points)
    return Drawn(json.dumps(spec))


def _chosen(
    widget: str, n: state.Key[int], on_point: Callable | None, on_span: Callable | None
) -> None:
    chosen = st.session_state[widget].selection
    if on_point is not None and chosen["points"]:
        n.value += 1
        on_point(chosen["points"][0])
    if on_span is not None and chosen["box"]:
        n.value += 1
        ends = sorted(str(each)[:10] for each in chosen["box"][0]["x"])
        on_span(date.fromisoformat(ends[0]), date.fromisoformat(ends[-1]))


def deck(
    deck, key: str, height: int = 520, caption: str = "", alt: str = "", beside: bool = False
) -> None:
    """Show a map; `map_clicks.clickable` shows one that can be clicked.

    `alt` says what it shows where no caption does; `beside`, that it shares the page's width.
    """
    if not as_picture(deck, key, height, beside):
        st.pydeck_chart(
            deck, key=key, height=height, width="stretch", alt=alt_of_map(alt or caption)
        )
    if caption:
        st.caption(unbroken(caption))


def deck_with_python(shown, key: str, **how: Any) -> None:
    """Show a map as `deck` does, and below it the lines that make it."""
    deck(shown, key, **how)
    with under(key):
        in_python(shown, key)


def alt_of_map(caption: str) -> str:
    """Return what somebody hears who does not see a map."""
    return f"Map. {said_of(caption)}".strip()


def said_of(caption: str) -> str:
    """Return a caption as it is read out, without its markup."""
    return re.sub(r"\\(?=\W)|\*\*|:material/\w+:", "", caption).strip()


def as_picture(deck, key: str, height: int, beside: bool = False) -> bool:
    """Show a map as a picture that the server draws, if the visitor has those; say whether."""
    if state.PICTURES_OF_MAPS.value:
        width = "phone" if visitor.is_narrow() else state.WIDTH.value
        size, enlarge = frame_of(height, beside, width)
        st.image(picture_of(deck, size, enlarge), width="stretch")
        browser.movable(key)
        browser.say_why()
    return state.PICTURES_OF_MAPS.value


def picture_of(deck, size_px: tuple[int, int], enlarge: float = 1.0) -> str:
    """Return a map as a picture (SVG), drawn once for all who look at the same."""
    said = hashlib.blake2b(deck.to_json().encode(), digest_size=16).digest()
    look = {"dark": is_dark(), "size_px": size_px, "enlarge": enlarge}
    return remembered("picture", (said, *look.values()), lambda: maps.to_svg(deck, **look))


def frame_of(height: int, beside: bool, window: str) -> tuple[tuple[int, int], float]:
    """Return width and height of the picture of a map in pixels, and how large things are in it.

    Nobody can move it to what lies beyond its sides: the outer places are within.
    """
    # Drawn much wider than it is shown, its numbers could not be read.
    wide = round((1.2 if beside else 2.0) * height)
    width = {"phone": PHONE_PX, "tablet": min(TABLET_PX, wide)}.get(window, wide)
    return (width, height), 0.85 if window == "phone" else 1.0


def table(frame: Frame, columns: Mapping[str, Any] | None = None,
          **more: Any) -> None:  # fmt: skip
    """Show a table without row numbers; `columns` says how columns are called and written."""
    st.dataframe(frame, hide_index=True, width="stretch", column_config=columns, **more)


# ---------------------------------------------------------------- downloads


def download(
    label: str,
    make: Callable[[], str | bytes] | str | bytes,
    file_name: str,
    mime: str,
    key: str,
    type: Literal["primary", "secondary", "tertiary"] = "tertiary",
    icon: str = "download",
    takes_long: bool = True,
) -> None:
    """Offer a file, which is made when it is asked for, and in turn if that may take long."""
    icon = f":material/{icon}:"
    if callable(make):
        make = explained(made_in_turn(make) if takes_long else make)
    # A run of the page would take back the address of a file asked for right after.
    st.download_button(
        label, make, file_name, mime, key=key, icon=icon, type=type, on_click="ignore"
    )


def downloads(name: str, frame: Frame, key: str) -> None:
    """Offer the numbers behind a figure as CSV, safe to open in a spreadsheet."""
    least = current_store().least_users
    download(
        "Data as CSV", lambda: to_csv(frame, least), f"{name}.csv", "text/csv", f"download_{key}",
        takes_long=False,
    )  # fmt: skip
