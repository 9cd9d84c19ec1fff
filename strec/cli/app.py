"""`strec app`: the app in the browser, from a checkout or from wherever strec is installed."""

import os
import runpy
import socket
import sys
import threading
import time
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from strec.cli import shell
from strec.cli._common import DbColumns, DbQuery, DbTable, is_database

#: The port that is tried first, and how many after it.
_PORT, _TRIES = 8501, 50


@shell.command()
def app(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="8501, or the next free one, else.")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="The address to listen on; else this computer alone, with --public all."),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Whether to open it in a browser.")
    ] = True,
    data: Annotated[
        str | None,
        typer.Option(
            help="The folder of a store, opened as it is, whatever its size; or the address of a "
            "database, whose table is counted where it is."
        ),
    ] = None,
    db_table: DbTable = None,
    query: DbQuery = None,
    db_columns: DbColumns = None,
    run: Annotated[
        Path | None,
        typer.Option(help="A trained run or a saved model, by which the API answers."),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Serve strangers: see docs/deploy.md.")
    ] = False,
) -> None:
    """Open the app in the browser; Ctrl+C ends it.

    It serves this computer alone, and the browser that it opens may do what nobody else may: open
    large files by their path, and send prompts to any address.

    **Examples**

    - `strec app`

    - `strec app --port 8600 --no-browser`

    - `strec clean visits.csv --out visits && strec app --data visits`

    - `strec app --data postgres://me@host/shop --table sales --map user=customer,item=product`

    - `STREC_API_TOKEN=… strec app --public --data visits --run runs/trees`

    - `strec app --public --port 80`
    """
    from strec import memory
    from strec.parts import require, shipped
    from strec.serve import person, settings

    memory.few_arenas()
    require("streamlit", "pydeck")
    if data is not None and is_database([data], db_table, query, db_columns):
        _ask(data, db_table, query, db_columns or [])
    elif data is not None:
        os.environ[settings.STORE] = str(_store(Path(data)))
    if run is not None:
        os.environ[settings.RUN] = str(_run(run))
    given: dict[str, object] = {"server.headless": True}
    if public:
        os.environ[settings.PUBLIC] = "1"
        given |= {"server.address": host or "0.0.0.0", "server.maxUploadSize": 200}
        given |= {"server.port": port or _PORT}
    else:
        listens = host or "127.0.0.1"
        port = port or _free_port(listens)
        given |= {"server.address": listens, "server.port": port}
        address = f"http://{listens}:{port}/?{person.PARAMETER}={person.new_token()}"
        # Where others can reach it the token opens nothing, see `pages/shared/visitor.py`.
        typer.echo(f"For you alone: {address}")
        if browser:
            threading.Thread(target=_open, args=(listens, port, address), daemon=True).start()
    options = [f"--{name}={value}" for name, value in given.items()]
    # As `python -m streamlit` does: the library itself does not know the app.
    sys.argv = ["streamlit", "run", str(shipped("app.py")), *options]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def _ask(address: str, table: str | None, query: str | None, columns: list[str]) -> None:
    """Have the app show a table of a database, once it has answered and its columns are known."""
    from strec.cli._common import load
    from strec.serve import settings

    load([address], table=table, query=query, columns=columns)
    said = {settings.STORE: address, settings.TABLE: table, settings.QUERY: query}
    said[settings.COLUMNS] = ",".join(columns)
    os.environ.update({name: text for name, text in said.items() if text})


def _store(folder: Path) -> Path:
    """Return the absolute path of a store's folder, or say how to make one."""
    from strec.errors import StoreError
    from strec.store import Store

    if not (folder / "meta.json").is_file():
        raise StoreError(
            "--data names the folder of a store.",
            f"{folder} is none.",
            f"Make one: strec clean {folder} --out FOLDER. Or open files on the Data page.",
        )
    return Store(folder).folder.resolve()


def _run(folder: Path) -> Path:
    """Return the absolute path of a model's folder, when it opens."""
    from strec.serve.answers import saved

    saved(folder)
    return folder.resolve()


def _free_port(host: str) -> int:
    """Return the first port that nobody listens on."""
    for port in range(_PORT, _PORT + _TRIES):
        with socket.socket() as tried:
            if tried.connect_ex((host, port)):
                return port
    return _PORT


def _open(host: str, port: int, address: str) -> None:
    """Open the browser as soon as the app answers."""
    for _ in range(240):
        with socket.socket() as tried:
            if not tried.connect_ex((host, port)):
                webbrowser.open(address)
                return
        time.sleep(0.25)
