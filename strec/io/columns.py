"""Guess which column of an unknown table is the user, the item, the time, the place."""

import re

import polars as pl

from strec.io.mapping import FIELDS, Mapping
from strec.io.places import decimals_share, degrees, is_pair
from strec.io.tables import Table
from strec.io.times import detect_time

#: Names that a field goes by, likeliest first; compared without case, blanks and punctuation.
SYNONYMS = {
    "user_id": "userid user uid username customerid customer customernumber memberid member "
    "visitorid visitor clientid client shopperid shopper riderid rider passengerid travellerid "
    "travelerid accountid account deviceid device personid person vehicleid bikeid tailnum "
    "trackid tracker agentid who kunde kundennummer kundennr nutzer benutzer utilisateur cliente "
    "usuario 用户 用户id 会员 会员id 客户 客户id",
    "item_id": "itemid item poiid poi venueid venue placeid productid product sku asin articleid "
    "article contentid content movieid film businessid stationid station locationid "
    "destination endstationid tostationname dest sightid shopid storeid songid trackname "
    "hotelid restaurantid what ort ortid artikel artikelnummer produkt filiale lieu produit "
    "articulo producto lugar 商品 商品id 物品 物品id 地点id 店铺 景点 站点",
    "timestamp": "timestamp time datetime utctime localtime checkintime eventtime createdat "
    "created date starttime startedat visittime orderdate orderedat purchasedate purchasedat "
    "visitedat when ts zeit zeitpunkt datum uhrzeit datumuhrzeit zeitstempel besuchtam heure "
    "dateheure horodatage fecha fechahora hora 时间 时间戳 日期 签到时间",
    "utc_offset_min": "utcoffsetmin utcoffset tzoffset timezoneoffset timezoneoffsetmin "
    "timezone offset zone gmtoffset 时区偏移",
    "lat": "lat latitude y poilat geolat placelat venuelat breite breitengrad latitud 纬度",
    "lon": "lon lng long longitude x poilon geolon placelon venuelon laenge längengrad "
    "laengengrad länge longitud 经度",
    "category": "category categoryname cat poicatname poicat venuecategory type genre genres "
    "kind class productcategory department kategorie typ art categorie catégorie categoria "
    "categoría tipo 类别 分类 品类",
    "item_name": "itemname name venuename poiname placename productname title stationname "
    "businessname bezeichnung titel nom nombre titre 名称 商品名称 店名 标题",
    "event": "event eventtype action activity behavior behaviour eventname aktion ereignis "
    "evenement evento 行为 事件",
    "value": "value rating stars score price amount quantity total revenue duration preis "
    "betrag bewertung menge prix montant note precio importe 评分 价格 金额 数量",
    "text": "text review comment description tip message body bewertungstext kommentar "
    "commentaire comentario 评论 描述 文本",
}  # fmt: skip
_SYNONYMS = {name: words.split() for name, words in SYNONYMS.items()}
#: A column is a time, or a coordinate, when at least this share of its values reads as one.
SHARE = 0.8


def guess_mapping(table: Table) -> tuple[Mapping, dict[str, float]]:
    """Guess the mapping of a table that is in no known format.

    Returns
    -------
    tuple of Mapping and dict
        The guess; and the confidence per field, 0 to 1 (1: a usual name and fitting content).
    """
    sample = table.sample
    scores = {
        (field, column): score
        for field in FIELDS
        for column in table.columns
        if (score := _score(field, column, sample[column])) > 0
    }
    found: dict[str, str] = {}
    confidence: dict[str, float] = {}
    for (field, column), score in sorted(scores.items(), key=lambda entry: -entry[1]):
        if field not in found and column not in found.values():
            found[field], confidence[field] = column, round(score, 2)
    _places_by_content(sample, found, confidence)
    for half in ("lat", "lon"):
        if not {"lat", "lon"} <= found.keys():
            found.pop(half, None)
    return Mapping(**found), confidence


def _score(field: str, column: str, values: pl.Series) -> float:
    """Return how well a column fits a field: by its name, refused or helped by its content."""
    named = _named(field, column)
    if field == "timestamp":
        guess = detect_time(values)
        fits = guess.share >= SHARE and (guess.time_format is not None or guess.ambiguous)
        is_number = guess.time_format is not None and guess.time_format.startswith(("unix", "exc"))
        # A number is a time only when its name says so; a date is one anyway.
        return (0.5 + named / 2 if named or not is_number else 0) if fits else 0
    if not named:
        return 0
    present = values.drop_nulls()
    if field in ("lat", "lon", "value", "utc_offset_min") and len(present):
        numbers = degrees(present)[0] if field in ("lat", "lon") else _numbers(present)
        readable = 1 - numbers.null_count() / len(present)
        if readable < SHARE:
            return 0
        if field == "utc_offset_min" and (numbers.abs().max() or 0) > 50_400:
            return 0
        return named * readable
    if field == "category" and len(present) > 50 and present.n_unique() > 0.9 * len(present):
        return 0
    return named


def _named(field: str, column: str) -> float:
    plain = re.sub(r"[^\w]|_", "", column).lower()
    words = _SYNONYMS[field]
    if plain in words:
        return 1 - 0.3 * words.index(plain) / len(words)
    tokens = re.findall(r"[^\W_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", column).lower())
    inside = [word for word in words if word in tokens or (len(word) > 5 and word in plain)]
    return 0.4 if inside else 0


def _numbers(values: pl.Series) -> pl.Series:
    if values.dtype != pl.String:
        return values.cast(pl.Float64, strict=False)
    return values.str.replace_all(",", ".").cast(pl.Float64, strict=False)


def _places_by_content(
    sample: pl.DataFrame, found: dict[str, str], confidence: dict[str, float]
) -> None:
    """Find coordinates that no name gives away: a pair in one column, or two with decimals."""
    if {"lat", "lon"} <= found.keys():
        return
    free = [name for name in sample.columns if name not in found.values()]
    for name in free:
        if is_pair(sample[name]):
            found["lat"] = found["lon"] = name
            confidence["lat"] = confidence["lon"] = 0.7
            return
    fine = []
    for name in free:
        numbers = degrees(sample[name].drop_nulls())[0].drop_nulls()
        if len(numbers) > 0.8 * len(sample) and numbers.abs().max() <= 180:
            if decimals_share(numbers.to_numpy()) > 0.8:
                fine.append(name)
    if len(fine) == 2:
        found["lat"], found["lon"] = fine
        confidence["lat"] = confidence["lon"] = 0.4
