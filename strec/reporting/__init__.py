"""The whole analysis of a data set as one self-contained HTML page."""

from strec.reporting.analysis import Analysis, analyse
from strec.reporting.demand import demand_report
from strec.reporting.parts import Figure, Section

__all__ = ["Analysis", "Figure", "Section", "analyse", "demand_report"]
