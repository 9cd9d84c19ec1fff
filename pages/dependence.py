"""Does time, place or order matter here? Four dials, the evidence, the way on, a live simulator."""

import secrets
from typing import Any

import polars as pl
import streamlit as st

from pages.parts.dependence import dates
from pages.shared import gate, glossary, state, ui
from pages.shared.later import soon
from pages.shared.made import call, made, named, of, part
from pages.shared.once import drawn
from pages.shared.page import NextStep, Page, go_to
from pages.shared.results import by_content, found_before, in_turn, keep
from strec import api, maps, schema
from strec.export import json_text
from strec.gate import DependenceResult, dependence_test, tested_before
from strec.gate.result import STRONG_NATS, TRADITIONAL, WEAK_NATS
from strec.gate.sentences import DRIFTS, percent, uses_of
from strec.plots import dependence as plots
from strec.progress import Progress
from strec.simulation import SCENARIOS, simulate
from strec.split import split
from strec.stays import raw_fixes
from strec.store import Filters, Store
from strec.wording import of_users, round_distance

#: The quick look: enough to see strong effects, in a few seconds.
QUICK_CHECKINS, QUICK_PERMUTATIONS = 6_000, 79
QUICK: dict[str, Any] = {"max_checkins": QUICK_CHECKINS, "n_permutations": QUICK_PERMUTATIONS}
#: Of a larger store whole users are drawn before they are read: the full test sees 200,000.
MOST_READ = 500_000
WORLD_USERS, WORLD_CHECKINS = 100, 6_000
DATA, SIMULATOR = "This data set", "Live simulator"

# ---------------------------------------------------------------- the data set in use


def data_part() -> NextStep:
    """Show what the test says of the data set in use: at once, and in full on request."""
    store = ui.current_store()
    table = gate.dates(store)
    if state.FILTERS.value != Filters():
        return part_of_data(store, table)
    full = gate.setting(store, gate.FULL)
    if state.RUN_FULL.take():
        with in_turn():
            with ui.progress("Testing") as report:
                found = run(store, report, dates=table, **tested_before.FULL_TEST)
            keep(gate.KIND, store, full, found)
    result = gate.found(store)
    if result is None:
        setting = gate.setting(store, gate.QUICK)
        result = soon(
            gate.KIND, store, setting,
            lambda report: run(store, report, dates=table, **QUICK), "Testing",
        )  # fmt: skip
    quick = found_before(gate.KIND, store, gate.setting(store, gate.QUICK)) is result
    if table is None and store.meta["n_checkins"] <= MOST_READ:
        in_python(result, store, QUICK if quick else {})
    decision(result)
    dates.offer(store)
    if found_before(gate.KIND, store, full) is None:
        if table is None and tested_before.result_of(store.fingerprint):
            offer(
                f"The full test of this sample, run beforehand ({result.seconds:.0f} seconds). "
                "It gives the same answer each time.",
                "Run it again here",
            )
        elif result.notes:
            offer(
                f"A quick look at {result.n_checkins:,} check-ins. "
                "The full test sees up to 200,000 and finds weaker effects.",
                "Run the full test (up to 30 seconds)",
            )
    evidence(result, "data", times_in(store.time_zone))
    illustrations(result)
    return next_label(result), "recommend"


def in_python(result: DependenceResult, store: Store, setting: dict[str, Any]) -> None:
    """Remember which lines give this result."""
    made(result, named(call(api.dependence, store, **setting), "result", "result"))


def part_of_data(store: Store, table: pl.DataFrame | None) -> NextStep:
    """Show the test on the check-ins chosen alone."""
    chosen = state.FILTERS.value
    result = soon(gate.KIND, store, (gate.setting(store, gate.QUICK), chosen),
                  lambda report: run(store, report, chosen, dates=table, **QUICK),
                  "Testing")  # fmt: skip
    decision(result, "chosen")
    st.caption(
        f"A quick look at {result.n_checkins:,} check-ins of those chosen. What was cut away, such "
        "as other hours, no test can compare with; other pages go on to quote the test of all."
    )
    evidence(result, "chosen", times_in(store.time_zone))
    return next_label(result), "recommend"


def next_label(result: DependenceResult) -> str:
    """Say what recommendations may use: what was found to help, and nothing else."""
    used = uses_of(result.ingredients)
    habits = "habits, the latest above all" if result.drift.decision else "habits"
    return f"Get recommendations {f'that use {used}' if used else f'from {habits}'}"


def offer(words: str, button: str) -> None:
    """Say what the shown result is, beside a button that runs the full test."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/bolt: {words}")
        st.button(button, key="dependence_run_full", on_click=run_full)


def run_full() -> None:
    """Have the next run of the page do the full test."""
    state.RUN_FULL.value = True


def run(
    store: Store, report: Progress, chosen: Filters | None = None, **setting
) -> DependenceResult:
    """Run the test on the training part."""
    optional = (schema.CATEGORY, schema.TEXT, *schema.ORIGINS)
    columns = [*schema.REQUIRED, *(c for c in optional if store.has(c))]
    train = split(store.some_users(MOST_READ, columns, chosen)[0]).train
    return dependence_test(train, progress=report, **setting)


# ---------------------------------------------------------------- parts of a result


def decision(result: DependenceResult, key: str = "data") -> None:
    """Show the verdict in a sentence, the dials, and what stands behind it on request."""
    plain = result.route == TRADITIONAL
    show = st.info if plain else st.success
    icon = ":material/group:" if plain else ":material/route:"
    show(f"**{ui.plain(result.sentence)}**", icon=icon)
    row = st.container(horizontal=True, gap="xxsmall")
    for ingredient in result.ingredients:
        # In a row that breaks: four columns would cut the words in the dials on a tablet.
        with row.container(width=197, gap="xxsmall"):
            st.markdown(f"**{plots.TITLE[ingredient.name]}**")
            ui.figure(drawn(plots.dial, ingredient), key=f"dial_{key}_{ingredient.name}",
                      alt=f"{plots.TITLE[ingredient.name]}. {_in_short(ingredient)}")  # fmt: skip
            st.caption(_in_short(ingredient))
    # One place for the lines of all four: below each they would only crowd them.
    if one := part(of(result), ".ingredients[-1]"):
        with ui.under(f"dials_{key}"):
            ui.in_python(call(plots.dial, one), f"dials_{key}")
    n_tests = sum(each.tested for each in result.ingredients)
    with st.expander("What was tested, and what would have been seen", icon=":material/rule:"):
        for each in result.details:
            st.markdown(f"- {ui.plain(each)}")
        for each in result.ingredients:
            if each.tested:
                st.caption(f"{plots.TITLE[each.name]}: {_as_good(each, n_tests)}")
    time_and_drift(result, key)


def time_and_drift(result: DependenceResult, key: str) -> None:
    """Show which parts of time matter, and whether habits move with the calendar."""
    left, right = st.columns(2)
    with left:
        st.markdown("**Which part of time?**")
        if any(each.effect_nats is not None for each in result.time_parts):
            ui.figure(
                drawn(plots.parts_of_time, result),
                key=f"parts_{key}",
                caption="What each part adds to the others: worlds where it alone is dealt anew "
                "gain so much less. In colour: none of 19 such worlds did as well, and the 95 % "
                "interval over users lies above 0.",
            )
        elif result.time.tested:
            st.caption("Time as a whole was not found to help: its parts are not looked at alone.")
        for each in result.time_parts:
            if not each.tested:
                st.caption(f"{each.words.capitalize()} cannot be tested: {each.why}.")
    with right:
        st.markdown("**Drift: does it matter what was taken lately?**")
        drift = result.drift
        if not drift.tested:
            st.caption(f"Not known: {drift.why}.")
        elif drift.decision:
            st.caption(
                f"Yes, {drift.effect}: knowing what was taken lately (by the user, and by "
                f"everybody) gives the item that comes {percent(drift.effect_nats or 0)} more "
                f"chance than habits as a whole. It may be {DRIFTS}; the test does not say which. "
                "No other answer here takes credit for it."
            )
        else:
            st.caption(
                "No sign of it: what was taken lately was not found to say more than habits as "
                "a whole."
            )


def evidence(result: DependenceResult, key: str, zone: str) -> None:
    """Show the gains with their intervals, the nested models, and the numbers."""
    left, right = st.columns(2)
    n = f"{result.n_scored:,} later (held-out) check-ins {of_users(result.n_users)}, {zone}"
    with left:
        st.subheader("What each ingredient adds", anchor=False)
        ui.figure(
            drawn(plots.evidence, result),
            key=f"evidence_{key}",
            caption=f"Dots: gain over the model without the ingredient, with the 95 % interval "
            f"over users. Grey ticks: what worlds gain where it is shuffled away. A yes stands "
            f"clear of its tick. {n}. Current place: {result.place}.",
        )
    with right:
        st.subheader("Right at the first try", anchor=False)
        ui.figure(
            drawn(plots.nested_models, result),
            key=f"nested_models_{key}",
            caption=f"How often each counting model ranks the item that came first, among all "
            f"{result.n_items:,}. A sample of the {n}.",
        )
    with st.expander("The numbers", icon=":material/table:"):
        table = plots.evidence_table(result)
        ui.table(table)
        st.caption(
            f"Weak from {percent(WEAK_NATS)} more chance ({WEAK_NATS} nats), strong from "
            f"{percent(STRONG_NATS)} ({STRONG_NATS} nats). Shuffles: "
            f"{result.n_permuted:,} check-ins, seed {result.seed}. {' '.join(result.notes)}"
        )
        ui.downloads("dependence", table, key=f"dependence_{key}")
        ui.download(
            "Everything as JSON", lambda: json_text(result.to_dict()), "dependence.json",
            "application/json", key=f"json_{key}",
        )  # fmt: skip


def times_in(zone: str | None) -> str:
    """Say whose clock the hours are on."""
    return f"times in {ui.plain(zone)}" if zone else "each check-in’s own local time"


def illustrations(result: DependenceResult) -> None:
    """Show the classical measures, each with a reading in words."""
    found = result.illustrations
    shown = [
        each
        for each in (_rhythm(found), _information(found), _knox_pairs(found), _clusters(found))
        if each is not None
    ]
    if not shown:
        return
    st.subheader("Seen another way", anchor=False)
    st.caption("Classical measures. They illustrate; the decision does not rest on them.")
    columns = [*st.columns(2), *st.columns(2)]
    for column, (label, value, words) in zip(columns, shown, strict=False):
        terms = [term for term in glossary.TERMS if f"({term})" in label]
        column.metric(label, value, help=glossary.help_of(*terms))
        column.caption(words)


def _rhythm(found):
    if found.periodicity is None or found.periodicity.day is None:
        return None
    each = found.periodicity
    week = "" if each.week is None else f" and {each.week:.2f} after a week"
    beyond = "far beyond" if each.day > 2 * each.bound else "within reach of"
    return (
        "Like the day before (autocorrelation)",
        f"{each.day:.2f}",
        f"Hourly activity resembles itself {each.day:.2f} after a day{week}: {beyond} chance "
        f"(±{each.bound:.2f}, {each.n_hours:,} hours). Activity may repeat itself even where the "
        "choice of items does not.",
    )


def _information(found):
    if found.mutual_information is None:
        return None
    each = found.mutual_information
    return (
        "Hour tells about kind",
        f"{max(each.corrected, 0):.3f}",
        f"Mutual information in nats, bias removed; {each.plug_in:.3f} as counted, of which "
        f"chance alone makes {each.shuffled:.3f}. {each.n:,} check-ins.",
    )


def _knox_pairs(found):
    if found.knox is None or found.knox.ratio != found.knox.ratio:
        return None
    each = found.knox
    near = f"within {round_distance(each.near_km)}" if each.near_km >= 0.001 else "at one place"
    return (
        "Pairs near, times expected (Knox)",
        f"{each.ratio:.2f} ×",
        f"{each.pairs:,} pairs of check-ins {near} and within "
        f"{each.near_hours:g} h, {each.expected:,.0f} expected if times fell on places by chance "
        f"(p {each.p_value:.2f}: chance does as well that often; {each.n:,} check-ins).",
    )


def _clusters(found):
    if found.clustering is None:
        return None
    each = found.clustering
    reading = "busy hexagons lie beside busy ones" if each.i > each.expected else "busy avoid busy"
    if each.p_value > 0.05:
        reading = "how busy and quiet hexagons lie may be chance"
    return (
        "Busy places together (Moran’s I)",
        f"{each.i:.2f}",
        f"Check-ins per hexagon, {each.n_hexagons:,} hexagons of about {each.width_km:.1f} km: "
        f"{reading} (p {each.p_value:.3f}, {each.n:,} check-ins). Places may cluster even where "
        "the choice of items does not depend on them.",
    )


def _in_short(ingredient) -> str:
    if not ingredient.tested:
        return f"Cannot be tested: {ingredient.why}."
    if ingredient.decision:
        return f"{percent(ingredient.effect_nats)} more chance for what comes next."
    least = ingredient.detectable_nats
    if least is None:
        return "Not found."
    return f"Not found; {percent(least)} more chance, or more, would mostly have been seen."


def _as_good(ingredient, n_tests: int) -> str:
    corrected = f", corrected for {n_tests} tests" if n_tests > 1 else ""
    return (
        f"{ingredient.effect_nats:+.4f} nats; {ingredient.n_as_good} of "
        f"{ingredient.n_permutations} shuffled worlds did as well (p {ingredient.p_adjusted:.2f}"
        f"{corrected})."
    )


# ---------------------------------------------------------------- the live simulator


@ui.fragment
def simulator_part() -> None:
    """Three sliders, a world, its dials: all follow within seconds."""
    controls, shown = st.columns([1, 3])
    with controls:
        scenario = st.selectbox(
            "World",
            sorted(SCENARIOS, key=lambda name: name != "social"),
            format_func=lambda name: SCENARIOS[name].title,
            key="sim_scenario",
        )
        sliders = {
            name: st.slider(label, 0.0, 1.0, 0.0, 0.1, key=f"sim_{name}")
            for name, label in (
                ("temporal", "Time matters"),
                ("spatial", "Place matters"),
                ("interaction", "Their combination matters"),
            )
        }
        seed = st.number_input(
            "Number of the draw (seed)", 0, 9_999, 1, key="sim_seed", help=glossary.help_of("seed")
        )
        st.caption(
            f"{WORLD_USERS} invented people make {WORLD_CHECKINS // WORLD_USERS} check-ins each, "
            "on average. At 0, 0, 0 their next item depends on nothing but their taste."
        )
    with shown:
        world, result = simulated(scenario, int(seed), **sliders)
        decision(result, "sim")
        figures(scenario, world)
        if st.button("Explore this world on every page", key="sim_use", icon=":material/map:"):
            use(scenario, int(seed), world)
            go_to("space")
    evidence(result, "sim", times_in(SCENARIOS[scenario].time_zone))


def use(scenario: str, seed: int, world: pl.DataFrame) -> None:
    """Make a simulated world the data set in use, with the map of its city."""
    title, zone = SCENARIOS[scenario].title, SCENARIOS[scenario].time_zone
    ground = maps.Ground.simulated(scenario, seed, world[schema.LAT], world[schema.LON])
    with in_turn():
        store = Store.create(
            world, ui.workspace() / f"store-{secrets.token_hex(6)}", time_zone=zone,
            name=f"{title}, draw {seed}", source=f"Simulated by strec: {scenario}, seed {seed}",
        )  # fmt: skip
        ground.save(store.folder / maps.GROUND)
    ui.use_store(store)


@by_content("Simulating a world and testing it…", most=64)
def simulated(scenario: str, seed: int, temporal: float, spatial: float, interaction: float):
    """Return a world and its verdict; nobody's data, so all visitors share them."""
    world = simulate(
        scenario, n_users=WORLD_USERS, n_checkins=WORLD_CHECKINS, seed=seed, temporal=temporal,
        spatial=spatial, interaction=interaction,
    )  # fmt: skip
    return world, dependence_test(world, n_permutations=QUICK_PERMUTATIONS)


def figures(scenario: str, world) -> None:
    """Show the world itself: hours of categories, and distances or zones."""
    left, right = st.columns(2)
    size = f"{len(world):,} check-ins of {world[schema.USER].n_unique():,} users"
    zone = times_in(SCENARIOS[scenario].time_zone)
    with left:
        ui.figure(
            drawn(plots.category_hours, world),
            key="sim_hours",
            caption=f"When each category is taken, against its share overall. Raise “Time "
            f"matters” and it gains contrast. {size}, {zone}.",
        )
    with right:
        if SCENARIOS[scenario].item_is_place:
            ui.figure(
                drawn(plots.steps_by_distance, world),
                key="sim_steps",
                caption="How far the next check-in is, against the same visits in random order. "
                f"Raise “Place matters” and steps get shorter. {size}.",
            )
        else:
            ui.figure(
                drawn(plots.category_zones, world),
                key="sim_zones",
                caption="What is taken where, against its share overall. Raise “Place matters” "
                f"and it gains contrast. {size}.",
            )
    ui.downloads("simulated-world", world, "sim_world")


# ---------------------------------------------------------------- page


def content() -> NextStep | None:
    """Show the test of the data set in use, or the simulator."""
    part = ui.choose("What to test", [DATA, SIMULATOR], "dependence_part", show_label=False)
    if part == DATA and ui.current_store().is_raw_track:
        ui.show_notice(raw_fixes())
        return "Turn the fixes into stays", "data"
    if part == DATA:
        return data_part()
    simulator_part()
    return None


PAGE = Page(
    title="Dependence",
    icon="balance",
    order=6,
    content=content,
    url="dependence",
    heading="Does it matter?",
    question="Whether time, place, both together, or order help to predict what people do next, "
    "and which kind of recommender follows from that.",
    method="dependence",
    tour="Does it matter? Four dials say whether time, place, both together, or order help to "
    "predict what people do next. Open the **Live simulator**, move a slider, and see the decision "
    "follow.",
    has_filters=True,
    needs_rows=True,
)
