"""E-commerce: shoppers of an invented city at the coordinates of Chengdu buy products."""

from strec.simulation.scenario import Category, Scenario

BRANDS = (
    "Amber", "Bamboo", "Cedar", "Crane", "Dawn", "Ember", "Fern", "Golden Leaf", "Harbour",
    "Ivory", "Jade", "Koi", "Lantern", "Lotus", "Maple", "Nimbus", "Orchid", "Panda Hill",
    "Plum", "Quartz", "River", "Sesame", "Silk Road", "Snow Peak", "Tea House", "Willow",
)  # fmt: skip

CATEGORIES = (
    Category(
        "Coffee & Tea", ((8.0, 1.5, 1.0), (14.5, 1.5, 0.7)), (0, 24), 0.8,
        ("office", "campus"),
        ("{} Jasmine Tea 100 g", "{} Ground Coffee 500 g", "{} Oat Latte 6-pack",
         "{} Green Tea Sachets"),
        "drink", ("smooth and mildly sweet", "for the desk drawer", "in a tin that closes well"),
        (38, 0.4),
    ),
    Category(
        "Ready Meals", ((12.0, 1.0, 1.0), (18.5, 1.3, 0.9)), (0, 24), 0.9,
        ("office", "campus", "residential"),
        ("{} Dan Dan Noodles", "{} Rice Bowl", "{} Mapo Tofu Kit", "{} Dumplings 800 g"),
        "meal", ("ready in five minutes", "medium hot", "for one hungry person"), (26, 0.4),
    ),
    Category(
        "Fresh Food", ((9.5, 1.5, 0.8), (17.5, 1.5, 1.0)), (0, 24), 1.3,
        ("residential",),
        ("{} Mandarins 2 kg", "{} Free-range Eggs", "{} Leafy Greens Box", "{} Tofu Twin Pack"),
        "groceries", ("from farms around the city", "picked this morning", "delivered cool"),
        (32, 0.35), share=1.3,
    ),
    Category(
        "Snacks", ((21.0, 2.0, 1.0), (15.5, 1.5, 0.8)), (0, 24), 1.2,
        ("campus", "nightlife"),
        ("{} Spicy Peanuts", "{} Rice Crackers", "{} Dried Mango", "{} Chilli Crisps"),
        "snack", ("for a long evening", "hot and crunchy", "in a bag to share"), (16, 0.35),
    ),
    Category(
        "Beer & Wine", ((19.5, 1.8, 1.0), (22.5, 1.5, 0.5)), (0, 24), 1.7,
        ("nightlife", "centre"),
        ("{} Lager 12-pack", "{} Plum Wine 750 ml", "{} Pale Ale 6-pack"),
        "drink", ("served cold", "for a table of friends", "light and dry"), (78, 0.5), share=0.7,
    ),
    Category(
        "Household", ((20.0, 2.0, 0.8), (10.5, 2.0, 0.7)), (0, 24), 1.4,
        ("residential",),
        ("{} Laundry Liquid 3 l", "{} Paper Towels", "{} Storage Box", "{} Dish Brush Set"),
        "household item", ("that lasts for months", "without perfume", "easy to stack"), (42, 0.5),
    ),
    Category(
        "Baby Care", ((10.0, 2.0, 0.9), (22.0, 1.5, 0.8)), (0, 24), 1.0,
        ("residential",),
        ("{} Nappies Size 4", "{} Baby Wipes 6-pack", "{} Rice Porridge"),
        "baby item", ("soft on the skin", "tested by paediatricians", "in a large pack"),
        (95, 0.4), share=0.7,
    ),
    Category(
        "Electronics", ((21.5, 1.8, 1.0), (13.0, 1.5, 0.5)), (0, 24), 1.3,
        ("centre", "shopping", "campus"),
        ("{} Earbuds", "{} Power Bank 20 Ah", "{} Desk Lamp", "{} USB-C Charger 65 W"),
        "device", ("with a two-year warranty", "that fits in a pocket", "charged in an hour"),
        (189, 0.7),
    ),
    Category(
        "Fashion", ((20.5, 2.0, 1.0), (15.0, 2.0, 0.5)), (0, 24), 1.6,
        ("shopping", "centre"),
        ("{} Linen Shirt", "{} Running Shoes", "{} Rain Jacket", "{} Cotton Socks 5-pack"),
        "piece of clothing", ("cut for hot summers", "washable at 40 °C", "in four colours"),
        (168, 0.6), share=1.2,
    ),
    Category(
        "Books & Stationery", ((12.5, 1.5, 0.7), (20.5, 2.0, 0.9)), (0, 24), 1.1,
        ("campus", "centre"),
        ("{} Notebook A5", "{} Gel Pens 10-pack", "{} Picture Atlas", "{} City Novel"),
        "stationery item", ("on thick paper", "for students", "that makes a good gift"),
        (29, 0.5), share=0.8,
    ),
    Category(
        "Office Lunch Deals", ((11.5, 0.8, 1.0),), (0, 24), 0.2,
        ("office",),
        ("{} Lunch Box", "{} Salad Bowl", "{} Noodle Soup Set"),
        "lunch", ("delivered to the lobby", "with a soup", "for the short break"), (34, 0.25),
        share=0.7,
    ),
    Category(
        "Sports", ((6.5, 1.2, 0.8), (18.0, 1.5, 1.0)), (0, 24), 1.5,
        ("park", "residential"),
        ("{} Yoga Mat", "{} Badminton Set", "{} Water Bottle 1 l"),
        "sports item", ("for the park", "light to carry", "that does not slip"), (88, 0.5),
        share=0.7,
    ),
)  # fmt: skip

ECOMMERCE = Scenario(
    title="Baskets by district",
    world="e-commerce",
    story=(
        "A shopper orders groceries, snacks and gadgets from home, from work and from downtown. "
        "Ask what they would put into the basket in the evening at home, and then at noon at work."
    ),
    item_word="product",
    item_word_plural="products",
    user_word="shopper",
    city="Chengdu",
    lat=30.6586,
    lon=104.0648,
    radius_km=12.0,
    time_zone="Asia/Shanghai",
    item_is_place=False,
    n_items=240,
    step_km=2.0,
    loyalty=5.0,
    weekday_peaks=((8.0, 1.3, 0.6), (12.3, 1.2, 1.0), (17.5, 1.5, 0.7), (21.0, 1.8, 1.3)),
    weekend_peaks=((10.5, 2.0, 1.0), (15.5, 2.0, 0.9), (20.5, 2.0, 1.3)),
    weekday_weights=(1.0, 0.95, 0.95, 1.0, 1.1, 1.25, 1.2),
    season=(315.0, 0.3),
    events=(("view", 0.62), ("cart", 0.13), ("purchase", 0.25)),
    value_word="price in yuan",
    value_noise=0.0,
    value_limit=10_000.0,
    districts=(
        ("Central Gate", "centre"), ("Lantern Lane", "nightlife"), ("Finance City", "office"),
        ("Lotus Lake", "park"), ("Cedar Court", "residential"), ("Scholars' Hill", "campus"),
        ("Silk Arcade", "shopping"), ("South Station", "station"), ("Plum Garden", "residential"),
        ("Software Park", "office"), ("Bamboo Grove", "residential"), ("East Bank", "residential"),
        ("Riverside Mall", "shopping"), ("Orchard Town", "residential"),
    ),
    categories=CATEGORIES,
    words=BRANDS,
    adjectives=("A well-reviewed", "A simple", "A popular", "A new", "A reliable", "A favourite"),
)  # fmt: skip
