"""Objects of one kind by name: what a table, a page or a command iterates over.

A metric, a model and an input format is one object in one file of its package. A registry finds
it there, and what other packages add through an entry point; there is no list to keep.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib import import_module, metadata
from pkgutil import iter_modules
from typing import Any, Generic, TypeVar

from strec.errors import RegistryError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """The objects of one kind, by name, in their order.

    Modules are imported at the first look, so that a registry costs nothing until it is used.

    Parameters
    ----------
    package : str
        The package whose modules hold the objects; its name is also the group of entry points by
        which other packages add some.
    belongs : callable
        Whether an object found in a module is of this kind.
    name_of : callable
        The name of an object, unique in the registry.
    order_of : callable, optional
        By what they are sorted; equal ones go by name.

    Raises
    ------
    RegistryError
        At the first look, if two objects have one name or an entry point cannot be loaded.

    Examples
    --------
    >>> from strec.metrics import METRICS
    >>> "mrr" in METRICS
    True
    """

    def __init__(
        self,
        package: str,
        belongs: Callable[[Any], bool],
        name_of: Callable[[T], str],
        order_of: Callable[[T], Any] = lambda each: 0,
    ):
        self.package, self.belongs = package, belongs
        self.name_of, self.order_of = name_of, order_of

    def __getitem__(self, name: str) -> T:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    @cached_property
    def _found(self) -> dict[str, T]:
        found: dict[str, T] = {}
        for each, where in [*self._of_modules(), *self._of_entry_points()]:
            known = found.setdefault(name := self.name_of(each), each)
            if known is not each:
                raise RegistryError(
                    f"Each name in {self.package} belongs to one object.",
                    f"{name!r} a second time, in {where}.",
                    "Give one of the two another name.",
                )
        return dict(sorted(found.items(), key=lambda item: (self.order_of(item[1]), item[0])))

    def _of_modules(self) -> Iterator[tuple[T, str]]:
        package = import_module(self.package)
        for module in iter_modules(package.__path__, f"{self.package}."):
            for each in vars(import_module(module.name)).values():
                if self.belongs(each):
                    yield each, module.name

    def _of_entry_points(self) -> Iterator[tuple[T, str]]:
        for point in metadata.entry_points(group=self.package):
            try:
                each = point.load()
            except Exception as error:
                raise RegistryError(
                    f"A package that adds to {self.package} can be loaded.",
                    f"{point.value!r}: {type(error).__name__}: {error}.",
                    f"Mend or uninstall {point.dist.name if point.dist else point.name}.",
                ) from error
            if not self.belongs(each):
                raise RegistryError(
                    f"An entry point of the group {self.package} names an object of that kind.",
                    f"{point.value!r}, a {type(each).__name__}.",
                    "See CONTRIBUTING.md for what such an object is.",
                )
            yield each, point.value
