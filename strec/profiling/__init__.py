"""The quality report: how complete, how clean, how dense a table of check-ins is.

`quality(checkins)` measures; the report says in words what looks suspicious, and `report.html()`
gives one self-contained page.
"""

from strec.profiling.findings import Finding
from strec.profiling.report import QualityReport, quality

__all__ = ["Finding", "QualityReport", "quality"]
