"""A page by itself, without what stands around it."""

from streamlit.testing.v1 import AppTest


def alone(url: str, timeout: int = 60) -> AppTest:
    """Return the page with this name in the address, not yet run."""
    script = f"from pages.shared.page import all_pages\nall_pages()[{url!r}].run()\n"
    return AppTest.from_string(script, default_timeout=timeout)
