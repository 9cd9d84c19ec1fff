"""`strec doctor`: what is installed, which device is used, whether the models load."""

import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from strec.cli import AsJson, shell
from strec.cli._common import print_json
from strec.parts import DISTRIBUTION, EXTRA_OF

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

    where = f"{strec.__version__} on Python {platform.python_version()} in {strec.__path__[0]}"
    yield Finding("strec", True, where)
    yield from _packages()
    yield _samples()
    yield _store()
    yield _device()
    yield from _language_models(quick)


def _packages() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    for package, use in PACKAGES.items():
        try:
            yield Finding(package, True, f"{version(package)}, for {use}")
        except PackageNotFoundError:
            yield Finding(
                package,
                False,
                f"not installed; needed for {use}",
                f"Run: pip install '{DISTRIBUTION}{_extra(package)}'",
            )


def _extra(package: str) -> str:
    extra = EXTRA_OF.get(package.replace("-", "_"))
    return f"[{extra}]" if extra else ""


def _samples() -> Finding:
    from strec.errors import StrecError
    from strec.io.samples import samples

    try:
        return Finding("samples", True, ", ".join(sample.name for sample in samples()))
    except StrecError as error:
        return Finding("samples", False, error.found, error.mend)


def _store() -> Finding:
    import tempfile
    from pathlib import Path

    from strec import schema
    from strec.errors import StrecError
    from strec.store import Store

    with tempfile.TemporaryDirectory(prefix="strec-doctor-") as folder:
        try:
            store = Store.create(schema.example(), Path(folder) / "store", name="Example")
            n_checkins = store.summary()["n_checkins"]
        except (StrecError, OSError) as error:
            return Finding(
                "store", False, str(error), "Free disk space, or set TMPDIR to a writable folder."
            )
    return Finding("store", True, f"wrote and counted {n_checkins} check-ins in {store.engine}")


def _device() -> Finding:
    from importlib import import_module

    from strec.train import devices

    try:
        import_module("torch")  # that it loads is half of the answer
        found = devices()
        seen = f"{found[0].kind} ({found[0].name}), {found[-1].count} CPU cores"
        return Finding("device", True, seen)
    except (ImportError, OSError) as error:
        return Finding(
            "device",
            False,
            f"torch does not load: {error}",
            f"Run: pip install '{DISTRIBUTION}[models]'",
        )


def _language_models(quick: bool) -> Iterator[Finding]:
    from strec import llm
    from strec.errors import StrecError

    for name, model in llm.MODELS.items():
        try:
            seen = f"found in {llm.locate(name)}" if quick else _load_quietly(name)
            yield Finding(f"LLM {name}", True, f"{model.title} ({model.licence}): {seen}")
        except StrecError as error:
            yield Finding(f"LLM {name}", False, error.found, error.mend)


def _load_quietly(name: str) -> str:
    """Load an embedded model without the progress bars of its library."""
    from strec import llm

    llm.locate(name)
    from transformers.utils import logging

    logging.disable_progress_bar()
    return " ".join(llm.check(name).split())


def _say(finding: Finding) -> None:
    mark, colour = ("✓", "green") if finding.is_well else ("✗", "red")
    typer.secho(mark, fg=colour, nl=False)
    typer.echo(f" {finding.name:<16} {finding.seen}")
    if finding.mend:
        typer.echo(f"  {'':<16} Mend: {finding.mend}")
