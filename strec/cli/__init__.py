"""`strec …`: all the app can do, from the shell and for scripts.

Exit codes: 0 done; 1 the input cannot be used (the message says why and how to mend it);
2 the command was not understood.
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from strec.errors import StrecError

#: Modules of this package that each register their commands.
COMMANDS = ("clean", "simulate", "analyse", "train", "evaluate", "recommend", "bench", "doctor")

app = typer.Typer(
    name="strec",
    help="See how behaviour depends on time and place, and recommend from it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)

Data = Annotated[
    list[str],
    typer.Argument(
        help="One or several files, the folder of a store, or the name of a sample.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


def main() -> None:
    """Run the command line; a `StrecError` becomes a message and exit code 1."""
    try:
        app()
    except StrecError as error:
        if "--json" in sys.argv:
            found = {"needed": error.needed, "found": error.found, "mend": error.mend}
            typer.echo(json.dumps({"error": found}, ensure_ascii=False))
        else:
            typer.secho(error.needed, fg="red", err=True)
            typer.echo(f"Found: {error.found}\nMend:  {error.mend}", err=True)
        sys.exit(1)
