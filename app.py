"""strec in the browser: `streamlit run app.py`, or `strec app`."""

from contextlib import asynccontextmanager
from pathlib import Path

from starlette.middleware import Middleware
from streamlit.runtime import get_instance
from streamlit.starlette import App

from pages.shared import once, refusals, results
from strec.maps import tiles
from strec.serve import logged, routes, settings
from strec.serve.collector import give_back, tame_collector
from strec.serve.door import Door
from strec.serve.leftovers import Sweeper


def let_go() -> None:
    """Forget results that are old, or about what is gone, and the memory that they took."""
    results.expire()
    once.tidy()
    give_back()


def uploads_held(session: str) -> tuple[int, int]:
    """Return the bytes of uploads that Streamlit holds: of a session, and of all."""
    held = getattr(get_instance().uploaded_file_mgr, "file_storage", {})
    sizes = {
        name: sum(len(file.data) for file in list(files.values()))
        for name, files in list(held.items())
    }
    return sizes.get(session, 0), sum(sizes.values())


@asynccontextmanager
async def while_it_runs(_: App):
    """Sweep away what is old while the app runs, and keep the collector from what stays."""
    settings.settle_tiles()
    refusals.tell()
    if settings.is_public():
        logged.without_words()
    # Asked before anybody looks at a map, so that no page waits for the answer.
    tiles.are_there(wait_s=0)
    sweeper = Sweeper(also=let_go)
    sweeper.start()
    merger = routes.merger()
    if merger is not None:
        merger.start()
    tame_collector()
    yield
    sweeper.stop()
    if merger is not None:
        merger.stop()


app = App(
    Path(__file__).with_name("pages") / "shared" / "script.py",
    lifespan=while_it_runs,
    routes=routes.routes(),
    middleware=[Middleware(Door, held=uploads_held)],
)
