"""strec in the browser: `streamlit run app.py`."""

import streamlit as st

from pages.shared import tour, ui

st.set_page_config(
    page_title="strec: when, where, and what next",
    page_icon=":material/travel_explore:",
    layout="wide",
)

st.logo(ui.WORDMARK, size="large")
st.html(ui.STYLE)

PAGES = {
    name: st.Page(
        f"pages/{file}.py", title=title, icon=f":material/{icon}:", url_path=name, **extra
    )
    for name, file, title, icon, extra in [
        ("", "start", "Start", "travel_explore", {"default": True}),
        ("data", "data", "Data", "table_view", {}),
        ("time", "time", "Time", "schedule", {}),
        ("space", "space", "Space", "map", {}),
        ("dependence", "dependence", "Dependence", "balance", {}),
        ("train", "train", "Train", "model_training", {}),
        ("evaluate", "evaluate", "Evaluate", "leaderboard", {}),
        ("recommend", "recommend", "Recommend", "recommend", {}),
        ("live", "live", "Live", "play_circle", {}),
        ("privacy", "privacy", "Privacy", "shield_person", {}),
    ]
}

page = st.navigation(list(PAGES.values()))
ui.remember_pages(PAGES)
ui.wanted_page()
ui.guarded(lambda: ui.sidebar(page.url_path))
tour.card(page.url_path)
ui.guarded(page.run)
