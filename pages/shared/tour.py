"""The guided tour of ten minutes: a card on each page of the main path."""

import streamlit as st

from pages.shared import ui

STEPS = [
    ("", "This is a simulated city. Each column is a neighbourhood, its height the check-ins at "
         "the hour shown. Watch the city wake up, then go on."),
    ("data", "Every analysis starts with a table: who, what, when, where. Pick a sample here, or "
             "drop your own file: strec guesses the columns and says what it would clean."),
    ("time", "When do people act? Read the heatmap row by row: the darkest cell is the busiest "
             "hour of the week. **Rhythms** tells which repetition is more than chance."),
    ("space", "Where do they act? Switch on **Hour by hour** and see the centre of gravity move; "
              "**Hotspots** names the places that are busier than chance allows."),
    ("dependence", "Does it matter? Three dials say whether hour, place, or both together help to "
                   "predict what people do next. Open the **Live simulator**, move a slider, and "
                   "see the decision follow."),
    ("train", "Now teach a model. Keep **Counter mix** ticked, add **ST-LLM**, choose **Quick** "
              "and press the button; the curves move while it learns, and you may go on."),
    ("evaluate", "Was it worth it? Every model is asked about check-ins that came later than all "
                 "it has learned from. Where the bars overlap, the simpler model is as good."),
    ("recommend", "Who, when, where: the list, and below it **why** item 1 is item 1; the bars add "
                  "up. Now drag the hour: **What changed** names what moved, and the reason."),
    ("live", "The same model, put to the test: press **Play**. It guesses before each check-in, "
             "then sees what came. The gap between the two curves is what fresh history is worth, "
             "without any training."),
    ("privacy", "Last: what would these check-ins give away? A few points pick most people out of "
                "the crowd. Choose a protection and see what it costs in accuracy."),
]  # fmt: skip


def card(page: str) -> None:
    """Show the tour's card for this page while the tour is on."""
    if not st.session_state.get("tour"):
        return
    step = next((k for k, (name, _) in enumerate(STEPS) if name == page), None)
    if step is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/signpost: **Tour {step + 1}/{len(STEPS)}** · {STEPS[step][1]}")
        last = step + 1 == len(STEPS)
        if not last and st.button("Next", type="primary", key="tour_next"):
            ui.go_to(STEPS[step + 1][0])
        if st.button("End the tour", type="tertiary", key="tour_end"):
            st.session_state["tour"] = False
            st.rerun()
