"""How good is it? A leaderboard under stated rules, two models side by side, and where they err."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import polars as pl
import streamlit as st

from pages.parts.space import common
from pages.parts.train.race import Race, cut
from pages.shared import background, playback, state, ui
from pages.shared.in_use import trainings
from pages.shared.later import Work, is_large, work_on, working
from pages.shared.made import Made, call, made, named, of, part, room
from pages.shared.once import drawn, once
from pages.shared.page import NextStep, Page
from pages.shared.results import kept
from strec import maps, metrics
from strec.errors import StrecError
from strec.evaluation import (
    FIRST_LOOK,
    Regime,
    Result,
    compare,
    errors_on_map,
    evaluate,
    leaderboard,
    propose,
    slices,
    to_csv,
    to_html,
    to_markdown,
)
from strec.evaluation.scoring import blocks_of, in_words, rules_of_nobody
from strec.evaluation.slices import ways_to_slice
from strec.export import MIN_USERS
from strec.metrics import METRICS
from strec.models import MODELS
from strec.palette import DIVERGING
from strec.plots import evaluation as plots
from strec.progress import part_of, silent
from strec.stays import raw_fixes
from strec.store import Store

SESSION_ENDS, EVERY = "the end of each session", "every check-in"
#: With fewer users intervals are so wide that the page says so.
FEW = 40
SHOWN = {"acc@1": "first try", "acc@10": "first ten", "mrr": "mean of 1 / rank",
         "ndcg@10": "place in the first ten"}  # fmt: skip

# ---------------------------------------------------------------- rules


def rules() -> Regime:
    """Let the person set what is scored and known; return it."""
    with st.container(border=True):
        st.markdown("**The rules of the test**")
        # In a row that breaks: columns would cut choices off on a screen of 820 px.
        with st.container(horizontal=True, vertical_alignment="bottom"):
            time_known = ui.choose(
                "The time asked about is", ["known", "not known"], "evaluate_time",
                help="“Where next, at 18:00 on Friday?” or just “where next?”",
            )  # fmt: skip
            history = ui.choose(
                "A model may look at", ["all that came before", "training only"],
                "evaluate_history",
                help="All that the user did up to the question, or only the training part and the "
                "running session.",
            )  # fmt: skip
            scored = ui.choose(
                "Scored is", [SESSION_ENDS, EVERY], state.SCORED.name,
                help="The first is the rule of the research literature and leaves out new users "
                "and new items; the second leaves out nothing.",
            )  # fmt: skip
        regime = Regime(
            scored="every" if scored == EVERY else "session_end",
            history="train" if history == "training only" else "streaming",
            time_known=time_known == "known",
            at_most=FIRST_LOOK.at_most,
        )
        st.caption(regime.words())
    return regime


# ---------------------------------------------------------------- parts of the page


def in_python(race: Race) -> Made | None:
    """Return the lines that score these models; None with trained ones, which lie elsewhere."""
    if any(model.family != "counting" for _, model in race.models.values()):
        return None
    rules = room("evaluation", f"evaluation.{race.regime!r}")
    return named(call(evaluate, None, Made("data"), rules), "results", "results")


def show(results: list[Result], race: Race) -> None:
    """Show the leaderboard and, when all models are in, the proposal and two side by side."""
    how = in_python(race)
    for number, each in enumerate(results):
        made(each, part(how, f"[{number}]"))
    queries = results[0].queries
    size = in_words(queries)
    if said := rules_of_nobody(queries):
        st.info(said, icon=":material/groups:")
    n_blocks = len(set(blocks_of(queries)))
    if n_blocks < FEW:
        _few(size, n_blocks)
    about = "\n\n".join(f"**{SHOWN[key]}**: {METRICS[key].sentence}" for key in SHOWN)
    measure = ui.choose("Compare by", SHOWN, "evaluate_measure", help=about)
    is_complete = len(results) == len(race.models)
    proposal = once(propose, results, measure)
    is_proposed = is_complete and proposal.is_told
    if is_proposed:
        st.success(
            f"**Proposed: {ui.plain(proposal.model)}.** {ui.plain(proposal.sentence)}",
            icon=":material/thumb_up:",
        )
    elif is_complete:
        st.info(f"**None is proposed.** {ui.plain(proposal.sentence)}", icon=":material/balance:")
    board = made(once(leaderboard, results), how and call(leaderboard, how))
    counting = [each.name for each in results if each.family == "counting"]
    trained = any(model.family != "counting" for _, model in race.models.values())
    ui.figure(
        drawn(
            plots.leaderboard,
            board,
            measure,
            METRICS[measure].title,
            counting=counting,
            proposed=proposal.model if is_proposed else None,
        ),  # fmt: skip
        key="evaluate_board",
        caption=f"{METRICS[measure].sentence} Bars: 95 % interval over users. "
        + ("Grey: models that only count. " if trained else "")
        + f"{size}. {ui.plain(' '.join(race.notes))}",
    )
    if not trained:
        st.info(
            "All of these only count. Train a model of another kind and it joins this list.",
            icon=":material/model_training:",
        )
    if is_complete:
        numbers(results, board, race.data_name)
        side_by_side(results, proposal.model, measure)


def _few(size: str, n_users: int) -> None:
    what = "the intervals are wide, and most differences cannot be told from chance."
    if n_users < metrics.FEWEST_USERS:
        what = (
            f"below {metrics.FEWEST_USERS} users there is no interval, and nothing here says which "
            "model is better."
        )
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/warning: Only {size}: {what}")
        if state.SCORED.value != EVERY:
            st.button("Score every check-in", key="evaluate_score_every", on_click=_score_every)


def _score_every() -> None:
    state.SCORED.value = EVERY


def numbers(results: list[Result], board, data_name: str) -> None:
    """Show all measures with what they mean, what each model does, and the downloads."""
    with st.expander("All numbers, and what they mean", icon=":material/table:"):
        shown = ["model", *METRICS]
        ui.table(
            board.select(shown),
            {"model": "Model"}
            | {
                key: st.column_config.NumberColumn(
                    each.title, help=each.sentence, format=f"%.{each.digits}f"
                )
                for key, each in METRICS.items()
            },
        )
        st.markdown("\n".join(f"- **{m.title}**: {m.sentence}" for m in METRICS.values()))
        st.markdown(
            "**The models**\n"
            + "\n".join(f"- **{ui.plain(each.name)}**: {_about(each)}" for each in results)
        )
        with st.container(horizontal=True):
            for label, ending, mime, make in (
                ("CSV", "csv", "text/csv", lambda: to_csv(results)),
                ("Markdown", "md", "text/markdown", lambda: to_markdown(results)),
                ("Page with slices (HTML)", "html", "text/html",
                 lambda: to_html(results, data_name)),
            ):  # fmt: skip
                ui.download(label, make, f"evaluation.{ending}", mime, f"evaluate_{ending}")


def _about(result: Result) -> str:
    if result.name == "Markov, global":
        return "What everybody took after the same item before."
    said = MODELS[result.kind].sentence if result.kind in MODELS else result.kind
    return f"{said} {ui.plain(result.remark)}".strip()


@ui.fragment
def side_by_side(results: list[Result], proposed: str, measure: str) -> None:
    """Let the person pick two models and look at them from four sides."""
    st.subheader("Two models side by side", anchor=False)
    by_name = {each.name: each for each in results}
    ranked = sorted(by_name, key=lambda name: -by_name[name].queries[measure].to_numpy().mean())
    order = [proposed, *(name for name in ranked if name != proposed)]
    left, right = st.columns(2)
    first = by_name[left.selectbox("First", order, key="evaluate_first")]
    others = [name for name in order if name != first.name] or order
    second = by_name[right.selectbox("Second", others, key="evaluate_second")]
    views = {"Differences": differences, "Slices": sliced, "Trust": trust, "Map": on_map}
    view = ui.choose("View", list(views), "evaluate_view", show_label=False)
    with ui.one_of(views, view):
        views[view](first, second, measure)


def differences(first: Result, second: Result, measure: str) -> None:
    """Show the paired differences and say in words which are real."""
    frame = made(once(compare, first, second), call(compare, first, second))
    row = frame.filter(measure=measure).to_dicts()[0]
    better = first.name if row["difference"] > 0 else second.name
    words = (
        f"**{ui.plain(better)}** is better: the 95 % interval of the difference excludes 0."
        if row["is_real"]
        else "The two **cannot be told apart** on this data: "
        + ("there is no interval." if row["low"] is None else "the interval includes 0.")
    )
    st.markdown(f"{words} {METRICS[measure].title}: {row['first']:.3f} and {row['second']:.3f}.")
    ui.figure(
        drawn(plots.comparison, frame, first.name, second.name),
        key="evaluate_differences",
        caption="Each dot: the mean difference over the same questions, with its 95 % interval "
        "over users. Grey: the interval includes 0, or there is none, so the difference may be "
        "chance.",
        data=frame,
        name="comparison",
    )


def sliced(first: Result, second: Result, measure: str) -> None:
    """Show both models on slices of the questions."""
    ways = ways_to_slice([first, second])
    by = st.selectbox("Split by", list(ways), format_func=ways.__getitem__, key="evaluate_by")
    frame = once(slices, [first, second], by, measure)
    if (one := of(first)) and (other := of(second)):
        both = Made(f"[{one.text}, {other.text}]", one.lines, one.imports)
        made(frame, call(slices, both, by, measure))
    ui.figure(
        drawn(
            plots.slices, frame, [first.name, second.name], f"{METRICS[measure].title}: {ways[by]}"
        ),
        key="evaluate_slices",
        caption="In brackets: scored check-ins. Bars: 95 % interval over users, where there are "
        f"{metrics.FEWEST_USERS} or more. Slices of fewer than {MIN_USERS} users are not shown. "
        "A return is something the user took before, a discovery is not.",
        data=frame,
        name="slices",
    )


def trust(first: Result, second: Result, measure: str) -> None:
    """Show whether stated probabilities come true."""
    able = [each for each in (first, second) if each.is_probability]
    for each in (first, second):
        if not each.is_probability:
            st.caption(f"{ui.plain(each.probability_in_words)} The counter mix does.")
    if not able:
        return
    diagrams = {each.name: each.reliability() for each in able}
    known = [each for each in map(of, able) if each]
    how = None
    if len(known) == len(able):
        asked = ", ".join(each.text for each in known)
        said = f"{{each.name: each.reliability() for each in [{asked}]}}"
        how = call(plots.reliability, replace(known[0], text=said))
    ui.figure(
        made(drawn(plots.reliability, diagrams), how),
        key="evaluate_reliability",
        caption="First suggestions by the probability that the model gave them, and how often "
        "they came true. Bars: 95 % interval over users, where a dot holds "
        f"{metrics.FEWEST_USERS} of them or more; larger dots hold more. On the dotted line a "
        "model is honest, below it is too sure of itself. "
        + " ".join(ui.plain(each.probability_in_words) for each in able),
    )


def on_map(first: Result, second: Result, measure: str) -> None:
    """Show where on the map a model misses."""
    both = {each.name: each for each in (first, second)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = both.get(ui.choose("Misses of", list(both), "evaluate_map_of"), first)
        clock = [playback.TIME] if ui.current_store().has_clock else []
        by = playback.ask([playback.ALL, *clock, playback.WEEKDAY], "evaluate_play_by")
    sliced_by = None if by == playback.ALL else by
    errors = {
        each: once(errors_on_map, result, measure, by=sliced_by) for each, result in both.items()
    }
    named = [] if sliced_by is None else errors[shown.name]["slice"].unique().sort().to_list()
    film = playback.Film(by, by, tuple(playback.Step(each, each) for each in named))
    playback.played(film, lambda step: misses(shown, errors, measure, step))


def misses(
    shown: Result, errors: dict[str, pl.DataFrame], measure: str, step: playback.Step | None
) -> None:
    """Show how often one model misses where, in all or at one step of time."""
    cells = errors[shown.name]
    everywhere = background.view_of(cells["lat"], cells["lon"])
    if step is not None:
        cells = cells.filter(pl.col("slice") == step.value).drop("slice")
    tips = [_tip(row, measure) for row in cells.iter_rows(named=True)]
    cells = cells.with_columns(tip=pl.Series(tips, dtype=pl.String))
    # The same colours for both models and all steps, so that their maps can be compared.
    every = pl.concat([each["miss"] for each in errors.values()]).to_numpy()
    scale = maps.Scale.fit(every, colours=(*DIVERGING[:2:-1], *DIVERGING[1::-1]))
    deck = maps.hexagons(cells, "miss", scale=scale, view=everywhere, **background.look())
    legend = f"Misses of {shown.name}, share", scale
    ui.deck(deck, key="evaluate_map", alt=legend[0])
    st.html(maps.legend_html(*legend))
    said = f"Where people went, and how often the model missed it ({METRICS[measure].title}). "
    n, n_all = int(cells["n_checkins"].sum()), len(shown.queries)
    said += (
        f"{n_all - n:,} of {n_all:,} scored check-ins are in cells with under 5 users and not "
        "shown."
        if step is None
        else f"{step.words}: {n:,} scored check-ins, in cells with 5 or more users then."
    )
    said += f" {background.thanks()}."
    st.caption(said)
    errors_of = of(shown) if step is None else None
    asked = errors_of and call(errors_on_map, errors_of, measure)
    if asked := part(asked, '.with_columns(tip=pl.lit(""))'):
        asked = replace(asked, imports=(*asked.imports, "import polars as pl"))
        made(deck, call(maps.hexagons, asked, "miss"))
    common.offer("misses-on-map", cells.drop("tip"), deck, words=said, legend=legend)


def _tip(row: dict, measure: str) -> str:
    km = row["distance_error_km"]
    far = "" if km is None or km != km else f"\nfirst suggestion {km:,.1f} km away (median)"
    return (
        f"{METRICS[measure].title}: {row['value']:.2f}\n{row['n_checkins']:,} scored check-ins"
        + (f", {row['n_users']:,} users" if row["n_users"] else "")
        + far
    )


# ---------------------------------------------------------------- page


def content() -> NextStep:
    """Ask for the rules, and show the leaderboard and all that follows from it."""
    if ui.current_store().is_raw_track:
        ui.show_notice(raw_fixes())
        return "Turn the fixes into stays", "data"
    regime = rules()
    try:
        compete(Race(ui.current_store(), regime))
    except StrecError as error:
        ui.show_notice(error)
        if regime.scored != "every":
            st.button("Score every check-in", key="evaluate_rescue", on_click=_score_every)
    return "Recommend with the best", "recommend"


def compete(race: Race) -> None:
    """Show what is quick at once; the rest joins it when it is ready."""
    late = race.waiting()
    if late and is_large(race.store):
        work = work_on("results", race.store, race.asked, lambda report: race.run(late, report))
        known = [race.result(name) for name in list(race.models) if name not in late]
        if any(known):
            show([each for each in known if each is not None], race)
        ui.fragment(join, run_every=1.0)(race, late, work)
        work.begin()
        return
    title = f"Fitting and scoring {ui.plain(', '.join(late))}"
    with ui.progress(title) if late else nullcontext(silent) as report:
        quick = [race.result(name) for name in list(race.models) if name not in late]
        show([each for each in quick if each is not None], race)
        for k, name in enumerate(late):
            race.result(name, part_of(report, k / len(late), (k + 1) / len(late)))
    if late:
        st.rerun()


def join(race: Race, late: list[str], work: Work) -> None:
    """Say what is fitted and scored meanwhile; show each model as soon as it is there."""
    if work.is_done() or race.waiting() != late:
        st.rerun()
    if isinstance(work.error, StrecError):
        ui.say(work.error)
        return
    working(work, f"Fitting and scoring {ui.plain(', '.join(late))}")


def beforehand(store: Store) -> Callable[[], object]:
    """Return what fits and scores the models that only count, under the usual rules."""

    def work() -> None:
        kept("split", store, None, lambda: cut(store))
        race = Race(store, FIRST_LOOK)
        for name in list(race.models):
            race.result(name)

    return work


def tour() -> str:
    """Say what the guided tour says here, and of models that still learn that they do."""
    store = ui.current_store()
    late = sorted({run.label for run in trainings(store) if run.poll().is_active})
    said = (
        f" **{ui.plain(', '.join(late))}** still learns and joins when it is done: what is "
        "proposed now is the best of the others."
        if late
        else ""
    )
    return (
        "Was it worth it? Every model is asked about check-ins that came later than all it has "
        "learned from. **Two models side by side** tells whether a difference can be told from "
        f"chance.{said}"
    )


PAGE = Page(
    title="Evaluate",
    icon="leaderboard",
    order=8,
    content=content,
    url="evaluate",
    heading="How good is it?",
    question="Models are asked about check-ins that came later than all they have learned from.",
    method="evaluate",
    beforehand=beforehand,
    tour=tour,
    needs_rows=True,
)
