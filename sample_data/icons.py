"""Small pictures for kinds of products, drawn from a few shapes: nobody's photographs."""

import colorsys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

SIZE_PX = 96
#: Shapes are drawn so much larger and then made smaller, which smooths their edges.
_FINER = 4
_GRID = 24
#: By category: shapes on a grid of 24 × 24. "ink" is white, "mark" the colour of the ground.
SHAPES: dict[str, tuple[tuple, ...]] = {
    "Coffee & Tea": (
        ("ellipse", (12, 10, 19, 16), "ink"), ("ellipse", (13.5, 11.5, 17.5, 14.5), "mark"),
        ("box", (5, 9, 15, 18), "ink"), ("box", (4, 19.5, 17, 20.5), "ink"),
        ("box", (7.5, 4, 8.3, 7.5), "ink"), ("box", (11.5, 4, 12.3, 7.5), "ink"),
    ),
    "Ready Meals": (
        ("half", (3, 4, 21, 20), "ink"), ("box", (8, 19, 16, 20.5), "ink"),
        ("box", (8, 5, 8.8, 9.5), "ink"), ("box", (11.6, 4, 12.4, 9.5), "ink"),
        ("box", (15.2, 5, 16, 9.5), "ink"),
    ),
    "Fresh Food": (
        ("ellipse", (4.5, 8, 14, 20), "ink"), ("ellipse", (10, 8, 19.5, 20), "ink"),
        ("ellipse", (12.5, 3, 17.5, 6.5), "ink"), ("box", (11.5, 5, 12.4, 9), "ink"),
    ),
    "Snacks": (
        ("shape", (7, 3, 17, 3, 16, 6.5, 18.5, 21, 5.5, 21, 8, 6.5), "ink"),
        ("ellipse", (8.5, 10, 15.5, 17), "mark"), ("box", (8, 5.4, 16, 6.1), "mark"),
    ),
    "Beer & Wine": (
        ("shape", (6.5, 3, 17.5, 3, 16, 11, 13, 13, 13, 19, 16.5, 20.5, 7.5, 20.5, 11, 19, 11, 13,
                   8, 11), "ink"),
        ("shape", (8, 5, 16, 5, 15.4, 8, 8.6, 8), "mark"),
    ),
    "Household": (
        ("shape", (12, 3, 21, 11.5, 3, 11.5), "ink"), ("box", (5.5, 11.5, 18.5, 20.5), "ink"),
        ("box", (10, 14.5, 14, 20.5), "mark"),
    ),
    "Baby Care": (
        ("ellipse", (10.3, 2.5, 13.7, 8), "ink"), ("box", (8.5, 6.5, 15.5, 8.3), "ink"),
        ("box", (7.5, 9.2, 16.5, 21), "ink"), ("box", (7.5, 12.5, 12, 13.2), "mark"),
        ("box", (7.5, 15.5, 12, 16.2), "mark"),
    ),
    "Electronics": (
        ("box", (7, 2.5, 17, 21.5), "ink"), ("box", (8.5, 5, 15.5, 17.5), "mark"),
        ("ellipse", (11.2, 18.5, 12.8, 20.1), "mark"),
    ),
    "Fashion": (
        ("shape", (8.5, 4, 3, 7, 5, 11.5, 7.5, 10.5, 7.5, 20.5, 16.5, 20.5, 16.5, 10.5, 19, 11.5,
                   21, 7, 15.5, 4), "ink"),
        ("ellipse", (9.5, 2, 14.5, 6.5), "mark"),
    ),
    "Books & Stationery": (
        ("shape", (3, 5, 11.6, 7, 11.6, 20, 3, 18), "ink"),
        ("shape", (21, 5, 12.4, 7, 12.4, 20, 21, 18), "ink"),
    ),
    "Office Lunch Deals": (
        ("box", (9, 4.5, 15, 6), "ink"), ("box", (9, 4.5, 10, 9), "ink"),
        ("box", (14, 4.5, 15, 9), "ink"), ("box", (3.5, 8, 20.5, 20), "ink"),
        ("box", (3.5, 12.2, 20.5, 13), "mark"), ("ellipse", (10.8, 11.4, 13.2, 13.8), "mark"),
    ),
    "Sports": (
        ("box", (2.5, 9, 4.2, 15), "ink"), ("box", (4.8, 6.5, 7.5, 17.5), "ink"),
        ("box", (7.5, 11, 16.5, 13), "ink"), ("box", (16.5, 6.5, 19.2, 17.5), "ink"),
        ("box", (19.8, 9, 21.5, 15), "ink"),
    ),
}  # fmt: skip


def icon(category: str) -> "Image":
    """Draw the picture of a category: white shapes on a colour of its own.

    Parameters
    ----------
    category : str
        A key of `SHAPES`.

    Examples
    --------
    >>> icon("Sports").size
    (96, 96)
    """
    from PIL import Image, ImageDraw

    hue = list(SHAPES).index(category) / len(SHAPES)
    ground = tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.42, 0.66))
    scale = SIZE_PX * _FINER / _GRID
    picture = Image.new("RGB", (SIZE_PX * _FINER,) * 2, ground)
    brush = ImageDraw.Draw(picture)
    for kind, corners, colour in SHAPES[category]:
        at = [scale * each for each in corners]
        fill = ground if colour == "mark" else "white"
        if kind == "box":
            brush.rounded_rectangle(at, radius=scale / 3, fill=fill)
        elif kind == "ellipse":
            brush.ellipse(at, fill=fill)
        elif kind == "half":
            brush.pieslice(at, 0, 180, fill=fill)
        else:
            brush.polygon(at, fill=fill)
    return picture.resize((SIZE_PX, SIZE_PX), Image.Resampling.LANCZOS)


def file_name(category: str) -> str:
    """Return the name of a category's picture file.

    Examples
    --------
    >>> file_name("Coffee & Tea")
    'coffee-tea.png'
    """
    words = "".join(each if each.isalnum() else " " for each in category.lower()).split()
    return "-".join(words) + ".png"
