"""Every public callable says what its arguments are."""

import inspect
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import pytest

import strec

PACKAGE = Path(strec.__file__).parent
# The command line describes its arguments itself, in `--help`.
ROOMS = ["strec"] + sorted(
    f"strec.{path.stem if path.is_file() else path.name}"
    for path in PACKAGE.iterdir()
    if (path.is_dir() and (path / "__init__.py").exists() and path.name != "cli")
    or (path.suffix == ".py" and not path.stem.startswith("_"))
)


def public_names(room: Any) -> list[str]:
    """The names of a room's `__all__`, or those that a module without one defines itself."""
    return vars(room).get("__all__") or [
        name
        for name, value in vars(room).items()
        if not name.startswith("_") and (inspect.isfunction(value) or inspect.isclass(value))
        if value.__module__ == room.__name__
    ]


def public_callables(room_name: str) -> Iterator[tuple[str, Callable]]:
    """Functions, classes and the methods of classes that a room offers."""
    room = import_module(room_name)
    for name in public_names(room):
        value = getattr(room, name)
        if inspect.isfunction(value):
            yield name, value
        elif inspect.isclass(value) and value.__module__.startswith("strec"):
            if not issubclass(value, Exception) and not is_a_protocol(value):
                yield name, value
            # A field of a dataclass may hold a function without being a method.
            data = vars(value).get("__dataclass_fields__", {})
            for method, held in vars(value).items():
                if method.startswith("_") or method in data:
                    continue
                if inspect.isfunction(held) or isinstance(held, classmethod | staticmethod):
                    yield f"{name}.{method}", getattr(value, method)


def is_a_protocol(value: object) -> bool:
    """Whether others write the methods: a class that only says which there must be."""
    return inspect.isclass(value) and Protocol in value.__bases__


def undocumented(function: Callable) -> list[str]:
    """The parameters of which the sections Parameters and Attributes say nothing."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return []
    names = [name for name in signature.parameters if name not in ("self", "cls")]
    text = inspect.getdoc(function) or ""
    sections = re.findall(
        r"^(?:Parameters|Attributes)\n-+\n(.*?)(?=^\S[^\n]*\n---|\Z)",
        text,
        re.MULTILINE | re.DOTALL,
    )
    heads = re.findall(r"^\S[^:\n]*", "\n".join(sections), re.MULTILINE)
    said = {word.strip().lstrip("*") for head in heads for word in head.split(",")}
    return [name for name in names if name not in said]


@pytest.mark.parametrize("room", ROOMS)
def test_every_parameter_is_documented(room):
    lacking = {
        name: missing
        for name, function in public_callables(room)
        if (missing := undocumented(function))
    }
    assert not lacking, "\n".join(
        f"{room}.{name}: document {', '.join(missing)} under Parameters"
        for name, missing in lacking.items()
    )


def test_a_parameter_without_a_line_is_found():
    def half(first: int, second: int, *rest: int, **more: int) -> None:
        """Do nothing.

        Parameters
        ----------
        first, *rest : int
            Counts.

        Returns
        -------
        second : int
            Not a parameter.
        """

    assert undocumented(half) == ["second", "more"]


def examples() -> str:
    """The lines of code of all docstrings."""
    lines = (
        line for path in PACKAGE.rglob("*.py") for line in path.read_text("utf-8").splitlines()
    )
    return "\n".join(line for line in lines if re.match(r"\s*(>>>|\.\.\.)", line))


def has_example(function: Callable) -> bool:
    return ">>>" in (inspect.getdoc(function) or "")


def not_shown(room: str, code: str, made: str) -> Iterator[str]:
    """The public callables of a room that no docstring uses.

    `code` is what docstrings run, `made` what the functions shown there return.
    """
    for name, function in public_callables(room):
        owner, _, own = name.rpartition(".")
        if has_example(function) or is_a_protocol(getattr(import_module(room), owner or own)):
            continue
        used = re.search(rf"\.{own}\b" if owner else rf"\b{own}\(", code)
        returned = inspect.isclass(function) and re.search(rf"\b{own}\b", made)
        if not used and not returned:
            yield name


def test_every_public_callable_is_shown_in_an_example():
    code = examples()
    shown = [each for room in ROOMS for _, each in public_callables(room) if has_example(each)]
    functions = [each for each in shown if not inspect.isclass(each)]
    made = " ".join(str(inspect.signature(each).return_annotation) for each in functions)
    lacking = {room: list(not_shown(room, code, made)) for room in ROOMS}
    assert not {room: names for room, names in lacking.items() if names}


def test_what_no_example_shows_is_found():
    # It has no example of its own; a function that has one returns it.
    assert "ActivityMap" in not_shown("strec.spatial", "", "")
    assert "ActivityMap" not in not_shown("strec.spatial", "", "ActivityMap")
