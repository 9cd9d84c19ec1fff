"""Travel: tourists spend a few days at the sights of an invented city at Prague's coordinates."""

from strec.simulation.scenario import Category, Scenario

WORDS = (
    "Amber", "Astronomer's", "Black Swan", "Blue Door", "Bell", "Candle", "Copper", "Crown",
    "Falcon", "Golden Key", "Hedgehog", "Ivy", "King's", "Linden", "Lion", "Mill", "Moon",
    "Old Well", "Organ", "Pilgrim", "Powder", "Queen's", "Raven", "Rose", "Salt", "Silver",
    "Star", "Stone", "Sun", "Swan", "Tailor's", "Three Bears", "Vine", "White Horse", "Willow",
)  # fmt: skip

CATEGORIES = (
    Category(
        "Church", ((10.5, 1.5, 1.0), (16.5, 1.5, 0.7)), (8, 19), 1.1,
        ("centre", "old town"), ("{} Church", "{} Chapel", "Abbey of the {}"), "church",
        ("with painted ceilings", "with an organ concert in the afternoon", "cool on hot days"),
        (35, 0.4),
    ),
    Category(
        "Viewpoint", ((19.0, 1.5, 1.0), (9.0, 1.2, 0.5)), (6, 23), 1.2,
        ("park", "old town"), ("{} Tower", "{} Terrace", "{} Lookout"), "viewpoint",
        ("over the red roofs", "best before sunset", "after many steps"), (30, 0.4), share=0.8,
    ),
    Category(
        "Museum", ((11.0, 1.5, 1.0), (14.5, 1.5, 0.8)), (10, 18), 1.1,
        ("centre", "campus"), ("{} Museum", "{} Gallery", "House of the {}"), "museum",
        ("about clocks and stars", "with a famous poster collection", "good on a rainy day"),
        (90, 0.35), share=1.2,
    ),
    Category(
        "Restaurant", ((12.8, 1.0, 0.9), (19.5, 1.3, 1.0)), (11, 24), 1.1,
        ("centre", "old town", "residential"), ("{} Tavern", "At the {}", "{} Kitchen"),
        "restaurant",
        ("serving dumplings and goose", "with tables in a courtyard", "cooking with the season"),
        (75, 0.3), share=1.4,
    ),
    Category(
        "Beer Garden", ((17.5, 2.0, 0.8), (21.0, 1.5, 1.0)), (12, 25), 1.3,
        ("park", "nightlife"), ("{} Beer Garden", "{} Brewery"), "beer garden",
        ("under chestnut trees", "brewing its own lager", "with a view of the river"),
        (95, 0.35), share=0.8,
    ),
    Category(
        "Bridge & Square", ((10.0, 2.0, 0.8), (20.0, 2.0, 0.9)), (0, 24), 1.1,
        ("old town", "centre"), ("{} Bridge", "{} Square", "{} Steps"), "landmark",
        ("full of street musicians", "quiet at dawn", "in every guide book"), (25, 0.5), share=0.8,
    ),
    Category(
        "Café", ((9.3, 1.2, 1.0), (15.5, 1.3, 0.8)), (8, 20), 1.1,
        ("centre", "residential", "old town"), ("{} Café", "{} Patisserie"), "café",
        ("with poppy-seed cake", "in an arcade of 1910", "where writers used to sit"), (40, 0.3),
    ),
    Category(
        "Night Bar", ((22.5, 1.5, 1.0),), (19, 27), 1.5,
        ("nightlife",), ("{} Cellar", "{} Jazz Bar", "Club {}"), "night bar",
        ("with live jazz", "in a vaulted cellar", "with a long list of cocktails"), (100, 0.3),
        share=0.7,
    ),
    Category(
        "Garden & Park", ((11.0, 2.0, 0.8), (17.0, 2.0, 0.8)), (6, 21), 1.3,
        ("park",), ("{} Gardens", "{} Park", "{} Island"), "garden",
        ("with peacocks", "laid out in terraces", "good for a picnic"), (55, 0.4), share=0.8,
    ),
    Category(
        "Shop & Market", ((11.5, 2.0, 0.8), (16.0, 1.8, 0.9)), (9, 19), 1.0,
        ("shopping", "centre"), ("{} Market", "{} Arcade", "{} Books"), "market",
        ("with glass and puppets", "with old maps", "with fruit and flowers"), (40, 0.4),
    ),
)  # fmt: skip

TRAVEL = Scenario(
    title="Three days in the old town",
    world="travel",
    story=(
        "A tourist stays for a few days and walks from sight to sight, with lunch and a beer in "
        "between. Ask where the second day should go on, from the last stop, at five o'clock."
    ),
    item_word="sight",
    item_word_plural="sights",
    user_word="tourist",
    city="Prague",
    lat=50.0833,
    lon=14.4333,
    radius_km=5.0,
    time_zone="Europe/Prague",
    item_is_place=True,
    n_items=220,
    step_km=0.6,
    loyalty=1.5,
    stay_days=(2, 6),
    weekday_peaks=((10.5, 1.8, 1.0), (13.5, 1.5, 0.8), (16.5, 1.8, 0.9), (20.0, 1.8, 0.9)),
    weekend_peaks=((11.0, 1.8, 1.0), (14.0, 1.5, 0.8), (17.0, 1.8, 0.9), (20.5, 2.0, 1.0)),
    weekday_weights=(0.9, 0.9, 0.9, 1.0, 1.15, 1.3, 1.2),
    season=(205.0, 0.35),
    events=(("visit", 1.0),),
    value_word="minutes of stay",
    value_noise=0.2,
    value_limit=480.0,
    districts=(
        ("Clock Square", "centre"), ("Castle Hill", "old town"), ("Mill Island", "park"),
        ("Cellar Row", "nightlife"), ("Weavers' Quarter", "residential"),
        ("Glass Market", "shopping"), ("College Bank", "campus"), ("Orchard Slope", "park"),
        ("Little Side", "old town"), ("Rail Quarter", "station"),
    ),
    categories=CATEGORIES,
    words=WORDS,
    adjectives=("A small", "A famous", "A charming", "A hidden", "An old", "A much-loved"),
)  # fmt: skip
