"""Files in, check-ins out: recognise, map, read, write, and the samples that come with strec."""

from strec.io.formats import FORMATS
from strec.io.limits import Limits
from strec.io.mapping import Mapping, Option, Question
from strec.io.read import Inspection, ReadResult, ingest, inspect, read, write
from strec.io.samples import Sample, read_sample, samples

__all__ = [
    "FORMATS", "Inspection", "Limits", "Mapping", "Option", "Question", "ReadResult", "Sample",
    "ingest", "inspect", "read", "read_sample", "samples", "write",
]  # fmt: skip
