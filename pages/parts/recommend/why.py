"""Why a suggestion stands where it stands: parts that add up, and the check-ins behind them."""

import polars as pl
import streamlit as st

from pages.parts.recommend.rephrase import rephrase
from pages.shared import background, ui
from pages.shared.made import built, call, made, named, of
from pages.shared.once import drawn, once
from strec import explanation, maps, plots
from strec.plots.parts import told_parts
from strec.plots.visits import visit_clock
from strec.recommend import Answer
from strec.wording import add_up, percent, percent_digits, plural

#: The map of the check-ins behind a part is low: it stands in the narrow column.
EVIDENCE_PX = 230


def why(answer: Answer, rank: int, *, is_narrow: bool = False) -> None:
    """Show sentences, the parts and what lies behind each, for one suggestion.

    In a narrow column one stands below the other.
    """
    name = ui.plain(ui.shown_name(answer.frame["item_name"][rank - 1]))
    st.subheader(f"Why {name} is number {rank}", anchor=False)
    if not answer.model.explains:
        st.info(
            "This model gives scores without parts. Choose the counter mix to see reasons.",
            icon=":material/functions:",
        )
        return
    reasons = once(explanation.explain, answer, rank)
    made(reasons, call(explanation.explain, answer, rank))
    st.markdown(ui.plain(" ".join(reasons.sentences)))
    if otherwise := once(explanation.counterfactual, answer, rank):
        st.markdown(f":material/schedule: {otherwise}")
    if by_wish := once(explanation.wished, answer, rank):
        st.markdown(f":material/stylus_note: {by_wish}")
    rephrase(reasons)
    left, right = [st.container()] * 2 if is_narrow else st.columns([3, 2], gap="large")
    with left:
        _sum(answer, reasons)
    with right:
        _behind(answer, reasons)


def _sum(answer: Answer, reasons) -> None:
    how = named(of(reasons), "reasons", "reasons.parts")
    figure = drawn(plots.parts, made(reasons.parts, how))
    shown = told_parts(reasons.parts)
    total = 100 * reasons.probability
    digits = percent_digits(shown["value"].to_list())
    printed = add_up((100 * shown["value"]).to_list(), total, digits)
    bars = " ".join(f"{value:+.{digits}f} %" for value in printed)
    ui.figure(
        figure,
        "rec_parts",
        caption=f"Each bar begins where the one before ended: {bars} = "
        f"{total:.{digits}f} %, the chance that the next check-in is this one, among "
        f"all {len(answer.query.vocabulary.items):,} {ui.item_word(plural=True)}.",
    )
    if answer.how.strategy != "balanced" or answer.how.wish is not None:
        st.caption(
            "The list is ordered by your strategy and wishes; the bars explain the probability."
        )


def _behind(answer: Answer, reasons) -> None:
    # A part that moves nothing, as distance where there are no places, has nothing behind it.
    known = reasons.parts.filter(pl.col("n_checkins") > 0, pl.col("value") != 0)
    if known.is_empty():
        st.caption(
            "These parts rest on what everybody does, not on single check-ins."
            if answer.query.log.is_anonymous
            else "No check-ins of this person stand behind these parts: "
            "they rest on what others do."
        )
        return
    labels = dict(known.select("part", "label").iter_rows())
    # The part that weighs most is looked into first.
    part = st.pills(
        "The check-ins behind",
        list(labels),
        default=next(iter(labels)),
        format_func=lambda each: ui.plain(labels[each]),
        key=f"rec_part_{reasons.item_id}",
        required=True,
    )
    evidence = reasons.evidence[part]
    made(evidence, named(of(reasons), "reasons", f'reasons.evidence["{part}"]'))
    colour = dict(known.select("part", "colour").iter_rows())[part]
    whose = "of anybody" if answer.query.log.is_anonymous else "of this person"
    if answer.query.log.has_clock:
        hour = float(answer.query.hour[0])
        ui.figure(
            drawn(visit_clock, evidence, None if hour != hour else hour, colour),
            "rec_evidence_clock",
            caption=f"{plural(len(evidence), 'check-in')} {whose}, latest outside, those "
            "that speak loudest largest. The orange hand is the hour asked about.",
        )
    _evidence_map(evidence, colour)
    with st.expander("As a list", icon=":material/list:"):
        columns = {
            "item_name": ui.item_word().capitalize(),
            "local_time": st.column_config.DatetimeColumn("When", format="ddd D MMM YYYY"),
            "strength": st.column_config.NumberColumn(
                "Strength",
                format="%.2f",
                help="How loudly this check-in speaks, against the usual one: 1 is usual.",
            ),
        }
        ui.table(evidence.select(list(columns)).sort("local_time", descending=True), columns)


def _evidence_map(evidence: pl.DataFrame, colour: str) -> None:
    """Show where these check-ins were; one place alone needs no map of its own."""
    placed = evidence.select("item_name", "lat", "lon").drop_nulls()
    if placed.n_unique() < 2:
        return
    view = background.view_of(placed["lat"], placed["lon"], 13, EVIDENCE_PX)
    shown = built(maps.visits, evidence, colour=colour, view=view, **background.look())
    ui.deck_with_python(shown, "rec_evidence_map", height=EVIDENCE_PX, caption="Where they were.")


#: Lines of what would come first at another hour, beside five of the list.
MOST_FIRSTS = 5


def other_hours(answer: Answer, rank: int) -> None:
    """Show how the list would change over the 24 hours of the day."""
    n = max(5, rank)
    strip = once(explanation.what_if_hours, answer, n, firsts=MOST_FIRSTS)
    made(strip, call(explanation.what_if_hours, answer, n, firsts=MOST_FIRSTS))
    if strip["probability"].null_count():
        st.caption("This model's scores are no probabilities, so hours cannot be compared.")
        return
    best = once(explanation.best_by_hour, answer, 1)
    if rank > 5:
        left_out = set(answer.frame["item_id"][4 : rank - 1]) - set(best["item_id"])
        strip = strip.filter(~pl.col("item_id").is_in(left_out))
    ui.figure(
        drawn(
            plots.what_if_hours,
            strip,
            int(answer.query.hour[0]) if answer.query.time_known else None,
        ),
        "rec_what_if",
        caption="The same question at each hour of the same day, everything before it unchanged. "
        f"First at which hour: {_firsts(best)}",
    )


def _firsts(best: pl.DataFrame) -> str:
    """Return runs of hours with the same first item, in words."""
    runs: list[list] = []
    for hour, name in best.select("hour", "item_name").iter_rows():
        if runs and runs[-1][2] == name:
            runs[-1][1] = hour
        else:
            runs.append([hour, hour, name])
    said = [f"{ui.plain(name)} {first}:00–{last + 1}:00" for first, last, name in runs]
    return "; ".join(said[:6]) + (" …" if len(said) > 6 else ".")


def changed(before: Answer, after: Answer, difference: str) -> None:
    """Say what moved since the question before, and because of which part."""
    moved = once(explanation.changes, before, after)
    if not moved:
        return
    lines = []
    for each in moved:
        was = f"number {each.rank_before}" if each.rank_before else "not in the list"
        now = f"number {each.rank_after}" if each.rank_after else "not in the list"
        because = ui.plain(
            each.because.lower() if each.because.startswith("This") else each.because
        )
        lines.append(
            f"- **{ui.plain(each.item_name)}**: {was} → {now}, "
            f"{percent(each.probability_before)} → {percent(each.probability_after)}, "
            f"mostly because of: {because}"
        )
    with st.expander(
        f"What changed with {difference}, and why",
        icon=":material/compare_arrows:", expanded=True,
    ):  # fmt: skip
        st.markdown("\n".join(lines))
