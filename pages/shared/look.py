"""What the theme of `.streamlit/config.toml` cannot say: quiet words, phones, maps, toolbars."""

import streamlit as st

#: Quiet text, such as captions and the axes of figures, on a light and on a dark page.
QUIET = {False: "#55626B", True: "#A7B4BA"}
#: The theme's first colour, as in `.streamlit/config.toml`.
PRIMARY = {False: "#0A7471", True: "#3CC2BD"}
#: Text, ground and border of the theme, as there.
TEXT = {False: "#1E2A32", True: "#E7ECEB"}
GROUND = {False: "#FBFAF7", True: "#11181D"}
BORDER = {False: "#DDD8CD", True: "#2C3942"}
#: What is written on a button in the theme's first colour.
ON_PRIMARY = {False: "#FFFFFF", True: "#06211F"}


def is_dark() -> bool:
    """Return whether the person looks at a dark theme."""
    return st.context.theme.type == "dark"


def style(dark: bool) -> str:
    """Return the style sheet of every page."""
    return f"""<style>
/* Less empty ground above the title than Streamlit leaves. */
.stMainBlockContainer {{ padding-top: 3.2rem; }}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {{
  color: {QUIET[dark]} !important; opacity: 1; }}
[data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primary"] p {{
  color: {ON_PRIMARY[dark]} !important; }}
/* Where the Tab key has come to: links of the sidebar did not show it. */
[data-testid="stSidebarNavLink"]:focus-visible {{
  outline: 2px solid {PRIMARY[dark]} !important; outline-offset: -2px; }}
/* A finger that moves up or down over a map scrolls the page. */
[data-testid="stDeckGlJsonChart"], [data-testid="stDeckGlJsonChart"] * {{
  touch-action: pan-y !important; }}
/* Choices in a row break into the next row; at the edge of a narrow screen some were cut off. */
[data-testid="stButtonGroup"] [role="radiogroup"], [data-testid="stButtonGroup"] [role="group"] {{
  flex-wrap: wrap; row-gap: 0.3rem; }}
[data-testid="stLayoutWrapper"]:has(> .st-key-browser_told),
[data-testid="stLayoutWrapper"]:has(> .st-key-start_ahead) {{ display: none; }}
/* A message for some seconds stands below, not over what a page is asked with. */
[data-testid="stToastContainer"] {{ top: auto !important; bottom: 1rem !important; }}
/* Of whole pixels: by a fraction of one a figure would be drawn a second time. */
[data-testid="stFullScreenFrame"] {{ width: round(down, 100%, 1px) !important; }}
/* The toolbar of a figure stands in its lower corner, over neither title nor data, and on no
   phone. */
.js-plotly-plot .modebar-container {{ top: auto !important; bottom: 1.9rem; height: 0 !important; }}
.js-plotly-plot .modebar-group {{ background: transparent !important; }}
.js-plotly-plot .modebar-btn path {{ fill: {QUIET[dark]} !important; }}
.js-plotly-plot .modebar-btn.active path {{ fill: {PRIMARY[dark]} !important; }}
/* Beside the sidebar of a tablet figures are narrower than their words and maps cut: they stand
   below. */
@media (min-width: 641px) and (max-width: 1000px) {{
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] [data-testid="stPlotlyChart"]),
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]
    [data-testid="stDeckGlJsonChart"]),
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] [data-testid="stImage"]),
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] [data-testid="stMetric"]),
  .st-key-start_sides [data-testid="stHorizontalBlock"] {{ flex-wrap: wrap; }}
  [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:has([data-testid="stPlotlyChart"]),
  [data-testid="stHorizontalBlock"]:has([data-testid="stDeckGlJsonChart"])
    > [data-testid="stColumn"],
  [data-testid="stHorizontalBlock"]:has([data-testid="stImage"]) > [data-testid="stColumn"],
  .st-key-start_sides [data-testid="stColumn"] {{ flex: 1 1 100%; min-width: 100%; }}
  [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:has([data-testid="stMetric"]) {{
    flex: 1 1 13rem; min-width: 13rem; }}
}}
/* What a page shows begins high on the first screen: its question stands beside its title. */
@media (min-width: 641px) {{
  .stMainBlockContainer {{ padding-left: clamp(1.5rem, 3vw, 5rem);
    padding-right: clamp(1.5rem, 3vw, 5rem); }}
  [data-testid="stSidebar"][data-collapsed="false"] ~ * .stMainBlockContainer {{
    padding-top: 1rem; }}
  .st-key-page_head {{ flex-flow: row wrap; align-items: baseline; gap: 0.9rem 1.2rem; }}
  .st-key-page_head > * {{ width: auto; flex: 0 1 auto; }}
  .st-key-page_head h1 {{ padding: 0.2rem 0; font-size: 2.4rem; }}
  .st-key-space_part button, .st-key-demand_what button, .st-key-demand_where button {{
    padding: 0 0.7rem; }}
}}
@media (max-width: 640px) {{
  .stMainBlockContainer {{ padding: 3.2rem 1rem 2rem 1rem; }}
  .js-plotly-plot .modebar-container {{ display: none; }}
  [class*="st-key-space_draw_"] .js-plotly-plot .modebar-container {{ display: block; }}
  h1 {{ font-size: 1.7rem !important; padding-bottom: 0.2rem !important; }}
  /* What the answer is comes before who asked. */
  .st-key-rec_page > * {{ order: 3; }}
  .st-key-rec_page > :has(> .st-key-rec_controls) {{ order: 0; }}
  .st-key-rec_page > :has(> .st-key-rec_answer) {{ order: 1; }}
  .st-key-rec_row > :has(> .st-key-rec_hour_box) {{ flex-basis: 100%; }}
  .st-key-rec_row {{ gap: 0.4rem 1rem !important; }}
  /* What is said of a model stands nearer to it than to the next. */
  .st-key-train_rows [data-testid="stHorizontalBlock"] {{ row-gap: 0.2rem; }}
}}
</style>"""
