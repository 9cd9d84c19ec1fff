"""`strec app`: the app in the browser, from a checkout or from wherever strec is installed."""

import runpy
import sys
from typing import Annotated

import typer

from strec.cli import shell


@shell.command()
def app(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="8501, or the next free one, else.")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="The address to listen on; every address of this machine else."),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Whether to open it in a browser.")
    ] = True,
) -> None:
    """Open the app in the browser; Ctrl+C ends it.

    **Examples**

    - `strec app`

    - `strec app --host 127.0.0.1 --port 8600 --no-browser`
    """
    from strec.parts import require, shipped

    require("streamlit", "pydeck")

    given = {"server.port": port, "server.address": host, "server.headless": not browser or None}
    options = [f"--{name}={value}" for name, value in given.items() if value is not None]
    # As `python -m streamlit` does: the library itself does not know the app.
    sys.argv = ["streamlit", "run", str(shipped("app.py")), *options]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
