"""Traffic: riders of a bike system in an invented city at the coordinates of Denver."""

from strec.simulation.scenario import Category, Scenario

STREETS = (
    "Alder", "Aspen", "Bannister", "Birch", "Blake", "Canyon", "Clay", "Cottonwood", "Dahlia",
    "Elk", "Fillmore", "Garnet", "Granite", "Holly", "Jasper", "Juniper", "Larkspur", "Logan",
    "Mesa", "Mill", "Ogden", "Orchard", "Pearl", "Pine", "Prairie", "Quarry", "Raleigh", "Sage",
    "Spruce", "Steele", "Thistle", "Union", "Vine", "Walnut", "Wicker", "Yarrow",
)  # fmt: skip
DOCKS = ("with ten docks", "with twenty docks", "with a repair stand", "under a glass roof",
         "with chargers for e-bikes", "beside the bike lane")  # fmt: skip

CATEGORIES = (
    Category(
        "Office district", ((8.3, 0.9, 1.0), (12.5, 1.5, 0.3)), (0, 24), 0.2,
        ("office", "centre"), ("{} & {}",), "bike station between offices", DOCKS, (14, 0.3),
        share=1.3,
    ),
    Category(
        "Residential", ((17.8, 1.3, 1.0), (21.5, 2.0, 0.5)), (0, 24), 1.2,
        ("residential",), ("{} & {}",), "bike station among homes", DOCKS, (17, 0.35), share=1.8,
    ),
    Category(
        "Campus", ((9.5, 1.2, 1.0), (14.0, 2.0, 0.6)), (0, 24), 0.3,
        ("campus",), ("{} Hall", "{} & College"), "bike station on the campus", DOCKS, (12, 0.3),
    ),
    Category(
        "Nightlife", ((20.5, 1.8, 1.0), (23.5, 1.5, 0.6)), (0, 24), 1.8,
        ("nightlife", "centre"), ("{} & {}",), "bike station near bars and stages", DOCKS,
        (13, 0.3), share=0.8,
    ),
    Category(
        "Transit hub", ((7.3, 0.9, 1.0), (17.3, 1.0, 1.0)), (0, 24), 0.4,
        ("station", "centre"), ("{} Station", "{} Terminal"), "bike station at a rail stop", DOCKS,
        (10, 0.3), share=0.7,
    ),
    Category(
        "Park", ((11.5, 2.0, 0.8), (17.5, 2.0, 0.7)), (0, 24), 2.6,
        ("park",), ("{} Park", "{} Trailhead"), "bike station at a park gate", DOCKS, (24, 0.4),
    ),
    Category(
        "Shopping", ((13.0, 1.8, 0.8), (18.0, 1.8, 0.8)), (0, 24), 1.7,
        ("shopping",), ("{} Mall", "{} & Market"), "bike station by the shops", DOCKS, (15, 0.3),
        share=0.9,
    ),
    Category(
        "Sports & Stage", ((19.0, 1.2, 1.0),), (0, 24), 1.6,
        ("park", "nightlife"), ("{} Arena", "{} Pool", "{} Stage"),
        "bike station at an arena", DOCKS, (18, 0.35), share=0.5,
    ),
)  # fmt: skip

TRAFFIC = Scenario(
    title="The next bike station",
    world="traffic",
    story=(
        "A rider takes a shared bike to work, home, to the park, and each trip ends at a station. "
        "Ask at which station the next trip will end on Monday at eight, and on Saturday at noon."
    ),
    item_word="station",
    item_word_plural="stations",
    user_word="rider",
    city="Denver",
    lat=39.7392,
    lon=-104.9903,
    radius_km=8.0,
    time_zone="America/Denver",
    item_is_place=True,
    n_items=150,
    step_km=1.5,
    loyalty=10.0,
    weekday_peaks=((8.0, 1.2, 1.2), (12.5, 2.0, 0.6), (17.5, 1.5, 1.3), (21.0, 2.0, 0.4)),
    weekend_peaks=((12.0, 2.5, 1.0), (16.5, 2.5, 1.0), (21.0, 2.0, 0.4)),
    weekday_weights=(1.1, 1.15, 1.15, 1.15, 1.1, 0.8, 0.7),
    season=(195.0, 0.4),
    events=(("arrival", 1.0),),
    value_word="minutes of the trip",
    value_noise=0.15,
    value_limit=240.0,
    districts=(
        ("Assembly Place", "centre"), ("Stage Row", "nightlife"), ("Summit Offices", "office"),
        ("Cherry Meadow", "park"), ("West Gables", "residential"), ("College Mile", "campus"),
        ("Union Yards", "station"), ("Brick Market", "shopping"), ("Hill Terrace", "residential"),
        ("Tech Loop", "office"), ("Maple Flats", "residential"), ("Lake Park", "park"),
        ("Garnet Heights", "residential"),
    ),
    categories=CATEGORIES,
    words=STREETS,
    adjectives=("A busy", "A small", "A well-kept", "A new", "A large"),
)  # fmt: skip
