"""What the wheel holds beside the package: app, samples and benchmark lie at the top level here."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = ("app.py", "pages", ".streamlit", "sample_data", "benchmarks/nyc.py")


class ShippedFolders(BuildHookInterface):
    """Copies them into `strec/_shipped`; an editable installation finds them in the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            build_data["force_include"] |= {name: f"strec/_shipped/{name}" for name in SHIPPED}
