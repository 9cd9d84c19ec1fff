"""The whole analysis of a data set as one self-contained HTML page."""

from strec.reporting.analysis import Analysis, analyse
from strec.reporting.demand import demand_report
from strec.reporting.parts import Figure, Section
from strec.reporting.pinned import pinned_report

__all__ = ["Analysis", "Figure", "Section", "analyse", "demand_report", "pinned_report"]
