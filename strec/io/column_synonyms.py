"""The names that columns go by in several languages, and how well a name fits a field."""

import re

#: Names of each field, likeliest first; compared without case, blanks and punctuation.
SYNONYMS = {
    "user_id": "userid user uid username customerid customer customernumber memberid member "
    "visitorid visitor clientid client shopperid shopper riderid rider passengerid passenger "
    "travellerid travelerid accountid account deviceid device personid person vehicleid bikeid "
    "tailnum trackid tracker agentid authorid author buyer reviewer who guest student patient "
    "kunde kundin kundennummer kundennr kundenid nutzer nutzerid benutzer benutzerid utilisateur "
    "idutilisateur cliente usuario idusuario utente usuário пользователь клиент "
    "用户 用户id 用户编号 会员 会员id 会员号 客户 客户id 顾客 买家 ユーザー 顧客",
    "item_id": "itemid item poiid poi venueid venue placeid place productid product sku asin "
    "articleid article contentid content movieid movie film businessid business stationid "
    "destination endstationid endstation tostationid tostationname tostation dest dropoff "
    "station locationid location sightid sight shopid shop storeid store restaurantid "
    "restaurant hotelid hotel museum attraction airport stopid stop zoneid songid song trackname "
    "what merchant object ort ortid artikel artikelnummer artikelnr produkt produktid filiale "
    "geschäft laden ziel haltestelle lieu produit magasin destinazione articulo producto lugar "
    "tienda destino negozio prodotto luogo товар место 商品 商品id 商品编号 物品 物品id 地点 "
    "地点id 店铺 店铺id 商户 景点 站点 门店 酒店 車站 商品コード 店舗",
    "timestamp": "timestamp time datetime utctime localtime checkintime eventtime createdat "
    "created date starttime startedat visittime orderdate orderedat purchasedate purchasedat "
    "visitedat pickupdatetime when ts unixtime epoch invoicedate zeit zeitpunkt datum uhrzeit "
    "datumuhrzeit zeitstempel besuchtam heure dateheure horodatage fecha fechahora hora data "
    "dataora дата время 时间 时间戳 日期 签到时间 下单时间 購入日時 日時 日付",
    "utc_offset_min": "utcoffsetmin utcoffset tzoffset timezoneoffset timezoneoffsetmin timezone "
    "offset zone gmtoffset zeitverschiebung 时区偏移 时差",
    "lat": "lat latitude y ycoord poilat geolat placelat venuelat breite breitengrad latitud "
    "latitudine широта 纬度 緯度",
    "lon": "lon lng long longitude x xcoord poilon geolon placelon venuelon länge laenge "
    "längengrad laengengrad longitud longitudine долгота 经度 経度",
    "category": "category categoryname cat poicatname poicat venuecategory type genre genres "
    "kind class productcategory department section kategorie kategoriename typ art warengruppe "
    "categorie catégorie categoria categoría tipo категория 类别 分类 品类 类型 カテゴリ",
    "item_name": "itemname name venuename poiname placename productname title stationname "
    "businessname endstationname label bezeichnung titel artikelname ortsname nom nombre titre "
    "nome название 名称 商品名称 商品名 店名 标题 名前",
    "event": "event eventtype action activity behavior behaviour eventname interaction aktion "
    "ereignis evenement événement evento acción событие 行为 行为类型 事件",
    "value": "value rating stars score price amount quantity total revenue duration spend cost "
    "preis betrag bewertung menge umsatz dauer prix montant note durée precio importe puntuación "
    "prezzo цена оценка 评分 价格 金额 数量 時間 価格",
    "text": "text review reviewtext comment description tip message body bewertungstext "
    "kommentar beschreibung commentaire comentario commento отзыв 评论 评价 描述 文本 レビュー",
    "image": "image imageurl imagepath imagefile img imgurl picture pictureurl photo photourl "
    "thumbnail thumbnailurl thumb poster posterpath posterurl cover coverurl bild bilddatei foto "
    "fotourl imagen immagine obraz фото изображение картинка 图片 图像 图片链接 照片 画像 写真",
}  # fmt: skip
_SYNONYMS = {name: words.split() for name, words in SYNONYMS.items()}
#: RecBole writes the type of a column behind its name.
TYPE_SUFFIX = re.compile(r":(token|float|token_seq|float_seq)$")
#: First words of columns that belong to one end of a trip.
ENDS = dict.fromkeys(["start", "from", "origin", "pickup", "pu", "src"], 0) | dict.fromkeys(
    ["end", "to", "dest", "destination", "dropoff", "do", "target"], 1
)


def named(field: str, column: str) -> float:
    """Return how well a column's name fits a field: 0 not at all, near 1 when it is usual.

    Examples
    --------
    >>> named("user_id", "User ID") > named("user_id", "venue of user") > 0
    True
    >>> named("timestamp", "下单时间") > 0, named("lat", "latency")
    (True, 0)
    """
    bare = TYPE_SUFFIX.sub("", column)
    plain = re.sub(r"[^\w]|_", "", bare).lower()
    words = _SYNONYMS[field]
    if plain in words:
        return 1 - 0.3 * words.index(plain) / len(words)
    parts = tokens(bare)
    # Scripts without blanks between words are looked at letter by letter.
    inside = [word for word in words if word in parts or (not word.isascii() and word in plain)]
    return 0.4 if inside else 0


def tokens(column: str) -> list[str]:
    """Return the words of a column's name.

    Examples
    --------
    >>> tokens("pickupStation_id")
    ['pickup', 'station', 'id']
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", column)
    return re.findall(r"[^\W_]+", spaced.lower())


def end_of(column: str) -> int | None:
    """Return which end of a trip a column belongs to: 0 the start, 1 the destination.

    Examples
    --------
    >>> end_of("start_lat"), end_of("dropoff_longitude"), end_of("latitude")
    (0, 1, None)
    """
    first = (tokens(column) or [""])[0]
    return ENDS.get(first)
