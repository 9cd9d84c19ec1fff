"""Social: members check in at venues of an invented city at the coordinates of Madrid."""

from strec.simulation.scenario import Category, Scenario

WORDS = (
    "Aurora", "Luna", "Molino", "Norte", "Olivo", "Paloma", "Ribera", "Sol", "Tejo", "Vega",
    "Alba", "Brisa", "Cierzo", "Duende", "Encina", "Faro", "Gaviota", "Higuera", "Iris",
    "Jacinto", "Laurel", "Marisma", "Naranjo", "Oropel", "Pinar", "Rocío", "Sauce", "Tilo",
    "Umbral", "Verbena", "Zafiro", "Almendro", "Cometa", "Espiga", "Granado", "Manantial",
)  # fmt: skip

CATEGORIES = (
    Category(
        "Coffee Shop", ((8.5, 1.2, 1.0), (16.5, 1.5, 0.5)), (7, 20), 0.9,
        ("office", "centre", "campus"), ("Café {}", "{} Coffee", "Tostadero {}"), "coffee shop",
        ("with tables by the window", "roasting its own beans", "good for a quick meeting",
         "with cakes made in the house", "with plugs at every seat"),
    ),
    Category(
        "Bar", ((22.5, 1.8, 1.0), (19.5, 1.0, 0.3)), (18, 27), 1.5,
        ("nightlife", "centre"), ("Bar {}", "La Barra de {}", "Taberna {}"), "bar",
        ("with live music on most evenings", "known for its vermouth", "loud and always full",
         "with a terrace on the square", "pouring craft beer"),
    ),
    Category(
        "Office", ((9.0, 1.0, 1.0), (14.5, 2.0, 0.6)), (7, 20), 0.15,
        ("office",), ("{} Tower", "Oficinas {}", "{} Hub"), "office building",
        ("with shared desks", "home of several start-ups", "with a canteen on the top floor",
         "next to the ring road"),
    ),
    Category(
        "Nightclub", ((25.0, 1.8, 1.0),), (22, 30), 2.2,
        ("nightlife",), ("Sala {}", "Club {}", "Discoteca {}"), "nightclub",
        ("playing electronic music", "with two dance floors", "for salsa and bachata",
         "where the queue is part of the evening"),
        share=0.6,
    ),
    Category(
        "Gym", ((7.0, 1.0, 0.8), (19.0, 1.5, 1.0)), (6, 23), 0.7,
        ("residential", "office"), ("{} Fitness", "Gimnasio {}", "{} Box"), "gym",
        ("with a swimming pool", "open early", "with climbing walls", "for small group classes"),
        share=0.8,
    ),
    Category(
        "Tapas Restaurant", ((14.5, 1.0, 0.8), (21.5, 1.2, 1.0)), (12, 25), 1.4,
        ("centre", "nightlife", "residential"), ("Casa {}", "Mesón {}", "{} Tapas"),
        "tapas restaurant",
        ("with a long wooden counter", "known for tortilla", "serving late dinners",
         "with seafood from the north", "where nobody books a table"),
        share=1.4,
    ),
    Category(
        "Park", ((18.0, 2.5, 0.8), (11.0, 2.0, 0.8)), (6, 23), 2.0,
        ("park", "residential"), ("Parque {}", "Jardines de {}"), "park",
        ("with a pond and rowing boats", "shaded by plane trees", "loved by runners",
         "with a playground", "with a view over the roofs"),
        share=0.7,
    ),
    Category(
        "Supermarket", ((19.0, 1.5, 1.0), (12.0, 2.0, 0.6)), (9, 22), 1.1,
        ("residential", "shopping"), ("Super {}", "Mercado {}", "{} Market"), "supermarket",
        ("with a fish counter", "cheap and quick", "selling local vegetables",
         "with its own parking"),
    ),
    Category(
        "Museum", ((12.0, 2.0, 1.0), (17.0, 1.5, 0.6)), (10, 20), 2.2,
        ("centre", "park"), ("Museo {}", "{} Gallery"), "museum",
        ("showing modern art", "about the history of the city", "with free entry on Sundays",
         "in a former factory"),
        share=0.6,
    ),
    Category(
        "Cinema", ((20.5, 1.8, 1.0), (17.5, 1.5, 0.5)), (16, 25), 1.8,
        ("shopping", "centre"), ("Cine {}", "{} Screens"), "cinema",
        ("showing films in the original language", "with one big hall",
         "next to the shopping arcade"),
        share=0.5,
    ),
    Category(
        "University", ((10.0, 1.5, 1.0), (16.0, 2.0, 0.8)), (8, 21), 0.2,
        ("campus",), ("Facultad {}", "{} Library", "Aula {}"), "university building",
        ("with a quiet reading room", "where the lecture halls are", "with a cheap canteen"),
        share=0.7,
    ),
    Category(
        "Shop", ((18.5, 1.8, 1.0), (12.5, 1.5, 0.7)), (10, 22), 1.5,
        ("shopping", "centre"), ("Librería {}", "{} Moda", "Bazar {}"), "shop",
        ("selling books and prints", "with clothes of local makers", "full of small gifts",
         "with records and coffee"),
        share=1.2,
    ),
)  # fmt: skip

SOCIAL = Scenario(
    title="A city of friends",
    world="social",
    story=(
        "A friend checks in at cafés, offices, bars and parks over half a year. Ask where they "
        "would go on Friday at ten in the evening, and then from the office at noon."
    ),
    item_word="venue",
    item_word_plural="venues",
    user_word="member",
    city="Madrid",
    lat=40.4168,
    lon=-3.7038,
    radius_km=9.0,
    time_zone="Europe/Madrid",
    item_is_place=True,
    n_items=300,
    step_km=1.0,
    loyalty=6.0,
    weekday_peaks=((9.0, 1.5, 0.9), (14.0, 1.5, 0.8), (19.5, 2.0, 1.0), (22.5, 1.5, 0.5)),
    weekend_peaks=((12.0, 2.0, 0.8), (15.0, 2.0, 0.6), (20.5, 2.5, 1.0), (24.5, 1.8, 0.5)),
    weekday_weights=(0.9, 0.9, 0.95, 1.0, 1.2, 1.3, 1.0),
    season=(160.0, 0.15),
    events=(("check-in", 1.0),),
    value_word="rating",
    value_noise=0.12,
    value_limit=5.0,
    districts=(
        ("Plaza Vieja", "centre"), ("Barrio del Río", "nightlife"), ("Las Torres", "office"),
        ("El Prado Nuevo", "park"), ("San Telmo", "residential"), ("Ciudad Docente", "campus"),
        ("Mercado Alto", "shopping"), ("La Estación", "station"), ("Los Pinares", "residential"),
        ("Campo Norte", "office"), ("Villa Serena", "residential"), ("Vega Baja", "residential"),
        ("Puerta Este", "shopping"), ("El Jaral", "residential"),
    ),
    categories=CATEGORIES,
    words=WORDS,
    adjectives=("A small", "A lively", "A well-kept", "A friendly", "A popular", "An old"),
)  # fmt: skip
