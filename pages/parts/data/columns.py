"""What the files are: recognised format, questions, preview, which column is what."""

from collections.abc import Callable
from functools import cache
from zoneinfo import available_timezones

import streamlit as st

from pages.parts.data.draft import READ, Draft
from pages.shared import state, ui
from strec import schema
from strec.errors import StrecError
from strec.io import Mapping, Question
from strec.io.mapping import ZONE_OF_PLACE
from strec.io.place_forms import FORMS
from strec.io.times import TIME_FORMATS
from strec.store.warehouse import LOOKED_AT

LABELS = {
    "user_id": ("User", "who: customer, visitor, vehicle…"),
    "item_id": ("Item", "what: place, product, station…"),
    "timestamp": ("Time", "when"),
    "lat": ("Latitude", "where, north–south; a column that holds both may be chosen twice"),
    "lon": ("Longitude", "where, east–west"),
    "category": ("Category", "what kind of item"),
    "item_name": ("Name of the item", "shown instead of its id"),
    "value": ("Value", "a number: rating, price, minutes…"),
    "event": ("Event", "what was done: view, purchase, ride…"),
    "text": ("Text", "a review or description"),
    "image": ("Picture", "a picture of the item: a file beside the data, or a web address"),
    "utc_offset_min": ("UTC offset", "the difference of local time from UTC"),
    "place_id": ("Shop", "where a product was had: shop, branch, till…"),
    "place_name": ("Name of the shop", "shown instead of its id"),
    "origin_id": ("Start", "of a trip: the station or zone where it began"),
    "origin_name": ("Name of the start", "shown instead of its id"),
    "origin_lat": ("Latitude of the start", "where a trip began, north–south"),
    "origin_lon": ("Longitude of the start", "where a trip began, east–west"),
    "end_timestamp": ("End", "when a trip ended; the time is then its start"),
}
#: Fields that are shown only where they are taken, and under "more".
RARE = tuple(LABELS)[12:]
ORDERS = {"lat_lon": "as named", "lon_lat": "swapped: read them the other way round"}
DECIMALS = {"point": "points: 1,234.56", "comma": "commas: 1.234,56"}
TIME_IS = {"local": "local time", "utc": "UTC"}
NONE = "—"
SHOWN_ROWS = 100
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}


def recognised(draft: Draft) -> None:
    """Say in words what the files are."""
    look = draft.look
    known = look.format not in ("table", "geojson", "geopackage")
    words = (
        f"Recognised: **{ui.plain(look.title)}**."
        if known
        else "A table in no known format: what its columns hold decided what they are."
    )
    st.markdown(f":material/{'verified' if known else 'search'}: {words}")
    facts = " · ".join(_file_facts(facts) for facts in look.files[:4])
    if draft.table is not None:
        facts = f"By the first {LOOKED_AT:,} rows of {ui.plain(draft.names[0])}."
    st.caption(facts + (f"  \nSource: {ui.plain(look.cite)}" if look.cite else ""))
    if (error := state.COLUMNS_ERROR.take()) is not None:
        ui.show_error(error)


def must_be_answered(draft: Draft) -> None:
    """Ask what the files do not say and nobody may guess."""
    for question in [q for q in draft.questions if q.must_be_answered]:
        asked = f":material/help: **{ui.plain(question.text)}**"
        with st.container(border=True):
            if not question.options and question.key != "places":
                st.markdown(asked)
                st.caption("Nothing here looks like it: choose it among the columns below.")
                continue
            choice = st.radio(
                asked,
                range(len(question.options)),
                index=draft.answers.get(question.key),
                format_func=words_of(question, is_markdown=True),
                key=f"data_question_{question.key}_{draft.version}",
            )
            if question.key == "places":
                _other_projection(draft)
            st.caption("The file does not say, and a wrong guess would change every result.")
        take(draft, question, choice)


def _other_projection(draft: Draft) -> None:
    """Let a person name any map projection that the coordinates may be in."""
    given = st.text_input(
        "Another map projection, by its number",
        placeholder="EPSG:25832",
        help="Where the data come from says it, often as EPSG, CRS or SRID; epsg.io lists them.",
        key=f"data_crs_{draft.version}",
    )
    if given and given.strip():
        crs = given.strip() if ":" in given else f"EPSG:{given.strip()}"
        change(draft, lambda: draft.map_columns({"crs": crs, "coordinate_order": "lat_lon"}))


def assumed(draft: Draft) -> None:
    """Show what was assumed where the file does not say, each as a choice."""
    for question in [q for q in draft.questions if not q.must_be_answered]:
        # What is asked of a column stands beside the column.
        if question.key in ("time_zone", *LABELS) or len(question.options) < 2:
            continue
        ask(draft, question, f"Assumed, as the file does not say. {ui.plain(question.text)}")
    if draft.mapping.time_zone is not None:
        _time_zone(draft)


def ask(draft: Draft, question: Question, label: str) -> None:
    """Show a question whose usual answer holds until another is chosen."""
    choice = st.selectbox(
        label,
        range(len(question.options)),
        index=draft.answers.get(question.key, question.default),
        format_func=words_of(question),
        key=f"data_question_{question.key}_{draft.version}",
    )
    take(draft, question, choice)


def _time_zone(draft: Draft) -> None:
    """Show the time zone, any other to be chosen; the likely ones come first."""
    asked = next((q for q in draft.questions if q.key == "time_zone"), None)
    options = {o.changes["time_zone"]: o for o in asked.options} if asked else {}
    zones = list(dict.fromkeys([*options, draft.mapping.time_zone, *_zones()]))

    def words(zone: str) -> str:
        if zone in options:
            return f"{options[zone].label} ({options[zone].example})"
        return _zones().get(zone, zone)

    chosen = st.selectbox(
        f"Assumed, as the file does not say. {asked.text}" if asked else "Time zone",
        zones,
        index=zones.index(draft.mapping.time_zone),
        format_func=words,
        key=f"data_zone_{draft.version}",
    )
    if chosen != draft.mapping.time_zone:
        change(draft, lambda: draft.map_columns({"time_zone": chosen}))


def raw_preview(draft: Draft) -> None:
    """Show the first rows as they are in the file."""
    st.markdown(
        f"**The first rows of the {'file' if draft.table is None else 'table'}, as they are**"
    )
    # What strec put together of several columns stands in no file.
    rows = draft.look.preview.drop(draft.look.made, strict=False)
    st.dataframe(rows, height=240, hide_index=True)


def preview(draft: Draft) -> None:
    """Show the first check-ins as they were read, and the rows that they come from."""
    table = draft.rows(READ).head(SHOWN_ROWS).collect()
    shown = table.with_columns(schema.local_time().alias("local"))
    if schema.END_TIME in shown.columns:
        shown = shown.with_columns(schema.local_time(schema.END_TIME))
    titles = {name: label for name, (label, _) in LABELS.items()} | {"local": "Local time"}
    first = ["user_id", "item_id", "local", "lat", "lon"]
    order = first + [name for name in schema.OPTIONAL if name in shown.columns]
    st.markdown("**The first check-ins, as strec reads them**")
    st.dataframe(shown.select(order).rename(titles, strict=False), height=320, hide_index=True)
    raw_preview(draft)


def notes(draft: Draft) -> None:
    """Show what was noticed and assumed while reading."""
    noticed = draft.notes
    if noticed:
        lines = "\n".join(f"- {ui.plain(note)}" for note in noticed)
        st.markdown(f"**Noticed and assumed while reading**\n\n{lines}")


def column_form(draft: Draft) -> None:
    """Show which column is what, to be corrected."""
    mapping = draft.mapping
    st.markdown("**Which column is what?**")
    with st.form(f"data_columns_{draft.version}"):
        chosen = {}
        rare = [name for name in RARE if name not in mapping.columns()]
        chosen |= _column_boxes(draft, [name for name in LABELS if name not in rare])
        with st.expander("More: shops, and the start of trips", icon=":material/add:"):
            chosen |= _column_boxes(draft, rare)
        left, middle, right = st.columns(3)
        chosen["time_format"] = _setting(
            left, "How the time is written", TIME_FORMATS, mapping.time_format, draft
        )
        chosen["time_is"] = _setting(
            middle, "Times without an offset are", TIME_IS, mapping.time_is, draft
        )
        chosen["time_zone"] = _setting(right, "Time zone", _zones(), mapping.time_zone, draft)
        chosen["coordinate_order"] = _setting(
            left, "Latitude and longitude are", ORDERS, mapping.coordinate_order, draft
        )
        forms = {name: words for name, (words, _) in FORMS.items()}
        chosen["coordinate_form"] = _setting(
            right, "Numbers of places are", forms, mapping.coordinate_form, draft
        )
        chosen["decimal"] = _setting(
            middle, "Decimals of the value are behind", DECIMALS, mapping.decimal, draft
        )
        if st.form_submit_button("Read it this way", key="data_columns_apply"):
            change(draft, lambda: draft.map_columns(chosen))


def _file_facts(facts: dict) -> str:
    kinds: dict[str, str] = {"csv": "text", "json": "JSON"}
    kind = kinds.get(facts["kind"]) or str(facts["kind"])
    words = [ui.plain(facts["name"]), f"about {facts['rows']:,} rows", facts["size"]]
    if facts.get("delimiter"):
        kind += f" separated by {DELIMITERS.get(facts['delimiter'], repr(facts['delimiter']))}"
    if facts.get("encoding"):
        kind += f" in {facts['encoding']}"
    return ", ".join([*words, ui.plain(kind)])


def words_of(question: Question, *, is_markdown: bool = False):
    """Return the options in words: of radio buttons as Markdown, of boxes as they are."""

    def words(choice: int) -> str:
        option = question.options[choice]
        example = f" ({option.example})" if option.example else ""
        text = option.label + example
        return ui.plain(text) if is_markdown else text

    return words


def take(draft: Draft, question: Question, choice: int | None) -> None:
    if choice is not None and draft.answers.get(question.key, question.default) != choice:
        change(draft, lambda: draft.answer(question, choice))


def change(draft: Draft, make: Callable[[], None]) -> None:
    """Change how the files are read; what cannot be read is explained and taken back."""
    before = draft.columns, dict(draft.answers)
    try:
        make()
        draft.look_at()
    except StrecError as error:
        draft.columns, draft.answers = before
        state.COLUMNS_ERROR.value = error
    st.rerun()


def _column_boxes(draft: Draft, names: list[str]) -> dict[str, str | None]:
    chosen = {}
    for start in range(0, len(names), 3):
        for spot, name in zip(st.columns(3), names[start : start + 3], strict=False):
            with spot:
                chosen[name] = _column_box(draft, draft.mapping, name)
    return chosen


def _column_box(draft: Draft, mapping: Mapping, name: str) -> str | None:
    label, help_text = LABELS[name]
    columns = [NONE, *draft.look.columns]
    now = mapping.columns().get(name, NONE)
    choice = st.selectbox(
        label,
        columns,
        index=columns.index(now) if now in columns else 0,
        format_func=lambda column: column if column == NONE else _with_example(draft, column),
        help=help_text,
        key=f"data_column_{name}_{draft.version}",
    )
    return None if choice == NONE else choice


def _with_example(draft: Draft, column: str) -> str:
    values = draft.look.preview[column].drop_nulls()
    example = str(values[0])[:28] if len(values) else "empty"
    return f"{column}  (e.g. {example})"


def _setting(spot, label: str, options: dict, now: str | None, draft: Draft) -> str | None:
    keys = [None, *options]
    if now not in keys:
        # A pattern of a recipe, or a zone that has since been renamed.
        keys.append(now)
    return spot.selectbox(
        label,
        keys,
        index=keys.index(now),
        format_func=lambda key: "find out" if key is None else options.get(key, key),
        key=f"data_setting_{label}_{draft.version}",
    )


@cache
def _zones() -> dict[str, str]:
    named = {zone: zone for zone in sorted(available_timezones()) if "/" in zone or zone == "UTC"}
    return {ZONE_OF_PLACE: "the zone of each place"} | named
