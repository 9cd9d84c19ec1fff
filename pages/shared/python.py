"""The lines of Python under a picture."""

import re

from pages.shared.in_use import current_sample, current_store
from pages.shared.made import Made, of
from strec.project import ENDING
from strec.store import Warehouse


def code(picture: object) -> str:
    """Return the lines that make a picture, or one of several; nothing where that is not known."""
    how = picture if isinstance(picture, Made) else of(picture)
    if how is None:
        return ""
    sample = current_sample()
    data = f'strec.Dataset.sample("{sample.name}")' if sample is not None else _kept()
    rooms = sorted(each for each in how.imports if " " not in each)
    head = [each for each in how.imports if " " in each]
    head += [f"from strec import {', '.join(rooms)}"] if rooms else []
    last = [f"{how.text}.show()"]
    if how.text.startswith("maps."):
        last = [f"deck = {how.text}", 'open("map.html", "w").write(maps.to_html(deck))']
    return "\n".join(["import strec", *head, "", f"data = {data}", *how.lines, *last])


def _kept() -> str:
    store = current_store()
    if isinstance(store, Warehouse):
        said = store.source
        named = "table" if said["table"] else "query"
        return (
            f'strec.Dataset.of(strec.Warehouse("{store.engine}", {named}={said[named]!r}, '
            f"mapping={store.mapping.to_dict()}))"
        )
    name = re.sub(r"\W+", "-", current_store().name.lower()).strip("-")[:60] or "my"
    return f'strec.Project.open("{name}{ENDING}").dataset()  # kept with its data'
