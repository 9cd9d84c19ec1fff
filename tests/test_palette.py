"""Colours can be told apart by every eye, stand out from the land, and words can be read."""

import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from pages.shared.look import ON_PRIMARY, QUIET
from strec import palette
from strec.explanation import LABELS
from strec.maps.basemap import COLOURS
from strec.maps.ground import _COLOURS as GROUND

#: CIEDE2000 below which two colours side by side are hard to tell apart.
LEAST = 10
EYES = (None, "protanomaly", "deuteranomaly", "tritanomaly")
TOGETHER = {
    "the parts of a probability": [colour for _, colour in LABELS.values()],
    "categories": palette.CATEGORICAL,
    "hits and misses": (palette.GOOD, palette.BAD),
    "less and more": palette.DIVERGING,
    "hot and cold": palette.HEAT,
    "kinds of exception": palette.QUADRANTS,
    "trends of places": palette.TRENDS,
    "two people": (palette.TIME, palette.TEXT, palette.USER),
    "curves of a training": (palette.GOOD, palette.USER, palette.TIME, palette.POPULARITY),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_what_stands_side_by_side_differs_for_every_eye(name):
    colours = list(TOGETHER[name])
    close = {
        (a, b, eye): round(found, 1)
        for eye in EYES
        for a, b in combinations(colours, 2)
        if (found := difference(a, b, eye)) < LEAST
    }
    assert not close


@pytest.mark.parametrize("eye", EYES)
def test_each_class_of_a_map_differs_from_the_next(eye):
    classes = palette.SEQUENTIAL_SPACE
    assert min(difference(*pair, eye) for pair in zip(classes, classes[1:], strict=False)) >= LEAST


@pytest.mark.parametrize("dark", [False, True])
def test_every_class_stands_out_from_the_land(dark):
    land = rgb(COLOURS[dark]["land"])
    town, park, water = (rgb(GROUND[dark][name]) for name in ("urban", "park", "water"))
    least_of = (
        (land, 1.3 if dark else 1.5), (town, 1.1 if dark else 1.35), (park, 1.3), (water, 1.3)
    )  # fmt: skip
    # On a dark page the darkest class is not used.
    amounts = palette.SEQUENTIAL_SPACE[:-1] if dark else palette.SEQUENTIAL_SPACE
    for colour in {
        *amounts,
        *palette.DIVERGING,
        *palette.HEAT,
        *palette.TRENDS,
        *palette.QUADRANTS,
    }:
        # Hexagons let a fifth of the land through.
        for ground, least in least_of:
            shown = 205 / 255 * rgb(colour) + 50 / 255 * ground
            assert contrast(shown, ground) >= least, colour


def test_the_measure_of_colours_is_that_of_the_literature():
    # Sharma, Wu and Dalal (2005), table 1, pairs 1, 9 and 25.
    for one, other, expected in (
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.4900, -0.0010), (50, -2.4900, 0.0011), 7.2195),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ):
        assert ciede2000(np.array(one), np.array(other)) == pytest.approx(expected, abs=1e-4)


# ---------------------------------------------------------------- words

THEME = tomllib.loads(Path(__file__).parents[1].joinpath(".streamlit/config.toml").read_text())[
    "theme"
]
#: WCAG 2.2, level AA, for text of usual size.
READABLE = 4.5


@pytest.mark.parametrize("dark", [False, True])
def test_words_can_be_read_on_every_ground(dark):
    theme = THEME["dark" if dark else "light"]
    grounds = [theme["backgroundColor"], theme["secondaryBackgroundColor"],
               theme["sidebar"]["backgroundColor"]]  # fmt: skip
    words = {name: colour for name, colour in theme.items() if name.endswith("extColor")}
    words |= {"captions and axes": QUIET[dark]}
    assert len(words) == 9
    for name, colour in words.items():
        for ground in grounds:
            assert contrast(rgb(colour), rgb(ground)) >= READABLE, (name, ground)
    # A button, and a choice that is on: its words are in the first colour, on a tint of it.
    first, page = rgb(theme["primaryColor"]), rgb(theme["backgroundColor"])
    assert contrast(rgb(ON_PRIMARY[dark]), first) >= READABLE
    assert contrast(first, 0.1 * first + 0.9 * page) >= READABLE


# ---------------------------------------------------------------- the science of colour


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """The contrast ratio of WCAG 2.2."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: np.ndarray) -> float:
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def difference(one: str, other: str, eye: str | None) -> float:
    """CIEDE2000 as an eye sees it: Machado, Oliveira and Fernandes (2009), at full severity."""
    convert = pytest.importorskip("colorspacious").cspace_convert
    seen = np.array([rgb(one), rgb(other)])
    if eye is not None:
        space = {"name": "sRGB1+CVD", "cvd_type": eye, "severity": 100}
        seen = np.clip(convert(seen, space, "sRGB1"), 0, 1)
    return ciede2000(*convert(seen, "sRGB1", "CIELab"))


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """The difference of two CIELab colours: Sharma, Wu and Dalal (2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    (c1, h1), (c2, h2) = ((np.hypot(a * stretch, b), np.degrees(np.arctan2(b, a * stretch)) % 360)
                          for a, b in ((a1, b1), (a2, b2)))  # fmt: skip
    turn = (h2 - h1 + 180) % 360 - 180
    d_l, d_c, d_h = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    mean_l, mean_c, mean_h = (l1 + l2) / 2, (c1 + c2) / 2, (h1 + turn / 2) % 360
    wave = 1 + sum(
        size * np.cos(np.radians(times * mean_h + shift))
        for size, times, shift in ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.2, 4, -63))
    )
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)
    x, y, z = d_l / s_l, d_c / (1 + 0.045 * mean_c), d_h / (1 + 0.015 * mean_c * wave)
    rotation = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    rotation *= np.sin(np.radians(60 * np.exp(-(((mean_h - 275) / 25) ** 2))))
    return float(np.sqrt(x * x + y * y + z * z + rotation * y * z))
