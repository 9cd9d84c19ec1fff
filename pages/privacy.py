"""Privacy: what the check-ins give away of people, protections, and what these cost."""

import io
import json
from collections.abc import Callable
from dataclasses import fields, replace

import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared import ui
from pages.shared.later import soon
from pages.shared.made import Made, call, made, room
from pages.shared.once import drawn
from pages.shared.page import NextStep, Page
from pages.shared.results import found_before, kept
from strec import schema
from strec.errors import AnalysisError
from strec.export import json_text, to_csv
from strec.plots import privacy as plots
from strec.privacy import (
    Protection,
    RiskReport,
    UtilityLoss,
    need_room,
    new_key,
    risk,
    utility_loss,
    width_words,
)
from strec.privacy.sentences import (
    FEWEST_USERS,
    STILL_FOUND,
    before_after,
    bought_words,
    utility_loss_words,
)
from strec.progress import Progress
from strec.store import Store

#: Of more check-ins than this, accuracy is measured on some users with all they did.
MOST_CHECKINS = 200_000
OFF = "off"
WIDTHS = (OFF, 10, 9, 8, 7, 6, 5)
HOURS = (OFF, 3, 6, 12, 24)
NOISE_M = (OFF, 100, 200, 500, 1_000, 2_000, 5_000)
CROWDS = (OFF, 2, 3, 5, 10, 20)
ITEM_CHOICES = {"keep": "As they are", "pseudonyms": "Pseudonyms", "kind": "Only their kind"}


def content() -> NextStep:
    """Show the risk, the protections beside it, and the protected table to take along."""
    store = ui.current_store()
    if store.is_anonymous:
        st.info(
            "These data name nobody: no two rows are known to be of one person, so there is no "
            "past to be found by a few points of it. Whoever knows when and where somebody set "
            "out may still find that one row.",
            icon=":material/groups:",
        )
        return "Back to the recommendations", "recommend"
    before = of(store, Protection())
    st.subheader("If the table were given away", anchor=False)
    st.markdown("\n".join(f"- {ui.plain(each)}" for each in before.sentences()))
    if before.n_users >= FEWEST_USERS:
        protection = controls(before)
        after = None if protection.does_nothing else of(store, protection)
        figures(before, after)
        if after is not None:
            worth(store, protection)
        take_along(store, protection)
    return "Back to the recommendations", "recommend"


def controls(before: RiskReport) -> Protection:
    """Ask what is to be done to the check-ins."""
    st.subheader("Protect it", anchor=False)
    has_places = before.found is not None
    first, second, third, fourth = st.columns(4)
    width = _choice(
        first, "Hexagons instead of places", WIDTHS, "privacy_width", has_places,
        width_words, "Every place moves to the centre of its hexagon.",
    )  # fmt: skip
    hours = _choice(
        second, "Bins instead of times", HOURS, "privacy_hours", True,
        lambda each: f"{each} hours", "Every time moves to the start of its bin.",
    )  # fmt: skip
    noise_m = _choice(
        third, "Noise on places", NOISE_M, "privacy_noise", has_places,
        lambda each: f"{each:,} m", "With 95 % the shown place is within this distance.",
    )  # fmt: skip
    k = _choice(
        fourth, "Leave out lonely hexagons", CROWDS, "privacy_k", has_places,
        lambda each: f"below {each} users", "Check-ins where fewer people were are left out.",
    )  # fmt: skip
    return Protection(noise_m=noise_m, resolution=width, hours=hours, k=k)


def _choice(at: DeltaGenerator, label: str, options, key: str, usable: bool, words, help_text: str):
    """Return the choice of a slider, None when off."""
    chosen = at.select_slider(
        label, options, key=key, disabled=not usable, help=help_text,
        format_func=lambda each: OFF if each == OFF else words(each),
    )  # fmt: skip
    return chosen if usable and chosen != OFF else None


def figures(before: RiskReport, after: RiskReport | None) -> None:
    """Show who is found by how many points, and whose home and work are exposed."""
    left, right = st.columns(2)
    by_place = before.found is not None
    n = f"{before.n_checkins:,} check-ins, {before.n_tried:,} users looked for"
    with left:
        st.markdown("**Found by a few points of their own**")
        ui.figure(
            drawn(plots.found_by_points, before, after),
            key="privacy_found",
            caption=f"Share of users whom 1 to 4 random {before.knowledge} tell from all others. "
            f"{n}.",
        )
    with right:
        if not by_place or not before.guessed:
            return
        st.markdown("**Home and work**")
        ui.figure(
            drawn(plots.exposed, before, after),
            key="privacy_exposed",
            caption="Of the users whose home (or workplace) can be guessed from night-time (or "
            f"office-hour) check-ins: those who share it with fewer than {before.k}; the numbers "
            "count them. The pair of both is rarer than each.",
        )


def worth(store, protection: Protection) -> None:
    """Show before and after in numbers, and what the protection costs in accuracy."""
    found = priced(store, protection)
    st.subheader("What it buys, and what it costs", anchor=False)
    for sentence in protection.words():
        st.markdown(f":material/shield: {ui.plain(sentence)}")
    still = found.after.by_points[3] >= STILL_FOUND
    (st.warning if still else st.success)(
        ui.plain(bought_words(found)),
        icon=":material/warning:" if still else ":material/shield_person:",
    )
    if found.why:
        st.info(ui.plain(utility_loss_words(found)), icon=":material/info:")
    else:
        hit = found.accuracy["acc@1"]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.metric(
                "Right at the first try, protected",
                f"{hit.after * 100:.1f} %",
                f"{hit.change * 100:+.1f} points",
                delta_color="normal" if hit.is_real else "off",
                width="content",
            )
            st.markdown(ui.plain(utility_loss_words(found)))
    if found.before.n_checkins < of(store, Protection()).n_checkins:
        st.caption(
            f"Counted and asked on {found.before.n_checkins:,} check-ins of "
            f"{found.before.n_users:,} users, drawn by chance, with all they did."
        )
    with st.expander("The numbers", icon=":material/table:"):
        frame = pl.DataFrame(
            before_after(found), schema=["measure", "as it is", "protected"], orient="row"
        )
        ui.table(frame)
        ui.downloads("privacy", frame, key="privacy")
        ui.download(
            "Everything as JSON", lambda: json_text(found.to_dict()), "privacy.json",
            "application/json", key="privacy_json",
        )  # fmt: skip


def take_along(store, protection: Protection) -> None:
    """Offer the protected table, with a note of what was done in it or beside it."""
    st.subheader("Take the protected table along", anchor=False)
    try:
        need_room(store)
    except AnalysisError as error:
        ui.say(error)
        return
    word = ui.item_word(plural=True).capitalize()
    with st.container(horizontal=True, vertical_alignment="center", gap="large"):
        hidden = st.toggle(
            "Pseudonyms for users", value=True, key="privacy_pseudonyms", width="content",
            help="User ids become keyed hashes. The key is made anew for each file and kept "
            "nowhere, so nobody can work the ids out from them, and two files cannot be joined "
            "by them. What somebody did, where and when, stays, and may tell who it was.",
        )  # fmt: skip
        items = ui.choose(
            word, ITEM_CHOICES, "privacy_items", width="content",
            help="Where an item is a place, its id and name tell where somebody was, however "
            "coarse the coordinates. Pseudonyms hide both, but not how often each is visited; "
            "only the kind leaves nothing but the category.",
        )  # fmt: skip
    setting = replace(protection, pseudonymous=hidden, items=items)
    note = "\n".join(setting.words())
    st.caption(":material/shield: " + ui.plain(" ".join(setting.words())))
    if setting.tells_items_apart:
        st.warning(ui.plain(setting.words()[-1]), icon=":material/warning:")
    with st.container(horizontal=True):
        for label, ending, write, mime in (
            ("Parquet, with the note inside", "parquet", _parquet, "application/octet-stream"),
            ("CSV", "csv", _csv, "text/csv"),
        ):
            ui.download(
                label, lambda write=write: write(protected(store, setting), note),
                f"protected.{ending}", mime, f"privacy_{ending}", type="secondary",
            )  # fmt: skip
        ui.download(
            "The note of what was done", note, "protected.txt", "text/plain", "privacy_note",
            icon="description",
        )  # fmt: skip
    st.caption("Noise in the file is drawn anew, by the system: it is not the one measured above.")


def protected(store, protection: Protection) -> pl.DataFrame:
    """Return the whole table, protected, with a key that is forgotten at once."""
    table = store.checkins(columns=_columns(store))
    return protection.apply(table, key=new_key()).sort(schema.USER, schema.TIME, schema.ITEM)


def _parquet(table: pl.DataFrame, note: str) -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", metadata={"strec.privacy": json.dumps(note)})
    return buffer.getvalue()


def _csv(table: pl.DataFrame, note: str) -> bytes:
    return to_csv(table).encode()


# ---------------------------------------------------------------- computed once


def of(store: Store, protection: Protection) -> RiskReport:
    """Return the risk report, computed once per content and setting."""
    found = soon(
        "risk", store, protection, lambda _: risk(store, protection),
        "Counting who could be found",
    )  # fmt: skip
    return made(found, call(risk, store, None if protection.does_nothing else _said(protection)))


def _said(protection: Protection) -> Made:
    """Return a protection as Python."""
    given = [
        (each.name, getattr(protection, each.name), each.default) for each in fields(protection)
    ]
    words = [f"{name}={value!r}" for name, value, usual in given if value != usual]
    return room("privacy", f"privacy.Protection({', '.join(words)})")


def beforehand(store: Store) -> Callable[[], object]:
    """Return what works out the report on the table as it is."""
    plain = Protection()
    return lambda: store.is_anonymous or kept("risk", store, plain, lambda: risk(store, plain))


def priced(store: Store, protection: Protection) -> UtilityLoss:
    """Return the price, computed once per content and setting."""

    def measured(report: Progress) -> UtilityLoss:
        table, drawn = store.some_users(MOST_CHECKINS, _columns(store))
        before = None if drawn else found_before("risk", store, Protection())
        return utility_loss(table, protection, before=before, progress=report)

    return soon("price", store, protection, measured, "Measuring what it costs")


def _columns(store: Store) -> list[str]:
    return [*schema.REQUIRED, *(c for c in schema.OPTIONAL if store.has(c))]


PAGE = Page(
    title="Privacy",
    icon="shield_person",
    order=11,
    content=content,
    url="privacy",
    heading="Privacy",
    question="What these check-ins would give away of the people in them, and what protecting "
    "them costs.",
    method="privacy",
    beforehand=beforehand,
    tour="Last: what would these check-ins give away? How many people do a few points pick "
    "out of the crowd? Choose a protection and see what it costs in accuracy.",
    has_pins=False,
    needs_rows=True,
)
