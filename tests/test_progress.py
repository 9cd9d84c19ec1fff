"""How far a long piece of work is, told in one form by whatever takes long."""

import ast
from pathlib import Path

import pytest

import strec
from strec.progress import part_of, silent

SOURCES = sorted(Path(strec.__file__).parent.rglob("*.py"))


def test_a_part_tells_its_share_of_the_whole():
    told = []
    part = part_of(lambda text, share: told.append((text, share)), 0.2, 0.6)
    for share in (0.0, 0.5, 1.0, 7.0):
        part("Counting", share)
    assert [share for _, share in told] == pytest.approx([0.2, 0.4, 0.6, 0.6])
    assert {text for text, _ in told} == {"Counting"}
    assert silent("Counting", 0.5) is None and part_of(None, 0, 1)("Counting", 0.5) is None


@pytest.mark.slow
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_progress_has_the_one_form(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = [*node.args.args, *node.args.kwonlyargs]
            for each in arguments:
                assert each.arg != "on_progress", (node.name, node.lineno)
                if each.arg == "progress":
                    form = ast.unparse(each.annotation) if each.annotation else ""
                    assert form.split(" | ")[0] in ("Progress", "'Progress"), (node.name, form)
