"""Files in, check-ins out: recognise, map, read, write, and the samples that come with strec."""

from strec.io.formats import FORMATS
from strec.io.inspection import Inspection, inspect
from strec.io.limits import Limits
from strec.io.mapping import Mapping, Option, Question
from strec.io.reading import ReadResult, ingest, read, read_frame
from strec.io.samples import Sample, read_sample, samples
from strec.io.warehouse import fetch
from strec.io.writing import write

__all__ = [
    "FORMATS",
    "Inspection",
    "Limits",
    "Mapping",
    "Option",
    "Question",
    "ReadResult",
    "Sample",
    "fetch",
    "ingest",
    "inspect",
    "read",
    "read_frame",
    "read_sample",
    "samples",
    "write",
]
