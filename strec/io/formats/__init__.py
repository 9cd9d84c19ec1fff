"""The formats that strec knows by their content: one object in one module each.

A format is a `Format` in a module of this package, or named by another package in the group of
entry points ``strec.io.formats``. Recognition, commands and pages iterate over `FORMATS`.
"""

from strec.io.formats.base import Companion, Format, Signature
from strec.registry import Registry

#: Every known format by its key, those that ask most of a table first.
FORMATS: Registry[Format] = Registry(
    "strec.io.formats",
    belongs=lambda each: isinstance(each, Format),
    name_of=lambda known: known.key,
    order_of=lambda known: -known.signature.n_columns,
)

__all__ = ["FORMATS", "Companion", "Format", "Signature"]
