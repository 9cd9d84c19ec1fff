"""Film ratings of MovieLens, in the three forms in which GroupLens gives them."""

from strec.io.formats.base import ID, UNIX_SECONDS, Companion, Format, Signature

CITATION = (
    "Harper & Konstan, The MovieLens Datasets: History and Context, ACM TiiS 5(4), 2015. "
    "grouplens.org/datasets/movielens; may not be redistributed."
)
RATINGS = UNIX_SECONDS.replace(
    user_id="user_id", item_id="item_id", timestamp="timestamp", value="rating"
)
STARS, SECONDS = r"[0-5](\.\d)?", r"\d{8,10}"
GENRES = {f"genre_{i}": "[01]" for i in range(19)}

MOVIELENS_100K = Format(
    key="movielens_100k",
    label="MovieLens 100k (u.data)",
    sentence="Ratings; titles in the film list, places of users by their zip code.",
    citation=CITATION,
    signature=Signature(
        cells={"user_id": ID, "item_id": ID, "rating": STARS, "timestamp": SECONDS}
    ),
    mapping=RATINGS,
    companions=(
        Companion(
            "film list (ml-100k.item)",
            Signature(("item_id:token", "movie_title:token_seq")),
            ("item_id", "item_id:token"),
            {"item_name": "movie_title:token_seq", "category": "class:token_seq"},
        ),
        Companion(
            "film list (u.item)",
            Signature(
                cells={
                    "movie": ID,
                    "title": ".*",
                    "released": r"(\d\d-\w{3}-\d{4})?",
                    "video": "",
                    "link": ".*",
                    **GENRES,
                }
            ),
            ("item_id", "movie"),
            {"item_name": "title"},
        ),
        Companion(
            "users with the place of their zip code",
            Signature(("user_id", "zip_code", "latitude", "longitude", "occupation")),
            ("user_id", "user_id"),
            {"lat": "latitude", "lon": "longitude"},
            note="A place is where the user lives (zip code), not where a film was watched.",
        ),
    ),
)
MOVIELENS_1M = Format(
    key="movielens_1m",
    label="MovieLens 1M or 10M (ratings.dat)",
    sentence="One file of ratings, separated by two colons.",
    citation=CITATION,
    # Of two colons the first separates, and an empty cell lies between them.
    signature=Signature(
        cells={
            "user_id": ID,
            "-1": "",
            "item_id": ID,
            "-2": "",
            "rating": STARS,
            "-3": "",
            "timestamp": SECONDS,
        }
    ),
    mapping=RATINGS,
)
MOVIELENS_CSV = Format(
    key="movielens_csv",
    label="MovieLens (ratings.csv)",
    sentence="Ratings; titles and genres in movies.csv.",
    citation=CITATION,
    signature=Signature(("userId", "movieId", "rating", "timestamp")),
    mapping=RATINGS.replace(user_id="userId", item_id="movieId"),
    companions=(
        Companion(
            "film list (movies.csv)",
            Signature(("movieId", "title", "genres")),
            ("movieId", "movieId"),
            {"item_name": "title", "category": "genres"},
        ),
    ),
)
