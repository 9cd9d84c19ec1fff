"""One colour for one meaning, in every figure, map and page.

What stands side by side differs by 10 or more (CIEDE2000) for an eye that sees all colours and for
the three kinds of colour blindness; tests/test_palette.py holds the sets to it.
"""

TIME = "#D57901"
SPACE = "#267F76"
INTERACTION = "#9263EA"
USER = "#465EB2"
TRANSITION = "#C54A79"
POPULARITY = "#7A899A"
TEXT = "#66A55A"
#: Parts of a probability that have a hue of their own beside those above.
WEEKDAY = "#906800"
POPULAR_NOW = "#F7B760"
FOLLOWS = "#C58B8C"
CLOSE_BY = "#63D7DB"
TASTE = "#90A5EE"
OTHERS = "#CECAC2"
NOVELTY = "#B4A4AF"
GOOD = "#219B7A"
BAD = "#D34E59"

#: Colours for categories without a meaning of their own, in order of use.
CATEGORICAL = (
    USER, TIME, SPACE, TRANSITION, INTERACTION, TEXT, WEEKDAY, FOLLOWS, TASTE, POPULARITY,
)  # fmt: skip

#: Light to dark, for counts: time in ambers, space in teals, changes from rust to blue.
SEQUENTIAL_TIME = ("#FFF4E3", "#FBD9A5", "#F2B45F", "#E08A2B", "#A85A0E", "#5E2F05")
SEQUENTIAL_SPACE = ("#63CFB4", "#1CA098", "#007C83", "#005565", "#002B3D")
DIVERGING = ("#B5491F", "#E0A070", "#BDB8AE", "#6FB3C0", "#0B5A7A")
#: Hot, warm, cool, cold.
HEAT = (BAD, "#E9A58C", TASTE, "#2F4690")
#: Six ways in which the share of a place moves over time.
TRENDS = (BAD, INTERACTION, "#EBA63F", "#1CA098", "#2F4690", TASTE)
#: High among high, low among low, high among low, low among high.
QUADRANTS = (BAD, USER, "#EBA63F", INTERACTION)
