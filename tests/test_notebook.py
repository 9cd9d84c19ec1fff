"""The notebook runs, and what it shows is what its committed outputs show."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from tests.notebook import run

NOTEBOOK = Path(__file__).parent.parent / "docs" / "quickstart.ipynb"


def _words(cell: dict) -> list[str]:
    """Return the outputs of a cell without numbers, which another machine may round otherwise."""
    texts = [each.get("text") or each["data"]["text/plain"] for each in cell["outputs"]]
    return [re.sub(r"[\W\d_]+", " ", "".join(text)) for text in texts]


@pytest.mark.slow
def test_the_notebook_gives_the_outputs_that_it_is_committed_with():
    committed = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    with pl.Config():
        done = run(committed)
    code = [cell for cell in done["cells"] if cell["cell_type"] == "code"]
    kept = [cell for cell in committed["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] for cell in kept)
    for new, old in zip(code, kept, strict=True):
        assert _words(new) == _words(old), "".join(new["source"])


@pytest.mark.slow
def test_the_lines_of_the_readme_run(capsys):
    text = (NOTEBOOK.parent.parent / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    exec(code, {})
    assert "Counter mix" in capsys.readouterr().out
