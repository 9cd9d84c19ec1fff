"""strec in the browser: `streamlit run app.py`, or `strec app`."""

from pathlib import Path

from starlette.middleware import Middleware
from streamlit.starlette import App

from strec.serve.person import PersonCookie

app = App(
    Path(__file__).with_name("pages") / "shared" / "script.py",
    middleware=[Middleware(PersonCookie)],
)
