"""The whole analysis of a data set as one self-contained HTML page."""

from strec.report.analysis import Analysis, analyse
from strec.report.parts import Figure, Section

__all__ = ["Analysis", "Figure", "Section", "analyse"]
