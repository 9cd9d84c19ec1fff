"""How what was learned is kept on disk: JSON and safetensors, text and numbers, never code."""

import hashlib
import inspect
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from strec.errors import ModelError, as_path
from strec.parts import require
from strec.sealed import is_whole, sealed

FORMAT = "strec-model"
FORMAT_VERSION = 1

#: What `model.json` said before it had a seal.
_HEAD = ("format", "version", "kind", "params", "sha256")

Arrays = dict[str, np.ndarray]
Texts = dict[str, list[str]]


class Saved(ABC):
    """Something fitted whose parameters, arrays and texts make a folder.

    ``__init__`` stores its parameters unchanged under their own names. Subclasses give `kind`,
    `_kept` and `_take`.
    """

    #: Name in saved files and in results.
    kind: ClassVar[str]
    #: Names in files of earlier versions.
    former_kinds: ClassVar[tuple[str, ...]] = ()
    #: What must be installed beside the core of strec, by the names that Python imports.
    packages: ClassVar[tuple[str, ...]] = ()

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters as they were given, by name, as scikit-learn asks for them.

        Parameters
        ----------
        deep : bool
            Of no effect: parameters that are models are returned whole.
        """
        return {name: vars(self)[name] for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Change parameters, and return self; what was fitted stays until the next fit.

        Raises
        ------
        ModelError
            If there is no such parameter.
        """
        known = inspect.signature(type(self)).parameters
        if unknown := sorted(set(params) - set(known)):
            raise ModelError(
                f"{type(self).__name__} knows the parameters {', '.join(known) or '(none)'}.",
                f"{', '.join(unknown)}.",
                "Check the spelling.",
            )
        vars(self).update(params)
        return self

    def params(self) -> dict[str, Any]:
        """Return the parameters given to ``__init__``, in a form that JSON can hold."""
        return self.get_params()

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.params().items())
        return f"{type(self).__name__}({values})"

    def save(self, folder: str | Path) -> Path:
        """Write the fitted model into a folder, and return its path.

        Parameters
        ----------
        folder : path
            New, or that of a model, which is replaced when all went well.

        Raises
        ------
        ModelError
            If the model is not fitted, or the disk does not take it.
        """
        from safetensors.numpy import save

        arrays, texts = self._kept()
        tensors = save({name: np.ascontiguousarray(value) for name, value in arrays.items()})
        files = _named(tensors, json.dumps(texts, ensure_ascii=False).encode())
        head = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "kind": self.kind,
            "params": self.params(),
            "sha256": {name: _digest(data) for name, data in files.items()},
        }
        _write(Path(folder), files | {"model.json": json.dumps(sealed(head), indent=2).encode()})
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a model that `save` wrote.

        Parameters
        ----------
        folder : path
            As `save` wrote it.

        Raises
        ------
        ModelError
            If the folder holds no model, another kind, or files changed since.
        """
        head, arrays, texts = read_folder(as_path(folder))
        if head["kind"] not in (cls.kind, *cls.former_kinds):
            raise ModelError(
                f"A model of kind {cls.kind!r} is needed.",
                f"kind {head['kind']!r} in {folder}.",
                "Load it with strec.models.load_model, which knows all kinds.",
            )
        require(*cls.packages)
        try:
            model = cls(**head["params"])
            model._take(arrays, texts)
        except (TypeError, KeyError, ValueError, IndexError) as error:
            raise _broken(folder, f"its content does not fit this version ({error}).") from error
        return model

    @abstractmethod
    def _kept(self) -> tuple[Arrays, Texts]:
        """Return what a file must hold beside the parameters; refuse if there is nothing yet."""

    @abstractmethod
    def _take(self, arrays: Arrays, texts: Texts) -> None:
        """Become the fitted model whose `_kept` these are."""


def read_folder(folder: Path) -> tuple[dict, Arrays, Texts]:
    """Return head, arrays and texts of a saved model, checked against their digests."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        head = json.loads((folder / "model.json").read_text())
        data = {name: (folder / name).read_bytes() for name in _named(b"", b"")}
    except FileNotFoundError as error:
        raise _broken(folder, f"{Path(error.filename).name} is missing.") from error
    except (OSError, ValueError) as error:
        raise _broken(folder, f"it cannot be read ({error}).") from error
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise _broken(folder, "model.json is not the head of a strec model.")
    if head.get("version") != FORMAT_VERSION:
        raise _broken(folder, f"format version {head.get('version')}, not {FORMAT_VERSION}.")
    if not {"kind", "params", "sha256"} <= head.keys():
        raise _broken(folder, "model.json lacks kind, params or sha256.")
    if not is_whole(head, _HEAD):
        raise _broken(folder, "model.json was changed after it was saved.")
    for name, content in data.items():
        if not isinstance(head["sha256"], dict) or head["sha256"].get(name) != _digest(content):
            raise _broken(folder, f"{name} was changed after it was saved.")
    try:
        return head, load(data["model.safetensors"]), json.loads(data["vocabulary.json"])
    except (SafetensorError, ValueError) as error:
        raise _broken(folder, f"it cannot be read ({error}).") from error


def under(arrays: Arrays, prefix: str) -> Arrays:
    """Return the arrays whose names begin with a prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


def prefixed(prefix: str, arrays: Arrays) -> Arrays:
    """Return arrays under longer names; `under` takes the prefix off again."""
    return {f"{prefix}{name}": value for name, value in arrays.items()}


def packed(values: Mapping[str, Any]) -> Arrays:
    """Return those of some values that are arrays or sparse matrices as arrays to save."""
    arrays: Arrays = {}
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            arrays[name] = value
        elif sparse.issparse(value):
            matrix = sparse.csr_matrix(value)
            arrays[f"{name}.data"] = matrix.data
            arrays[f"{name}.indices"] = matrix.indices
            arrays[f"{name}.indptr"] = matrix.indptr
            arrays[f"{name}.shape"] = np.array(matrix.shape, dtype=np.int64)
    return arrays


def unpacked(arrays: Arrays) -> dict[str, Any]:
    """Return the values whose `packed` arrays these are, among others with a dot in the name."""
    values: dict[str, Any] = {name: a for name, a in arrays.items() if "." not in name}
    for name in (each.removesuffix(".indptr") for each in arrays if each.endswith(".indptr")):
        parts = (arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
        values[name] = sparse.csr_matrix(tuple(parts), shape=arrays[f"{name}.shape"].tolist())
    return values


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Write files whole or not at all, in their order.

    The head comes last: a folder whose writing was cut short is not taken for a model.
    """
    fresh = {name: folder / f".{name}.{os.getpid()}" for name in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            fresh[name].write_bytes(data)
        for name in files:
            os.replace(fresh[name], folder / name)
    except OSError as error:
        raise ModelError(
            f"A model needs {sum(map(len, files.values())) / 1e6:,.1f} MB of disk.",
            f"{folder} cannot be written ({error.strerror or error}).",
            "Free some space or choose another folder, then save it again.",
        ) from error
    finally:
        for path in fresh.values():
            with suppress(OSError):
                path.unlink()


def _broken(folder: str | Path, why: str) -> ModelError:
    return ModelError(
        "A model folder is one that strec's save has written, unchanged.",
        f"{folder}: {why}",
        "Save the model again, or choose another folder.",
    )


def _named(tensors: bytes, texts: bytes) -> dict[str, bytes]:
    return {"model.safetensors": tensors, "vocabulary.json": texts}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
