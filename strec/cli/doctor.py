"""`strec doctor`: what is installed, which device is used, whether the models load."""

import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from strec.cli import AsJson, shell
from strec.cli._common import print_json
from strec.errors import StrecError
from strec.parts import DISTRIBUTION, EXTRA_OF, require

#: Packages that a part of strec needs, by what does not work without them.
PACKAGES = {
    "polars": "everything",
    "duckdb": "the store",
    "ibis-framework": "the store",
    "h3ronpy": "cells",
    "streamlit": "the app",
    "pydeck": "maps",
    "plotly": "figures",
    "statsmodels": "forecasts",
    "geopandas": "spatial statistics, GeoJSON",
    "scikit-learn": "models, spatial statistics",
    "torch": "trained models",
    "torch-geometric": "graph models",
    "transformers": "language models",
    "accelerate": "training",
    "peft": "fine-tuning a language model",
    "implicit": "ALS, BPR, KNN",
    "gensim": "item2vec",
    "minisom": "self-organising map",
    "safetensors": "saved models",
}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what, whether it is well, what was seen, how to mend it."""

    name: str
    is_well: bool
    seen: str
    mend: str = ""


@shell.command()
def doctor(
    quick: Annotated[
        bool, typer.Option("--quick", help="Look for the language models, do not load them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is installed, which device computes, and whether the language models load.

    Exit code 1 when something is missing; each line then says how to mend it.

    **Examples**

    - `strec doctor`

    - `strec doctor --quick --json`
    """
    findings = []
    for finding in examine(quick):
        findings.append(finding)
        if not as_json:
            _say(finding)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(1)


def examine(quick: bool = False) -> Iterator[Finding]:
    """Yield one finding after the other, the quick ones first."""
    import strec
    from strec import llm

    where = f"{strec.__version__} on Python {platform.python_version()} in {strec.__path__[0]}"
    yield Finding("strec", True, where)
    for package, use in PACKAGES.items():
        yield _package(package, use)
    looks: dict[str, Callable[[], str]] = {
        "samples": lambda: ", ".join(sample.name for sample in strec.samples()),
        "store": _store,
        "device": _device,
    }
    looks |= {f"LLM {name}": partial(_language_model, name, quick) for name in llm.MODELS}
    for name, look in looks.items():
        try:
            yield Finding(name, True, look())
        except StrecError as error:
            yield Finding(name, False, error.found, error.mend)
        except (ImportError, OSError) as error:
            mend = "Free disk space, set TMPDIR to a writable folder, or install strec again."
            yield Finding(name, False, f"{type(error).__name__}: {error}", mend)


def _package(package: str, use: str) -> Finding:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Finding(package, True, f"{version(package)}, for {use}")
    except PackageNotFoundError:
        extra = EXTRA_OF.get(package.replace("-", "_"))
        part = f"{DISTRIBUTION}[{extra}]" if extra else DISTRIBUTION
        seen = f"not installed; needed for {use}"
        return Finding(package, False, seen, f"Run: pip install '{part}'")


def _store() -> str:
    from strec import schema
    from strec.store import Store

    with TemporaryDirectory(prefix="strec-doctor-") as folder:
        store = Store.create(schema.example(), Path(folder) / "store", name="Example")
        n = store.summary()["n_checkins"]
        return f"wrote and counted {n} check-ins with {store.engine_in_words}"


def _device() -> str:
    from strec.train import devices

    require("torch")
    found = devices()
    return f"{found[0].kind} ({found[0].name}), {found[-1].count} CPU cores"


def _language_model(name: str, quick: bool) -> str:
    """Find an embedded model, or load it without the progress bars of its library."""
    from strec import llm

    seen = f"found in {llm.locate(name)}"
    if not quick:
        from strec.llm.weights import library

        library().utils.logging.disable_progress_bar()
        seen = " ".join(llm.check(name).split())
    return f"{llm.MODELS[name].title} ({llm.MODELS[name].licence}): {seen}"


def _say(finding: Finding) -> None:
    mark, colour = ("✓", "green") if finding.is_well else ("✗", "red")
    typer.secho(mark, fg=colour, nl=False)
    typer.echo(f" {finding.name:<16} {finding.seen}")
    if finding.mend:
        typer.echo(f"  {'':<16} Mend: {finding.mend}")
