"""Interactions as RecBole keeps them: the type of each column behind its name."""

from strec.io.formats.base import UNIX_SECONDS, Companion, Format, Signature

RECBOLE = Format(
    key="recbole",
    label="RecBole interactions (.inter)",
    sentence="Interactions; names and categories in the .item file.",
    citation="Zhao et al.: RecBole: Towards a Unified, Comprehensive and Efficient Framework for "
    "Recommendation Algorithms, CIKM 2021. recbole.io; cite the original data too.",
    signature=Signature(("user_id:token", "item_id:token", "timestamp:float")),
    mapping=UNIX_SECONDS.replace(
        user_id="user_id:token",
        item_id="item_id:token",
        timestamp="timestamp:float",
        value="rating:float",
    ),
    companions=(
        Companion(
            "item list (RecBole .item)",
            Signature(("item_id:token",)),
            ("item_id:token", "item_id:token"),
            {"item_name": "movie_title:token_seq", "category": "class:token_seq"},
        ),
    ),
)
