"""`strec app`: the app in the browser, from a checkout or from wherever strec is installed."""

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
    from streamlit.web.cli import main as streamlit

    given = {"server.port": port, "server.address": host, "server.headless": not browser or None}
    options = [f"--{name}={value}" for name, value in given.items() if value is not None]
    streamlit(["run", str(shipped("app.py")), *options], prog_name="strec app")
