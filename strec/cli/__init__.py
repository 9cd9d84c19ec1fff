"""`strec …`: all the app can do, from the shell and for scripts.

Exit codes: 0 done; 1 the input cannot be used (the message says why and how to mend it);
2 the command was not understood.

A command is a module of this package with its name, which registers itself on `shell`. Only the
module that is asked for is imported, and modules import what is heavy within their functions,
so that help comes at once.
"""

import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from strec.errors import StrecError
from strec.parts import missing_part

#: Modules of this package that each register the command of their name, in the order of help.
COMMANDS = (
    "inspect",
    "clean",
    "simulate",
    "analyse",
    "compare",
    "dependence",
    "train",
    "evaluate",
    "recommend",
    "forecast",
    "privacy",
    "bench",
    "app",
    "doctor",
)

shell = typer.Typer(
    name="strec",
    help="See how behaviour depends on time and place, and recommend from it.",
    epilog="`strec COMMAND --help` shows examples. DATA is one or several files, the folder of a "
    "store, or a sample: social, ecommerce, travel, traffic, flights; inspect, clean, analyse and "
    "forecast also take a table of a database: `ADDRESS --table NAME`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Data = Annotated[
    list[str],
    typer.Argument(
        help="One or several files, the folder of a store, or the name of a sample.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a `StrecError` becomes a message and exit code 1.

    Parameters
    ----------
    arguments : list of str, optional
        What follows `strec`; that of the shell when not given.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    load_commands(arguments)
    try:
        shell(arguments, prog_name="strec")
    except (StrecError, OSError, ModuleNotFoundError) as problem:
        error = _in_words(problem)
        if "--json" in arguments:
            found = {"needed": error.needed, "found": error.found, "mend": error.mend}
            typer.echo(json.dumps({"error": found}, ensure_ascii=False))
        else:
            typer.secho(error.needed, fg="red", err=True)
            typer.echo(f"Found: {error.found}\nMend:  {error.mend}", err=True)
        sys.exit(1)


def _in_words(problem: StrecError | OSError | ModuleNotFoundError) -> StrecError:
    """Return in words what is not installed, or what the computer refused, such as a full disk."""
    if isinstance(problem, StrecError):
        return problem
    if isinstance(problem, ModuleNotFoundError):
        missing = missing_part(problem)
        if missing is None:
            raise problem
        return missing
    return StrecError(
        "Files that can be read and written, and room on the disk, are needed.",
        f"{problem.filename or 'the computer said'}: {problem.strerror or problem}.",
        "Check the path and its permissions, and free some room.",
    )


def load_commands(arguments: Sequence[str] = ()) -> None:
    """Import the module of the command that is asked for, or all of them for help."""
    asked = next((word for word in arguments if word in COMMANDS), None)
    for name in [asked] if asked else COMMANDS:
        import_module(f"strec.cli.{name}")


def _print_version(wanted: bool) -> None:
    if wanted:
        import strec

        typer.echo(strec.__version__)
        raise typer.Exit


@shell.callback()
def _strec(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
    ] = False,
    engine: Annotated[
        str | None,
        typer.Option(
            help="What answers the questions of stores, such as spark://HOST:PORT; before the "
            "command. As the environment variable STREC_ENGINE.",
            show_default="duckdb://, in this process",
        ),
    ] = None,
) -> None:
    if engine is not None:
        from strec.store import engines

        # Processes that a command starts, such as the app, work with the same engine.
        os.environ[engines.VARIABLE] = engines.chosen(engine)
