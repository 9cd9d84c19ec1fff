"""What of strec is installed: the packages of its extras, and the folders that come with it."""

from importlib import import_module
from pathlib import Path

from strec.errors import MissingPartError

#: The name under which strec is installed; what is imported is called strec.
DISTRIBUTION = "strec-kit"

#: Packages that are not of the core, by the name they are imported under, and their extra.
EXTRA_OF = {
    "torch": "models",
    "torch_geometric": "models",
    "accelerate": "models",
    "implicit": "models",
    "gensim": "models",
    "lightgbm": "models",
    "holidays": "models",
    "transformers": "llm",
    "peft": "llm",
    "gguf": "llm",
    "streamlit": "app",
    "pydeck": "app",
    "pyspark": "spark",
}

_PACKAGE = Path(__file__).parent


def require(*packages: str) -> None:
    """Import packages that are not of the core, or say how to install them.

    Parameters
    ----------
    packages : str
        Names under which they are imported, keys of `EXTRA_OF`.

    Raises
    ------
    MissingPartError
        If one of them is not installed.

    Examples
    --------
    >>> require("torch")
    """
    for package in packages:
        try:
            import_module(package)
        except ModuleNotFoundError as error:
            missing = missing_part(error)
            if missing is None:
                raise
            raise missing from error


def missing_part(error: ModuleNotFoundError) -> MissingPartError | None:
    """Return in words which extra lacks, or None if the module is not of an extra.

    Parameters
    ----------
    error : ModuleNotFoundError
        Of an import; its `name` says which module.

    Examples
    --------
    >>> missing_part(ModuleNotFoundError(name="torch.nn")).mend
    "Run: pip install 'strec-kit[models]'"
    """
    package = (error.name or "").split(".")[0]
    if package not in EXTRA_OF:
        return None
    extra = EXTRA_OF[package]
    return MissingPartError(
        f"This needs the part {extra!r} of strec.",
        f"the package {package} is not installed.",
        f"Run: pip install '{DISTRIBUTION}[{extra}]'",
    )


def shipped(name: str) -> Path:
    """Return the path of what comes with strec beside its modules.

    In an installed package that is the folder `_shipped`, in a checkout its top level.

    Parameters
    ----------
    name : str
        ``"app.py"``, ``"sample_data"`` or ``"benchmarks"``.

    Examples
    --------
    >>> shipped("sample_data").is_dir()
    True
    """
    inside = _PACKAGE / "_shipped"
    return (inside if inside.is_dir() else _PACKAGE.parent) / name
