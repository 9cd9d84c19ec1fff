"""One colour for one meaning, in every figure, map and page."""

TIME = "#E08A2B"
SPACE = "#0E8F8C"
INTERACTION = "#8A5BD1"
USER = "#4C6FE0"
TRANSITION = "#C94F7C"
POPULARITY = "#7D8A99"
TEXT = "#5A9E3D"
GOOD = "#2E9E6B"
BAD = "#D1495B"

#: Colours for categories without a meaning of their own, in order of use.
CATEGORICAL = (
    "#4C6FE0", "#E08A2B", "#0E8F8C", "#C94F7C", "#8A5BD1", "#5A9E3D", "#B58B00", "#D1495B",
    "#3AA0C9", "#7D8A99",
)  # fmt: skip

#: Light to dark, for counts: time in ambers, space in teals, changes from rose to teal.
SEQUENTIAL_TIME = ("#FFF4E3", "#FBD9A5", "#F2B45F", "#E08A2B", "#A85A0E", "#5E2F05")
SEQUENTIAL_SPACE = ("#E3F6F4", "#A9DEDA", "#5FBFBA", "#0E8F8C", "#086361", "#043B3A")
DIVERGING = ("#B23A5B", "#DE8FA3", "#F1EEEA", "#7CC3BF", "#0B6E6C")
