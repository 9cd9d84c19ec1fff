"""Reviews and tips of the Yelp Open Dataset."""

from strec.io.formats.base import ISO_UTC, Companion, Format, Signature

YELP = Format(
    key="yelp",
    label="Yelp Open Dataset: reviews or tips",
    sentence="Reviews or tips as JSON Lines; names and places in the business list.",
    citation="Yelp Open Dataset, yelp.com/dataset; academic use, no redistribution.",
    signature=Signature(("user_id", "business_id", "date", "text")),
    mapping=ISO_UTC.replace(
        user_id="user_id", item_id="business_id", timestamp="date", value="stars", text="text"
    ),
    companions=(
        Companion(
            "business list (business.json)",
            Signature(("business_id", "name", "latitude", "longitude")),
            ("business_id", "business_id"),
            {"lat": "latitude", "lon": "longitude", "item_name": "name", "category": "categories"},
        ),
    ),
    notes=("Yelp does not say in which zone its times are; they are taken as UTC.",),
)
