"""Rows that could not be read, and the cleaning steps as switches."""

import shlex

import streamlit as st

from pages.parts.data.draft import READ, Draft
from pages.shared import state, ui
from pages.shared.state import Key
from strec.cleaning import Recipe, Step
from strec.errors import StrecError
from strec.export import to_csv
from strec.io.reading import KEPT_REJECTED

SHOWN_REJECTED = 200
#: The column that a step needs to have something to do.
NEEDS = {"missing_category": "category", "missing_value": "value"}


def rejected_rows(draft: Draft) -> None:
    """Show which rows are no check-ins, why, and offer them as CSV."""
    result = draft.result
    if not result.reasons:
        st.success("Every row of the file is a check-in.", icon=":material/done_all:")
        return
    total = sum(result.reasons.values())
    st.markdown(
        f"**{total:,} of {result.n_rows:,} rows** ({100 * (total / result.n_rows):.1f} %) "
        "cannot be check-ins and are left out:"
    )
    counts = {"Reason": list(result.reasons), "Rows": list(result.reasons.values())}
    st.dataframe(counts, hide_index=True)
    st.caption("Rows are numbered from 1, the header not counted.")
    shown = result.rejected.head(SHOWN_REJECTED)
    st.dataframe(shown, hide_index=True, height=min(36 * (len(shown) + 1), 300))
    ui.download(
        "Rows left out, as CSV", lambda: to_csv(result.rejected), "rows-left-out.csv",
        "text/csv", key="data_rejected_csv", type="secondary",
    )  # fmt: skip
    if total > KEPT_REJECTED:
        st.caption(f"The download holds the first {KEPT_REJECTED:,} of them.")


def steps(draft: Draft) -> None:
    """Show each cleaning step with its switch, its parameters, and what it did."""
    st.markdown(f"**{draft.report.sentence}**")
    st.caption("Switch a step on or off: the table is cleaned anew from the file each time.")
    changed = []
    columns = draft.rows(READ).collect_schema()
    for number, (step, done) in enumerate(zip(draft.recipe.steps, draft.report.steps, strict=True)):
        changed.append(_step(draft, number, step, done.sentence, columns))
    try:
        recipe = Recipe(tuple(type(old)(**new) for old, new in changed))
    except StrecError as error:
        ui.show_error(error)
    else:
        if recipe.steps != draft.recipe.steps:
            draft.set_recipe(recipe)
            st.rerun()
    _before_after(draft)
    _recipe_file(draft)


def command(draft: Draft) -> str:
    """Return the shell command that does the same."""
    files = " ".join(shlex.quote(name) for name in draft.names)
    return f"strec clean {files} --recipe recipe.yaml --out checkins.parquet"


def _step(draft: Draft, number: int, step: Step, sentence: str, columns) -> tuple[Step, dict]:
    key = f"data_step_{number}_{step.name}_{draft.version}"
    possible = NEEDS.get(step.name) is None or NEEDS[step.name] in columns
    values = step.values()
    with st.container(border=True):
        left, right = st.columns([3, 1], vertical_alignment="center")
        with left:
            values["enabled"] = st.toggle(
                f"**{step.title}**", step.enabled, key=f"{key}_on", help=step.help
            )
            if not possible:
                sentence = f"The table has no {NEEDS[step.name]}: nothing to do."
            st.caption(ui.plain(sentence if step.enabled else step.help))
        parameters = step.parameters()
        if parameters:
            with right.popover("Settings", icon=":material/tune:", width="stretch"):
                for name, spec in parameters.items():
                    values[name] = _parameter(spec, values[name], f"{key}_{name}")
    return step, values


def _parameter(spec, value, key: str):
    meta = spec.metadata
    label, text = meta["label"], meta["help"]
    if spec.type is bool:
        return st.toggle(label, value, key=key, help=text)
    if meta["choices"]:
        options = list(meta["choices"])
        return st.selectbox(
            label, options, options.index(value), meta["choices"].get, key=key, help=text
        )
    if meta["date"]:
        said = st.text_input(label, value, key=key, help=f"{text} Like 2012-04-30, or now.")
        return (said or "").strip()
    kind = int if spec.type is int else float
    return st.number_input(
        label, kind(meta["low"]), kind(meta["high"]), kind(value), key=key, help=text
    )


def _before_after(draft: Draft) -> None:
    titles = {
        "title": "Step",
        "rows_before": "Check-ins before",
        "rows_after": "Check-ins after",
        "changed": "Values changed",
        "users_before": "Users before",
        "users_after": "Users after",
        "items_before": "Items before",
        "items_after": "Items after",
    }
    shown = draft.report.to_frame().filter("enabled").select(list(titles)).rename(titles)
    st.markdown("**Before and after each step that is on**")
    st.dataframe(shown, hide_index=True, height=36 * (len(shown) + 1))
    removing = [step for step in draft.report.steps if step.removed.height]
    if removing:
        with st.expander("Some of the check-ins that were removed", icon=":material/search:"):
            for step in removing:
                st.caption(f"{step.title}: the first {step.removed.height}")
                st.dataframe(step.removed, hide_index=True)


def _recipe_file(draft: Draft) -> None:
    st.markdown("**The same again, for the next file**")
    with st.container(horizontal=True, vertical_alignment="center"):
        ui.download(
            "Recipe as YAML", draft.full_recipe().to_text, "recipe.yaml", "application/yaml",
            key="data_recipe_yaml", type="secondary",
        )  # fmt: skip
        if st.button("Back to the default steps", key="data_recipe_default", type="tertiary"):
            draft.take_recipe(Recipe.default())
            st.rerun()
    st.markdown("With the recipe, this command does the same from a shell:")
    st.code(command(draft), language="bash")
    st.file_uploader(
        "Use a recipe saved earlier (YAML or JSON)",
        type=["yaml", "yml", "json"],
        max_upload_size=1,
        key=_upload_of(draft).name,
        on_change=_recipe_uploaded,
        args=(draft,),
    )
    if said := state.RECIPE_SAID.value:
        st.caption(ui.plain(said))
    if (error := state.RECIPE_ERROR.take()) is not None:
        ui.show_error(error)


def _upload_of(draft: Draft) -> Key:
    return Key(f"data_recipe_upload_{draft.version}", None)


def _recipe_uploaded(draft: Draft) -> None:
    upload = _upload_of(draft).value
    if upload is None:
        return
    state.RECIPE_SAID.value = ""
    try:
        recipe = Recipe.from_text(upload.getvalue().decode("utf-8-sig", errors="replace"))
        state.RECIPE_SAID.value = draft.take_recipe(recipe)
    except StrecError as error:
        state.RECIPE_ERROR.value = error
